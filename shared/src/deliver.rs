//! Audiences → sockets → posts.
//!
//! A notice is put into words once per socket, by the socket's own dialect, and posted frame by frame in order. Sockets are independent of
//! each other, and posted to at the same time up to a bound. A socket whose token has ended hears nothing. A connection that is gone is
//! handed to the disconnect function; one that does not take a frame it must hear is closed, so that its client comes back and catches up
//! instead of missing something unknowingly.

use std::collections::{BTreeSet, HashMap};

use futures_util::StreamExt as _;
use serde_json::Value;

use crate::ctx::{Ctx, Delivery};
use crate::dialect::{self, Event};
use crate::domain::id::{ConnectionId, UserId};
use crate::domain::notice::{Audience, Envelope, Notice, Viewer};
use crate::error::Error;
use crate::frame::engine;
use crate::frame::socket::{AckId, Body, EventName, Namespace, Packet};
use crate::store::{Session, Socket};
use crate::telemetry;

/// Sockets posted to, and people looked up, at the same time.
const CONCURRENCY: usize = 64;

/// Says things to sockets on behalf of one invocation, and remembers whose sockets it looked up.
pub struct Delivering<'a> {
    ctx: &'a Ctx,
    origin: Option<&'a Session>,
    sockets: HashMap<UserId, Vec<Socket>>,
}

/// The frames for one socket, and the first of them that matters to its user.
struct Line {
    user: UserId,
    connection: ConnectionId,
    frames: Vec<Frame>,
}

struct Frame {
    text: String,
    /// Whether it may be missed: typing and presence say nothing that lasts.
    volatile: bool,
    /// Whether it tells of a message by somebody else.
    message: bool,
}

impl<'a> Delivering<'a> {
    /// For an invocation that `origin` caused, if a socket did.
    #[must_use]
    pub fn new(ctx: &'a Ctx, origin: Option<&'a Session>) -> Self {
        Self { ctx, origin, sockets: HashMap::new() }
    }

    /// Posts `first` to the origin, then every envelope to everybody it is for. One query per person not looked up before, and one post per
    /// frame. Gives the people to whom a message was posted.
    pub async fn say(&mut self, first: Vec<String>, envelopes: &[Envelope]) -> BTreeSet<UserId> {
        self.look_up(envelopes).await;
        let lines = self.lines(first, envelopes);
        let ctx = self.ctx;
        let posted = futures_util::stream::iter(lines).map(|line| post(ctx, line)).buffer_unordered(CONCURRENCY);
        posted.filter_map(std::future::ready).collect().await
    }

    async fn look_up(&mut self, envelopes: &[Envelope]) {
        let people = envelopes.iter().flat_map(|envelope| match &envelope.to {
            Audience::People(people) => people.as_slice(),
            Audience::Origin => &[],
        });
        let unknown: BTreeSet<UserId> = people.filter(|user| !self.sockets.contains_key(user)).cloned().collect();
        let store = &self.ctx.store;
        let queries = futures_util::stream::iter(unknown).map(|user| async move {
            let sockets = store.sockets(&user).await.unwrap_or_else(|error| {
                telemetry::failed(None, &error);
                Vec::new()
            });
            (user, sockets)
        });
        let found: Vec<_> = queries.buffer_unordered(CONCURRENCY).collect().await;
        self.sockets.extend(found);
    }

    fn lines(&self, first: Vec<String>, envelopes: &[Envelope]) -> Vec<Line> {
        let now = self.ctx.clock.now();
        let people = envelopes.iter().flat_map(|envelope| match &envelope.to {
            Audience::People(people) => people.as_slice(),
            Audience::Origin => &[],
        });
        let people: BTreeSet<&UserId> = people.collect();
        let sockets = people.iter().filter_map(|user| self.sockets.get(*user)).flatten();
        let live = sockets.filter(|socket| socket.expires_at.is_none_or(|end| now < end));
        let others = live.filter(|socket| !self.is_origin(socket)).map(|socket| {
            let frames = self.frames(envelopes, &socket.user, &socket.namespace, false);
            Line { user: socket.user.clone(), connection: socket.connection.clone(), frames }
        });
        let origin = self.origin.map(|session| {
            let first = first.into_iter().map(|text| Frame { text, volatile: false, message: false });
            let frames = first.chain(self.frames(envelopes, &session.user, &session.namespace, true)).collect();
            Line { user: session.user.clone(), connection: session.connection.clone(), frames }
        });
        origin.into_iter().chain(others).filter(|line| !line.frames.is_empty()).collect()
    }

