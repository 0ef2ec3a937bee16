//! Presence: who is online and with which status, and who is told about it.
//!
//! While few users are online, everybody is told about everybody. From `PRESENCE_EVERYONE_BELOW` users on, only people
//! who share a chat are told about each other.

use std::collections::{BTreeSet, HashMap};

use super::{Caller, Outcome};
use crate::ctx::Ctx;
use crate::dialect::Dialect;
use crate::domain::id::UserId;
use crate::domain::notice::{Answer, Notice};
use crate::domain::user::{Status, User};
use crate::error::Error;

/// The users who are online, as far as `user` may know it, `user` included, in the form that `dialect` shows: with
/// profiles only if it shows any, and with e-mail addresses only of people who have written in a chat that they share
/// with `user`. One query while few users are online; otherwise one query more and one read per hundred people who
/// share a chat. For profiles one query more and one read per hundred.
///
/// # Errors
/// `Error::Internal`.
pub async fn online(ctx: &Ctx, user: &UserId, dialect: &Dialect) -> Result<Vec<User>, Error> {
    let online: Vec<UserId> = visible_online(ctx, user).await?.into_iter().collect();
    if !dialect.shows_profiles {
        return Ok(online.into_iter().map(User::unknown).collect());
    }
    let peers = ctx.app.store.peers(user).await?;
    let profiles = ctx.app.store.users(&online).await?;
    let mut profiles: HashMap<UserId, User> = profiles.into_iter().map(|user| (user.id.clone(), user)).collect();
    let shown = online.into_iter().map(|id| {
        let mut shown = profiles.remove(&id).unwrap_or_else(|| User::unknown(id));
        if shown.id != *user && !peers.get(&shown.id).is_some_and(|wrote| *wrote) {
            shown.claims.email = None;
        }
        shown
    });
    Ok(shown.collect())
}

async fn visible_online(ctx: &Ctx, user: &UserId) -> Result<BTreeSet<UserId>, Error> {
    let below = ctx.app.config.presence_everyone_below;
    let online = ctx.app.store.online(below).await?;
    let mut online: BTreeSet<UserId> = if online.len() < usize::try_from(below).unwrap_or(usize::MAX) {
        online.into_iter().collect()
    } else {
        let peers: Vec<UserId> = ctx.app.store.peers(user).await?.into_keys().collect();
        let users = ctx.app.store.users(&peers).await?;
        users.into_iter().filter(User::is_online).map(|user| user.id).collect()
    };
    // The caller is online, even if the index, which lags behind, does not say so yet.
    online.insert(user.clone());
    Ok(online)
}

/// The users who are told that `user` comes or goes: those who are online and visible to `user`, without `user`.
///
/// # Errors
/// `Error::Internal`.
pub async fn presence_audience(ctx: &Ctx, user: &UserId) -> Result<Vec<UserId>, Error> {
    Ok(visible_online(ctx, user).await?.into_iter().filter(|other| other != user).collect())
}

/// Sets the caller's status for all dialects, until the caller sets another one or the caller's last socket leaves. To
/// set the same status again sends no notice.
pub(super) async fn set_status(ctx: &Ctx, caller: &Caller<'_>, status: Status) -> Result<Outcome, Error> {
    let Some(former) = ctx.app.store.set_status(caller.user, status, caller.at).await? else {
        return Ok(Outcome::answer(Answer::Done));
    };
    let user = caller.user.clone();
    let notice = match status {
        Status::Offline => Notice::Offline { user, last_seen: caller.at },
        _ => Notice::Online { user, status, became_online: former == Status::Offline },
    };
    Ok(Outcome::with_notice(Answer::Done, notice, presence_audience(ctx, caller.user).await?))
}

/// Makes the caller appear online. This sends a notice only if they appeared offline before.
pub(super) async fn appear_online(ctx: &Ctx, caller: &Caller<'_>) -> Result<Outcome, Error> {
    if !ctx.app.store.appear_online(caller.user).await? {
        return Ok(Outcome::answer(Answer::Done));
    }
    let notice = Notice::Online { user: caller.user.clone(), status: Status::Online, became_online: true };
    Ok(Outcome::with_notice(Answer::Done, notice, presence_audience(ctx, caller.user).await?))
}
