//! The dialect recruiting: candidates and employers (docs/dialects.md, "recruiting").

mod events;
mod rest;
mod shapes;

use relay::clock::Timestamp;
use serde_json::{Map, Value};

use crate::dialect::{Dialect, Event, Family, Limits, Route};
use crate::domain::command::Command;
use crate::domain::notice::{Answer, Notice, Viewer};
use crate::error::Error;

/// `snake_case` events about chats with a receiver, and acks.
pub(super) struct Recruiting;

impl Dialect for Recruiting {
    fn name(&self) -> &'static str {
        "recruiting"
    }

    fn limits(&self) -> Limits {
        Limits::UNLESS_SAID
    }

    fn events(&self) -> &'static [(&'static str, Family)] {
        events::OWNERS
    }

    fn has_rooms(&self) -> bool {
        false
    }

    fn shows_profiles(&self) -> bool {
        false
    }

    fn command(&self, event: &str, arguments: &[Value]) -> Result<Command, Error> {
        events::command(event, arguments)
    }

    fn ack(&self, answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
        events::ack(answer, viewer)
    }

    fn answer_event(&self, answer: &Answer, viewer: &Viewer<'_>) -> Option<Event> {
        match answer {
            Answer::Online(users) => Some(("online_users", shapes::online_users(users, viewer))),
            // A notice tells about messages that were newly marked.
            Answer::Read(reading) if reading.marked == 0 => Some(events::marked_read(reading)),
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
        true
    }

    fn error(&self, error: &Error, now: Timestamp) -> Value {
        shapes::error(error, now)
    }

    fn routes(&self) -> &'static [Route] {
        rest::ROUTES
    }

    fn rest_answer(&self, answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
        rest::answer(answer, viewer)
    }

    fn rest_error(&self, error: &Error, now: Timestamp) -> Value {
        rest::error(error, now)
    }
}
