//! Amazon API Gateway's WebSocket API, with its limits, its closes and its delays: code that works against a more
//! tolerant gateway fails on the real one.
//!
//! The way of a client: [`server`] accepts the socket, and separates upgrades, `@connections` calls and everything
//! else. [`Gateway::connect`] invokes `$connect` and answers only after that. A task in `connection` hands the client's
//! frames to the functions that `routes` names, in the form that `events` gives them. `websocket` is the only file that
//! handles real sockets; without it, a test uses a [`Peer`].
//!
//! Invariants:
//! - A connection does not exist for `@connections` until the result of `$connect` is there (and a moment longer), nor
//!   after its end.
//! - A connection ends once, and `$disconnect` is invoked after that.
//! - The gateway ignores what a function returns to a message or a disconnect, unless it is malformed.
//! - The gateway notices at once that a client's TCP connection ended without a close frame, or only at the idle limit,
//!   as [`Settings`] say. It always notices at the idle limit that a network vanished without a packet.
//!
//! These parts are absent on purpose: authorizers, API keys, route responses, request templates, usage plans, and the
//! check of signatures. A selection expression other than `$request.body.<member>` is refused.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_channel::mpsc;
use http::StatusCode;
use relay::clock::{Clock, Timestamp};
use tokio::sync::oneshot;

use crate::watch::Direction;

mod activity;
mod connection;
mod events;
mod id;
mod integration;
mod limits;
mod message;
mod peer;
mod routes;
pub mod server;
mod settings;
mod websocket;

use activity::Activity;
use connection::{Connection, Departure, Lines, Queued, Side};
pub use events::ConnectRequest;
pub(crate) use events::iso_time;
use events::{Origin, Writer};
use id::ConnectionId;
pub(crate) use id::token as request_id;
use integration::{Answer, Call, Failure, Invocation};
pub use integration::{FunctionError, Integration};
use limits::Bucket;
use message::Payload;
pub use message::{Close, Outbound};
pub use peer::Peer;
use peer::{Listener, Speaker};
pub use routes::{Routes, UnsupportedExpression};
pub use settings::{BinaryFrames, DisconnectFault, Mode, Settings};

/// The text with which API Gateway closes a connection that is idle or old.
const GOING_AWAY: &str = "Going away";

/// Why an `@connections` call is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManagementError {
    /// The connection has ended, does not exist yet, or never existed.
    #[error("the connection is gone")]
    Gone,
    /// The text does not have the form of a connection id.
    #[error("Invalid connectionId: {0}")]
    Malformed(String),
    /// The body is larger than a message may be.
    #[error("the payload is too large")]
    PayloadTooLarge,
    /// There are too many calls, or too many bytes wait for this client.
    #[error("the limit is exceeded")]
    LimitExceeded,
    /// The body is not UTF-8. It is not known what API Gateway does with it, so this gateway refuses it.
    #[error("a post that is not UTF-8 is not emulated")]
    NotText,
}

/// The description of a connection in `GET @connections`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// When the client asked to connect.
    pub connected_at: Timestamp,
    /// When a message last went in either direction.
    pub last_active_at: Timestamp,
    /// The client's address.
    pub source_ip: String,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
}

/// A WebSocket API of Amazon API Gateway.
pub struct Gateway {
    settings: Settings,
    routes: Routes,
    integration: Arc<dyn Integration>,
    clock: Clock,
    directory: Mutex<Directory>,
    activity: Activity,
    new_connections: Bucket,
    requests: Bucket,
}

/// The connections that have been accepted and have not ended.
#[derive(Default)]
struct Directory {
    open: HashMap<ConnectionId, Arc<Connection>>,
    closing: bool,
}

impl Gateway {
    /// Creates a gateway without connections.
    #[must_use]
    pub fn new(settings: Settings, routes: Routes, integration: Arc<dyn Integration>, clock: Clock) -> Arc<Self> {
        let new_connections = Bucket::new(settings.connections_per_second, settings.connections_per_second);
        let requests = Bucket::new(settings.requests_per_second, settings.requests_burst);
        let (directory, activity) = (Mutex::default(), Activity::default());
        Arc::new(Self { settings, routes, integration, clock, directory, activity, new_connections, requests })
    }

    /// The settings of the gateway.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How long the open connections have been open, all together.
    #[must_use]
    pub fn open_time(&self) -> Duration {
        self.directory().open.values().map(|connection| connection.age()).sum()
    }

