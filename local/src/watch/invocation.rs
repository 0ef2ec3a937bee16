//! Records of invocations, with the AWS requests that they make and the lines that they log.
//!
//! A task knows its invocation by a task-local value. Handlers spawn no tasks of their own, so what a handler does is
//! done in the task of its invocation.

use std::fmt::Display;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use frame::engine::SEPARATOR;
use relay::clock::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::record::{AwsCall, Direction, Invoked, Record};
use super::{Subject, Watch, packet, secret};

tokio::task_local! {
    /// The invocation that this task runs, if it is watched.
    static CURRENT: Arc<Watched>;
}

/// The most AWS requests of one invocation that are recorded one by one.
const CALLS_MAX: usize = 200;

/// The longest text that says what an invocation is about, and the longest error, in bytes.
const TEXT_MAX_BYTES: usize = 300;

/// An invocation that has started.
#[derive(Debug)]
pub(crate) struct Started {
    at: Instant,
    watched: Option<Arc<Watched>>,
}

/// An invocation that is watched.
#[derive(Debug)]
struct Watched {
    watch: Watch,
    invoked: Invoked,
    connection: Option<String>,
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    first: Vec<AwsCall>,
    total: u64,
    read_units: f64,
    write_units: f64,
}

impl Watched {
    fn subject(&self) -> Subject<'_> {
        Subject { connection: self.connection.as_deref(), ..Subject::default() }
    }
}

impl Watch {
    /// Records that the function of this package is invoked with an event.
    pub(crate) fn started(&self, package: &str, trigger: &dyn Display, event: &Value) -> Started {
        let watched = self.has_viewers().then(|| {
            let invoked = Invoked {
                invocation: self.0.invocations.fetch_add(1, Ordering::Relaxed) + 1,
                function: package.to_owned(),
                trigger: trigger.to_string(),
                about: packet::bounded(&about(event), TEXT_MAX_BYTES),
                request_id: text(event, "/requestContext/requestId").map(str::to_owned),
            };
            let (connection, calls) = (connection(event), Mutex::default());
            Arc::new(Watched { watch: self.clone(), invoked, connection, calls })
        });
        if let Some(watched) = &watched {
            self.publish(watched.subject(), &Record::Began(watched.invoked.clone()));
        }
        Started { at: Instant::now(), watched }
    }

    /// Counts an invocation of the function of this package that has ended, and records it. The outcome is the answer, or
    /// why there is none.
    pub(crate) fn ended(&self, package: &str, started: Started, outcome: Result<&Value, &str>) {
        let took = started.at.elapsed();
        self.counts().invocation(package, took, outcome.is_err());
        let Some(watched) = started.watched else { return };
        let calls = std::mem::take(&mut *watched.calls.lock().unwrap_or_else(PoisonError::into_inner));
        let status = outcome.ok().and_then(|answer| answer.get("statusCode")?.as_u64());
        let record = Record::Ended {
            invoked: watched.invoked.clone(),
            millis: took.as_secs_f64() * 1_000.0,
            error: outcome.err().map(|error| packet::bounded(&secret::without_tokens(error), TEXT_MAX_BYTES)),
            status: status.and_then(|status| u16::try_from(status).ok()),
            calls: calls.first,
            calls_total: calls.total,
            read_units: calls.read_units,
            write_units: calls.write_units,
        };
        self.publish(watched.subject(), &record);
    }
}

/// Runs the handler of an invocation, so that what it does is recorded as that of the invocation.
pub(crate) async fn within<T>(started: &Started, handling: impl Future<Output = T>) -> T {
    match &started.watched {
        Some(watched) => CURRENT.scope(Arc::clone(watched), handling).await,
        None => handling.await,
    }
}

/// Whether this task runs an invocation that is watched.
pub(crate) fn is_in_watched_invocation() -> bool {
    CURRENT.try_with(|_| ()).is_ok()
}

/// Records an AWS request of the invocation that this task runs. Does nothing outside of a watched invocation.
pub(crate) fn note_call(call: impl FnOnce() -> AwsCall) {
    let _ = CURRENT.try_with(|watched| {
        let call = call();
        let mut calls = watched.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.total += 1;
        calls.read_units += call.read_units;
        calls.write_units += call.write_units;
        if calls.first.len() < CALLS_MAX {
            calls.first.push(call);
        }
    });
}

/// Records a line that the invocation of this task logs.
pub(super) fn note_line(level: &'static str, target: &str, text: &str) {
    let _ = CURRENT.try_with(|watched| {
        let record = Record::Log {
            level,
            target: target.to_owned(),
            text: secret::without_tokens(text),
            invocation: watched.invoked.invocation,
            function: watched.invoked.function.clone(),
        };
        watched.watch.publish(watched.subject(), &record);
    });
}

fn text<'a>(event: &'a Value, pointer: &str) -> Option<&'a str> {
    event.pointer(pointer)?.as_str()
}

/// The connection that an event is about: that of the gateway, or the session of long-polling.
fn connection(event: &Value) -> Option<String> {
    if let Some(connection) = text(event, "/requestContext/connectionId") {
        return Some(connection.to_owned());
    }
    let query = text(event, "/rawQueryString")?;
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "sid").map(|(_, sid)| sid.into_owned())
}

/// What an event is about, in a few words and without texts.
fn about(event: &Value) -> String {
    if let Some(kind) = text(event, "/requestContext/eventType") {
        let frame = text(event, "/body").and_then(|body| body.split(SEPARATOR).next());
        // Only the name is used, so neither direction nor time matters.
        let packet = frame.map(|frame| packet::read(frame, Direction::Out, Timestamp::default()).0);
        return match packet {
            Some(packet) => format!("{kind} {}", packet.event.as_deref().unwrap_or(packet.kind)),
            None => kind.to_owned(),
        };
    }
    if let (Some(method), Some(path)) = (text(event, "/requestContext/http/method"), text(event, "/rawPath")) {
        return format!("{method} {}", secret::without_tokens(path));
    }
    match event.get("Records").and_then(Value::as_array) {
        Some(records) if is_of_queue(records) => format!("{} messages of a queue", records.len()),
        Some(records) => format!("{} records of a stream", records.len()),
        None if event.get("requestPayload").is_some() => "an event that was given up".to_owned(),
        None => "an event of its own".to_owned(),
    }
}

fn is_of_queue(records: &[Value]) -> bool {
    records.iter().any(|record| text(record, "/eventSource") == Some("aws:sqs"))
}
