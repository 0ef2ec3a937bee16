//! One connection, and its task, which lives as long as the connection. The task hands the client's frames to their
//! functions, watches the idle limit and the age limit, and at the end invokes `$disconnect`.
//!
//! Invariant: a connection ends once, whichever side ends it, and from that moment on it does not exist for
//! `@connections`.

use std::future::Future;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use relay::clock::Timestamp;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::activity::Busy;
use super::events::{Origin, Writer};
use super::integration::{Call, Failure, Invocation};
use super::message::{Close, Outbound, Payload};
use super::settings::{DisconnectFault, Mode, drawn};
use super::{Description, GOING_AWAY, Gateway, routes};
use crate::watch::Direction;

/// How many frames of a client may wait before the gateway stops reading from it.
pub(super) const WAITING_FRAMES: usize = 64;

/// A message of the client on its way to a function.
pub(super) struct Frame {
    pub(super) payload: Payload,
    pub(super) busy: Busy,
}

/// How a connection ended, on its way to `$disconnect`.
pub(super) struct Departure {
    pub(super) code: u16,
    pub(super) reason: String,
    pub(super) busy: Busy,
}

/// The side that closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Gateway,
}

/// The result of queueing a message for the client.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queued {
    /// The message waits until the client reads it.
    Waiting,
    /// Too many bytes wait already.
    Full,
    /// The connection has ended.
    Ended,
}

enum Phase {
    Open(oneshot::Sender<Departure>),
    Ended,
}

/// The gateway's state of a connection.
pub(super) struct Connection {
    pub(super) origin: Origin,
    opened: Instant,
    /// The moment from which `@connections` knows the connection.
    exists_from: Instant,
    /// When a message last went in either direction, for the idle limit: milliseconds after `opened`.
    active_after_millis: AtomicU64,
    /// The same moment by the clock, for `GET @connections`.
    active_at_millis: AtomicI64,
    outbound: mpsc::UnboundedSender<Outbound>,
    /// How many bytes wait for the client. They stay counted when the client is lost, because nobody takes them.
    buffered_bytes: Arc<AtomicUsize>,
    phase: Mutex<Phase>,
}

/// The other parts of the gateway's side of a new connection, besides the [`Connection`].
pub(super) struct Lines {
    pub(super) outbound: mpsc::UnboundedSender<Outbound>,
    pub(super) buffered_bytes: Arc<AtomicUsize>,
    pub(super) departure: oneshot::Sender<Departure>,
}

impl Connection {
    pub(super) fn new(origin: Origin, lines: Lines, existence_lag: Duration, now: Timestamp) -> Self {
        let Lines { outbound, buffered_bytes, departure } = lines;
        let opened = Instant::now();
        Self {
            origin,
            opened,
            exists_from: opened + existence_lag,
            active_after_millis: AtomicU64::new(0),
            active_at_millis: AtomicI64::new(now.millis()),
            outbound,
            buffered_bytes,
            phase: Mutex::new(Phase::Open(departure)),
        }
    }

    /// The connection as `GET @connections` describes it.
    pub(super) fn described(&self) -> Description {
        Description {
            connected_at: self.origin.connected_at,
            last_active_at: self.last_active_at(),
            source_ip: self.origin.source_ip.to_string(),
            user_agent: self.origin.user_agent.clone(),
        }
    }

    /// Whether `@connections` knows the connection by now.
    pub(super) fn exists(&self) -> bool {
        self.exists_from <= Instant::now()
    }

    /// Whether the connection has not ended.
    pub(super) fn is_open(&self) -> bool {
        matches!(*self.phase.lock().unwrap_or_else(PoisonError::into_inner), Phase::Open(_))
    }

    /// Records that a message went in either direction.
    pub(super) fn touch(&self, now: Timestamp) {
        let after = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.active_after_millis.fetch_max(after, Ordering::Relaxed);
        self.active_at_millis.fetch_max(now.millis(), Ordering::Relaxed);
    }

    /// When a message last went in either direction.
    fn last_active_at(&self) -> Timestamp {
        Timestamp::from_millis(self.active_at_millis.load(Ordering::Relaxed))
    }

