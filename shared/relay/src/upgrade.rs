//! The move of a client from polling to a WebSocket (docs/polling.md, "Upgrade"). No frame is lost, doubled or
//! reordered by it.
//!
//! The client offers the WebSocket with its handshake, proves with `2probe` that it works, and moves to it with `5`.
//! Some clients send `5` without waiting for the answer to the probe, or without a probe. From then on the server
//! accepts no polling request, posts the waiting frames in order, and sends further frames directly to the WebSocket.
//! Only then do the sessions get the WebSocket's id. So a function that looks up the sessions cannot post ahead of the
//! frames that waited. An event that arrives over the WebSocket during the move waits until the move is done.

use std::time::Duration;

use frame::engine::Packet;

use crate::application::Application;
use crate::ctx::Ctx;
use crate::drain::drain;
use crate::dynamo::{Item, RowKey};
use crate::error::Error;
use crate::handshake::greet;
use crate::id::ConnectionId;
use crate::reply::reply;
use crate::store::{Moving, Opened, OutboxState, Recipient, Session, Transition, Upgrade};
use crate::telemetry;
use crate::wait::{Checks, wait_until};

/// How often the server tries to post the first frame to a WebSocket: about four seconds in all, less than the
/// functions' timeouts.
const GREETINGS_MAX: u32 = 16;
/// How long, in milliseconds, an offered WebSocket may take before the client may offer another one.
const CHANCE_MILLIS: i64 = 10_000;
/// How often the server checks whether a move is done, or a polling request has ended: for five seconds in all, less
/// than the functions' timeouts.
const CHECKS: Checks = Checks { max: 100, pause: Duration::from_millis(50) };

/// The result of offering a WebSocket for a polling connection.
pub(crate) enum Offer {
    /// The client may move to it.
    Made(Box<Opened>),
    /// The client has moved already, is about to move, or is gone.
    Refused,
    /// There is no such polling connection.
    Unknown,
}

