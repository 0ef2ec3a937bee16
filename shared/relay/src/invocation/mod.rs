//! The record of an invocation: one line of the log that says what it was about, how it ended, and what it cost. The
//! line is also what CloudWatch makes metrics of (docs/operating.md).
//!
//! A task knows its invocation by a task-local value, so several invocations in one process do not mix. Handlers spawn
//! no tasks of their own, so what a handler does is done in the task of its invocation. Outside of a recorded
//! invocation every `note_*` function does nothing.
//!
//! The line never contains texts, tokens, names of people or addresses.
//!
//! - `line`: the line, and the metrics in it.
//! - `requests`: the AWS requests that the SDK makes.

mod line;
mod requests;

use std::sync::{Arc, Mutex, PoisonError};

use frame::socket::Body;
use serde_json::Value;
use tokio::time::Instant;

use crate::clock::{Clock, Timestamp};
use crate::config::InvocationLog;
use crate::id::ConnectionId;

pub use line::{Metric, Unit};
pub(crate) use requests::CountRequests;

/// The target of the lines. They are logged at every `LOG_LEVEL`: the metrics are made of them.
pub const TARGET: &str = "invocation";

/// Connections that were found gone when something was to be posted to them.
pub const GONE: Metric = Metric::count("Gone");
/// Requests that DynamoDB refused because of the rate, each attempt counted.
pub const TABLE_THROTTLES: Metric = Metric::count("TableThrottles");
/// Posts that API Gateway refused because of the rate, each attempt counted.
pub const POST_THROTTLES: Metric = Metric::count("PostThrottles");
/// Sessions that were recovered after their connection was lost.
pub const RECOVERIES: Metric = Metric::count("Recoveries");
/// Events that recovered sessions had missed and were sent.
pub const REPLAYED: Metric = Metric::count("Replayed");
/// Invocations in which a client was refused because of its token or password.
pub const AUTHENTICATION_FAILURES: Metric = Metric::count("AuthenticationFailures");
/// The time from the moment at which API Gateway received a client's event to the last post that it caused.
pub const FRAME_TO_LAST_POST: Metric = Metric { name: "FrameToLastPost", unit: Unit::Milliseconds };

/// The metrics of the relay.
pub const METRICS: [Metric; 7] =
    [GONE, TABLE_THROTTLES, POST_THROTTLES, RECOVERIES, REPLAYED, AUTHENTICATION_FAILURES, FRAME_TO_LAST_POST];

/// The most bytes of the name of an event. Names are those that an application knows, and short.
const EVENT_MAX_BYTES: usize = 64;

tokio::task_local! {
    /// The invocation that this task runs, if it is recorded.
    static CURRENT: Arc<Mutex<Work>>;
}

/// What a handler has done so far.
#[derive(Debug, Default)]
struct Work {
    connection: Option<String>,
    event: Option<String>,
    /// Members of the line that the application adds.
    labels: Vec<(&'static str, &'static str)>,
    outcome: Outcome,
    requests: u64,
    read_units: f64,
    write_units: f64,
    posts: u64,
    frame_at: Option<Timestamp>,
    last_post_at: Option<Timestamp>,
    counts: Vec<(Metric, u64)>,
}

/// How an invocation ended. The order is that of importance: the line has the most important one that was noted, and of
/// two refusals the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Outcome {
    /// It did what it was asked to do.
    #[default]
    Ok,
    /// It refused what a client asked for. The value is the code of the error.
    Refused(&'static str),
    /// It dealt with an event that another function did not handle, and that is not tried again.
    GivenUp,
    /// Something failed on our side.
    InternalError,
    /// The handler panicked.
    Panicked,
}

impl Outcome {
    /// Takes an outcome in place of a less important one.
    fn raise(&mut self, other: Self) {
        if other.importance() > self.importance() {
            *self = other;
        }
    }

    const fn importance(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Refused(_) => 1,
            Self::GivenUp => 2,
            Self::InternalError => 3,
            Self::Panicked => 4,
        }
    }
}

/// What is known about an invocation before its handler runs.
#[derive(Clone, Debug, Default)]
pub struct Invoked {
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// X-Ray's trace header, if Lambda has handed one over.
    pub trace_id: Option<String>,
    /// Whether this is the first event of the process.
    pub is_cold: bool,
}

/// What a handler returns.
pub trait Handled {
    /// The answer to the event; `None` if the invocation failed.
    fn answer(&self) -> Option<&Value>;
}

impl Handled for Value {
    fn answer(&self) -> Option<&Value> {
        Some(self)
    }
}

impl<T: Handled, E> Handled for Result<T, E> {
    fn answer(&self) -> Option<&Value> {
        self.as_ref().ok()?.answer()
    }
}

/// Writes the line of each invocation of one function.
#[derive(Clone, Debug)]
pub struct Recorder {
    clock: Clock,
    log: InvocationLog,
    function: String,
}

impl Recorder {
    /// Creates the recorder of the function of this name.
    #[must_use]
    pub const fn new(clock: Clock, log: InvocationLog, function: String) -> Self {
        Self { clock, log, function }
    }

