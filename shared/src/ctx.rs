//! What an invocation works with: settings, clock, tables, bucket, `@connections`, and the other functions.

use aws_sdk_apigatewaymanagement::config::http::{HttpRequest, HttpResponse};
use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_types::SdkConfig;
use serde_json::json;

use crate::config::{Config, Isolation};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::ConnectionId;
use crate::error::Error;
use crate::frame::engine;
use crate::limit::EventRates;
use crate::relay::application::Application;
use crate::store::{Adding, Bucket, Ender, Ending, Moments, Store};
use crate::telemetry;

/// Most that API Gateway takes in one post (gateway.md, "Limits and closes"). A polling client gets no more, for it may move to a WebSocket
/// before it fetches.
pub const POST_MAX_BYTES: usize = 131_072;

/// Marks a post that is to go out as a binary frame, for hosts that have those. API Gateway is never sent one.
pub const BINARY_POST_HEADER: &str = "x-binary-frame";

/// How long frames may be held back while a session is told what it missed: longer than the functions that do so may run.
const HOLD_MILLIS: i64 = 30_000;

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
    /// What speaks in the namespaces.
    pub application: Application,
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
    /// API Gateway took it, or it waits to be fetched.
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
        let tables = crate::aws::tables(aws);
        let store = Store::new(tables, config.tables.clone(), clock.clone());
        let bucket = Bucket::new(&crate::aws::for_objects(aws), config.media_bucket.clone(), clock.clone());
        let connections = crate::aws::connections(aws, &config.connections_endpoint);
        Self {
            clock,
            store,
            bucket,
            event_rates: EventRates::default(),
            connections,
            lambda: crate::aws::functions(aws),
            application: Application::Chat,
            config,
        }
    }

    /// Opens the connections to DynamoDB and API Gateway before the first event needs them. What they answer is of no interest.
    pub async fn warm(&self) {
        let nobody = Blob::new("");
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
        invocation.payload(aws_sdk_lambda::primitives::Blob::new(payload)).send().await.map_err(Error::internal)?;
        Ok(())
    }

    /// The moments that decide about a polling connection: its client is dead once it has been without a request for as long as it would
    /// itself wait for a ping.
    #[must_use]
    pub fn moments(&self) -> Moments {
        let now = self.clock.now();
        Moments { now, dead: now.plus_millis(-self.config.heartbeat.patience_millis()) }
    }

    /// Posts one frame. One request: of API Gateway, retried by the SDK while it says "too many", or one write for a polling client to fetch;
    /// one more for each time that the client has moved since.
    pub async fn post(&self, connection: &ConnectionId, frame: &str) -> Delivery {
        let mut connection = connection.clone();
        // From a hold to polling, and from there to a WebSocket.
        for _ in 0..3 {
            if !connection.is_polling() && !connection.is_hold() {
                return self.post_to_websocket(&connection, frame).await;
            }
            if frame.len() > POST_MAX_BYTES {
                return too_large(&connection, frame);
            }
            let dead =
                if connection.is_hold() { self.clock.now().plus_millis(-HOLD_MILLIS) } else { self.moments().dead };
            match self.store.add_frame(&connection, frame, dead).await {
                Ok(Adding::In) => return Delivery::Sent,
                Ok(Adding::Elsewhere(there)) => connection = there,
                Ok(Adding::Gone) => return Delivery::Gone,
                Ok(Adding::Full) => return not_taken(&connection, &Error::internal("too much waits to be fetched")),
                Err(cause) => return not_taken(&connection, &cause),
            }
        }
        Delivery::Gone
    }

    async fn post_to_websocket(&self, connection: &ConnectionId, frame: &str) -> Delivery {
        let post = self.connections.post_to_connection().connection_id(connection.to_string());
        let posted = match self.binary(frame) {
            Some(bytes) => {
                let mark = |request: &mut HttpRequest| drop(request.headers_mut().insert(BINARY_POST_HEADER, "true"));
                post.data(Blob::new(bytes)).customize().mutate_request(mark).send().await
            }
            None => post.data(Blob::new(frame)).send().await,
        };
        match posted {
            Ok(_) => Delivery::Sent,
            Err(error) if is(&error, PostToConnectionError::is_gone_exception) => Delivery::Gone,
            Err(error) if is(&error, PostToConnectionError::is_payload_too_large_exception) => {
                too_large(connection, frame)
            }
            Err(error) => not_taken(connection, &Error::internal(error)),
        }
    }

    /// What a binary frame carries in place of a text frame of base64, where the host has binary frames.
    fn binary(&self, frame: &str) -> Option<Vec<u8>> {
        let (true, true) = (self.config.host.binary_frames, frame.starts_with('b')) else { return None };
        match engine::decode(frame) {
            Ok(engine::Packet::Binary(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Closes a connection from our side. One request. Closing one that is gone is no failure. API Gateway tells the disconnect function of
    /// a WebSocket's end; of a polling connection's it is told here.
    pub async fn close(&self, connection: &ConnectionId) {
        if connection.is_polling() {
            self.end_polling(connection, Ender::Server).await;
        } else {
            self.close_websocket(connection).await;
        }
    }

    /// Ends a polling connection, wherever its client is by now, and has the disconnect function do the rest.
    pub async fn end_polling(&self, connection: &ConnectionId, by: Ender) {
        match self.store.end_outbox(connection, by).await {
            Ok(Ending::Before) => {}
            Ok(Ending::Ended(probe)) => {
                self.bury(connection).await;
                if let Some(websocket) = probe {
                    self.close_websocket(&websocket).await;
                }
            }
            Ok(Ending::Elsewhere(websocket)) => {
                self.close_websocket(&websocket).await;
            }
            Err(error) => telemetry::failed(Some(connection), &error),
        }
    }

    /// Closes a connection by WebSocket from our side, and says whether it was there to be closed. One request.
    pub async fn close_websocket(&self, connection: &ConnectionId) -> bool {
        let delete = self.connections.delete_connection().connection_id(connection.to_string());
        match delete.send().await {
            Ok(_) => true,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_gone_exception()) => false,
            Err(error) => {
                let cause = Error::internal(error);
                tracing::warn!(connection.id = connection.in_logs(), error.cause = %telemetry::causes(&cause), "a connection was not closed");
                false
            }
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

fn too_large(connection: &ConnectionId, frame: &str) -> Delivery {
    tracing::error!(connection.id = connection.in_logs(), bytes = frame.len(), "a frame is too large to be posted");
    Delivery::TooLarge
}

fn not_taken(connection: &ConnectionId, cause: &Error) -> Delivery {
    tracing::warn!(connection.id = connection.in_logs(), error.cause = %telemetry::causes(cause), "a post was not taken");
    Delivery::Throttled
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
