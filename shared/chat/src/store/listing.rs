//! Listings: what is for sale, and who sells it.

use relay::dynamo::{PutItemInput, read, text, write};

use super::rows::ListingRow;
use super::{Store, keys};
use crate::domain::id::ListingId;
use crate::domain::listing::Listing;
use crate::error::Error;

/// The result of putting a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Putting {
    /// The listing is stored.
    Put,
    /// The listing belongs to another user, and is unchanged.
    NotYours,
}

impl Store {
    /// Reads a listing. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn listing(&self, id: &ListingId) -> Result<Option<Listing>, Error> {
        let item = self.db.get(&self.tables.listings, keys::listing(id)).await?;
        item.map(|item| read::<ListingRow>(item)?.try_into()).transpose()
    }

    /// The listings among `ids` that exist, in no particular order. One read per hundred.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn listings(&self, ids: &[ListingId]) -> Result<Vec<Listing>, Error> {
        let items = self.db.get_all(&self.tables.listings, ids.iter().map(keys::listing).collect()).await?;
        items.into_iter().map(|item| read::<ListingRow>(item)?.try_into()).collect()
    }

    /// Creates a listing, or changes a listing of the same owner. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn put_listing(&self, listing: &Listing) -> Result<Putting, Error> {
        let put = PutItemInput::builder()
            .table_name(&self.tables.listings)
            .set_item(Some(write(ListingRow::from(listing))?))
            .condition_expression("attribute_not_exists(petId) OR #owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(&listing.owner));
        Ok(if self.db.put(put).await? { Putting::Put } else { Putting::NotYours })
    }
}
