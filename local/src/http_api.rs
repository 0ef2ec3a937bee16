//! API Gateway's HTTP API: requests go to the functions that template.yaml's routes name.
//!
//! As in Lambda, a function runs to its end even if the client does not wait for it. What is not as in Lambda: when the system ends, a GET
//! that waits is told so instead of being cut off.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use axum::routing::any;
use http::header::HeaderName;
use http::{HeaderValue, Method, Response, StatusCode};
use shared::ctx::Ctx;
use shared::dialect::Dialect;
use shared::frame::engine::Packet;
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::faults::{Faults, Killed, Trigger};
use crate::template::HttpRoute;

/// Where API Gateway tells of the client's address, behind what the client says itself.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How long API Gateway waits for a function of an HTTP API.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Why the routes cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// A function that answers no HTTP requests.
    #[error("the function {0} is routed to, but answers no HTTP requests here")]
    Function(String),
    /// A route for one method only, or one that is no path.
    #[error("the route {0} is not understood here: it must be $default, or ANY and a path")]
    Key(String),
}

/// The functions that answer HTTP requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answering {
    Http,
    Polling,
}

impl Answering {
    fn package(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Polling => "polling",
        }
    }
}

/// An HTTP API.
pub struct HttpApi {
    /// By path, in the router's spelling; `None` for what no path matches.
    routes: Vec<(Option<String>, Answering, Arc<Ctx>)>,
    closing: watch::Sender<bool>,
    faults: Faults,
}

impl HttpApi {
    /// An API with these routes, whose functions work with these contexts.
    ///
    /// # Errors
    /// [`RouteError`].
    pub fn new(routes: &[HttpRoute], contexts: &BTreeMap<String, Arc<Ctx>>) -> Result<Self, RouteError> {
        let route = |HttpRoute { key, function }: &HttpRoute| {
            let unknown = || RouteError::Function(function.clone());
            let answering = match function.as_str() {
                "http" => Answering::Http,
                "polling" => Answering::Polling,
                _ => return Err(unknown()),
            };
            let path = match (key.as_str(), key.strip_prefix("ANY /")) {
                ("$default", _) => None,
                (_, Some(path)) => Some(format!("/{}", path.replace("{proxy+}", "{*proxy}"))),
                _ => return Err(RouteError::Key(key.clone())),
            };
            Ok((path, answering, Arc::clone(contexts.get(function).ok_or_else(unknown)?)))
        };
        let routes = routes.iter().map(route).collect::<Result<_, _>>()?;
        Ok(Self { routes, closing: watch::Sender::new(false), faults: Faults::default() })
    }

    /// The same API, whose functions meet these faults.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// The API where whatever is not named otherwise speaks `default`.
    pub fn router(&self, default: &'static dyn Dialect) -> Router {
        let mut router = Router::new();
        for (path, answering, ctx) in &self.routes {
            let function = match answering {
                Answering::Http => rest::router(Arc::clone(ctx), default),
                Answering::Polling => polling::router(Arc::clone(ctx), default),
            };
            let (answering, closing, faults) = (*answering, self.closing.subscribe(), self.faults.clone());
            let handler = any(move |request| invoke((function, faults), answering, closing, request));
            router = match path {
                Some(path) => router.route(path, handler),
                None => router.fallback(handler),
            };
        }
        router
    }

    /// Releases the GETs that wait, and those that come.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

async fn invoke(
    (function, faults): (Router, Faults),
    answering: Answering,
    mut closing: watch::Receiver<bool>,
    mut request: Request,
) -> Response<Body> {
    if let Some(address) = request.extensions().get::<SocketAddr>() {
        let claimed = request.headers().get(FORWARDED_FOR).and_then(|value| value.to_str().ok());
        let all = claimed.map(|claimed| format!("{claimed}, ")).unwrap_or_default() + &address.ip().to_string();
        if let Ok(all) = HeaderValue::from_str(&all) {
            request.headers_mut().insert(FORWARDED_FOR, all);
        }
    }
    let waits = answering == Answering::Polling && request.method() == Method::GET;
    let package = answering.package();
    let running = tokio::spawn(async move {
        if faults.throttles(Trigger::Synchronous, package) {
            return Err(Killed);
        }
        faults.run((Trigger::Synchronous, package), INTEGRATION_TIMEOUT, function.oneshot(request)).await
    });
    let closed = async {
        if !waits || closing.wait_for(|closing| *closing).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        answer = running => match answer {
            Ok(Ok(Ok(answer))) => answer,
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(Killed)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        () = closed => Packet::Close.encode().into_response(),
    }
}
