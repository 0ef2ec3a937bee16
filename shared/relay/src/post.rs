//! Posts: frames from the server to a connection. A frame for a WebSocket goes to API Gateway (`@connections`). A frame
//! for a polling client, or for a session that is being recovered, goes into an outbox.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use frame::engine;

use crate::connections::PostContent;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::id::ConnectionId;
use crate::invocation::{self, POST_THROTTLES};
use crate::store::{Enqueue, Recipient};
use crate::telemetry;

/// The most bytes that API Gateway accepts in one post (docs/api-gateway.md, "Limits and closes"). The same limit holds
/// for a polling client, because it may move to a WebSocket before it fetches the frame.
pub const POST_MAX_BYTES: usize = 131_072;

/// The longest time that one post takes, in milliseconds: the attempt timeout of the client, see [`crate::runtime`] and
/// `local`.
pub const POST_MAX_MILLIS: i64 = 1_500;

/// How often a post is tried while API Gateway refuses it because of the rate (429). With the waits in between this
/// takes about a second.
const POSTS_MAX: u32 = 5;
const WAIT_FIRST_MILLIS: u64 = 50;
const WAIT_MAX_MILLIS: u64 = 800;

/// How long a connection counts as young, in milliseconds, and how often a request about it is tried at most during
/// that time: enough tries for all of it.
const YOUNG_MILLIS: i64 = 3_000;
const YOUNG_TRIES_MAX: u32 = 15;
/// The longest of the first waits while a connection is young, and how many waits are like it. API Gateway knows most
/// connections within 100 ms, and a client waits for its open packet as long as these waits take. Later waits double.
const YOUNG_WAIT_MILLIS: u64 = 20;
const YOUNG_WAITS: u32 = 6;

/// How long a recovery buffer may hold frames while a session receives the events that it missed, in milliseconds:
/// longer than the functions that do so may run.
const HOLD_MILLIS: i64 = 30_000;

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

impl<A> Ctx<A> {
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
        let delivery = self.hand_over(to, frame, posts).await;
        if delivery == Delivery::Sent {
            invocation::note_post(self.clock.now());
        }
        delivery
    }

    async fn hand_over(&self, to: Recipient<'_>, frame: &str, posts: u32) -> Delivery {
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
            let error = match self.connections.post(connection, self.content(frame)).await {
                Ok(()) => return Delivery::Sent,
                Err(error) if is(&error, PostToConnectionError::is_gone_exception) => {
                    if !self.is_young(to, young) {
                        return Delivery::Gone;
                    }
                    self.pause_while_young(young).await;
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
            invocation::count(POST_THROTTLES, 1);
            if posted >= posts {
                return not_accepted(connection, &Error::internal(error));
            }
            self.pause(posted).await;
            posted += 1;
        }
    }

    /// Whether a 410 after this many tries may come from a connection that still exists.
    pub(crate) fn is_young(&self, Recipient { opened_at, .. }: Recipient<'_>, tries: u32) -> bool {
        let young_until = opened_at.map(|at| at.plus_millis(YOUNG_MILLIS));
        tries < YOUNG_TRIES_MAX && young_until.is_some_and(|until| self.clock.now() < until)
    }

    /// Waits before a request that was refused because of the rate is tried again.
    pub(crate) async fn pause(&self, tried: u32) {
        self.back_off(WAIT_FIRST_MILLIS, tried).await;
    }

    /// Waits before a request about a young connection is tried again.
    pub(crate) async fn pause_while_young(&self, tried: u32) {
        self.back_off(YOUNG_WAIT_MILLIS, tried.saturating_sub(YOUNG_WAITS)).await;
    }

    /// Waits for at most `longest` milliseconds, doubled so many times, and for at least half of that. The time between
    /// these two is random.
    async fn back_off(&self, longest: u64, doublings: u32) {
        let most = longest.saturating_mul(1 << doublings.min(16)).min(WAIT_MAX_MILLIS);
        let millis = most / 2 + u64::from_le_bytes(self.clock.random()) % (most / 2).max(1);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// The content of a post: the frame, or the bytes that a binary frame carries in place of a text frame of base64, if
    /// the host has binary frames.
    fn content(&self, frame: &str) -> PostContent {
        if self.config.host.binary_frames
            && frame.starts_with('b')
            && let Ok(engine::Packet::Binary(bytes)) = engine::decode(frame)
        {
            return PostContent::Binary(bytes);
        }
        PostContent::Text(frame.to_owned())
    }
}

fn too_large(connection: &ConnectionId, frame: &str) -> Delivery {
    invocation::note_failure();
    tracing::error!(connection.id = connection.in_logs(), bytes = frame.len(), "a frame is too large to be posted");
    Delivery::TooLarge
}

fn not_accepted(connection: &ConnectionId, cause: &Error) -> Delivery {
    tracing::warn!(connection.id = connection.in_logs(), error.cause = %telemetry::causes(cause), "a post was not accepted");
    Delivery::NotAccepted
}

fn is(error: &SdkError<PostToConnectionError>, kind: fn(&PostToConnectionError) -> bool) -> bool {
    error.as_service_error().is_some_and(kind)
}
