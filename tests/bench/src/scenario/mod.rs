//! The scenarios: what is done to a system, what is measured, and what must be true afterwards.

use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::Failure;
use crate::checker::Findings;
use crate::system::System;

mod crowd;
mod exchange;
mod people;
mod storm;

/// How long it may take until thousands of clients are back, or are known to be gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a system may rest before and after a scenario, so that none bears the work of another.
const PAUSE: Duration = Duration::from_secs(1);

/// How large the scenarios are.
#[derive(Args, Clone, Debug)]
pub(crate) struct Sizes {
    /// Pairs of one sender and one recipient in `closed-1`, `closed-8` and `open`.
    #[arg(long, default_value_t = 50)]
    pub(crate) pairs: usize,
    /// How long the scenarios with messages are measured, in seconds.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) seconds: f64,
    /// How long they run before they are measured, in seconds.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) warmup: f64,
    /// Messages per second in `open`. Without it, half of the best of `closed-1` and `closed-8` of the same call.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Sockets of the one recipient in `devices`.
    #[arg(long, default_value_t = 50)]
    pub(crate) devices: usize,
    /// Pairs of clients in `polling`.
    #[arg(long, default_value_t = 20)]
    pub(crate) polling_pairs: usize,
    /// Clients in `crowd`.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) crowd: usize,
    /// How long the clients of `crowd` are idle before the memory is read, in seconds.
    #[arg(long, default_value_t = 4.0)]
    pub(crate) settle: f64,
    /// Clients in `storm`.
    #[arg(long, default_value_t = 2_000)]
    pub(crate) storm: usize,
    /// Handshakes that are open at the same time in `crowd` and `storm`.
    #[arg(long, default_value_t = 64)]
    pub(crate) at_once: usize,
}

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
    fn new(scenario: &'static str, values: &Value) -> Self {
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

/// Runs the scenarios of these names, in an order of their own, and hands each outcome to `tell` as soon as it is there.
/// `crowd` has three outcomes: `connect`, `idle` and `gone`. If a scenario cannot be finished, its outcome says why.
///
/// # Errors
/// If a name is unknown.
pub(crate) async fn run(
    system: &System,
    names: &[String],
    sizes: &Sizes,
    mut tell: impl FnMut(&Outcome),
) -> Result<(), Failure> {
    let known = ["closed-1", "closed-8", "open", "devices", "polling", "crowd", "storm"];
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("the scenario {unknown} is unknown: there are {}", known.join(", ")).into());
    }
    let mut peak: Option<f64> = None;
    for name in known.into_iter().filter(|name| names.iter().any(|wanted| wanted == name)) {
        tokio::time::sleep(PAUSE).await;
        let outcomes = one(system, name, sizes, peak).await.unwrap_or_else(|error| {
            let problems = vec![format!("not finished: {error}")];
            let scenario = if name == "crowd" { "gone" } else { name };
            vec![Outcome { problems, ..Outcome::new(scenario, &Value::Null) }]
        });
        for outcome in outcomes {
            if outcome.scenario.starts_with("closed") {
                let rate = outcome.values.get("messages_per_s").and_then(Value::as_f64);
                peak = peak.into_iter().chain(rate).reduce(f64::max);
            }
            tell(&outcome);
        }
    }
    Ok(())
}

/// Runs one scenario. `peak` is the best rate of the closed loops so far, in messages per second.
async fn one(system: &System, name: &str, sizes: &Sizes, peak: Option<f64>) -> Result<Vec<Outcome>, Failure> {
    let outcome = match name {
        "crowd" => return crowd::run(system, sizes).await,
        "storm" => storm::run(system, sizes).await,
        "closed-1" => exchange::closed(system, sizes, 1).await,
        "closed-8" => exchange::closed(system, sizes, 8).await,
        "devices" => exchange::devices(system, sizes).await,
        "polling" => exchange::polling(system, sizes).await,
        _ => {
            let rate = sizes.rate.or(peak.map(|peak| peak / 2.0));
            let rate = rate.ok_or("open needs --rate, or closed-1 or closed-8 before it")?;
            exchange::open(system, sizes, rate).await
        }
    };
    Ok(vec![outcome?])
}

/// A number of the results without digits that say nothing.
fn rounded(value: f64) -> Value {
    json!((value * 1_000.0).round() / 1_000.0)
}

/// A count as a floating-point number. No scenario has more than 2^32 of anything.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
