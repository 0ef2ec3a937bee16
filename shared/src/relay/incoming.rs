//! An event of API Gateway, as far as the relay reads it.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use serde::Deserialize as _;
use serde_json::Value;

use crate::application::Application;
use crate::ctx::Ctx;
use crate::dialect::{self, Dialect};
use crate::domain::clock::Timestamp;
use crate::domain::id::ConnectionId;
use crate::error::Error;
use crate::store::Recipient;

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
