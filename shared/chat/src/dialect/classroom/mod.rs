//! The dialect classroom: a learning platform (docs/dialects.md, "classroom").

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
    error: |error, _| value(&shapes::TERMS.error(error)),
    event_error: |_, error, _| value(&shapes::TERMS.error(error)),
    refusal: plain_refusal,
    routes: rest::ROUTES,
    rest_answer: rest::answer,
    rest_error: |error, _| failure(shapes::TERMS.error(error)),
    #[cfg(feature = "contracts")]
    contract: contract::contract,
};