    /// Queues a message for the client, unless the connection has ended or more than `limit_bytes` would then wait.
    /// `accepted` is called with a message that is queued, before the client can receive it.
    pub(super) fn queue(&self, payload: Payload, limit_bytes: usize, accepted: impl FnOnce(&Payload)) -> Queued {
        // The lock is held until the message is queued, so that nothing is accepted after the close.
        let phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*phase, Phase::Ended) {
            return Queued::Ended;
        }
        let size = payload.len();
        let room = |waiting: usize| waiting.checked_add(size).filter(|sum| *sum <= limit_bytes);
        if self.buffered_bytes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, room).is_err() {
            return Queued::Full;
        }
        accepted(&payload);
        // The queue of a lost client is closed. The gateway does not notice that before the idle limit.
        let _lost = self.outbound.unbounded_send(payload.into());
        Queued::Waiting
    }

    /// Ends the connection if it has not ended. Returns true if this call did it.
    pub(super) fn end(&self, side: Side, departure: Departure) -> bool {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let Phase::Open(ended) = std::mem::replace(&mut *phase, Phase::Ended) else { return false };
        if side == Side::Gateway {
            let _lost = self
                .outbound
                .unbounded_send(Outbound::Close { code: departure.code, reason: departure.reason.clone() });
        }
        let _no_task = ended.send(departure);
        true
    }

    /// How long ago the connection was opened.
    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// When the idle limit is reached if no further message comes.
    fn idle_at(&self, limit: Duration) -> Instant {
        self.opened + Duration::from_millis(self.active_after_millis.load(Ordering::Relaxed)) + limit
    }
}

/// Runs a connection, from its acceptance until `$disconnect` has been invoked.
pub(super) async fn live(
    gateway: Arc<Gateway>,
    connection: Arc<Connection>,
    mut frames: mpsc::Receiver<Frame>,
    mut departure: oneshot::Receiver<Departure>,
) {
    let settings = &gateway.settings;
    let at_once = match settings.mode {
        Mode::Serial => 1,
        Mode::Concurrent => settings.concurrent_frames.max(1),
    };
    let too_old = connection.opened + settings.max_age();
    let mut running = FuturesUnordered::new();
    let mut lost = false;
    let mut due = std::pin::pin!(tokio::time::sleep_until(too_old.min(connection.idle_at(settings.idle()))));
    let departure = loop {
        tokio::select! {
            biased;
            ended = &mut departure => break ended,
            Some(()) = running.next(), if !running.is_empty() => {}
            frame = frames.next(), if !lost && running.len() < at_once => match frame {
                Some(frame) => running.push(handle(&gateway, &connection, frame)),
                // The client has left without a close frame. Only the idle limit will end the connection.
                None => lost = true,
            },
            () = &mut due => {
                let idle_at = connection.idle_at(settings.idle());
                let now = Instant::now();
                if too_old <= now {
                    gateway.end(&connection, Side::Gateway, Close { code: 1001, reason: &settings.age_close_reason });
                } else if idle_at <= now {
                    gateway.end(&connection, Side::Gateway, Close { code: 1001, reason: GOING_AWAY });
                }
                due.as_mut().reset(too_old.min(idle_at));
            }
        }
    };
    // The gateway still handles what the client sent before it left.
    frames.close();
    match settings.mode {
        Mode::Serial => {
            while running.next().await.is_some() {}
            while let Some(frame) = frames.next().await {
                handle(&gateway, &connection, frame).await;
            }
        }
        Mode::Concurrent => {
            while let Some(frame) = frames.next().await {
                drop(handle(&gateway, &connection, frame));
            }
        }
    }
    if let Ok(departure) = departure {
        tell(&gateway, &connection, departure).await;
    }
}

