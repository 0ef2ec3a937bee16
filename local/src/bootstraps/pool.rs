//! The environments of one function.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use relay::clock::Clock;
use serde_json::Value;

use super::process::{Process, Spec};
use crate::gateway::FunctionError;

/// How many times a process is thawed for each time at which its connections are dead by then.
const THAWS_PER_CUT: u64 = 8;

/// The environments of a function. There is one for each event that is handled at the same time; one that is idle is
/// used again.
pub(super) struct Pool {
    spec: Spec,
    clock: Clock,
    idle: Mutex<Vec<Process>>,
}

impl Pool {
    /// Creates a pool without processes.
    pub(super) fn new(spec: Spec) -> Arc<Self> {
        let clock = spec.clock.clone();
        Arc::new(Self { spec, clock, idle: Mutex::default() })
    }

    /// The package of the function.
    pub(super) fn package(&self) -> &str {
        &self.spec.function.package
    }

    /// Handles an event. Dropping the future kills the process that handles it.
    ///
    /// # Errors
    /// If the process cannot start, ends, reports an error, or takes longer than the timeout of the function.
    pub(super) async fn run(&self, event: Value) -> Result<Value, FunctionError> {
        let event = Bytes::from(event.to_string());
        (self.spec.before_event)();
        let mut process = match self.take() {
            Some(process) => process,
            None => Process::start(&self.spec).await?,
        };
        let timeout = self.spec.function.timeout;
        let Ok((answer, is_ready)) = tokio::time::timeout(timeout, process.invoke(event, &self.clock)).await else {
            let seconds = timeout.as_secs_f64();
            return Err(FunctionError(format!("{}: Task timed out after {seconds:.2} seconds", self.package())));
        };
        if is_ready {
            process.freeze();
            self.idle().push(process);
        }
        answer
    }

    /// An idle process, thawed.
    fn take(&self) -> Option<Process> {
        loop {
            let mut process = self.idle().pop()?;
            if !process.has_ended() {
                process.thaw(THAWS_PER_CUT);
                return Some(process);
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
