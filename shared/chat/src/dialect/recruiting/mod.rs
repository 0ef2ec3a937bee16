//! The dialect recruiting: candidates and employers (docs/dialects.md, "recruiting").

#[cfg(feature = "contracts")]
mod contract;
mod events;
mod heard;
mod rest;
mod shapes;

use crate::dialect::json::value;
use crate::dialect::shapes::plain_refusal;
use crate::dialect::{Dialect, Limits};

/// `snake_case` events about chats with a receiver, and acks.
pub(super) const RECRUITING: Dialect = Dialect {
    name: "recruiting",
    limits: Limits::UNLESS_SAID,
    events: events::OWNERS,
    has_rooms: false,
    shows_profiles: false,
    greets_with_online_users: true,
    command: events::command,
    ack: events::ack,
    answer_event: events::answer_event,
    notice_events: events::notice_events,
    error: |error, now| value(&shapes::ErrorObject::new(error, now)),
    event_error: |_, error, now| value(&shapes::ErrorObject::new(error, now)),
    refusal: plain_refusal,
    routes: rest::ROUTES,
    rest_answer: rest::answer,
    rest_error: rest::error,
    #[cfg(feature = "contracts")]
    contract: contract::contract,
};
