//! `$disconnect`, DISCONNECT packets, and connections that somebody found gone. Doing any of it twice does it once.

use serde_json::Value;

use crate::app::{presence, typing};
use crate::ctx::{Ctx, own_event};
use crate::deliver::Delivering;
use crate::domain::clock::Timestamp;
use crate::domain::id::ConnectionId;
use crate::domain::notice::{Audience, Envelope, Notice};
use crate::error::Error;
use crate::frame::engine;
use crate::frame::socket::{self, Body, Packet};
use crate::relay::application::Application;
use crate::relay::{Incoming, event, speaker};
use crate::store::{Abandoning, Closed, Ender, Ending, Leaving, Session, Upgrade};
use crate::telemetry::{self, Failures};

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
    match speaker(ctx, &incoming, namespace.as_str()).await? {
        Some(session) if session.ended_at.is_none() => leave(ctx, &session, incoming.at, None).await,
        Some(_) => Ok(()),
        None => {
            ctx.close(&incoming.connection).await;
            Ok(())
        }
    }
}

/// Leaves every namespace of a connection that is no more.
async fn connection(ctx: &Ctx, incoming: &Incoming) -> Result<(), Error> {
    // An event of our own says nothing of the time.
    let at = if incoming.at.millis() == 0 { ctx.clock.now() } else { incoming.at };
    let window = i64::from(ctx.config.recovery_window_secs);
    let mut failures = Failures::default();
    for session in sessions(ctx, &incoming.connection).await? {
        let left = leave(ctx, &session, at, (window > 0).then(|| at.plus_millis(window * 1_000))).await;
        failures.note(Some(&incoming.connection), left);
    }
    failures.result()
}

/// The sessions of a connection that is no more, be they on their way from polling to a WebSocket. A WebSocket that its client never moved
/// to had none, and the polling goes on.
async fn sessions(ctx: &Ctx, id: &ConnectionId) -> Result<Vec<Session>, Error> {
    let Closed { upgrade, mut sessions } = ctx.store.close(id).await?;
    if id.is_polling()
        && let Some(websocket) = ended(ctx, id).await?
    {
        ctx.close(&websocket).await;
        sessions.extend(ctx.store.close(&websocket).await?.sessions);
    }
    if let Some(Upgrade { from, done: false }) = upgrade
        && ctx.store.abandon_websocket(&from, id).await? == Abandoning::Upgraded
    {
        ended(ctx, &from).await?;
        sessions.extend(ctx.store.close(&from).await?.sessions);
    }
    Ok(sessions)
}

/// Ends a polling connection for whoever still asks; the WebSocket that its client moved to, or was about to.
async fn ended(ctx: &Ctx, polling: &ConnectionId) -> Result<Option<ConnectionId>, Error> {
    Ok(match ctx.store.end_outbox(polling, Ender::Server).await? {
        Ending::Ended(websocket) => websocket,
        Ending::Elsewhere(websocket) => Some(websocket),
        Ending::Before => None,
    })
}

/// Leaves a namespace: its typing ends, and if it was the user's last socket the others hear that they are offline. Its client may come back
/// to the session until `revivable`.
///
/// # Errors
/// `Error::Internal`.
pub async fn leave(ctx: &Ctx, session: &Session, at: Timestamp, revivable: Option<Timestamp>) -> Result<(), Error> {
    let Leaving::Left { last } = ctx.store.leave(session, at, revivable).await? else { return Ok(()) };
    let Application::Chat = ctx.application else { return Ok(()) };
    let mut envelopes = typing::end(ctx, &session.user, &session.typing).await.unwrap_or_else(|error| {
        telemetry::failed(Some(&session.connection), &error);
        Vec::new()
    });
    if last {
        // The session has ended, so another attempt would find nothing to do. If this fails, the others see the user as
        // online until they ask for the list again.
        match presence::witnesses(ctx, &session.user).await {
            Ok(witnesses) => {
                let notice = Notice::Offline { user: session.user.clone(), last_seen: at };
                envelopes.push(Envelope::new(notice, Audience::People(witnesses)));
            }
            Err(error) => telemetry::failed(Some(&session.connection), &error),
        }
    }
    Delivering::new(ctx, None).say(Vec::new(), &envelopes).await;
    Ok(())
}
