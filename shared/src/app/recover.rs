//! What a socket missed while its connection was gone, derived from the chats and messages as they are stored (socketio.md, "Connection
//! state recovery").

use std::collections::HashMap;

use super::view;
use crate::ctx::Ctx;
use crate::domain::chat::Chat;
use crate::domain::clock::Timestamp;
use crate::domain::id::{ChatId, MessageId, SocketId, UserId};
use crate::domain::log::{Change, Position, What};
use crate::domain::message::Message;
use crate::domain::notice::{ChatView, Missed, Notice, READ_LISTED_MAX, READ_LOOKED_AT_MAX, Reading};
use crate::domain::offset::{Offset, TELLING_MILLIS};
use crate::error::Error;

/// Most messages that are told again (socketio.md, "Connection state recovery").
const MESSAGES_MAX: u64 = 500;
/// Messages read at a time where it is not known how many were missed.
const BATCH: u64 = 50;

/// Whose socket it is, and what it has heard.
#[derive(Clone, Copy, Debug)]
pub struct Absent<'a> {
    /// Who.
    pub user: &'a UserId,
    /// The Socket.IO sid.
    pub socket: &'a SocketId,
    /// What it has heard.
    pub heard: &'a Offset,
}

/// What a socket missed.
#[derive(Debug, Default)]
pub struct Missing {
    /// In the order in which it is to be told: by time, and of each chat in the chat's own order.
    pub events: Vec<Missed>,
    /// Up to where each chat was looked at.
    pub looked: HashMap<ChatId, Position>,
    /// Chats whose newest event may just now be on its way to sockets.
    pub unsettled: Vec<ChatId>,
}

/// An event of a chat.
enum Event {
    Message(Box<Message>),
    Change(Change),
}

impl Event {
    const fn at(&self) -> Timestamp {
        match self {
            Self::Message(message) => message.stored_at,
            Self::Change(change) => change.at,
        }
    }
}

/// Everything that a socket missed; `None` if that is more than is told again, or is not remembered any more. One query, a read per hundred
/// chats, and for each chat in which something happened one or more queries.
///
/// # Errors
/// `Error::Internal`.
pub async fn missing(ctx: &Ctx, absent: Absent<'_>) -> Result<Option<Missing>, Error> {
    let settled = ctx.clock.now().plus_millis(-TELLING_MILLIS);
    let chats = ctx.store.chats_or_remains(&ctx.store.memberships(absent.user).await?).await?;
    let mut missing = Missing::default();
    let mut told: Vec<(Timestamp, Missed)> = Vec::new();
    let mut left = MESSAGES_MAX;
    for chat in chats.iter().filter(|chat| chat.member(absent.user).is_some()) {
        missing.looked.insert(chat.id.clone(), chat.position());
        if chat.told < chat.position().events() && chat.moved_at >= settled {
            missing.unsettled.push(chat.id.clone());
        }
        if !has_news(absent.heard, chat) {
            continue;
        }
        let Some(changes) = changes(absent.heard, chat) else { return Ok(None) };
        let Some(messages) = messages(ctx, absent.heard, chat, left).await? else { return Ok(None) };
        left = left.saturating_sub(u64::try_from(messages.len()).unwrap_or(u64::MAX));
        let mut at = Timestamp::default();
        for (position, event) in in_order(chat, messages, changes) {
            at = at.max(event.at());
            let is_message = matches!(event, Event::Message(_));
            let origin = matches!(&event, Event::Message(message)
                if message.sender == *absent.user && message.via.as_ref().is_some_and(|via| via.is(absent.socket)));
            let Some(notice) = notice(ctx, absent.user, chat, event).await? else { continue };
            let previous = position.before(is_message);
            let heard =
                absent.heard.of(&chat.id).filter(|last| last.position == previous).map_or(0, |last| last.frames);
            // What was heard stays heard, also if this chat was told of late.
            let until = at.min(settled).max(absent.heard.until.plus_millis(-1));
            let chat = chat.id.clone();
            told.push((at, Missed { notice, chat, previous, position, until, heard, origin }));
        }
    }
    told.sort_by(|(at, one), (later, other)| at.cmp(later).then_with(|| one.chat.cmp(&other.chat)));
    missing.events = told.into_iter().map(|(_, missed)| missed).collect();
    Ok(Some(missing))
}

fn has_news(heard: &Offset, chat: &Chat) -> bool {
    match heard.of(&chat.id) {
        Some(last) => last.position.events() < chat.position().events(),
        None => !heard.covers(&chat.id, chat.moved_at),
    }
}

/// The changes that were missed, each with its number; `None` if some of them may be forgotten. What happened in a chat before it was last
/// deleted does not matter any more.
fn changes(heard: &Offset, chat: &Chat) -> Option<Vec<(u64, Change)>> {
    let log = &chat.log;
    let forgotten = chat.rev.saturating_sub(u64::try_from(log.changes.len()).unwrap_or(u64::MAX));
    let last = heard.of(&chat.id);
    let complete =
        forgotten == 0 || last.is_some_and(|last| forgotten <= last.position.rev) || log.forgotten < heard.until;
    if !complete {
        return None;
    }
    let numbered = (forgotten.saturating_add(1)..).zip(log.changes.iter().cloned());
    let mut missed: Vec<(u64, Change)> = numbered
        .filter(|(rev, change)| match last {
            Some(last) => *rev > last.position.rev,
            None => !heard.covers(&chat.id, change.at),
        })
        .collect();
    if let Some(erased) = missed.iter().rposition(|(_, change)| change.what == What::Erased) {
        missed.drain(..erased);
    }
    Some(missed)
}

