//! `$disconnect`, DISCONNECT packets, and connections that another function found gone. Every step is idempotent: to
//! repeat it has no further effect.

use std::time::Duration;

use serde_json::Value;

use crate::app::{presence, typing};
use crate::application::Application;
use crate::ctx::{Ctx, own_event};
use crate::deliver::Delivering;
use crate::domain::clock::Timestamp;
use crate::domain::id::ConnectionId;
use crate::domain::notice::{Audience, Envelope, Notice};
use crate::error::Error;
use crate::relay::event;
use crate::relay::gate::{current_session, pass_over};
use crate::relay::incoming::Incoming;
use crate::store::{Abandoning, Closed, Ender, Ending, Leaving, Session, Upgrade};
use crate::telemetry::{self, Failures};
use crate::wait::{Checks, wait_until};
use frame::engine;
use frame::socket::{self, Body, Packet};

/// How often this function checks whether the run that left a session has told the others: for three seconds in all,
/// longer than that run takes.
const CHECKS: Checks = Checks { max: 30, pause: Duration::from_millis(100) };

/// Handles the end of a connection, a DISCONNECT packet, or an event that asks to end its socket.
///
/// # Errors
/// `Error::Internal`. The invocation may be tried again.
pub async fn handle(ctx: &Ctx, event: &Value) -> Result<(), Error> {
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
    if !matches!(body, Body::Disconnect) {
        return event::handle(ctx, event).await;
    }
    match current_session(ctx, &incoming, namespace.as_str()).await? {
        Some(session) if session.ended_at.is_none() => leave(ctx, &session, incoming.at, None).await,
        // The packet came again. The run that left the session may have been killed before it told anybody.
        Some(session) if ctx.store.offline_untold(&session).await? => finish_leaving(ctx, &session, incoming.at).await,
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
async fn connection(ctx: &Ctx, incoming: &Incoming) -> Result<(), Error> {
    // An event of our own carries no time.
    let at = if incoming.at.millis() == 0 { ctx.clock.now() } else { incoming.at };
    let window = i64::from(ctx.config.recovery_window_secs);
    let Left { sessions, untold } = left(ctx, &incoming.connection).await?;
    let mut failures = Failures::default();
    for session in sessions {
        let revivable = ctx.config.recovers(session.takes_offsets).then(|| at.plus_millis(window * 1_000));
        failures.note(Some(&incoming.connection), leave(ctx, &session, at, revivable).await);
    }
    for session in untold {
        failures.note(Some(&incoming.connection), finish_leaving(ctx, &session, at).await);
    }
    failures.result()
}

/// The sessions of a connection that has ended.
struct Left {
    /// The sessions that are still to be left.
    sessions: Vec<Session>,
    /// The sessions that an earlier run left, perhaps without telling the others.
    untold: Vec<Session>,
}

impl Left {
    fn add(&mut self, Closed { upgrade: _, sessions, untold }: Closed) {
        self.sessions.extend(sessions);
        self.untold.extend(untold);
    }
}

/// Ends a connection and returns its sessions, also those that are on their way from polling to a WebSocket. A
/// WebSocket to which its client never moved has no sessions, and in that case the polling connection goes on.
async fn left(ctx: &Ctx, id: &ConnectionId) -> Result<Left, Error> {
    let Closed { upgrade, sessions, untold } = ctx.store.close(id).await?;
    let mut left = Left { sessions, untold };
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
async fn ended(ctx: &Ctx, polling: &ConnectionId) -> Result<Option<ConnectionId>, Error> {
    Ok(match ctx.store.end_outbox(polling, Ender::Server).await? {
        Ending::Ended(websocket) => websocket,
        Ending::Redirected(websocket) => Some(websocket),
        Ending::Before => None,
    })
}

/// Leaves a namespace. The user stops typing there; if this was the user's last socket, the others are told that the
/// user is offline. The client may recover the session until `revivable`.
///
/// # Errors
/// `Error::Internal`.
pub async fn leave(ctx: &Ctx, session: &Session, at: Timestamp, revivable: Option<Timestamp>) -> Result<(), Error> {
    let last = match ctx.store.leave(session, at, revivable).await? {
        Leaving::Left { last } => last,
        Leaving::Untold => return finish_leaving(ctx, session, at).await,
        Leaving::Already => return Ok(()),
    };
    if let Application::Chat = ctx.application {
        tell(ctx, session, at, last).await?;
    }
    if last { ctx.store.record_offline_told(session).await } else { Ok(()) }
}

/// Tells the others that the user of a session stopped typing and, if it was the `last` socket of that user, that the
/// user is offline.
async fn tell(ctx: &Ctx, session: &Session, at: Timestamp, last: bool) -> Result<(), Error> {
    let mut envelopes = typing::end(ctx, &session.user, &session.typing).await.unwrap_or_else(|error| {
        telemetry::failed(Some(&session.connection), &error);
        Vec::new()
    });
    if last {
        envelopes.push(offline(ctx, session, at).await?);
    }
    let _ = Delivering::new(ctx, None).deliver(Vec::new(), &envelopes).await;
    Ok(())
}

/// The notice that a user's last socket left at this time, for everybody who may see the user's presence.
async fn offline(ctx: &Ctx, session: &Session, at: Timestamp) -> Result<Envelope, Error> {
    let presence_audience = presence::presence_audience(ctx, &session.user).await?;
    let notice = Notice::Offline { user: session.user.clone(), last_seen: at };
    Ok(Envelope::new(notice, Audience::People(presence_audience)))
}

/// Tells the others that a user is offline, in place of the run that left the session. That run may be doing so right
/// now, or it was killed before. So this function waits for it. It tells nobody if the user has a socket
/// again by then.
async fn finish_leaving(ctx: &Ctx, session: &Session, at: Timestamp) -> Result<(), Error> {
    let told = wait_until(CHECKS, async || {
        let is_untold = ctx.store.offline_untold(session).await?;
        Ok::<_, Error>((!is_untold).then_some(()))
    });
    if told.await?.is_some() {
        return Ok(());
    }
    let is_chat = matches!(ctx.application, Application::Chat);
    if is_chat && ctx.store.user(&session.user).await?.is_some_and(|user| user.sockets == 0) {
        let envelope = offline(ctx, session, session.ended_at.unwrap_or(at)).await?;
        let _ = Delivering::new(ctx, None).deliver(Vec::new(), &[envelope]).await;
    }
    ctx.store.record_offline_told(session).await
}
