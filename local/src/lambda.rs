//! The functions: a registry of handlers by the name with which they are invoked. The gateway invokes them
//! synchronously, and they invoke each other asynchronously.
//!
//! As in Lambda, an asynchronous invocation that fails is tried again as often as template.yaml says, and each may come
//! twice. A panic is a failed invocation. A function at its reserved concurrency refuses synchronous invocations, and
//! asynchronous ones wait until they are too old. One thing differs from Lambda: an environment here handles many events
//! at a time.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::sync::watch::Sender;
use tokio::time::Instant;

use crate::concurrency::{self, Concurrency, Throttled};
use crate::faults::{Faults, Trigger};
use crate::gateway::{FunctionError, Integration};
use crate::latency::{Latency, Step};
use crate::template::{Asynchronous, Destination, Function};
use crate::watch::{self, AwsCall, Watch};

/// The most bytes of an asynchronous event (docs/api-gateway.md, "Lambda").
const EVENT_MAX_BYTES: usize = 1_048_576;

/// The waits before the first and the second retry (docs/api-gateway.md, "Lambda"), scaled by the registry's setting.
const RETRY_WAITS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// The most invocations of one function that run at the same time, however many Lambda would run. Further ones wait for
/// one to end. All functions share the cores of one machine: with thousands of invocations at once, each request to AWS
/// would take longer than the functions wait for it.
const RUNNING_MAX: usize = 100;

/// A handler with its context. An error is a failed invocation.
pub type Handler = Arc<dyn Fn(Value) -> BoxFuture<'static, Result<Value, FunctionError>> + Send + Sync>;

/// The same handler, which ends when the timeout of its function is over. A process does that itself, because the time
/// that it takes to start does not count.
pub(crate) fn with_timeout(function: &Function, handler: Handler) -> Handler {
    let (name, timeout) = (function.name.clone(), function.timeout);
    Arc::new(move |event| {
        let (name, handling) = (name.clone(), handler(event));
        Box::pin(async move {
            let handled = tokio::time::timeout(timeout, handling).await;
            handled.unwrap_or_else(|_| Err(FunctionError(format!("{name} took longer than its timeout"))))
        })
    })
}

struct Deployed {
    handler: Handler,
    function: Arc<Function>,
    invocations: AtomicU64,
    concurrency: Concurrency,
    /// As many permits as invocations this machine runs at the same time.
    machine: Semaphore,
    /// The environments that are started and handle no event.
    idle: AtomicU64,
}

/// The registry.
pub struct Lambda {
    by_name: BTreeMap<String, Deployed>,
    running: Sender<u64>,
    panics: AtomicU64,
    failures: AtomicU64,
    doubled: AtomicBool,
    retry_scale: f64,
    faults: Faults,
    latency: Latency,
    watch: Watch,
}

impl std::fmt::Debug for Lambda {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lambda").field("functions", &self.by_name.keys()).finish_non_exhaustive()
    }
}

/// Why an event was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// There is no such function.
    #[error("there is no function of this name")]
    NotFound,
    /// The event is larger than Lambda accepts.
    #[error("the event is larger than {EVENT_MAX_BYTES} bytes")]
    TooLarge,
    /// The event is not JSON.
    #[error("the event is not JSON")]
    NotJson,
}

impl InvokeError {
    /// The HTTP status of Lambda's answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::NotJson => 400,
        }
    }

    /// The name of Lambda's exception.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotFound => "ResourceNotFoundException",
            Self::TooLarge => "RequestTooLargeException",
            Self::NotJson => "InvalidRequestContentException",
        }
    }
}

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
enum RunError {
    /// The function did not begin.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The function failed.
    #[error(transparent)]
    Failed(#[from] FunctionError),
}

/// Why an asynchronous event is not tried again.
#[derive(Debug, thiserror::Error)]
enum GivenUp {
    /// Every attempt failed; the error of the last one.
    #[error(transparent)]
    Failed(FunctionError),
    /// It is older than `MaximumEventAgeInSeconds`.
    #[error("the event is older than {} seconds", .0.as_secs())]
    TooOld(Duration),
}

impl GivenUp {
    /// The condition in the record, as Lambda names it.
    const fn condition(&self) -> &'static str {
        match self {
            Self::Failed(_) => "RetriesExhausted",
            Self::TooOld(_) => "EventAgeExceeded",
        }
    }

