//! Invocations of other functions, and the events with which they are invoked.

use serde_json::json;

use crate::clock::Timestamp;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::id::ConnectionId;
use crate::telemetry;

impl<A> Ctx<A> {
    /// Invokes a function asynchronously. One request.
    ///
    /// # Errors
    /// `Error::Internal` if Lambda does not accept the event.
    pub async fn invoke(&self, function: &str, payload: Vec<u8>) -> Result<(), Error> {
        self.functions.invoke(function, payload).await
    }

    /// Invokes the disconnect function for a connection that is gone.
    pub async fn invoke_disconnect(&self, connection: &ConnectionId) {
        let event = gone_event(connection);
        if let Err(error) = self.invoke(&self.config.functions.disconnect, event).await {
            telemetry::failed(Some(connection), &error);
        }
    }
}

/// The event that tells the disconnect function about a connection that was found gone.
#[must_use]
pub fn gone_event(connection: &ConnectionId) -> Vec<u8> {
    own_event(connection, "DISCONNECT", None, None)
}

/// An event of our own, in the form of API Gateway's events. An event without a time says nothing about when it
/// happened.
pub(crate) fn own_event(
    connection: &ConnectionId,
    event_type: &str,
    body: Option<&str>,
    at: Option<Timestamp>,
) -> Vec<u8> {
    let event = json!({
        "requestContext": {
            "eventType": event_type,
            "connectionId": connection.to_string(),
            "connectedAt": 0,
            "requestTimeEpoch": at.map_or(0, Timestamp::millis),
            "identity": {},
        },
        "body": body,
        "isBase64Encoded": false,
    });
    event.to_string().into_bytes()
}
