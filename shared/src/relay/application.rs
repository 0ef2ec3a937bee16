//! What speaks in the namespaces of a relay. Parlance is the chat; another application in its place makes a Socket.IO server of the relay, and
//! the conformance tests put an echo there to prove that it is one.
//!
//! An application hears and says what to say; it reads, writes and posts nothing. Everybody is let in. Deliberately absent: saying something
//! to another socket than the one that spoke, and an order between what two invocations say to one socket at the same time, for which
//! API Gateway has no means; so an application had better not answer with attachments what a client sends without waiting.

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

/// What a relay carries.
#[derive(Clone, Copy)]
pub enum Application {
    /// The chat, in its dialects.
    Chat,
    /// One that speaks Socket.IO.
    Sockets(&'static dyn Sockets),
    /// One that speaks Engine.IO alone: what it says to a message of its client, text or binary.
    Messages(fn(&engine::Packet<'_>) -> Vec<engine::Packet<'static>>),
}

/// An application that speaks Socket.IO.
pub trait Sockets: Send + Sync {
    /// Whether there is a namespace of this name, slash included.
    fn has_namespace(&self, namespace: &str) -> bool;

    /// What a socket hears first, once its CONNECT with this `auth` is confirmed.
    fn joined(&self, auth: &Map<String, Value>) -> Vec<Saying>;

    /// What a socket hears of its own event.
    fn heard(&self, event: &str, content: Content) -> Vec<Saying>;

    /// What a socket hears of its answer to the question about this.
    fn on_ack(&self, about: &str, answer: Content) -> Vec<Saying>;
}

/// What an event or an ack carries. Each attachment has its placeholder in the arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The arguments.
    pub arguments: Vec<Value>,
    /// What is binary, in the order of the placeholders' numbers.
    pub attachments: Vec<Vec<u8>>,
}

/// Something for the socket that spoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// An event.
    Event(String, Content),
    /// The answer to what it sent; for nobody, if it asked for none.
    Ack(Content),
    /// An event that asks for an answer, and what that will be about.
    Question(String, Content, String),
}

/// Anybody, on a first visit.
pub(super) fn anybody(ctx: &Ctx) -> Result<Identity, Error> {
    let user = UserId::parse(&hex(&ctx.clock.random::<16>()))?;
    Ok(Identity { user, claims: Claims::default(), issued_at: None, expires_at: None })
}

/// Lets an application answer a message of Engine.IO, on a connection that is open. One read.
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

/// Takes a client's answer to a question, once; anything else is passed over.
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
    // The chat asks nobody.
    if let Application::Sockets(application) = ctx.application {
        say(ctx, &session, None, application.on_ack(&question.about, answer)).await;
    }
    Ok(())
}

/// Says all that an application has to say, in order.
pub(super) async fn say(ctx: &Ctx, session: &Session, ack: Option<&AckId>, sayings: Vec<Saying>) {
    for saying in sayings {
        let frames = match (saying, ack) {
            (Saying::Event(name, content), _) => event_frames(&session.namespace, &name, content, None),
            (Saying::Ack(content), Some(id)) => ack_frames(&session.namespace, id.clone(), content),
            (Saying::Ack(_), None) => continue,
            (Saying::Question(name, content, about), _) => {
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

/// The frames of an event: its packet, and each attachment. None for what no event may be.
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
