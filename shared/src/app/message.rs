//! Messages: sending, listing, taking back, and noting that they arrived.

use std::collections::BTreeSet;

use super::{Caller, Outcome, Then, chat_of, check_receiver};
use crate::ctx::Ctx;
use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, MessageId, UserId};
use crate::domain::message::{Draft, Message};
use crate::domain::notice::{Answer, Audience, Envelope, Notice, Paging};
use crate::domain::page::Window;
use crate::error::{Error, Thing};
use crate::store::{Counted, Counter, Deletion, Sending};

const MINUTE_SECS: i64 = 60;

/// Stores a message. Refused and repeated sends do not count against the limit, and a repeat is answered even while the chat is blocked or
/// the limit is met.
pub(super) async fn send(
    ctx: &Ctx,
    caller: &Caller<'_>,
    id: &ChatId,
    receiver: Option<&UserId>,
    draft: &Draft,
) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller.user, id).await?;
    check_receiver(&chat, caller.user, receiver)?;
    if chat.is_blocked() {
        return repeated_or(ctx, caller, draft, Error::Blocked).await;
    }
    let counter = Counter {
        user: caller.user,
        what: "messages",
        window_secs: MINUTE_SECS,
        at: caller.at,
        limit: ctx.config.limits.in_force(caller.dialect).messages_per_minute,
        invocation: caller.invocation,
    };
    match ctx.store.count(&counter).await? {
        Counted::Counted => {}
        Counted::Repeated => {
            return Ok(Outcome { answer: Answer::Done, envelopes: Vec::new(), then: Then::HandledBefore });
        }
        Counted::Full { retry_after_secs } => {
            let full = Error::RateLimit { what: "messages", retry_after_secs };
            return repeated_or(ctx, caller, draft, full).await;
        }
    }
    match ctx.store.send(chat, caller.user, draft, caller.at).await? {
        Sending::Stored(sent) => Ok(stored(sent)),
        Sending::Repeated(first) => {
            ctx.store.uncount(&counter).await?;
            repeated(ctx, &first).await
        }
        Sending::Blocked => {
            ctx.store.uncount(&counter).await?;
            Err(Error::Blocked)
        }
        Sending::Gone => {
            ctx.store.uncount(&counter).await?;
            Err(Error::NotFound(Thing::Chat))
        }
    }
}

fn stored(sent: Box<(Chat, Message)>) -> Outcome {
    let (chat, message) = sent.as_ref().clone();
    let notice = Notice::Sent { chat: chat.clone(), message: message.clone() };
    Outcome {
        envelopes: vec![Envelope { notice, to: Audience::People(chat.people()) }],
        answer: Answer::Sent { chat, message, repeated: false },
        then: Then::NoteDelivery(sent),
    }
}

/// The first send's message, if this one repeats it, else `error`.
async fn repeated_or(ctx: &Ctx, caller: &Caller<'_>, draft: &Draft, error: Error) -> Result<Outcome, Error> {
    match ctx.store.sent(caller.user, draft.client_message_id.as_ref()).await? {
        Some(first) => repeated(ctx, &first).await,
        None => Err(error),
    }
}

/// Answers with the message that an earlier send of the same name stored.
async fn repeated(ctx: &Ctx, first: &MessageId) -> Result<Outcome, Error> {
    let chat = ctx.store.chat(&first.chat).await?.filter(|chat| chat.holds(first.seq));
    let chat = chat.ok_or(Error::NotFound(Thing::Message))?;
    let message = ctx.store.message(first).await?.ok_or(Error::NotFound(Thing::Message))?;
    Ok(Outcome::answer(Answer::Sent { chat, message, repeated: true }))
}

/// Notes to whom a message was posted, and tells its sender once every recipient has it. One write per recipient reached.
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
    for user in reached.iter().filter(|user| **user != message.sender) {
        ctx.store.delivered(chat, message, user, at).await?;
    }
    if !chat.others(&message.sender).all(|member| reached.contains(&member.user)) {
        return Ok(Vec::new());
    }
    let to = Audience::People(vec![message.sender.clone()]);
    Ok(vec![Envelope { notice: Notice::Delivered(message.id.clone()), to }])
}

/// A part of a chat's messages. Fetching marks what was waiting for the caller as delivered, and its senders hear of the newest of theirs.
pub(super) async fn list(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId, window: Window) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller.user, id).await?;
    let (from, to) = bounds(&chat, window);
    let mut messages = ctx.store.messages(&chat, from, to).await?;
    let envelopes = fetched(ctx, caller, &chat, &messages).await?;
    let total = chat.total();
    let paging = match window {
        Window::Page(page) => {
            messages.sort_by_key(|message| (message.created_at, message.id.seq));
            Paging::Page { page, total }
        }
        Window::After { limit, .. } => Paging::After { limit, total, has_more: to < chat.seq },
    };
    Ok(Outcome { answer: Answer::Messages { chat, messages, paging }, envelopes, then: Then::Nothing })
}

/// The sort keys of a window, both included; empty if the first is above the second.
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
    if !ctx.store.fetched(chat, caller.user, ctx.clock.now()).await? {
        return Ok(Vec::new());
    }
    // What waited may be newer than what was fetched.
    let last = MessageId { chat: chat.id.clone(), seq: chat.seq };
    let last = if messages.iter().any(|message| message.id == last) { None } else { ctx.store.message(&last).await? };
    let waited = |message: &&Message| {
        message.sender != *caller.user && message.deleted_at.is_none() && !message.is_delivered_to(chat, caller.user)
    };
    // In a larger chat a message is delivered only once the last recipient has it.
    let everybody = |message: &&Message| {
        let mut others = chat.others(&message.sender).filter(|member| member.user != *caller.user);
        others.all(|member| message.is_delivered_to(chat, &member.user))
    };
    let mut told = BTreeSet::new();
    let newest = last.iter().chain(messages.iter().rev()).filter(waited).filter(everybody);
    let newest = newest.filter(|message| told.insert(message.sender.clone()));
    Ok(newest
        .map(|message| Envelope {
            notice: Notice::Delivered(message.id.clone()),
            to: Audience::People(vec![message.sender.clone()]),
        })
        .collect())
}

/// Takes a message back for everyone; its sender alone may.
pub(super) async fn delete(ctx: &Ctx, caller: &Caller<'_>, id: &MessageId) -> Result<Outcome, Error> {
    let missing = || Error::NotFound(Thing::Message);
    let chat = ctx.store.chat(&id.chat).await?.filter(|chat| chat.member(caller.user).is_some() && chat.holds(id.seq));
    let chat = chat.ok_or_else(missing)?;
    let message = ctx.store.message(id).await?.ok_or_else(missing)?;
    if message.sender != *caller.user {
        return Err(Error::Forbidden("only the sender can delete a message for everyone"));
    }
    if message.deleted_at.is_some() {
        return Ok(Outcome::answer(Answer::MessageDeleted { chat, message }));
    }
    match ctx.store.delete_message(chat.clone(), message.clone(), caller.at).await? {
        Deletion::Deleted(deleted) => {
            let (chat, message) = *deleted;
            let (notice, people) = (Notice::MessageDeleted(id.clone()), chat.people());
            Ok(Outcome::told(Answer::MessageDeleted { chat, message }, notice, people))
        }
        Deletion::Already => {
            let message = ctx.store.message(id).await?.ok_or_else(missing)?;
            Ok(Outcome::answer(Answer::MessageDeleted { chat, message }))
        }
        Deletion::Gone => Err(missing()),
    }
}
