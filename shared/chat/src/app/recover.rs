//! The events that a socket missed while its connection was gone, derived from the stored chats and messages
//! (docs/protocol.md, "Connection state recovery").

use std::collections::HashMap;

use relay::clock::Timestamp;

use super::view;
use crate::ctx::Ctx;
use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, MessageId, SocketId, UserId};
use crate::domain::log::{Change, ChangeKind, Position};
use crate::domain::message::Message;
use crate::domain::notice::{ChatView, MissedEvent, Notice, READ_LISTED_MAX, READ_LOOKED_AT_MAX, Reading};
use crate::domain::offset::{Last, Offset, SKEW_MILLIS, TELLING_MILLIS};
use crate::error::Error;

/// The most messages that are sent again (docs/protocol.md, "Connection state recovery").
const MESSAGES_MAX: u64 = 500;
/// How many messages one query reads while it is unknown how many were missed.
const BATCH: u64 = 50;
/// The most events of a chat that a takeover delivers, and how old they may be, in milliseconds. For older events
/// nobody can say any more who has been online since.
const UNDELIVERED_MAX: u64 = 100;
const UNDELIVERED_AGE_MAX_MILLIS: i64 = 10 * 60_000;

/// A socket that recovers its session, and what it has received.
#[derive(Clone, Copy, Debug)]
pub struct RecoveringSocket<'a> {
    /// The user of the socket.
    pub user: &'a UserId,
    /// The Socket.IO sid.
    pub socket: &'a SocketId,
    /// What the socket has received.
    pub heard: &'a Offset,
    /// When the session of the socket began.
    pub began_at: Timestamp,
}

/// An event of a chat that was stored and not delivered.
#[derive(Debug)]
pub struct Undelivered {
    /// The chat's position after the event.
    pub position: Position,
    /// Whether the event is a message, and not a change.
    pub is_message: bool,
    /// When the event was stored.
    pub at: Timestamp,
    /// The notice about the event.
    pub notice: Notice,
    /// The people whose sockets must receive it.
    pub people: Vec<UserId>,
}

/// The events that a socket missed.
#[derive(Debug, Default)]
pub struct Missing {
    /// The events in the order in which they must be sent: by time, and for each chat in the chat's own order.
    pub events: Vec<MissedEvent>,
    /// The position up to which each chat was read.
    pub looked: HashMap<ChatId, Position>,
    /// The chats with events that have not been delivered. They may be on their way to sockets, or a takeover must
    /// deliver them.
    pub undelivered: Vec<ChatId>,
}

/// An event of a chat.
enum StoredEvent {
    Message(Box<Message>),
    Change(Change),
}

impl StoredEvent {
    const fn at(&self) -> Timestamp {
        match self {
            Self::Message(message) => message.stored_at,
            Self::Change(change) => change.at,
        }
    }
}

/// All events that a socket missed. `None` if they are more than can be sent again, if the log does not hold all of
/// them any more, or if the offset of the socket cannot come from this deployment. One query, one read per hundred
/// chats, and one or more queries for each chat with new events.
///
/// # Errors
/// `Error::Internal`.
pub async fn missing(ctx: &Ctx, absent: RecoveringSocket<'_>) -> Result<Option<Missing>, Error> {
    let settled = ctx.clock.now().plus_millis(-TELLING_MILLIS);
    let chats = ctx.app.store.chats_or_tombstones(&ctx.app.store.memberships(absent.user).await?).await?;
    let own: Vec<Chat> = chats.into_iter().filter(|chat| chat.member(absent.user).is_some()).collect();
    if !absent.heard.is_possible(&own, ctx.clock.now()) {
        return Ok(None);
    }
    let mut missing = Missing::default();
    let mut missed: Vec<(Timestamp, MissedEvent)> = Vec::new();
    let mut left = MESSAGES_MAX;
    for chat in &own {
        missing.looked.insert(chat.id.clone(), chat.position());
        if !chat.is_delivered() {
            missing.undelivered.push(chat.id.clone());
        }
        let heard = &Heard::of(absent.heard, chat);
        if !heard.has_news() {
            continue;
        }
        let Some(changes) = changes(heard) else { return Ok(None) };
        let Some(messages) = messages(ctx, heard, left).await? else { return Ok(None) };
        left = left.saturating_sub(u64::try_from(messages.len()).unwrap_or(u64::MAX));
        let mut at = Timestamp::default();
        for (position, event) in in_order(chat, messages, changes) {
            at = at.max(event.at());
            let is_message = matches!(event, StoredEvent::Message(_));
            // What was stored before the session began belongs to what the client asked for when it began, even if it
            // was delivered late.
            let is_older = event.at().plus_millis(SKEW_MILLIS) < absent.began_at;
            if is_older || !heard.is_missed(event.at(), position) {
                continue;
            }
            let origin = matches!(&event, StoredEvent::Message(message)
                if message.sender == *absent.user && message.via.as_ref().is_some_and(|via| via.is(absent.socket)));
            let (notice, people) = notice(ctx, chat, event).await?;
            if !people.contains(absent.user) {
                continue;
            }
            let previous = position.before(is_message);
            let frames = heard.last.filter(|last| last.position == previous).map_or(0, |last| last.frames);
            // What the socket received stays received, even if events of this chat were delivered late.
            let until = at.min(settled).max(absent.heard.until.plus_millis(-1));
            let chat = chat.id.clone();
            missed.push((at, MissedEvent { notice, chat, previous, position, until, heard: frames, origin }));
        }
    }
    missed.sort_by(|(at, one), (later, other)| at.cmp(later).then_with(|| one.chat.cmp(&other.chat)));
    missing.events = missed.into_iter().map(|(_, event)| event).collect();
    Ok(Some(missing))
}

