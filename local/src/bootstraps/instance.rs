//! Environments that handle several events at once, as an instance that Lambda manages does.
//!
//! They are never stopped, and an event that takes too long ends neither them nor their other events. The requests that a
//! process makes to services cannot be told apart by the events for which it makes them.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, oneshot};

use super::process::{Heard, Process, Spec, answer_of, exited, started, timed_out};
use super::said::Said;
use crate::gateway::FunctionError;

/// The answer to an event.
type Answer = Result<Value, FunctionError>;

/// An event for an environment, and where its answer goes.
struct Job {
    event: Bytes,
    answering: oneshot::Sender<Answer>,
}

/// An execution environment of a function, as its pool sees it: a process that takes one event or several at once.
#[derive(Clone)]
struct Instance {
    jobs: UnboundedSender<Job>,
    /// As many permits as events it handles at once.
    room: Arc<Semaphore>,
}

/// The environments of a function.
#[derive(Default)]
pub(super) struct Instances(Mutex<Vec<Instance>>);

impl Instances {
    /// Handles an event in an environment that has room for it, or in another one.
    ///
    /// # Errors
    /// If the process cannot start, ends, reports an error, or takes longer than the timeout of the function.
    pub(super) async fn run(&self, spec: &Spec, event: Bytes) -> Answer {
        let (instance, _room) = self.with_room(spec).await?;
        let (answering, answer) = oneshot::channel();
        let ended = || FunctionError(exited(&spec.function.package, None));
        instance.jobs.send(Job { event, answering }).map_err(|_| ended())?;
        match tokio::time::timeout(spec.function.timeout, answer).await {
            Ok(answer) => answer.map_err(|_| ended())?,
            Err(_) => Err(timed_out(spec)),
        }
    }

    /// The first environment with room for one more event. While one is started, other events wait for it, too.
    async fn with_room(&self, spec: &Spec) -> Result<(Instance, OwnedSemaphorePermit), FunctionError> {
        let mut all = self.0.lock().await;
        all.retain(|instance| !instance.jobs.is_closed());
        let found = all.iter().find_map(|instance| {
            let room = Arc::clone(&instance.room).try_acquire_owned().ok()?;
            Some((instance.clone(), room))
        });
        if let Some(found) = found {
            return Ok(found);
        }
        let process = match started(spec).await {
            Some(process) => process,
            None => Process::start(spec, spec.function.timeout).await?,
        };
        let (jobs, coming) = mpsc::unbounded_channel();
        tokio::spawn(drive(process, coming, spec.clone()));
        let instance = Instance { jobs, room: Arc::new(Semaphore::new(spec.events_at_once)) };
        let room = Arc::clone(&instance.room).try_acquire_owned();
        let room = room.map_err(|_| FunctionError(format!("{} has no room", spec.function.package)))?;
        all.push(instance.clone());
        Ok((instance, room))
    }
}

/// Hands events to a process and answers to who waits for them, until the process ends or nobody has events any more.
async fn drive(mut process: Process, mut jobs: UnboundedReceiver<Job>, spec: Spec) {
    let package = &spec.function.package;
    let mut waiting: HashMap<String, oneshot::Sender<Answer>> = HashMap::new();
    loop {
        let heard = tokio::select! {
            heard = process.hear() => heard,
            job = jobs.recv() => {
                let Some(Job { event, answering }) = job else { return };
                match process.hand_over(event, &spec.clock) {
                    Ok(id) => drop(waiting.insert(id, answering)),
                    Err(error) => drop(answering.send(Err(error))),
                }
                continue;
            }
        };
        match heard {
            Heard::Said(Said::Ended(id, outcome)) => {
                if let Some(answering) = waiting.remove(&id) {
                    let _ = answering.send(answer_of(package, outcome));
                }
            }
            Heard::Said(_) => {}
            Heard::Ended(status) => {
                let problem = exited(package, status);
                for (_, answering) in waiting {
                    let _ = answering.send(Err(FunctionError(problem.clone())));
                }
                return;
            }
        }
    }
}
