//! A client that began by polling moves to a WebSocket (socketio.md, "Engine.IO"), and nothing is lost, doubled or reordered by it.
//!
//! The WebSocket is offered with its handshake, proves to work with `2probe`, and is moved to with `5`, which some clients send without having
//! waited for the answer to the probe, or without a probe: no polling request is taken any
//! more, what waits is posted in order, further frames are sent straight on, and only then do the sessions get the WebSocket's id, so that
//! nobody who looks them up can be ahead of what waited. An event that comes over the WebSocket meanwhile waits until it is done.

use std::time::Duration;

use crate::ctx::Ctx;
use crate::domain::id::ConnectionId;
use crate::error::Error;
use crate::frame::engine::Packet;
use crate::relay::handshake::greet;
use crate::relay::reply::reply;
use crate::store::{Opened, Recipient, Session, SessionMove, Transition, Upgrade};
use crate::telemetry;

/// Posts tried of the first frame that a WebSocket hears, about five seconds in all, within the functions' timeouts.
const GREETINGS_MAX: u32 = 16;
/// How long a WebSocket has its one chance before another one may be offered.
const CHANCE_MILLIS: i64 = 10_000;
/// Looks at whether a move is done, or a polling request has ended: five seconds in all, within the functions' timeouts.
const CHECKS_MAX: u32 = 100;
const CHECK_WAIT: Duration = Duration::from_millis(50);
/// Batches of waiting frames posted during a move. If more keep coming, the client had better come back.
const BATCHES_MAX: u32 = 100;

/// What becomes of a WebSocket whose client says that it polls.
pub(super) enum Offer {
    /// It may be moved to.
    Made(Box<Opened>),
    /// Its client has moved, is about to, or is gone.
    Refused,
    /// There is no such client.
    Unknown,
}

/// The connection of a WebSocket that may be moved to: identity and slot are those of the polling connection `sid`. A read and a write;
/// two reads if it has moved.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn offered(ctx: &Ctx, opened: Opened, sid: &str) -> Result<Offer, Error> {
    let from = ConnectionId::parse(sid).ok().filter(ConnectionId::is_polling);
    let Some(from) = from else { return Ok(Offer::Unknown) };
    let Some(polling) = ctx.store.opened(&from).await? else {
        let moved = ctx.store.outbox(&from).await?.is_some_and(|outbox| outbox.upgrading);
        return Ok(if moved { Offer::Refused } else { Offer::Unknown });
    };
    let liveness = ctx.liveness();
    let stale = liveness.now.plus_millis(-CHANCE_MILLIS);
    Ok(match ctx.store.offer_websocket(&from, &opened.id, liveness, stale).await? {
        // The slot stays, or the client could miss a ping; browsers give a WebSocket no headers.
        Transition::Taken => Offer::Made(Box::new(Opened {
            slot: polling.slot,
            header: polling.header,
            takes_offsets: polling.takes_offsets,
            upgrade: Some(Upgrade { from, done: false }),
            ..opened
        })),
        Transition::Refused => Offer::Refused,
    })
}

/// Takes the step that a packet asks for: `2probe` or `5`. A client that may not is closed.
pub(super) async fn step(ctx: &Ctx, websocket: Recipient<'_>, packet: &Packet<'_>) {
    let taken = match packet {
        Packet::PingProbe => probe(ctx, websocket).await,
        Packet::Upgrade => upgrade(ctx, websocket).await,
        _ => return,
    };
    if let Err(error) = taken {
        telemetry::failed(Some(websocket.connection), &error);
        ctx.close(websocket).await;
    }
}

/// Answers a probe, and has the polling request that waits released. One that comes again is passed over.
async fn probe(ctx: &Ctx, websocket: Recipient<'_>) -> Result<(), Error> {
    let Some((_, from)) = upgradable(ctx, websocket).await? else { return Ok(()) };
    match ctx.store.note_probe(&from, websocket.connection, ctx.clock.now()).await? {
        Transition::Taken => greet(ctx, websocket, &Packet::PongProbe.encode(), GREETINGS_MAX).await,
        Transition::Refused => close_unless(ctx, websocket, &from, |outbox| outbox.ended_by.is_none()).await?,
    }
    Ok(())
}

