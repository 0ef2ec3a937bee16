//! What speaks in the namespaces of a relay. Parlance is the chat; another application in its place makes a Socket.IO server of the relay, and
//! the conformance tests put an echo there to prove that it is one.
//!
//! An application hears and says what to say; it reads, writes and posts nothing. Everybody is let in. Deliberately absent: saying something
//! to another socket than the one that spoke, and an order between what two invocations say to one socket at the same time, for which
//! API Gateway has no means; so an application had better not answer with attachments what a client sends without waiting.

use serde_json::{Map, Value};

use crate::frame::engine;

/// What a relay carries.
#[derive(Clone, Copy)]
pub enum Application {
    /// The chat, in its dialects.
    Chat,
    /// One that speaks Socket.IO.
    Sockets(&'static dyn Sockets),
    /// One that speaks Engine.IO alone: what it says to a message of its client, text or binary.
    Messages(fn(&engine::Packet<'_>) -> Vec<engine::Packet<'static>>),
}

/// An application that speaks Socket.IO.
pub trait Sockets: Send + Sync {
    /// Whether there is a namespace of this name, slash included.
    fn has_namespace(&self, namespace: &str) -> bool;

    /// What a socket hears first, once its CONNECT with this `auth` is confirmed.
    fn joined(&self, auth: &Map<String, Value>) -> Vec<Saying>;

    /// What a socket hears of its own event.
    fn heard(&self, event: &str, content: Content) -> Vec<Saying>;

    /// What a socket hears of its answer to the question about this.
    fn on_ack(&self, about: &str, answer: Content) -> Vec<Saying>;
}

/// What an event or an ack carries. Each attachment has its placeholder in the arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The arguments.
    pub arguments: Vec<Value>,
    /// What is binary, in the order of the placeholders' numbers.
    pub attachments: Vec<Vec<u8>>,
}

/// Something for the socket that spoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// An event.
    Event(String, Content),
    /// The answer to what it sent; for nobody, if it asked for none.
    Ack(Content),
    /// An event that asks for an answer, and what that will be about.
    Question(String, Content, String),
}
