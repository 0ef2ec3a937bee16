//! The life of a connection: from API Gateway's events to the use cases and back. One file per function of design.md, section 3.
//!
//! Nothing that answers a client fails towards API Gateway: every error becomes a reply in the protocol, or a log line.
//! The functions that answer nobody, disconnect, heartbeat and sweep, fail: [`retried`].

pub mod application;
pub mod ask;
mod binary;
pub mod connect;
pub mod disconnect;
pub mod event;
pub mod followup;
pub mod handshake;
pub mod heartbeat;
pub mod polling;
mod recover;
pub mod sweep;
pub mod switchboard;
mod takeover;
mod upgrade;

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::ctx::{Ctx, Delivery, own_event};
use crate::deliver::{EXPIRED, Emitted, error_frames, expired_frame, packet_frame};
use crate::dialect::{self, Dialect};
use crate::domain::clock::Timestamp;
use crate::domain::id::ConnectionId;
use crate::error::Error;
use crate::frame::socket::Body;
use crate::relay::application::Application;
use crate::store::{Recipient, Session, Socket};
use crate::telemetry;

/// The stage variable that names what the root namespace speaks, where that is not the deployment's default.
pub const DIALECT_VARIABLE: &str = "defaultDialect";

/// What the relay needs of an event of API Gateway.
pub struct Incoming {
    /// Which connection.
    pub connection: ConnectionId,
    /// The gateway's name for this very event; empty in events of our own.
    pub invocation: String,
    /// When the gateway received it.
    pub at: Timestamp,
    /// When the connection was opened, if the event says so.
    pub opened_at: Option<Timestamp>,
    /// The frame as text: what is binary is `b` and base64, however it came.
    pub body: String,
    /// The rest, for `$connect`.
    pub request: ApiGatewayWebsocketProxyRequest,
}

impl Incoming {
    /// Reads a WebSocket proxy event (gateway.md, "Events").
    ///
    /// # Errors
    /// `Error::Internal` if it is something else.
    pub fn read(event: &Value) -> Result<Self, Error> {
        let mut request = ApiGatewayWebsocketProxyRequest::deserialize(event).map_err(Error::internal)?;
        let context = &mut request.request_context;
        let connection = ConnectionId::parse(context.connection_id.as_deref().unwrap_or_default());
        let invocation = context.message_id.take().or_else(|| context.request_id.take()).unwrap_or_default();
        let at = Timestamp::from_millis(context.request_time_epoch);
        let opened_at = Some(context.connected_at).filter(|millis| *millis > 0).map(Timestamp::from_millis);
        let body = request.body.take().unwrap_or_default();
        let body = if request.is_base64_encoded { format!("b{body}") } else { body };
        Ok(Self { connection: connection.map_err(Error::internal)?, invocation, at, opened_at, body, request })
    }
}

impl Incoming {
    /// The connection, to be replied to or closed.
    #[must_use]
    pub const fn recipient(&self) -> Recipient<'_> {
        Recipient { connection: &self.connection, opened_at: self.opened_at }
    }

    /// Whether this is a client asking to connect, and not a frame of one that has.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.request.request_context.event_type.as_deref() == Some("CONNECT")
    }

    /// Whether this is an event of our own, for which a function was invoked asynchronously. Those of the gateway have
    /// a name.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.invocation.is_empty()
    }

    /// What is spoken in a namespace, if there is one of this name. An application of its own leaves it to the root's dialect to word errors.
    #[must_use]
    pub fn dialect(&self, ctx: &Ctx, namespace: &str) -> Option<&'static dyn Dialect> {
        let default = self.default_dialect(ctx);
        match ctx.application {
            Application::Chat => dialect::of_namespace(namespace, default),
            Application::Sockets(application) => application.has_namespace(namespace).then_some(default),
            Application::Messages(_) => None,
        }
    }

    /// What the root namespace speaks: the dialect that the stage names, else the deployment's.
    #[must_use]
    pub fn default_dialect(&self, ctx: &Ctx) -> &'static dyn Dialect {
        let of_stage = self.request.stage_variables.get(DIALECT_VARIABLE);
        of_stage.and_then(|name| dialect::named(name)).unwrap_or(ctx.config.default_dialect)
    }
}

/// What a socket's state makes of an event.
enum SessionStatus {
    /// It is handled.
    Live,
    /// The socket left before; nobody is there to be answered.
    Left,
    /// The token has ended, and with this event the connection does.
    Expired,
}

