//! The proxy events, member for member as API Gateway writes them
//! (`aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest`).
//!
//! A MESSAGE or DISCONNECT has no headers and no query, on purpose. A function stores what it needs of them later at
//! `$connect`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{CONNECTION, HeaderName, UPGRADE, USER_AGENT};
use relay::clock::{Clock, Timestamp};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::id::{self, ConnectionId};
use super::message::Payload;
use super::routes;
use super::settings::Settings;
use crate::watch::Handshake;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A client's request to connect.
#[derive(Clone, Debug)]
pub struct ConnectRequest {
    /// The path, percent-decoded: `/{stage}` or `/{mapping key}`.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: Option<String>,
    /// The headers of the handshake.
    pub headers: HeaderMap,
    /// The client's address.
    pub source_ip: IpAddr,
    /// The variables of the stage to which the client connects.
    pub stage_variables: Arc<BTreeMap<String, String>>,
}

impl ConnectRequest {
    /// The request in the form of records.
    pub(super) fn handshake(&self) -> Handshake<'_> {
        let Self { path, query, headers, .. } = self;
        Handshake { transport: "websocket", path, query: query.as_deref(), headers }
    }
}

/// The connection to which events belong.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) id: ConnectionId,
    pub(super) connected_at: Timestamp,
    pub(super) source_ip: IpAddr,
    pub(super) user_agent: Option<String>,
    pub(super) stage_variables: Arc<BTreeMap<String, String>>,
}

impl Origin {
    pub(super) fn new(clock: &Clock, request: &ConnectRequest) -> Self {
        let user_agent = request.headers.get(USER_AGENT);
        Self {
            id: ConnectionId::fresh(clock),
            connected_at: clock.now(),
            source_ip: request.source_ip,
            user_agent: user_agent.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            stage_variables: Arc::clone(&request.stage_variables),
        }
    }

    /// The `identity` of events and of `GET @connections`.
    pub(super) fn identity(&self) -> Value {
        match &self.user_agent {
            Some(user_agent) => json!({ "sourceIp": self.source_ip.to_string(), "userAgent": user_agent }),
            None => json!({ "sourceIp": self.source_ip.to_string() }),
        }
    }
}

/// An event, and the request id by which an error frame refers to it.
pub(super) struct Event {
    pub(super) json: Value,
    pub(super) request_id: String,
}

/// Writes the events of one connection.
pub(super) struct Writer<'a> {
    pub(super) settings: &'a Settings,
    pub(super) clock: &'a Clock,
    pub(super) origin: &'a Origin,
}

