//! API Gateway's HTTP API: each request becomes an event of payload format 2.0 for the function that template.yaml's
//! routes name, and the function's answer becomes the response.
//!
//! The form of an event is known from reports: its path is percent-decoded, and ends where a decoded `?` was; its query
//! is as the client sent it; values of one header are joined by commas; cookies are separate; a body that is not text
//! is Base64.
//!
//! As in Lambda, a function runs to its end even if the client does not wait for it, and a request above the reserved
//! concurrency of a function is refused. Two things differ from Lambda:
//! when the system ends, a waiting GET is told so instead of being cut off; and a body may be larger than the 6 MB of
//! an event.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::IntoResponse as _;
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use frame::engine::Packet;
use http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use relay::clock::Clock;
use relay::http_event::HttpFunction;
use serde_json::{Map, Value, json};
use tokio::sync::watch::{Receiver, Sender};

use crate::concurrency::Concurrency;
use crate::faults::{Faults, Trigger};
use crate::gateway::request_id;
use crate::template::{Function, HttpRoute};
use crate::watch::{self, Watch};

/// The package of the function whose GETs wait.
const POLLING: &str = "polling";

/// How long API Gateway waits for a function of an HTTP API.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Why the routes cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// A route names a function that answers no HTTP requests.
    #[error("the function {0} is routed to, but answers no HTTP requests here")]
    Function(String),
    /// A route is for one method only, or is not a path.
    #[error("the route {0} is not understood here: it must be $default, or ANY and a path")]
    Key(String),
}

/// Which route takes a path that ends in a slash, such as `/socket.io/` if there are `/socket.io` and
/// `/socket.io/{proxy+}`. Amazon does not document it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastSlash {
    /// The route with the greedy variable, which is then empty. Users report this; they also report that `/socket.io`
    /// alone does not take the path.
    #[default]
    Greedy,
    /// The route without the slash.
    Ignored,
    /// The route `$default`.
    Unmatched,
}

/// The paths that a route matches.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// Exactly this path.
    Path(String),
    /// Every path that begins with this text, which ends in a slash.
    Below(String),
    /// Every path that no other route matches.
    Default,
}

impl Pattern {
    fn read(key: &str) -> Option<Self> {
        if key == "$default" {
            return Some(Self::Default);
        }
        let path = key.strip_prefix("ANY ").filter(|path| path.starts_with('/'))?;
        match path.strip_suffix("{proxy+}") {
            Some(below) if below.ends_with('/') && !below.contains('{') => Some(Self::Below(below.to_owned())),
            None if !path.contains('{') => Some(Self::Path(path.to_owned())),
            _ => None,
        }
    }

    /// How well the pattern matches a path. The greatest rank wins. A path ranks above a greedy variable, and a greedy
    /// variable above `$default`.
    fn rank(&self, path: &str, last_slash: LastSlash) -> Option<usize> {
        let ignored = || path.strip_suffix('/').filter(|_| last_slash == LastSlash::Ignored).unwrap_or(path);
        match self {
            Self::Path(exact) => (exact == ignored()).then_some(usize::MAX),
            Self::Below(below) => {
                let rest = path.strip_prefix(below)?;
                (!rest.is_empty() || last_slash == LastSlash::Greedy).then_some(below.len())
            }
            Self::Default => Some(0),
        }
    }
}

/// Creates a function that answers requests of an HTTP API, for a stage with these variables.
pub type HttpCode = Arc<dyn Fn(&BTreeMap<String, String>) -> HttpFunction + Send + Sync>;

/// An HTTP API.
pub struct HttpApi {
    routes: Vec<Route>,
    closing: Sender<bool>,
    faults: Faults,
    watch: Watch,
}

/// A route with the code of its function.
struct Route {
    pattern: Pattern,
    package: String,
    code: HttpCode,
    concurrency: Concurrency,
}

/// A route with its function, for one stage.
struct Integration {
    pattern: Pattern,
    package: String,
    function: HttpFunction,
    concurrency: Concurrency,
    faults: Faults,
    watch: Watch,
}

impl HttpApi {
    /// Creates an API with these routes. `functions` and `codes` are the functions and their code, by their packages.
    ///
    /// # Errors
    /// [`RouteError`].
    pub fn new(
        routes: &[HttpRoute],
        functions: &BTreeMap<String, Function>,
        codes: &BTreeMap<String, HttpCode>,
    ) -> Result<Self, RouteError> {
        // Several routes of one function share its concurrency.
        let concurrency: BTreeMap<_, _> =
            functions.iter().map(|(package, function)| (package, Concurrency::of(function))).collect();
        let route = |HttpRoute { key, function: package }: &HttpRoute| {
            let unknown = || RouteError::Function(package.clone());
            let code = Arc::clone(codes.get(package).ok_or_else(unknown)?);
            let concurrency = concurrency.get(package).ok_or_else(unknown)?.clone();
            let pattern = Pattern::read(key).ok_or_else(|| RouteError::Key(key.clone()))?;
            Ok(Route { pattern, package: package.clone(), code, concurrency })
        };
        let routes = routes.iter().map(route).collect::<Result<_, _>>()?;
        Ok(Self { routes, closing: Sender::new(false), faults: Faults::default(), watch: Watch::default() })
    }

    /// The same API, with these faults for its functions.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// The same API, which reports requests and invocations to this stream.
    #[must_use]
    pub fn with_watch(self, watch: Watch) -> Self {
        Self { watch, ..self }
    }

