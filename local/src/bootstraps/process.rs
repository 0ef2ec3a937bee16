//! One environment: a process of a bootstrap.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnector as _;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use relay::clock::Clock;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::endpoint::{Admitted, Endpoint};
use super::runtime_api::{ANSWER_MAX_BYTES, RuntimeApi};
use super::said::{Invocation, Outcome, Said};
use super::{lines, server};
use crate::connector::{Connector, Services};
use crate::gateway::FunctionError;
use crate::template::{Function, REGION};

/// Lines of the log with this target say how long events took (docs/build.md, "Init").
pub const TIMES_TARGET: &str = "bootstrap_times";

/// How long a process may take after an answer until it asks for the next event.
const RETURN_MAX: Duration = Duration::from_secs(5);

/// How long the last lines of a process that has ended are waited for.
const LAST_LINES_MAX: Duration = Duration::from_millis(200);

/// How processes of a function are started.
#[derive(Clone)]
pub(super) struct Spec {
    pub(super) function: Arc<Function>,
    pub(super) program: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) services: Arc<Services>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) clock: Clock,
    pub(super) before_event: Arc<dyn Fn() + Send + Sync>,
    pub(super) started: Arc<AtomicU64>,
    /// How many events a process handles at once.
    pub(super) events_at_once: usize,
    /// How many times a process is thawed for each time at which its connections are dead by then.
    pub(super) thaws_per_cut: u64,
    /// How long a process may take to start before the invocation begins.
    pub(super) init_max: Duration,
}

/// What comes next from a process.
pub(super) enum Heard {
    /// It says something that is no request and no line.
    Said(Said),
    /// It has ended.
    Ended(Option<ExitStatus>),
}

/// A process. It is killed when the value is dropped.
pub(super) struct Process {
    child: Child,
    pid: Option<Pid>,
    invocations: UnboundedSender<Invocation>,
    said: UnboundedReceiver<Said>,
    /// The requests that are being answered.
    serving: FuturesUnordered<BoxFuture<'static, ()>>,
    connector: Connector,
    admitted: Admitted,
    /// The servers and the readers of this process.
    _tasks: JoinSet<()>,
    thaws: u64,
    /// How long it took to start.
    init: Duration,
    /// How many events it has been given.
    events: u64,
    /// How long the last event took, and the processor time before it.
    last: Option<(Duration, Option<Duration>)>,
}

/// Why there is no answer to an event.
pub(super) enum InvokeError {
    /// The function failed. The process goes on.
    Failed(FunctionError),
    /// The process is of no more use.
    Over(FunctionError),
}

impl Process {
    /// Starts a process, and waits until it asks for an event, as long as `init_max`.
    ///
    /// # Errors
    /// Why it does not, in Lambda's words.
    pub(super) async fn start(spec: &Spec, init_max: Duration) -> Result<Self, FunctionError> {
        let Spec { function, program, environment, services, endpoint, started, .. } = spec;
        let package = &function.package;
        let failed = |problem: std::io::Error| FunctionError(format!("{package} cannot be started: {problem}"));
        let begun = Instant::now();
        let (listener, address) = server::bind().await.map_err(failed)?;
        let session = format!("{package}.{}", started.fetch_add(1, Ordering::Relaxed) + 1);
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(environment)
            .env("AWS_SESSION_TOKEN", &session)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_LOG_STREAM_NAME", &session)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: the kernel ends a stopped group whose parent is gone.
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        let (saying, said) = mpsc::unbounded_channel();
        let (invocations, coming) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let api = RuntimeApi::new(coming, saying.clone());
        tasks.spawn(server::serve(listener, move |request, _| Arc::clone(&api).answer(request)));
        if let Some(output) = child.stdout.take() {
            tasks.spawn(lines::read(output, saying.clone()));
        }
        if let Some(output) = child.stderr.take() {
            tasks.spawn(lines::read(output, saying.clone()));
        }
        let admitted = endpoint.admit(session, saying);
        let connector = Connector::new(Arc::clone(services), Arc::clone(function));
        let serving = FuturesUnordered::new();
        let (thaws, init, events, last) = Default::default();
        let mut process = Self {
            child,
            pid,
            invocations,
            said,
            serving,
            connector,
            admitted,
            _tasks: tasks,
            thaws,
            init,
            events,
            last,
        };
        match tokio::time::timeout(init_max, process.hear()).await {
            Ok(Heard::Said(Said::Ready)) => {
                process.init = begun.elapsed();
                Ok(process)
            }
            Ok(Heard::Said(Said::NotStarted(problem))) => Err(FunctionError(error_of(&problem))),
            Ok(Heard::Said(_)) => Err(FunctionError(format!("{package} does not follow the Runtime API"))),
            Ok(Heard::Ended(status)) => Err(FunctionError(exited(package, status))),
            Err(_) => {
                let seconds = init_max.as_secs_f64();
                Err(FunctionError(format!("{package} did not ask for an event within {seconds:.2} seconds")))
            }
        }
    }

