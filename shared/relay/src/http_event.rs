//! Requests of an HTTP API: takes API Gateway's event and returns API Gateway's answer, with `lambda_http` and a router
//! between them. The deployed functions and the local system both answer through [`function`].
//!
//! `lambda_http` panics or fails on some events that anybody can cause without a token: a query or a host that is not
//! part of a URI, a header that is not ASCII. It also assumes that a path is encoded, while HTTP APIs hand it over
//! decoded: `a#b` would end at the `#`, and `%41` would become `A`. Therefore [`sound_event`] builds each event again
//! before `lambda_http` sees it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, HOST, HeaderName, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use lambda_http::lambda_runtime::{Context, LambdaEvent};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::tower::ServiceExt as _;
use lambda_http::{Adapter, Body, IntoResponse, Request, Service, service_fn};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::config::Origins;
use crate::edge::{self, Edge};
use crate::invocation;

/// A function that answers requests of an HTTP API. It takes an event of payload format 2.0, and returns the answer in
/// the same format.
pub type HttpFunction = Arc<dyn Fn(Value) -> BoxFuture<'static, Value> + Send + Sync>;

/// The characters of a path that are percent-encoded in a URI: all but letters, digits and these.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The most headers that are handed on. API Gateway accepts 10,240 bytes of them.
const HEADERS_MAX: usize = 1_000;

/// The character that stands in a decoded path where its bytes were not UTF-8.
const NOT_UTF8: char = char::REPLACEMENT_CHARACTER;

/// The CORS rules of an HTTP API: the same pages may call it that may connect. An answer names the origin of the page
/// and allows it to send credentials, because some clients ask for it. No code here reads a cookie.
pub fn cors(origins: &Origins, methods: &[Method]) -> CorsLayer {
    let origins = match origins {
        Origins::Any => AllowOrigin::mirror_request(),
        Origins::Only(origins) => AllowOrigin::list(origins.iter().filter_map(|origin| origin.parse().ok())),
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods(methods.to_vec())
        .allow_headers(AllowHeaders::mirror_request())
        .allow_credentials(true)
}

/// The parameters of a query. If a name is given twice, the first value counts.
#[must_use]
pub fn query(uri: &Uri) -> HashMap<String, String> {
    let mut query = HashMap::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        query.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    query
}

/// API Gateway's id of a request, if it has one.
#[must_use]
pub fn request_id(extensions: &http::Extensions) -> Option<&str> {
    match extensions.get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => context.request_id.as_deref(),
        _ => None,
    }
}

/// Why a request reaches no router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The method is not an HTTP method.
    Method,
    /// The path is not UTF-8, has a segment `.` or `..`, or is too long.
    Path,
    /// The query has a character that must be percent-encoded.
    Query,
    /// The body is not Base64 although the event says so.
    Body,
}

impl Malformed {
    /// The name of the wrong field, and what would be right, for the error to send to the client.
    #[must_use]
    pub const fn field(self) -> (&'static str, &'static str) {
        match self {
            Self::Method => ("method", "must be an HTTP method"),
            Self::Path => ("path", "must be percent-encoded UTF-8 without the segments . and .."),
            Self::Query => ("query", "must be percent-encoded"),
            Self::Body => ("body", "must be base64"),
        }
    }
}

