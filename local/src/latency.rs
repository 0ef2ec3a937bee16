//! Latencies of AWS, so that this machine shows what a client would wait for in the cloud.
//!
//! Each step waits for a random time, between the quantiles of docs/latency.md, which names their sources. The network
//! between client and region is not among them, and neither is the time that the code itself takes in a small function.

use std::time::Duration;

/// A step that takes time in the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A GetItem.
    GetItem,
    /// A BatchGetItem of a few rows.
    BatchGetItem,
    /// A Query of a few rows.
    Query,
    /// A PutItem, UpdateItem, DeleteItem or BatchWriteItem.
    Write,
    /// A TransactWriteItems of a few rows.
    Transaction,
    /// A call of `@connections`.
    Connections,
    /// The call that hands an event to another function.
    Invoke,
    /// From a frame or a request to the start of a warm handler.
    Start,
    /// From an event that was handed over to the start of a warm handler.
    LateStart,
    /// From records of a stream to the start of a warm handler.
    StreamStart,
    /// What the start of a handler takes longer if no idle environment of its function is left.
    ColdStart,
}

impl Step {
    /// The step of an operation of DynamoDB.
    #[must_use]
    pub fn of_operation(operation: &str) -> Self {
        match operation {
            "GetItem" => Self::GetItem,
            "BatchGetItem" => Self::BatchGetItem,
            "Query" | "Scan" => Self::Query,
            "TransactWriteItems" => Self::Transaction,
            _ => Self::Write,
        }
    }

    /// The quantiles in milliseconds: the shortest time, the median, 90 %, 99 %, and the longest.
    const fn quantiles(self) -> [f64; 5] {
        match self {
            Self::GetItem => [3.0, 5.0, 8.0, 15.0, 40.0],
            Self::BatchGetItem | Self::Query => [4.0, 6.0, 10.0, 20.0, 50.0],
            Self::Write => [5.0, 7.5, 11.3, 16.2, 29.0],
            Self::Transaction => [19.4, 25.3, 30.7, 92.5, 218.0],
            Self::Connections => [8.0, 15.0, 28.0, 60.0, 120.0],
            Self::Invoke => [8.0, 15.0, 25.0, 60.0, 150.0],
            Self::Start => [8.0, 12.0, 20.0, 50.0, 100.0],
            Self::LateStart => [25.0, 40.0, 65.0, 150.0, 300.0],
            Self::StreamStart => [118.0, 213.0, 341.0, 552.0, 1_000.0],
            Self::ColdStart => [100.0, 150.0, 250.0, 400.0, 800.0],
        }
    }
}

/// The time that a step takes. The second argument is drawn evenly from 0 to 1.
type Times = fn(Step, f64) -> Duration;

/// How long steps take besides the work itself. By default they take no time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Latency(Option<Times>);

impl Latency {
    /// Latencies as in an AWS region.
    #[must_use]
    pub const fn aws() -> Self {
        Self(Some(of_aws))
    }

    /// Latencies that a function says.
    #[must_use]
    pub const fn of(times: Times) -> Self {
        Self(Some(times))
    }

    /// Whether any step takes time.
    #[must_use]
    pub const fn is_on(self) -> bool {
        self.0.is_some()
    }

    /// Waits as long as a step takes.
    pub async fn wait(self, step: Step) {
        if let Some(times) = self.0 {
            let time = times(step, fastrand::f64());
            if !time.is_zero() {
                tokio::time::sleep(time).await;
            }
        }
    }
}

/// The time of a step at a quantile, which is read from the line between the two known quantiles around it.
fn of_aws(step: Step, quantile: f64) -> Duration {
    const KNOWN: [f64; 5] = [0.0, 0.5, 0.9, 0.99, 1.0];
    let times = step.quantiles();
    let mut points = KNOWN.into_iter().zip(times);
    let mut below = points.next().unwrap_or_default();
    for above in points {
        if quantile <= above.0 {
            let part = (quantile - below.0) / (above.0 - below.0);
            let millis = below.1 + part.clamp(0.0, 1.0) * (above.1 - below.1);
            return Duration::from_secs_f64(millis / 1_000.0);
        }
        below = above;
    }
    Duration::from_secs_f64(below.1 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_on_the_line_between_the_known_ones() {
        let millis = |quantile| of_aws(Step::Transaction, quantile).as_secs_f64() * 1_000.0;
        for (quantile, expected) in [(0.0, 19.4), (0.25, 22.35), (0.5, 25.3), (0.9, 30.7), (0.99, 92.5), (1.0, 218.0)] {
            assert!((millis(quantile) - expected).abs() < 0.01, "{quantile}: {}", millis(quantile));
        }
    }
}