    /// Runs the handler of an invocation and writes its line. Without a line, nothing is counted.
    pub async fn record<T: Handled>(&self, invoked: impl FnOnce() -> Invoked, handling: impl Future<Output = T>) -> T {
        let is_written = self.log != InvocationLog::Off && tracing::enabled!(target: TARGET, tracing::Level::INFO);
        if !is_written {
            return handling.await;
        }
        let (invoked, started_at, started) = (invoked(), self.clock.now(), Instant::now());
        let work = Arc::new(Mutex::new(Work::default()));
        let handled = CURRENT.scope(Arc::clone(&work), handling).await;
        let duration = started.elapsed();
        let status = handled.answer().map(|answer| answer.get("statusCode").and_then(Value::as_u64));
        let mut work = std::mem::take(&mut *work.lock().unwrap_or_else(PoisonError::into_inner));
        work.outcome.raise(of_status(status));
        let line = line::Line { recorder: self, invoked: &invoked, work: &work, started_at, duration, status };
        tracing::info!(target: TARGET, "{}", line.json());
        handled
    }
}

/// The outcome that the status of an answer says. The outer `None` is a failed invocation.
fn of_status(status: Option<Option<u64>>) -> Outcome {
    match status {
        None | Some(Some(500..)) => Outcome::InternalError,
        Some(Some(400..)) => Outcome::Refused("HTTP"),
        Some(_) => Outcome::Ok,
    }
}

/// Changes the record of this task's invocation, if there is one.
fn note(change: impl FnOnce(&mut Work)) {
    let _ = CURRENT.try_with(|work| change(&mut work.lock().unwrap_or_else(PoisonError::into_inner)));
}

/// Whether this task's invocation is recorded.
pub(crate) fn is_recorded() -> bool {
    CURRENT.try_with(|_| ()).is_ok()
}

/// Says which connection the invocation is about, and what kind of event it handles unless that is known better.
pub(crate) fn note_connection(connection: &ConnectionId, kind: Option<&str>) {
    note(|work| {
        work.connection = Some(connection.in_logs().to_owned());
        if work.event.is_none() {
            work.event = kind.map(bounded);
        }
    });
}

/// Says what the invocation handles: the name of an event that the application knows, or a kind. The last one counts.
pub fn note_event(name: &str) {
    note(|work| work.event = Some(bounded(name)));
}

/// Says which kind of packet the invocation handles.
pub(crate) fn note_packet(body: &Body) {
    note_event(match body {
        Body::Connect { .. } => "CONNECT packet",
        Body::Disconnect => "DISCONNECT packet",
        Body::Event { .. } | Body::BinaryEvent { .. } => "unknown event",
        Body::Ack { .. } | Body::BinaryAck { .. } => "ack",
        Body::ConnectError { .. } => "CONNECT_ERROR packet",
    });
}

/// Adds a member of the application to the line. The last value counts.
pub fn note_label(name: &'static str, value: &'static str) {
    note(|work| match work.labels.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known = value,
        None => work.labels.push((name, value)),
    });
}

/// Says that a client was refused what it asked for. `code` is the code of the error.
pub fn note_refusal(code: &'static str) {
    note(|work| work.outcome.raise(Outcome::Refused(code)));
}

/// Says that a client was refused because of its token or password. Counts once per invocation.
pub fn note_refused_credentials(code: &'static str) {
    note_refusal(code);
    note(|work| {
        if !work.counts.iter().any(|(metric, _)| *metric == AUTHENTICATION_FAILURES) {
            work.counts.push((AUTHENTICATION_FAILURES, 1));
        }
    });
}

/// Says that an event was given up, and that this invocation deals with it.
pub(crate) fn note_given_up() {
    note(|work| work.outcome.raise(Outcome::GivenUp));
}

/// Says that something failed on our side.
pub fn note_failure() {
    note(|work| work.outcome.raise(Outcome::InternalError));
}

/// Says that the handler panicked.
pub fn note_panic() {
    note(|work| work.outcome.raise(Outcome::Panicked));
}

/// Adds to a metric. An invocation has few metrics, so they are a list.
pub fn count(metric: Metric, by: u64) {
    if by == 0 {
        return;
    }
    note(|work| match work.counts.iter_mut().find(|(known, _)| *known == metric) {
        Some((_, sum)) => *sum = sum.saturating_add(by),
        None => work.counts.push((metric, by)),
    });
}

/// Counts one AWS request.
pub(crate) fn note_request() {
    note(|work| work.requests += 1);
}

/// Adds the capacity units that DynamoDB has reported.
pub(crate) fn note_units(read: f64, write: f64) {
    note(|work| {
        work.read_units += read;
        work.write_units += write;
    });
}

/// Says when API Gateway received the event of a client.
pub(crate) fn note_frame(at: Timestamp) {
    note(|work| work.frame_at = Some(at));
}

/// Counts a frame that was handed over for a client, at this time.
pub(crate) fn note_post(at: Timestamp) {
    note(|work| {
        work.posts += 1;
        work.last_post_at = Some(at);
    });
}

/// The beginning of a name, at most [`EVENT_MAX_BYTES`] long.
fn bounded(name: &str) -> String {
    name.get(..name.floor_char_boundary(EVENT_MAX_BYTES)).unwrap_or_default().to_owned()
}
