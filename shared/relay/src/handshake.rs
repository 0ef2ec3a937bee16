//! The open packet (docs/protocol.md, "Handshake"). A client sends nothing before it receives this packet, and API
//! Gateway accepts no post before `$connect` has returned. So this function posts it, and repeats the post while API
//! Gateway says that the connection does not exist. This function also closes a WebSocket that `$connect` accepted only
//! to close it.

use frame::engine::{self, Open, Packet};
use serde_json::Value;

use crate::ctx::Ctx;
use crate::error::Error;
use crate::id::{ConnectionId, hex};
use crate::incoming::Incoming;
use crate::invocation;
use crate::invoke::own_event;
use crate::post::Delivery;
use crate::store::{Handshaking, Recipient};

/// How often the function tries to post: for 10 to 14 seconds in all, which is less than the 20 seconds that the client
/// waits.
const ATTEMPTS_MAX: u32 = 26;
/// How often the function tries to close a connection: for about four seconds in all. It does not try longer, because
/// the client may have left by itself.
const CLOSES_MAX: u32 = 16;

/// Invokes the function that posts the open packet. One request.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn opens<A>(ctx: &Ctx<A>, connection: &ConnectionId) -> Result<(), Error> {
    invoke(ctx, connection, None).await
}

/// Invokes the function that closes a connection which is not stored. One request.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn closes<A>(ctx: &Ctx<A>, connection: &ConnectionId) -> Result<(), Error> {
    invoke(ctx, connection, Some(&Packet::Close)).await
}

async fn invoke<A>(ctx: &Ctx<A>, connection: &ConnectionId, packet: Option<&Packet<'_>>) -> Result<(), Error> {
    let event = own_event(connection, "CONNECT", packet.map(Packet::encode).as_deref(), None);
    ctx.invoke(&ctx.config.functions.handshake, event).await
}

/// Posts the open packet, once per connection. If the event holds a close packet, it closes the connection instead.
///
/// # Errors
/// `Error::Internal`.
pub async fn handle<A>(ctx: &Ctx<A>, event: &Value) -> Result<(), Error> {
    let Incoming { connection, body, .. } = Incoming::read(event)?;
    invocation::note_event("open packet");
    if matches!(engine::decode(&body), Ok(Packet::Close)) {
        close(ctx, &connection).await;
        return Ok(());
    }
    let Handshaking::First = ctx.store.greet(&connection).await? else { return Ok(()) };
    let frame = open(ctx, hex(&ctx.clock.random::<12>()), &[]).encode();
    greet(ctx, &connection, &frame, ATTEMPTS_MAX).await;
    Ok(())
}

/// Posts the first frame that a WebSocket receives, and repeats the post up to `attempts` times. If every attempt
/// fails, the function reports the connection as gone.
pub(crate) async fn greet<'a, A>(ctx: &Ctx<A>, to: impl Into<Recipient<'a>>, frame: &str, attempts: u32) {
    let to = to.into();
    for tried in 1..=attempts {
        match ctx.post(to, frame).await {
            Delivery::Sent => return,
            Delivery::Gone | Delivery::NotAccepted | Delivery::TooLarge => ctx.pause_while_young(tried).await,
            // A client that receives the open packet twice is confused. On a new connection it receives it once.
            Delivery::Unknown => return ctx.close(to).await,
        }
    }
    ctx.report_gone(to.connection).await;
}

/// Closes a connection as soon as API Gateway knows about it.
async fn close<A>(ctx: &Ctx<A>, connection: &ConnectionId) {
    for tried in 1..=CLOSES_MAX {
        if ctx.close_websocket(connection).await {
            return;
        }
        ctx.pause_while_young(tried).await;
    }
}

/// The open packet of a session. `upgrades` are the transports to which its client may move.
pub(crate) fn open<A>(ctx: &Ctx<A>, sid: String, upgrades: &[&str]) -> Packet<'static> {
    let heartbeat = ctx.config.heartbeat;
    Packet::Open(Open {
        sid,
        upgrades: upgrades.iter().map(|transport| (*transport).to_owned()).collect(),
        ping_interval_millis: heartbeat.interval_millis(),
        ping_timeout_millis: u64::from(heartbeat.timeout_millis),
        max_payload_bytes: ctx.config.host.max_payload_bytes as u64,
    })
}