/// What a client sent before it left still counts; what came after it, or after the token's end, does not.
fn session_status(ctx: &Ctx, session: &Session, at: Timestamp) -> SessionStatus {
    let expired = session.expires_at.is_some_and(|expiry| expiry <= ctx.clock.now());
    match session.ended_at {
        None if expired => SessionStatus::Expired,
        None => SessionStatus::Live,
        Some(ended) if expired || ended < at => SessionStatus::Left,
        Some(_) => SessionStatus::Live,
    }
}

/// Passes over what a client says in a namespace that it has left. If its whole connection was taken for gone, it is not, and nobody would ever
/// answer: it is closed, so that its client comes back.
async fn pass_over(ctx: &Ctx, incoming: &Incoming) {
    match upgrade::opened(ctx, &incoming.connection).await {
        Ok(Some(_)) => {}
        Ok(None) => ctx.close(incoming.recipient()).await,
        Err(error) => telemetry::failed(Some(&incoming.connection), &error),
    }
}

/// What a handler gives back to whoever invoked it: never a failure, which would reach the client as a frame it cannot read.
#[must_use]
pub fn ok_response(result: Result<(), Error>) -> Value {
    if let Err(error) = result {
        telemetry::failed(None, &error);
    }
    json!({"statusCode": 200})
}

/// What a function gives back that answers nobody: an error fails the invocation, so that Lambda counts it, and invokes
/// the function again as often as template.yaml says.
///
/// # Errors
/// The error itself, once it is logged.
pub fn retried(result: Result<(), Error>) -> Result<Value, Error> {
    match result {
        Ok(()) => Ok(json!({"statusCode": 200})),
        Err(error) => {
            telemetry::failed(None, &error);
            Err(error)
        }
    }
}

/// What `$connect` gives back: its own answer, or a refusal of the upgrade.
#[must_use]
pub fn accepted(result: Result<Value, Error>) -> Value {
    result.unwrap_or_else(|error| {
        telemetry::failed(None, &error);
        json!({"statusCode": error.status()})
    })
}

/// The session in which a client speaks. `None` if there is none, or if its frame breaks into a binary packet: either is to be closed.
async fn current_session(ctx: &Ctx, incoming: &Incoming, namespace: &str) -> Result<Option<Session>, Error> {
    let Some(session) = upgrade::session(ctx, &incoming.connection, namespace).await? else { return Ok(None) };
    let interrupted = binary::is_interrupted(ctx, incoming, session.attachments_until).await?;
    Ok((!interrupted).then_some(session))
}

/// Posts frames to a connection, in order; a connection that is gone is handed to the disconnect function.
async fn reply<'a>(ctx: &Ctx, to: impl Into<Recipient<'a>>, frames: &[String]) {
    let to = to.into();
    for frame in frames {
        match ctx.post(to, frame).await {
            Delivery::Sent | Delivery::TooLarge => {}
            Delivery::NotAccepted | Delivery::Unknown => return ctx.close(to).await,
            Delivery::Gone => return ctx.report_gone(to.connection).await,
        }
    }
}

/// Tells a socket that its token has ended, also in answer to the event that it sent, if it asked for one. Then its connection is closed, and no
/// DISCONNECT packet is sent, so that its client comes back by itself (dialects.md, section 8).
async fn expire(ctx: &Ctx, session: &Session, emitted: Option<Emitted<'_>>) {
    tracing::debug!(connection.id = session.connection.in_logs(), "a token has ended");
    let asked = emitted.filter(|emitted| emitted.ack.is_some());
    let answer = asked.map(|emitted| error_frames(ctx, emitted, &EXPIRED)).unwrap_or_default();
    let frames: Vec<String> = answer.into_iter().chain(expired_frame(ctx, &Socket::of(session))).collect();
    reply(ctx, session.recipient(), &frames).await;
    ctx.close(session.recipient()).await;
}

/// Ends a socket from our side: a DISCONNECT packet, after which its client does not come back by itself, and the same packet to the
/// disconnect function, as if the client had sent it.
async fn end(ctx: &Ctx, session: &Session) {
    let Some(frame) = packet_frame(&session.namespace, Body::Disconnect) else { return };
    let event = own_event(&session.connection, "MESSAGE", Some(&frame), Some(ctx.clock.now()));
    reply(ctx, session.recipient(), &[frame]).await;
    if let Err(error) = ctx.invoke(&ctx.config.functions.disconnect, event).await {
        telemetry::failed(Some(&session.connection), &error);
    }
}
