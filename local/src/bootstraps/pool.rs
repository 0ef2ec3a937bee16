//! The environments of one function.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use relay::clock::Clock;
use serde_json::Value;

use super::instance::Instances;
use super::process::{InvokeError, Process, Spec, started, timed_out};
use crate::gateway::FunctionError;

/// The environments of a function. There is one for each event that is handled at the same time; one that is idle is
/// used again. If a process handles several events at once, it gets as many as it can before another one is started.
pub(super) struct Pool {
    spec: Spec,
    clock: Clock,
    idle: Mutex<Vec<Process>>,
    instances: Instances,
}

impl Pool {
    /// Creates a pool without processes.
    pub(super) fn new(spec: Spec) -> Arc<Self> {
        let clock = spec.clock.clone();
        Arc::new(Self { spec, clock, idle: Mutex::default(), instances: Instances::default() })
    }

    /// The package of the function.
    pub(super) fn package(&self) -> &str {
        &self.spec.function.package
    }

    /// Handles an event. Dropping the future kills the process that handles it, unless that handles other events, too.
    ///
    /// # Errors
    /// If the process cannot start, ends, reports an error, or takes longer than the timeout of the function.
    pub(super) async fn run(&self, event: Value) -> Result<Value, FunctionError> {
        let event = Bytes::from(event.to_string());
        (self.spec.before_event)();
        if self.spec.events_at_once > 1 {
            return self.instances.run(&self.spec, event).await;
        }
        let mut process = match self.take() {
            Some(process) => Some(process),
            None => started(&self.spec).await,
        };
        let timeout = self.spec.function.timeout;
        let handling = async {
            let process = match &mut process {
                Some(process) => process,
                None => process.insert(Process::start(&self.spec, timeout).await.map_err(InvokeError::Over)?),
            };
            process.invoke(event, &self.clock).await
        };
        let handled = tokio::time::timeout(timeout, handling).await;
        let answer = match handled {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(InvokeError::Failed(error))) => Err(error),
            Ok(Err(InvokeError::Over(error))) => return Err(error),
            Err(_) => return Err(timed_out(&self.spec)),
        };
        if let Some(mut process) = process
            && process.returned().await
        {
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
                process.thaw(self.spec.thaws_per_cut);
                return Some(process);
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
