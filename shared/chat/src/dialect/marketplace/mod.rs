//! The dialect marketplace: buyers and sellers of listings (docs/dialects.md, "marketplace").

#[cfg(feature = "contracts")]
mod contract;
mod events;
mod heard;
mod rest;
mod shapes;

use crate::dialect::envelope::failure;
use crate::dialect::json::value;
use crate::dialect::{Dialect, Limits};

/// `camelCase` events about chats, whose rooms clients join; listings and media.
pub(super) const MARKETPLACE: Dialect = Dialect {
    name: "marketplace",
    limits: Limits { text_characters: events::TEXT_MAX_CHARACTERS, ..Limits::UNLESS_SAID },
    events: events::OWNERS,
    has_rooms: true,
    shows_profiles: true,
    greets_with_online_users: false,
    command: events::command,
    ack: events::ack,
    answer_event: |answer, _| events::answer_event(answer),
    notice_events: events::notice_events,
    error: |error, _| value(&shapes::error(error)),
    event_error: |_, error, _| value(&shapes::error(error)),
    refusal: shapes::refusal,
    routes: rest::ROUTES,
    rest_answer: rest::answer,
    rest_error: |error, _| failure(shapes::error(error)),
    #[cfg(feature = "contracts")]
    contract: contract::contract,
};
