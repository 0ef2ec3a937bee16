//! Typing. The others are told, nothing is stored with the chat, and the server ends it when the socket of the user who
//! types leaves.

use std::collections::BTreeSet;

use super::{Caller, Outcome, chat_at, check_receiver};
use crate::ctx::Ctx;
use crate::domain::chat::{Chat, Place, plain_chat_id};
use crate::domain::id::{ChatId, UserId};
use crate::domain::notice::{Answer, Audience, Envelope, Notice};
use crate::error::Error;
use crate::store::{typing_change, typing_of};

/// The most places in which one socket types at a time. With one more, it stops typing in another place. The session
/// stores each place.
pub const TYPING_MAX: usize = 20;

/// Records and announces that the caller begins or stops typing. While anyone blocks the chat, the call succeeds and
/// tells nobody. It writes only if the session does not say the same already.
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
            (Place::Chat(chat.id.clone()), typing_notices(chat, caller.user, active))
        }
        (None, Place::With(other)) => {
            let remains = ctx.app.store.chat_or_tombstone(&plain_chat_id(caller.user, other)).await?;
            (place.clone(), told_one(remains.as_ref(), caller.user, other, active))
        }
        (None, Place::Chat(_)) => (place.clone(), Vec::new()),
    };
    let mut envelopes = envelopes;
    if let Some(session) = caller.session.filter(|session| typing_of(session).contains(&place) != active) {
        if let Some(over) = typing_of(session).first().filter(|_| active && typing_of(session).len() >= TYPING_MAX) {
            let chat = ctx.app.store.chat_or_tombstone(&id(caller.user, over)).await?;
            envelopes.extend(ended(caller.user, over, chat.as_ref()));
            ctx.store.change_set(session, typing_change(over, false)).await?;
        }
        ctx.store.change_set(session, typing_change(&place, active)).await?;
    }
    Ok(Outcome { envelopes, ..Outcome::answer(Answer::Done) })
}

/// Ends the typing of a socket that left. One read per hundred chats in which it typed.
///
/// # Errors
/// `Error::Internal`.
pub async fn end(ctx: &Ctx, user: &UserId, places: &[Place]) -> Result<Vec<Envelope>, Error> {
    let ids: BTreeSet<ChatId> = places.iter().map(|place| id(user, place)).collect();
    let chats = ctx.app.store.chats_or_tombstones(&ids.into_iter().collect::<Vec<_>>()).await?;
    let envelopes = places.iter().flat_map(|place| {
        let id = id(user, place);
        ended(user, place, chats.iter().find(|chat| chat.id == id))
    });
    Ok(envelopes.collect())
}

/// The id of a place's chat, whether the chat exists or not.
fn id(user: &UserId, place: &Place) -> ChatId {
    match place {
        Place::Chat(chat) => chat.clone(),
        Place::With(other) => plain_chat_id(user, other),
    }
}

/// The envelopes that say that a user stopped typing in a place. `chat` is the place's chat or its tombstone.
fn ended(user: &UserId, place: &Place, chat: Option<&Chat>) -> Vec<Envelope> {
    match place {
        Place::Chat(_) => {
            chat.filter(|chat| !chat.deleted).map(|chat| typing_notices(chat, user, false)).unwrap_or_default()
        }
        Place::With(other) => told_one(chat, user, other, false),
    }
}

/// The envelope to a user with whom there is no chat, unless one of the two still blocks the last chat that they had.
fn told_one(remains: Option<&Chat>, user: &UserId, other: &UserId, active: bool) -> Vec<Envelope> {
    if remains.is_some_and(Chat::is_blocked) {
        return Vec::new();
    }
    let notice = Notice::Typing { chat: plain_chat_id(user, other), user: user.clone(), active };
    vec![Envelope::new(notice, Audience::People(vec![other.clone()]))]
}

fn typing_notices(chat: &Chat, user: &UserId, active: bool) -> Vec<Envelope> {
    if chat.is_blocked() || chat.member(user).is_none() {
        return Vec::new();
    }
    let notice = Notice::Typing { chat: chat.id.clone(), user: user.clone(), active };
    let others = chat.others(user).filter(|member| !member.gone).map(|member| member.user.clone()).collect();
    vec![Envelope::new(notice, Audience::People(others))]
}
