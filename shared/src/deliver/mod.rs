//! Audiences → sockets → posts.
//!
//! A notice is put into words once per socket, by the socket's own dialect, and posted frame by frame in order. Sockets are independent of
//! each other, and posted to at the same time up to a bound. A socket whose token has ended is told so instead, and its connection is
//! closed. A connection that is gone is handed to the disconnect function; one that does not take a frame it must hear is closed, so that its client comes back and catches up
//! instead of missing something unknowingly.

pub mod fit;
mod order;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;

use crate::ctx::{Ctx, Delivery, POST_MAX_MILLIS};
use crate::dialect::{self, Dialect, Event};
use crate::domain::clock::Timestamp;
use crate::domain::directory::Directory;
use crate::domain::extent::Extent;
use crate::domain::id::{ChatId, ConnectionId, UserId};
use crate::domain::log::{ChatEvent, Position};
use crate::domain::notice::{Answer, Audience, Envelope, MissedEvent, Notice, Viewer};
use crate::domain::offset::{Last, Offset, TELLING_MILLIS};
use crate::error::{Error, Refusal};
use crate::frame::engine;
use crate::frame::socket::{AckId, Body, EventName, Namespace, Packet};
use crate::store::{Recipient, Session, Socket, Ungreeted};
use crate::telemetry;
use order::DeliveryOrder;
pub(crate) use order::Waits;
pub use order::wait_until_delivered;

/// Sockets posted to, and people looked up, at the same time.
const CONCURRENCY: usize = 64;
/// How long a socket that has joined may take to be told so before others no longer wait for it, and how often they look.
const GREETING_MAX_MILLIS: i64 = 2_000;
const GREETING_CHECKS_MAX: u32 = 40;
const GREETING_CHECK_WAIT: Duration = Duration::from_millis(50);

/// Says things to sockets on behalf of one invocation, and remembers whom it looked up.
pub struct Delivering<'a> {
    ctx: &'a Ctx,
    origin: Option<&'a Session>,
    /// What the origin has heard, for the first event after CONNECT.
    heard: Option<Offset>,
    sockets: HashMap<UserId, Vec<Socket>>,
    directory: Directory,
}

/// What became of posting.
#[derive(Debug, Default)]
#[must_use]
pub struct Posted {
    /// The people to whom a message was posted.
    pub reached: BTreeSet<UserId>,
    /// Whether no event of a chat was left to others to deliver.
    pub is_complete: bool,
}

/// The frames for one socket, and the first of them that matters to its user.
struct SocketBatch {
    user: UserId,
    connection: ConnectionId,
    /// When the connection was opened.
    opened_at: Timestamp,
    /// What `frames` wait behind, if the socket is being told what it missed.
    buffered_in: Option<ConnectionId>,
    /// If it has not been told that it is connected, which it is to hear first.
    ungreeted: Option<Ungreeted>,
    /// Answers, which wait for nothing.
    first: Vec<String>,
    frames: Vec<Frame>,
    /// Whether the connection is closed once all that is posted.
    closes: bool,
}

struct Frame {
    text: String,
    /// Whether it may be missed: typing and presence say nothing that lasts.
    volatile: bool,
    /// Whether it tells of a message by somebody else.
    message: bool,
    /// The end of the lease to deliver the event that it tells of, if it is an event of a chat.
    lease_until: Option<Timestamp>,
}

impl<'a> Delivering<'a> {
    /// For an invocation that `origin` caused, if a socket did.
    #[must_use]
    pub fn new(ctx: &'a Ctx, origin: Option<&'a Session>) -> Self {
        Self { ctx, origin, heard: None, sockets: HashMap::new(), directory: Directory::default() }
    }

    /// For a socket that has just connected and has heard so much.
    #[must_use]
    pub fn greeting(ctx: &'a Ctx, origin: &'a Session, heard: Offset) -> Self {
        Self { heard: Some(heard), ..Self::new(ctx, Some(origin)) }
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
        self.look_up(envelopes).await?;
        if !dialect.shows_profiles() {
            return Ok(());
        }
        self.load_profiles(answer.people()).await?;
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
        Viewer { user, origin, joined, directory: &self.directory, now: self.ctx.clock.now(), extent: Extent::WHOLE }
    }

