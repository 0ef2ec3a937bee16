//! Each minute: pings the connections whose turn it is, closes those that never joined a namespace, ends sockets whose token ended, reaps the
//! gone, and erases what deleted chats left.
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
use crate::relay::end;
use crate::store::{Slot, WAITING_SLOT};
use crate::telemetry;

/// Connections pinged at the same time.
const CONCURRENCY: usize = 64;
/// Deleted chats looked after in one minute, and messages erased of each.
const CHATS_ERASED_MAX: i32 = 10;
const MESSAGES_ERASED_MAX: i32 = 500;

/// One minute's turn: that of the minute for which it was scheduled, for EventBridge may be late, and then no slot may be left out.
///
/// # Errors
/// `Error::Internal`; the next minute tries again.
pub async fn handle(ctx: &Ctx, event: &Value) -> Result<(), Error> {
    let now = ctx.clock.now();
    let scheduled_for = event.get("time").and_then(Value::as_str).and_then(Timestamp::parse).unwrap_or(now);
    let turn = ctx.config.heartbeat.slot(scheduled_for);
    let mut connections: BTreeMap<ConnectionId, Vec<Slot>> = BTreeMap::new();
    // With a long connect timeout they are to be pinged too.
    let waiting = close_waiting(ctx, now).await?.into_iter().filter(|row| row.beat == Some(turn));
    for row in ctx.store.slot(turn.into()).await?.into_iter().chain(waiting) {
        connections.entry(row.connection.clone()).or_default().push(row);
    }
    let beats = futures_util::stream::iter(connections).map(|(connection, rows)| beat(ctx, connection, rows, now));
    beats.buffer_unordered(CONCURRENCY).collect::<()>().await;
    erase(ctx).await
}

/// Pings a connection, and ends those of its sockets whose token has ended. One that has stopped answering, where that is noted, is closed.
async fn beat(ctx: &Ctx, connection: ConnectionId, rows: Vec<Slot>, now: Timestamp) {
    let connection = &connection;
    if rows.iter().any(|row| is_silent(ctx, row, now)) {
        tracing::debug!(connection.id = connection.in_logs(), "a client has stopped answering");
        return ctx.close(connection).await;
    }
    for row in rows.iter().filter(|row| row.expires_at.is_some_and(|expiry| expiry <= now)) {
        match ctx.store.session(connection, &row.namespace).await {
            Ok(Some(session)) if session.ended_at.is_none() => end(ctx, &session).await,
            Ok(_) => {}
            Err(error) => telemetry::failed(Some(connection), &error),
        }
    }
    if rows.iter().any(|row| is_new(ctx, row, now)) {
        return;
    }
    match ctx.post(connection, &Packet::Ping.encode()).await {
        Delivery::Sent | Delivery::NotAccepted | Delivery::TooLarge => {}
        Delivery::Gone => ctx.bury(connection).await,
    }
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

/// Closes the connections that have been without a namespace for too long (socketio.md, "connect timeout"), or without the attachments of a
/// binary packet. Gives those that may wait on.
async fn close_waiting(ctx: &Ctx, now: Timestamp) -> Result<Vec<Slot>, Error> {
    let timeout = i64::from(ctx.config.heartbeat.connect_timeout_millis);
    let waiting = ctx.store.slot(WAITING_SLOT).await?;
    let is_overdue = |row: &Slot| row.opened_at.plus_millis(timeout) <= now;
    let (overdue, waiting): (Vec<Slot>, Vec<Slot>) = waiting.into_iter().partition(is_overdue);
    for row in overdue {
        ctx.close(&row.connection).await;
        ctx.bury(&row.connection).await;
        if !row.is_connection() {
            ctx.store.forget_packet(&row.connection).await?;
        }
    }
    Ok(waiting)
}

async fn erase(ctx: &Ctx) -> Result<(), Error> {
    for chat in ctx.store.chats_to_erase(CHATS_ERASED_MAX).await? {
        let erased = ctx.store.erase(&chat, MESSAGES_ERASED_MAX).await?;
        tracing::info!(chat.id = %chat, messages = erased, "messages of a deleted chat were erased");
    }
    Ok(())
}
