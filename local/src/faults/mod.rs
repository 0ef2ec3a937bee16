//! The fault layer: injects the faults that a cloud can cause, on demand or at random from a seed.
//!
//! It is off by default. A test injects an [`Effect`] into the AWS requests that match a [`Rule`], or a [`RunEffect`]
//! into the invocations that match a [`RunRule`]. Or the layer draws everything from a seed, at a rate
//! ([`Faults::randomize`]): the same sequence of requests and invocations then meets the same faults.
//!
//! - `rule`: the requests or invocations to which a fault applies.
//! - `effect`: the effects of a fault.
//! - `draw`: random faults.
//! - `invocation`: which invocation a request belongs to, and how an invocation is killed.
//! - `apply`: applies effects to requests.
//! - `index`: indexes that lag behind their table.

mod apply;
mod draw;
mod effect;
mod index;
mod invocation;
mod rule;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use apply::with_body;
pub use draw::Draw;
pub use effect::{Effect, Refusal, RunEffect};
use index::Lag;
pub(crate) use index::written;
pub use rule::{AwsRequest, Rule, RunRule, Service, Trigger};

use crate::gateway::DisconnectFault;
use rule::Counted;

/// The fault layer of one pocket cloud. Clones share it.
#[derive(Clone, Default)]
pub struct Faults(Arc<Layer>);

#[derive(Default)]
struct Layer {
    on: AtomicBool,
    /// The number of deliveries that are held back.
    late: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: Vec<(Counted<Rule>, Effect)>,
    runs: Vec<(Counted<RunRule>, RunEffect)>,
    random: Option<Draw>,
    injected: Vec<String>,
    lag: Lag,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faults").field("on", &self.is_on()).field("seed", &self.seed()).finish_non_exhaustive()
    }
}

impl Faults {
    /// Creates a layer that draws from a seed: each request and each invocation meets a fault with the probability
    /// `rate`, from 0 to 1.
    #[must_use]
    pub fn random(seed: u64, rate: f64) -> Self {
        let faults = Self::default();
        faults.randomize(seed, rate);
        faults
    }

    /// From now on the layer draws from a seed, as with [`Faults::random`]. Injected rules stay.
    pub fn randomize(&self, seed: u64, rate: f64) {
        self.state().random = Some(Draw::new(seed, rate));
        self.0.on.store(true, Ordering::SeqCst);
    }

    /// From now on `effect` happens to the requests that match `rule`. If several rules match, the effect of the rule
    /// that was injected first happens; the other rules still count the request.
    pub fn inject(&self, rule: Rule, effect: Effect) {
        self.state().requests.push((Counted::new(rule), effect));
        self.0.on.store(true, Ordering::SeqCst);
    }

    /// From now on `effect` happens to the invocations that match `rule`. If several rules match, the effect of the
    /// rule that was injected first happens; the other rules still count the invocation.
    pub fn inject_run(&self, rule: RunRule, effect: RunEffect) {
        self.state().runs.push((Counted::new(rule), effect));
        self.0.on.store(true, Ordering::SeqCst);
    }

    /// Removes all rules and the seed. The list of injected faults stays, and deliveries that are late already stay
    /// late.
    pub fn clear(&self) {
        let mut state = self.state();
        state.requests.clear();
        state.runs.clear();
        state.random = None;
        state.lag = Lag::default();
        self.0.on.store(false, Ordering::SeqCst);
    }

    /// Whether any fault may happen.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.on.load(Ordering::SeqCst)
    }

    /// The seed from which faults are drawn.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.state().random.as_ref().map(Draw::seed)
    }

    /// The faults that were injected so far, in order, one line each.
    #[must_use]
    pub fn injected(&self) -> Vec<String> {
        self.state().injected.clone()
    }

    /// The number of deliveries that are still held back.
    #[must_use]
    pub fn late(&self) -> usize {
        self.0.late.load(Ordering::SeqCst)
    }

    /// The effect on a request.
    pub(crate) fn on_request(&self, request: &AwsRequest) -> Option<Effect> {
        let state = &mut *self.state();
        let mut chosen = None;
        for (rule, effect) in &mut state.requests {
            if rule.rule.matches(request) && effect.fits(request) && rule.is_due() && chosen.is_none() {
                chosen = Some(effect.clone());
            }
        }
        let chosen = chosen.or_else(|| state.random.as_mut()?.request(request));
        if let Some(effect) = &chosen {
            state.note(format!("{request}: {effect}"));
        }
        chosen
    }

    /// When an event is handed to a function: once for each element, after that delay.
    pub(crate) fn deliveries(&self, trigger: Trigger, package: &str) -> Vec<Duration> {
        let effect = if self.is_on() { self.on_run(trigger, package, RunEffect::is_of_delivery) } else { None };
        match effect {
            Some(RunEffect::LeftOut) => Vec::new(),
            Some(RunEffect::Twice) => vec![Duration::ZERO; 2],
            Some(RunEffect::Again(later)) => vec![Duration::ZERO, later],
            Some(RunEffect::Late(late)) => vec![late],
            _ => vec![Duration::ZERO],
        }
    }

    /// The fault of a connection's `$disconnect`.
    pub(crate) fn disconnect(&self) -> Option<DisconnectFault> {
        let millis = |late: Duration| u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
        let effect =
            if self.is_on() { self.on_run(Trigger::Disconnect, "disconnect", RunEffect::is_of_delivery) } else { None };
        match effect? {
            RunEffect::LeftOut => Some(DisconnectFault::Lost),
            RunEffect::Twice | RunEffect::Again(_) => Some(DisconnectFault::Doubled),
            RunEffect::Late(late) => Some(DisconnectFault::LateMillis(millis(late))),
            _ => None,
        }
    }

    fn on_run(&self, trigger: Trigger, package: &str, of_kind: fn(&RunEffect) -> bool) -> Option<RunEffect> {
        let state = &mut *self.state();
        let mut chosen = None;
        for (rule, effect) in &mut state.runs {
            let fits = of_kind(effect) && effect.fits(trigger);
            if fits && rule.rule.matches(trigger, package) && rule.is_due() && chosen.is_none() {
                chosen = Some(*effect);
            }
        }
        let chosen = chosen.or_else(|| state.random.as_mut()?.run(trigger, of_kind));
        // A run that is to be killed may end before. A kill is recorded when it happens.
        if let Some(effect) = chosen.filter(|effect| !effect.is_of_run()) {
            state.note(format!("{trigger} of {package}: {effect}"));
        }
        chosen
    }

    /// Corrects the start of a query that continues from an empty page. Returns whether it does.
    pub(crate) fn find_place(&self, query: &mut serde_json::Value) -> bool {
        self.state().lag.find_place(query)
    }

    /// Records that an item is written, and what it was before: null if it did not exist.
    pub(crate) fn remember_image(&self, table: &str, key: serde_json::Value, before: serde_json::Value) {
        self.state().lag.remember_image(table, key, before);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a delivery that is held back, as long as it is. A delivery without a delay does not count.
    pub(crate) fn hold_for(&self, late: Duration) -> Option<Held> {
        if late.is_zero() {
            return None;
        }
        self.0.late.fetch_add(1, Ordering::SeqCst);
        Some(Held(self.clone()))
    }
}

impl State {
    fn note(&mut self, what: String) {
        tracing::info!(fault = what, "a fault is injected");
        self.injected.push(format!("{}. {what}", self.injected.len() + 1));
    }
}

/// A delivery that is held back, until this value is dropped.
#[derive(Debug)]
pub(crate) struct Held(Faults);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.late.fetch_sub(1, Ordering::SeqCst);
    }
}
