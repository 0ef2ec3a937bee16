//! Times that were measured, and what is said of them.

use std::time::Duration;

use serde_json::{Value, json};

/// A collection of measured times.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    micros: Vec<u64>,
}

impl Latencies {
    /// Adds a time.
    pub(crate) fn add(&mut self, time: Duration) {
        self.micros.push(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds all times of another collection.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.micros.append(&mut other.micros);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.micros.len()
    }

    /// The median, the 99th percentile and the longest, in milliseconds; null if there are no times.
    pub(crate) fn summary(&mut self) -> Summary {
        self.micros.sort_unstable();
        Summary { p50: self.millis(50), p99: self.millis(99), max: self.millis(100) }
    }

    /// The smallest time that so many percent of all do not exceed. The times must be sorted.
    fn millis(&self, percent: usize) -> Value {
        let rank = (self.micros.len() * percent).div_ceil(100).max(1);
        self.micros
            .get(rank - 1)
            .map_or(Value::Null, |micros| json!(Duration::from_micros(*micros).as_secs_f64() * 1e3))
    }
}

/// What is said of a collection of times, in milliseconds.
#[derive(Debug, PartialEq)]
pub(crate) struct Summary {
    /// The median.
    pub(crate) p50: Value,
    /// The 99th percentile.
    pub(crate) p99: Value,
    /// The longest.
    pub(crate) max: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks_of_the_sorted_times() {
        let mut latencies = Latencies::default();
        for millis in (1..=200).rev() {
            latencies.add(Duration::from_millis(millis));
        }
        assert_eq!(latencies.summary(), Summary { p50: json!(100.0), p99: json!(198.0), max: json!(200.0) });
    }

    #[test]
    fn of_no_times_nothing_is_said() {
        assert_eq!(Latencies::default().summary(), Summary { p50: Value::Null, p99: Value::Null, max: Value::Null });
    }
}