    fn is_origin(&self, socket: &Socket) -> bool {
        self.origin.is_some_and(|origin| origin.connection == socket.connection && origin.namespace == socket.namespace)
    }

    fn frames(&self, envelopes: &[Envelope], user: &UserId, namespace: &str, origin: bool) -> Vec<Frame> {
        let Some(dialect) = dialect::of_namespace(namespace, self.ctx.config.default_dialect) else {
            return Vec::new();
        };
        let heard = envelopes.iter().filter(|envelope| match &envelope.to {
            Audience::Origin => origin,
            Audience::People(people) => people.contains(user),
        });
        let frames = heard.flat_map(|Envelope { notice, to: _ }| {
            let volatile = is_volatile(notice);
            let message = matches!(notice, Notice::Sent { message, .. } if message.sender != *user);
            let words = dialect.words(notice, Viewer { user, origin });
            words
                .into_iter()
                .map(move |event| event_frame(namespace, event).map(|text| Frame { text, volatile, message }))
        });
        frames.flatten().collect()
    }
}

fn is_volatile(notice: &Notice) -> bool {
    matches!(notice, Notice::Typing { .. } | Notice::Online(_) | Notice::Offline { .. } | Notice::OnlineUsers(_))
}

/// Posts a line's frames in order; the line's user, if a message reached them.
async fn post(ctx: &Ctx, line: Line) -> Option<UserId> {
    let mut reached = false;
    for frame in &line.frames {
        match ctx.post(&line.connection, &frame.text).await {
            Delivery::Sent => reached |= frame.message,
            Delivery::Throttled if frame.volatile => {}
            Delivery::TooLarge => {}
            Delivery::Throttled => {
                ctx.close(&line.connection).await;
                break;
            }
            Delivery::Gone => {
                ctx.bury(&line.connection).await;
                break;
            }
        }
    }
    reached.then_some(line.user)
}

/// The text frame of an event; `None` for a name that no event may have.
#[must_use]
pub fn event_frame(namespace: &str, (name, argument): Event) -> Option<String> {
    let name = EventName::parse(name).ok()?;
    packet_frame(namespace, Body::Event { name, arguments: vec![argument], ack: None })
}

/// The text frame of an acknowledgement.
#[must_use]
pub fn ack_frame(namespace: &str, id: &AckId, argument: Value) -> Option<String> {
    packet_frame(namespace, Body::Ack { id: id.clone(), arguments: vec![argument] })
}

/// The text frame of a packet; `None` for a name that no namespace may have.
#[must_use]
pub fn packet_frame(namespace: &str, body: Body) -> Option<String> {
    let namespace = Namespace::parse(namespace).ok()?;
    Some(engine::Packet::Message(Packet { namespace, body }.encode().into()).encode())
}

/// The frames that answer an error: a failed ack if one was asked for, else the `error` event.
#[must_use]
pub fn error_frames(ctx: &Ctx, namespace: &str, ack: Option<&AckId>, error: &Error) -> Vec<String> {
    let Some(dialect) = dialect::of_namespace(namespace, ctx.config.default_dialect) else { return Vec::new() };
    let said = dialect.error(error, ctx.clock.now());
    let frame = match ack {
        Some(id) => ack_frame(namespace, id, serde_json::json!({"success": false, "error": said})),
        None => event_frame(namespace, ("error", said)),
    };
    frame.into_iter().collect()
}
