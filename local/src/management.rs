//! `@connections` as HTTP: the answers to calls of the API Gateway Management API, in process and on the wire.
//!
//! Signatures are not checked, on purpose. Everybody who reaches the port may post.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::gateway::{Description, Gateway, ManagementError, iso_time};
use crate::watch::AwsCall;

/// The header in which API Gateway names the kind of an error, for SDKs to read.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Answers a call on `/@connections/{connection_id}`. The id is percent-decoded.
#[must_use]
pub fn answer(gateway: &Gateway, method: &Method, connection_id: &str, body: Bytes) -> Response<Bytes> {
    let outcome = match *method {
        Method::POST => gateway.post(connection_id, body).map(|()| plain(StatusCode::OK, Bytes::new())),
        Method::GET => gateway.get(connection_id).map(|description| with_json(StatusCode::OK, &described(description))),
        Method::DELETE => gateway.delete(connection_id).map(|()| plain(StatusCode::NO_CONTENT, Bytes::new())),
        _ => {
            return with_json(
                StatusCode::NOT_IMPLEMENTED,
                &json!({ "message": "only POST, GET and DELETE exist here" }),
            );
        }
    };
    outcome.unwrap_or_else(|error| refusal(&error))
}

/// Answers a call that posts a binary frame, as [`BINARY_POST_HEADER`](relay::connections::BINARY_POST_HEADER) says. API
/// Gateway has no such call, and a gateway without binary frames sends it as text.
#[must_use]
pub fn answer_binary(gateway: &Gateway, connection_id: &str, body: Bytes) -> Response<Bytes> {
    let outcome = gateway.post_binary(connection_id, body).map(|()| plain(StatusCode::OK, Bytes::new()));
    outcome.unwrap_or_else(|error| refusal(&error))
}

/// The status of a refused call, and the name of its error.
#[must_use]
pub fn status_and_kind(error: &ManagementError) -> (StatusCode, &'static str) {
    match error {
        ManagementError::Gone => (StatusCode::GONE, "GoneException"),
        ManagementError::Malformed(_) => (StatusCode::BAD_REQUEST, "BadRequestException"),
        ManagementError::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException"),
        ManagementError::LimitExceeded => (StatusCode::TOO_MANY_REQUESTS, "LimitExceededException"),
        ManagementError::NotText => (StatusCode::NOT_IMPLEMENTED, "NotImplementedException"),
    }
}

/// A call in the form of records.
pub(crate) fn noted(method: &str, connection_id: &str, error: Option<&ManagementError>) -> AwsCall {
    let (operation, done) = match method {
        "POST" => ("PostToConnection", StatusCode::OK),
        "DELETE" => ("DeleteConnection", StatusCode::NO_CONTENT),
        _ => ("GetConnection", StatusCode::OK),
    };
    let (status, error) = match error.map(status_and_kind) {
        Some((status, kind)) => (status, Some(kind.to_owned())),
        None => (done, None),
    };
    AwsCall { error, ..AwsCall::of("@connections", operation, connection_id, status.as_u16()) }
}

/// The same of a call that was made with HTTP.
pub(crate) fn noted_answer(method: &Method, connection_id: &str, answer: &Response<Bytes>) -> AwsCall {
    let kind = answer.headers().get(ERROR_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    AwsCall { error: kind, status, ..noted(method.as_str(), connection_id, None) }
}

/// The answer to a refused call: status, `x-amzn-ErrorType` and message.
#[must_use]
pub fn refusal(error: &ManagementError) -> Response<Bytes> {
    let (status, kind) = status_and_kind(error);
    let mut response = with_json(status, &json!({ "message": error.to_string() }));
    response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(kind));
    response
}

fn described(description: Description) -> Value {
    let Description { connected_at, last_active_at, source_ip, user_agent } = description;
    let identity = match user_agent {
        Some(user_agent) => json!({ "sourceIp": source_ip, "userAgent": user_agent }),
        None => json!({ "sourceIp": source_ip }),
    };
    json!({ "connectedAt": iso_time(connected_at), "lastActiveAt": iso_time(last_active_at), "identity": identity })
}

fn with_json(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = plain(status, body.to_string().into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn plain(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
