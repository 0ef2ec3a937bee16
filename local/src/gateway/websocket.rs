//! Real sockets: the upgrade, which waits for `$connect`, and the pump between a socket and a [`Peer`].
//!
//! API Gateway negotiates permessage-deflate when a client offers it. The WebSocket library of this file has no
//! extensions (as of version 0.30), so it does not accept the offer, and every client goes on without compression. A
//! compressed frame is a protocol error.
//!
//! The gateway never pings. The library sends pongs: it answers each ping while it reads.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{
    CONNECTION, CONTENT_TYPE, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::activity::Activity;
use super::message::{Close, Outbound, Payload};
use super::peer::{Listener, Speaker, Violation};
use super::{BinaryFrames, ConnectRequest, Gateway, Peer, Settings};
use crate::hint::missing_query;

/// How long a client may take to answer a close frame before the socket is dropped.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);
/// How many bytes are read at once. Frames are small and connections many.
const READ_BUFFER_BYTES: usize = 1_024;
/// How many bytes are written at once at least, while more are waiting.
const WRITE_BUFFER_BYTES: usize = 16_384;

/// A stage of the gateway: where clients that come to one port connect.
pub(super) struct Stage {
    pub(super) gateway: Arc<Gateway>,
    /// The sockets that are open.
    pub(super) sockets: Activity,
    pub(super) variables: Arc<BTreeMap<String, String>>,
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Whether a request asks for the WebSocket protocol.
pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    names(headers, &UPGRADE, "websocket") && names(headers, &CONNECTION, "upgrade")
}

/// Whether the comma-separated list of a header contains `token`.
fn names(headers: &HeaderMap, header: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(header).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|entry| entry.trim().eq_ignore_ascii_case(token))
}

/// Answers an upgrade after `$connect` has answered: 101, or the status of the refusal. The socket counts among those
/// of the stage until it is closed.
pub(super) async fn upgrade(stage: &Stage, mut request: Request<Incoming>, source_ip: IpAddr) -> Response<Body> {
    let Some(accept) = accept_key(&request) else { return bare(StatusCode::BAD_REQUEST) };
    let upgraded = hyper::upgrade::on(&mut request);
    let (head, _no_body) = request.into_parts();
    let peer = stage.gateway.connect(ConnectRequest {
        path: percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        source_ip,
        stage_variables: Arc::clone(&stage.variables),
    });
    let peer = match peer.await {
        Ok(peer) => peer,
        Err(status) => return refused(status, head.uri.query()),
    };
    let mut response = bare(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(Ok(subprotocol)) = peer.subprotocol().map(HeaderValue::from_str) {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    let (config, busy) = (limits(stage.gateway.settings()), stage.sockets.begin());
    tokio::spawn(async move {
        let _busy = busy;
        match upgraded.await {
            Ok(upgraded) => {
                let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config));
                pump(peer, socket.await).await;
            }
            // The client left before the answer.
            Err(_) => peer.abort(),
        }
    });
    response
}

/// The key that proves to the client that the server understood its handshake; `None` if RFC 6455 does not allow the
/// handshake.
fn accept_key(request: &Request<Incoming>) -> Option<HeaderValue> {
    let version = request.headers().get(SEC_WEBSOCKET_VERSION)?;
    let key = request.headers().get(SEC_WEBSOCKET_KEY)?;
    let allowed = request.method() == Method::GET && version == "13";
    allowed.then(|| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok())?
}

fn limits(settings: &Settings) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_frame_size(Some(settings.frame_bytes))
        .max_message_size(Some(settings.message_bytes))
}

/// How reading ended.
enum Read {
    /// With a close frame, which has been answered.
    Closed,
    /// Without a close frame.
    Lost,
    /// With something forbidden. The peer knows it, and is going to send its close frame.
    Violated,
}

