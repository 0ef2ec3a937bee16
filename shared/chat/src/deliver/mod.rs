//! Delivery: from audiences to sockets to posts.
//!
//! The delivery turns a notice into events once per socket, in the socket's own dialect, and posts the frames of a
//! socket in order. It posts to many sockets at the same time, up to a bound, and the sockets do not depend on each
//! other. A socket whose token has ended receives an `error` event instead, and its connection is closed. A connection
//! that is gone is reported to the disconnect function. A connection that does not accept a frame which it must receive
//! is closed, so that its client reconnects and catches up instead of missing something without knowing it.

pub mod fit;
mod order;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use frame::socket::{AckId, Body, EventName};
use futures_util::StreamExt as _;
use order::DeliveryOrder;
use serde_json::Value;

use crate::ctx::Ctx;
use crate::dialect::{self, Dialect, Event};
use crate::domain::directory::Directory;
use crate::domain::extent::Extent;
use crate::domain::id::{ChatId, ConnectionId, Pid, UserId};
use crate::domain::log::{ChatEvent, Position};
use crate::domain::notice::{Answer, Audience, Envelope, MissedEvent, Notice, Viewer};
use crate::domain::offset::{Last, Offset, TELLING_MILLIS};
use crate::error::{Error, Refusal};
use crate::store::{Socket, dialect_of};
use crate::telemetry::{self, DELIVERIES};

pub(crate) use order::Waits;
pub use order::wait_until_delivered;
use relay::application::{ack_frame, packet_frame};
use relay::clock::Timestamp;
use relay::post::{Delivery, POST_MAX_MILLIS};
use relay::store::{Recipient, Session};
use relay::wait::{Checks, wait_until};

/// How many sockets are posted to, and how many people are looked up, at the same time.
const CONCURRENCY: usize = 64;
/// How long others wait for a socket that has joined to receive its greeting, in milliseconds, and how often they
/// check.
const GREETING_MAX_MILLIS: i64 = 2_000;
const GREETING_CHECKS: Checks = Checks { max: 40, pause: Duration::from_millis(50) };

/// The delivery of one invocation: posts notices to sockets, and remembers the people that it has looked up.
pub struct Delivering<'a> {
    ctx: &'a Ctx,
    origin: Option<&'a Session>,
    /// Whether the origin has received nothing yet.
    is_greeting: bool,
    /// What the origin has received so far, for the first event after CONNECT.
    heard: Option<Offset>,
    sockets: HashMap<UserId, Vec<Socket>>,
    directory: Directory,
}

/// The result of a delivery.
#[derive(Debug, Default)]
#[must_use]
pub struct Posted {
    /// The people to whom a message was posted.
    pub reached: BTreeSet<UserId>,
    /// Whether this invocation delivered the last event, and did not leave it to others.
    pub is_complete: bool,
}

/// The frames for one socket. Answers to the client come first, then everything else.
struct SocketBatch {
    user: UserId,
    connection: ConnectionId,
    /// When the connection was opened, if nothing has been posted to it yet. Once a post has succeeded, a 410 is the
    /// end of the connection, however young it is: to wait would hold up everybody else in the chat.
    opened_at: Option<Timestamp>,
    /// The recovery buffer that takes `frames`, while the socket receives the events that it missed.
    buffered_in: Option<ConnectionId>,
    /// Present if the socket has not received its greeting yet, which must reach it first: the session, and since when
    /// it waits.
    ungreeted: Option<(Pid, Timestamp)>,
    /// Answers. They wait for nothing.
    first: Vec<String>,
    frames: Vec<Frame>,
    /// Whether the connection is closed after everything has been posted.
    closes: bool,
}

struct Frame {
    text: String,
    /// Whether the socket may miss this frame: typing and presence are only valid for a moment.
    volatile: bool,
    /// Whether the frame carries a message of another user.
    message: bool,
    /// The end of the lease to deliver the frame's event, if it is an event of a chat.
    lease_until: Option<Timestamp>,
}

impl<'a> Delivering<'a> {
    /// Creates the delivery of an invocation. `origin` is the socket that caused the invocation, if a socket did.
    #[must_use]
    pub fn new(ctx: &'a Ctx, origin: Option<&'a Session>) -> Self {
        let (sockets, directory) = (HashMap::new(), Directory::default());
        Self { ctx, origin, is_greeting: false, heard: None, sockets, directory }
    }

    /// Creates the delivery for a socket that has just connected. `heard` is what it has received so far, if it may
    /// recover.
    #[must_use]
    pub fn greeting(ctx: &'a Ctx, origin: &'a Session, heard: Option<Offset>) -> Self {
        Self { is_greeting: true, heard, ..Self::new(ctx, Some(origin)) }
    }

