//! The dialect workspace: colleagues (docs/dialects.md, "workspace").

mod events;
mod rest;
mod shapes;

use crate::dialect::shapes::{failure, plain_refusal};
use crate::dialect::{Dialect, Limits};

/// `noun:verb` events about conversations, rooms, statuses and acks.
pub(super) const WORKSPACE: Dialect = Dialect {
    name: "workspace",
    limits: Limits { events_per_second: 10, ..Limits::UNLESS_SAID },
    events: events::OWNERS,
    has_rooms: true,
    shows_profiles: false,
    greets_with_online_users: false,
    command: events::command,
    ack: events::ack,
    answer_event: |_, _| None,
    notice_events: events::notice_events,
    error: |error, _| shapes::TERMS.error(error).into(),
    event_error: |_, error, _| shapes::TERMS.error(error).into(),
    refusal: plain_refusal,
    routes: rest::ROUTES,
    rest_answer: rest::answer,
    rest_error: |error, _| failure(shapes::TERMS.error(error)),
};
