//! Invocations of other functions, and the events with which they are invoked.

use http::Method;
use serde_json::json;

use crate::aws::{Request, RequestError, SignedClient};
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
        invoke_later(&self.lambda, function, payload).await.map_err(Error::internal)
    }

    /// Invokes the disconnect function for a connection that is gone.
    pub async fn invoke_disconnect(&self, connection: &ConnectionId) {
        let event = gone_event(connection);
        if let Err(error) = self.invoke(&self.config.functions.disconnect, event).await {
            telemetry::failed(Some(connection), &error);
        }
    }
}

/// Hands an event to a function, which Lambda invokes later. One request.
///
/// # Errors
/// [`RequestError`] if Lambda does not accept the event, or if it is unknown whether it did.
pub async fn invoke_later(lambda: &SignedClient, function: &str, payload: Vec<u8>) -> Result<(), RequestError> {
    let path = format!("/2015-03-31/functions/{function}/invocations");
    let invocation = Request::new("Invoke", Method::POST, path).header("x-amz-invocation-type", "Event");
    lambda.send(invocation.body(payload)).await.map(drop)
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
