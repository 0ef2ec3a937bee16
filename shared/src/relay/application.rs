//! What an application other than the chat hears, and how what it says gets to its sockets.

use crate::application::{Application, Emission, EventContent};
use crate::auth::Identity;
use crate::ctx::Ctx;
use crate::domain::id::{UserId, hex};
use crate::domain::user::Claims;
use crate::error::Error;
use crate::relay::content::{ack_frames, event_frames};
use crate::relay::incoming::Incoming;
use crate::relay::reply::reply;
use crate::relay::{ask, gate, upgrade};
use crate::store::Session;
use crate::telemetry;
use frame::engine;
use frame::socket::AckId;

/// A new random user without claims and without an end of the token: the identity of a client of an application without
/// authentication.
pub(super) fn anybody(ctx: &Ctx) -> Result<Identity, Error> {
    let user = UserId::parse(&hex(&ctx.clock.random::<16>()))?;
    Ok(Identity { user, claims: Claims::default(), issued_at: None, expires_at: None })
}

/// Passes a message of Engine.IO to an application and posts its reply, if the connection is open. One read.
pub(super) async fn message(
    ctx: &Ctx,
    incoming: &Incoming,
    speak: fn(&engine::Packet<'_>) -> Vec<engine::Packet<'static>>,
    packet: &engine::Packet<'_>,
) {
    match upgrade::opened(ctx, &incoming.connection).await {
        Ok(Some(_)) => {
            let frames: Vec<String> = speak(packet).iter().map(engine::Packet::encode).collect();
            reply(ctx, incoming.recipient(), &frames).await;
        }
        Ok(None) => {}
        Err(error) => telemetry::failed(Some(&incoming.connection), &error),
    }
}

/// Passes a client's ack of a question to the application. Each question is answered once; the function ignores any
/// other ack.
///
/// # Errors
/// `Error::Internal`.
pub(super) async fn on_ack(
    ctx: &Ctx,
    incoming: &Incoming,
    (namespace, id): (&str, &AckId),
    answer: EventContent,
) -> Result<(), Error> {
    let Some(session) = gate::admit(ctx, incoming, namespace, None).await? else { return Ok(()) };
    let Some(question) = ask::take_question(ctx, &session, id).await? else { return Ok(()) };
    // The chat asks nobody.
    if let Application::Sockets(application) = ctx.application {
        emit(ctx, &session, None, application.on_ack(&question.about, answer)).await;
    }
    Ok(())
}

/// Sends everything that an application returned, in order.
pub(super) async fn emit(ctx: &Ctx, session: &Session, ack: Option<&AckId>, emissions: Vec<Emission>) {
    for emission in emissions {
        let frames = match (emission, ack) {
            (Emission::Event(name, content), _) => event_frames(&session.namespace, &name, content, None),
            (Emission::Ack(content), Some(id)) => ack_frames(&session.namespace, id.clone(), content),
            (Emission::Ack(_), None) => continue,
            (Emission::Question(name, content, about), _) => {
                if let Err(error) = ask::ask(ctx, session, (&name, content), about).await {
                    // The client would never be asked, and nobody would know.
                    telemetry::failed(Some(&session.connection), &error);
                    return ctx.close(session.recipient()).await;
                }
                continue;
            }
        };
        reply(ctx, session.recipient(), &frames).await;
    }
}
