//! Notifications: texts that a service sends to every device of a user.

use super::{Caller, Outcome};
use crate::ctx::Ctx;
use crate::domain::id::{UserId, hex};
use crate::domain::notice::{Answer, Notice};
use crate::error::{Error, Thing};

/// Sends a notification to every device of a user who is known.
pub(super) async fn notify(
    ctx: &Ctx,
    caller: &Caller<'_>,
    user: UserId,
    text: String,
    kind: String,
) -> Result<Outcome, Error> {
    if ctx.app.store.user(&user).await?.is_none() {
        return Err(Error::NotFound(Thing::User));
    }
    let id = hex(&ctx.clock.random::<12>());
    let notice = Notice::Notified { id, text, kind, at: caller.at };
    Ok(Outcome::with_notice(Answer::Done, notice, vec![user]))
}
