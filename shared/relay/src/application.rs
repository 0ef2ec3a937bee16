//! The application that runs in the namespaces of a relay.
//!
//! The relay calls the application when a client connects to a namespace, emits an event, answers a question, leaves,
//! or returns. The application answers with [`Emission`]s, which go to the socket that the call is about. It can also
//! post frames to other connections with [`Ctx::post`], and it can add writes of its own to the transactions of a
//! session ([`Writes`]).
//!
//! Every invocation may run in another process. What must survive until the next one belongs into a table: into the
//! session's [`Attributes`], or into a table of the application.
//!
//! There is no order between the frames that two invocations send to one socket at the same time. So an application
//! should not reply with attachments to events that a client sends without waiting for the reply.

use std::collections::HashMap;

use frame::engine;
use frame::socket::{AckId, Body, EventName, Namespace, Packet};
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::clock::{Clock, Timestamp};
use crate::config::{ConfigError, Settings};
use crate::ctx::Ctx;
use crate::dynamo::{Item, RowKey, Transaction};
use crate::error::Error;
use crate::id::{ConnectionId, UserId, hex};
use crate::services::Aws;
use crate::store::{Attributes, Former, Opened, Session, Writes};

/// The variables of the stage through which a client connected, as the gateway hands them over with each event.
pub type StageVariables = HashMap<String, String>;