/// The messages that were missed, oldest first; `None` if they are more than `most`. Of a chat that was deleted, none.
async fn messages(ctx: &Ctx, heard: &Offset, chat: &Chat, most: u64) -> Result<Option<Vec<Message>>, Error> {
    if chat.deleted {
        return Ok(Some(Vec::new()));
    }
    if let Some(last) = heard.of(&chat.id) {
        let from = last.position.seq.max(chat.base);
        if chat.seq.saturating_sub(from) > most {
            return Ok(None);
        }
        return ctx.store.messages(chat, from + 1, chat.seq).await.map(Some);
    }
    let mut found = Vec::new();
    let mut to = chat.seq;
    while chat.holds(to) {
        let from = to.saturating_sub(BATCH).max(chat.base) + 1;
        let batch = ctx.store.messages(chat, from, to).await?;
        let missed = batch.len();
        let news: Vec<Message> =
            batch.into_iter().filter(|message| !heard.covers(&chat.id, message.stored_at)).collect();
        let is_last = news.len() < missed || missed == 0;
        found.splice(0..0, news);
        if u64::try_from(found.len()).unwrap_or(u64::MAX) > most {
            return Ok(None);
        }
        if is_last {
            break;
        }
        to = from - 1;
    }
    Ok(Some(found))
}

/// Messages and changes in the order in which they happened, each with the chat's position since.
fn in_order(chat: &Chat, messages: Vec<Message>, changes: Vec<(u64, Change)>) -> Vec<(Position, Event)> {
    let mut events = Vec::with_capacity(messages.len() + changes.len());
    let mut messages = messages.into_iter().peekable();
    // Before the first change that was missed there had been all the others.
    let mut rev = changes.first().map_or(chat.rev, |(rev, _)| rev.saturating_sub(1));
    for (number, change) in changes {
        while let Some(message) = messages.next_if(|message| message.id.seq <= change.seq) {
            events.push((Position { seq: message.id.seq, rev }, Event::Message(Box::new(message))));
        }
        rev = number;
        events.push((Position { seq: change.seq, rev }, Event::Change(change)));
    }
    events.extend(messages.map(|message| (Position { seq: message.id.seq, rev }, Event::Message(Box::new(message)))));
    events
}

/// What `user` is told of an event; `None` if it is nothing.
async fn notice(ctx: &Ctx, user: &UserId, chat: &Chat, event: Event) -> Result<Option<Notice>, Error> {
    let Change { at, seq, by, what } = match event {
        Event::Message(message) => return Ok(Some(Notice::Sent { chat: chat.clone(), message: *message })),
        Event::Change(change) => change,
    };
    let message = |seq| MessageId { chat: chat.id.clone(), seq };
    Ok(match what {
        What::Blocked => Some(Notice::Blocked { view: view(ctx, chat.clone()).await?, by }),
        What::Unblocked => Some(Notice::Unblocked { view: view(ctx, chat.clone()).await?, by }),
        What::Created => (by != *user).then(|| Notice::ChatCreated(ChatView { chat: chat.clone(), latest: None })),
        What::Erased => Some(Notice::ChatDeleted(chat.id.clone())),
        What::Deleted(seq) => Some(Notice::MessageDeleted { message: message(seq), for_everyone: true }),
        What::Hidden(seq) => {
            (by == *user).then(|| Notice::MessageDeleted { message: message(seq), for_everyone: false })
        }
        What::Read(read) => {
            let ids: Vec<MessageId> = read.iter().map(|seq| message(*seq)).collect();
            let messages = ctx.store.messages_by_id(ids.iter()).await?;
            let at = messages.iter().find_map(|message| message.read_by.get(&by)).copied().unwrap_or(at);
            let marked = u64::try_from(read.len()).unwrap_or(u64::MAX);
            Some(Notice::Read(Reading { chat: chat.clone(), reader: by, at, marked, messages, whole: false }))
        }
        What::ReadAll { after, marked, received } => {
            let from = after.max(chat.base).max(seq.saturating_sub(READ_LOOKED_AT_MAX)) + 1;
            let mut messages = ctx.store.messages(chat, from, seq).await?;
            messages.retain(|message| {
                let gone = message.gone_at(&by).is_some_and(|gone| gone < received);
                message.sender != by && !gone && !message.read_by.contains_key(&by)
            });
            if u64::try_from(messages.len()).unwrap_or(u64::MAX) > marked {
                // What was deleted in the same moment was deleted first.
                messages.retain(|message| message.gone_at(&by) != Some(received));
            }
            let listed = usize::try_from(marked.min(READ_LISTED_MAX)).unwrap_or(usize::MAX);
            messages.drain(..messages.len().saturating_sub(listed));
            let chat = chat.clone();
            Some(Notice::Read(Reading { chat, reader: by, at: received, marked, messages, whole: true }))
        }
    })
}