    /// What the record says about the last attempt, which an event that is too old may not have had.
    fn response(&self) -> Value {
        match self {
            Self::Failed(_) => json!({"statusCode": 200, "functionError": "Unhandled"}),
            Self::TooOld(_) => Value::Null,
        }
    }
}

/// Counts an invocation as long as it runs.
pub(crate) struct Running(Arc<Lambda>);

impl Running {
    fn new(lambda: &Arc<Lambda>) -> Self {
        lambda.running.send_modify(|running| *running += 1);
        Self(Arc::clone(lambda))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.send_modify(|running| *running -= 1);
    }
}

impl Lambda {
    /// Deploys functions with their handlers. `retry_scale` shortens the waits before retries; `faults` are injected
    /// into invocations, which are reported to `watch`.
    #[must_use]
    pub fn new(
        functions: Vec<(Arc<Function>, Handler)>,
        retry_scale: f64,
        faults: Faults,
        latency: Latency,
        watch: Watch,
    ) -> Arc<Self> {
        let by_name = functions
            .into_iter()
            .map(|(function, handler)| {
                let (invocations, idle) = (AtomicU64::new(0), AtomicU64::new(0));
                let (concurrency, machine) = (Concurrency::of(&function), Semaphore::new(RUNNING_MAX));
                (function.name.clone(), Deployed { handler, function, invocations, concurrency, machine, idle })
            })
            .collect();
        let (running, doubled) = (Sender::new(0), AtomicBool::new(false));
        let (panics, failures) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { by_name, running, panics, failures, doubled, retry_scale, faults, latency, watch })
    }

    /// The package of a function.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<String> {
        self.by_name.get(name).map(|deployed| deployed.function.package.clone())
    }

    /// From now on each asynchronous event comes twice, as Lambda says it may.
    pub fn double(&self) {
        self.doubled.store(true, Ordering::SeqCst);
    }

    /// The number of handlers that have panicked so far.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::SeqCst)
    }

    /// The number of invocations that have failed so far: by an error of the handler, a panic, or a timeout.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::SeqCst)
    }

    /// The number of invocations of a package's function so far.
    #[must_use]
    pub fn invocations(&self, package: &str) -> u64 {
        let of_package = self.by_name.values().filter(|deployed| deployed.function.package == package);
        of_package.map(|deployed| deployed.invocations.load(Ordering::SeqCst)).sum()
    }

    /// How often an invocation of a package's function was throttled so far.
    #[must_use]
    pub fn throttles(&self, package: &str) -> u64 {
        let of_package = self.by_name.values().filter(|deployed| deployed.function.package == package);
        of_package.map(|deployed| deployed.concurrency.throttles()).sum()
    }

    /// Accepts an event, and invokes the function after answering.
    ///
    /// # Errors
    /// [`InvokeError`], if the event is not accepted.
    pub fn invoke_later(self: &Arc<Self>, name: &str, event: &[u8]) -> Result<(), InvokeError> {
        if event.len() > EVENT_MAX_BYTES {
            return Err(InvokeError::TooLarge);
        }
        let event: Value = serde_json::from_slice(event).map_err(|_| InvokeError::NotJson)?;
        let Some(deployed) = self.by_name.get(name) else { return Err(InvokeError::NotFound) };
        watch::note_call(|| AwsCall::of("Lambda", "Invoke", deployed.function.package.clone(), 202));
        let times = if self.doubled.load(Ordering::SeqCst) { 2 } else { 1 };
        for _ in 0..times {
            for after in self.faults.deliveries(Trigger::Asynchronous, package_of(self, name)) {
                tokio::spawn(self.deliver(Trigger::Asynchronous, name, event.clone(), after));
            }
        }
        Ok(())
    }

    /// Hands an event to a function after a delay. Until then it counts as held back, and after that as running.
    fn deliver(
        self: &Arc<Self>,
        trigger: Trigger,
        name: &str,
        event: Value,
        after: Duration,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (lambda, name) = (Arc::clone(self), name.to_owned());
        let running = after.is_zero().then(|| Running::new(&lambda));
        let held = self.faults.hold_for(after);
        async move {
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
            let running = running.unwrap_or_else(|| Running::new(&lambda));
            drop(held);
            running.0.attempts(trigger, &name, event).await;
        }
    }

    /// Invokes a function with an asynchronous event until that succeeds, the attempts are used up, or the event is too
    /// old.
    async fn attempts(self: &Arc<Self>, trigger: Trigger, name: &str, event: Value) {
        let Asynchronous { max_age, retries, .. } = self
            .by_name
            .get(name)
            .map_or_else(Asynchronous::default, |deployed| deployed.function.asynchronous.clone());
        let accepted = Instant::now();
        let mut waits = RETRY_WAITS.iter().take(usize::try_from(retries).unwrap_or_default());
        let mut waits_throttled = concurrency::waits();
        loop {
            let wait = match self.run(trigger, name, event.clone()).await {
                Ok(_) => return,
                // Lambda returns the event to its queue. That is no attempt.
                Err(RunError::Throttled(_)) => waits_throttled.next(),
                Err(RunError::Failed(error)) => match waits.next() {
                    Some(wait) => Some(self.scaled(*wait)),
                    None => return self.give_up(name, event, &GivenUp::Failed(error)),
                },
            };
            let left = max_age.saturating_sub(accepted.elapsed());
            tokio::time::sleep(wait.unwrap_or(max_age).min(left)).await;
            if accepted.elapsed() >= max_age {
                return self.give_up(name, event, &GivenUp::TooOld(max_age));
            }
        }
    }

    /// Sends the record of an event that is not tried again to the destination in template.yaml.
    fn give_up(self: &Arc<Self>, name: &str, event: Value, why: &GivenUp) {
        tracing::error!(function = name, problem = %why, "an event was given up");
        let on_failure = self.by_name.get(name).and_then(|deployed| deployed.function.asynchronous.on_failure.clone());
        let Some(Destination::Function(destination)) = on_failure else { return };
        let record = json!({
            "version": "1.0",
            "requestContext": {"functionArn": name, "condition": why.condition()},
            "requestPayload": event,
            "responseContext": why.response(),
        });
        if let Err(error) = self.invoke_later(&destination, record.to_string().as_bytes()) {
            tracing::error!(function = destination, %error, "the record of an event that was given up was not taken");
        }
    }

    /// Invokes a function and waits for its answer.
    async fn run(self: &Arc<Self>, trigger: Trigger, name: &str, event: Value) -> Result<Value, RunError> {
        let answer = self.answer(trigger, name, event).await;
        if matches!(answer, Err(RunError::Failed(_))) {
            self.failures.fetch_add(1, Ordering::SeqCst);
        }
        answer
    }

    async fn answer(self: &Arc<Self>, trigger: Trigger, name: &str, event: Value) -> Result<Value, RunError> {
        let Some(deployed) = self.by_name.get(name) else {
            return Err(FunctionError(format!("there is no function {name}")).into());
        };
        let _running = deployed.concurrency.begin(&self.faults, trigger)?;
        let _permit = deployed.machine.acquire().await;
        deployed.invocations.fetch_add(1, Ordering::SeqCst);
        self.start(trigger, deployed).await;
        let Function { package, timeout, .. } = &*deployed.function;
        let started = self.watch.started(package, &trigger, &event);
        let handling = watch::within(&started, AssertUnwindSafe((deployed.handler)(event)).catch_unwind());
        let handling = self.faults.run((trigger, package), *timeout, handling);
        let handled = handling.await;
        deployed.idle.fetch_add(1, Ordering::SeqCst);
        let answer = match handled {
            Err(killed) => Err(FunctionError(format!("{name}: {killed}"))),
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                self.panics.fetch_add(1, Ordering::SeqCst);
                Err(FunctionError(format!("{name} panicked")))
            }
        };
        self.watch.ended(package, started, answer.as_ref().map_err(|FunctionError(problem)| problem.as_str()));
        Ok(answer?)
    }

    /// Waits as long as a handler takes to start. Without an idle environment Lambda starts another one.
    async fn start(&self, trigger: Trigger, deployed: &Deployed) {
        if !self.latency.is_on() {
            return;
        }
        let took_idle = deployed.idle.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |idle| idle.checked_sub(1));
        if took_idle.is_err() {
            self.latency.wait(Step::ColdStart).await;
        }
        let step = match trigger {
            Trigger::Synchronous | Trigger::Disconnect => Step::Start,
            Trigger::Asynchronous | Trigger::Schedule => Step::LateStart,
            Trigger::Stream | Trigger::Queue => Step::StreamStart,
        };
        self.latency.wait(step).await;
    }

    /// Invokes a function by its schedule, and waits for it unless it is late.
    pub async fn run_scheduled(self: &Arc<Self>, name: &str, event: Value) {
        let mut at_once = Vec::new();
        for after in self.faults.deliveries(Trigger::Schedule, package_of(self, name)) {
            let delivery = self.deliver(Trigger::Schedule, name, event.clone(), after);
            if after.is_zero() {
                at_once.push(delivery);
            } else {
                tokio::spawn(delivery);
            }
        }
        futures_util::future::join_all(at_once).await;
    }

    /// Invokes a function as often as necessary, and waits for it.
    pub(crate) async fn run_to_the_end(self: &Arc<Self>, name: &str, event: Value) {
        self.deliver(Trigger::Asynchronous, name, event, Duration::ZERO).await;
    }

    /// Invokes a function with records of a stream or messages of a queue, and waits for its answer.
    ///
    /// # Errors
    /// If the function fails.
    pub(crate) async fn run_for_source(
        self: &Arc<Self>,
        trigger: Trigger,
        name: &str,
        event: Value,
    ) -> Result<Value, FunctionError> {
        let running = Running::new(self);
        for wait in concurrency::waits() {
            match running.0.run(trigger, name, event.clone()).await {
                Err(RunError::Throttled(_)) => tokio::time::sleep(wait).await,
                Err(RunError::Failed(error)) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
        Err(FunctionError(format!("{name}: {Throttled}")))
    }

    /// A wait before a retry, shortened by the registry's setting.
    pub(crate) fn scaled(&self, wait: Duration) -> Duration {
        wait.mul_f64(self.retry_scale)
    }

    /// A value that counts as a running invocation until it is dropped.
    pub(crate) fn under_way(self: &Arc<Self>) -> Running {
        Running::new(self)
    }

    /// Waits until nothing runs.
    pub async fn settled(&self) {
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }

    /// Whether nothing runs.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self.running.borrow() == 0
    }
}

fn package_of<'a>(lambda: &'a Lambda, name: &str) -> &'a str {
    lambda.by_name.get(name).map_or("", |deployed| deployed.function.package.as_str())
}

/// The registry as the gateway's integration: it invokes functions synchronously with frames.
#[derive(Debug)]
pub struct Invoked(pub Arc<Lambda>);

impl Integration for Invoked {
    fn invoke(&self, function: &str, event: Value) -> BoxFuture<'static, Result<Value, FunctionError>> {
        let (lambda, name) = (Arc::clone(&self.0), function.to_owned());
        let running = Running::new(&lambda);
        Box::pin(async move {
            running.0.run(Trigger::Synchronous, &name, event).await.map_err(|error| match error {
                RunError::Throttled(throttled) => FunctionError(format!("{name}: {throttled}")),
                RunError::Failed(failed) => failed,
            })
        })
    }
}