/// Turns a router into a function. A request that does not come through the edge is answered with 403, in the form in
/// which API Gateway itself refuses. `refusing` returns the router that answers a malformed request.
///
/// The function returns an answer for every event. If a router panics, the function logs it and returns API Gateway's
/// 500.
pub fn function<S, B>(edge: Edge, router: S, refusing: impl Fn(Malformed) -> S + Send + Sync + 'static) -> HttpFunction
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
{
    Arc::new(move |event| {
        let secret = event.get("headers").and_then(|headers| headers.get(edge::HEADER)?.as_str());
        if !edge.admits_secret(secret.map(str::as_bytes)) {
            return Box::pin(ready(own_answer(403, "Forbidden")));
        }
        let (event, malformed) = sound_event(&event);
        let router = malformed.map_or_else(|| router.clone(), &refusing);
        Box::pin(async move {
            // The router knows better, if it has a route for the path. A path may have names in it.
            invocation::note_event(
                event.pointer("/requestContext/http/method").and_then(Value::as_str).unwrap_or("HTTP"),
            );
            match AssertUnwindSafe(respond(event, router)).catch_unwind().await {
                Ok(Ok(answer)) => answer,
                Ok(Err(cause)) => {
                    invocation::note_failure();
                    tracing::error!(error.cause = %cause, "an event or an answer could not be converted");
                    internal()
                }
                Err(_) => {
                    invocation::note_panic();
                    tracing::error!("a handler panicked");
                    internal()
                }
            }
        })
    })
}

/// Hands an event to a router by way of `lambda_http`.
async fn respond<S, B>(event: Value, router: S) -> Result<Value, serde_json::Error>
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
{
    let request: LambdaRequest = serde_json::from_value(event)?;
    let router = service_fn(move |request: Request| {
        let response = router.clone().oneshot(request);
        async { Ok::<_, Infallible>(ReadResponse::read(response.await?).await) }
    });
    match Adapter::from(router).oneshot(LambdaEvent::new(request, Context::default())).await {
        Ok(answer) => serde_json::to_value(answer),
        Err(never) => match never {},
    }
}

/// API Gateway's own answer to a function that fails.
fn internal() -> Value {
    own_answer(500, "Internal Server Error")
}

/// An answer in the form of API Gateway's own.
fn own_answer(status: u16, message: &str) -> Value {
    json!({
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json!({"message": message}).to_string(),
        "isBase64Encoded": false,
        "cookies": [],
    })
}

/// A router's answer with its body read. `lambda_http` alone would convert a text that is not UTF-8, and drop all but
/// one value of a header.
struct ReadResponse(Response<Body>);

impl ReadResponse {
    async fn read<B>(response: Response<B>) -> Self
    where
        B: http_body::Body,
    {
        let (mut parts, body) = response.into_parts();
        let Ok(body) = body.collect().await else {
            parts.status = StatusCode::INTERNAL_SERVER_ERROR;
            return Self(Response::from_parts(parts, Body::Empty));
        };
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_text = kind.is_none_or(|kind| kind.starts_with("text/") || kind.starts_with("application/json"));
        let body = match String::from_utf8(body.to_bytes().into()) {
            Ok(text) if text.is_empty() => Body::Empty,
            Ok(text) if is_text => Body::Text(text),
            Ok(text) => Body::Binary(text.into_bytes()),
            Err(other) => Body::Binary(other.into_bytes()),
        };
        join_values(&mut parts.headers);
        Self(Response::from_parts(parts, body))
    }
}

impl IntoResponse for ReadResponse {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}

/// Joins several headers with the same name into one. Cookies stay separate.
fn join_values(headers: &mut HeaderMap) {
    let several: Vec<HeaderName> = headers
        .keys()
        .filter(|name| **name != SET_COOKIE && headers.get_all(*name).iter().count() > 1)
        .cloned()
        .collect();
    for name in several {
        let values: Vec<&[u8]> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(value) = HeaderValue::from_bytes(&values.join(&b", "[..])) {
            headers.insert(name, value);
        }
    }
}

/// Builds an event again, so that `lambda_http` always makes a request of it, with the path that the client meant. The
/// second value says what is wrong with a request; its event then holds the parts that can be read.
///
/// The headers keep only their ASCII characters. `Host` is left out, because `lambda_http` would make it a part of the
/// URI.
#[must_use]
pub fn sound_event(event: &Value) -> (Value, Option<Malformed>) {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let mut malformed = None;
    let mut method = text("/requestContext/http/method").unwrap_or_default();
    if Method::from_bytes(method.as_bytes()).is_err() {
        malformed = Some(Malformed::Method);
        method = "GET";
    }
    let decoded = text("/rawPath").filter(|path| !path.is_empty()).unwrap_or("/");
    let mut path = utf8_percent_encode(decoded, ENCODED).to_string();
    let is_path = decoded.starts_with('/') && !decoded.contains(NOT_UTF8);
    if !is_path || decoded.split('/').any(|segment| matches!(segment, "." | "..")) || Uri::try_from(&path).is_err() {
        malformed = malformed.or(Some(Malformed::Path));
        // The first segment may say in which form the refusal must be written.
        let first = decoded.split('/').nth(1).unwrap_or_default();
        path = format!("/{}", first.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
    }
    let mut query = text("/rawQueryString").unwrap_or_default();
    if query.contains('#') || Uri::try_from(format!("{path}?{query}")).is_err() {
        malformed = malformed.or(Some(Malformed::Query));
        query = "";
    }
    let is_base64 = event.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or_default();
    let mut body = text("/body");
    if is_base64 && body.is_some_and(|body| STANDARD.decode(body).is_err()) {
        malformed = malformed.or(Some(Malformed::Body));
        body = None;
    }
    let cookies = event.get("cookies").and_then(Value::as_array).into_iter().flatten().filter(|one| one.is_string());
    let event = json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "cookies": cookies.collect::<Vec<_>>(),
        "headers": headers(event.get("headers")),
        "requestContext": {
            "stage": "$default",
            "requestId": text("/requestContext/requestId"),
            "http": {"method": method, "sourceIp": text("/requestContext/http/sourceIp")},
        },
        "body": body,
        "isBase64Encoded": is_base64 && body.is_some(),
    });
    (event, malformed)
}

fn headers(given: Option<&Value>) -> Map<String, Value> {
    let given = given.and_then(Value::as_object).into_iter().flatten();
    let readable = given.filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| *name != HOST)?;
        let value: String =
            value.as_str()?.chars().map(|c| if matches!(c, ' '..='~' | '\t') { c } else { '?' }).collect();
        Some((name.as_str().to_owned(), value.into()))
    });
    readable.take(HEADERS_MAX).collect()
}
