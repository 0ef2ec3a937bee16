//! What goes over a connection: messages in both directions, and the close frame.

use bytes::Bytes;

/// A frame that the client receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outbound {
    /// A text frame.
    Text(String),
    /// A binary frame, which API Gateway never sends.
    Binary(Bytes),
    /// A close frame: the gateway closes the connection, and nothing comes after it.
    Close {
        /// The status code of the close frame.
        code: u16,
        /// The text of the close frame.
        reason: String,
    },
}

/// The code and the reason of a close frame, as in RFC 6455.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close<'a> {
    /// The status code.
    pub code: u16,
    /// The text.
    pub reason: &'a str,
}

/// The content of a message.
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
