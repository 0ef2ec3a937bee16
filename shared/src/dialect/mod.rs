//! Dialects: five apps' vocabularies over the same people, chats and messages (dialects.md).
//!
//! A dialect holds words, not decisions: what an event or a request means as a [`Command`], and how an [`Answer`], a [`Notice`] or an
//! [`Error`] is said. A new dialect is one file or folder here and one entry in [`ALL`].

mod classroom;
mod every;
pub mod fields;
mod marketplace;
mod messenger;
mod recruiting;
mod shapes;
mod workspace;

use serde_json::{Map, Value};

use crate::domain::clock::Timestamp;
use crate::domain::command::Command;
use crate::domain::notice::{Answer, Notice, Viewer};
use crate::error::{Error, Refusal};
use fields::Fields;

/// Every dialect there is.
pub const ALL: &[&dyn Dialect] =
    &[FIRST, &marketplace::Marketplace, &messenger::Messenger, &workspace::Workspace, &classroom::Classroom];

/// What the root namespace speaks unless a deployment says otherwise.
pub const FIRST: &dyn Dialect = &recruiting::Recruiting;

/// A function that owns a family of events (design.md, section 3).
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
    /// Who is here.
    Presence,
    /// Typing, joining, leaving.
    Typing,
}

/// How much one socket or one user may do in a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events per socket.
    pub events_per_second: u64,
    /// Messages per user.
    pub messages_per_minute: u64,
    /// New chats per user.
    pub chats_per_hour: u64,
    /// Longest text of a message, in Unicode scalar values.
    pub text_characters: usize,
}

impl Limits {
    /// What holds where a dialect's document does not say (dialects.md, section 2, "Limits" and "Content").
    pub const UNLESS_SAID: Self =
        Self { events_per_second: 50, messages_per_minute: 120, chats_per_hour: 60, text_characters: 4_000 };
}

/// An event as a socket hears it: its name and its one argument.
pub type Event = (&'static str, Value);

/// One client app's vocabulary.
pub trait Dialect: Send + Sync {
    /// The namespace and path prefix it goes by, without the slash.
    fn name(&self) -> &'static str;

    /// Its limits, where a deployment sets no others.
    fn limits(&self) -> Limits;

    /// Every event a client may emit that is the dialect's own, and who owns it.
    fn events(&self) -> &'static [(&'static str, Family)];

    /// Whether its clients join rooms: then they hear of typing only in chats whose room they joined.
    fn has_rooms(&self) -> bool;

    /// Whether its words show names or pictures of people, or listings. If not, none are looked up for it.
    fn shows_profiles(&self) -> bool;

    /// What an event asks for.
    ///
    /// # Errors
    /// `Error::Validation` naming the field that is wrong, or the event if it is unknown.
    fn command(&self, event: &str, arguments: &[Value]) -> Result<Command, Error>;

    /// The acknowledgement of success. Its `success` is true.
    fn ack(&self, answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value>;

    /// The event that carries an answer to a client that asked for no ack, where the dialect has one and no notice says the same.
    fn answer_event(&self, answer: &Answer, viewer: &Viewer<'_>) -> Option<Event>;

    /// What a socket hears of a notice, in this order.
    fn notice_events(&self, notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event>;

    /// Whether a socket is told who is here when it connects.
    fn greets_with_online_users(&self) -> bool;

    /// An error as the `error` event and a failed ack carry it.
    fn error(&self, error: &Error, now: Timestamp) -> Value;

    /// The same, in a dialect that says it otherwise for some events.
    fn event_error(&self, _event: &str, error: &Error, now: Timestamp) -> Value {
        self.error(error, now)
    }

    /// The payload of CONNECT_ERROR for a token that is refused.
    fn refusal(&self, refusal: Refusal) -> Value {
        shapes::refusal(refusal, &refusal.to_string())
    }

    /// Its REST routes.
    fn routes(&self) -> &'static [Route];

    /// The status and the REST body of an answer.
    fn rest_answer(&self, answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value);

    /// The REST body of an error.
    fn rest_error(&self, error: &Error, now: Timestamp) -> Value;
}

/// One REST route.
#[derive(Clone, Copy)]
pub struct Route {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Below the dialect's prefix; parameters in braces. Two routes that have a parameter in the same place call it the same.
    pub path: &'static str,
    /// Who may ask.
    pub asker: Asker,
    /// Whether the body may be a form with a file.
    pub takes_file: bool,
    /// What a request asks for.
    pub read: fn(&Request<'_>) -> Result<Command, Error>,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// People.
    User,
    /// Tokens of the role `service`.
    Service,
}

impl Route {
    /// A route for people.
    #[must_use]
    pub const fn new(
        method: &'static str,
        path: &'static str,
        read: fn(&Request<'_>) -> Result<Command, Error>,
    ) -> Self {
        Self { method, path, asker: Asker::User, takes_file: false, read }
    }
}

/// The parts of a REST request that carry meaning, each by name.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Parameters of the path.
    pub path: &'a Fields<'a>,
    /// Parameters of the query.
    pub query: &'a Fields<'a>,
    /// The JSON body, or the text fields of a form; empty if there was none.
    pub body: &'a Fields<'a>,
    /// The file of a form.
    pub file: Option<&'a [u8]>,
}

/// The dialect of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn Dialect> {
    ALL.iter().find(|dialect| dialect.name() == name).copied()
}

/// The dialect that a namespace speaks: the root speaks the default.
#[must_use]
pub fn of_namespace(namespace: &str, default: &'static dyn Dialect) -> Option<&'static dyn Dialect> {
    match namespace.strip_prefix('/')? {
        "" => Some(default),
        name => named(name),
    }
}

impl dyn Dialect {
    /// What an event asks for, in this dialect or in all.
    ///
    /// # Errors
    /// `Error::Validation` naming the field that is wrong, or the event if it is unknown.
    pub fn parse_command(&self, event: &str, arguments: &[Value]) -> Result<Command, Error> {
        every::command(event, arguments).unwrap_or_else(|| self.command(event, arguments))
    }

    /// Who owns an event; `None` for one the dialect does not know.
    #[must_use]
    pub fn owner(&self, event: &str) -> Option<Family> {
        let own = || self.events().iter().find(|(name, _)| *name == event).map(|(_, family)| *family);
        every::owner(event).or_else(own)
    }

    /// Its REST routes and those of every dialect.
    pub fn all_routes(&self) -> impl Iterator<Item = &'static Route> {
        self.routes().iter().chain(every::ROUTES)
    }

    /// The status and the REST body of an answer.
    #[must_use]
    pub fn rest_response(&self, answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
        every::rest_answer(answer).unwrap_or_else(|| self.rest_answer(answer, viewer))
    }
}
