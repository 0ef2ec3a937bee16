//! Reading: marking a chat, and counting what waits.

use super::{Caller, Outcome, chat_of};
use crate::ctx::Ctx;
use crate::domain::id::ChatId;
use crate::domain::notice::{Answer, Notice};
use crate::error::{Error, Thing};
use crate::store::Reading;

/// Marks a chat as read. A repeat changes nothing and tells nobody.
pub(super) async fn mark_chat(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller.user, id).await?;
    let people = chat.people();
    match ctx.store.mark_read(chat, caller.user, caller.at).await? {
        Reading::Marked(marked) => {
            let (chat, reader) = (id.clone(), caller.user.clone());
            let notice = Notice::Read { chat, reader, at: caller.at, marked };
            Ok(Outcome::told(Answer::Read { chat: id.clone(), marked }, notice, people))
        }
        Reading::Nothing => Ok(Outcome::answer(Answer::Read { chat: id.clone(), marked: 0 })),
        Reading::Gone => Err(Error::NotFound(Thing::Chat)),
    }
}

/// How many messages wait for the caller, over all chats. One query, and a read per hundred chats in which any do.
pub(super) async fn count_unread(ctx: &Ctx, caller: &Caller<'_>) -> Result<Outcome, Error> {
    let waiting = ctx.store.unread_chats(caller.user).await?;
    let chats = ctx.store.chats(&waiting).await?;
    let unread = chats.iter().filter_map(|chat| chat.member(caller.user)).map(|(_, member)| member.unread);
    Ok(Outcome::answer(Answer::Unread(unread.sum())))
}
