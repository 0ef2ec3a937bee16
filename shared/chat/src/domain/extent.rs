//! The extent: how much of its content an event shows, if the whole would be too long.

use crate::domain::message::TEXT_MAX_CHARACTERS;

/// The limits within which an event is built. Content beyond them is left out, and a message says so with `truncated:
/// true` (docs/dialects.md, "messenger").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The longest text of a message, in Unicode scalar values.
    pub text_max_characters: usize,
    /// The longest name of a person beside a message, in Unicode scalar values.
    pub name_max_characters: usize,
    /// Whether messages show their media.
    pub media: bool,
    /// The most people in a list of those who are online. The count of the list is still the true one.
    pub people_max: usize,
}

impl Extent {
    /// Everything in full.
    pub const WHOLE: Self = Self {
        text_max_characters: TEXT_MAX_CHARACTERS,
        name_max_characters: usize::MAX,
        media: true,
        people_max: usize::MAX,
    };

    /// Messages without media and with short names of people. This extent is used if shorter texts alone are not
    /// enough.
    pub const BARE: Self = Self { name_max_characters: 32, media: false, ..Self::WHOLE };
}
