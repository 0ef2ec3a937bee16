//! The line of an invocation: a JSON object, which is also a document of CloudWatch's Embedded Metric Format.
//!
//! The member `_aws` names those members of the object that are metrics. It is there only if the line has any. All
//! metrics have one namespace and no dimensions, because each combination of values of dimensions is a metric that AWS
//! charges for.

use std::time::Duration;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{FRAME_TO_LAST_POST, Invoked, Outcome, Recorder, Work};
use crate::clock::Timestamp;
use crate::config::InvocationLog;

/// A metric: its name in CloudWatch and in the line, and its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    /// The name.
    pub name: &'static str,
    /// The unit.
    pub unit: Unit,
}

/// The unit of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A time.
    Milliseconds,
}

impl Metric {
    /// A metric that counts.
    #[must_use]
    pub const fn count(name: &'static str) -> Self {
        Self { name, unit: Unit::Count }
    }
}

/// What the line of an invocation says.
pub(super) struct Line<'a> {
    pub(super) recorder: &'a Recorder,
    pub(super) invoked: &'a Invoked,
    pub(super) work: &'a Work,
    pub(super) started_at: Timestamp,
    pub(super) duration: Duration,
    /// The status of the answer. The outer `None` is a failed invocation.
    pub(super) status: Option<Option<u64>>,
}

impl Line<'_> {
    /// The line as text.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The metrics of the line, with their values.
    fn metrics(&self) -> impl Iterator<Item = (Metric, u64)> {
        let Work { counts, frame_at, last_post_at, .. } = self.work;
        let millis = frame_at.zip(*last_post_at).map(|(frame, post)| post.millis().saturating_sub(frame.millis()));
        // The clocks of API Gateway and of Lambda may differ by milliseconds.
        let millis = millis.map(|millis| (FRAME_TO_LAST_POST, u64::try_from(millis).unwrap_or_default()));
        counts.iter().copied().chain(millis)
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { recorder, invoked, work, started_at, duration, status } = self;
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("level", "INFO")?;
        line.serialize_entry("target", super::TARGET)?;
        line.serialize_entry("function", &recorder.function)?;
        line.serialize_entry("requestId", &invoked.request_id)?;
        let optional = [("traceId", &invoked.trace_id), ("connectionId", &work.connection), ("event", &work.event)];
        for (name, value) in optional {
            if let Some(value) = value {
                line.serialize_entry(name, value)?;
            }
        }
        for (name, value) in &work.labels {
            line.serialize_entry(name, value)?;
        }
        line.serialize_entry("outcome", work.outcome.code())?;
        if let Some(Some(status)) = status.filter(|status| *status != Some(200)) {
            line.serialize_entry("status", &status)?;
        }
        line.serialize_entry("durationMs", &Tenths(duration.as_secs_f64() * 1_000.0))?;
        line.serialize_entry("cold", &invoked.is_cold)?;
        line.serialize_entry("awsRequests", &work.requests)?;
        line.serialize_entry("readUnits", &Tenths(work.read_units))?;
        line.serialize_entry("writeUnits", &Tenths(work.write_units))?;
        line.serialize_entry("posts", &work.posts)?;
        let mut metrics = Vec::new();
        for (metric, value) in self.metrics() {
            line.serialize_entry(metric.name, &value)?;
            metrics.push(metric);
        }
        if let InvocationLog::Metrics { namespace } = &recorder.log
            && !metrics.is_empty()
        {
            let directive = Directive { namespace, dimensions: [[]], metrics };
            line.serialize_entry(
                "_aws",
                &Metadata { timestamp: started_at.millis(), cloud_watch_metrics: [directive] },
            )?;
        }
        line.end()
    }
}

impl Outcome {
    /// The word in the line: `ok`, a code of a client error, or what went wrong on our side.
    const fn code(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused(code) => code,
            Self::GivenUp => "given_up",
            Self::InternalError => "internal_error",
            Self::Panicked => "panic",
        }
    }
}

/// A number with at most one digit after the point.
struct Tenths(f64);

impl Serialize for Tenths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.0 * 10.0).round() / 10.0)
    }
}

/// The member `_aws`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    /// In milliseconds since 1970.
    timestamp: i64,
    cloud_watch_metrics: [Directive<'a>; 1],
}

/// Says which members are metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    /// One set of dimensions, which is empty.
    dimensions: [[&'a str; 0]; 1],
    metrics: Vec<Metric>,
}
