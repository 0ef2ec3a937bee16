//! `$disconnect`, DISCONNECT packets, and connections that another function found gone. Every step is idempotent: to
//! repeat it has no further effect.

use std::time::Duration;

use frame::engine;
use frame::socket::{self, Body, Packet};
use serde_json::Value;

use crate::application::{self, Application, LeaveWrites, packet_frame};
use crate::clock::Timestamp;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::event;
use crate::gate::{current_session, pass_over};
use crate::id::ConnectionId;
use crate::incoming::Incoming;
use crate::invocation;
use crate::invoke::own_event;
use crate::store::{Abandoning, Closed, Ender, Ending, Leaving, Session, Upgrade};
use crate::telemetry::{self, Failures};
use crate::upgrade;
use crate::wait::{Checks, wait_until};

/// How often this function checks whether the run that left a session has finished: for three seconds in all, longer
/// than that run takes.
const CHECKS: Checks = Checks { max: 30, pause: Duration::from_millis(100) };

/// Handles the end of a connection, a DISCONNECT packet, or an event that asks to end its socket.
///
/// # Errors
/// `Error::Internal`. The invocation may be tried again.
pub async fn handle<A: Application>(ctx: &Ctx<A>, event: &Value) -> Result<(), Error> {
    let incoming = Incoming::read(event)?;
    if incoming.request.request_context.event_type.as_deref() == Some("DISCONNECT") {
        return match connection(ctx, &incoming).await {
            // API Gateway invoked this function synchronously and does not retry. Lambda retries an asynchronous
            // invocation.
            Err(error) if !incoming.is_own() => {
                telemetry::failed(Some(&incoming.connection), &error);
                let event = own_event(&incoming.connection, "DISCONNECT", None, Some(incoming.at));
                ctx.invoke(&ctx.config.functions.disconnect, event).await
            }
            done => done,
        };
    }
    let Ok(engine::Packet::Message(text)) = engine::decode(&incoming.body) else { return Ok(()) };
    let Ok(Packet { namespace, body }) = socket::decode(&text) else { return Ok(()) };
    invocation::note_packet(&body);
    if !matches!(body, Body::Disconnect) {
        return event::handle(ctx, event).await;
    }
    match current_session(ctx, &incoming, namespace.as_str()).await? {
        Some(session) if session.ended_at.is_none() => {
            leave(ctx, application::Leaving { session: &session, at: incoming.at, recoverable_until: None }).await
        }
        // The packet came again. The run that left the session may have been killed before it finished.
        Some(session) if ctx.store.is_leaving(&session).await? => finish_leaving(ctx, &session, incoming.at).await,
        Some(_) => {
            pass_over(ctx, &incoming).await;
            Ok(())
        }
        None => {
            ctx.close(incoming.recipient()).await;
            Ok(())
        }
    }
}

/// Leaves every namespace of a connection that has ended, and finishes what an earlier run may have left undone. If the
/// function cannot leave one session, it still leaves the others.
async fn connection<A: Application>(ctx: &Ctx<A>, incoming: &Incoming) -> Result<(), Error> {
    // An event of our own carries no time.
    let at = if incoming.at.millis() == 0 { ctx.clock.now() } else { incoming.at };
    let window = i64::from(ctx.config.recovery_window_secs);
    let Left { sessions, unfinished } = left(ctx, &incoming.connection).await?;
    let mut failures = Failures::default();
    for session in sessions {
        let recoverable_until = ctx.config.recovers(session.takes_offsets).then(|| at.plus_millis(window * 1_000));
        let leaving = application::Leaving { session: &session, at, recoverable_until };
        failures.note(Some(&incoming.connection), leave(ctx, leaving).await);
    }
    for session in unfinished {
        failures.note(Some(&incoming.connection), finish_leaving(ctx, &session, at).await);
    }
    failures.result()
}

/// Ends a session from the server's side, as `socket.disconnect(true)` does: the client receives a DISCONNECT packet and
/// cannot recover the session. The caller then closes the connection. Returns whether this call ended the session. Two
/// reads, the application's reads, one transaction and one post.
///
/// # Errors
/// `Error::Internal`.
pub async fn disconnect_session<A: Application>(
    ctx: &Ctx<A>,
    connection: &ConnectionId,
    namespace: &str,
) -> Result<bool, Error> {
    let Some(session) = upgrade::session(ctx, connection, namespace).await? else { return Ok(false) };
    let at = ctx.clock.now();
    if session.ended_at.is_some() {
        if ctx.store.is_leaving(&session).await? {
            finish_leaving(ctx, &session, at).await?;
        }
        return Ok(false);
    }
    leave(ctx, application::Leaving { session: &session, at, recoverable_until: None }).await?;
    if let Some(frame) = packet_frame(namespace, Body::Disconnect) {
        // The client need not hear it: its connection is closed next.
        let _ = ctx.post(session.recipient(), &frame).await;
    }
    Ok(true)
}

