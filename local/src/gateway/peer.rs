//! The client's end of a connection. Tests speak through it as it is; `websocket` pumps it to a real socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::connection::{Connection, Frame, Side};
use super::{BinaryFrames, Gateway};

/// What the client hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outbound {
    /// A text frame.
    Text(String),
    /// A binary frame, which API Gateway never sends.
    Binary(Bytes),
    /// The gateway closes the connection; nothing comes after.
    Close {
        /// The status code of the close frame.
        code: u16,
        /// The text of the close frame.
        reason: String,
    },
}

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    Text(String),
    Binary(Bytes),
}

impl Payload {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl From<Payload> for Outbound {
    fn from(payload: Payload) -> Self {
        match payload {
            Payload::Text(text) => Self::Text(text),
            Payload::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

/// The client's end of a connection, without TCP. To drop it is to lose the client as in a network that vanishes: nothing tells of it.
pub struct Peer {
    speaker: Speaker,
    listener: Listener,
}

impl Peer {
    pub(super) fn new(speaker: Speaker, listener: Listener) -> Self {
        Self { speaker, listener }
    }

    /// The connection's id.
    #[must_use]
    pub fn connection_id(&self) -> &str {
        self.speaker.connection.origin.id.as_str()
    }

    /// The subprotocol that `$connect` returned.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.speaker.subprotocol.as_deref()
    }

    /// Sends a text message as one frame. Waits while too many frames of this client wait; a closed connection swallows it.
    pub async fn send_text(&self, text: impl Into<String>) {
        self.send(Payload::Text(text.into())).await;
    }

    /// Sends a binary frame, which API Gateway answers with close 1003.
    pub async fn send_binary(&self, data: impl Into<Bytes>) {
        self.send(Payload::Binary(data.into())).await;
    }

    async fn send(&self, payload: Payload) {
        if payload.len() > self.speaker.gateway.settings.frame_bytes {
            return self.speaker.violate(Violation::TooLarge);
        }
        self.speaker.message(payload).await;
    }

    /// What the client hears next; `None` after the close.
    pub async fn next(&mut self) -> Option<Outbound> {
        self.listener.next().await
    }

    /// What the client has heard by now.
    pub fn try_next(&mut self) -> Option<Outbound> {
        self.listener.try_next()
    }

    /// The client closes, with or without a status.
    pub fn close(self, status: Option<(u16, &str)>) {
        self.speaker.close(status);
    }

    /// The client's TCP connection ends without a close frame: its process was killed, for instance.
    pub fn abort(self) {
        self.speaker.abort();
    }

    /// Both directions apart, for a socket.
    pub(super) fn split(self) -> (Speaker, Listener) {
        (self.speaker, self.listener)
    }
}

/// What a client may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// A frame or message over the limit.
    TooLarge,
    /// A binary frame.
    Binary,
    /// A text that is not UTF-8.
    NotText,
    /// Anything else that RFC 6455 forbids.
    Protocol,
}

impl Violation {
    /// Code and text of the close frame. Inferred, but for the codes of the first two.
    fn status(self) -> (u16, &'static str) {
        match self {
            Self::TooLarge => (1009, "Message too big"),
            Self::Binary => (1003, "Binary frames are not supported"),
            Self::NotText => (1007, "Invalid payload data"),
            Self::Protocol => (1002, "Protocol error"),
        }
    }
}

/// The direction from the client.
pub(super) struct Speaker {
    pub(super) gateway: Arc<Gateway>,
    pub(super) connection: Arc<Connection>,
    pub(super) frames: mpsc::Sender<Frame>,
    pub(super) subprotocol: Option<String>,
}

impl Speaker {
    /// A whole message, of one frame or several.
    pub(super) async fn message(&self, payload: Payload) {
        if matches!(payload, Payload::Binary(_)) && self.gateway.settings.binary_frames == BinaryFrames::Refused {
            return self.violate(Violation::Binary);
        }
        if payload.len() > self.gateway.settings.message_bytes {
            return self.violate(Violation::TooLarge);
        }
        if !self.connection.is_open() {
            return;
        }
        self.connection.touch(self.gateway.clock.now());
        let busy = self.gateway.activity.begin();
        let _swallowed = self.frames.send(Frame { payload, busy }).await;
    }

    /// A ping or a pong.
    pub(super) fn control_frame(&self) {
        if self.gateway.settings.control_frames_are_activity {
            self.connection.touch(self.gateway.clock.now());
        }
    }

    /// The client did what it may not: the gateway closes.
    pub(super) fn violate(&self, violation: Violation) {
        self.gateway.end(&self.connection, Side::Gateway, violation.status());
    }

    /// The client closes.
    pub(super) fn close(&self, status: Option<(u16, &str)>) {
        let status = status.unwrap_or((1005, "Client-side close frame status not set"));
        self.gateway.end(&self.connection, Side::Client, status);
    }

    /// The client's TCP connection ended without a close frame. Says nothing if the connection has ended, or where such an end is not noticed.
    pub(super) fn abort(&self) {
        if self.gateway.settings.notices_tcp_ends {
            self.gateway.end(&self.connection, Side::Client, (1006, ""));
        }
    }
}

/// The direction to the client.
pub(super) struct Listener {
    pub(super) outbound: mpsc::UnboundedReceiver<Outbound>,
    pub(super) buffered_bytes: Arc<AtomicUsize>,
}

impl Listener {
    pub(super) async fn next(&mut self) -> Option<Outbound> {
        let outbound = self.outbound.recv().await?;
        Some(self.taken(outbound))
    }

    pub(super) fn try_next(&mut self) -> Option<Outbound> {
        let outbound = self.outbound.try_recv().ok()?;
        Some(self.taken(outbound))
    }

    fn taken(&mut self, outbound: Outbound) -> Outbound {
        match &outbound {
            Outbound::Text(text) => {
                self.buffered_bytes.fetch_sub(text.len(), Ordering::SeqCst);
            }
            Outbound::Binary(bytes) => {
                self.buffered_bytes.fetch_sub(bytes.len(), Ordering::SeqCst);
            }
            Outbound::Close { .. } => {
                self.outbound.close();
                while self.outbound.try_recv().is_ok() {}
            }
        }
        outbound
    }
}
