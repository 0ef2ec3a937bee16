//! The open packet (socketio.md, "Engine.IO"). A client sends nothing before it, and API Gateway takes no post before `$connect` has
//! returned; so it is posted from here, again and again while API Gateway says that the connection does not exist. A WebSocket that is let in
//! only to be closed is closed from here too.

use std::time::Duration;

use serde_json::Value;

use crate::ctx::{Ctx, Delivery, own_event};
use crate::domain::id::{ConnectionId, hex};
use crate::error::Error;
use crate::frame::engine::{self, Open, Packet};
use crate::relay::incoming::Incoming;
use crate::store::{Handshaking, Recipient};

/// Posts tried, with waits that double from the first to the longest: about 14 seconds in all, within the client's 20.
const ATTEMPTS_MAX: u32 = 32;
/// Tries to close a connection, about five seconds in all: its client may have gone by itself.
const CLOSES_MAX: u32 = 16;
const WAIT_FIRST_MILLIS: u64 = 5;
const WAIT_MAX_MILLIS: u64 = 500;

/// Has the open packet posted. One request.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn opens(ctx: &Ctx, connection: &ConnectionId) -> Result<(), Error> {
    invoke(ctx, connection, None).await
}

/// Has a connection closed that is not stored. One request.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn closes(ctx: &Ctx, connection: &ConnectionId) -> Result<(), Error> {
    invoke(ctx, connection, Some(&Packet::Close)).await
}

async fn invoke(ctx: &Ctx, connection: &ConnectionId, packet: Option<&Packet<'_>>) -> Result<(), Error> {
    let event = own_event(connection, "CONNECT", packet.map(Packet::encode).as_deref(), None);
    ctx.invoke(&ctx.config.functions.handshake, event).await
}

/// Posts the open packet, once per connection; or closes the connection, if that is what the event holds.
///
/// # Errors
/// `Error::Internal`.
pub async fn handle(ctx: &Ctx, event: &Value) -> Result<(), Error> {
    let Incoming { connection, body, .. } = Incoming::read(event)?;
    if matches!(engine::decode(&body), Ok(Packet::Close)) {
        close(ctx, &connection).await;
        return Ok(());
    }
    let Handshaking::First = ctx.store.greet(&connection).await? else { return Ok(()) };
    let frame = open(ctx, hex(&ctx.clock.random::<12>()), &[]).encode();
    greet(ctx, &connection, &frame, ATTEMPTS_MAX).await;
    Ok(())
}

/// Posts the first frame that a WebSocket hears, as often as it takes but not more often than this; then the connection is taken for gone.
pub(super) async fn greet<'a>(ctx: &Ctx, to: impl Into<Recipient<'a>>, frame: &str, attempts: u32) {
    let to = to.into();
    for attempt in 0..attempts {
        match ctx.post(to, frame).await {
            Delivery::Sent => return,
            Delivery::Gone | Delivery::NotAccepted | Delivery::TooLarge => pause(attempt).await,
            // A client that hears it twice is confused; a new connection is not.
            Delivery::Unknown => return ctx.close(to).await,
        }
    }
    ctx.report_gone(to.connection).await;
}

/// Closes a connection as soon as API Gateway knows of it.
async fn close(ctx: &Ctx, connection: &ConnectionId) {
    for attempt in 0..CLOSES_MAX {
        if ctx.close_websocket(connection).await {
            return;
        }
        pause(attempt).await;
    }
}

async fn pause(attempt: u32) {
    let wait = WAIT_FIRST_MILLIS.saturating_mul(1 << attempt.min(16)).min(WAIT_MAX_MILLIS);
    tokio::time::sleep(Duration::from_millis(wait)).await;
}

/// The open packet of a session whose client may move to these transports.
pub(super) fn open(ctx: &Ctx, sid: String, upgrades: &[&str]) -> Packet<'static> {
    let heartbeat = ctx.config.heartbeat;
    Packet::Open(Open {
        sid,
        upgrades: upgrades.iter().map(|transport| (*transport).to_owned()).collect(),
        ping_interval_millis: heartbeat.interval_millis(),
        ping_timeout_millis: u64::from(heartbeat.timeout_millis),
        max_payload_bytes: ctx.config.host.max_payload_bytes as u64,
    })
}