    /// Hands an event to the process. Returns the id of the request.
    ///
    /// # Errors
    /// If the process has ended.
    pub(super) fn hand_over(&mut self, event: Bytes, now: &Clock) -> Result<String, FunctionError> {
        let function = &self.connector.function;
        let timeout_millis = i64::try_from(function.timeout.as_millis()).unwrap_or(i64::MAX);
        let id = invocation_id(now);
        let invocation = Invocation {
            id: id.clone(),
            deadline_millis: now.now().plus_millis(timeout_millis).millis(),
            arn: format!("arn:aws:lambda:{REGION}:000000000000:function:{}", function.name),
            event,
        };
        self.events += 1;
        self.invocations.send(invocation).map_err(|_| FunctionError(exited(&function.package, None)))?;
        Ok(id)
    }

    /// Hands an event to the process, and waits for its answer. It then needs [`Process::returned`].
    pub(super) async fn invoke(&mut self, event: Bytes, now: &Clock) -> Result<Value, InvokeError> {
        let (begun, cpu_before) = (Instant::now(), self.cpu());
        self.hand_over(event, now).map_err(InvokeError::Over)?;
        let package = &self.connector.function.package.clone();
        match self.hear().await {
            Heard::Said(Said::Ended(_, outcome)) => {
                self.last = Some((begun.elapsed(), cpu_before));
                answer_of(package, outcome).map_err(InvokeError::Failed)
            }
            Heard::Said(_) => {
                Err(InvokeError::Over(FunctionError(format!("{package} does not follow the Runtime API"))))
            }
            Heard::Ended(status) => Err(InvokeError::Over(FunctionError(exited(package, status)))),
        }
    }

    /// Waits until the process asks for the next event after an answer. Returns whether it does.
    pub(super) async fn returned(&mut self) -> bool {
        let left_behind = self.serving.len();
        let returned = tokio::time::timeout(RETURN_MAX, self.hear()).await;
        self.report_left_behind(left_behind);
        if let Some((took, cpu_before)) = self.last.take() {
            self.tell_time(took, cpu_before);
        }
        matches!(returned, Ok(Heard::Said(Said::Ready)))
    }

    /// Tells the log how long an event took, from handing it over to the answer, and the processor time until the process
    /// asked for the next one. With the first event of a process also how long its start took, and the processor time of
    /// that.
    fn tell_time(&self, took: Duration, cpu_before: Option<Duration>) {
        let (Some(before), Some(after)) = (cpu_before, self.cpu()) else { return };
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let is_first = self.events == 1;
        tracing::debug!(
            target: TIMES_TARGET,
            function = self.connector.function.package,
            event = self.events,
            micros = micros(took),
            cpu_micros = micros(after.saturating_sub(before)),
            init_micros = if is_first { micros(self.init) } else { 0 },
            init_cpu_micros = if is_first { micros(before) } else { 0 },
        );
    }

