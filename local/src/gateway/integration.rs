//! The Lambda integration: what the gateway asks of a function, and how it reads the answer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::StatusCode;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::activity::Busy;

/// The Lambda integration. The gateway calls it when a client connects, sends a message or leaves.
pub trait Integration: Send + Sync + 'static {
    /// Runs `function`, which a route names, on `event`, the proxy event that API Gateway would send.
    ///
    /// The answer is what the function returned, `Null` if nothing. The future runs to its end even if the gateway has
    /// stopped waiting for it.
    fn invoke(&self, function: &str, event: Value) -> BoxFuture<'static, Result<Value, FunctionError>>;
}

/// A function failed: it returned an error, panicked, or could not be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FunctionError(pub String);

/// A function's answer to `$connect`.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The `Sec-WebSocket-Protocol` header of the answer.
    pub(super) subprotocol: Option<String>,
}

impl Answer {
    /// The answer of an API without a `$connect` route.
    pub(super) fn accepted() -> Self {
        Self { status: StatusCode::OK, subprotocol: None }
    }

    /// Parses a proxy answer: an object with an integer `statusCode` of at least 200, and optionally headers and a text
    /// body.
    fn parse(value: &Value) -> Option<Self> {
        let status = value.get("statusCode")?.as_u64()?;
        let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
        if status.is_informational() {
            return None;
        }
        let well_formed = |name: &str, fits: fn(&Value) -> bool| value.get(name).is_none_or(|v| v.is_null() || fits(v));
        let sound = well_formed("body", Value::is_string)
            && well_formed("headers", Value::is_object)
            && well_formed("multiValueHeaders", Value::is_object);
        sound.then(|| Self { status, subprotocol: subprotocol(value) })
    }
}

fn subprotocol(answer: &Value) -> Option<String> {
    let find = |name: &str| {
        let headers = answer.get(name)?.as_object()?;
        headers.iter().find(|(key, _)| key.eq_ignore_ascii_case("sec-websocket-protocol")).map(|(_, value)| value)
    };
    let single = find("headers").and_then(Value::as_str);
    let several = || find("multiValueHeaders").and_then(Value::as_array)?.first()?.as_str();
    single.or_else(several).map(str::to_owned)
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The function failed, or its answer was malformed.
    Failed,
    /// The function took too long. It still runs.
    TimedOut,
}

/// A running function. A caller can wait for its answer.
pub(super) struct Invocation {
    running: JoinHandle<Result<Value, FunctionError>>,
    function: String,
}

impl Invocation {
    /// Starts a function after a delay. It counts as `busy` until it ends, whoever waits for it.
    pub(super) fn start(integration: &Arc<dyn Integration>, call: Call, busy: Busy) -> Self {
        let Call { function, event, delay } = call;
        let integration = Arc::clone(integration);
        let name = function.clone();
        let running = tokio::spawn(async move {
            let _busy = busy;
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            integration.invoke(&name, event).await
        });
        Self { running, function }
    }

    /// Waits for the answer, for at most `timeout`.
    pub(super) async fn answer(self, timeout: Duration) -> Result<Answer, Failure> {
        let Self { running, function } = self;
        let failure = match tokio::time::timeout(timeout, running).await {
            Ok(Ok(Ok(value))) => match Answer::parse(&value) {
                Some(answer) => return Ok(answer),
                None => "its answer is malformed: it must be an object with an integer statusCode, and a body only if that is text".to_owned(),
            },
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(panic)) => panic.to_string(),
            Err(_elapsed) => {
                tracing::warn!(function, "the function did not answer in time");
                return Err(Failure::TimedOut);
            }
        };
        tracing::warn!(function, error = failure, "the function failed");
        Err(Failure::Failed)
    }
}

/// The function to run, its event, and the delay before it starts.
pub(super) struct Call {
    pub(super) function: String,
    pub(super) event: Value,
    pub(super) delay: Duration,
}
