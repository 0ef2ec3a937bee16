//! Each minute: pings the connections whose turn it is, and closes those with a socket whose token ended. What is overdue, `sweep`
//! closes.
//!
//! Nothing is written for a ping: a connection is in a slot from its first CONNECT on, and minute m pings slot m modulo the number of slots.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use serde_json::Value;

use crate::ctx::{Ctx, Delivery};
use crate::domain::clock::Timestamp;
use crate::domain::id::ConnectionId;
use crate::error::Error;
use crate::frame::engine::Packet;
use crate::relay::{expire, sweep};
use crate::store::{Session, Slot, WAITING_SLOT};
use crate::telemetry::Failures;

/// Connections pinged at the same time. A post takes some ten milliseconds, so the function's fifty seconds are enough
/// for more than 100,000.
const CONCURRENCY: usize = 64;

/// One minute's turn: that of the minute for which it was scheduled, for EventBridge may be late, and then no slot may
/// be left out. A failure with one connection keeps no other from being pinged.
///
/// # Errors
/// `Error::Internal` if anything failed. The invocation is not tried again, for the next minute has another turn.
pub async fn handle(ctx: &Ctx, event: &Value) -> Result<(), Error> {
    let now = ctx.clock.now();
    let scheduled_for = event.get("time").and_then(Value::as_str).and_then(Timestamp::parse).unwrap_or(now);
    let turn = ctx.config.heartbeat.slot(scheduled_for);
    let mut failures = Failures::default();
    let mut connections: BTreeMap<ConnectionId, Vec<Slot>> = BTreeMap::new();
    let (joined, waiting) = tokio::join!(ctx.store.slot(turn.into()), ctx.store.slot(WAITING_SLOT));
    let joined = failures.note_all(joined);
    // With a long connect timeout they are to be pinged too.
    let mut waiting = failures.note_all(waiting);
    waiting.retain(|row| row.beat == Some(turn) && !sweep::is_overdue(ctx, row, now));
    for row in joined.into_iter().chain(waiting) {
        connections.entry(row.connection.clone()).or_default().push(row);
    }
    let beats = futures_util::stream::iter(connections).map(|(connection, rows)| beat(ctx, connection, rows, now));
    let beats: Vec<_> = beats.buffer_unordered(CONCURRENCY).collect().await;
    for (connection, beat) in beats {
        failures.note(Some(&connection), beat);
    }
    failures.result()
}

/// Pings a connection, and tells those of its sockets whose token has ended, which closes it. One that has stopped answering, where that is noted, is closed.
async fn beat(
    ctx: &Ctx,
    connection: ConnectionId,
    rows: Vec<Slot>,
    now: Timestamp,
) -> (ConnectionId, Result<(), Error>) {
    if rows.iter().any(|row| is_silent(ctx, row, now)) {
        tracing::debug!(connection.id = connection.in_logs(), "a client has stopped answering");
        ctx.close(&connection).await;
        return (connection, Ok(()));
    }
    // The ping first: whatever else goes wrong, the client stays.
    if !rows.iter().any(|row| is_new(ctx, row, now)) {
        match ctx.post(&connection, &Packet::Ping.encode()).await {
            Delivery::Sent | Delivery::NotAccepted | Delivery::Unknown | Delivery::TooLarge => {}
            Delivery::Gone => {
                ctx.report_gone(&connection).await;
                return (connection, Ok(()));
            }
        }
    }
    let mut ended = Ok(());
    for row in rows.iter().filter(|row| row.expires_at.is_some_and(|expiry| expiry <= now)) {
        match expired_session(ctx, row, now).await {
            Ok(Some(session)) => expire(ctx, &session, None).await,
            Ok(None) => {}
            Err(error) => ended = Err(error),
        }
    }
    (connection, ended)
}

/// The session of a row, if it is live and its token has ended: the row may be older than its latest renewal.
async fn expired_session(ctx: &Ctx, row: &Slot, now: Timestamp) -> Result<Option<Session>, Error> {
    let session = ctx.store.session(&row.connection, &row.namespace).await?;
    let is_expired = |session: &Session| session.expires_at.is_some_and(|expiry| expiry <= now);
    Ok(session.filter(|session| session.ended_at.is_none() && is_expired(session)))
}

/// Whether a connection was opened so little ago that it may wait for the next turn of its slot: that one still comes in time.
fn is_new(ctx: &Ctx, row: &Slot, now: Timestamp) -> bool {
    let since = now.plus_millis(-i64::from(ctx.config.heartbeat.timeout_millis) / 2);
    row.is_connection() && !row.continues && row.opened_at > since
}

/// Whether a client has not answered the pings of an interval. One that polls is known by its requests.
fn is_silent(ctx: &Ctx, row: &Slot, now: Timestamp) -> bool {
    let heartbeat = ctx.config.heartbeat;
    let counts = heartbeat.notes_pongs && row.is_connection() && !row.connection.is_polling();
    let heard_at = row.heard_at.unwrap_or(row.opened_at);
    counts && heard_at.plus_millis(heartbeat.patience_millis()) <= now
}
