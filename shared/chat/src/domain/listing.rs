//! A listing: a thing for sale about which people write to its owner.

use crate::domain::id::{ListingId, UserId};
use crate::error::Error;

/// The most pictures of one listing (docs/dialects.md, "Listings").
pub const IMAGES_MAX: usize = 20;
/// The longest title, in Unicode scalar values.
pub const TITLE_MAX_CHARACTERS: usize = 300;
/// The longest address, in Unicode scalar values.
pub const ADDRESS_MAX_CHARACTERS: usize = 1_000;

/// What an owner says about a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// The title; required.
    pub title: String,
    /// The addresses of pictures.
    pub images: Vec<String>,
    /// The price; at least 0.
    pub price: Option<f64>,
    /// The place where it is.
    pub address: Option<String>,
}

impl Details {
    /// Checks the limits of all fields.
    ///
    /// # Errors
    /// `Error::Validation` with the name of the field.
    pub fn checked(self) -> Result<Self, Error> {
        let longer = |text: &str, most: usize| text.chars().nth(most).is_some();
        if self.title.trim().is_empty() {
            return Err(Error::validation("title", "must not be empty"));
        }
        if longer(&self.title, TITLE_MAX_CHARACTERS) {
            return Err(Error::validation("title", format!("must be at most {TITLE_MAX_CHARACTERS} characters")));
        }
        if self.images.len() > IMAGES_MAX {
            return Err(Error::validation("images", format!("must be at most {IMAGES_MAX}")));
        }
        if self.price.is_some_and(|price| !price.is_finite() || price < 0.0) {
            return Err(Error::validation("price", "must be a number from 0"));
        }
        if self.address.as_deref().is_some_and(|address| longer(address, ADDRESS_MAX_CHARACTERS)) {
            return Err(Error::validation("address", format!("must be at most {ADDRESS_MAX_CHARACTERS} characters")));
        }
        Ok(self)
    }
}

/// A listing as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The id.
    pub id: ListingId,
    /// The owner, who takes part in every chat about the listing.
    pub owner: UserId,
    /// The details.
    pub details: Details,
}
