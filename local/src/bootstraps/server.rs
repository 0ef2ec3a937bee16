//! A small HTTP server on loopback, whose connections can be cut off.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

/// A request is not answered: its connection ends instead.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is cut off")]
pub(super) struct CutOff;

/// The answer to a request, or the end of its connection.
pub(super) type Answered = Result<Response<Full<Bytes>>, CutOff>;

/// Takes a free port of this machine.
///
/// # Errors
/// If there is none.
pub(super) async fn bind() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Answers requests until the future is dropped, and with it every connection. `answer` gets each request with the handle
/// that ends its connection.
pub(super) async fn serve<A, F>(listener: TcpListener, answer: A)
where
    A: Fn(Request<Incoming>, AbortHandle) -> F + Send + Sync + 'static,
    F: Future<Output = Answered> + Send + 'static,
{
    let answer = Arc::new(answer);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else { continue };
        // Small answers must not wait for the acknowledgements of others.
        let _ = stream.set_nodelay(true);
        let answer = Arc::clone(&answer);
        let (handed, own) = tokio::sync::oneshot::channel::<AbortHandle>();
        let handle = connections.spawn(async move {
            let Ok(own) = own.await else { return };
            let service = service_fn(move |request| answer(request, own.clone()));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        let _ = handed.send(handle);
    }
}
