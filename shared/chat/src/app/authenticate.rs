//! Authentication: which user a token belongs to, and whether that user may use the service.

use relay::store::Renewal;

use super::{Caller, Outcome};
use crate::auth::{Identity, SERVICE_ROLE};
use crate::ctx::Ctx;
use crate::domain::notice::Answer;
use crate::error::{Error, Refusal};

/// Verifies a token, with or without `Bearer ` in front of it.
///
/// # Errors
/// `Error::Authentication`, or `Error::Internal` if the keys cannot be read at present.
pub async fn verified(ctx: &Ctx, token: Option<&str>) -> Result<Identity, Error> {
    let Some(keyring) = &ctx.app.keyring else {
        tracing::error!("no token can be verified: this function has no keys");
        return Err(Error::Authentication(Refusal::InvalidToken));
    };
    keyring.verify(token, ctx.clock.now()).await
}

/// Checks whether the role of a verified token may act as a user.
///
/// # Errors
/// `Error::Forbidden` for a role that is not allowed.
pub fn authenticate(ctx: &Ctx, identity: Identity) -> Result<Identity, Error> {
    let role = identity.claims.role.as_deref();
    if role == Some(SERVICE_ROLE) {
        return Err(Error::Forbidden("a service token is not a user"));
    }
    let allowed = &ctx.app.config.allowed_roles;
    if allowed.is_empty() || role.is_some_and(|role| allowed.contains(role)) {
        Ok(identity)
    } else {
        Err(Error::Forbidden("this role may not use the service"))
    }
}

/// Checks whether the role of a verified token may act as a service.
///
/// # Errors
/// `Error::Forbidden` for any other role.
pub fn authenticate_service(identity: Identity) -> Result<Identity, Error> {
    if identity.claims.role.as_deref() == Some(SERVICE_ROLE) {
        Ok(identity)
    } else {
        Err(Error::Forbidden("only a service may do this"))
    }
}

/// Renews the credentials of a live socket with another token of the same user. From now on the end of the new token
/// counts.
pub(super) async fn renew(ctx: &Ctx, caller: &Caller<'_>, token: &str) -> Result<Outcome, Error> {
    let identity = authenticate(ctx, verified(ctx, Some(token)).await?)?;
    if identity.user != *caller.user {
        return Err(Error::Authentication(Refusal::InvalidToken));
    }
    if let Some(session) = caller.session {
        let writes = ctx.app.store.renew_writes(session, &identity)?;
        let renewed = ctx.store.renew(session, identity.expires_at, &writes).await?;
        // A socket that has ended has no row. One that has a row refuses a revoked token.
        if let Renewal::Refused(mut refused) = renewed
            && refused.take(0).is_some()
        {
            return Err(Error::Authentication(Refusal::ExpiredToken));
        }
    }
    Ok(Outcome::answer(Answer::Done))
}