    /// The router of the API for a stage with these variables.
    pub fn router(&self, stage: &BTreeMap<String, String>, last_slash: LastSlash) -> Router {
        let integrations = self.routes.iter().map(|route| Integration {
            pattern: route.pattern.clone(),
            package: route.package.clone(),
            function: (route.code)(stage),
            concurrency: route.concurrency.clone(),
            faults: self.faults.clone(),
            watch: self.watch.clone(),
        });
        let integrations: Arc<[Integration]> = integrations.collect();
        let closing = self.closing.subscribe();
        let handler = move |request: Request| {
            let (integrations, closing) = (Arc::clone(&integrations), closing.clone());
            async move {
                let path = raw_path(request.uri().path());
                let ranked = integrations.iter().filter_map(|one| Some((one.pattern.rank(&path, last_slash)?, one)));
                match ranked.max_by_key(|(rank, _)| *rank) {
                    Some((_, integration)) => invoke(integration, path, closing, request).await,
                    None => own_answer(StatusCode::NOT_FOUND, "Not Found"),
                }
            }
        };
        Router::new().fallback(any(handler))
    }

    /// The function of this package, as Lambda would invoke it, for a stage without variables.
    #[must_use]
    pub fn function(&self, package: &str) -> Option<HttpFunction> {
        let route = self.routes.iter().find(|route| route.package == package)?;
        Some((route.code)(&BTreeMap::new()))
    }

    /// Makes the waiting GETs return, and all future ones.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

async fn invoke(
    integration: &Integration,
    raw_path: String,
    mut closing: Receiver<bool>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return own_answer(StatusCode::BAD_REQUEST, "Bad Request");
    };
    let polls = integration.package == POLLING;
    let waits = polls && parts.method == Method::GET;
    let Integration { faults, package, watch, .. } = integration;
    watch.counts().http_request();
    let Ok(begun) = integration.concurrency.begin(faults, Trigger::Synchronous) else {
        return own_answer(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    };
    if polls {
        watch.polling_request(&parts, &body);
    }
    let event = event(&parts, raw_path, &body);
    let started = watch.started(package, &Trigger::Synchronous, &event);
    let running = (integration.function)(event);
    let (faults, package, of_task) = (faults.clone(), package.clone(), watch.clone());
    let running = tokio::spawn(async move {
        let _begun = begun;
        let running = watch::within(&started, running);
        let answer = faults.run((Trigger::Synchronous, &package), INTEGRATION_TIMEOUT, running).await;
        of_task.ended(&package, started, answer.as_ref().map_err(|_| "the invocation was killed"));
        answer
    });
    let closed = async {
        if !waits || closing.wait_for(|closing| *closing).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        answer = running => {
            let answer = answer.ok().and_then(Result::ok);
            if polls && let Some(answer) = &answer {
                watch.polling_answer(&parts, answer);
            }
            let answer = answer.and_then(|answer| response(&answer));
            answer.unwrap_or_else(|| own_answer(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
        }
        () = closed => Packet::Close.encode().into_response(),
    }
}

/// The path as an event contains it.
fn raw_path(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    decoded.split('?').next().unwrap_or_default().to_owned()
}

/// A request as an event of payload format 2.0.
fn event(parts: &Parts, raw_path: String, body: &[u8]) -> Value {
    let text = |name: HeaderName| parts.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let source_ip = parts.extensions.get::<SocketAddr>().map(|address| address.ip().to_string());
    let mut headers = joined(&parts.headers);
    if let Some(address) = &source_ip {
        let claimed = headers.get("x-forwarded-for").and_then(Value::as_str).map(|claimed| format!("{claimed},"));
        headers.insert("x-forwarded-for".to_owned(), format!("{}{address}", claimed.unwrap_or_default()).into());
    }
    let cookies = parts.headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    let cookies: Vec<_> = cookies.map(|cookie| String::from_utf8_lossy(cookie.trim_ascii())).collect();
    let is_text = is_text(&text(CONTENT_TYPE).unwrap_or_default());
    let (body, is_base64) = match std::str::from_utf8(body) {
        Ok("") => (None, false),
        Ok(body) if is_text => (Some(body.to_owned()), false),
        _ => (Some(STANDARD.encode(body)), true),
    };
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "cookies": cookies,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "http",
            "domainName": text(HOST),
            "http": {
                "method": parts.method.as_str(),
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": source_ip,
                "userAgent": text(USER_AGENT),
            },
            "requestId": request_id(&Clock::system()),
            "routeKey": "$default",
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

/// The headers of an event: one value for each name. Cookies are left out.
fn joined(headers: &HeaderMap) -> Map<String, Value> {
    let names = headers.keys().filter(|name| **name != COOKIE);
    let one = |name: &HeaderName| {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (name.as_str().to_owned(), Value::from(values.join(",")))
    };
    names.map(one).collect()
}

/// Whether an event contains a body of this type unchanged.
fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.is_empty()
        || kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/javascript" | "application/xml")
}

/// The response for a function's answer in payload format 2.0; `None` if the answer is malformed.
fn response(answer: &Value) -> Option<Response<Body>> {
    let status = answer.get("statusCode")?.as_u64()?;
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let is_base64 = answer.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or_default();
    let body = if is_base64 { STANDARD.decode(body).ok()? } else { body.as_bytes().to_vec() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let (name, value) = (HeaderName::try_from(name).ok()?, HeaderValue::try_from(value.as_str()?).ok()?);
        response.headers_mut().insert(name, value);
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, HeaderValue::try_from(cookie.as_str()?).ok()?);
    }
    Some(response)
}

/// An answer of API Gateway itself.
fn own_answer(status: StatusCode, message: &str) -> Response<Body> {
    (status, [(CONTENT_TYPE, "application/json")], json!({"message": message}).to_string()).into_response()
}
