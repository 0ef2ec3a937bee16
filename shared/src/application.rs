//! The application that runs in the namespaces of a relay. Parlance is the chat. With another application in its place,
//! the relay is a Socket.IO server. The conformance tests run an echo application there to prove it.
//!
//! An application receives events and returns what to send back. It does not read, write or post anything itself. Every
//! client may connect. Two things are absent on purpose, because API Gateway has no means for them: an application
//! cannot send to a socket other than the one that sent the event, and there is no order between the frames that two
//! invocations send to one socket at the same time. So an application should not reply with attachments to events that
//! a client sends without waiting for the reply.

use serde_json::{Map, Value};

use frame::engine;

/// The application that a relay runs.
#[derive(Clone, Copy)]
pub enum Application {
    /// The chat, in its dialects.
    Chat,
    /// An application that uses Socket.IO.
    Sockets(&'static dyn Sockets),
    /// An application that uses Engine.IO alone. The function takes one message of the client, text or binary, and
    /// returns the packets to send back.
    Messages(fn(&engine::Packet<'_>) -> Vec<engine::Packet<'static>>),
}

/// An application that speaks Socket.IO.
pub trait Sockets: Send + Sync {
    /// Whether a namespace with this name exists. The name includes the slash.
    fn has_namespace(&self, namespace: &str) -> bool;

    /// Returns what a socket receives first, after the relay has confirmed its CONNECT packet. `auth` is the payload of
    /// that packet.
    fn joined(&self, auth: &Map<String, Value>) -> Vec<Emission>;

    /// Returns what a socket receives in reply to an event that it emitted.
    fn on_event(&self, event: &str, content: EventContent) -> Vec<Emission>;

    /// Returns what a socket receives in reply to its ack of a question. `about` is the third value of
    /// [`Emission::Question`].
    fn on_ack(&self, about: &str, answer: EventContent) -> Vec<Emission>;
}

/// The arguments of an event or an ack. Each attachment has its placeholder in the arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventContent {
    /// The arguments.
    pub arguments: Vec<Value>,
    /// The binary attachments, in the order of the placeholders' numbers.
    pub attachments: Vec<Vec<u8>>,
}

/// One thing to send to the socket that emitted the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emission {
    /// An event: its name and its content.
    Event(String, EventContent),
    /// The ack of the event that the socket emitted. The relay drops it if the client asked for no ack.
    Ack(EventContent),
    /// An event that asks the client for an ack: its name, its content, and a text that says what the question is
    /// about.
    Question(String, EventContent, String),
}
