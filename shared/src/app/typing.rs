//! Typing: told to the others, never stored with the chat, ended by the server when the typist's socket goes.

use super::{Caller, Outcome, chat_of, check_receiver};
use crate::ctx::Ctx;
use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, UserId};
use crate::domain::notice::{Answer, Audience, Envelope, Notice};
use crate::error::Error;

/// Says that the caller begins or stops typing. Success, and nobody told, while anyone blocks. Writes only when that is news.
pub(super) async fn set(
    ctx: &Ctx,
    caller: &Caller<'_>,
    id: &ChatId,
    receiver: Option<&UserId>,
    active: bool,
) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller.user, id).await?;
    check_receiver(&chat, caller.user, receiver)?;
    if let Some(session) = caller.session.filter(|session| session.typing.contains(id) != active) {
        ctx.store.set_typing(session, id, active).await?;
    }
    Ok(Outcome { envelopes: told(&chat, caller.user, active), ..Outcome::answer(Answer::Done) })
}

/// Ends the typing of a socket that went: one read per chat it typed in.
///
/// # Errors
/// `Error::Internal`.
pub async fn end(ctx: &Ctx, user: &UserId, chats: &[ChatId]) -> Result<Vec<Envelope>, Error> {
    let chats = ctx.store.chats(chats).await?;
    Ok(chats.iter().flat_map(|chat| told(chat, user, false)).collect())
}

fn told(chat: &Chat, user: &UserId, active: bool) -> Vec<Envelope> {
    if chat.is_blocked() || chat.member(user).is_none() {
        return Vec::new();
    }
    let notice = Notice::Typing { chat: chat.id.clone(), user: user.clone(), active };
    let others = chat.others(user).map(|member| member.user.clone()).collect();
    vec![Envelope { notice, to: Audience::People(others) }]
}
