//! The Lambda Runtime API of one process: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::collections::HashSet;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::said::{Invocation, Outcome, Said};
use super::server::Answered;

/// The path of the API, with its version.
const ROOT: &str = "/2018-06-01/runtime/";

/// The most bytes of an answer that Lambda accepts.
pub(super) const ANSWER_MAX_BYTES: usize = 6_291_556;

/// The API of one process.
pub(super) struct RuntimeApi {
    invocations: Mutex<UnboundedReceiver<Invocation>>,
    said: UnboundedSender<Said>,
    /// The ids of the requests that the process handles.
    current: StdMutex<HashSet<String>>,
}

impl RuntimeApi {
    /// Creates an API that hands over these invocations, and tells what the process says.
    pub(super) fn new(invocations: UnboundedReceiver<Invocation>, said: UnboundedSender<Said>) -> Arc<Self> {
        Arc::new(Self { invocations: Mutex::new(invocations), said, current: StdMutex::default() })
    }

    /// Answers a request.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answered {
        let (parts, body) = request.into_parts();
        let path: Vec<&str> = parts.uri.path().strip_prefix(ROOT).unwrap_or_default().split('/').collect();
        match (&parts.method, path.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => Ok(self.next().await),
            (&Method::POST, ["invocation", id, end @ ("response" | "error")]) => {
                if !self.take_current(id) {
                    return Ok(refusal(StatusCode::BAD_REQUEST, "InvalidRequestID"));
                }
                let Ok(body) = Limited::new(body, ANSWER_MAX_BYTES).collect().await else {
                    self.say(Said::Ended((*id).to_owned(), Outcome::TooLarge));
                    return Ok(refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge"));
                };
                let body = body.to_bytes();
                let outcome = if *end == "response" { Outcome::Answer(body) } else { Outcome::Failed(body) };
                self.say(Said::Ended((*id).to_owned(), outcome));
                Ok(accepted())
            }
            (&Method::POST, ["init", "error"]) => {
                let body = Limited::new(body, ANSWER_MAX_BYTES).collect().await;
                self.say(Said::NotStarted(body.map(|body| body.to_bytes()).unwrap_or_default()));
                Ok(accepted())
            }
            _ => Ok(refusal(StatusCode::NOT_FOUND, "NotFound")),
        }
    }

    /// Waits for an event. A process that handles one event at a time is idle meanwhile; one that handles several asks
    /// as often as it can handle one more.
    async fn next(&self) -> Response<Full<Bytes>> {
        let mut invocations = self.invocations.lock().await;
        self.say(Said::Ready);
        let Some(invocation) = invocations.recv().await else {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException");
        };
        self.current.lock().unwrap_or_else(PoisonError::into_inner).insert(invocation.id.clone());
        let mut response = Response::new(Full::new(invocation.event));
        let headers = response.headers_mut();
        put(headers, "lambda-runtime-aws-request-id", &invocation.id);
        put(headers, "lambda-runtime-deadline-ms", &invocation.deadline_millis.to_string());
        put(headers, "lambda-runtime-invoked-function-arn", &invocation.arn);
        put(headers, "content-type", "application/json");
        response
    }

    /// Ends a request that the process handles; false if it does not handle it.
    fn take_current(&self, id: &str) -> bool {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }

    fn say(&self, said: Said) {
        let _ = self.said.send(said);
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn accepted() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(json!({"status": "OK"}).to_string()));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn refusal(status: StatusCode, kind: &str) -> Response<Full<Bytes>> {
    let body = json!({"errorType": kind, "errorMessage": "the Runtime API refuses the request"});
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response
}
