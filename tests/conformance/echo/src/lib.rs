//! The applications that the official test suites talk to: they say what they hear. All of the protocol under them is the relay's.
//!
//! Everything that no deployment is set to is here: a heartbeat in milliseconds, a host that passes binary frames on and takes a megabyte.

use frame::engine::Packet;
use serde_json::{Map, Value};
use shared::application::{Application, Emission, EventContent, Sockets};
use shared::config::Host;
use shared::ctx::Ctx;

/// How often the heartbeat has its turn. A connection is pinged each third time, and a pong is waited for so long, as the suites have it.
pub const TURN_MILLIS: u32 = 100;
const SLOTS: u32 = 3;
const PING_TIMEOUT_MILLIS: u32 = 200;
/// How long a connection may stay without a namespace.
const CONNECT_TIMEOUT_MILLIS: u32 = 1_000;
/// What a client may send at once.
pub const MAX_PAYLOAD_BYTES: usize = 1_000_000;

/// Sends each message of Engine.IO back as it is. There are no namespaces, and nobody need join one.
pub fn messages(ctx: &mut Ctx) {
    host(ctx);
    ctx.config.heartbeat.connect_timeout_millis = u32::MAX;
    ctx.application = Application::Messages(|packet| match packet {
        Packet::Message(text) => vec![Packet::Message(text.clone().into_owned().into())],
        Packet::Binary(bytes) => vec![Packet::Binary(bytes.clone())],
        _ => Vec::new(),
    });
}

/// Sends each event of Socket.IO back, in the namespaces `/` and `/custom`.
pub fn sockets(ctx: &mut Ctx) {
    host(ctx);
    ctx.config.heartbeat.connect_timeout_millis = CONNECT_TIMEOUT_MILLIS;
    events(ctx);
}

/// The same with a deployment's own heartbeat and host, but without recovery: the suites know of no `pid`.
pub fn events(ctx: &mut Ctx) {
    ctx.config.recovery_window_secs = 0;
    ctx.application = Application::Sockets(&Events);
}

fn host(ctx: &mut Ctx) {
    let heartbeat = &mut ctx.config.heartbeat;
    (heartbeat.tick_millis, heartbeat.slots) = (TURN_MILLIS, SLOTS);
    heartbeat.timeout_millis = PING_TIMEOUT_MILLIS;
    heartbeat.notes_pongs = true;
    ctx.config.host = Host { binary_frames: true, max_payload_bytes: MAX_PAYLOAD_BYTES };
}

struct Events;

impl Sockets for Events {
    fn has_namespace(&self, namespace: &str) -> bool {
        matches!(namespace, "/" | "/custom")
    }

    /// `auth`, with what the client's CONNECT held.
    fn joined(&self, auth: &Map<String, Value>) -> Vec<Emission> {
        let content = EventContent { arguments: vec![Value::Object(auth.clone())], attachments: Vec::new() };
        vec![Emission::Event("auth".to_owned(), content)]
    }

    /// `message` comes back as `message-back`, `message-with-ack` as its ack, and `ask` as the event `question`, which asks for an ack.
    fn on_event(&self, event: &str, content: EventContent) -> Vec<Emission> {
        match event {
            "message" => vec![Emission::Event("message-back".to_owned(), content)],
            "message-with-ack" => vec![Emission::Ack(content)],
            "ask" => vec![Emission::Question("question".to_owned(), content, "what was asked".to_owned())],
            _ => Vec::new(),
        }
    }

    /// `answered`, with what it was about and what the client's ack held.
    fn on_ack(&self, about: &str, answer: EventContent) -> Vec<Emission> {
        let EventContent { mut arguments, attachments } = answer;
        arguments.insert(0, about.into());
        vec![Emission::Event("answered".to_owned(), EventContent { arguments, attachments })]
    }
}
