//! What an invocation works with: settings, clock, tables, bucket, `@connections`, and the other functions.

use aws_sdk_apigatewaymanagement::config::http::HttpResponse;
use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_types::SdkConfig;
use serde_json::json;

use crate::config::{Config, Isolation};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::ConnectionId;
use crate::error::Error;
use crate::limit::EventRates;
use crate::store::{Bucket, Store};
use crate::telemetry;

/// Built once per instance, borrowed by every invocation.
pub struct Ctx {
    /// Settings.
    pub config: Config,
    /// Time and randomness.
    pub clock: Clock,
    /// The tables.
    pub store: Store,
    /// Media.
    pub bucket: Bucket,
    /// Events per second of the sockets this instance sees.
    pub event_rates: EventRates,
    connections: aws_sdk_apigatewaymanagement::Client,
    lambda: aws_sdk_lambda::Client,
}

/// Where a handler runs (design.md, section 3, "Isolation").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// In this process.
    Here,
    /// In the function of this name, asynchronously.
    Function(&'a str),
}

/// What became of posting a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Delivery {
    /// API Gateway took it.
    Sent,
    /// The connection is no more.
    Gone,
    /// It was not taken, and not because the connection is gone.
    Throttled,
    /// It is larger than API Gateway takes, and nobody will ever hear it.
    TooLarge,
}

impl Ctx {
    /// Takes the settings, and how to reach AWS.
    #[must_use]
    pub fn new(config: Config, clock: Clock, aws: &SdkConfig) -> Self {
        let tables = aws_sdk_dynamodb::Client::new(aws);
        let store = Store::new(tables, config.tables.clone(), clock.clone());
        let bucket = Bucket::new(aws, config.media_bucket.clone(), clock.clone());
        let endpoint =
            aws_sdk_apigatewaymanagement::config::Builder::from(aws).endpoint_url(&config.connections_endpoint);
        Self {
            clock,
            store,
            bucket,
            event_rates: EventRates::default(),
            connections: aws_sdk_apigatewaymanagement::Client::from_conf(endpoint.build()),
            lambda: aws_sdk_lambda::Client::new(aws),
            config,
        }
    }

    /// Opens the connections to DynamoDB and API Gateway before the first event needs them. What they answer is of no interest.
    pub async fn warm(&self) {
        let nobody = aws_sdk_apigatewaymanagement::primitives::Blob::new("");
        let post = self.connections.post_to_connection().connection_id("nobody").data(nobody);
        let _ = tokio::join!(self.store.warm(), post.send());
    }

    /// Where the handler of an event family runs; `function` is its name in a deployment that separates them.
    #[must_use]
    pub fn route<'a>(&self, function: &'a str) -> Route<'a> {
        match self.config.isolation {
            Isolation::Inline => Route::Here,
            Isolation::Separate => Route::Function(function),
        }
    }

    /// Invokes a function asynchronously. One request.
    ///
    /// # Errors
    /// `Error::Internal` if Lambda does not take the event.
    pub async fn invoke(&self, function: &str, payload: Vec<u8>) -> Result<(), Error> {
        let invocation = self.lambda.invoke().function_name(function).invocation_type(InvocationType::Event);
        invocation.payload(Blob::new(payload)).send().await.map_err(Error::internal)?;
        Ok(())
    }

    /// Posts one frame. One request, retried by the SDK while API Gateway says "too many".
    pub async fn post(&self, connection: &ConnectionId, frame: &str) -> Delivery {
        let data = aws_sdk_apigatewaymanagement::primitives::Blob::new(frame);
        let post = self.connections.post_to_connection().connection_id(connection.to_string()).data(data);
        match post.send().await {
            Ok(_) => Delivery::Sent,
            Err(error) if is(&error, PostToConnectionError::is_gone_exception) => Delivery::Gone,
            Err(error) if is(&error, PostToConnectionError::is_payload_too_large_exception) => {
                tracing::error!(connection.id = %connection, bytes = frame.len(), "a frame is too large to be posted");
                Delivery::TooLarge
            }
            Err(error) => {
                let cause = Error::internal(error);
                tracing::warn!(connection.id = %connection, error.cause = %telemetry::causes(&cause), "a post was not taken");
                Delivery::Throttled
            }
        }
    }

    /// Closes a connection from our side. One request. Closing one that is gone is no failure.
    pub async fn close(&self, connection: &ConnectionId) {
        let delete = self.connections.delete_connection().connection_id(connection.to_string());
        if let Err(error) = delete.send().await {
            if error.as_service_error().is_some_and(|error| error.is_gone_exception()) {
                return;
            }
            let cause = Error::internal(error);
            tracing::warn!(connection.id = %connection, error.cause = %telemetry::causes(&cause), "a connection was not closed");
        }
    }

    /// Hands a connection that is gone to the disconnect function.
    pub async fn bury(&self, connection: &ConnectionId) {
        let event = gone_event(connection);
        if let Err(error) = self.invoke(&self.config.functions.disconnect, event).await {
            telemetry::failed(Some(connection), &error);
        }
    }
}

fn is(error: &SdkError<PostToConnectionError, HttpResponse>, kind: fn(&PostToConnectionError) -> bool) -> bool {
    error.as_service_error().is_some_and(kind)
}

/// The event that tells the disconnect function of a connection that somebody found gone.
#[must_use]
pub fn gone_event(connection: &ConnectionId) -> Vec<u8> {
    own_event(connection, "DISCONNECT", None, None)
}

/// An event of our own in API Gateway's form. Without a time it says nothing of when.
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
