//! The takeover of a delivery: delivers events that another invocation stored and did not deliver, because it was
//! killed, got stuck, or could not look up who is online (docs/delivery-order.md).
//!
//! If it is certain that nothing was posted, the function delivers the events as the other invocation would have done.
//! Otherwise some sockets may have received them and some not, and it is unknown which. Then the function closes the
//! connections of everybody in the chat. Their clients reconnect, each with an offset that says exactly what it has
//! received, and receive the rest by connection state recovery.
//!
//! Only the function followup takes over. Others wait for it.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use relay::store::Recipient;

use crate::app::note_delivered;
use crate::app::recover::{Undelivered, undelivered};
use crate::ctx::Ctx;
use crate::deliver::{Delivering, Posted, Waits};
use crate::domain::chat::Chat;
use crate::domain::id::ChatId;
use crate::domain::log::{ChatEvent, LEASE_MILLIS};
use crate::domain::notice::{Audience, Envelope, Notice};
use crate::error::Error;
use crate::store::Delivered;
use crate::telemetry::{self, DELIVERED_LATE};

/// How many connections are closed at the same time.
const CONCURRENCY: usize = 64;

/// Waits until at least this number of events of a chat has been delivered. If the invocation that should deliver them
/// does not, the function delivers them. One read per check.
///
/// # Errors
/// `Error::Internal` if the events are not delivered after some seconds.
pub(crate) async fn ensure_delivered(ctx: &Ctx, chat: &ChatId, events: u64) -> Result<(), Error> {
    let mut waits = Waits::new();
    loop {
        let found = ctx.app.store.delivery(chat).await?;
        if found.delivered_position >= events.min(found.events) {
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

/// Delivers the events after the first `found.delivered_position`, unless another invocation takes over first.
///
/// # Errors
/// `Error::Internal`. The events are then still undelivered.
async fn take_over(ctx: &Ctx, id: &ChatId, found: &Delivered) -> Result<(), Error> {
    if ctx.app.store.claim_delivery(id, found).await?.is_none() {
        return Ok(());
    }
    let Some(chat) = ctx.app.store.chat_or_tombstone(id).await? else { return Ok(()) };
    let nothing_posted = found.lease_until.is_none();
    let events = if nothing_posted { undelivered(ctx, &chat, found.delivered_position).await? } else { None };
    tracing::warn!(chat.id = %id, delivered_position = found.delivered_position, events = chat.position().events(), closes = events.is_none(), "delivery is taken over");
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
        let step = ChatEvent {
            chat: chat.id.clone(),
            position,
            is_message,
            after,
            delivered_position: after,
            at,
            lease_until,
        };
        let mut delivering = Delivering::new(ctx, None);
        let envelope = Envelope::of(step, notice, Audience::People(people));
        let Posted { reached, is_complete: _ } =
            delivering.try_deliver(Vec::new(), std::slice::from_ref(&envelope)).await?;
        telemetry::count(DELIVERED_LATE, 1);
        if let Notice::Sent { chat: as_stored, message } = &envelope.notice {
            let as_stored = Chat { seq: position.seq, rev: position.rev, ..as_stored.clone() };
            let envelopes = note_delivered(ctx, &as_stored, message, &reached).await?;
            let _ = delivering.try_deliver(Vec::new(), &envelopes).await?;
        }
    }
    Ok(())
}

/// Closes the connections of everybody in a chat, and records its events as delivered. A client that reconnects
/// receives them by recovery.
async fn close(ctx: &Ctx, chat: &Chat) -> Result<(), Error> {
    let mut connections = BTreeMap::new();
    for user in chat.people() {
        let sockets = ctx.app.store.person(&user).await?.sockets;
        connections.extend(sockets.into_iter().map(|socket| (socket.connection, socket.opened_at)));
    }
    let closing = futures_util::stream::iter(connections).map(|(connection, opened_at)| async move {
        ctx.close(Recipient { connection: &connection, opened_at: Some(opened_at) }).await;
    });
    closing.buffer_unordered(CONCURRENCY).collect::<()>().await;
    ctx.app.store.record_delivered(&chat.id, chat.position().events()).await
}
