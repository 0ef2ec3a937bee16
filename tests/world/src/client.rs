//! A client of the world: how it is connected, and what it keeps of its session.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use frame::{engine, socket};
use http::HeaderMap;
use local::gateway::{ConnectRequest, Peer};
use serde_json::Value;

use crate::contract::{self, Asked};
use crate::poller::Poller;

/// The query with which a stock client connects.
pub(super) const QUERY: &str = "EIO=4&transport=websocket";

/// A client of the world.
pub(super) struct Client {
    /// How it is connected.
    pub(super) way: Way,
    /// The namespace to which the client emits.
    pub(super) namespace: String,
    /// The id with which the client asks for its next ack.
    pub(super) next_ack: u64,
    /// The dialect of the root namespace, if the stage at which the client connected names one.
    pub(super) stage_dialect: Option<&'static str>,
    /// The events for which the client asked an ack.
    pub(super) asked: Asked,
    /// The frames that the client received and that no call has returned yet.
    pub(super) frames: Vec<String>,
}

/// How a client is connected.
pub(super) enum Way {
    /// By a WebSocket.
    WebSocket(Peer),
    /// By long-polling.
    Polling(Poller),
}

impl Client {
    /// A client of the root namespace that has received nothing.
    pub(super) fn new(way: Way) -> Self {
        let (namespace, asked) = ("/".to_owned(), Asked::new());
        Self { way, namespace, next_ack: 0, stage_dialect: None, asked, frames: Vec::new() }
    }

    /// Sends a frame, or by polling a body. Returns the refusal, if it is refused.
    pub(super) async fn send(&mut self, frame: &str) -> Option<String> {
        contract::note_asked(&mut self.asked, frame);
        match &self.way {
            Way::WebSocket(peer) => {
                peer.send_text(frame).await;
                None
            }
            Way::Polling(poller) => match poller.post(frame).await {
                (200, ok) if ok == "ok" => None,
                (status, body) => Some(format!("{status} {body}")),
            },
        }
    }
}

/// What a client keeps of a session, in order to recover it. As in the stock client, the offset is the last string that
/// was the last argument of an event.
#[derive(Clone, Debug, Default)]
pub struct Former {
    /// The private id of the session.
    pub pid: Option<String>,
    /// The offset: how much the client has received.
    pub offset: Option<String>,
}

impl Former {
    /// Takes from a frame that the client received what it says about the session.
    pub(super) fn note(&mut self, frame: &str) {
        let Ok(engine::Packet::Message(text)) = engine::decode(frame) else { return };
        match socket::decode(&text).map(|packet| packet.body) {
            Ok(socket::Body::Connect { payload }) => {
                let pid = payload.and_then(|payload| Some(payload.get("pid")?.as_str()?.to_owned()));
                *self = Self { offset: self.offset.take().filter(|_| pid == self.pid), pid };
            }
            Ok(socket::Body::Event { arguments, ack: None, .. }) => {
                let offset = arguments.last().and_then(Value::as_str);
                self.offset = offset.map(str::to_owned).or(self.offset.take());
            }
            _ => {}
        }
    }
}

/// The handshake of a stock client by WebSocket.
#[must_use]
pub fn stock_request() -> ConnectRequest {
    ConnectRequest {
        path: "/socket.io/".to_owned(),
        query: Some(QUERY.to_owned()),
        headers: HeaderMap::new(),
        source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        stage_variables: BTreeMap::new().into(),
    }
}

/// The text with which a packet names its namespace.
pub(super) fn prefix(namespace: &str) -> String {
    if namespace == "/" { String::new() } else { format!("{namespace},") }
}