/// Hands a frame to the function of its route, at once. The future ends when the function has answered or the gateway
/// stops waiting.
fn handle(gateway: &Arc<Gateway>, connection: &Arc<Connection>, frame: Frame) -> impl Future<Output = ()> + use<> {
    let Frame { payload, busy } = frame;
    let started = start(gateway, connection, payload);
    let (gateway, connection) = (Arc::clone(gateway), Arc::clone(connection));
    async move {
        let _busy = busy;
        let (complaint, request_id) = match started {
            Ok((invocation, request_id)) => {
                match invocation.answer(gateway.settings.integration_timeout()).await {
                    // No route response is configured, so the gateway ignores what the function returned.
                    Ok(_ignored) => return,
                    Err(Failure::Failed) => ("Internal server error".to_owned(), request_id),
                    Err(Failure::TimedOut) => ("Endpoint request timed out".to_owned(), request_id),
                }
            }
            Err(Refused { complaint, request_id }) => (complaint, request_id),
        };
        // The text is written by hand, because clients have seen the members in this order.
        let frame = format!(
            r#"{{"message": {}, "connectionId":{}, "requestId":{}}}"#,
            json!(complaint),
            json!(connection.origin.id.as_str()),
            json!(request_id)
        );
        let accepted = |frame: &Payload| gateway.note(&connection, Direction::Out, frame);
        let _unheard = connection.queue(Payload::Text(frame), gateway.settings.outbound_buffer_bytes, accepted);
    }
}

/// Why a frame reaches no function.
struct Refused {
    complaint: String,
    request_id: String,
}

fn start(gateway: &Gateway, connection: &Connection, payload: Payload) -> Result<(Invocation, String), Refused> {
    let writer = Writer { settings: &gateway.settings, clock: &gateway.clock, origin: &connection.origin };
    let refused = |complaint: &str| Refused { complaint: complaint.to_owned(), request_id: writer.request_id() };
    if !gateway.admits_request() {
        return Err(refused(&gateway.settings.throttled_message));
    }
    let text = match &payload {
        Payload::Text(text) => text.as_str(),
        // A binary frame has no members to select by.
        Payload::Binary(_) => "",
    };
    let (route_key, function) = gateway.routes.select(text).ok_or_else(|| refused("Forbidden"))?;
    let (route_key, function) = (route_key.to_owned(), function.to_owned());
    let event = writer.message(&route_key, payload);
    let call = Call { function, event: event.json, delay: gateway.delay() };
    Ok((Invocation::start(&gateway.integration, call, gateway.activity.begin()), event.request_id))
}

/// Invokes `$disconnect`, with the fault that the settings ask for.
async fn tell(gateway: &Gateway, connection: &Connection, departure: Departure) {
    let Departure { code, reason, busy } = departure;
    let mut busy = Some(busy);
    let Some(function) = gateway.routes.function(routes::DISCONNECT) else { return };
    let writer = Writer { settings: &gateway.settings, clock: &gateway.clock, origin: &connection.origin };
    let event = writer.disconnect(code, &reason).json;
    let injected = gateway.settings.faults.disconnect();
    if let Some(DisconnectFault::LateMillis(_)) = injected {
        // Nobody waits for an event that the fault layer holds back.
        busy = None;
    }
    let times = match injected.unwrap_or(gateway.settings.disconnect_fault) {
        DisconnectFault::None => 1,
        DisconnectFault::Lost => 0,
        DisconnectFault::Doubled => 2,
        DisconnectFault::LateMillis(late) => {
            let late = Duration::from_millis(late);
            let _held = injected.and_then(|_| gateway.settings.faults.hold_for(late));
            tokio::time::sleep(late).await;
            busy = busy.or_else(|| Some(gateway.activity.begin()));
            1
        }
    };
    for _ in 0..times {
        let call = Call { function: function.to_owned(), event: event.clone(), delay: gateway.delay() };
        let invocation = Invocation::start(&gateway.integration, call, gateway.activity.begin());
        let _nobody_to_tell = invocation.answer(gateway.settings.integration_timeout()).await;
    }
    drop(busy);
}

impl Gateway {
    /// How long to hold back the next invocation.
    fn delay(&self) -> Duration {
        match self.settings.mode {
            Mode::Serial => Duration::ZERO,
            Mode::Concurrent => drawn(&self.clock, &self.settings.concurrent_delay_millis),
        }
    }
}
