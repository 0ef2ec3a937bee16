//! The dialect workspace: colleagues (docs/dialects.md, "workspace").

mod events;
mod rest;
mod shapes;

use relay::clock::Timestamp;
use serde_json::{Map, Value};

use crate::dialect::{Dialect, Event, Family, Limits, Route};
use crate::domain::command::Command;
use crate::domain::notice::{Answer, Notice, Viewer};
use crate::error::Error;

/// `noun:verb` events about conversations, rooms, statuses and acks.
pub(super) struct Workspace;

impl Dialect for Workspace {
    fn name(&self) -> &'static str {
        "workspace"
    }

    fn limits(&self) -> Limits {
        Limits { events_per_second: 10, ..Limits::UNLESS_SAID }
    }

    fn events(&self) -> &'static [(&'static str, Family)] {
        events::OWNERS
    }

    fn has_rooms(&self) -> bool {
        true
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

    /// The dialect has no confirming events. Notices tell what was done.
    fn answer_event(&self, _: &Answer, _: &Viewer<'_>) -> Option<Event> {
        None
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