impl Writer<'_> {
    /// The CONNECT event: the handshake's headers, and its query if it has one; no body.
    pub(super) fn connect(&self, request: &ConnectRequest) -> Event {
        let (mut event, request_id) = self.event(routes::CONNECT, "CONNECT", Map::new());
        let headers = forwarded(self.clock, request);
        event.insert("headers".to_owned(), last_values(&headers));
        event.insert("multiValueHeaders".to_owned(), all_values(&headers));
        if let Some(query) = request.query.as_deref().filter(|query| !query.is_empty()) {
            let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            event.insert("queryStringParameters".to_owned(), last_values(&pairs));
            event.insert("multiValueQueryStringParameters".to_owned(), all_values(&pairs));
        }
        Event { json: Value::Object(event), request_id }
    }

    /// A MESSAGE event: the body and nothing of the handshake. A binary frame is base64.
    pub(super) fn message(&self, route_key: &str, payload: Payload) -> Event {
        let mut context = Map::new();
        context.insert("messageId".to_owned(), id::token(self.clock).into());
        let (mut event, request_id) = self.event(route_key, "MESSAGE", context);
        let (body, is_base64) = match payload {
            Payload::Text(text) => (text, false),
            Payload::Binary(bytes) => (STANDARD.encode(bytes), true),
        };
        event.insert("body".to_owned(), body.into());
        event.insert("isBase64Encoded".to_owned(), is_base64.into());
        Event { json: Value::Object(event), request_id }
    }

    /// The DISCONNECT event, with the code and the text of the close frame.
    pub(super) fn disconnect(&self, code: u16, reason: &str) -> Event {
        let mut context = Map::new();
        context.insert("disconnectStatusCode".to_owned(), code.into());
        context.insert("disconnectReason".to_owned(), reason.into());
        let (event, request_id) = self.event(routes::DISCONNECT, "DISCONNECT", context);
        Event { json: Value::Object(event), request_id }
    }

    /// A request id for a frame that does not become an event.
    pub(super) fn request_id(&self) -> String {
        id::token(self.clock)
    }

    /// The members that all events have: the context, to which `special` is added; the stage's variables, if it has
    /// any; and the base64 flag.
    fn event(&self, route_key: &str, event_type: &str, special: Map<String, Value>) -> (Map<String, Value>, String) {
        let Settings { stage, api_id, domain_name, .. } = self.settings;
        let now = self.clock.now();
        let request_id = id::token(self.clock);
        let context = json!({
            "routeKey": route_key,
            "eventType": event_type,
            "extendedRequestId": request_id,
            "requestTime": common_log_time(now),
            "messageDirection": "IN",
            "stage": stage,
            "connectedAt": self.origin.connected_at.millis(),
            "requestTimeEpoch": now.millis(),
            "identity": self.origin.identity(),
            "requestId": request_id,
            "domainName": domain_name,
            "connectionId": self.origin.id.as_str(),
            "apiId": api_id,
        });
        let context = match context {
            Value::Object(members) => members.into_iter().chain(special).collect(),
            _ => special,
        };
        let mut event = Map::new();
        event.insert("requestContext".to_owned(), Value::Object(context));
        if !self.origin.stage_variables.is_empty() {
            event.insert("stageVariables".to_owned(), json!(*self.origin.stage_variables));
        }
        event.insert("isBase64Encoded".to_owned(), false.into());
        (event, request_id)
    }
}

/// The client's headers without those of the hop, and with those that API Gateway adds. It adds the client's address to
/// those that the client claims.
fn forwarded(clock: &Clock, request: &ConnectRequest) -> Vec<(String, String)> {
    let of_the_hop = |name: &HeaderName| [CONNECTION, UPGRADE, FORWARDED_FOR].contains(name);
    let claimed = request.headers.get_all(FORWARDED_FOR).iter();
    let claimed = claimed.map(|value| format!("{}, ", String::from_utf8_lossy(value.as_bytes())));
    let sent = request.headers.iter().filter(|(name, _)| !of_the_hop(name));
    let sent = sent.map(|(name, value)| (written(name), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let added = [
        ("X-Amzn-Trace-Id", id::trace(clock)),
        ("X-Forwarded-For", format!("{}{}", claimed.collect::<String>(), request.source_ip)),
        ("X-Forwarded-Port", "443".to_owned()),
        ("X-Forwarded-Proto", "https".to_owned()),
    ];
    sent.chain(added.map(|(name, value)| (name.to_owned(), value))).collect()
}

/// The name of a header as clients write it: `Sec-WebSocket-Key`, `User-Agent`.
fn written(name: &HeaderName) -> String {
    let capitalised = |word: &str| match word {
        "websocket" => "WebSocket".to_owned(),
        _ => word.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(word.chars().skip(1)).collect(),
    };
    name.as_str().split('-').map(capitalised).collect::<Vec<String>>().join("-")
}

fn last_values(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<Map<String, Value>>().into()
}

fn all_values(pairs: &[(String, String)]) -> Value {
    let mut all: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        if let Value::Array(values) = all.entry(name.as_str()).or_insert_with(|| Value::Array(Vec::new())) {
            values.push(value.as_str().into());
        }
    }
    all.into()
}

/// Formats a time as `21/Mar/2026:09:05:59 +0000`.
fn common_log_time(at: Timestamp) -> String {
    let format = format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    utc(at).format(format).unwrap_or_default()
}

/// Formats a time as `2026-03-21T09:05:59.123Z`.
pub(crate) fn iso_time(at: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    utc(at).format(format).unwrap_or_default()
}

fn utc(at: Timestamp) -> OffsetDateTime {
    let nanos = i128::from(at.millis()).saturating_mul(1_000_000);
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
