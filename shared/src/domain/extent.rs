//! How much is said of what may be too long for one event.

use crate::domain::message::TEXT_MAX_CHARACTERS;

/// The bounds within which something is put into words. What is beyond them is left out, and a message says so by
/// `truncated: true` (dialects.md, section 9, "messenger's answers").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Longest text of a message, in Unicode scalar values.
    pub text_max_characters: usize,
    /// Longest name of a person beside a message, in Unicode scalar values.
    pub name_max_characters: usize,
    /// Whether messages show their media.
    pub media: bool,
    /// Most people in a list of those who are online; the list's count stays the true one.
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

    /// Messages without media, and by people of short names: what is left if shorter texts alone do not do.
    pub const BARE: Self = Self { name_max_characters: 32, media: false, ..Self::WHOLE };
}
