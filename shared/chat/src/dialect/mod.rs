//! Dialects: the events and requests of five client apps, over the same people, chats and messages (docs/dialects.md).
//!
//! A dialect translates and does not decide. It says which [`Command`] an event or a request means, and which form an
//! [`Answer`], a [`Notice`] or an [`Error`] takes. To add a dialect, add one file or folder here and one entry to
//! [`ALL`].

mod classroom;
#[cfg(feature = "contracts")]
pub mod contract;
mod envelope;
mod every;
pub mod fields;
mod heard;
mod json;
mod marketplace;
mod messenger;
pub mod moderation;
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
pub const ALL: &[&Dialect] =
    &[FIRST, &marketplace::MARKETPLACE, &messenger::MESSENGER, &workspace::WORKSPACE, &classroom::CLASSROOM];

/// The dialect of the root namespace, unless a deployment sets another one.
pub const FIRST: &Dialect = &recruiting::RECRUITING;

/// How many letters of an unknown event may differ from those of the event that was probably meant; fewer in a short
/// name, of which a quarter may.
const EDITS_MAX: usize = 2;

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
pub struct Dialect {
    /// The name of the dialect. It is its namespace and path prefix without the slash.
    pub name: &'static str,
    /// The limits of the dialect, if a deployment sets no others.
    pub limits: Limits,
    /// All events of the dialect that a client may emit, and the family of each.
    pub events: &'static [(&'static str, Family)],
    /// Whether its clients join rooms. If so, a socket is told about typing only in chats whose room it has joined.
    pub has_rooms: bool,
    /// Whether its events and responses show names or pictures of people, or listings. If not, none are looked up for
    /// it.
    pub shows_profiles: bool,
    /// Whether a socket receives a list of who is online when it connects.
    pub greets_with_online_users: bool,
    /// Parses an event and its arguments into a command. The error is `Error::Validation` with the name of the wrong
    /// field, or of the event if it is unknown.
    pub command: fn(&str, &[Value]) -> Result<Command, Error>,
    /// The ack for a success. Its `success` is true.
    pub ack: fn(&Answer, &Viewer<'_>) -> Map<String, Value>,
    /// The event that carries an answer to a client that asked for no ack, if the dialect has one and no notice says
    /// the same.
    pub answer_event: fn(&Answer, &Viewer<'_>) -> Option<Event>,
    /// The events that a socket receives for a notice, in this order.
    pub notice_events: fn(&Notice, &Viewer<'_>) -> Vec<Event>,
    /// An error, as the `error` event and a failed ack carry it.
    pub error: fn(&Error, Timestamp) -> Value,
    /// An error in answer to the event of this name. It is the same as `error`, except in a dialect whose errors differ
    /// for some events.
    pub event_error: fn(&str, &Error, Timestamp) -> Value,
    /// The payload of CONNECT_ERROR for a token that is refused.
    pub refusal: fn(Refusal) -> Value,
    /// The REST routes of the dialect.
    pub routes: &'static [Route],
    /// The status and the REST body of an answer.
    pub rest_answer: fn(&Answer, &Viewer<'_>) -> (u16, Value),
    /// The REST body of an error.
    pub rest_error: fn(&Error, Timestamp) -> Value,
    /// The contract of the dialect: what its clients emit, request and hear.
    #[cfg(feature = "contracts")]
    pub contract: fn() -> contract::Contract,
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
pub fn named(name: &str) -> Option<&'static Dialect> {
    ALL.iter().find(|dialect| dialect.name == name).copied()
}

/// The dialect of a namespace. The root namespace has the default dialect.
#[must_use]
pub fn of_namespace(namespace: &str, default: &'static Dialect) -> Option<&'static Dialect> {
    match namespace.strip_prefix('/')? {
        "" => Some(default),
        name => named(name),
    }
}

impl Dialect {
    /// Parses an event into a command, whether the event belongs to this dialect or to all.
    ///
    /// # Errors
    /// `Error::Validation` with the name of the wrong field, or of the event if it is unknown.
    pub fn parse_command(&self, event: &str, arguments: &[Value]) -> Result<Command, Error> {
        every::command(event, arguments).unwrap_or_else(|| (self.command)(event, arguments))
    }

    /// The family of an event; `None` if the dialect does not know the event.
    #[must_use]
    pub fn owner(&self, event: &str) -> Option<Family> {
        let own = || self.events.iter().find(|(name, _)| *name == event).map(|(_, family)| *family);
        every::owner(event).or_else(own)
    }

    /// What is wrong with an event that this dialect does not know. If the dialect has one with a similar name, it is
    /// named.
    #[must_use]
    pub fn unknown_event(&self, event: &str) -> String {
        let known = self.events.iter().map(|(name, _)| *name).chain(every::EVENTS);
        let similar = known
            .filter(|name| name.len().abs_diff(event.len()) <= EDITS_MAX)
            .map(|name| (strsim::levenshtein(name, event), name))
            .filter(|(edits, name)| *edits <= EDITS_MAX.min(name.len().min(event.len()) / 4))
            .min();
        let hint = similar.map(|(_, name)| format!("; did you mean {name}?")).unwrap_or_default();
        format!("is not one that this namespace knows{hint}")
    }

    /// The REST routes of this dialect and those of every dialect.
    pub fn all_routes(&self) -> impl Iterator<Item = &'static Route> {
        self.routes.iter().chain(every::ROUTES)
    }

    /// The status and the REST body of an answer.
    #[must_use]
    pub fn rest_response(&self, answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
        every::rest_answer(answer).unwrap_or_else(|| (self.rest_answer)(answer, viewer))
    }
}
