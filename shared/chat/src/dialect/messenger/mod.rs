//! The dialect messenger: messages from user to user, without a notion of chats (docs/dialects.md, "messenger").

#[cfg(feature = "contracts")]
mod contract;
mod events;
mod heard;
mod rest;
mod shapes;

use crate::dialect::envelope::failure;
use crate::dialect::json::value;
use crate::dialect::shapes::plain_refusal;
use crate::dialect::{Dialect, Limits};

/// `snake_case` events about people. Answers are events, and acks for a client that asks for one.
pub(super) const MESSENGER: Dialect = Dialect {
    name: "messenger",
    limits: Limits::UNLESS_SAID,
    events: events::OWNERS,
    has_rooms: false,
    shows_profiles: true,
    greets_with_online_users: true,
    command: events::command,
    ack: events::ack,
    answer_event: events::answer_event,
    notice_events: events::notice_events,
    error: |error, _| value(&shapes::error(error)),
    event_error: |event, error, _| value(&events::error(event, error)),
    refusal: plain_refusal,
    routes: rest::ROUTES,
    rest_answer: rest::answer,
    rest_error: |error, _| failure(shapes::error(error)),
    #[cfg(feature = "contracts")]
    contract: contract::contract,
};
