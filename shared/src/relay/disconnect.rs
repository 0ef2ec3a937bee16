//! `$disconnect`, DISCONNECT packets, and connections that somebody found gone. Doing any of it twice does it once.

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
use crate::frame::engine;
use crate::frame::socket::{self, Body, Packet};
use crate::relay::event;
use crate::relay::gate::{current_session, pass_over};
use crate::relay::incoming::Incoming;
use crate::store::{Abandoning, Closed, Ender, Ending, Leaving, Session, Upgrade};
use crate::telemetry::{self, Failures};

/// Looks at whether the run that left a session has told the others: three seconds in all, longer than it takes.
const CHECKS_MAX: u32 = 30;
const CHECK_WAIT: Duration = Duration::from_millis(100);

/// Handles the end of a connection, a DISCONNECT packet, or an event that asks for the end of its socket.
///
/// # Errors
/// `Error::Internal`; the invocation may be tried again.
pub async fn handle(ctx: &Ctx, event: &Value) -> Result<(), Error> {
    let incoming = Incoming::read(event)?;
    if incoming.request.request_context.event_type.as_deref() == Some("DISCONNECT") {
        return match connection(ctx, &incoming).await {
            // API Gateway has invoked this function synchronously and will not do so again, but Lambda will.
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
        // The packet came again. The run that left may have been killed before it told anybody.
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

/// Leaves every namespace of a connection that is no more, and finishes what an earlier run may have left undone. A session that cannot be
/// left holds no other one up.
async fn connection(ctx: &Ctx, incoming: &Incoming) -> Result<(), Error> {
    // An event of our own says nothing of the time.
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

/// The sessions of a connection that is no more.
struct Left {
    /// Those that are to be left.
    sessions: Vec<Session>,
    /// Those that were left before, of which nobody may have been told.
    untold: Vec<Session>,
}

impl Left {
    fn add(&mut self, Closed { upgrade: _, sessions, untold }: Closed) {
        self.sessions.extend(sessions);
        self.untold.extend(untold);
    }
}

/// The sessions of a connection that is no more, be they on their way from polling to a WebSocket. A WebSocket that its client never moved
/// to had none, and the polling goes on.
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

/// Ends a polling connection for whoever still asks; the WebSocket that its client moved to, or was about to.
async fn ended(ctx: &Ctx, polling: &ConnectionId) -> Result<Option<ConnectionId>, Error> {
    Ok(match ctx.store.end_outbox(polling, Ender::Server).await? {
        Ending::Ended(websocket) => websocket,
        Ending::Redirected(websocket) => Some(websocket),
        Ending::Before => None,
    })
}

/// Leaves a namespace: its typing ends, and if it was the user's last socket the others hear that they are offline. Its client may come back
/// to the session until `revivable`.
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

/// Tells that a session's typing ended, and if it was the `last` socket of its user, that they are offline.
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

/// What the others hear once a user's last socket went at this time.
async fn offline(ctx: &Ctx, session: &Session, at: Timestamp) -> Result<Envelope, Error> {
    let presence_audience = presence::presence_audience(ctx, &session.user).await?;
    let notice = Notice::Offline { user: session.user.clone(), last_seen: at };
    Ok(Envelope::new(notice, Audience::People(presence_audience)))
}

/// Tells that a user is offline in place of the run that left the session: that one is doing so right now, or it was killed before. So it gets
/// a moment first. A user who is back by then is not offline.
async fn finish_leaving(ctx: &Ctx, session: &Session, at: Timestamp) -> Result<(), Error> {
    for _ in 0..CHECKS_MAX {
        tokio::time::sleep(CHECK_WAIT).await;
        if !ctx.store.offline_untold(session).await? {
            return Ok(());
        }
    }
    let is_chat = matches!(ctx.application, Application::Chat);
    if is_chat && ctx.store.user(&session.user).await?.is_some_and(|user| user.sockets == 0) {
        let envelope = offline(ctx, session, session.ended_at.unwrap_or(at)).await?;
        let _ = Delivering::new(ctx, None).deliver(Vec::new(), &[envelope]).await;
    }
    ctx.store.record_offline_told(session).await
}