    /// Looks up the profiles and listings that `dialect` needs for an answer. One query per person in the audience of
    /// `envelopes`, which the delivery needs anyway. If the dialect shows profiles, also one read per hundred people
    /// and one read per hundred listings.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn prepare(&mut self, dialect: &Dialect, answer: &Answer, envelopes: &[Envelope]) -> Result<(), Error> {
        self.look_up(envelopes).await?;
        if !dialect.shows_profiles {
            return Ok(());
        }
        self.load_profiles(answer.people()).await?;
        let listings = answer.listings();
        if !listings.is_empty() {
            let listings = self.ctx.app.store.listings(&listings).await?;
            self.directory.listings.extend(listings.into_iter().map(|listing| (listing.id.clone(), listing)));
        }
        Ok(())
    }

    /// The caller as a viewer, for building their answer.
    #[must_use]
    pub fn caller<'b>(&'b self, user: &'b UserId) -> Viewer<'b> {
        self.viewer(user, true, None)
    }

    fn viewer<'b>(&'b self, user: &'b UserId, origin: bool, joined: Option<&ChatId>) -> Viewer<'b> {
        let joined = joined.is_some();
        Viewer { user, origin, joined, directory: &self.directory, now: self.ctx.clock.now(), extent: Extent::WHOLE }
    }

    /// Posts `first` to the origin, then every envelope to everybody in its audience. The function logs a failure: the
    /// next event of a chat, or the function followup, delivers what was stored and not delivered.
    pub async fn deliver(&mut self, first: Vec<String>, envelopes: &[Envelope]) -> Posted {
        self.try_deliver(first, envelopes).await.unwrap_or_else(|error| {
            telemetry::failed(self.origin.map(|origin| &origin.connection), &error);
            Posted::default()
        })
    }

    /// Posts `first` to the origin, then every envelope to everybody in its audience. It delivers the events of a chat
    /// in their order, so it waits until the events before have been delivered. One query per person who was not looked
    /// up before; one read per hundred people who are only mentioned, if a dialect in the audience shows profiles; one
    /// post per frame; and one write that records which event was delivered. For a message the caller must record it.
    ///
    /// # Errors
    /// `Error::Internal` if the function cannot look up somebody. Then it posts events of chats to nobody and leaves
    /// them to others to deliver. It posts everything else to the people whom it found.
    ///
    /// If somebody else stored an event of the same chat between two of `envelopes`, that event is delivered in between.
    pub async fn try_deliver(&mut self, first: Vec<String>, envelopes: &[Envelope]) -> Result<Posted, Error> {
        let mut first = first;
        let mut all = Posted { reached: BTreeSet::new(), is_complete: true };
        let mut failed = None;
        for batch in order::batches(envelopes) {
            match self.deliver_batch(std::mem::take(&mut first), batch).await {
                Ok(Posted { reached, is_complete }) => {
                    all.reached.extend(reached);
                    // A message is the last event that an invocation stores.
                    all.is_complete = is_complete;
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(all), Err)
    }

    async fn deliver_batch(&mut self, first: Vec<String>, envelopes: &[Envelope]) -> Result<Posted, Error> {
        let ctx = self.ctx;
        let mut order = DeliveryOrder::of(envelopes, ctx.clock.now());
        let failed = self.look_up(envelopes).await.err();
        if failed.is_some() {
            order.release(ctx).await;
        }
        if self.profiles_are_shown(envelopes) {
            let mentioned = envelopes.iter().flat_map(|envelope| envelope.notice.people()).collect();
            // Without their profiles people are shown by their ids.
            if let Err(error) = self.load_profiles(mentioned).await {
                telemetry::failed(None, &error);
            }
        }
        let mut first = first;
        if order.must_wait() {
            // An answer does not wait for other events.
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
            let opened_at = Some(session.opened_at).filter(|_| self.is_greeting);
            let (buffered_in, ungreeted, frames) = (None, None, Vec::new());
            let line =
                SocketBatch { user, connection, opened_at, buffered_in, ungreeted, first, frames, closes: false };
            post(self.ctx, line).await;
        }
    }

    /// The events that a socket missed, as frames. Each frame carries the offset that the socket has reached with it.
    /// `None` if the socket claims that it received more frames of an event than the event has. If the dialect shows
    /// profiles, one read per hundred people.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn replay(&mut self, socket: &Socket, missed: &[MissedEvent]) -> Result<Option<Vec<String>>, Error> {
        let Some(dialect) = dialect::named(&socket.dialect) else { return Ok(Some(Vec::new())) };
        if dialect.shows_profiles {
            self.load_profiles(missed.iter().flat_map(|missed| missed.notice.people()).collect()).await?;
        }
        let mut frames = Vec::new();
        for MissedEvent { notice, chat, previous, position, until, heard, origin } in missed {
            // A client that received nothing of its own message, perhaps not even the answer, receives it as the user's
            // other devices do.
            let events = self.events(dialect, notice, socket, *origin && *heard > 0);
            let count = events.len();
            if *heard > 0 && !usize::try_from(*heard).is_ok_and(|heard| heard < count) {
                return Ok(None);
            }
            let told = (0_u64..).zip(events).skip_while(|(index, _)| index < heard);
            frames.extend(told.filter_map(|(index, event)| {
                let is_last = usize::try_from(index).is_ok_and(|index| index + 1 == count);
                let offset = Offset { until: *until, last: Some(last(chat, *previous, *position, index, is_last)) };
                event_frame(&socket.namespace, event, Some(offset.given_to(socket.holder())))
            }));
        }
        Ok(Some(frames))
    }

    /// The frames of a greeting for a socket that was recovered. `heard` is what the socket has received before.
    #[must_use]
    pub fn greeting_frames(&self, socket: &Socket, greeting: &Notice, heard: &Offset) -> Vec<String> {
        let Some(dialect) = dialect::named(&socket.dialect) else { return Vec::new() };
        let offset = Some(heard).filter(|_| self.ctx.config.recovers(socket.takes_offsets));
        let events = self.events(dialect, greeting, socket, true).into_iter();
        let frames = events.filter_map(|event| {
            event_frame(&socket.namespace, event, offset.map(|offset| offset.given_to(socket.holder())))
        });
        frames.collect()
    }

    /// Looks up the sockets of everybody in the audience, and their profiles in the same query.
    async fn look_up(&mut self, envelopes: &[Envelope]) -> Result<(), Error> {
        let unknown: BTreeSet<UserId> =
            audience(envelopes).filter(|user| !self.sockets.contains_key(user)).cloned().collect();
        let store = &self.ctx.app.store;
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

    /// Looks up the profiles of people who were not looked up before.
    async fn load_profiles(&mut self, people: BTreeSet<UserId>) -> Result<(), Error> {
        let known = &self.directory.users;
        let unknown: Vec<UserId> = people.into_iter().filter(|user| !known.contains_key(user)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let users = self.ctx.app.store.users(&unknown).await?;
        self.directory.users.extend(users.into_iter().map(|user| (user.id.clone(), user)));
        Ok(())
    }

    fn profiles_are_shown(&self, envelopes: &[Envelope]) -> bool {
        let others = audience(envelopes).filter_map(|user| self.sockets.get(user)).flatten();
        let mut dialects = others.map(|socket| &socket.dialect).map(String::as_str).chain(self.origin.map(dialect_of));
        dialects.any(|name| dialect::named(name).is_some_and(|dialect| dialect.shows_profiles))
    }

    fn lines(&self, first: Vec<String>, envelopes: &[Envelope], order: &DeliveryOrder) -> Vec<SocketBatch> {
        let now = self.ctx.clock.now();
        let people: BTreeSet<&UserId> = audience(envelopes).collect();
        let sockets = people.iter().filter_map(|user| self.sockets.get(*user)).flatten();
        let line = |socket: &Socket, first, frames| {
            let Socket { pid, user, connection, opened_at, buffered_in, ungreeted_since, .. } = socket.clone();
            let opened_at = ungreeted_since.map(|_| opened_at);
            let ungreeted = ungreeted_since.map(|since| (pid, since));
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
            let opened_at = Some(session.opened_at).filter(|_| self.is_greeting);
            SocketBatch { ungreeted: None, opened_at, ..line(&socket, first, frames) }
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
                    event_frame(namespace, (dialect.notice_events)(notice, &viewer).pop()?, None)
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
                let text = event_frame(namespace, event, offset.map(|offset| offset.given_to(socket.holder())))?;
                Some(Frame { text, volatile, message, lease_until })
            }));
        }
        frames
    }

    /// The events that a socket receives for a notice to its user.
    fn events(&self, dialect: &Dialect, notice: &Notice, socket: &Socket, origin: bool) -> Vec<Event> {
        let joined = notice.room().filter(|room| socket.rooms.contains(*room));
        if dialect.has_rooms && joined.is_none() && matches!(notice, Notice::Typing { .. }) {
            return Vec::new();
        }
        (dialect.notice_events)(notice, &self.viewer(&socket.user, origin, joined))
    }

    /// The offset that a socket has reached with the frame of this index; `None` if the client does not recover its
    /// session.
    fn offset(&self, socket: &Socket, step: &ChatEvent, index: usize, is_last: bool) -> Option<Offset> {
        if !self.ctx.config.recovers(socket.takes_offsets) {
            return None;
        }
        let until = self.ctx.clock.now().plus_millis(-TELLING_MILLIS);
        let index = u64::try_from(index).unwrap_or(u64::MAX);
        Some(Offset { until, last: Some(last(&step.chat, step.previous(), step.position, index, is_last)) })
    }
}

