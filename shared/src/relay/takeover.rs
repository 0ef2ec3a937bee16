//! Taking over: delivering what somebody else stored and did not deliver, because that invocation was killed, came to a standstill, or could not
//! look up who is here (docs/delivery-order.md).
//!
//! If it is certain that nothing was posted, the events are delivered as they would have been. Else some sockets may have heard them and some not,
//! and nobody knows which: then the connections of everybody in the chat are closed. Their clients come back, each with an offset that says
//! exactly what it has heard, and are told the rest (connection state recovery).
//!
//! The function followup alone takes over: others wait for it.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;

use crate::app::note_delivered;
use crate::app::recover::{Undelivered, undelivered};
use crate::ctx::Ctx;
use crate::deliver::{Delivering, Posted, Waits};
use crate::domain::chat::Chat;
use crate::domain::id::ChatId;
use crate::domain::log::{ChatEvent, LEASE_MILLIS};
use crate::domain::notice::{Audience, Envelope, Notice};
use crate::error::Error;
use crate::store::{Delivered, Recipient};

/// Connections closed at the same time.
const CONCURRENCY: usize = 64;

/// Waits until at least so many events of a chat have been delivered, and delivers them if whoever should does not. A read per look.
///
/// # Errors
/// `Error::Internal` if they are not delivered after some seconds.
pub(super) async fn ensure_delivered(ctx: &Ctx, chat: &ChatId, events: u64) -> Result<(), Error> {
    let mut waits = Waits::new();
    loop {
        let found = ctx.store.delivery(chat).await?;
        if found.told >= events.min(found.events) {
            return Ok(());
        }
        if found.may_be_taken_over(ctx.clock.now()) {
            take_over(ctx, chat, &found).await?;
        }
        if !waits.wait().await {
            return Err(Error::internal("events of a chat are not being delivered"));
        }
    }
}

/// Delivers the events after `found.told`, unless somebody else takes over first.
///
/// # Errors
/// `Error::Internal`; then they are still to be delivered.
async fn take_over(ctx: &Ctx, id: &ChatId, found: &Delivered) -> Result<(), Error> {
    if ctx.store.claim_delivery(id, found).await?.is_none() {
        return Ok(());
    }
    let Some(chat) = ctx.store.chat_or_tombstone(id).await? else { return Ok(()) };
    let nothing_posted = found.lease_until.is_none();
    let events = if nothing_posted { undelivered(ctx, &chat, found.told).await? } else { None };
    tracing::warn!(chat.id = %id, told = found.told, events = chat.position().events(), closes = events.is_none(), "delivery is taken over");
    match events {
        Some(events) => deliver(ctx, &chat, events).await,
        None => close(ctx, &chat).await,
    }
}

/// Delivers events one after another, each as if it had just been stored.
async fn deliver(ctx: &Ctx, chat: &Chat, events: Vec<Undelivered>) -> Result<(), Error> {
    for Undelivered { position, is_message, at, notice, people } in events {
        let after = position.events().saturating_sub(1);
        let lease_until = Some(ctx.clock.now().plus_millis(LEASE_MILLIS));
        let step = ChatEvent { chat: chat.id.clone(), position, is_message, after, told: after, at, lease_until };
        let mut delivering = Delivering::new(ctx, None);
        let envelope = Envelope::of(step, notice, Audience::People(people));
        let Posted { reached, is_complete: _ } =
            delivering.try_deliver(Vec::new(), std::slice::from_ref(&envelope)).await?;
        if let Notice::Sent { chat: as_stored, message } = &envelope.notice {
            let as_stored = Chat { seq: position.seq, rev: position.rev, ..as_stored.clone() };
            let envelopes = note_delivered(ctx, &as_stored, message, &reached).await?;
            let _ = delivering.try_deliver(Vec::new(), &envelopes).await?;
        }
    }
    Ok(())
}

/// Closes the connections of everybody in a chat, and records its events as delivered: whoever comes back is told them.
async fn close(ctx: &Ctx, chat: &Chat) -> Result<(), Error> {
    let mut connections = BTreeMap::new();
    for user in chat.people() {
        let sockets = ctx.store.person(&user).await?.sockets;
        connections.extend(sockets.into_iter().map(|socket| (socket.connection, socket.opened_at)));
    }
    let closing = futures_util::stream::iter(connections).map(|(connection, opened_at)| async move {
        ctx.close(Recipient { connection: &connection, opened_at: Some(opened_at) }).await;
    });
    closing.buffer_unordered(CONCURRENCY).collect::<()>().await;
    ctx.store.record_delivered(&chat.id, chat.position().events()).await
}
