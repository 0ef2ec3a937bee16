//! The context of an invocation: settings, clock, tables, bucket, the `@connections` API, and the other functions.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::config::http::{HttpRequest, HttpResponse};
use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SdkConfig;
use serde_json::json;

use crate::application::Application;
use crate::config::{Config, Isolation};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::ConnectionId;
use crate::error::Error;
use crate::limit::{Addresses, EventRates};
use crate::store::{Bucket, Ender, Ending, Enqueue, Liveness, Recipient, Store};
use crate::telemetry;
use frame::engine;

/// The most bytes that API Gateway accepts in one post (docs/api-gateway.md, "Limits and closes"). The same limit holds for a
/// polling client, because it may move to a WebSocket before it fetches the frame.
pub const POST_MAX_BYTES: usize = 131_072;

/// The longest time that one post takes, in milliseconds: the attempt timeout of the client, see [`crate::runtime`] and
/// `local`.
pub const POST_MAX_MILLIS: i64 = 1_500;

/// How often a post is tried while API Gateway refuses it because of the rate (429). With the waits in between this
/// takes about a second.
const POSTS_MAX: u32 = 5;
/// How often the server tries to close a connection. After that the disconnect function ends its sessions although the
/// connection is still open.
const CLOSES_MAX: u32 = 5;
/// How long a connection counts as young, in milliseconds, and how often a request about it is tried at most during
/// that time.
const YOUNG_MILLIS: i64 = 3_000;
const YOUNG_TRIES_MAX: u32 = 7;
const WAIT_FIRST_MILLIS: u64 = 50;
const WAIT_MAX_MILLIS: u64 = 800;

/// The header that marks a post which goes out as a binary frame, for hosts that have binary frames. It is never sent
/// to API Gateway.
pub const BINARY_POST_HEADER: &str = "x-binary-frame";

/// How long a recovery buffer may hold frames while a session receives the events that it missed, in milliseconds:
/// longer than the functions that do so may run.
const HOLD_MILLIS: i64 = 30_000;

/// The context: built once per instance, borrowed by every invocation.
pub struct Ctx {
    /// The settings.
    pub config: Config,
    /// The source of time and of randomness.
    pub clock: Clock,
    /// The tables.
    pub store: Store,
    /// The bucket with media.
    pub bucket: Bucket,
    /// The events per second of the sockets that this instance sees.
    pub event_rates: EventRates,
    /// The addresses from which this instance sees connections.
    pub addresses: Addresses,
    /// The application that runs in the namespaces.
    pub application: Application,
    connections: aws_sdk_apigatewaymanagement::Client,
    lambda: aws_sdk_lambda::Client,
}

/// Where a handler runs (ARCHITECTURE.md, "The life of a message").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// In this process.
    Here,
    /// In the function of this name, which is invoked asynchronously.
    Function(&'a str),
}

/// The result of posting a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Delivery {
    /// API Gateway accepted the frame, or it waits for a polling client or in a recovery buffer.
    Sent,
    /// The connection no longer exists.
    Gone,
    /// The frame was not accepted. The client certainly did not receive it, although the connection may exist.
    NotAccepted,
    /// It is unknown whether the client received the frame. If it were posted again, the client might receive it twice.
    Unknown,
    /// The frame is larger than API Gateway accepts, so no client can ever receive it.
    TooLarge,
}

