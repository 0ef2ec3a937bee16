//! Rooms. In dialects with rooms, a socket receives typing notices only for the rooms that it has joined. Nothing else
//! depends on rooms.

use super::{Caller, Outcome, chat_of};
use crate::ctx::Ctx;
use crate::domain::id::ChatId;
use crate::domain::notice::Answer;
use crate::error::Error;
use crate::store::{Entering, ROOMS_MAX};

/// Joins the room of one of the caller's chats. To join it again has no further effect.
pub(super) async fn join(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    chat_of(ctx, caller, id).await?;
    if let Some(session) = caller.session
        && ctx.app.store.join_room(session, id).await? == Entering::Full
    {
        return Err(Error::validation("room", format!("is one too many: a socket may be in {ROOMS_MAX} at a time")));
    }
    Ok(Outcome::answer(Answer::Done))
}

/// Leaves the room of one of the caller's chats, whether the socket has joined it or not.
pub(super) async fn leave(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    chat_of(ctx, caller, id).await?;
    if let Some(session) = caller.session {
        ctx.app.store.leave_room(session, id).await?;
    }
    Ok(Outcome::answer(Answer::Done))
}
