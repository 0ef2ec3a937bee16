//! Profiles that a service sets.

use super::{Caller, Outcome};
use crate::ctx::Ctx;
use crate::domain::id::UserId;
use crate::domain::notice::Answer;
use crate::domain::user::Claims;
use crate::error::Error;

/// Creates a user's profile, or replaces it until a newer token of that user says otherwise.
pub(super) async fn put(ctx: &Ctx, caller: &Caller<'_>, user: &UserId, claims: &Claims) -> Result<Outcome, Error> {
    Ok(Outcome::answer(Answer::User(ctx.app.store.put_user(user, claims, caller.at).await?)))
}
