//! The services of the pocket cloud over HTTP, for processes of functions.
//!
//! A request says by its session token which process makes it. It is handed to the invocation of that process, which
//! answers it as the connector of the function does.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, UNIX_EPOCH};

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::DATE;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use relay::clock::{Clock, Timestamp};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};

use super::said::Said;
use super::server::{self, Answered, CutOff};
use super::signature;
use crate::connector::{Services, refusal};

/// A process that makes requests.
struct Caller {
    said: UnboundedSender<Said>,
    connections: Vec<AbortHandle>,
}

/// The endpoint.
pub(super) struct Endpoint {
    host: String,
    secret: String,
    clock: Clock,
    /// The processes, by session token.
    callers: Mutex<HashMap<String, Caller>>,
    serving: Mutex<JoinSet<()>>,
}

impl Endpoint {
    /// Opens the endpoint on a free port of this machine.
    ///
    /// # Errors
    /// If there is none.
    pub(super) async fn open(services: &Services, clock: &Clock) -> io::Result<Arc<Self>> {
        let (listener, address) = server::bind().await?;
        let endpoint = Arc::new(Self {
            host: address.to_string(),
            secret: services.storage.secret().to_owned(),
            clock: clock.clone(),
            callers: Mutex::default(),
            serving: Mutex::default(),
        });
        let weak = Arc::downgrade(&endpoint);
        let answering = server::serve(listener, move |request, connection| answer(weak.clone(), request, connection));
        endpoint.serving.lock().unwrap_or_else(PoisonError::into_inner).spawn(answering);
        Ok(endpoint)
    }

    /// The address and the port of the endpoint.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// From now on the requests of this session are handed over to `said`, until the value is dropped.
    pub(super) fn admit(self: &Arc<Self>, session: String, said: UnboundedSender<Said>) -> Admitted {
        self.callers().insert(session.clone(), Caller { said, connections: Vec::new() });
        Admitted { endpoint: Arc::clone(self), session }
    }

    fn callers(&self) -> std::sync::MutexGuard<'_, HashMap<String, Caller>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process that this session belongs to. Remembers that it uses the connection.
    fn caller(&self, session: &str, connection: AbortHandle) -> Option<UnboundedSender<Said>> {
        let mut callers = self.callers();
        let caller = callers.get_mut(session)?;
        caller.connections.retain(|known| !known.is_finished() && known.id() != connection.id());
        caller.connections.push(connection);
        Some(caller.said.clone())
    }

    async fn handled(&self, request: Request<Incoming>, connection: AbortHandle) -> Result<HttpResponse, CutOff> {
        let (parts, body) = request.into_parts();
        let session = parts.headers.get("x-amz-security-token").and_then(|token| token.to_str().ok());
        let Some(session) = session.map(str::to_owned) else {
            return Ok(refusal(403, "MissingAuthenticationTokenException", "the request is not signed"));
        };
        let Some(said) = self.caller(&session, connection) else {
            return Ok(refusal(403, "UnrecognizedClientException", "the security token is not known"));
        };
        let body = body.collect().await.map_err(|_| CutOff)?.to_bytes();
        let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(self.clock.now().millis()).unwrap_or_default());
        if let Err(problem) = signature::check(&parts, &body, (&self.secret, &session), now) {
            tracing::error!(session, problem, "a function made a request that is not signed as it must be");
            return Ok(refusal(403, "InvalidSignatureException", problem));
        }
        let host = parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let uri = format!("http://{host}{}", parts.uri.path_and_query().map_or("/", |path| path.as_str()));
        let mut request = Request::builder().method(parts.method).uri(uri);
        if let Some(headers) = request.headers_mut() {
            *headers = parts.headers;
        }
        let request = request.body(SdkBody::from(body)).ok().and_then(|request| HttpRequest::try_from(request).ok());
        let Some(request) = request else { return Ok(refusal(400, "BadRequest", "this is no request")) };
        let (answering, answer) = oneshot::channel();
        said.send(Said::Asked(Box::new(request), answering)).map_err(|_| CutOff)?;
        answer.await.map_err(|_| CutOff)
    }
}

async fn answer(endpoint: Weak<Endpoint>, request: Request<Incoming>, connection: AbortHandle) -> Answered {
    let endpoint = endpoint.upgrade().ok_or(CutOff)?;
    let answer = endpoint.handled(request, connection).await?;
    let (parts, body) = answer.try_into_http1x().map_err(|_| CutOff)?.into_parts();
    let body: Bytes = body.collect().await.map_err(|_| CutOff)?.to_bytes();
    let mut answer = Response::from_parts(parts, Full::new(body));
    // The SDK signs by this clock from the first answer on, as it does with AWS.
    if let Some(date) = http_date(endpoint.clock.now()) {
        answer.headers_mut().insert(DATE, date);
    }
    Ok(answer)
}

/// A moment in the form of the header `Date`.
fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let moment = time::OffsetDateTime::from_unix_timestamp(at.seconds()).ok()?;
    HeaderValue::try_from(moment.format(format).ok()?).ok()
}

/// A process that may make requests.
pub(super) struct Admitted {
    endpoint: Arc<Endpoint>,
    session: String,
}

impl Admitted {
    /// Cuts off all connections of the process.
    pub(super) fn cut_off(&self) {
        if let Some(caller) = self.endpoint.callers().get_mut(&self.session) {
            caller.connections.drain(..).for_each(|connection| connection.abort());
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.endpoint.callers().remove(&self.session);
    }
}
