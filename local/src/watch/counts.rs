//! Counters since the start of the process, and what AWS would charge for them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

/// The size of a WebSocket message that is charged as one, in bytes. A larger one is charged as several.
const MESSAGE_UNIT_BYTES: usize = 32 * 1024;

const MILLION: f64 = 1_000_000.0;

/// List prices in us-east-1, in USD (docs/api-gateway.md, "Costs").
mod price {
    pub(super) const PER_MILLION_WEBSOCKET_MESSAGES: f64 = 1.00;
    pub(super) const PER_MILLION_CONNECTION_MINUTES: f64 = 0.25;
    pub(super) const PER_MILLION_HTTP_REQUESTS: f64 = 1.00;
    pub(super) const PER_MILLION_LAMBDA_REQUESTS: f64 = 0.20;
    pub(super) const PER_LAMBDA_GIGABYTE_SECOND: f64 = 0.000_013_333_4;
    pub(super) const PER_MILLION_WRITE_UNITS: f64 = 0.625;
    pub(super) const PER_MILLION_READ_UNITS: f64 = 0.125;
}

/// The counters. They run whether or not somebody watches.
#[derive(Debug, Default)]
pub struct Counts {
    messages: AtomicU64,
    connection_millis: AtomicU64,
    http_requests: AtomicU64,
    functions: BTreeMap<String, Function>,
}

#[derive(Debug, Default)]
struct Function {
    invocations: AtomicU64,
    failures: AtomicU64,
    micros: AtomicU64,
}

/// The counters of one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionCounts {
    /// Invocations that have ended.
    pub invocations: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// How long all of them took together, in milliseconds.
    pub millis: f64,
}

/// Capacity units of DynamoDB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Units {
    /// Read units.
    pub read: f64,
    /// Write units, those of indexes included.
    pub write: f64,
}

/// What AWS would have counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// WebSocket messages in both directions, in units of 32 KB.
    pub websocket_messages: u64,
    /// How long connections have been open, in minutes.
    pub connection_minutes: f64,
    /// Requests to the HTTP API.
    pub http_requests: u64,
    /// Invocations of functions.
    pub invocations: u64,
    /// The duration of invocations times the memory of their functions. The duration is that on this machine.
    pub gigabyte_seconds: f64,
    /// Units of DynamoDB.
    pub units: Units,
    /// What it would have cost.
    pub charges: Charges,
}

/// What AWS would charge, in USD at list prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Charges {
    /// WebSocket messages.
    pub websocket_messages: f64,
    /// Connection minutes.
    pub connection_minutes: f64,
    /// Requests to the HTTP API.
    pub http_requests: f64,
    /// Invocations, by number and by duration.
    pub functions: f64,
    /// Reads and writes.
    pub tables: f64,
    /// The sum.
    pub total: f64,
}

impl Counts {
    /// Creates the counters for functions with these packages.
    pub(super) fn new(packages: impl IntoIterator<Item = String>) -> Self {
        let functions = packages.into_iter().map(|package| (package, Function::default())).collect();
        Self { functions, ..Self::default() }
    }

