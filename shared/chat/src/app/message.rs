//! Messages: sending, listing, and recording that they were delivered.

use std::collections::{BTreeSet, HashMap};

use super::chat::{creation_notice, make, with_returned};
use super::{Caller, Outcome, Then, chat_at, check_receiver};
use crate::ctx::Ctx;
use crate::domain::chat::{Chat, Place, chat_id};
use crate::domain::command::Posting;
use crate::domain::id::{ClientMessageId, MessageId, UserId};
use crate::domain::media::{Media, Source};
use crate::domain::message::{Draft, Message, MessageKind, Via};
use crate::domain::notice::{Answer, Audience, Envelope, Notice, Paging};
use crate::domain::page::Window;
use crate::error::{Error, Thing};
use crate::store::{Counter, OriginalSend, Sending};

const MINUTE_SECS: i64 = 60;

/// Stores a message. Before it refuses a send, the function looks for an earlier send with the same client message id.
/// A repeat is answered with the message of the earlier send, even while the chat is blocked or the limit is reached.
pub(super) async fn send(
    ctx: &Ctx,
    caller: &Caller<'_>,
    name: Option<ClientMessageId>,
    posting: Result<Posting, Error>,
) -> Result<Outcome, Error> {
    let sent = match posting {
        Ok(posting) => post(ctx, caller, name.as_ref(), posting).await,
        Err(error) => Err(error),
    };
    match sent {
        Err(error) if !matches!(error, Error::Internal(_)) => {
            match ctx.app.store.find_by_client_id(caller.user, name.as_ref()).await? {
                Some(first) => repeated(ctx, caller, &first).await,
                None => Err(error),
            }
        }
        other => other,
    }
}

async fn post(
    ctx: &Ctx,
    caller: &Caller<'_>,
    name: Option<&ClientMessageId>,
    posting: Posting,
) -> Result<Outcome, Error> {
    let Posting { place, receiver, content, reply_to } = posting;
    let chat = chat_at(ctx, caller, &place).await?;
    if let Some(chat) = &chat {
        check_receiver(chat, caller.user, receiver.as_ref())?;
        if chat.is_blocked() {
            return Err(Error::Blocked);
        }
    } else if let Some(first) = ctx.app.store.find_by_client_id(caller.user, name).await? {
        // A chat that was deleted since the first send is not created again for a repeat.
        return repeated(ctx, caller, &first).await;
    }
    let via = caller.session.map(|session| Via::from(&session.sid));
    let draft = Draft { content, reply_to, client_message_id: name.cloned(), via };
    check_references(chat.as_ref(), &draft)?;
    match make_and_store(ctx, caller, chat, &place, &draft).await? {
        Storing::Stored(outcome) => Ok(*outcome),
        Storing::Repeated { first, envelopes } => Ok(Outcome { envelopes, ..repeated(ctx, caller, &first).await? }),
        Storing::SameEvent { first, envelopes } => {
            Ok(Outcome { envelopes, then: Then::HandledBefore, ..repeated(ctx, caller, &first).await? })
        }
    }
}

fn counter<'a>(ctx: &Ctx, caller: &Caller<'a>) -> Counter<'a> {
    Counter {
        user: caller.user,
        what: "messages",
        window_secs: MINUTE_SECS,
        at: caller.at,
        limit: ctx.app.config.limits.in_force(caller.dialect).messages_per_minute,
        invocation: caller.invocation,
    }
}

/// The result of a send that is not refused.
enum Storing {
    Stored(Box<Outcome>),
    /// As [`Sending::Repeated`]. `envelopes` are those of the chat's creation, if this call created it.
    Repeated {
        first: OriginalSend,
        envelopes: Vec<Envelope>,
    },
    /// As [`Sending::SameEvent`].
    SameEvent {
        first: OriginalSend,
        envelopes: Vec<Envelope>,
    },
}