/// What a socket has received of one chat.
struct Heard<'a> {
    offset: &'a Offset,
    chat: &'a Chat,
    /// The exact position, if this was the chat of the last event that the socket received.
    last: Option<&'a Last>,
    /// Otherwise the socket received the events up to this number, if they were stored early enough. The events after
    /// this number were not delivered, or were delivered late.
    in_time: u64,
}

impl<'a> Heard<'a> {
    fn of(offset: &'a Offset, chat: &'a Chat) -> Self {
        let late = chat.late.filter(|late| offset.until <= late.at);
        let in_time = late.map_or(chat.delivered_position, |late| late.after.min(chat.delivered_position));
        Self { offset, chat, last: offset.of(&chat.id), in_time }
    }

    fn has_news(&self) -> bool {
        let events = self.chat.position().events();
        match self.last {
            Some(last) => last.position.events() < events,
            None => self.in_time < events || !self.offset.covers(&self.chat.id, self.chat.moved_at),
        }
    }

    /// Whether the socket missed an event that was stored at this time and led to this position.
    fn is_missed(&self, at: Timestamp, position: Position) -> bool {
        match self.last {
            Some(last) => last.position.events() < position.events(),
            None => self.in_time < position.events() || !self.offset.covers(&self.chat.id, at),
        }
    }

    /// How many of the newest events may not have been delivered in time.
    fn late_events(&self) -> u64 {
        self.chat.position().events().saturating_sub(self.in_time)
    }
}

/// The changes that the socket may have missed, each with its number; `None` if the log may not hold some of them any
/// more. Changes from before the last deletion of the chat do not matter.
fn changes(heard: &Heard<'_>) -> Option<Vec<(u64, Change)>> {
    let Heard { offset, chat, last, .. } = heard;
    let log = &chat.log;
    let forgotten = chat.rev.saturating_sub(u64::try_from(log.changes.len()).unwrap_or(u64::MAX));
    let late_rev = chat.rev.saturating_sub(heard.late_events());
    let complete = match last {
        Some(last) => forgotten <= last.position.rev,
        None => forgotten <= late_rev && log.forgotten < offset.until,
    };
    if forgotten > 0 && !complete {
        return None;
    }
    let numbered = (forgotten.saturating_add(1)..).zip(log.changes.iter().cloned());
    let mut missed: Vec<(u64, Change)> = numbered
        .filter(|(rev, change)| match last {
            Some(last) => *rev > last.position.rev,
            None => *rev > late_rev || !offset.covers(&chat.id, change.at),
        })
        .collect();
    if let Some(erased) = missed.iter().rposition(|(_, change)| change.what == ChangeKind::Erased) {
        missed.drain(..erased);
    }
    Some(missed)
}

