//! The dialect marketplace: buyers and sellers of listings (docs/dialects.md, "marketplace").

mod events;
mod rest;
mod shapes;

use relay::clock::Timestamp;
use serde_json::{Map, Value};

use crate::dialect::{Dialect, Event, Family, Limits, Route};
use crate::domain::command::Command;
use crate::domain::notice::{Answer, Notice, Viewer};
use crate::error::{Error, Refusal};

/// `camelCase` events about chats, whose rooms clients join; listings and media.
pub(super) struct Marketplace;

impl Dialect for Marketplace {
    fn name(&self) -> &'static str {
        "marketplace"
    }

    fn limits(&self) -> Limits {
        Limits { text_characters: events::TEXT_MAX_CHARACTERS, ..Limits::UNLESS_SAID }
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
        events::answer_event(answer)
    }

    fn notice_events(&self, notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
        events::notice_events(notice, viewer)
    }

    fn greets_with_online_users(&self) -> bool {
        false
    }

    fn error(&self, error: &Error, _: Timestamp) -> Value {
        shapes::error(error).into()
    }

    fn refusal(&self, refusal: Refusal) -> Value {
        shapes::refusal(refusal)
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
