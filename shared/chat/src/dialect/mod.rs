//! Dialects: the events and requests of five client apps, over the same people, chats and messages (docs/dialects.md).
//!
//! A dialect translates and does not decide. It says which [`Command`] an event or a request means, and which form an
//! [`Answer`], a [`Notice`] or an [`Error`] takes. To add a dialect, add one file or folder here and one entry to
//! [`ALL`].

mod classroom;
mod every;
pub mod fields;
mod marketplace;
mod messenger;
mod recruiting;
mod shapes;
mod workspace;

use fields::Fields;
use relay::clock::Timestamp;
use serde_json::{Map, Value};

use crate::domain::command::Command;
use crate::domain::notice::{Answer, Notice, Viewer};
use crate::error::{Error, Refusal};

/// All dialects.
pub const ALL: &[&dyn Dialect] =
    &[FIRST, &marketplace::Marketplace, &messenger::Messenger, &workspace::Workspace, &classroom::Classroom];

/// The dialect of the root namespace, unless a deployment sets another one.
pub const FIRST: &dyn Dialect = &recruiting::Recruiting;

/// A function that handles a family of events (ARCHITECTURE.md, "Bird's eye view").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Blocking and unblocking.
    Block,
    /// Renewing a socket's credentials.
    Connect,
    /// Ending a socket.
    Disconnect,
    /// Sending and reading.
    Message,
    /// Presence.
    Presence,
    /// Typing, and joining and leaving rooms.
    Typing,
}

/// How much one socket or one user may do in a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most events per socket.
    pub events_per_second: u64,
    /// The most messages per user.
    pub messages_per_minute: u64,
    /// The most new chats per user.
    pub chats_per_hour: u64,
    /// The longest text of a message, in Unicode scalar values.
    pub text_characters: usize,
}

impl Limits {
    /// The limits of a dialect whose document does not name others (docs/dialects.md, "Limits" and "Content").
    pub const UNLESS_SAID: Self =
        Self { events_per_second: 50, messages_per_minute: 120, chats_per_hour: 60, text_characters: 4_000 };
}

/// An event that a socket receives: its name and its only argument.
pub type Event = (&'static str, Value);

/// The events and requests of one client app.
pub trait Dialect: Send + Sync {
    /// The name of the dialect. It is its namespace and path prefix without the slash.
    fn name(&self) -> &'static str;

    /// The limits of the dialect, if a deployment sets no others.
    fn limits(&self) -> Limits;

    /// All events of the dialect that a client may emit, and the family of each.
    fn events(&self) -> &'static [(&'static str, Family)];

    /// Whether its clients join rooms. If so, a socket is told about typing only in chats whose room it has joined.
    fn has_rooms(&self) -> bool;

    /// Whether its events and responses show names or pictures of people, or listings. If not, none are looked up for
    /// it.
    fn shows_profiles(&self) -> bool;

    /// Parses an event into a command.
    ///
    /// # Errors
    /// `Error::Validation` with the name of the wrong field, or of the event if it is unknown.
    fn command(&self, event: &str, arguments: &[Value]) -> Result<Command, Error>;

    /// The ack for a success. Its `success` is true.
    fn ack(&self, answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value>;

    /// The event that carries an answer to a client that asked for no ack, if the dialect has one and no notice says
    /// the same.
    fn answer_event(&self, answer: &Answer, viewer: &Viewer<'_>) -> Option<Event>;

    /// The events that a socket receives for a notice, in this order.
    fn notice_events(&self, notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event>;

    /// Whether a socket receives a list of who is online when it connects.
    fn greets_with_online_users(&self) -> bool;

    /// An error, as the `error` event and a failed ack carry it.
    fn error(&self, error: &Error, now: Timestamp) -> Value;

    /// An error in answer to an event, for a dialect whose errors differ for some events.
    fn event_error(&self, _event: &str, error: &Error, now: Timestamp) -> Value {
        self.error(error, now)
    }

    /// The payload of CONNECT_ERROR for a token that is refused.
    fn refusal(&self, refusal: Refusal) -> Value {
        shapes::refusal(refusal, &refusal.to_string())
    }

    /// The REST routes of the dialect.
    fn routes(&self) -> &'static [Route];

    /// The status and the REST body of an answer.
    fn rest_answer(&self, answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value);

    /// The REST body of an error.
    fn rest_error(&self, error: &Error, now: Timestamp) -> Value;
}

/// One REST route.
#[derive(Clone, Copy)]
pub struct Route {
    /// The HTTP method: `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// The path below the dialect's prefix, with parameters in braces. Two routes with a parameter in the same place
    /// must use the same name for it.
    pub path: &'static str,
    /// Who may use the route.
    pub asker: Asker,
    /// Whether the body may be a form with a file.
    pub takes_file: bool,
    /// Parses a request into a command.
    pub read: fn(&Request<'_>) -> Result<Command, Error>,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Users.
    User,
    /// Services: tokens with the role `service`.
    Service,
}

impl Route {
    /// Creates a route for users.
    #[must_use]
    pub const fn new(
        method: &'static str,
        path: &'static str,
        read: fn(&Request<'_>) -> Result<Command, Error>,
    ) -> Self {
        Self { method, path, asker: Asker::User, takes_file: false, read }
    }
}

/// The parts of a REST request that matter, as named fields.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The parameters of the path.
    pub path: &'a Fields<'a>,
    /// The parameters of the query.
    pub query: &'a Fields<'a>,
    /// The JSON body, or the text fields of a form; empty if there was none.
    pub body: &'a Fields<'a>,
    /// The file of a form.
    pub file: Option<&'a [u8]>,
}

/// The dialect with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn Dialect> {
    ALL.iter().find(|dialect| dialect.name() == name).copied()
}

/// The dialect of a namespace. The root namespace has the default dialect.
#[must_use]
pub fn of_namespace(namespace: &str, default: &'static dyn Dialect) -> Option<&'static dyn Dialect> {
    match namespace.strip_prefix('/')? {
        "" => Some(default),
        name => named(name),
    }
}

impl dyn Dialect {
    /// Parses an event into a command, whether the event belongs to this dialect or to all.
    ///
    /// # Errors
    /// `Error::Validation` with the name of the wrong field, or of the event if it is unknown.
    pub fn parse_command(&self, event: &str, arguments: &[Value]) -> Result<Command, Error> {
        every::command(event, arguments).unwrap_or_else(|| self.command(event, arguments))
    }

    /// The family of an event; `None` if the dialect does not know the event.
    #[must_use]
    pub fn owner(&self, event: &str) -> Option<Family> {
        let own = || self.events().iter().find(|(name, _)| *name == event).map(|(_, family)| *family);
        every::owner(event).or_else(own)
    }

    /// The REST routes of this dialect and those of every dialect.
    pub fn all_routes(&self) -> impl Iterator<Item = &'static Route> {
        self.routes().iter().chain(every::ROUTES)
    }

    /// The status and the REST body of an answer.
    #[must_use]
    pub fn rest_response(&self, answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
        every::rest_answer(answer).unwrap_or_else(|| self.rest_answer(answer, viewer))
    }
}