/// The messages that the socket may have missed, oldest first; `None` if there are more than `most`. Empty for a
/// deleted chat.
async fn messages(ctx: &Ctx, heard: &Heard<'_>, most: u64) -> Result<Option<Vec<Message>>, Error> {
    let Heard { offset, chat, last, .. } = heard;
    if chat.deleted {
        return Ok(Some(Vec::new()));
    }
    if let Some(last) = last {
        let from = last.position.seq.max(chat.base);
        if chat.seq.saturating_sub(from) > most {
            return Ok(None);
        }
        return ctx.app.store.messages(chat, from + 1, chat.seq).await.map(Some);
    }
    let late_seq = chat.seq.saturating_sub(heard.late_events());
    let mut found = Vec::new();
    let mut to = chat.seq;
    while chat.holds(to) {
        let from = to.saturating_sub(BATCH).max(chat.base) + 1;
        let batch = ctx.app.store.messages(chat, from, to).await?;
        let looked_at = batch.len();
        let may_be_missed =
            |message: &Message| message.id.seq > late_seq || !offset.covers(&chat.id, message.stored_at);
        let news: Vec<Message> = batch.into_iter().filter(may_be_missed).collect();
        let is_last = news.len() < looked_at || looked_at == 0;
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

/// The events of a chat after the first `told`, in the form in which a takeover delivers them. `None` if they are too
/// many or too old, or if the log does not hold all of them any more. One query for the messages, and one read or query
/// for some changes.
///
/// # Errors
/// `Error::Internal`.
pub async fn undelivered(ctx: &Ctx, chat: &Chat, delivered_position: u64) -> Result<Option<Vec<Undelivered>>, Error> {
    let count = chat.position().events().saturating_sub(delivered_position);
    if count > UNDELIVERED_MAX {
        return Ok(None);
    }
    let none = Offset::since(Timestamp::from_millis(i64::MAX));
    let heard = Heard { offset: &none, chat, last: None, in_time: delivered_position };
    let forgotten = chat.rev.saturating_sub(u64::try_from(chat.log.changes.len()).unwrap_or(u64::MAX));
    if forgotten > chat.rev.saturating_sub(count) {
        return Ok(None);
    }
    let Some(changes) = changes(&heard) else { return Ok(None) };
    let messages = if chat.deleted {
        Vec::new()
    } else {
        ctx.app.store.messages(chat, chat.seq.saturating_sub(count).max(chat.base) + 1, chat.seq).await?
    };
    let mut events = Vec::new();
    for (position, event) in in_order(chat, messages, changes) {
        if position.events() > delivered_position {
            let (is_message, at) = (matches!(event, StoredEvent::Message(_)), event.at());
            if at.plus_millis(UNDELIVERED_AGE_MAX_MILLIS) < ctx.clock.now() {
                return Ok(None);
            }
            let (notice, people) = notice(ctx, chat, event).await?;
            events.push(Undelivered { position, is_message, at, notice, people });
        }
    }
    Ok(Some(events))
}

/// Messages and changes in the order in which they happened, each with the chat's position after it.
fn in_order(chat: &Chat, messages: Vec<Message>, changes: Vec<(u64, Change)>) -> Vec<(Position, StoredEvent)> {
    let mut events = Vec::with_capacity(messages.len() + changes.len());
    let mut messages = messages.into_iter().peekable();
    // All changes before the first missed one had happened by then.
    let mut rev = changes.first().map_or(chat.rev, |(rev, _)| rev.saturating_sub(1));
    for (number, change) in changes {
        while let Some(message) = messages.next_if(|message| message.id.seq <= change.seq) {
            events.push((Position { seq: message.id.seq, rev }, StoredEvent::Message(Box::new(message))));
        }
        rev = number;
        events.push((Position { seq: change.seq, rev }, StoredEvent::Change(change)));
    }
    events.extend(
        messages.map(|message| (Position { seq: message.id.seq, rev }, StoredEvent::Message(Box::new(message)))),
    );
    events
}

/// The notice about an event, and the people who receive it.
async fn notice(ctx: &Ctx, chat: &Chat, event: StoredEvent) -> Result<(Notice, Vec<UserId>), Error> {
    let Change { at, seq, by, what } = match event {
        StoredEvent::Message(message) => {
            return Ok((Notice::Sent { chat: chat.clone(), message: *message }, chat.audience()));
        }
        StoredEvent::Change(change) => change,
    };
    let message = |seq| MessageId { chat: chat.id.clone(), seq };
    let people = match what {
        ChangeKind::Created => chat.others(&by).map(|member| member.user.clone()).collect(),
        ChangeKind::Hidden(_) => vec![by.clone()],
        _ => chat.audience(),
    };
    let notice = match what {
        ChangeKind::Blocked => Notice::Blocked { view: view(ctx, chat.clone()).await?, by },
        ChangeKind::Unblocked => Notice::Unblocked { view: view(ctx, chat.clone()).await?, by },
        ChangeKind::Created => Notice::ChatCreated(ChatView { chat: chat.clone(), latest: None }),
        ChangeKind::Erased => Notice::ChatDeleted(chat.id.clone()),
        ChangeKind::Deleted(seq) => Notice::MessageDeleted { message: message(seq), for_everyone: true },
        ChangeKind::Hidden(seq) => Notice::MessageDeleted { message: message(seq), for_everyone: false },
        ChangeKind::Read(read) => {
            let ids: Vec<MessageId> = read.iter().map(|seq| message(*seq)).collect();
            let messages = ctx.app.store.messages_by_id(ids.iter()).await?;
            let at = messages.iter().find_map(|message| message.read_by.get(&by)).copied().unwrap_or(at);
            let marked = u64::try_from(read.len()).unwrap_or(u64::MAX);
            Notice::Read(Reading { chat: chat.clone(), reader: by, at, marked, messages, whole: false })
        }
        ChangeKind::ReadAll { after, marked, received } => {
            let from = after.max(chat.base).max(seq.saturating_sub(READ_LOOKED_AT_MAX)) + 1;
            let mut messages = ctx.app.store.messages(chat, from, seq).await?;
            messages.retain(|message| {
                let gone = message.gone_at(&by).is_some_and(|gone| gone < received);
                message.sender != by && !gone && !message.read_by.contains_key(&by)
            });
            if u64::try_from(messages.len()).unwrap_or(u64::MAX) > marked {
                // A message that was deleted at the same moment was deleted before the reading.
                messages.retain(|message| message.gone_at(&by) != Some(received));
            }
            let listed = usize::try_from(marked.min(READ_LISTED_MAX)).unwrap_or(usize::MAX);
            messages.drain(..messages.len().saturating_sub(listed));
            let chat = chat.clone();
            Notice::Read(Reading { chat, reader: by, at: received, marked, messages, whole: true })
        }
    };
    Ok((notice, people))
}
