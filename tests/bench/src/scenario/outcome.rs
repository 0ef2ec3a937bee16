//! What comes of a scenario.

use serde_json::{Map, Value, json};

use crate::checker::Findings;
use crate::system::System;

/// What came of one scenario.
pub(crate) struct Outcome {
    /// The name of the scenario in the results.
    pub(crate) scenario: &'static str,
    /// What was measured, by name.
    pub(crate) values: Map<String, Value>,
    /// What was wrong with the messages.
    pub(crate) findings: Findings,
    /// Whatever else must be true and is not.
    pub(crate) problems: Vec<String>,
}

impl Outcome {
    /// An outcome with figures, and with nothing wrong.
    pub(super) fn new(scenario: &'static str, values: &Value) -> Self {
        let values = values.as_object().cloned().unwrap_or_default();
        Self { scenario, values, findings: Findings::default(), problems: Vec::new() }
    }

    /// Whether everything is true that must be.
    pub(crate) fn is_clean(&self) -> bool {
        self.findings.is_clean() && self.problems.is_empty()
    }

    /// The line of the results.
    pub(crate) fn line(&self, system: &System, round: u32, commit: &str) -> Value {
        json!({
            "commit": commit,
            "system": system.name,
            "scenario": self.scenario,
            "round": round,
            "clean": self.is_clean(),
            "findings": self.findings.json(),
            "problems": self.problems,
            "values": self.values,
        })
    }
}

/// A number of the results without digits that say nothing.
pub(super) fn rounded(value: f64) -> Value {
    json!((value * 1_000.0).round() / 1_000.0)
}

/// A count as a floating-point number. No scenario has more than 2^32 of anything.
pub(super) fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
