//! The dialect classroom: a learning platform (docs/dialects.md, "classroom").

mod events;
mod rest;
mod shapes;

use crate::dialect::shapes::{failure, plain_refusal};
use crate::dialect::{Dialect, Limits};

/// `verb:noun` events about conversations with rooms, lists of media, and acks.
pub(super) const CLASSROOM: Dialect = Dialect {
    name: "classroom",
    limits: Limits { messages_per_minute: 30, chats_per_hour: 10, ..Limits::UNLESS_SAID },
    events: events::OWNERS,
    has_rooms: true,
    shows_profiles: true,
    greets_with_online_users: false,
    command: events::command,
    ack: events::ack,
    answer_event: events::answer_event,
    notice_events: events::notice_events,
    error: |error, _| shapes::TERMS.error(error).into(),
    event_error: |_, error, _| shapes::TERMS.error(error).into(),
    refusal: plain_refusal,
    routes: rest::ROUTES,
    rest_answer: rest::answer,
    rest_error: |error, _| failure(shapes::TERMS.error(error)),
};