/// Moves. A packet that comes again is passed over.
async fn upgrade(ctx: &Ctx, websocket: Recipient<'_>) -> Result<(), Error> {
    let Some((opened, from)) = upgradable(ctx, websocket).await? else { return Ok(()) };
    match ctx.store.begin_upgrade(&from, websocket.connection).await? {
        Transition::Taken => move_all(ctx, &opened, &from).await,
        Transition::Refused => close_unless(ctx, websocket, &from, |outbox| outbox.upgrading).await,
    }
}

/// The connection and where its client polls; `None`, and it is closed, for a WebSocket that nobody can move to or that nothing is known of.
async fn upgradable(ctx: &Ctx, websocket: Recipient<'_>) -> Result<Option<(Opened, ConnectionId)>, Error> {
    let Some(opened) = ctx.store.opened(websocket.connection).await? else {
        ctx.close(websocket).await;
        return Ok(None);
    };
    match opened.upgrade.clone() {
        Some(Upgrade { from, done: false }) => Ok(Some((opened, from))),
        Some(Upgrade { done: true, .. }) => Ok(None),
        None => {
            ctx.close(websocket).await;
            Ok(None)
        }
    }
}

async fn close_unless(
    ctx: &Ctx,
    websocket: Recipient<'_>,
    from: &ConnectionId,
    fine: fn(&crate::store::Outbox) -> bool,
) -> Result<(), Error> {
    if !ctx.store.outbox(from).await?.is_some_and(|outbox| fine(&outbox)) {
        ctx.close(websocket).await;
    }
    Ok(())
}

/// Moves what waits, then everything that is to come, then the sessions.
async fn move_all(ctx: &Ctx, to: &Opened, from: &ConnectionId) -> Result<(), Error> {
    // Whoever keeps to the protocol has no request running any more.
    for _ in 0..CHECKS_MAX {
        let posting = ctx.store.outbox(from).await?.and_then(|outbox| outbox.posting_until);
        if posting.is_none_or(|until| until <= ctx.clock.now()) {
            break;
        }
        tokio::time::sleep(CHECK_WAIT).await;
    }
    ctx.store.move_packet(from, &to.id).await?;
    let mut batches = 0;
    while ctx.store.redirect(from, &to.id).await? == Transition::Refused {
        if batches == BATCHES_MAX {
            return Err(Error::internal("more keeps waiting for a client than it can be posted"));
        }
        reply(ctx, to.recipient(), &ctx.store.flush(from).await?).await;
        batches += 1;
    }
    for session in ctx.store.close(from).await?.sessions {
        if ctx.store.move_session(&session, to).await? == SessionMove::Gone {
            ctx.invoke_disconnect(from).await;
            return Ok(());
        }
    }
    ctx.store.settle(&to.id).await
}

/// The session of a namespace, also if it is still on its way from polling to this WebSocket. One read; more only if there is none.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn session(ctx: &Ctx, connection: &ConnectionId, namespace: &str) -> Result<Option<Session>, Error> {
    if let Some(session) = ctx.store.session(connection, namespace).await? {
        return Ok(Some(session));
    }
    match opened(ctx, connection).await? {
        Some(Opened { upgrade: Some(_), .. }) => ctx.store.session(connection, namespace).await,
        _ => Ok(None),
    }
}

/// The connection, while it is open; one that is being moved to is waited for. One read, more only while it is moved to.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn opened(ctx: &Ctx, connection: &ConnectionId) -> Result<Option<Opened>, Error> {
    for _ in 0..CHECKS_MAX {
        match ctx.store.opened(connection).await? {
            Some(Opened { upgrade: Some(Upgrade { done: false, .. }), .. }) => tokio::time::sleep(CHECK_WAIT).await,
            found => return Ok(found),
        }
    }
    ctx.store.opened(connection).await
}
