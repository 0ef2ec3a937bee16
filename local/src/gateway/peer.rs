//! The client's end of a connection. Tests use it directly; `websocket` connects it to a real socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_channel::mpsc;
use futures_util::{SinkExt as _, StreamExt as _};

use super::connection::{Connection, Frame, Side};
use super::message::{Close, Outbound, Payload};
use super::{BinaryFrames, Gateway};
use crate::watch::Direction;

/// The client's end of a connection, without TCP. To drop it is to lose the client as in a network that vanishes: no
/// side is told.
pub struct Peer {
    speaker: Speaker,
    listener: Listener,
}

impl Peer {
    pub(super) fn new(speaker: Speaker, listener: Listener) -> Self {
        Self { speaker, listener }
    }

    /// The id of the connection.
    #[must_use]
    pub fn connection_id(&self) -> &str {
        self.speaker.connection.origin.id.as_str()
    }

    /// The subprotocol that `$connect` returned.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.speaker.subprotocol.as_deref()
    }

    /// Sends a text message as one frame. Waits while too many frames of this client wait. A closed connection ignores
    /// the message.
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

    /// Returns the next frame that the client receives; `None` after the close.
    pub async fn next(&mut self) -> Option<Outbound> {
        self.listener.next().await
    }

    /// Returns a frame that the client has received by now, if there is one.
    pub fn try_next(&mut self) -> Option<Outbound> {
        self.listener.try_next()
    }

    /// Closes the connection from the client's side, with or without a code and a reason.
    pub fn close(self, close: Option<Close<'_>>) {
        self.speaker.close(close);
    }

    /// Ends the client's TCP connection without a close frame, for example because its process was killed.
    pub fn abort(self) {
        self.speaker.abort();
    }

    /// Separates the two directions, for a socket.
    pub(super) fn split(self) -> (Speaker, Listener) {
        (self.speaker, self.listener)
    }
}

/// Something that a client is not allowed to do.
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
    /// The close frame. Code and reason are inferred, except for the codes of the first two.
    fn close(self) -> Close<'static> {
        let (code, reason) = match self {
            Self::TooLarge => (1009, "Message too big"),
            Self::Binary => (1003, "Binary frames are not supported"),
            Self::NotText => (1007, "Invalid payload data"),
            Self::Protocol => (1002, "Protocol error"),
        };
        Close { code, reason }
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
    /// Handles a whole message, of one frame or several.
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
        self.gateway.note(&self.connection, Direction::In, &payload);
        let busy = self.gateway.activity.begin();
        let _swallowed = self.frames.clone().send(Frame { payload, busy }).await;
    }

    /// Handles a ping or a pong.
    pub(super) fn control_frame(&self) {
        if self.gateway.settings.control_frames_are_activity {
            self.connection.touch(self.gateway.clock.now());
        }
    }

    /// Closes the connection because the client did something that is not allowed.
    pub(super) fn violate(&self, violation: Violation) {
        self.gateway.end(&self.connection, Side::Gateway, violation.close());
    }

    /// Closes the connection because the client closed it.
    pub(super) fn close(&self, close: Option<Close<'_>>) {
        let close = close.unwrap_or(Close { code: 1005, reason: "Client-side close frame status not set" });
        self.gateway.end(&self.connection, Side::Client, close);
    }

    /// Ends the connection because the client's TCP connection ended without a close frame. Does nothing if the
    /// connection has ended, or if the settings say that such an end is not noticed.
    pub(super) fn abort(&self) {
        if self.gateway.settings.notices_tcp_ends {
            self.gateway.end(&self.connection, Side::Client, Close { code: 1006, reason: "" });
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
        let outbound = self.outbound.next().await?;
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
