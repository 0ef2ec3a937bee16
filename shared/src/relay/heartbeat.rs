//! Each minute: pings the connections whose turn it is, closes those that never joined a namespace, ends sockets whose token ended, reaps the
//! gone, and erases what deleted chats left.
//!
//! Nothing is written for a ping: a connection is in a slot from its first CONNECT on, and minute m pings slot m modulo the number of slots.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;

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

/// One minute's turn.
///
/// # Errors
/// `Error::Internal`; the next minute tries again.
pub async fn handle(ctx: &Ctx) -> Result<(), Error> {
    let now = ctx.clock.now();
    let slots = i64::from(ctx.config.heartbeat.interval_minutes);
    let turn = now.seconds().div_euclid(60).rem_euclid(slots);
    let mut connections: BTreeMap<ConnectionId, Vec<Slot>> = BTreeMap::new();
    for row in ctx.store.slot(turn).await? {
        connections.entry(row.connection.clone()).or_default().push(row);
    }
    let beats = futures_util::stream::iter(connections).map(|(connection, rows)| beat(ctx, connection, rows, now));
    beats.buffer_unordered(CONCURRENCY).collect::<()>().await;
    close_waiting(ctx, now).await?;
    erase(ctx).await
}

/// Pings a connection, and ends those of its sockets whose token has ended.
async fn beat(ctx: &Ctx, connection: ConnectionId, rows: Vec<Slot>, now: Timestamp) {
    let connection = &connection;
    for row in rows.iter().filter(|row| row.expires_at.is_some_and(|expiry| expiry <= now)) {
        match ctx.store.session(connection, &row.namespace).await {
            Ok(Some(session)) if session.ended_at.is_none() => end(ctx, &session).await,
            Ok(_) => {}
            Err(error) => telemetry::failed(Some(connection), &error),
        }
    }
    match ctx.post(connection, &Packet::Ping.encode()).await {
        Delivery::Sent | Delivery::Throttled | Delivery::TooLarge => {}
        Delivery::Gone => ctx.bury(connection).await,
    }
}

/// Closes the connections that have been without a namespace for too long (socketio.md, "connect timeout").
async fn close_waiting(ctx: &Ctx, now: Timestamp) -> Result<(), Error> {
    let timeout = i64::from(ctx.config.heartbeat.connect_timeout_secs) * 1_000;
    for row in ctx.store.slot(WAITING_SLOT).await? {
        if row.opened_at.plus_millis(timeout) <= now {
            ctx.close(&row.connection).await;
            ctx.bury(&row.connection).await;
        }
    }
    Ok(())
}

async fn erase(ctx: &Ctx) -> Result<(), Error> {
    for chat in ctx.store.chats_to_erase(CHATS_ERASED_MAX).await? {
        let erased = ctx.store.erase(&chat, MESSAGES_ERASED_MAX).await?;
        tracing::info!(chat.id = %chat, messages = erased, "messages of a deleted chat were erased");
    }
    Ok(())
}
