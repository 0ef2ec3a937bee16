//! A session that has ended: who is told that the user stopped typing, or is offline.

use relay::clock::Timestamp;
use relay::store::Session;

use crate::app::{presence, typing};
use crate::ctx::Ctx;
use crate::deliver::Delivering;
use crate::domain::notice::{Audience, Envelope, Notice};
use crate::error::Error;
use crate::store::typing_of;
use crate::telemetry;

/// Tells the others that the user of a session stopped typing and, if it was the `last` socket of that user, that the
/// user is offline.
pub(super) async fn left(ctx: &Ctx, session: &Session, at: Timestamp, last: bool) -> Result<(), Error> {
    let mut envelopes = typing::end(ctx, &session.user, &typing_of(session)).await.unwrap_or_else(|error| {
        telemetry::failed(Some(&session.connection), &error);
        Vec::new()
    });
    if last {
        envelopes.push(offline(ctx, session, at).await?);
    }
    let _ = Delivering::new(ctx, None).deliver(Vec::new(), &envelopes).await;
    Ok(())
}

/// The notice that a user's last socket left at this time, for everybody who may see the user's presence.
async fn offline(ctx: &Ctx, session: &Session, at: Timestamp) -> Result<Envelope, Error> {
    let presence_audience = presence::presence_audience(ctx, &session.user).await?;
    let notice = Notice::Offline { user: session.user.clone(), last_seen: at };
    Ok(Envelope::new(notice, Audience::People(presence_audience)))
}

/// Tells the others that a user is offline, if the user has no socket again by now.
pub(super) async fn left_before(ctx: &Ctx, session: &Session, at: Timestamp) -> Result<(), Error> {
    if ctx.app.store.user(&session.user).await?.is_some_and(|user| user.sockets == 0) {
        let envelope = offline(ctx, session, at).await?;
        let _ = Delivering::new(ctx, None).deliver(Vec::new(), &[envelope]).await;
    }
    Ok(())
}
