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
use crate::dialect::{self, Dialect, Event};
use crate::domain::directory::Directory;
use crate::domain::id::{ChatId, ConnectionId, UserId};
use crate::domain::notice::{Answer, Audience, Envelope, Notice, Viewer};
use crate::error::Error;
use crate::frame::engine;
use crate::frame::socket::{AckId, Body, EventName, Namespace, Packet};
use crate::store::{Person, Session, Socket};
use crate::telemetry;

/// Most bytes that API Gateway posts at once.
pub const POST_MAX_BYTES: usize = 131_072;
/// Sockets posted to, and people looked up, at the same time.
const CONCURRENCY: usize = 64;

/// Says things to sockets on behalf of one invocation, and remembers whom it looked up.
pub struct Delivering<'a> {
    ctx: &'a Ctx,
    origin: Option<&'a Session>,
    sockets: HashMap<UserId, Vec<Socket>>,
    directory: Directory,
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
        Self { ctx, origin, sockets: HashMap::new(), directory: Directory::default() }
    }

    /// Looks up what `dialect` needs to word an answer. One query per person in the audience of `envelopes`, who will be told anyway; if the
    /// dialect shows profiles, a read per hundred people and a read per hundred listings besides.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn prepare(
        &mut self,
        dialect: &dyn Dialect,
        answer: &Answer,
        envelopes: &[Envelope],
    ) -> Result<(), Error> {
        self.look_up(envelopes).await;
        if !dialect.shows_profiles() {
            return Ok(());
        }
        self.meet(answer.people()).await?;
        let listings = answer.listings();
        if !listings.is_empty() {
            let listings = self.ctx.store.listings(&listings).await?;
            self.directory.listings.extend(listings.into_iter().map(|listing| (listing.id.clone(), listing)));
        }
        Ok(())
    }

    /// The caller, for wording their answer.
    #[must_use]
    pub fn caller<'b>(&'b self, user: &'b UserId) -> Viewer<'b> {
        self.viewer(user, true, None)
    }

    fn viewer<'b>(&'b self, user: &'b UserId, origin: bool, joined: Option<&ChatId>) -> Viewer<'b> {
        let joined = joined.is_some();
        Viewer { user, origin, joined, directory: &self.directory, now: self.ctx.clock.now() }
    }

    /// Posts `first` to the origin, then every envelope to everybody it is for. One query per person not looked up before, a read per hundred
    /// people who are only mentioned if a dialect that hears of it shows profiles, and one post per frame. Gives the people to whom a
    /// message was posted.
    pub async fn say(&mut self, first: Vec<String>, envelopes: &[Envelope]) -> BTreeSet<UserId> {
        self.look_up(envelopes).await;
        if self.profiles_are_shown(envelopes) {
            let mentioned = envelopes.iter().flat_map(|envelope| envelope.notice.people()).collect();
            // Without profiles people go by their ids.
            if let Err(error) = self.meet(mentioned).await {
                telemetry::failed(None, &error);
            }
        }
        let lines = self.lines(first, envelopes);
        let ctx = self.ctx;
        let posted = futures_util::stream::iter(lines).map(|line| post(ctx, line)).buffer_unordered(CONCURRENCY);
        posted.filter_map(std::future::ready).collect().await
    }

    /// Finds the sockets of everybody who is to be told, and their profiles in the same query.
    async fn look_up(&mut self, envelopes: &[Envelope]) {
        let unknown: BTreeSet<UserId> =
            audience(envelopes).filter(|user| !self.sockets.contains_key(user)).cloned().collect();
        let store = &self.ctx.store;
        let queries = futures_util::stream::iter(unknown).map(|user| async move {
            let person = store.person(&user).await.unwrap_or_else(|error| {
                telemetry::failed(None, &error);
                Person { user: None, sockets: Vec::new() }
            });
            (user, person)
        });
        let found: Vec<_> = queries.buffer_unordered(CONCURRENCY).collect().await;
        for (user, person) in found {
            self.directory.users.extend(person.user.map(|profile| (user.clone(), profile)));
            self.sockets.insert(user, person.sockets);
        }
    }

    /// Finds the profiles of people not looked up before.
    async fn meet(&mut self, people: BTreeSet<UserId>) -> Result<(), Error> {
        let known = &self.directory.users;
        let unknown: Vec<UserId> = people.into_iter().filter(|user| !known.contains_key(user)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let users = self.ctx.store.users(&unknown).await?;
        self.directory.users.extend(users.into_iter().map(|user| (user.id.clone(), user)));
        Ok(())
    }

    fn profiles_are_shown(&self, envelopes: &[Envelope]) -> bool {
        let others = audience(envelopes).filter_map(|user| self.sockets.get(user)).flatten();
        let mut dialects = others.map(|socket| &socket.dialect).chain(self.origin.map(|origin| &origin.dialect));
        dialects.any(|name| dialect::named(name).is_some_and(Dialect::shows_profiles))
    }

    fn lines(&self, first: Vec<String>, envelopes: &[Envelope]) -> Vec<Line> {
        let now = self.ctx.clock.now();
        let people: BTreeSet<&UserId> = audience(envelopes).collect();
        let sockets = people.iter().filter_map(|user| self.sockets.get(*user)).flatten();
        let live = sockets.filter(|socket| socket.expires_at.is_none_or(|end| now < end));
        let others = live.filter(|socket| !self.is_origin(socket)).map(|socket| {
            let frames = self.frames(envelopes, socket, false);
            Line { user: socket.user.clone(), connection: socket.connection.clone(), frames }
        });
        let origin = self.origin.map(|session| {
            let first = first.into_iter().map(|text| Frame { text, volatile: false, message: false });
            let mut own = self.sockets.get(&session.user).into_iter().flatten();
            let socket = own.find(|socket| self.is_origin(socket)).cloned().unwrap_or_else(|| Socket::of(session));
            let frames = first.chain(self.frames(envelopes, &socket, true)).collect();
            Line { user: session.user.clone(), connection: session.connection.clone(), frames }
        });
        origin.into_iter().chain(others).filter(|line| !line.frames.is_empty()).collect()
    }

    fn is_origin(&self, socket: &Socket) -> bool {
        self.origin.is_some_and(|origin| origin.connection == socket.connection && origin.namespace == socket.namespace)
    }

    fn frames(&self, envelopes: &[Envelope], socket: &Socket, origin: bool) -> Vec<Frame> {
        let Socket { user, namespace, rooms, .. } = socket;
        let Some(dialect) = dialect::named(&socket.dialect) else { return Vec::new() };
        let mut frames = Vec::new();
        for Envelope { notice, to } in envelopes {
            let joined = notice.room().filter(|room| rooms.contains(*room));
            let heard = match to {
                Audience::Origin => origin,
                Audience::People(people) => people.contains(user),
            };
            let elsewhere = dialect.has_rooms() && joined.is_none() && matches!(notice, Notice::Typing { .. });
            if !heard || elsewhere {
                continue;
            }
            let volatile = is_volatile(notice);
            let message = matches!(notice, Notice::Sent { message, .. } if message.sender != *user);
            let words = dialect.words(notice, &self.viewer(user, origin, joined));
            let texts = words.into_iter().filter_map(|event| event_frame(namespace, event));
            frames.extend(texts.map(|text| Frame { text, volatile, message }));
        }
        frames
    }
}

