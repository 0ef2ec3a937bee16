//! Typing: who types where. The relay keeps it with the socket's session, and never with the chat, so that the server
//! can end it when the socket leaves.

use relay::store::{Session, SetChange};

use super::keys;
use crate::domain::chat::Place;

/// The attribute of a session with the places where its user types.
pub(super) const TYPING: &str = "typing";

/// The places where the user of a session types.
#[must_use]
pub fn typing_of(session: &Session) -> Vec<Place> {
    let entries = session.attributes.get(TYPING).and_then(|entries| entries.as_ss().ok()).into_iter().flatten();
    entries.filter_map(|entry| keys::place_of_typing(entry)).collect()
}

/// The change of a session whose user begins or stops typing in a place.
#[must_use]
pub fn typing_change(place: &Place, active: bool) -> SetChange<'static> {
    SetChange { attribute: TYPING, entry: keys::typing(place), is_added: active }
}
