//! Pages: which part of a list a client asks for.

use crate::error::Error;

/// The most entries of a page (docs/dialects.md, "Pages").
pub const PAGE_LIMIT_MAX: u64 = 100;
/// The number of chats on a page if the client does not say.
pub const CHATS_LIMIT_DEFAULT: u64 = 20;
/// The number of messages on a page if the client does not say.
pub const MESSAGES_LIMIT_DEFAULT: u64 = 50;

/// A page by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The number, from 1.
    pub number: u64,
    /// The entries per page, from 1 to [`PAGE_LIMIT_MAX`].
    pub limit: u64,
}

impl Page {
    /// Checks a number and a limit.
    ///
    /// # Errors
    /// `Error::Validation` with the name of the field that is out of bounds.
    pub fn new(number: u64, limit: u64) -> Result<Self, Error> {
        if number == 0 {
            return Err(Error::validation("page", "must be a whole number from 1"));
        }
        Ok(Self { number, limit: checked_limit(limit)? })
    }

    /// The number of entries on the pages before this one.
    #[must_use]
    pub const fn offset(self) -> u64 {
        (self.number - 1).saturating_mul(self.limit)
    }

    /// The number of pages that `total` entries fill; 0 for no entries.
    #[must_use]
    pub const fn total_pages(self, total: u64) -> u64 {
        total.div_ceil(self.limit)
    }
}

/// A part of a chat's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// A page. Page 1 holds the newest messages.
    Page(Page),
    /// The messages after a message's number, oldest first.
    After {
        /// The number after which the part begins; 0 is the beginning.
        number: u64,
        /// The most messages to return.
        limit: u64,
    },
}

/// Checks the number of entries that a client asks for.
///
/// # Errors
/// `Error::Validation` with the name `limit`.
pub fn checked_limit(limit: u64) -> Result<u64, Error> {
    if (1..=PAGE_LIMIT_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::validation("limit", format!("must be a whole number from 1 to {PAGE_LIMIT_MAX}")))
    }
}