    /// Posts `first` to the origin, then every envelope to everybody it is for. A failure is logged: what is stored and not delivered is
    /// delivered by the next event of its chat, or by the function followup.
    pub async fn deliver(&mut self, first: Vec<String>, envelopes: &[Envelope]) -> Posted {
        self.try_deliver(first, envelopes).await.unwrap_or_else(|error| {
            telemetry::failed(self.origin.map(|origin| &origin.connection), &error);
            Posted::default()
        })
    }

    /// Posts `first` to the origin, then every envelope to everybody it is for; events of a chat in their order, so once those before are
    /// delivered. One query per person not looked up before, a read per hundred people who are only mentioned if a dialect that hears of it
    /// shows profiles, one post per frame, and one write that records which change was delivered; of a message the caller is to record it.
    ///
    /// # Errors
    /// `Error::Internal` if somebody cannot be looked up. Then events of a chat are posted to nobody and left to others to deliver; what no chat
    /// remembers is posted to those who were found.
    pub async fn try_deliver(&mut self, first: Vec<String>, envelopes: &[Envelope]) -> Result<Posted, Error> {
        let ctx = self.ctx;
        let mut order = DeliveryOrder::of(envelopes, ctx.clock.now());
        let failed = self.look_up(envelopes).await.err();
        if failed.is_some() {
            order.release(ctx).await;
        }
        if self.profiles_are_shown(envelopes) {
            let mentioned = envelopes.iter().flat_map(|envelope| envelope.notice.people()).collect();
            // Without profiles people go by their ids.
            if let Err(error) = self.load_profiles(mentioned).await {
                telemetry::failed(None, &error);
            }
        }
        let mut first = first;
        if order.must_wait() {
            // An answer waits for nobody.
            let answers = std::mem::take(&mut first);
            tokio::join!(self.answer(answers), order.wait(ctx));
        }
        let lines = self.lines(first, envelopes, &order);
        let posted = futures_util::stream::iter(lines).map(|line| post(ctx, line)).buffer_unordered(CONCURRENCY);
        let reached = posted.filter_map(std::future::ready).collect().await;
        order.record(ctx).await;
        failed.map_or(Ok(Posted { reached, is_complete: order.is_complete() }), Err)
    }

    /// Posts answers to the origin.
    async fn answer(&self, first: Vec<String>) {
        if let Some(session) = self.origin {
            let (user, connection) = (session.user.clone(), session.connection.clone());
            let opened_at = session.opened_at;
            let (buffered_in, ungreeted, frames) = (None, None, Vec::new());
            let line =
                SocketBatch { user, connection, opened_at, buffered_in, ungreeted, first, frames, closes: false };
            post(self.ctx, line).await;
        }
    }

