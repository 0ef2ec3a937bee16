//! The directory: the profiles and listings that an event or a response may show, as far as the viewer may see them.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::domain::id::{ListingId, UserId};
use crate::domain::listing::Listing;
use crate::domain::user::User;

/// Profiles and listings by their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// The profiles.
    pub users: HashMap<UserId, User>,
    /// The listings.
    pub listings: HashMap<ListingId, Listing>,
}

impl Directory {
    /// The profile of a user. For a user who is not in the directory, only the id is known.
    #[must_use]
    pub fn user(&self, id: &UserId) -> Cow<'_, User> {
        match self.users.get(id) {
            Some(user) => Cow::Borrowed(user),
            None => Cow::Owned(User::unknown(id.clone())),
        }
    }

    /// A listing, if it is in the directory.
    #[must_use]
    pub fn listing(&self, id: &ListingId) -> Option<&Listing> {
        self.listings.get(id)
    }
}
