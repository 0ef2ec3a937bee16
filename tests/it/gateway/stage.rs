//! A gateway whose functions a test writes down as it needs them.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, StatusCode};
use local::gateway::{ConnectRequest, FunctionError, Gateway, Integration, Outbound, Peer, Routes, Settings};
use relay::clock::{Clock, Timestamp};
use serde_json::{Value, json};

/// What a function says.
pub(super) type Said = Result<Value, FunctionError>;

/// One invocation: the function, its event and the gateway that it may call back.
pub(super) struct Call {
    pub(super) function: String,
    pub(super) event: Value,
    pub(super) gateway: Arc<Gateway>,
}

impl Call {
    pub(super) fn connection_id(&self) -> &str {
        self.event["requestContext"]["connectionId"].as_str().unwrap()
    }

    pub(super) fn body(&self) -> &str {
        self.event["body"].as_str().unwrap_or_default()
    }
}

struct Script {
    answer: Box<dyn Fn(Call) -> BoxFuture<'static, Said> + Send + Sync>,
    heard: Arc<Mutex<Vec<Value>>>,
    gateway: Arc<OnceLock<Weak<Gateway>>>,
}

impl Integration for Script {
    fn invoke(&self, function: &str, event: Value) -> BoxFuture<'static, Said> {
        self.heard.lock().unwrap().push(event.clone());
        let gateway = self.gateway.get().unwrap().upgrade().unwrap();
        (self.answer)(Call { function: function.to_owned(), event, gateway })
    }
}

/// A gateway on a manual clock, with the routes `$connect`, `$disconnect` and `$default`, and what its functions were
/// told.
pub(super) struct Stage {
    pub(super) gateway: Arc<Gateway>,
    pub(super) clock: Clock,
    heard: Arc<Mutex<Vec<Value>>>,
}

/// The moment at which every stage begins: 2026-03-21T09:05:59.123Z.
pub(super) const START_MILLIS: i64 = 1_774_083_959_123;

/// The gateway's defaults, but a connection exists as soon as `$connect` has returned.
pub(super) fn prompt() -> Settings {
    Settings { existence_lag_millis: 0..=0, ..Settings::default() }
}

/// What a function returns that has nothing to say.
pub(super) fn fine() -> Said {
    Ok(json!({ "statusCode": 200 }))
}

impl Stage {
    /// All functions return 200.
    pub(super) fn new(settings: Settings) -> Self {
        Self::with(settings, |_| async { fine() })
    }

    /// The functions do as `answer` says.
    pub(super) fn with<F: Future<Output = Said> + Send + 'static>(
        settings: Settings,
        answer: impl Fn(Call) -> F + Send + Sync + 'static,
    ) -> Self {
        let routes = [("$connect", "connect"), ("$disconnect", "disconnect"), ("$default", "switchboard")];
        Self::routed(settings, &routes, answer)
    }

    /// With these routes and no others.
    pub(super) fn routed<F: Future<Output = Said> + Send + 'static>(
        settings: Settings,
        routes: &[(&str, &str)],
        answer: impl Fn(Call) -> F + Send + Sync + 'static,
    ) -> Self {
        let clock = Clock::manual(Timestamp::from_millis(START_MILLIS));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let itself = Arc::new(OnceLock::new());
        let script = Script {
            answer: Box::new(move |call| answer(call).boxed()),
            heard: Arc::clone(&heard),
            gateway: Arc::clone(&itself),
        };
        let routes = routes.iter().map(|(key, function)| ((*key).to_owned(), (*function).to_owned()));
        let routes = Routes::new("$request.body.action", routes).unwrap();
        let gateway = Gateway::new(settings, routes, Arc::new(script), clock.clone());
        itself.set(Arc::downgrade(&gateway)).unwrap();
        Self { gateway, clock, heard }
    }

    /// A client that got in.
    pub(super) async fn client(&self) -> Peer {
        self.gateway.connect(request("/prod")).await.unwrap()
    }

    /// A client that is turned away.
    pub(super) async fn refused(&self, request: ConnectRequest) -> StatusCode {
        self.gateway.connect(request).await.err().unwrap()
    }

    /// The events that functions were given.
    pub(super) fn events(&self) -> Vec<Value> {
        self.heard.lock().unwrap().clone()
    }

    /// The same in short: route, and body or close.
    pub(super) fn told(&self) -> Vec<String> {
        self.events().iter().map(in_short).collect()
    }
}

fn in_short(event: &Value) -> String {
    let context = &event["requestContext"];
    let route = context["routeKey"].as_str().unwrap();
    match context["eventType"].as_str().unwrap() {
        "MESSAGE" => format!("{route} {}", event["body"].as_str().unwrap()),
        "DISCONNECT" => {
            format!("{route} {} {}", context["disconnectStatusCode"], context["disconnectReason"].as_str().unwrap())
        }
        _ => route.to_owned(),
    }
}

/// A handshake at a path.
pub(super) fn request(path: &str) -> ConnectRequest {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("chat.example"));
    headers.insert("user-agent", HeaderValue::from_static("a browser"));
    ConnectRequest {
        path: path.to_owned(),
        query: None,
        headers,
        source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        stage_variables: BTreeMap::new().into(),
    }
}

/// A close as the client hears it.
pub(super) fn close(code: u16, reason: &str) -> Option<Outbound> {
    Some(Outbound::Close { code, reason: reason.to_owned() })
}

/// A text as the client hears it.
pub(super) fn text(text: &str) -> Option<Outbound> {
    Some(Outbound::Text(text.to_owned()))
}
