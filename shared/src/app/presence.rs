//! Presence: who is here, and who hears of it.
//!
//! Everybody hears of everybody while few are online; beyond `PRESENCE_EVERYONE_BELOW` only people who share a chat do.

use std::collections::BTreeSet;

use crate::ctx::Ctx;
use crate::domain::id::UserId;
use crate::error::Error;

/// Who is online as far as `user` may know, themselves included. One query while few are online, else one more and a read per hundred
/// people who share a chat.
///
/// # Errors
/// `Error::Internal`.
pub async fn online(ctx: &Ctx, user: &UserId) -> Result<Vec<UserId>, Error> {
    let below = ctx.config.presence_everyone_below;
    let online = ctx.store.online(below).await?;
    let mut online: BTreeSet<UserId> = if online.len() < usize::try_from(below).unwrap_or(usize::MAX) {
        online.into_iter().collect()
    } else {
        let peers: Vec<UserId> = ctx.store.peers(user).await?.into_iter().collect();
        let users = ctx.store.users(&peers).await?;
        users.into_iter().filter(|user| user.sockets > 0).map(|user| user.id).collect()
    };
    // The caller is here, whatever an index that lags behind says.
    online.insert(user.clone());
    Ok(online.into_iter().collect())
}

/// Who hears of `user` coming or going: those online as far as they may know, but not `user`.
///
/// # Errors
/// `Error::Internal`.
pub async fn witnesses(ctx: &Ctx, user: &UserId) -> Result<Vec<UserId>, Error> {
    Ok(online(ctx, user).await?.into_iter().filter(|other| other != user).collect())
}
