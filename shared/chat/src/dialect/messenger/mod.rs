//! The dialect messenger: messages from user to user, without a notion of chats (docs/dialects.md, "messenger").

mod events;
mod rest;
mod shapes;

use relay::clock::Timestamp;
use serde_json::{Map, Value};

use crate::dialect::{Dialect, Event, Family, Limits, Route};
use crate::domain::command::Command;
use crate::domain::notice::{Answer, Notice, Viewer};
use crate::error::Error;

/// `snake_case` events about people. Answers are events, and acks for a client that asks for one.
pub(super) struct Messenger;

impl Dialect for Messenger {
    fn name(&self) -> &'static str {
        "messenger"
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
        true
    }

    fn command(&self, event: &str, arguments: &[Value]) -> Result<Command, Error> {
        events::command(event, arguments)
    }

    fn ack(&self, answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
        events::ack(answer, viewer)
    }

    fn answer_event(&self, answer: &Answer, viewer: &Viewer<'_>) -> Option<Event> {
        events::answer_event(answer, viewer)
    }

    fn notice_events(&self, notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
        events::notice_events(notice, viewer)
    }

    fn greets_with_online_users(&self) -> bool {
        true
    }

    fn error(&self, error: &Error, _: Timestamp) -> Value {
        shapes::error(error).into()
    }

    fn event_error(&self, event: &str, error: &Error, _: Timestamp) -> Value {
        events::error(event, error).into()
    }

    fn routes(&self) -> &'static [Route] {
        rest::ROUTES
    }

    fn rest_answer(&self, answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
        rest::answer(answer, viewer)
    }

    fn rest_error(&self, error: &Error, _: Timestamp) -> Value {
        rest::error(error)
    }
}