    /// The processor time of the process; `None` if nobody wants to know.
    fn cpu(&self) -> Option<Duration> {
        if !tracing::enabled!(target: TIMES_TARGET, tracing::Level::DEBUG) {
            return None;
        }
        // Nanoseconds on a processor, nanoseconds in a queue, and the number of time slices of each thread.
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id()?)).ok()?;
        let of_thread = |path: PathBuf| {
            let line = std::fs::read_to_string(path.join("schedstat")).ok()?;
            line.split(' ').next()?.parse::<u64>().ok()
        };
        Some(Duration::from_nanos(threads.flatten().filter_map(|thread| of_thread(thread.path())).sum()))
    }

    /// Stops the process, as Lambda does between two events.
    pub(super) fn freeze(&mut self) {
        self.signal(Signal::STOP);
        let mut late = self.serving.len();
        self.serving.clear();
        while let Ok(said) = self.said.try_recv() {
            match said {
                Said::Line(line) => lines::log(&self.connector.function.package, &line),
                Said::Asked(..) => late += 1,
                _ => {}
            }
        }
        self.report_left_behind(late);
    }

    /// Lets the process go on. Each time after `thaws_per_cut` times its connections are dead by then.
    pub(super) fn thaw(&mut self, thaws_per_cut: u64) {
        self.thaws += 1;
        if self.thaws.is_multiple_of(thaws_per_cut) {
            self.admitted.cut_off();
        }
        self.signal(Signal::CONT);
    }

    /// Whether the process has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid.filter(|_| self.child.id().is_some()) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Answers requests and logs lines, until the process says something else or ends.
    pub(super) async fn hear(&mut self) -> Heard {
        loop {
            let said = tokio::select! {
                biased;
                Some(said) = self.said.recv() => said,
                Some(()) = self.serving.next(), if !self.serving.is_empty() => continue,
                status = self.child.wait() => {
                    self.log_last_lines().await;
                    return Heard::Ended(status.ok());
                }
            };
            match said {
                Said::Line(line) => lines::log(&self.connector.function.package, &line),
                Said::Asked(request, answering) => {
                    let answer = self.connector.call(*request);
                    self.serving.push(Box::pin(async move {
                        if let Ok(answer) = answer.await {
                            let _ = answering.send(answer);
                        }
                    }));
                }
                other => return Heard::Said(other),
            }
        }
    }

    async fn log_last_lines(&mut self) {
        while let Ok(Some(said)) = tokio::time::timeout(LAST_LINES_MAX, self.said.recv()).await {
            if let Said::Line(line) = said {
                lines::log(&self.connector.function.package, &line);
            }
        }
    }

    fn report_left_behind(&self, requests: usize) {
        if requests > 0 {
            let function = &self.connector.function.package;
            tracing::error!(function, requests, "a function has answered and left requests behind");
        }
    }
}

/// A process that has started before the invocation begins; `None` if it did not start, so that Lambda tries once more
/// (docs/api-gateway.md, "Lambda").
pub(super) async fn started(spec: &Spec) -> Option<Process> {
    match Process::start(spec, spec.init_max).await {
        Ok(process) => Some(process),
        Err(error) => {
            tracing::warn!(function = spec.function.package, %error, "a process did not start; another one is started");
            None
        }
    }
}

/// The error of an invocation that took longer than the timeout of its function, in Lambda's words.
pub(super) fn timed_out(spec: &Spec) -> FunctionError {
    let seconds = spec.function.timeout.as_secs_f64();
    FunctionError(format!("{}: Task timed out after {seconds:.2} seconds", spec.function.package))
}

/// An id as Lambda has them.
fn invocation_id(clock: &Clock) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = clock.random::<16>();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let [i, j, k, l, m, n, o, p] = rest;
    format!("{}-{}-{}-{}-{}", hex(&[a, b, c, d]), hex(&[e, f]), hex(&[g, h]), hex(&[i, j]), hex(&[k, l, m, n, o, p]))
}

/// The message of an error that a process reports.
fn error_of(report: &[u8]) -> String {
    let report: Value = serde_json::from_slice(report).unwrap_or_default();
    let text = |name: &str| report.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    format!("{}: {}", text("errorType"), text("errorMessage"))
}

/// What an outcome says to who has invoked the function.
///
/// # Errors
/// The error of the function.
pub(super) fn answer_of(package: &str, outcome: Outcome) -> Result<Value, FunctionError> {
    match outcome {
        Outcome::Answer(answer) => {
            serde_json::from_slice(&answer).map_err(|_| FunctionError(format!("the answer of {package} is not JSON")))
        }
        Outcome::Failed(problem) => Err(FunctionError(error_of(&problem))),
        Outcome::TooLarge => Err(FunctionError(format!(
            "Response payload size exceeded maximum allowed payload size ({ANSWER_MAX_BYTES} bytes)."
        ))),
    }
}

/// How a process ended, in Lambda's words.
pub(super) fn exited(package: &str, status: Option<ExitStatus>) -> String {
    let how = status.map_or_else(|| "unknown".to_owned(), |status| status.to_string());
    format!("Runtime.ExitError: {package}: runtime exited with {how}")
}