/// The position in a chat that a socket has reached with the frame of this index, among the frames of one event.
fn last(chat: &ChatId, previous: Position, position: Position, index: u64, is_last: bool) -> Last {
    let chat = chat.clone();
    if is_last { Last { chat, position, frames: 0 } } else { Last { chat, position: previous, frames: index + 1 } }
}

/// Everybody in the audiences of the envelopes.
fn audience(envelopes: &[Envelope]) -> impl Iterator<Item = &UserId> {
    envelopes.iter().flat_map(|envelope| match &envelope.to {
        Audience::People(people) => people.as_slice(),
        Audience::Origin => &[],
    })
}

fn is_volatile(notice: &Notice) -> bool {
    matches!(notice, Notice::Typing { .. } | Notice::Online { .. } | Notice::Offline { .. } | Notice::OnlineUsers(_))
}

/// Posts the frames of a batch in order. Returns the batch's user if a message reached them. If a socket does not
/// accept a frame that it must receive, or not in time, the function closes its connection, so that the client
/// reconnects and receives it.
async fn post(ctx: &Ctx, line: SocketBatch) -> Option<UserId> {
    if let Some((pid, since)) = &line.ungreeted {
        wait_until_greeted(ctx, &line.user, pid, *since).await;
    }
    let mut reached = false;
    let answer = |text| Frame { text, volatile: false, message: false, lease_until: None };
    let live = Recipient { connection: &line.connection, opened_at: line.opened_at };
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
            Delivery::Sent => {
                reached |= frame.message;
                telemetry::count(DELIVERIES, u64::from(frame.message));
            }
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

/// Waits until a socket has received its greeting, or the time for that is over. One read per check.
async fn wait_until_greeted(ctx: &Ctx, user: &UserId, pid: &Pid, since: Timestamp) {
    if since.plus_millis(GREETING_MAX_MILLIS) < ctx.clock.now() {
        return;
    }
    let greeted = wait_until(GREETING_CHECKS, async || {
        let is_ungreeted = ctx.app.store.is_ungreeted(user, pid).await?;
        Ok::<_, Error>((!is_ungreeted).then_some(()))
    });
    if let Err(error) = greeted.await {
        telemetry::failed(None, &error);
    }
}

/// The text frame of an event. If the socket can miss the event and receive it again later, its last argument is the
/// offset that the socket has reached with it. `None` if the name is not allowed for an event.
#[must_use]
pub fn event_frame(namespace: &str, (name, argument): Event, offset: Option<String>) -> Option<String> {
    let name = EventName::parse(name).ok()?;
    let arguments = [argument].into_iter().chain(offset.map(Value::String)).collect();
    packet_frame(namespace, Body::Event { name, arguments, ack: None })
}

/// The error for a socket whose token has ended. It receives nothing else.
pub const EXPIRED: Error = Error::Authentication(Refusal::ExpiredToken);

/// The `error` event for a socket whose token has ended.
#[must_use]
pub fn expired_frame(ctx: &Ctx, socket: &Socket) -> Option<String> {
    let dialect = dialect::named(&socket.dialect)?;
    event_frame(&socket.namespace, ("error", (dialect.error)(&EXPIRED, ctx.clock.now())), None)
}

/// An event of a client that is answered with an error.
#[derive(Clone, Copy)]
pub struct Emitted<'a> {
    /// The namespace of the event.
    pub namespace: &'a str,
    /// The dialect of the namespace.
    pub dialect: &'static Dialect,
    /// The name of the event.
    pub event: &'a str,
    /// The ack id, if the client asked for an ack.
    pub ack: Option<&'a AckId>,
}

/// The frames that answer an event with an error: a failed ack if the client asked for an ack, otherwise the `error`
/// event.
#[must_use]
pub fn error_frames(ctx: &Ctx, emitted: Emitted<'_>, error: &Error) -> Vec<String> {
    let Emitted { namespace, dialect, event, ack } = emitted;
    let said = (dialect.event_error)(event, error, ctx.clock.now());
    let frame = match ack {
        Some(id) => ack_frame(namespace, id, serde_json::json!({"success": false, "error": said})),
        None => event_frame(namespace, ("error", said), None),
    };
    frame.into_iter().collect()
}
