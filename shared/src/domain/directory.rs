//! Who and what words may mention: profiles and listings, as far as the viewer may see them.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::domain::id::{ListingId, UserId};
use crate::domain::listing::Listing;
use crate::domain::user::User;

/// Profiles and listings by their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// People.
    pub users: HashMap<UserId, User>,
    /// What is for sale.
    pub listings: HashMap<ListingId, Listing>,
}

impl Directory {
    /// Somebody's profile; of somebody who is not in it, the id alone is known.
    #[must_use]
    pub fn user(&self, id: &UserId) -> Cow<'_, User> {
        match self.users.get(id) {
            Some(user) => Cow::Borrowed(user),
            None => Cow::Owned(User::unknown(id.clone())),
        }
    }

    /// A listing, if it is in it.
    #[must_use]
    pub fn listing(&self, id: &ListingId) -> Option<&Listing> {
        self.listings.get(id)
    }
}