    /// Counts a WebSocket message, in either direction.
    pub(crate) fn message(&self, bytes: usize) {
        let units = bytes.div_ceil(MESSAGE_UNIT_BYTES).max(1);
        self.messages.fetch_add(u64::try_from(units).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Counts a connection that has ended.
    pub(crate) fn connection(&self, open: Duration) {
        self.connection_millis.fetch_add(millis(open), Ordering::Relaxed);
    }

    /// Counts a request to the HTTP API.
    pub(crate) fn http_request(&self) {
        self.http_requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an invocation that has ended.
    pub(crate) fn invocation(&self, package: &str, took: Duration, has_failed: bool) {
        let Some(function) = self.functions.get(package) else { return };
        function.invocations.fetch_add(1, Ordering::Relaxed);
        function.failures.fetch_add(u64::from(has_failed), Ordering::Relaxed);
        function.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The counters of a function; those of an unknown one are zero.
    #[must_use]
    pub fn function(&self, package: &str) -> FunctionCounts {
        let Some(function) = self.functions.get(package) else { return FunctionCounts::default() };
        FunctionCounts {
            invocations: function.invocations.load(Ordering::Relaxed),
            failures: function.failures.load(Ordering::Relaxed),
            millis: as_f64(function.micros.load(Ordering::Relaxed)) / 1_000.0,
        }
    }

    /// The totals. The caller adds what the counters do not know: how long the connections that are open have been open,
    /// the memory of each function in MB, and the units of DynamoDB.
    #[must_use]
    pub fn totals<'a>(
        &self,
        open: Duration,
        memory_mb: impl IntoIterator<Item = (&'a str, u32)>,
        units: Units,
    ) -> Totals {
        let (mut invocations, mut gigabyte_seconds) = (0, 0.0);
        for (package, memory_mb) in memory_mb {
            let counts = self.function(package);
            invocations += counts.invocations;
            gigabyte_seconds += counts.millis / 1_000.0 * f64::from(memory_mb) / 1_024.0;
        }
        let connection_millis = self.connection_millis.load(Ordering::Relaxed).saturating_add(millis(open));
        let mut totals = Totals {
            websocket_messages: self.messages.load(Ordering::Relaxed),
            connection_minutes: as_f64(connection_millis) / 60_000.0,
            http_requests: self.http_requests.load(Ordering::Relaxed),
            invocations,
            gigabyte_seconds,
            units,
            charges: Charges::default(),
        };
        totals.charges = totals.charged();
        totals
    }
}

impl Totals {
    fn charged(&self) -> Charges {
        let per_million = |count: f64, price: f64| count / MILLION * price;
        let websocket_messages = per_million(as_f64(self.websocket_messages), price::PER_MILLION_WEBSOCKET_MESSAGES);
        let connection_minutes = per_million(self.connection_minutes, price::PER_MILLION_CONNECTION_MINUTES);
        let http_requests = per_million(as_f64(self.http_requests), price::PER_MILLION_HTTP_REQUESTS);
        let functions = per_million(as_f64(self.invocations), price::PER_MILLION_LAMBDA_REQUESTS)
            + self.gigabyte_seconds * price::PER_LAMBDA_GIGABYTE_SECOND;
        let tables = per_million(self.units.read, price::PER_MILLION_READ_UNITS)
            + per_million(self.units.write, price::PER_MILLION_WRITE_UNITS);
        let total = websocket_messages + connection_minutes + http_requests + functions + tables;
        Charges { websocket_messages, connection_minutes, http_requests, functions, tables, total }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "no counter gets so large that a digit of it matters")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_of_each_costs_its_list_price() {
        let counts = Counts::new(["message".to_owned()]);
        for _ in 0..1_000 {
            counts.message(10);
            counts.http_request();
            counts.invocation("message", Duration::from_secs(1), false);
        }
        counts.connection(Duration::from_secs(30_000));
        let units = Units { read: 1_000.0, write: 1_000.0 };
        let totals = counts.totals(Duration::from_secs(30_000), [("message", 1_024)], units);
        let Charges { websocket_messages, connection_minutes, http_requests, functions, tables, total } =
            totals.charges;
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
        close(websocket_messages, 0.001);
        close(connection_minutes, 0.000_25);
        close(http_requests, 0.001);
        close(functions, 0.000_2 + 0.013_333_4);
        close(tables, 0.000_625 + 0.000_125);
        close(total, websocket_messages + connection_minutes + http_requests + functions + tables);
    }

    #[test]
    fn a_message_over_32_kilobytes_counts_as_several() {
        let counts = Counts::default();
        for bytes in [0, 1, MESSAGE_UNIT_BYTES, MESSAGE_UNIT_BYTES + 1] {
            counts.message(bytes);
        }
        assert_eq!(counts.totals(Duration::ZERO, [], Units::default()).websocket_messages, 5);
    }

    #[test]
    fn a_function_is_counted_with_its_failures() {
        let counts = Counts::new(["message".to_owned()]);
        counts.invocation("message", Duration::from_micros(1_500), true);
        counts.invocation("another", Duration::from_secs(1), false);
        assert_eq!(counts.function("message"), FunctionCounts { invocations: 1, failures: 1, millis: 1.5 });
        assert_eq!(counts.function("another"), FunctionCounts::default());
    }
}
