//! How many invocations of a function may run at the same time (docs/api-gateway.md, "Lambda").
//!
//! A function with `ReservedConcurrentExecutions` runs that many at most. Lambda throttles a further one: it does not
//! begin. The quota of an account for all functions together has no counterpart here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::faults::{Faults, Trigger};
use crate::template::Function;

/// The wait before a throttled asynchronous event is tried again for the first time. Each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest such wait.
const WAIT_MAX: Duration = Duration::from_secs(5 * 60);

/// Lambda has no capacity for an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TooManyRequestsException: Rate Exceeded.")]
pub(crate) struct Throttled;

/// The invocations of one function that run. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Concurrency {
    package: String,
    /// As many permits as invocations may begin; `None` if none are reserved for the function.
    reserved: Option<Arc<Semaphore>>,
    /// How many invocations were throttled so far.
    throttles: Arc<AtomicU64>,
}

/// A running invocation. Dropping it makes room for the next one.
#[derive(Debug)]
pub(crate) struct Running {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Concurrency {
    /// The concurrency of a function of which nothing runs yet.
    pub(crate) fn of(function: &Function) -> Self {
        let permits = function.concurrency.map(|reserved| usize::try_from(reserved).unwrap_or(Semaphore::MAX_PERMITS));
        let reserved = permits.map(|permits| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))));
        Self { package: function.package.clone(), reserved, throttles: Arc::default() }
    }

    /// How many invocations were throttled so far.
    pub(crate) fn throttles(&self) -> u64 {
        self.throttles.load(Ordering::SeqCst)
    }

    /// Begins an invocation.
    ///
    /// # Errors
    /// [`Throttled`], if as many run as may run, or if the fault layer wants it.
    pub(crate) fn begin(&self, faults: &Faults, trigger: Trigger) -> Result<Running, Throttled> {
        let permit = match &self.reserved {
            _ if faults.throttles(trigger, &self.package) => Err(Throttled),
            Some(reserved) => Arc::clone(reserved).try_acquire_owned().map(Some).map_err(|_| Throttled),
            None => Ok(None),
        };
        if permit.is_err() {
            self.throttles.fetch_add(1, Ordering::SeqCst);
            tracing::warn!(function = self.package, "{trigger} was throttled");
        }
        Ok(Running { _permit: permit? })
    }
}

/// The waits before the attempts at a throttled event, without end.
pub(crate) fn waits() -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(FIRST_WAIT), |wait| Some((*wait * 2).min(WAIT_MAX)))
}