/// Carries messages in both directions until the connection is closed or lost.
async fn pump(peer: Peer, socket: Socket) {
    let (speaker, mut listener) = peer.split();
    let (mut sink, mut stream) = socket.split();
    let mut lingering = false;
    {
        let mut reading = std::pin::pin!(read(&mut stream, &speaker));
        let mut writing = std::pin::pin!(write(&mut sink, &mut listener));
        tokio::select! {
            end = &mut reading => match end {
                Read::Closed | Read::Lost => {}
                Read::Violated => {
                    let _too_slow = tokio::time::timeout(CLOSE_PATIENCE, writing).await;
                    lingering = true;
                }
            },
            sent = &mut writing => if sent.is_ok() {
                let _too_slow = tokio::time::timeout(CLOSE_PATIENCE, reading).await;
            },
        }
    }
    // If either side sent a close frame, it came first.
    speaker.abort();
    if lingering && let Ok(socket) = sink.reunite(stream) {
        // On the heap, because few connections end so, and the buffer would be part of every connection.
        let _too_slow = tokio::time::timeout(CLOSE_PATIENCE, Box::pin(linger(socket))).await;
    }
}

async fn read(stream: &mut SplitStream<Socket>, speaker: &Speaker) -> Read {
    let mut status = None;
    while let Some(received) = stream.next().await {
        let violation = match received {
            Ok(Message::Text(text)) => {
                speaker.message(Payload::Text(text.as_str().to_owned())).await;
                continue;
            }
            Ok(Message::Binary(bytes)) if passes_binary(speaker) => {
                speaker.message(Payload::Binary(bytes)).await;
                continue;
            }
            Ok(Message::Ping(_) | Message::Pong(_)) => {
                speaker.control_frame();
                continue;
            }
            Ok(Message::Close(frame)) => {
                status = frame.map(|frame| (u16::from(frame.code), frame.reason.as_str().to_owned()));
                // The next read sends the answer to the close frame.
                continue;
            }
            Ok(Message::Binary(_) | Message::Frame(_)) => Violation::Binary,
            Err(Error::Capacity(_)) => Violation::TooLarge,
            Err(Error::Utf8(_)) => Violation::NotText,
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return Read::Lost,
            Err(Error::Protocol(_)) => Violation::Protocol,
            Err(_) => return Read::Lost,
        };
        speaker.violate(violation);
        return Read::Violated;
    }
    speaker.close(status.as_ref().map(|(code, reason)| Close { code: *code, reason }));
    Read::Closed
}

fn passes_binary(speaker: &Speaker) -> bool {
    speaker.gateway.settings.binary_frames == BinaryFrames::PassedOn
}

/// Sends the frames of the gateway. Returns `Ok` after the close frame is sent.
async fn write(sink: &mut SplitSink<Socket, Message>, listener: &mut Listener) -> Result<(), Error> {
    while let Some(first) = listener.next().await {
        let mut waiting = Some(first);
        // Frames that wait are written together, and flushed once.
        while let Some(outbound) = waiting {
            match outbound {
                Outbound::Text(text) => sink.feed(Message::text(text)).await?,
                Outbound::Binary(bytes) => sink.feed(Message::binary(bytes)).await?,
                Outbound::Close { code, reason } => {
                    let frame = CloseFrame { code: code.into(), reason: reason.into() };
                    return sink.send(Message::Close(Some(frame))).await;
                }
            }
            waiting = listener.try_next();
        }
        sink.flush().await?;
    }
    Ok(())
}

/// Reads and drops what a client still sends. A socket that is closed with unread bytes is reset, and the client would
/// lose the close frame.
async fn linger(mut socket: Socket) {
    let stream = socket.get_mut();
    let mut unread = [0_u8; READ_BUFFER_BYTES];
    if stream.shutdown().await.is_ok() {
        while matches!(stream.read(&mut unread).await, Ok(count) if count > 0) {}
    }
}

/// A refusal of `$connect`. Its body says what the query lacks, if that may be the reason; API Gateway's says nothing.
fn refused(status: StatusCode, query: Option<&str>) -> Response<Body> {
    let mut response = bare(status);
    let hint = missing_query(query, "websocket").filter(|_| status == StatusCode::BAD_REQUEST);
    if let Some(hint) = hint {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *response.body_mut() = Body::from(json!({"message": hint}).to_string());
    }
    response
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
