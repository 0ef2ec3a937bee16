//! The application that runs in the namespaces of a relay. Parlance is the chat. With another application in its place,
//! the relay is a Socket.IO server. The conformance tests run an echo application there to prove it.
//!
//! An application receives events and returns what to send back. It does not read, write or post anything itself. Every
//! client may connect. Two things are absent on purpose, because API Gateway has no means for them: an application
//! cannot send to a socket other than the one that sent the event, and there is no order between the frames that two
//! invocations send to one socket at the same time. So an application should not reply with attachments to events that
//! a client sends without waiting for the reply.

use serde_json::{Map, Value};

use crate::auth::Identity;
use crate::ctx::Ctx;
use crate::deliver::packet_frame;
use crate::domain::id::{UserId, hex};
use crate::domain::user::Claims;
use crate::error::Error;
use crate::frame::engine;
use crate::frame::socket::{AckId, Attachments, Body, EventName};
use crate::relay::{Incoming, SessionStatus, ask, current_session, expire, pass_over, reply, session_status, upgrade};
use crate::store::Session;
use crate::telemetry;

/// The application that a relay runs.
#[derive(Clone, Copy)]
pub enum Application {
    /// The chat, in its dialects.
    Chat,
    /// An application that uses Socket.IO.
    Sockets(&'static dyn Sockets),
    /// An application that uses Engine.IO alone. The function takes one message of the client, text or binary, and
    /// returns the packets to send back.
    Messages(fn(&engine::Packet<'_>) -> Vec<engine::Packet<'static>>),
}

/// An application that uses Socket.IO.
pub trait Sockets: Send + Sync {
    /// Whether a namespace with this name exists. The name includes the slash.
    fn has_namespace(&self, namespace: &str) -> bool;

    /// Returns what a socket receives first, after the relay has confirmed its CONNECT packet. `auth` is the payload of
    /// that packet.
    fn joined(&self, auth: &Map<String, Value>) -> Vec<Saying>;

    /// Returns what a socket receives in reply to an event that it emitted.
    fn heard(&self, event: &str, content: Content) -> Vec<Saying>;

    /// Returns what a socket receives in reply to its ack of a question. `about` is the third value of
    /// [`Saying::Question`].
    fn on_ack(&self, about: &str, answer: Content) -> Vec<Saying>;
}

/// The arguments of an event or an ack. Each attachment has its placeholder in the arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The arguments.
    pub arguments: Vec<Value>,
    /// The binary attachments, in the order of the placeholders' numbers.
    pub attachments: Vec<Vec<u8>>,
}

/// One thing to send to the socket that emitted the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// An event: its name and its content.
    Event(String, Content),
    /// The ack of the event that the socket emitted. The relay drops it if the client asked for no ack.
    Ack(Content),
    /// An event that asks the client for an ack: its name, its content, and a text that says what the question is
    /// about.
    Question(String, Content, String),
}

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
    answer: Content,
) -> Result<(), Error> {
    let Some(session) = current_session(ctx, incoming, namespace).await? else {
        ctx.close(incoming.recipient()).await;
        return Ok(());
    };
    match session_status(ctx, &session, incoming.at) {
        SessionStatus::Live => {}
        SessionStatus::Left => {
            pass_over(ctx, incoming).await;
            return Ok(());
        }
        SessionStatus::Expired => {
            expire(ctx, &session, None).await;
            return Ok(());
        }
    }
    let Some(question) = ask::take_question(ctx, &session, id).await? else { return Ok(()) };
    // The chat never asks a client for an ack.
    if let Application::Sockets(application) = ctx.application {
        say(ctx, &session, None, application.on_ack(&question.about, answer)).await;
    }
    Ok(())
}

/// Sends everything that an application returned, in order.
pub(super) async fn say(ctx: &Ctx, session: &Session, ack: Option<&AckId>, sayings: Vec<Saying>) {
    for saying in sayings {
        let frames = match (saying, ack) {
            (Saying::Event(name, content), _) => event_frames(&session.namespace, &name, content, None),
            (Saying::Ack(content), Some(id)) => ack_frames(&session.namespace, id.clone(), content),
            (Saying::Ack(_), None) => continue,
            (Saying::Question(name, content, about), _) => {
                if let Err(error) = ask::ask(ctx, session, (&name, content), about).await {
                    // Without the question the client would never reply, and nobody would notice. So the connection is
                    // closed.
                    telemetry::failed(Some(&session.connection), &error);
                    return ctx.close(session.recipient()).await;
                }
                continue;
            }
        };
        reply(ctx, session.recipient(), &frames).await;
    }
}

/// The frames of an event: its packet, then one frame for each attachment. Empty if the name is not allowed for an
/// event or if there are too many attachments.
pub(super) fn event_frames(namespace: &str, name: &str, content: Content, ack: Option<AckId>) -> Vec<String> {
    let Content { arguments, attachments } = content;
    let (Ok(name), Some(count)) = (EventName::parse(name), count(&attachments)) else { return Vec::new() };
    let body = if attachments.is_empty() {
        Body::Event { name, arguments, ack }
    } else {
        Body::BinaryEvent { attachments: count, name, arguments, ack }
    };
    frames(namespace, body, attachments)
}

fn ack_frames(namespace: &str, id: AckId, content: Content) -> Vec<String> {
    let Content { arguments, attachments } = content;
    let Some(count) = count(&attachments) else { return Vec::new() };
    let body = if attachments.is_empty() {
        Body::Ack { id, arguments }
    } else {
        Body::BinaryAck { attachments: count, id, arguments }
    };
    frames(namespace, body, attachments)
}

fn count(attachments: &[Vec<u8>]) -> Option<Attachments> {
    Attachments::new(u8::try_from(attachments.len()).ok()?).ok()
}

fn frames(namespace: &str, body: Body, attachments: Vec<Vec<u8>>) -> Vec<String> {
    let attachments = attachments.into_iter().map(|bytes| engine::Packet::Binary(bytes).encode());
    packet_frame(namespace, body).map(|header| std::iter::once(header).chain(attachments).collect()).unwrap_or_default()
}