/// Stores a message. Creates the chat first, if there is none with the receiver yet.
async fn make_and_store(
    ctx: &Ctx,
    caller: &Caller<'_>,
    chat: Option<Chat>,
    place: &Place,
    draft: &Draft,
) -> Result<Storing, Error> {
    let mut envelopes = Vec::new();
    let chat = match (chat, place) {
        (Some(chat), _) => chat,
        (None, Place::Chat(_)) => return Err(Error::NotFound(Thing::Chat)),
        (None, Place::With(other)) => {
            let people = BTreeSet::from([caller.user.clone(), other.clone()]);
            let remains = ctx.app.store.chat_or_tombstone(&chat_id(&people, None)).await?;
            if remains.as_ref().is_some_and(Chat::is_blocked) {
                return Err(Error::Blocked);
            }
            let (chat, created) = make(ctx, caller, &people, None, remains).await?;
            envelopes.extend(created.map(|step| creation_notice(&chat, caller.user, step)));
            chat
        }
    };
    let chat = with_returned(ctx, caller, chat).await?;
    match ctx.app.store.send(chat, draft, &counter(ctx, caller)).await? {
        Sending::Stored(sent) => {
            let (chat, message, step) = *sent;
            let notice = Notice::Sent { chat: chat.clone(), message: message.clone() };
            envelopes.push(Envelope::of(step, notice, Audience::People(chat.audience())));
            let then = Then::NoteDelivery(Box::new((chat.clone(), message.clone())));
            let answer = Answer::Sent { chat, message, repeated: false };
            Ok(Storing::Stored(Box::new(Outcome { answer, envelopes, then })))
        }
        Sending::Repeated(first) => Ok(Storing::Repeated { first, envelopes }),
        Sending::SameEvent(first) => Ok(Storing::SameEvent { first, envelopes }),
        Sending::Full { retry_after_secs } => Err(Error::RateLimit { what: "messages", retry_after_secs }),
        Sending::Blocked => Err(Error::Blocked),
        Sending::Gone => Err(Error::NotFound(Thing::Chat)),
    }
}

/// Checks that everything to which a draft refers is in the same chat: the message to which it replies, and objects of
/// our own.
fn check_references(chat: Option<&Chat>, draft: &Draft) -> Result<(), Error> {
    let answered = |id: &MessageId| chat.is_some_and(|chat| chat.id == id.chat && chat.holds(id.seq));
    if draft.reply_to.as_ref().is_some_and(|id| !answered(id)) {
        return Err(Error::NotFound(Thing::Message));
    }
    let elsewhere = |medium: &Media| match &medium.source {
        Source::Link(_) => false,
        Source::Object(name) => chat.is_none_or(|chat| chat.id != name.chat),
    };
    if draft.content.media.iter().any(elsewhere) {
        return Err(Error::validation("mediaUrl", "must be of this chat"));
    }
    Ok(())
}

/// Answers with the message that an earlier send with the same client message id stored, or with its placeholder if its
/// chat was deleted since then.
pub(super) async fn repeated(ctx: &Ctx, caller: &Caller<'_>, first: &OriginalSend) -> Result<Outcome, Error> {
    let chat = ctx.app.store.chat_or_tombstone(&first.id.chat).await?.ok_or(Error::NotFound(Thing::Message))?;
    let stored = ctx.app.store.message(&first.id).await?;
    let gone = chat.deleted || !chat.holds(first.id.seq);
    let message = match stored {
        Some(message) if !gone => message,
        Some(message) => Message { content: None, deleted_at: message.deleted_at.or(Some(chat.updated_at)), ..message },
        None => Message {
            id: first.id.clone(),
            sender: caller.user.clone(),
            content: None,
            kind: MessageKind::Text,
            reply_to: None,
            created_at: first.at,
            stored_at: first.at,
            via: None,
            deleted_at: Some(chat.updated_at),
            delivered_to: Vec::new(),
            read_by: HashMap::new(),
            hidden_for: HashMap::new(),
        },
    };
    Ok(Outcome::answer(Answer::Sent { chat, message, repeated: true }))
}

