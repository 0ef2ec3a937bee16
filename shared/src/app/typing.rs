//! Typing: told to the others, never stored with the chat, ended by the server when the typist's socket goes.

use std::collections::BTreeSet;

use super::{Caller, Outcome, chat_at, check_receiver};
use crate::ctx::Ctx;
use crate::domain::chat::{Chat, Place, plain_chat_id};
use crate::domain::id::{ChatId, UserId};
use crate::domain::notice::{Answer, Audience, Envelope, Notice};
use crate::error::Error;

/// Says that the caller begins or stops typing. Success, and nobody told, while anyone blocks. Writes only when that is news.
pub(super) async fn set(
    ctx: &Ctx,
    caller: &Caller<'_>,
    place: &Place,
    receiver: Option<&UserId>,
    active: bool,
) -> Result<Outcome, Error> {
    let chat = chat_at(ctx, caller, place).await?;
    let (place, envelopes) = match (&chat, place) {
        (Some(chat), _) => {
            check_receiver(chat, caller.user, receiver)?;
            (Place::Chat(chat.id.clone()), told(chat, caller.user, active))
        }
        (None, Place::With(other)) => {
            let remains = ctx.store.chat_or_remains(&plain_chat_id(caller.user, other)).await?;
            (place.clone(), told_one(remains.as_ref(), caller.user, other, active))
        }
        (None, Place::Chat(_)) => (place.clone(), Vec::new()),
    };
    if let Some(session) = caller.session.filter(|session| session.typing.contains(&place) != active) {
        ctx.store.set_typing(session, &place, active).await?;
    }
    Ok(Outcome { envelopes, ..Outcome::answer(Answer::Done) })
}

/// Ends the typing of a socket that went: one read per hundred chats it typed in.
///
/// # Errors
/// `Error::Internal`.
pub async fn end(ctx: &Ctx, user: &UserId, places: &[Place]) -> Result<Vec<Envelope>, Error> {
    let id = |place: &Place| match place {
        Place::Chat(chat) => chat.clone(),
        Place::With(other) => plain_chat_id(user, other),
    };
    let ids: BTreeSet<ChatId> = places.iter().map(id).collect();
    let chats = ctx.store.chats_or_remains(&ids.into_iter().collect::<Vec<_>>()).await?;
    let envelopes = places.iter().flat_map(|place| {
        let chat = chats.iter().find(|chat| chat.id == id(place));
        match place {
            Place::Chat(_) => chat.filter(|chat| !chat.deleted).map(|chat| told(chat, user, false)).unwrap_or_default(),
            Place::With(other) => told_one(chat, user, other, false),
        }
    });
    Ok(envelopes.collect())
}

/// Tells somebody with whom there is no chat, unless one of the two still blocks the last one they had.
fn told_one(remains: Option<&Chat>, user: &UserId, other: &UserId, active: bool) -> Vec<Envelope> {
    if remains.is_some_and(Chat::is_blocked) {
        return Vec::new();
    }
    let notice = Notice::Typing { chat: plain_chat_id(user, other), user: user.clone(), active };
    vec![Envelope::new(notice, Audience::People(vec![other.clone()]))]
}

fn told(chat: &Chat, user: &UserId, active: bool) -> Vec<Envelope> {
    if chat.is_blocked() || chat.member(user).is_none() {
        return Vec::new();
    }
    let notice = Notice::Typing { chat: chat.id.clone(), user: user.clone(), active };
    let others = chat.others(user).map(|member| member.user.clone()).collect();
    vec![Envelope::new(notice, Audience::People(others))]
}