/// An application. Its methods have no `self`: they find the application in [`Ctx::app`].
///
/// Most methods have a default, which does nothing. The smallest application has [`start`](Self::start),
/// [`authenticate`](Self::authenticate) and [`event`](Self::event), and `()` for each of the three types.
pub trait Application: Sized + Send + Sync + 'static {
    /// What the application knows about a client whose credentials it has accepted. The relay hands it from
    /// [`authenticate`](Self::authenticate) to the writes of the same CONNECT packet.
    type Identity: Send + Sync;
    /// What the application hands from the writes of a CONNECT packet to [`joined`](Self::joined) or
    /// [`returned`](Self::returned).
    type Joining: Default + Send + Sync;
    /// What the application remembers of the events that a returning client missed.
    type Missed: Send + Sync;

    /// Whether clients use Socket.IO. Without it they use Engine.IO alone: there are no namespaces, and each message
    /// goes to [`message`](Self::message).
    const USES_SOCKET_IO: bool = true;

    /// The application's attributes of a session that are removed when the session ends or moves.
    const ENDING_ATTRIBUTES: &'static [&'static str] = &[];

    /// Creates the application from the settings of a function. Called once per process.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the setting that is missing or wrong. The function does not start then.
    fn start(settings: &Settings<'_>, aws: &Aws, clock: &Clock) -> Result<Self, ConfigError>;

    /// Reads what the application needs from elsewhere, such as secrets, before the first event needs it. Called during
    /// init, for at most a second: what is not there then must be read when an event needs it. By default it does
    /// nothing.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the setting that cannot be used. The function does not start then.
    fn warm(_ctx: &Ctx<Self>) -> impl Future<Output = Result<(), ConfigError>> + Send {
        async { Ok(()) }
    }

    /// Whether a namespace of this name exists. The name includes the slash. By default there is the root namespace
    /// alone. The relay keeps the name `/admin` for the Admin UI, and does not ask for it.
    fn has_namespace(_ctx: &Ctx<Self>, _stage: &StageVariables, namespace: &str) -> bool {
        namespace == "/"
    }

    /// The names of the namespaces, for the Admin UI, which shows those without a socket, too. By default there is the
    /// root namespace alone.
    #[must_use]
    fn namespaces() -> Vec<String> {
        vec!["/".to_owned()]
    }

    /// The most frames per second and connection that are not events; `None` means no limit.
    fn frames_per_second(_ctx: &Ctx<Self>, _stage: &StageVariables) -> Option<u64> {
        None
    }

    /// The most events per second and socket; `None` means no limit.
    fn events_per_second(_ctx: &Ctx<Self>, _stage: &StageVariables, _namespace: &str) -> Option<u64> {
        None
    }

    /// The name of the Lambda function that handles an event; `None` if the application does not know the event. Each
    /// such function runs [`crate::event::handle`].
    fn function<'a>(ctx: &'a Ctx<Self>, _stage: &StageVariables, _namespace: &str, _event: &str) -> Option<&'a str> {
        Some(&ctx.config.functions.event)
    }

    /// What the application keeps of the headers of a handshake, for [`authenticate`](Self::authenticate). It is stored
    /// with the connection, so it must not contain a secret.
    ///
    /// # Errors
    /// [`Error::Internal`]. The relay refuses the handshake with status 500 then.
    fn handshake(_ctx: &Ctx<Self>, _headers: &HeaderMap) -> impl Future<Output = Result<Option<Value>, Error>> + Send {
        async { Ok(None) }
    }

    /// Decides whether a client may join a namespace, and as whom.
    ///
    /// # Errors
    /// [`Denial`]: the client is refused, or it is unknown at present whether it may join.
    fn authenticate(
        ctx: &Ctx<Self>,
        asking: Asking<'_>,
    ) -> impl Future<Output = Result<Admission<Self::Identity>, Denial>> + Send;

    /// The application's writes in the transaction that joins a namespace.
    ///
    /// # Errors
    /// [`Denial`].
    fn join_writes(
        _ctx: &Ctx<Self>,
        _session: &Session,
        _identity: &Self::Identity,
    ) -> impl Future<Output = Result<(Writes, Self::Joining), Denial>> + Send {
        async { Ok((Writes::default(), Self::Joining::default())) }
    }

    /// Called after a client has joined a namespace and the relay has confirmed its CONNECT packet. `auth` is the
    /// payload of that packet.
    fn joined(
        _ctx: &Ctx<Self>,
        _session: &Session,
        _auth: &Map<String, Value>,
        _joining: Self::Joining,
    ) -> impl Future<Output = Vec<Emission>> + Send {
        async { Vec::new() }
    }

    /// The row of a table of the application that an event needs. The relay reads it together with the session, in one
    /// request, and hands it over in [`Event::row`]. So [`event`](Self::event) need not wait for it. The table must be
    /// another one than that of the relay. The session is not known yet: `user` is the user whose events this process has
    /// seen on the same socket before, if any, and may be wrong. So [`event`](Self::event) must compare the key.
    fn row_of_event(
        _ctx: &Ctx<Self>,
        _stage: &StageVariables,
        _user: Option<&UserId>,
        _emitted: Emitted<'_>,
        _content: &EventContent,
    ) -> Option<RowKey> {
        None
    }

    /// Called with each event of a client that has joined the namespace.
    fn event(ctx: &Ctx<Self>, session: &Session, event: Event<'_>) -> impl Future<Output = Vec<Emission>> + Send;

    /// Called with the first ack of a question. `about` is the third value of [`Emission::Question`].
    fn ack(
        _ctx: &Ctx<Self>,
        _session: &Session,
        _about: &str,
        _answer: EventContent,
    ) -> impl Future<Output = Vec<Emission>> + Send {
        async { Vec::new() }
    }

    /// The packets to send back for a message of Engine.IO, if [`USES_SOCKET_IO`](Self::USES_SOCKET_IO) is false.
    fn message(_ctx: &Ctx<Self>, _packet: &engine::Packet<'_>) -> Vec<engine::Packet<'static>> {
        Vec::new()
    }

    /// The frames that answer an event which the relay does not hand to the application.
    fn refusal(_ctx: &Ctx<Self>, _stage: &StageVariables, emitted: Emitted<'_>, problem: &Problem<'_>) -> Vec<String> {
        let said = json!({"message": problem.to_string()});
        let frame = match emitted.ack {
            Some(id) => ack_frame(emitted.namespace, id, json!({"error": said})),
            None => event_frame(emitted.namespace, "error", vec![said]),
        };
        frame.into_iter().collect()
    }

    /// The frames that tell a socket that its token has ended, before the relay closes its connection. `emitted` is the
    /// event that it has just sent, if it was an event.
    fn expired(_ctx: &Ctx<Self>, session: &Session, _emitted: Option<Emitted<'_>>) -> Vec<String> {
        event_frame(&session.namespace, "error", vec![json!({"message": "the token has ended"})]).into_iter().collect()
    }

    /// The application's writes in the transaction that ends a session. `None` if the application knows no such
    /// session: it has ended before.
    ///
    /// # Errors
    /// [`Error::Internal`].
    fn leave_writes(
        _ctx: &Ctx<Self>,
        _leaving: Leaving<'_>,
    ) -> impl Future<Output = Result<Option<LeaveWrites>, Error>> + Send {
        async { Ok(Some(LeaveWrites::default())) }
    }

    /// Called after a session has ended. `notifies` is that of [`LeaveWrites`].
    ///
    /// # Errors
    /// [`Error::Internal`]. The invocation may be repeated.
    fn left(
        _ctx: &Ctx<Self>,
        _session: &Session,
        _at: Timestamp,
        _notifies: bool,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// Called in place of [`left`](Self::left) if the run that ended a session with `notifies` has perhaps not
    /// finished.
    ///
    /// # Errors
    /// [`Error::Internal`]. The invocation may be repeated.
    fn left_before(
        _ctx: &Ctx<Self>,
        _session: &Session,
        _at: Timestamp,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// The rooms of these sessions as the Admin UI shows them, in the order of the sessions. The relay adds the room of
    /// each socket's own id. By default there are none.
    ///
    /// # Errors
    /// [`Error::Internal`].
    fn rooms(_ctx: &Ctx<Self>, sessions: &[Session]) -> impl Future<Output = Result<Vec<Vec<String>>, Error>> + Send {
        let none = vec![Vec::new(); sessions.len()];
        async { Ok(none) }
    }

    /// The application's writes in the transaction that moves a session from polling to a WebSocket. A condition that
    /// does not hold means that the session has ended.
    ///
    /// # Errors
    /// [`Error::Internal`].
    fn move_writes(_ctx: &Ctx<Self>, _session: &Session, _to: &Opened) -> Result<Transaction, Error> {
        Ok(Transaction::default())
    }

    /// The session that a client asks to recover with the payload of its CONNECT packet. `None` begins a new session;
    /// so it is by default.
    ///
    /// # Errors
    /// [`Error::Internal`].
    fn former(
        _ctx: &Ctx<Self>,
        _joining: &Session,
        _auth: &Map<String, Value>,
    ) -> impl Future<Output = Result<Option<(Former, Self::Missed)>, Error>> + Send {
        async { Ok(None) }
    }

    /// The application's writes in the transaction that puts a session on a new connection. From then on the
    /// application posts to `recovery_buffer` in place of the connection. The second value counts for
    /// [`joined`](Self::joined), if the session cannot be recovered after all, and for [`returned`](Self::returned);
    /// `None` if the session replaces a live one.
    ///
    /// # Errors
    /// [`Denial`].
    fn restore_writes(
        _ctx: &Ctx<Self>,
        _former: &Former,
        _session: &Session,
        _recovery_buffer: &ConnectionId,
        _identity: &Self::Identity,
    ) -> impl Future<Output = Result<(Writes, Option<Self::Joining>), Denial>> + Send {
        async { Ok((Writes::default(), None)) }
    }

    /// The frames of the events that a client missed, in order. `None` if they cannot be sent; a new session begins
    /// then. `missed` is what [`former`](Self::former) returned; the function may change it for the calls that follow.
    ///
    /// # Errors
    /// [`Denial`]. If the client is refused, the relay ends the session first.
    fn missed(
        _ctx: &Ctx<Self>,
        _former: &Former,
        _session: &Session,
        _identity: &Self::Identity,
        _missed: &mut Self::Missed,
    ) -> impl Future<Output = Result<Option<Vec<String>>, Denial>> + Send {
        async { Ok(None) }
    }

    /// Waits until everything that [`missed`](Self::missed) looked at has been posted, so that none of it comes after
    /// the frames of the recovery buffer.
    ///
    /// # Errors
    /// [`Error::Internal`]. The relay closes the connection then.
    fn settled(_ctx: &Ctx<Self>, _missed: &Self::Missed) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// Whether a frame of the recovery buffer belongs to an event that [`missed`](Self::missed) looked at.
    fn is_included(_session: &Session, _missed: &Self::Missed, _frame: &str) -> bool {
        false
    }

    /// Called when the recovery buffer is empty: from now on the application posts to the connection.
    ///
    /// # Errors
    /// [`Error::Internal`]. The relay closes the connection then.
    fn released(
        _ctx: &Ctx<Self>,
        _session: &Session,
        _recovery_buffer: &ConnectionId,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// Called after a recovered client has received everything.
    fn returned(
        _ctx: &Ctx<Self>,
        _session: &Session,
        _joining: Option<Self::Joining>,
    ) -> impl Future<Output = Vec<Emission>> + Send {
        async { Vec::new() }
    }
}

/// A client that asks to join a namespace.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The variables of the stage.
    pub stage: &'a StageVariables,
    /// The namespace, with its slash.
    pub namespace: &'a str,
    /// The payload of the CONNECT packet.
    pub auth: Option<&'a Map<String, Value>>,
    /// What [`Application::handshake`] kept.
    pub handshake: Option<&'a Value>,
}

/// A client that may join a namespace.
#[derive(Clone, Debug)]
pub struct Admission<I> {
    /// The user.
    pub user: UserId,
    /// When the user's token ends. The relay closes the connection then.
    pub expires_at: Option<Timestamp>,
    /// What the application keeps with the session.
    pub attributes: Attributes,
    /// What the application knows about the client.
    pub identity: I,
}

impl Admission<()> {
    /// Admits a client without asking who it is, as a new random user.
    ///
    /// # Errors
    /// [`Denial::Failed`]. It does not happen.
    pub fn anybody(clock: &Clock) -> Result<Self, Denial> {
        let user = UserId::parse(&hex(&clock.random::<16>()))?;
        Ok(Self { user, expires_at: None, attributes: Attributes::new(), identity: () })
    }
}

/// Why a client does not join a namespace.
#[derive(Debug)]
pub enum Denial {
    /// It may not. The value is the payload of the CONNECT_ERROR packet, after which a client does not try again by
    /// itself. [`refusal`] makes one.
    Refused(Map<String, Value>),
    /// Something failed. The relay logs it and closes the connection, so that the client tries again.
    Failed(Error),
}

impl From<Map<String, Value>> for Denial {
    fn from(payload: Map<String, Value>) -> Self {
        Self::Refused(payload)
    }
}

impl From<Error> for Denial {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A session that ends.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'a> {
    /// The session.
    pub session: &'a Session,
    /// When the client left, or its connection ended.
    pub at: Timestamp,
    /// Until when the client may recover the session. `None` if it left with a DISCONNECT packet, or may not recover.
    pub recoverable_until: Option<Timestamp>,
}

/// The payload of a CONNECT_ERROR packet with this message, which the client finds in `error.message`.
#[must_use]
pub fn refusal(message: &str) -> Map<String, Value> {
    Map::from_iter([("message".to_owned(), message.into())])
}

/// The application's writes in the transaction that ends a session.
#[derive(Clone, Debug, Default)]
pub struct LeaveWrites {
    /// The writes.
    pub writes: Writes,
    /// Whether [`Application::left`] does something that must not be forgotten. The session remembers it until that
    /// call has succeeded.
    pub notifies: bool,
}

/// An event of a client.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// The name of the event.
    pub name: &'a str,
    /// The arguments and the attachments.
    pub content: EventContent,
    /// The ack id, if the client asked for an ack.
    pub ack: Option<&'a AckId>,
    /// When the gateway received the event.
    pub at: Timestamp,
    /// The gateway's id of the event. Lambda may deliver an event twice, each time with the same id.
    pub invocation: &'a str,
    /// The row that [`Application::row_of_event`] named. `None` if it named none.
    pub row: Option<FoundRow>,
}

/// A row that was read together with a session (strongly consistent).
#[derive(Clone, Debug, PartialEq)]
pub struct FoundRow {
    /// The table and the key of the row.
    pub row: RowKey,
    /// The row; `None` if it does not exist.
    pub item: Option<Item>,
}

/// An event that the relay answers itself.
#[derive(Clone, Copy, Debug)]
pub struct Emitted<'a> {
    /// The namespace of the event.
    pub namespace: &'a str,
    /// The name of the event.
    pub event: &'a str,
    /// The ack id, if the client asked for an ack.
    pub ack: Option<&'a AckId>,
}

/// Why the relay does not hand an event to the application.
#[derive(Debug, thiserror::Error)]
pub enum Problem<'a> {
    /// The client emits too many events per second.
    #[error("too many events, try again in 1 s")]
    TooManyEvents,
    /// [`Application::function`] names no function for the event.
    #[error("event is not one that this namespace knows")]
    UnknownEvent,
    /// A failure of the server.
    #[error("{0}")]
    Internal(&'a Error),
}

/// The arguments of an event or an ack. Each attachment has its placeholder in the arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventContent {
    /// The arguments.
    pub arguments: Vec<Value>,
    /// The binary attachments, in the order of the placeholders' numbers.
    pub attachments: Vec<Vec<u8>>,
}

impl EventContent {
    /// Arguments without attachments.
    #[must_use]
    pub const fn of(arguments: Vec<Value>) -> Self {
        Self { arguments, attachments: Vec::new() }
    }
}

/// One thing to send to the socket that the call is about.
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

/// The text frame of a packet; `None` if the name is not allowed for a namespace.
#[must_use]
pub fn packet_frame(namespace: &str, body: Body) -> Option<String> {
    let namespace = Namespace::parse(namespace).ok()?;
    Some(engine::Packet::Message(Packet { namespace, body }.encode().into()).encode())
}

/// The text frame of an event without attachments; `None` if the name is not allowed for an event.
#[must_use]
pub fn event_frame(namespace: &str, name: &str, arguments: Vec<Value>) -> Option<String> {
    let name = EventName::parse(name).ok()?;
    packet_frame(namespace, Body::Event { name, arguments, ack: None })
}

/// The text frame of an ack without attachments.
#[must_use]
pub fn ack_frame(namespace: &str, id: &AckId, argument: Value) -> Option<String> {
    packet_frame(namespace, Body::Ack { id: id.clone(), arguments: vec![argument] })
}
