//! The dialect classroom: a learning platform (docs/dialects.md, "classroom").

mod events;
mod rest;
mod shapes;

use relay::clock::Timestamp;
use serde_json::{Map, Value};

use crate::dialect::{Dialect, Event, Family, Limits, Route};
use crate::domain::command::Command;
use crate::domain::notice::{Answer, Notice, Viewer};
use crate::error::Error;

/// `verb:noun` events about conversations with rooms, lists of media, and acks.
pub(super) struct Classroom;

impl Dialect for Classroom {
    fn name(&self) -> &'static str {
        "classroom"
    }

    fn limits(&self) -> Limits {
        Limits { messages_per_minute: 30, chats_per_hour: 10, ..Limits::UNLESS_SAID }
    }

    fn events(&self) -> &'static [(&'static str, Family)] {
        events::OWNERS
    }

    fn has_rooms(&self) -> bool {
        true
    }

    fn shows_profiles(&self) -> bool {
        true
    }

    fn command(&self, event: &str, arguments: &[Value]) -> Result<Command, Error> {
        events::command(event, arguments)
    }

    fn ack(&self, answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
        events::ack(answer, viewer)
    }

    fn answer_event(&self, answer: &Answer, _: &Viewer<'_>) -> Option<Event> {
        match answer {
            // A notice tells about messages that were newly marked.
            Answer::Read(reading) if reading.marked == 0 => Some(events::read(reading)),
            Answer::Block(_)
            | Answer::BlockedChats(_)
            | Answer::Chat { .. }
            | Answer::Chats { .. }
            | Answer::Done
            | Answer::Found { .. }
            | Answer::ChatDeleted(_)
            | Answer::Listing(_)
            | Answer::MediaLink { .. }
            | Answer::MessageDeleted { .. }
            | Answer::Messages { .. }
            | Answer::Online(_)
            | Answer::Pong(_)
            | Answer::Read(_)
            | Answer::Sent { .. }
            | Answer::Unread(_)
            | Answer::Upload { .. }
            | Answer::User(_) => None,
        }
    }

    fn notice_events(&self, notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
        events::notice_events(notice, viewer)
    }

    fn greets_with_online_users(&self) -> bool {
        false
    }

    fn error(&self, error: &Error, _: Timestamp) -> Value {
        shapes::TERMS.error(error).into()
    }

    fn routes(&self) -> &'static [Route] {
        rest::ROUTES
    }

    fn rest_answer(&self, answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
        rest::answer(answer, viewer)
    }

    fn rest_error(&self, error: &Error, _: Timestamp) -> Value {
        let mut body = shapes::TERMS.error(error);
        body.insert("success".to_owned(), false.into());
        body.into()
    }
}