/// The sessions of a connection that has ended.
struct Left {
    /// The sessions that are still to be left.
    sessions: Vec<Session>,
    /// The sessions that an earlier run left, perhaps without finishing.
    unfinished: Vec<Session>,
}

impl Left {
    fn add(&mut self, Closed { upgrade: _, sessions, unfinished }: Closed) {
        self.sessions.extend(sessions);
        self.unfinished.extend(unfinished);
    }
}

/// Ends a connection and returns its sessions, also those that are on their way from polling to a WebSocket. A
/// WebSocket to which its client never moved has no sessions, and in that case the polling connection goes on.
async fn left<A: Application>(ctx: &Ctx<A>, id: &ConnectionId) -> Result<Left, Error> {
    let Closed { upgrade, sessions, unfinished } = ctx.store.close(id).await?;
    let mut left = Left { sessions, unfinished };
    if id.is_polling()
        && let Some(websocket) = ended(ctx, id).await?
    {
        ctx.close(&websocket).await;
        left.add(ctx.store.close(&websocket).await?);
    }
    if let Some(Upgrade { from, done: false }) = upgrade
        && ctx.store.abandon_websocket(&from, id).await? == Abandoning::Upgraded
    {
        ended(ctx, &from).await?;
        left.add(ctx.store.close(&from).await?);
    }
    Ok(left)
}

/// Ends a polling connection, so that requests that still arrive for it learn that it has ended. Returns the WebSocket
/// to which its client had moved or was about to move.
async fn ended<A: Application>(ctx: &Ctx<A>, polling: &ConnectionId) -> Result<Option<ConnectionId>, Error> {
    Ok(match ctx.store.end_outbox(polling, Ender::Server).await? {
        Ending::Ended(websocket) => websocket,
        Ending::Redirected(websocket) => Some(websocket),
        Ending::Before => None,
    })
}

/// Leaves a namespace and tells the application.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn leave<A: Application>(ctx: &Ctx<A>, leaving: application::Leaving<'_>) -> Result<(), Error> {
    let application::Leaving { session, at, recoverable_until: _ } = leaving;
    let notifies = match leave_session(ctx, leaving).await? {
        Ended::Now { notifies } => notifies,
        Ended::Unfinished => return finish_leaving(ctx, session, at).await,
        Ended::Before => return Ok(()),
    };
    if session.is_admin() {
        return Ok(());
    }
    A::left(ctx, session, at, notifies).await?;
    if notifies { ctx.store.finish_leaving(session).await } else { Ok(()) }
}

/// The result of ending a session.
enum Ended {
    /// This run has ended it. `notifies` is that of the application's writes.
    Now { notifies: bool },
    /// An earlier run ended it, and has perhaps not finished.
    Unfinished,
    /// An earlier run ended it.
    Before,
}

async fn leave_session<A: Application>(ctx: &Ctx<A>, leaving: application::Leaving<'_>) -> Result<Ended, Error> {
    let application::Leaving { session, at, recoverable_until: _ } = leaving;
    let mut attempt = 0;
    loop {
        let leaving_writes = if session.is_admin() {
            Some(LeaveWrites { writes: ctx.store.admin_leave_writes(session, at)?, notifies: false })
        } else {
            A::leave_writes(ctx, leaving).await?
        };
        let Some(LeaveWrites { writes, notifies }) = leaving_writes else {
            return Ok(if ctx.store.is_leaving(session).await? { Ended::Unfinished } else { Ended::Before });
        };
        match ctx.store.leave(session, at, writes, notifies).await? {
            Leaving::Left => return Ok(Ended::Now { notifies }),
            Leaving::Unfinished => return Ok(Ended::Unfinished),
            Leaving::Already => return Ok(Ended::Before),
            Leaving::Again => {}
        }
        ctx.store.db().backoff(attempt).await?;
        attempt += 1;
    }
}

/// Ends a session of which nobody has heard, so that nobody has to be told.
///
/// # Errors
/// `Error::Internal`.
pub(crate) async fn end_session<A: Application>(ctx: &Ctx<A>, session: &Session, at: Timestamp) -> Result<(), Error> {
    leave_session(ctx, application::Leaving { session, at, recoverable_until: None }).await.map(drop)
}

/// Finishes in place of the run that left a session. That run may be finishing right now, or it was killed before. So
/// this function waits for it.
async fn finish_leaving<A: Application>(ctx: &Ctx<A>, session: &Session, at: Timestamp) -> Result<(), Error> {
    let finished = wait_until(CHECKS, async || {
        let is_leaving = ctx.store.is_leaving(session).await?;
        Ok::<_, Error>((!is_leaving).then_some(()))
    });
    if finished.await?.is_some() {
        return Ok(());
    }
    A::left_before(ctx, session, session.ended_at.unwrap_or(at)).await?;
    ctx.store.finish_leaving(session).await
}
