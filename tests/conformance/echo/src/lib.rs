//! The applications that the official test suites talk to. They send back what they receive. Everything of the protocol
//! under them is the relay's.
//!
//! Everything that no deployment is set to is here: a heartbeat in milliseconds, and a host that passes binary frames
//! on and takes a megabyte.

use frame::engine::Packet;
use relay::application::{Admission, Application, Asking, Denial, Emission, Event, EventContent, StageVariables};
use relay::clock::Clock;
use relay::config::{ConfigError, Host, Settings};
use relay::ctx::Ctx;
use relay::services::Aws;
use relay::store::Session;
use serde_json::{Map, Value};

/// How often the heartbeat has its turn. A connection is pinged each third time, and a pong is waited for so long, as
/// the suites have it.
pub const TURN_MILLIS: u32 = 100;
const SLOTS: u32 = 3;
const PING_TIMEOUT_MILLIS: u32 = 200;
/// How long a connection may stay without a namespace.
const CONNECT_TIMEOUT_MILLIS: u32 = 1_000;
/// What a client may send at once.
pub const MAX_PAYLOAD_BYTES: usize = 1_000_000;

/// Sends each message of Engine.IO back as it is. There are no namespaces, and nobody need join one.
pub struct Messages;

/// Sends each event of Socket.IO back, in the namespaces `/` and `/custom`.
pub struct Events;

/// The host and the heartbeat that the suite of Engine.IO expects.
pub fn messages(ctx: &mut Ctx<Messages>) {
    host(ctx);
    ctx.config.heartbeat.connect_timeout_millis = u32::MAX;
}

/// The host and the heartbeat that the suite of Socket.IO expects.
pub fn sockets(ctx: &mut Ctx<Events>) {
    host(ctx);
    ctx.config.heartbeat.connect_timeout_millis = CONNECT_TIMEOUT_MILLIS;
    events(ctx);
}

/// The heartbeat and the host of a deployment, but without recovery: the suites know of no `pid`.
pub fn events(ctx: &mut Ctx<Events>) {
    ctx.config.recovery_window_secs = 0;
}

fn host<A>(ctx: &mut Ctx<A>) {
    let heartbeat = &mut ctx.config.heartbeat;
    (heartbeat.tick_millis, heartbeat.slots) = (TURN_MILLIS, SLOTS);
    heartbeat.timeout_millis = PING_TIMEOUT_MILLIS;
    heartbeat.notes_pongs = true;
    ctx.config.host = Host { binary_frames: true, max_payload_bytes: MAX_PAYLOAD_BYTES };
}

impl Application for Messages {
    type Identity = ();
    type Joining = ();
    type Missed = ();

    const USES_SOCKET_IO: bool = false;

    fn start(_: &Settings<'_>, _: &Aws, _: &Clock) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn has_namespace(_: &Ctx<Self>, _: &StageVariables, _: &str) -> bool {
        false
    }

    async fn authenticate(_: &Ctx<Self>, _: Asking<'_>) -> Result<Admission<()>, Denial> {
        Err(Map::new().into())
    }

    async fn event(_: &Ctx<Self>, _: &Session, _: Event<'_>) -> Vec<Emission> {
        Vec::new()
    }

    fn message(_: &Ctx<Self>, packet: &Packet<'_>) -> Vec<Packet<'static>> {
        match packet {
            Packet::Message(text) => vec![Packet::Message(text.clone().into_owned().into())],
            Packet::Binary(bytes) => vec![Packet::Binary(bytes.clone())],
            _ => Vec::new(),
        }
    }
}

impl Application for Events {
    type Identity = ();
    type Joining = ();
    type Missed = ();

    fn start(_: &Settings<'_>, _: &Aws, _: &Clock) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn has_namespace(_: &Ctx<Self>, _: &StageVariables, namespace: &str) -> bool {
        matches!(namespace, "/" | "/custom")
    }

    async fn authenticate(ctx: &Ctx<Self>, _: Asking<'_>) -> Result<Admission<()>, Denial> {
        Admission::anybody(&ctx.clock)
    }

    /// `auth`, with what the client's CONNECT held.
    async fn joined(_: &Ctx<Self>, _: &Session, auth: &Map<String, Value>, (): ()) -> Vec<Emission> {
        vec![Emission::Event("auth".to_owned(), EventContent::of(vec![Value::Object(auth.clone())]))]
    }

    /// `message` comes back as `message-back`, `message-with-ack` as its ack, and `ask` as the event `question`, which
    /// asks for an ack.
    async fn event(_: &Ctx<Self>, _: &Session, Event { name, content, .. }: Event<'_>) -> Vec<Emission> {
        match name {
            "message" => vec![Emission::Event("message-back".to_owned(), content)],
            "message-with-ack" => vec![Emission::Ack(content)],
            "ask" => vec![Emission::Question("question".to_owned(), content, "what was asked".to_owned())],
            _ => Vec::new(),
        }
    }

    /// `answered`, with what it was about and what the client's ack held.
    async fn ack(_: &Ctx<Self>, _: &Session, about: &str, answer: EventContent) -> Vec<Emission> {
        let EventContent { mut arguments, attachments } = answer;
        arguments.insert(0, about.into());
        vec![Emission::Event("answered".to_owned(), EventContent { arguments, attachments })]
    }
}
