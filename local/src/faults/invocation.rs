//! Which invocation a request belongs to, and how an invocation is killed.
//!
//! To kill an invocation, the fault layer drops its future. From the request at which that happens, no request of the
//! invocation is made or answered.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::Faults;
use super::effect::RunEffect;
use super::rule::{Service, Trigger};

tokio::task_local! {
    /// The invocation that this task runs. Handlers spawn no tasks of their own, because Lambda would freeze them.
    static CURRENT: Arc<Invocation>;
}

/// One run of a function.
#[derive(Debug)]
pub(crate) struct Invocation {
    requests: AtomicU64,
    end: Option<RunEffect>,
    killed: watch::Sender<bool>,
    /// The services to which it has made a request, as far as that matters.
    asked: Mutex<BTreeSet<Service>>,
}

/// Why a run has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was killed, as the fault layer wants it")]
pub(crate) struct Killed;

impl Invocation {
    /// The invocation whose handler calls this, if there is one.
    pub(super) fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Counts a request, and returns its number, from 1. Never returns if the invocation is killed before it.
    pub(super) async fn begin_request(&self) -> u64 {
        let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let over = match self.end {
            Some(RunEffect::KilledBefore(end)) => number >= end,
            Some(RunEffect::TimedOut) => true,
            _ => false,
        };
        if over || self.is_killed() {
            self.kill().await;
        }
        number
    }

    /// Records that a request is done. Never returns if the invocation is killed after it, or was killed meanwhile.
    pub(super) async fn end_request(&self, number: u64) {
        let over = matches!(self.end, Some(RunEffect::KilledAfter(end)) if number >= end);
        if over || self.is_killed() {
            self.kill().await;
        }
    }

    /// Whether the connection to a service is dead, because the function was frozen and this is its first request to
    /// the service since.
    pub(super) fn is_cut_off(&self, service: Service) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        self.end == Some(RunEffect::Thawed) && asked.insert(service)
    }

    fn is_killed(&self) -> bool {
        *self.killed.borrow()
    }

    async fn kill(&self) {
        self.killed.send_replace(true);
        std::future::pending::<()>().await;
    }
}

impl Faults {
    /// Whether Lambda has no capacity for an invocation.
    pub(crate) fn throttles(&self, trigger: Trigger, package: &str) -> bool {
        self.is_on() && self.on_run(trigger, package, RunEffect::is_throttle).is_some()
    }

    /// Runs a handler of the function of this package as one invocation. `timeout` is the timeout of the function.
    ///
    /// # Errors
    /// If the invocation was killed.
    pub(crate) async fn run<T>(
        &self,
        (trigger, package): (Trigger, &str),
        timeout: Duration,
        handling: impl Future<Output = T>,
    ) -> Result<T, Killed> {
        if !self.is_on() {
            return Ok(handling.await);
        }
        let over = tokio::time::Instant::now() + timeout;
        let end = self.on_run(trigger, package, RunEffect::is_of_run);
        let (requests, killed, asked) = (AtomicU64::new(0), watch::Sender::new(false), Mutex::default());
        let invocation = Arc::new(Invocation { requests, end, killed, asked });
        if let Some(thawed @ RunEffect::Thawed) = &end {
            self.state().note(format!("{trigger} of {package}: {thawed}"));
        }
        let mut killed = invocation.killed.subscribe();
        let answer = {
            let handling = std::pin::pin!(CURRENT.scope(Arc::clone(&invocation), handling));
            tokio::select! {
                biased;
                _ = killed.wait_for(|killed| *killed) => None,
                answer = handling => Some(answer),
            }
        };
        if let (Some(answer), false) = (answer, invocation.is_killed()) {
            return Ok(answer);
        }
        if let Some(effect) = &end {
            self.state().note(format!("{trigger} of {package}: {effect}"));
        }
        if end == Some(RunEffect::TimedOut) {
            tokio::time::sleep_until(over).await;
        }
        Err(Killed)
    }
}
