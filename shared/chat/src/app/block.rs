//! Blocking a chat. Each participant has a block of their own, and nobody can send while anyone blocks the chat.

use super::{Caller, Outcome, chat_of, view, views};
use crate::ctx::Ctx;
use crate::domain::id::ChatId;
use crate::domain::notice::{Answer, Notice};
use crate::error::{Error, Thing};
use crate::store::{Blocking, Unblocking};

/// Blocks a chat. To block it again succeeds and sends no notice.
pub(super) async fn block(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller, id).await?;
    match ctx.app.store.block(chat, caller.user, caller.at).await? {
        Blocking::Blocked(chat, step) => {
            let people = chat.audience();
            let view = view(ctx, chat).await?;
            let notice = Notice::Blocked { view: view.clone(), by: caller.user.clone() };
            Ok(Outcome::happened(Answer::Block(view), step, notice, people))
        }
        Blocking::Already(chat) => Ok(Outcome::answer(Answer::Block(view(ctx, chat).await?))),
        Blocking::Gone => Err(Error::NotFound(Thing::Chat)),
    }
}

/// Removes the caller's own block. The participants are told, even if the other one still blocks the chat. If nobody
/// blocks it, the call succeeds and sends no notice.
pub(super) async fn unblock(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller, id).await?;
    match ctx.app.store.unblock(chat, caller.user, caller.at).await? {
        Unblocking::Unblocked(chat, step) => {
            let people = chat.audience();
            let view = view(ctx, chat).await?;
            let notice = Notice::Unblocked { view: view.clone(), by: caller.user.clone() };
            Ok(Outcome::happened(Answer::Block(view), step, notice, people))
        }
        Unblocking::Nobody(chat) => Ok(Outcome::answer(Answer::Block(view(ctx, chat).await?))),
        Unblocking::NotYours => Err(Error::Forbidden("only who blocked can unblock")),
        Unblocking::Gone => Err(Error::NotFound(Thing::Chat)),
    }
}

/// Blocks a chat, or removes the caller's own block. While only others block it, the call adds the caller's block to
/// theirs.
pub(super) async fn toggle(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller, id).await?;
    let blocks = chat.member(caller.user).is_some_and(|(_, member)| member.blocks);
    if blocks { unblock(ctx, caller, id).await } else { block(ctx, caller, id).await }
}

/// The chats that the caller blocks, those with the most recent activity first.
pub(super) async fn list(ctx: &Ctx, caller: &Caller<'_>) -> Result<Outcome, Error> {
    let blocked = ctx.app.store.blocked_chats(caller.user).await?;
    let mut chats = ctx.app.store.chats(&blocked).await?;
    chats.sort_by(|one, other| other.active_at.cmp(&one.active_at).then_with(|| one.id.cmp(&other.id)));
    Ok(Outcome::answer(Answer::BlockedChats(views(ctx, chats).await?)))
}
