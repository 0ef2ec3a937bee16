//! Which part of a list is asked for.

use crate::error::Error;

/// Most entries a page may have (dialects.md, section 2).
pub const PAGE_LIMIT_MAX: u64 = 100;
/// Chats on a page when the client does not say.
pub const CHATS_LIMIT_DEFAULT: u64 = 20;
/// Messages on a page when the client does not say.
pub const MESSAGES_LIMIT_DEFAULT: u64 = 50;

/// A page by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u64,
    /// From 1 to [`PAGE_LIMIT_MAX`].
    pub limit: u64,
}

impl Page {
    /// Checks a number and a limit.
    ///
    /// # Errors
    /// `Error::Validation` naming the field that is out of bounds.
    pub fn new(number: u64, limit: u64) -> Result<Self, Error> {
        if number == 0 {
            return Err(Error::validation("page", "must be a whole number from 1"));
        }
        Ok(Self { number, limit: checked_limit(limit)? })
    }

    /// How many entries lie on the pages before this one.
    #[must_use]
    pub const fn offset(self) -> u64 {
        (self.number - 1).saturating_mul(self.limit)
    }

    /// How many pages `total` entries fill; none for nothing.
    #[must_use]
    pub const fn total_pages(self, total: u64) -> u64 {
        total.div_ceil(self.limit)
    }
}

/// A part of a chat's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Page 1 holds the newest.
    Page(Page),
    /// What follows a message's number, oldest first.
    After {
        /// The number after which to begin; 0 is the beginning.
        number: u64,
        /// Most messages to give.
        limit: u64,
    },
}

/// Checks the number of entries asked for.
///
/// # Errors
/// `Error::Validation` naming `limit`.
pub fn checked_limit(limit: u64) -> Result<u64, Error> {
    if (1..=PAGE_LIMIT_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::validation("limit", format!("must be a whole number from 1 to {PAGE_LIMIT_MAX}")))
    }
}
