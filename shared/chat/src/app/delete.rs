//! Deleting messages, which turns them into placeholders.

use super::{Caller, Outcome, media, read_chat};
use crate::ctx::Ctx;
use crate::domain::id::MessageId;
use crate::domain::notice::{Answer, Notice};
use crate::error::{Error, Thing};
use crate::store::Deletion;

/// Turns a message into a placeholder: for everyone, which only its sender may ask for, or for the caller only. A
/// repeat succeeds and sends no notice. If the message is deleted for everyone, the function also removes the objects
/// that its sender sent with it.
pub(super) async fn message(
    ctx: &Ctx,
    caller: &Caller<'_>,
    id: &MessageId,
    for_everyone: bool,
) -> Result<Outcome, Error> {
    let missing = || Error::NotFound(Thing::Message);
    let chat =
        read_chat(ctx, caller, &id.chat).await?.filter(|chat| chat.member(caller.user).is_some() && chat.holds(id.seq));
    let chat = chat.ok_or_else(missing)?;
    let message = ctx.app.store.message(id).await?.ok_or_else(missing)?;
    if for_everyone && message.sender != *caller.user {
        return Err(Error::Forbidden("only the sender can delete a message for everyone"));
    }
    let objects = if for_everyone { media::objects_of(&message) } else { Vec::new() };
    let deletion = if for_everyone {
        ctx.app.store.delete_message(chat, message, caller.at).await?
    } else {
        ctx.app.store.hide_message(chat, message, caller.user, caller.at).await?
    };
    match deletion {
        Deletion::Deleted(deleted) => {
            media::remove(ctx, &objects).await;
            let (chat, message, step) = *deleted;
            let people = if for_everyone { chat.audience() } else { vec![caller.user.clone()] };
            let notice = Notice::MessageDeleted { message: id.clone(), for_everyone };
            Ok(Outcome::happened(Answer::MessageDeleted { chat, message }, step, notice, people))
        }
        Deletion::Already(deleted) => {
            let (chat, message) = *deleted;
            Ok(Outcome::answer(Answer::MessageDeleted { chat, message }))
        }
        Deletion::Gone => Err(missing()),
    }
}
