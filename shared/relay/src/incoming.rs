//! An event of API Gateway, as far as the relay reads it.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use serde::Deserialize as _;
use serde_json::Value;

use crate::application::StageVariables;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::ConnectionId;
use crate::invocation;
use crate::store::Recipient;

/// The parts of an API Gateway event that the relay needs.
pub(crate) struct Incoming {
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
    /// Reads a WebSocket proxy event (docs/api-gateway.md, "Events"). The record of the invocation names its connection.
    ///
    /// # Errors
    /// `Error::Internal` if the event is not one.
    pub(crate) fn read(event: &Value) -> Result<Self, Error> {
        let mut request = ApiGatewayWebsocketProxyRequest::deserialize(event).map_err(Error::internal)?;
        let context = &mut request.request_context;
        let connection = ConnectionId::parse(context.connection_id.as_deref().unwrap_or_default());
        let connection = connection.map_err(Error::internal)?;
        invocation::note_connection(&connection, context.event_type.as_deref());
        let invocation = context.message_id.take().or_else(|| context.request_id.take()).unwrap_or_default();
        let at = Timestamp::from_millis(context.request_time_epoch);
        let opened_at = Some(context.connected_at).filter(|millis| *millis > 0).map(Timestamp::from_millis);
        let body = request.body.take().unwrap_or_default();
        let body = if request.is_base64_encoded { format!("b{body}") } else { body };
        Ok(Self { connection, invocation, at, opened_at, body, request })
    }
}

impl Incoming {
    /// The connection, as the recipient of a reply or of a close.
    #[must_use]
    pub(crate) const fn recipient(&self) -> Recipient<'_> {
        Recipient { connection: &self.connection, opened_at: self.opened_at }
    }

    /// Whether this is a client's request to connect, and not a frame of a connected client.
    #[must_use]
    pub(crate) fn is_connect(&self) -> bool {
        self.request.request_context.event_type.as_deref() == Some("CONNECT")
    }

    /// Whether this is an event of our own, with which a function was invoked asynchronously. Only the gateway's events
    /// have an invocation id.
    #[must_use]
    pub(crate) fn is_own(&self) -> bool {
        self.invocation.is_empty()
    }

    /// The variables of the stage.
    #[must_use]
    pub(crate) const fn stage(&self) -> &StageVariables {
        &self.request.stage_variables
    }
}
