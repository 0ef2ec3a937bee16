//! The life of a connection, from API Gateway's events to the use cases and back. One file per function of design.md,
//! section 3.
//!
//! A function that answers a client never fails towards API Gateway: it turns every error into a reply in the protocol,
//! or into a log line. The functions that answer nobody (disconnect, heartbeat and sweep) do fail: see [`retried`].

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

/// The stage variable with the name of the root namespace's dialect, if it is not the deployment's default.
pub const DIALECT_VARIABLE: &str = "defaultDialect";

/// The parts of an API Gateway event that the relay needs.
pub struct Incoming {
    /// The id of the connection.
    pub connection: ConnectionId,
    /// The gateway's unique id of this event; empty in events of our own.
    pub invocation: String,
    /// When the gateway received the event.
    pub at: Timestamp,
    /// When the connection was opened, if the event says so.
    pub opened_at: Option<Timestamp>,
    /// The frame as text. A binary frame is `b` and its bytes in base64, however the gateway delivered it.
    pub body: String,
    /// The rest of the event, for `$connect`.
    pub request: ApiGatewayWebsocketProxyRequest,
}

impl Incoming {
    /// Reads a WebSocket proxy event (gateway.md, "Events").
    ///
    /// # Errors
    /// `Error::Internal` if the event is not one.
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
    /// The connection, as the recipient of a reply or of a close.
    #[must_use]
    pub const fn recipient(&self) -> Recipient<'_> {
        Recipient { connection: &self.connection, opened_at: self.opened_at }
    }

    /// Whether this is a client's request to connect, and not a frame of a connected client.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.request.request_context.event_type.as_deref() == Some("CONNECT")
    }

    /// Whether this is an event of our own, with which a function was invoked asynchronously. Only the gateway's events
    /// have an invocation id.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.invocation.is_empty()
    }

    /// The dialect of a namespace; `None` if there is no namespace of this name. For another application than the chat,
    /// the dialect of the root namespace gives errors their form.
    #[must_use]
    pub fn dialect(&self, ctx: &Ctx, namespace: &str) -> Option<&'static dyn Dialect> {
        let default = self.default_dialect(ctx);
        match ctx.application {
            Application::Chat => dialect::of_namespace(namespace, default),
            Application::Sockets(application) => application.has_namespace(namespace).then_some(default),
            Application::Messages(_) => None,
        }
    }

    /// The dialect of the root namespace: the one that the stage names, else the deployment's default.
    #[must_use]
    pub fn default_dialect(&self, ctx: &Ctx) -> &'static dyn Dialect {
        let of_stage = self.request.stage_variables.get(DIALECT_VARIABLE);
        of_stage.and_then(|name| dialect::named(name)).unwrap_or(ctx.config.default_dialect)
    }
}

/// How the relay treats an event, according to the state of its session.
enum SessionStatus {
    /// The relay handles the event.
    Live,
    /// The socket left before, so there is nobody to answer.
    Left,
    /// The token has ended. The relay closes the connection because of this event.
    Expired,
}

/// The status of a session for an event that the gateway received at this time. An event that the client sent before it
/// left is still handled. An event that came after that, or after the end of the token, is not.
fn session_status(ctx: &Ctx, session: &Session, at: Timestamp) -> SessionStatus {
    let expired = session.expires_at.is_some_and(|expiry| expiry <= ctx.clock.now());
    match session.ended_at {
        None if expired => SessionStatus::Expired,
        None => SessionStatus::Live,
        Some(ended) if expired || ended < at => SessionStatus::Left,
        Some(_) => SessionStatus::Live,
    }
}

/// Ignores an event in a namespace that its client has left. If the relay took the whole connection for gone although
/// it is not, nobody would ever answer the client. Then the function closes the connection, so that the client
/// reconnects.
async fn pass_over(ctx: &Ctx, incoming: &Incoming) {
    match upgrade::opened(ctx, &incoming.connection).await {
        Ok(Some(_)) => {}
        Ok(None) => ctx.close(incoming.recipient()).await,
        Err(error) => telemetry::failed(Some(&incoming.connection), &error),
    }
}

/// The response of a handler to its invoker. It is never a failure, because the client would receive a failure as a
/// frame that it cannot read.
#[must_use]
pub fn ok_response(result: Result<(), Error>) -> Value {
    if let Err(error) = result {
        telemetry::failed(None, &error);
    }
    json!({"statusCode": 200})
}

/// The result of a function that answers nobody. An error fails the invocation, so that Lambda counts it and invokes
/// the function again as often as template.yaml says.
///
/// # Errors
/// The given error, after it is logged.
pub fn retried(result: Result<(), Error>) -> Result<Value, Error> {
    match result {
        Ok(()) => Ok(json!({"statusCode": 200})),
        Err(error) => {
            telemetry::failed(None, &error);
            Err(error)
        }
    }
}

/// The response to `$connect`: its own answer, or for an error the status that refuses the upgrade.
#[must_use]
pub fn accepted(result: Result<Value, Error>) -> Value {
    result.unwrap_or_else(|error| {
        telemetry::failed(None, &error);
        json!({"statusCode": error.status()})
    })
}

/// The session to which an event belongs. `None` if there is none, or if the frame interrupts a binary packet. In both
/// cases the caller must close the connection.
async fn current_session(ctx: &Ctx, incoming: &Incoming, namespace: &str) -> Result<Option<Session>, Error> {
    let Some(session) = upgrade::session(ctx, &incoming.connection, namespace).await? else { return Ok(None) };
    let interrupted = binary::is_interrupted(ctx, incoming, session.attachments_until).await?;
    Ok((!interrupted).then_some(session))
}

/// Posts frames to a connection, in order. Reports a connection that is gone to the disconnect function, and closes one
/// that does not accept a frame.
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

/// Tells a socket that its token has ended. If the event that it sent asked for an ack, that ack says the same. Then it
/// closes the connection without a DISCONNECT packet, so that the client reconnects by itself (dialects.md, section 8).
async fn expire(ctx: &Ctx, session: &Session, emitted: Option<Emitted<'_>>) {
    tracing::debug!(connection.id = session.connection.in_logs(), "a token has ended");
    let asked = emitted.filter(|emitted| emitted.ack.is_some());
    let answer = asked.map(|emitted| error_frames(ctx, emitted, &EXPIRED)).unwrap_or_default();
    let frames: Vec<String> = answer.into_iter().chain(expired_frame(ctx, &Socket::of(session))).collect();
    reply(ctx, session.recipient(), &frames).await;
    ctx.close(session.recipient()).await;
}

/// Ends a socket from the server's side. The function posts a DISCONNECT packet, after which the client does not
/// reconnect by itself, and hands the same packet to the disconnect function, as if the client had sent it.
async fn end(ctx: &Ctx, session: &Session) {
    let Some(frame) = packet_frame(&session.namespace, Body::Disconnect) else { return };
    let event = own_event(&session.connection, "MESSAGE", Some(&frame), Some(ctx.clock.now()));
    reply(ctx, session.recipient(), &[frame]).await;
    if let Err(error) = ctx.invoke(&ctx.config.functions.disconnect, event).await {
        telemetry::failed(Some(&session.connection), &error);
    }
}