/// Records that a message has been delivered, and to whom it was posted. Returns the notice to its sender if every
/// recipient has it. One write per recipient who was reached, and more if [`crate::store::Store::delivered`] cannot
/// move the watermark; one write if none was reached.
///
/// # Errors
/// `Error::Internal`.
pub async fn note_delivered(
    ctx: &Ctx,
    chat: &Chat,
    message: &Message,
    reached: &BTreeSet<UserId>,
) -> Result<Vec<Envelope>, Error> {
    let at = ctx.clock.now();
    let recipients: Vec<&UserId> = reached.iter().filter(|user| **user != message.sender).collect();
    for user in &recipients {
        ctx.app.store.delivered(chat, message, user, at).await?;
    }
    if recipients.is_empty() {
        ctx.app.store.record_delivered(&chat.id, chat.position().events()).await?;
    }
    if !chat.others(&message.sender).all(|member| reached.contains(&member.user)) {
        return Ok(Vec::new());
    }
    let to = Audience::People(vec![message.sender.clone()]);
    Ok(vec![Envelope::new(Notice::Delivered(message.id.clone()), to)])
}

/// Reads a part of a chat's messages. By fetching, the caller marks all messages that waited as delivered. Their
/// senders are told about the newest message of theirs.
///
/// Messages that the caller deleted for themselves are left out, but still count. A plain chat that does not exist yet
/// is empty.
pub(super) async fn list(ctx: &Ctx, caller: &Caller<'_>, place: &Place, window: Window) -> Result<Outcome, Error> {
    let chat = match (chat_at(ctx, caller, place).await?, place) {
        (Some(chat), _) => chat,
        (None, Place::With(other)) => {
            Chat::between(&BTreeSet::from([caller.user.clone(), other.clone()]), None, 0, caller.at)
        }
        (None, Place::Chat(_)) => return Err(Error::NotFound(Thing::Chat)),
    };
    let (from, to) = bounds(&chat, window);
    let mut messages = ctx.app.store.messages(&chat, from, to).await?;
    let envelopes = fetched(ctx, caller, &chat, &messages).await?;
    messages.retain(|message| !message.hidden_for.contains_key(caller.user));
    let total = chat.total();
    let paging = match window {
        Window::Page(page) => Paging::Page { page, total },
        Window::After { limit, .. } => Paging::After { limit, total, has_more: to < chat.seq },
    };
    Ok(Outcome { answer: Answer::Messages { chat, messages, paging }, envelopes, then: Then::Nothing })
}

/// The sort keys of a window, both included. The window is empty if the first is above the second.
fn bounds(chat: &Chat, window: Window) -> (u64, u64) {
    match window {
        Window::Page(page) => {
            let newest = chat.total().saturating_sub(page.offset());
            let oldest = newest.saturating_sub(page.limit);
            (chat.base + oldest + 1, chat.base + newest)
        }
        Window::After { number, limit } => {
            let after = chat.base.saturating_add(number);
            (after.saturating_add(1), after.saturating_add(limit).min(chat.seq))
        }
    }
}

async fn fetched(ctx: &Ctx, caller: &Caller<'_>, chat: &Chat, messages: &[Message]) -> Result<Vec<Envelope>, Error> {
    if !ctx.app.store.fetched(chat, caller.user, ctx.clock.now()).await? {
        return Ok(Vec::new());
    }
    // The newest message that waited may be newer than those that were fetched.
    let last = MessageId { chat: chat.id.clone(), seq: chat.seq };
    let last =
        if messages.iter().any(|message| message.id == last) { None } else { ctx.app.store.message(&last).await? };
    let waited = |message: &&Message| {
        message.sender != *caller.user && message.deleted_at.is_none() && !message.is_delivered_to(chat, caller.user)
    };
    // In a larger chat a message counts as delivered only after the last recipient has it.
    let everybody = |message: &&Message| {
        let mut others = chat.others(&message.sender).filter(|member| member.user != *caller.user);
        others.all(|member| message.is_delivered_to(chat, &member.user))
    };
    let mut told = BTreeSet::new();
    let newest = last.iter().chain(messages.iter().rev()).filter(waited).filter(everybody);
    let newest = newest.filter(|message| told.insert(message.sender.clone()));
    Ok(newest
        .map(|message| {
            let to = Audience::People(vec![message.sender.clone()]);
            Envelope::new(Notice::Delivered(message.id.clone()), to)
        })
        .collect())
}
