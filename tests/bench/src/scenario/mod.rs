//! The scenarios: what is done to a system, what is measured, and what must be true afterwards.

use serde_json::Value;

use crate::failure::Failure;
use crate::system::System;

mod crowd;
mod exchange;
mod outcome;
mod people;
mod sizes;
mod storm;

pub(crate) use outcome::Outcome;
use sizes::PAUSE;
pub(crate) use sizes::Sizes;

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