/// Offers a WebSocket to the polling connection `sid`. The returned connection has the identity and the slot of the
/// polling connection. One read and one write; two reads if the client has moved already.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn offered<A: Application>(ctx: &Ctx<A>, opened: Opened, sid: &str) -> Result<Offer, Error> {
    let from = ConnectionId::parse(sid).ok().filter(ConnectionId::is_polling);
    let Some(from) = from else { return Ok(Offer::Unknown) };
    let Some(polling) = ctx.store.opened(&from).await? else {
        let moved = ctx.store.outbox(&from).await?.is_some_and(|outbox| outbox.state.has_upgraded());
        return Ok(if moved { Offer::Refused } else { Offer::Unknown });
    };
    let liveness = ctx.liveness();
    let stale = liveness.now.plus_millis(-CHANCE_MILLIS);
    Ok(match ctx.store.offer_websocket(&from, &opened.id, liveness, stale).await? {
        // The slot stays the same, or the client could miss a ping. The header is copied because browsers send no such
        // headers with a WebSocket.
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

/// Takes the step of the move that a packet asks for: `2probe` or `5`. Closes the connection if the client may not take
/// the step, or if the step fails.
pub(crate) async fn step<A: Application>(ctx: &Ctx<A>, websocket: Recipient<'_>, packet: &Packet<'_>) {
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

/// Answers a probe, and makes the waiting polling request return. The function ignores a probe that comes again.
async fn probe<A: Application>(ctx: &Ctx<A>, websocket: Recipient<'_>) -> Result<(), Error> {
    let Some((_, from)) = upgradable(ctx, websocket).await? else { return Ok(()) };
    match ctx.store.note_probe(&from, websocket.connection, ctx.clock.now()).await? {
        Transition::Taken => greet(ctx, websocket, &Packet::PongProbe.encode(), GREETINGS_MAX).await,
        Transition::Refused => close_unless(ctx, websocket, &from, |state| !state.has_ended()).await?,
    }
    Ok(())
}

/// Moves the client to the WebSocket. The function ignores a packet that comes again.
async fn upgrade<A: Application>(ctx: &Ctx<A>, websocket: Recipient<'_>) -> Result<(), Error> {
    let Some((opened, from)) = upgradable(ctx, websocket).await? else { return Ok(()) };
    match ctx.store.begin_upgrade(&from, websocket.connection).await? {
        Transition::Taken => move_all(ctx, &opened, &from).await,
        Transition::Refused => close_unless(ctx, websocket, &from, OutboxState::has_upgraded).await,
    }
}

/// The connection of a WebSocket, and the polling connection of its client. `None` if the move is done. Also `None` if
/// the tables know nothing about the WebSocket or it was not offered for a move; then the function closes it.
async fn upgradable<A: Application>(
    ctx: &Ctx<A>,
    websocket: Recipient<'_>,
) -> Result<Option<(Opened, ConnectionId)>, Error> {
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

async fn close_unless<A: Application>(
    ctx: &Ctx<A>,
    websocket: Recipient<'_>,
    from: &ConnectionId,
    fine: fn(&OutboxState) -> bool,
) -> Result<(), Error> {
    if !ctx.store.outbox(from).await?.is_some_and(|outbox| fine(&outbox.state)) {
        ctx.close(websocket).await;
    }
    Ok(())
}

/// Moves the frames that wait, then all future frames, then the sessions.
async fn move_all<A: Application>(ctx: &Ctx<A>, to: &Opened, from: &ConnectionId) -> Result<(), Error> {
    // A client that keeps to the protocol has no request running any more.
    wait_until(CHECKS, async || {
        let posting = ctx.store.outbox(from).await?.and_then(|outbox| outbox.posting_until);
        Ok::<_, Error>(posting.is_none_or(|until| until <= ctx.clock.now()).then_some(()))
    })
    .await?;
    ctx.store.move_packet(from, &to.id).await?;
    drain(ctx, from, &to.id, async |frames| {
        reply(ctx, to.recipient(), &frames).await;
        true
    })
    .await?;
    for session in ctx.store.close(from).await?.sessions {
        let writes = if session.is_admin() {
            ctx.store.admin_move_writes(&session, &to.id)?
        } else {
            A::move_writes(ctx, &session, to)?
        };
        if ctx.store.move_session(&session, to, &writes).await? == Moving::Gone {
            ctx.invoke_disconnect(from).await;
            return Ok(());
        }
    }
    ctx.store.settle(&to.id).await
}

/// The session of a namespace, also while it is moving from polling to this WebSocket. One read; more only if there is
/// none.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn session<A: Application>(
    ctx: &Ctx<A>,
    connection: &ConnectionId,
    namespace: &str,
) -> Result<Option<Session>, Error> {
    match ctx.store.session(connection, namespace).await? {
        Some(session) => Ok(Some(session)),
        None => moved_session(ctx, connection, namespace).await,
    }
}

/// The session as [`session`], and a row of the application, in one request. More only if there is no session.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn session_and_row<A: Application>(
    ctx: &Ctx<A>,
    connection: &ConnectionId,
    namespace: &str,
    row: RowKey,
) -> Result<(Option<Session>, Option<Item>), Error> {
    match ctx.store.session_and_row(connection, namespace, row).await? {
        (None, row) => Ok((moved_session(ctx, connection, namespace).await?, row)),
        found => Ok(found),
    }
}

/// The session of a namespace after the move to this WebSocket, if there is such a move.
async fn moved_session<A: Application>(
    ctx: &Ctx<A>,
    connection: &ConnectionId,
    namespace: &str,
) -> Result<Option<Session>, Error> {
    match opened(ctx, connection).await? {
        Some(Opened { upgrade: Some(_), .. }) => ctx.store.session(connection, namespace).await,
        _ => Ok(None),
    }
}

/// The connection, if it is open. If the client is moving to it, the function waits for the end of the move. One read;
/// more only during a move.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn opened<A: Application>(ctx: &Ctx<A>, connection: &ConnectionId) -> Result<Option<Opened>, Error> {
    let settled = wait_until(CHECKS, async || match ctx.store.opened(connection).await? {
        Some(Opened { upgrade: Some(Upgrade { done: false, .. }), .. }) => Ok::<_, Error>(None),
        found => Ok(Some(found)),
    });
    match settled.await? {
        Some(found) => Ok(found),
        None => ctx.store.opened(connection).await,
    }
}
