//! The server: one port for upgrades, which go to the WebSocket API, `/{stage}/@connections/{id}`, which goes to its
//! management, and everything else, which goes to a router. Several ports may lead to one gateway. Each is a stage with
//! variables and a router of its own.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use relay::connections::BINARY_POST_HEADER;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::activity::Activity;
use super::websocket::{self, Stage};
use super::{Gateway, ManagementError};
use crate::management;

/// How many clients may wait to be accepted. Many clients that reconnect at once must not be refused.
const BACKLOG: u32 = 4_096;
/// How long to wait after a failed accept, which mostly means that no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The largest request body that is read, in bytes. API Gateway accepts 10 MB; here a form may carry the largest file
/// that is accepted at all.
const BODY_MAX_BYTES: usize = 128 * 1024 * 1024;
/// How long open sockets may take to finish at shutdown.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// Opens a listening socket with a long backlog.
///
/// # Errors
/// If the address cannot be bound.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A port to listen on.
pub struct Port {
    /// The listening socket.
    pub listener: TcpListener,
    /// The stage variables of the clients that connect here.
    pub stage_variables: BTreeMap<String, String>,
    /// The router for requests that are not for the gateway.
    pub rest: Router,
}

/// What every socket of a port needs.
struct Front {
    stage: Stage,
    rest: Router,
    stopping: watch::Receiver<bool>,
}

/// Serves until `shutdown` resolves. Then it closes every client with 1001, lets running requests finish, and returns.
///
/// A request to the `rest` router of a port carries the client's [`SocketAddr`] as an extension.
pub async fn serve(ports: impl IntoIterator<Item = Port>, gateway: Arc<Gateway>, shutdown: impl Future<Output = ()>) {
    let sockets = Activity::default();
    let (stop, stopping) = watch::channel(false);
    let mut accepting = JoinSet::new();
    for Port { listener, stage_variables, rest } in ports {
        let stage =
            Stage { gateway: Arc::clone(&gateway), sockets: sockets.clone(), variables: stage_variables.into() };
        accepting.spawn(accept(listener, Arc::new(Front { stage, rest, stopping: stopping.clone() })));
    }
    shutdown.await;
    accepting.shutdown().await;
    stop.send_replace(true);
    gateway.shutdown().await;
    if tokio::time::timeout(CLOSE_PATIENCE, sockets.settled()).await.is_err() {
        tracing::warn!("some sockets are still open");
    }
}

async fn accept(listener: TcpListener, front: Arc<Front>) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                tokio::spawn(attend(Arc::clone(&front), stream, address));
            }
            Err(error) => {
                tracing::warn!(%error, "a client could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves the requests of one socket, until it becomes a WebSocket or is closed.
async fn attend(front: Arc<Front>, stream: TcpStream, address: SocketAddr) {
    let _busy = front.stage.sockets.begin();
    let mut stopping = front.stopping.clone();
    let _slower = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let front = Arc::clone(&front);
        async move { Ok::<_, Infallible>(respond(&front, request, address).await) }
    });
    let serving = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving.with_upgrades());
    let outcome = tokio::select! {
        outcome = &mut serving => outcome,
        _ = stopping.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a client's HTTP connection ended badly");
    }
}

async fn respond(front: &Front, mut request: Request<Incoming>, address: SocketAddr) -> Response<Body> {
    if websocket::is_upgrade(request.headers()) {
        return websocket::upgrade(&front.stage, request, address.ip()).await;
    }
    if let Some(connection_id) = managed(&front.stage.gateway.settings().stage, request.uri().path()) {
        return manage(&front.stage.gateway, &connection_id, request).await.map(Body::from);
    }
    request.extensions_mut().insert(address);
    let (head, body) = request.into_parts();
    // As in the cloud, the whole request is read before anything answers it. So a client learns why a large request is
    // refused.
    let body = match Limited::new(body, BODY_MAX_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return too_long(),
        // The caller has left, so nobody will read this answer.
        Err(_) => return Response::default(),
    };
    match front.rest.clone().oneshot(Request::from_parts(head, Body::from(body))).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn too_long() -> Response<Body> {
    let mut response = Response::new(Body::from(r#"{"message":"Request Too Long"}"#));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}

/// The connection id of a management path, if the path is one. SDKs percent-encode both `@` and `=`.
fn managed(stage: &str, path: &str) -> Option<String> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let id = path.strip_prefix('/')?.strip_prefix(stage)?.strip_prefix("/@connections/")?;
    Some(id.to_owned())
}

async fn manage(gateway: &Gateway, connection_id: &str, request: Request<Incoming>) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, gateway.settings().message_bytes).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return management::refusal(&ManagementError::PayloadTooLarge),
        // The caller has left, so nobody will read this answer.
        Err(_) => return Response::new(Bytes::new()),
    };
    if head.headers.contains_key(BINARY_POST_HEADER) {
        return management::answer_binary(gateway, connection_id, body);
    }
    management::answer(gateway, &head.method, connection_id, body)
}