/// Everybody who is to be told.
fn audience(envelopes: &[Envelope]) -> impl Iterator<Item = &UserId> {
    envelopes.iter().flat_map(|envelope| match &envelope.to {
        Audience::People(people) => people.as_slice(),
        Audience::Origin => &[],
    })
}

fn is_volatile(notice: &Notice) -> bool {
    matches!(notice, Notice::Typing { .. } | Notice::Online { .. } | Notice::Offline { .. } | Notice::OnlineUsers(_))
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

/// An event that is answered with an error.
#[derive(Clone, Copy)]
pub struct Emitted<'a> {
    /// Where it was emitted.
    pub namespace: &'a str,
    /// What is spoken there.
    pub dialect: &'static dyn Dialect,
    /// Its name.
    pub event: &'a str,
    /// Present if the client wants an answer.
    pub ack: Option<&'a AckId>,
}

/// The frames that answer an event with an error: a failed ack if one was asked for, else the `error` event.
#[must_use]
pub fn error_frames(ctx: &Ctx, emitted: Emitted<'_>, error: &Error) -> Vec<String> {
    let Emitted { namespace, dialect, event, ack } = emitted;
    let said = dialect.event_error(event, error, ctx.clock.now());
    let frame = match ack {
        Some(id) => ack_frame(namespace, id, serde_json::json!({"success": false, "error": said})),
        None => event_frame(namespace, ("error", said)),
    };
    frame.into_iter().collect()
}
