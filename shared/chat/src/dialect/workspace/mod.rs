//! The dialect workspace: colleagues (docs/dialects.md, "workspace").

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
    error: |error, _| value(&shapes::TERMS.error(error)),
    event_error: |_, error, _| value(&shapes::TERMS.error(error)),
    refusal: plain_refusal,
    routes: rest::ROUTES,
    rest_answer: rest::answer,
    rest_error: |error, _| failure(shapes::TERMS.error(error)),
    #[cfg(feature = "contracts")]
    contract: contract::contract,
};