    /// What a socket missed, as frames, each with how much the socket will have heard by then; `None` if it says that it heard more frames of an
    /// event than the event has. If the dialect shows profiles, a read per hundred people.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn replay(&mut self, socket: &Socket, missed: &[MissedEvent]) -> Result<Option<Vec<String>>, Error> {
        let Some(dialect) = dialect::named(&socket.dialect) else { return Ok(Some(Vec::new())) };
        if dialect.shows_profiles() {
            self.load_profiles(missed.iter().flat_map(|missed| missed.notice.people()).collect()).await?;
        }
        let mut frames = Vec::new();
        for MissedEvent { notice, chat, previous, position, until, heard, origin } in missed {
            // Whoever heard nothing of a message of their own, not even the answer maybe, is told of it as their other devices are.
            let events = self.events(dialect, notice, socket, *origin && *heard > 0);
            let count = events.len();
            if *heard > 0 && !usize::try_from(*heard).is_ok_and(|heard| heard < count) {
                return Ok(None);
            }
            let told = (0_u64..).zip(events).skip_while(|(index, _)| index < heard);
            frames.extend(told.filter_map(|(index, event)| {
                let is_last = usize::try_from(index).is_ok_and(|index| index + 1 == count);
                let offset = Offset { until: *until, last: Some(last(chat, (*previous, *position), index, is_last)) };
                event_frame(&socket.namespace, event, Some(&offset))
            }));
        }
        Ok(Some(frames))
    }

    /// Finds the sockets of everybody who is to be told, and their profiles in the same query.
    async fn look_up(&mut self, envelopes: &[Envelope]) -> Result<(), Error> {
        let unknown: BTreeSet<UserId> =
            audience(envelopes).filter(|user| !self.sockets.contains_key(user)).cloned().collect();
        let store = &self.ctx.store;
        let queries = futures_util::stream::iter(unknown)
            .map(|user| async move { store.person(&user).await.map(|person| (user, person)) });
        let found: Vec<_> = queries.buffer_unordered(CONCURRENCY).collect().await;
        let mut failed = None;
        for person in found {
            match person {
                Ok((user, person)) => {
                    self.directory.users.extend(person.user.map(|profile| (user.clone(), profile)));
                    self.sockets.insert(user, person.sockets);
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Finds the profiles of people not looked up before.
    async fn load_profiles(&mut self, people: BTreeSet<UserId>) -> Result<(), Error> {
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

    fn lines(&self, first: Vec<String>, envelopes: &[Envelope], order: &DeliveryOrder) -> Vec<SocketBatch> {
        let now = self.ctx.clock.now();
        let people: BTreeSet<&UserId> = audience(envelopes).collect();
        let sockets = people.iter().filter_map(|user| self.sockets.get(*user)).flatten();
        let line = |socket: &Socket, first, frames| {
            let Socket { user, connection, opened_at, buffered_in, ungreeted, .. } = socket.clone();
            SocketBatch { user, connection, opened_at, buffered_in, ungreeted, first, frames, closes: false }
        };
        let others = sockets.filter(|socket| !self.is_origin(socket)).map(|socket| {
            let frames = self.frames(envelopes, socket, false, order);
            let expired = socket.expires_at.is_some_and(|end| end <= now);
            if expired && !frames.is_empty() {
                let told = expired_frame(self.ctx, socket).into_iter().collect();
                return SocketBatch { closes: true, ..line(socket, told, Vec::new()) };
            }
            line(socket, Vec::new(), frames)
        });
        let origin = self.origin.map(|session| {
            let mut own = self.sockets.get(&session.user).into_iter().flatten();
            let socket = own.find(|socket| self.is_origin(socket)).cloned().unwrap_or_else(|| Socket::of(session));
            let frames = self.frames(envelopes, &socket, true, order);
            SocketBatch { ungreeted: None, ..line(&socket, first, frames) }
        });
        let said = |line: &SocketBatch| !line.first.is_empty() || !line.frames.is_empty();
        origin.into_iter().chain(others).filter(said).collect()
    }

    fn is_origin(&self, socket: &Socket) -> bool {
        self.origin.is_some_and(|origin| socket.is_of(origin))
    }

    fn frames(&self, envelopes: &[Envelope], socket: &Socket, origin: bool, order: &DeliveryOrder) -> Vec<Frame> {
        let Socket { user, namespace, .. } = socket;
        let Some(dialect) = dialect::named(&socket.dialect) else { return Vec::new() };
        let mut frames = Vec::new();
        for Envelope { notice, to, step } in envelopes {
            let heard = match to {
                Audience::Origin => origin,
                Audience::People(people) => people.contains(user),
            };
            if !heard {
                continue;
            }
            let lease_until = step.as_ref().and_then(|step| order.lease(&step.chat));
            if step.is_some() && lease_until.is_none() {
                continue;
            }
            let volatile = is_volatile(notice);
            let message = matches!(notice, Notice::Sent { message, .. } if message.sender != *user);
            if let Notice::OnlineUsers(users) = notice {
                let text = fit::people(users.len(), |extent| {
                    let viewer = Viewer { extent: *extent, ..self.viewer(user, origin, None) };
                    event_frame(namespace, dialect.notice_events(notice, &viewer).pop()?, None)
                });
                frames.extend(text.map(|text| Frame { text, volatile, message: false, lease_until }));
                continue;
            }
            let events = self.events(dialect, notice, socket, origin);
            let count = events.len();
            frames.extend(events.into_iter().enumerate().filter_map(|(index, event)| {
                let offset = match step {
                    Some(step) => self.offset(socket, step, index, index + 1 == count),
                    None => self.heard.clone().filter(|_| matches!(notice, Notice::Connected { .. })),
                };
                let text = event_frame(namespace, event, offset.as_ref())?;
                Some(Frame { text, volatile, message, lease_until })
            }));
        }
        frames
    }

    /// What a socket hears of a notice that is for its user.
    fn events(&self, dialect: &dyn Dialect, notice: &Notice, socket: &Socket, origin: bool) -> Vec<Event> {
        let joined = notice.room().filter(|room| socket.rooms.contains(*room));
        if dialect.has_rooms() && joined.is_none() && matches!(notice, Notice::Typing { .. }) {
            return Vec::new();
        }
        dialect.notice_events(notice, &self.viewer(&socket.user, origin, joined))
    }

    /// How much a socket has heard with the frame of this index; `None` if its client does not come back to its session.
    fn offset(&self, socket: &Socket, step: &ChatEvent, index: usize, is_last: bool) -> Option<Offset> {
        if !self.ctx.config.recovers(socket.takes_offsets) {
            return None;
        }
        let until = self.ctx.clock.now().plus_millis(-TELLING_MILLIS);
        let index = u64::try_from(index).unwrap_or(u64::MAX);
        Some(Offset { until, last: Some(last(&step.chat, (step.previous(), step.position), index, is_last)) })
    }
}

/// What a socket has heard of a chat with the frame of this index among those that tell of one event.
fn last(chat: &ChatId, (previous, position): (Position, Position), index: u64, is_last: bool) -> Last {
    let chat = chat.clone();
    if is_last { Last { chat, position, frames: 0 } } else { Last { chat, position: previous, frames: index + 1 } }
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

/// Posts a line's frames in order; the line's user, if a message reached them. A socket that does not take what it must hear, or not in time, is
/// closed, so that its client comes back and is told.
async fn post(ctx: &Ctx, line: SocketBatch) -> Option<UserId> {
    if let Some(ungreeted) = &line.ungreeted {
        wait_until_greeted(ctx, &line.user, ungreeted).await;
    }
    let mut reached = false;
    let answer = |text| Frame { text, volatile: false, message: false, lease_until: None };
    let live = Recipient { connection: &line.connection, opened_at: Some(line.opened_at) };
    let answers = line.first.into_iter().map(|text| (live, answer(text)));
    let there = line.buffered_in.as_ref().map_or(live, Recipient::from);
    let events = line.frames.into_iter().map(|frame| (there, frame));
    for (there, frame) in answers.chain(events) {
        let begins_until = frame.lease_until.map(|until| until.plus_millis(-POST_MAX_MILLIS));
        if begins_until.is_some_and(|until| until < ctx.clock.now()) {
            ctx.close(live).await;
            break;
        }
        let delivery =
            if frame.volatile { ctx.post_once(there, &frame.text).await } else { ctx.post(there, &frame.text).await };
        match delivery {
            Delivery::Sent => reached |= frame.message,
            Delivery::NotAccepted | Delivery::Unknown if frame.volatile => {}
            Delivery::TooLarge => {}
            Delivery::NotAccepted | Delivery::Unknown => {
                ctx.close(live).await;
                break;
            }
            Delivery::Gone if there.connection.is_recovery_buffer() => {
                ctx.close(live).await;
                break;
            }
            Delivery::Gone => {
                ctx.report_gone(&line.connection).await;
                break;
            }
        }
    }
    if line.closes {
        ctx.close(live).await;
    }
    reached.then_some(line.user)
}

/// Waits until a socket has been told that it is connected, or should have been. A read per look.
async fn wait_until_greeted(ctx: &Ctx, user: &UserId, Ungreeted { pid, since }: &Ungreeted) {
    if since.plus_millis(GREETING_MAX_MILLIS) < ctx.clock.now() {
        return;
    }
    for _ in 0..GREETING_CHECKS_MAX {
        match ctx.store.is_ungreeted(user, pid).await {
            Ok(true) => tokio::time::sleep(GREETING_CHECK_WAIT).await,
            Ok(false) => return,
            Err(error) => return telemetry::failed(None, &error),
        }
    }
}

/// The text frame of an event, with how much the socket has heard as its last argument if it is one that may be missed and told again;
/// `None` for a name that no event may have.
#[must_use]
pub fn event_frame(namespace: &str, (name, argument): Event, offset: Option<&Offset>) -> Option<String> {
    let name = EventName::parse(name).ok()?;
    let offset = offset.map(|offset| Value::String(offset.to_string()));
    let arguments = [argument].into_iter().chain(offset).collect();
    packet_frame(namespace, Body::Event { name, arguments, ack: None })
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

/// Why a socket whose token has ended is told nothing more.
pub const EXPIRED: Error = Error::Authentication(Refusal::ExpiredToken);

/// The `error` event for a socket whose token has ended.
#[must_use]
pub fn expired_frame(ctx: &Ctx, socket: &Socket) -> Option<String> {
    let dialect = dialect::named(&socket.dialect)?;
    event_frame(&socket.namespace, ("error", dialect.error(&EXPIRED, ctx.clock.now())), None)
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
        None => event_frame(namespace, ("error", said), None),
    };
    frame.into_iter().collect()
}