impl Ctx {
    /// Creates the context from the settings, the clock, and the configuration of the AWS clients.
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
            addresses: Addresses::default(),
            connections,
            lambda: crate::aws::functions(aws),
            application: Application::Chat,
            config,
        }
    }

    /// Opens the connections to DynamoDB and API Gateway before the first event needs them. Both refuse the requests,
    /// which are not signed on purpose: there is no request that the roles of all functions allow.
    pub async fn warm(&self) {
        let nobody = Blob::new("");
        let post = self.connections.post_to_connection().connection_id("nobody").data(nobody);
        let _ = tokio::join!(self.store.warm(Unsigned), post.customize().interceptor(Unsigned).send());
    }

    /// Where the handler of an event family runs. `function` is its name in a deployment that separates the handlers.
    #[must_use]
    pub fn target<'a>(&self, function: &'a str) -> Target<'a> {
        match self.config.isolation {
            Isolation::Inline => Target::Here,
            Isolation::Separate => Target::Function(function),
        }
    }

    /// Invokes a function asynchronously. One request.
    ///
    /// # Errors
    /// `Error::Internal` if Lambda does not accept the event.
    pub async fn invoke(&self, function: &str, payload: Vec<u8>) -> Result<(), Error> {
        let invocation = self.lambda.invoke().function_name(function).invocation_type(InvocationType::Event);
        invocation.payload(aws_sdk_lambda::primitives::Blob::new(payload)).send().await.map_err(Error::internal)?;
        Ok(())
    }

    /// The moments that decide about a polling connection. Its client counts as dead if it has made no request for as
    /// long as it would itself wait for a ping.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        let now = self.clock.now();
        Liveness { now, stale_before: now.plus_millis(-self.config.heartbeat.liveness_timeout_millis()) }
    }

    /// Posts one frame. To a WebSocket: one request to API Gateway, repeated while API Gateway refuses it because of
    /// the rate. To a polling client: one write, which the client fetches later. One more request for each time that
    /// the client has moved since.
    pub async fn post<'a>(&self, to: impl Into<Recipient<'a>>, frame: &str) -> Delivery {
        self.post_within(to.into(), frame, POSTS_MAX).await
    }

    /// Posts one frame that the client may miss. The function does not repeat a post that is refused because of the
    /// rate.
    pub async fn post_once<'a>(&self, to: impl Into<Recipient<'a>>, frame: &str) -> Delivery {
        self.post_within(to.into(), frame, 1).await
    }

    async fn post_within(&self, to: Recipient<'_>, frame: &str, posts: u32) -> Delivery {
        let Recipient { connection, opened_at } = to;
        let mut connection = connection.clone();
        // The frame may go from a recovery buffer to a polling connection, and from there to a WebSocket.
        for _ in 0..3 {
            if !connection.is_polling() && !connection.is_recovery_buffer() {
                let to = Recipient { connection: &connection, opened_at };
                return self.post_to_websocket(to, frame, posts).await;
            }
            if frame.len() > POST_MAX_BYTES {
                return too_large(&connection, frame);
            }
            let stale_before = if connection.is_recovery_buffer() {
                self.clock.now().plus_millis(-HOLD_MILLIS)
            } else {
                self.liveness().stale_before
            };
            match self.store.add_frame(&connection, frame, stale_before).await {
                Ok(Enqueue::Queued) => return Delivery::Sent,
                Ok(Enqueue::Redirected(there)) => connection = there,
                Ok(Enqueue::Gone) => return Delivery::Gone,
                Ok(Enqueue::Full) => {
                    return not_accepted(&connection, &Error::internal("too much waits to be fetched"));
                }
                Err(cause) => return not_accepted(&connection, &cause),
            }
        }
        Delivery::Gone
    }

    async fn post_to_websocket(&self, to: Recipient<'_>, frame: &str, posts: u32) -> Delivery {
        let connection = to.connection;
        let (mut posted, mut young) = (1, 1);
        loop {
            let error = match self.post_request(connection, frame).await {
                Ok(()) => return Delivery::Sent,
                Err(error) if is(&error, PostToConnectionError::is_gone_exception) => {
                    if !self.is_young(to, young) {
                        return Delivery::Gone;
                    }
                    self.pause(young).await;
                    young += 1;
                    continue;
                }
                Err(error) if is(&error, PostToConnectionError::is_payload_too_large_exception) => {
                    return too_large(connection, frame);
                }
                Err(error) => error,
            };
            // Only for a post that is refused because of the rate it is certain that the client did not receive it.
            let is_refused = error.raw_response().is_some_and(|response| response.status().as_u16() == 429);
            if !is_refused {
                let _ = not_accepted(connection, &Error::internal(error));
                return Delivery::Unknown;
            }
            if posted >= posts {
                return not_accepted(connection, &Error::internal(error));
            }
            self.pause(posted).await;
            posted += 1;
        }
    }

    /// Whether a 410 after this many tries may come from a connection that still exists.
    fn is_young(&self, Recipient { opened_at, .. }: Recipient<'_>, tries: u32) -> bool {
        let young_until = opened_at.map(|at| at.plus_millis(YOUNG_MILLIS));
        tries < YOUNG_TRIES_MAX && young_until.is_some_and(|until| self.clock.now() < until)
    }

    async fn post_request(
        &self,
        connection: &ConnectionId,
        frame: &str,
    ) -> Result<(), SdkError<PostToConnectionError, HttpResponse>> {
        let post = self.connections.post_to_connection().connection_id(connection.to_string());
        match self.binary(frame) {
            Some(bytes) => {
                let mark = |request: &mut HttpRequest| drop(request.headers_mut().insert(BINARY_POST_HEADER, "true"));
                post.data(Blob::new(bytes)).customize().mutate_request(mark).send().await.map(drop)
            }
            None => post.data(Blob::new(frame)).send().await.map(drop),
        }
    }

    /// Waits before the next try: a random time below a bound that doubles with each try.
    async fn pause(&self, tried: u32) {
        let most = WAIT_FIRST_MILLIS.saturating_mul(1 << tried.min(16)).min(WAIT_MAX_MILLIS);
        let millis = most / 2 + u64::from_le_bytes(self.clock.random()) % (most / 2).max(1);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// The bytes that a binary frame carries in place of a text frame of base64, if the host has binary frames.
    fn binary(&self, frame: &str) -> Option<Vec<u8>> {
        let (true, true) = (self.config.host.binary_frames, frame.starts_with('b')) else { return None };
        match engine::decode(frame) {
            Ok(engine::Packet::Binary(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Closes a connection from the server's side. One request. It is not an error if the connection is gone already.
    /// API Gateway tells the disconnect function about the end of a WebSocket. For a polling connection this function
    /// does so.
    pub async fn close<'a>(&self, to: impl Into<Recipient<'a>>) {
        let to = to.into();
        if to.connection.is_polling() {
            self.end_polling(to.connection, Ender::Server).await;
        } else if !self.close_websocket(to).await {
            self.invoke_disconnect(to.connection).await;
        }
    }

    /// Ends a polling connection, also if its client has moved to a WebSocket by now, and invokes the disconnect
    /// function to do the rest.
    pub async fn end_polling(&self, connection: &ConnectionId, by: Ender) {
        match self.store.end_outbox(connection, by).await {
            Ok(Ending::Before) => {}
            Ok(Ending::Ended(probe)) => {
                self.invoke_disconnect(connection).await;
                if let Some(websocket) = probe {
                    self.close_websocket(&websocket).await;
                }
            }
            Ok(Ending::Redirected(websocket)) => {
                self.close_websocket(&websocket).await;
            }
            Err(error) => telemetry::failed(Some(connection), &error),
        }
    }

    /// Closes a WebSocket connection from the server's side. Returns whether API Gateway closed it. One request,
    /// repeated while API Gateway refuses it for now. If the connection cannot be closed, the disconnect function ends
    /// its sessions: then nothing is posted to it any more, and its next frame, or the next ping that it misses, ends
    /// it.
    pub async fn close_websocket<'a>(&self, to: impl Into<Recipient<'a>>) -> bool {
        let to = to.into();
        let connection = to.connection;
        let (mut tried, mut young) = (1, 1);
        loop {
            let delete = self.connections.delete_connection().connection_id(connection.to_string());
            let error = match delete.send().await {
                Ok(_) => return true,
                Err(error) if error.as_service_error().is_some_and(|error| error.is_gone_exception()) => {
                    if !self.is_young(to, young) {
                        return false;
                    }
                    self.pause(young).await;
                    young += 1;
                    continue;
                }
                Err(error) => error,
            };
            if tried >= CLOSES_MAX {
                let cause = Error::internal(error);
                tracing::warn!(connection.id = connection.in_logs(), error.cause = %telemetry::causes(&cause), "a connection was not closed");
                self.invoke_disconnect(connection).await;
                return false;
            }
            self.pause(tried).await;
            tried += 1;
        }
    }

    /// Reports a connection that was found gone, so that the disconnect function ends its sessions. The function also
    /// closes the connection: if it exists after all, nothing would be posted to it any more. One write, and two
    /// requests unless another invocation has just reported the same connection.
    pub async fn report_gone(&self, connection: &ConnectionId) {
        match self.store.note_gone(connection).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => telemetry::failed(Some(connection), &error),
        }
        if connection.is_polling() {
            return self.invoke_disconnect(connection).await;
        }
        tokio::join!(self.invoke_disconnect(connection), self.close_websocket(connection));
    }

    /// Invokes the disconnect function for a connection that is gone.
    pub async fn invoke_disconnect(&self, connection: &ConnectionId) {
        let event = gone_event(connection);
        if let Err(error) = self.invoke(&self.config.functions.disconnect, event).await {
            telemetry::failed(Some(connection), &error);
        }
    }
}

/// An interceptor that removes the headers which make a request an operation that a role must allow: the caller and the
/// operation.
#[derive(Debug)]
struct Unsigned;

impl Intercept for Unsigned {
    fn name(&self) -> &'static str {
        "Unsigned"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        for name in ["authorization", "x-amz-security-token", "x-amz-target"] {
            headers.remove(name);
        }
        Ok(())
    }
}

fn too_large(connection: &ConnectionId, frame: &str) -> Delivery {
    tracing::error!(connection.id = connection.in_logs(), bytes = frame.len(), "a frame is too large to be posted");
    Delivery::TooLarge
}

fn not_accepted(connection: &ConnectionId, cause: &Error) -> Delivery {
    tracing::warn!(connection.id = connection.in_logs(), error.cause = %telemetry::causes(cause), "a post was not accepted");
    Delivery::NotAccepted
}

fn is(error: &SdkError<PostToConnectionError, HttpResponse>, kind: fn(&PostToConnectionError) -> bool) -> bool {
    error.as_service_error().is_some_and(kind)
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