    /// The number of open connections.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.directory().open.len()
    }

    /// Handles a client's handshake: invokes `$connect` and waits for its answer. If the caller stops waiting, the
    /// client's TCP connection counts as ended.
    ///
    /// # Errors
    /// The HTTP status for the client: 403 for a path without an API, 429 over the rate, 502 if the function failed,
    /// 504 if it took too long, 503 during shutdown, and any other status that the function returned.
    pub async fn connect(self: &Arc<Self>, request: ConnectRequest) -> Result<Peer, StatusCode> {
        let refused = |status: StatusCode| {
            self.settings.watch.refused(request.handshake(), status.as_u16(), None);
            Err(status)
        };
        if !self.settings.serves(&request.path) {
            return refused(StatusCode::FORBIDDEN);
        }
        // From before the check of `closing` until the connection is open or refused, something is under way.
        let busy = self.activity.begin();
        if self.directory().closing {
            return refused(StatusCode::SERVICE_UNAVAILABLE);
        }
        if self.settings.rate_limits && !self.new_connections.take() {
            return refused(StatusCode::TOO_MANY_REQUESTS);
        }
        // The opening has a task of its own, because a function runs to its end even if the client does not wait for
        // it.
        let opening = Arc::clone(self).open(request);
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move {
            let _busy = busy;
            if let Err(Ok(unwanted)) = answer.send(opening.await) {
                unwanted.abort();
            }
        });
        answered.await.unwrap_or(Err(StatusCode::INTERNAL_SERVER_ERROR))
    }

    async fn open(self: Arc<Self>, request: ConnectRequest) -> Result<Peer, StatusCode> {
        let origin = Origin::new(&self.clock, &request);
        let answer = self.ask_connect(&origin, &request).await;
        let accepted =
            answer.and_then(|answer| if answer.status.is_success() { Ok(answer) } else { Err(answer.status) });
        let watch = &self.settings.watch;
        let answer = accepted.inspect_err(|status| watch.refused(request.handshake(), status.as_u16(), None))?;
        watch.opened(origin.id.as_str(), request.handshake());
        let (outbound, to_client) = mpsc::unbounded();
        let (frames, from_client) = mpsc::channel(connection::WAITING_FRAMES);
        let (departure, ended) = oneshot::channel();
        let buffered_bytes = Arc::new(AtomicUsize::new(0));
        let lines = Lines { outbound, buffered_bytes: Arc::clone(&buffered_bytes), departure };
        let lag = settings::drawn(&self.clock, &self.settings.existence_lag_millis);
        let connection = Arc::new(Connection::new(origin, lines, lag, self.clock.now()));
        let closing = {
            let mut directory = self.directory();
            directory.open.insert(connection.origin.id.clone(), Arc::clone(&connection));
            directory.closing
        };
        if closing {
            self.end(&connection, Side::Gateway, Close { code: 1001, reason: GOING_AWAY });
        }
        tokio::spawn(connection::live(Arc::clone(&self), Arc::clone(&connection), from_client, ended));
        let speaker = Speaker { gateway: self, connection, frames, subprotocol: answer.subprotocol };
        Ok(Peer::new(speaker, Listener { outbound: to_client, buffered_bytes }))
    }

    async fn ask_connect(&self, origin: &Origin, request: &ConnectRequest) -> Result<Answer, StatusCode> {
        let Some(function) = self.routes.function(routes::CONNECT) else { return Ok(Answer::accepted()) };
        let writer = Writer { settings: &self.settings, clock: &self.clock, origin };
        let event = writer.connect(request).json;
        let call = Call { function: function.to_owned(), event, delay: Duration::ZERO };
        let invocation = Invocation::start(&self.integration, call, self.activity.begin());
        invocation.answer(self.settings.integration_timeout()).await.map_err(|failure| match failure {
            Failure::Failed => StatusCode::BAD_GATEWAY,
            Failure::TimedOut => self.settings.connect_timeout_status,
        })
    }

    /// `POST @connections`: sends the bytes to the client as one text frame. Posts to one connection arrive in the
    /// order of the calls.
    ///
    /// # Errors
    /// See [`ManagementError`].
    pub fn post(&self, connection_id: &str, data: Bytes) -> Result<(), ManagementError> {
        self.send(connection_id, data, |data| {
            let text = String::from_utf8(data.into()).map_err(|_| ManagementError::NotText)?;
            Ok(Payload::Text(text))
        })
    }

    /// Sends the bytes to the client as one binary frame, if the gateway has binary frames; otherwise as text.
    ///
    /// # Errors
    /// See [`ManagementError`].
    pub fn post_binary(&self, connection_id: &str, data: Bytes) -> Result<(), ManagementError> {
        match self.settings.binary_frames {
            BinaryFrames::PassedOn => self.send(connection_id, data, |data| Ok(Payload::Binary(data))),
            BinaryFrames::Refused => self.post(connection_id, data),
        }
    }

    fn send(
        &self,
        connection_id: &str,
        data: Bytes,
        payload: fn(Bytes) -> Result<Payload, ManagementError>,
    ) -> Result<(), ManagementError> {
        let id = self.admitted(connection_id)?;
        if data.len() > self.settings.message_bytes {
            return Err(ManagementError::PayloadTooLarge);
        }
        let connection = self.existing(&id)?;
        let accepted = |payload: &Payload| self.note(&connection, Direction::Out, payload);
        match connection.queue(payload(data)?, self.settings.outbound_buffer_bytes, accepted) {
            Queued::Waiting => {
                connection.touch(self.clock.now());
                Ok(())
            }
            Queued::Full => Err(ManagementError::LimitExceeded),
            Queued::Ended => Err(ManagementError::Gone),
        }
    }

    /// How long ago a connection was opened, in milliseconds; `None` if it does not exist.
    pub(crate) fn age_millis(&self, connection_id: &str) -> Option<i64> {
        let opened_at = self.get(connection_id).ok()?.connected_at;
        Some(self.clock.now().millis().saturating_sub(opened_at.millis()))
    }

    /// `GET @connections`: describes the connection.
    ///
    /// # Errors
    /// See [`ManagementError`].
    pub fn get(&self, connection_id: &str) -> Result<Description, ManagementError> {
        let id = self.admitted(connection_id)?;
        Ok(self.existing(&id)?.described())
    }

    /// All open connections, by their ids.
    #[must_use]
    pub fn connections(&self) -> Vec<(String, Description)> {
        let open: Vec<Arc<Connection>> = self.directory().open.values().cloned().collect();
        open.iter().map(|connection| (connection.origin.id.to_string(), connection.described())).collect()
    }

    /// `DELETE @connections`: closes the connection with 1000.
    ///
    /// # Errors
    /// See [`ManagementError`].
    pub fn delete(&self, connection_id: &str) -> Result<(), ManagementError> {
        let id = self.admitted(connection_id)?;
        let connection = self.existing(&id)?;
        self.end(&connection, Side::Gateway, Close { code: 1000, reason: "Connection Closed Normally" });
        Ok(())
    }

    /// Closes every client with 1001 and accepts no more clients. Waits until their `$disconnect` has been handled, but
    /// not longer than [`Settings::shutdown_secs`].
    pub async fn shutdown(&self) {
        let open: Vec<Arc<Connection>> = {
            let mut directory = self.directory();
            directory.closing = true;
            directory.open.values().cloned().collect()
        };
        for connection in open {
            self.end(&connection, Side::Gateway, Close { code: 1001, reason: GOING_AWAY });
        }
        let patience = Duration::from_secs(self.settings.shutdown_secs);
        if tokio::time::timeout(patience, self.activity.settled()).await.is_err() {
            tracing::warn!("some functions still run after the last client was closed");
        }
    }

    /// Waits until no frame is queued and no invocation of this gateway runs, so that nothing more happens by itself.
    pub async fn settled(&self) {
        self.activity.settled().await;
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.activity.is_idle()
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the rate allows one more message or `@connections` call.
    fn admits_request(&self) -> bool {
        !self.settings.rate_limits || self.requests.take()
    }

    fn admitted(&self, connection_id: &str) -> Result<ConnectionId, ManagementError> {
        if !self.admits_request() {
            return Err(ManagementError::LimitExceeded);
        }
        ConnectionId::parse(connection_id).ok_or_else(|| ManagementError::Malformed(connection_id.to_owned()))
    }

    fn existing(&self, id: &ConnectionId) -> Result<Arc<Connection>, ManagementError> {
        let connection = self.directory().open.get(id).cloned();
        connection.filter(|connection| connection.exists()).ok_or(ManagementError::Gone)
    }

    /// Counts a message, and records it if somebody watches.
    fn note(&self, connection: &Connection, direction: Direction, payload: &Payload) {
        let watch = &self.settings.watch;
        watch.counts().message(payload.len());
        match payload {
            Payload::Text(text) => watch.packet(connection.origin.id.as_str(), direction, text),
            Payload::Binary(bytes) => watch.binary_frame(connection.origin.id.as_str(), direction, bytes.len()),
        }
    }

    /// Ends a connection, unless it has ended. From here on it does not exist, and `$disconnect` is going to get the
    /// code and the reason.
    fn end(&self, connection: &Connection, side: Side, close: Close<'_>) {
        let Close { code, reason } = close;
        let departure = Departure { code, reason: reason.to_owned(), busy: self.activity.begin() };
        if connection.end(side, departure) {
            self.directory().open.remove(&connection.origin.id);
            self.settings.watch.counts().connection(connection.age());
            self.settings.watch.closed(connection.origin.id.as_str(), code, reason, side == Side::Client);
        }
    }
}
