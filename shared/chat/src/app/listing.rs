//! Listings: the things for sale that a chat can be about.

use super::{Caller, Outcome};
use crate::ctx::Ctx;
use crate::domain::id::ListingId;
use crate::domain::listing::{Details, Listing};
use crate::domain::media::{HTTPS_ONLY, insecure_rest};
use crate::domain::notice::Answer;
use crate::error::{Error, Thing};
use crate::store::Putting;

/// Creates a listing, whose owner is the caller, or changes one of the caller's listings. Pictures over `http:` are
/// refused, unless the configuration allows them.
pub(super) async fn put(ctx: &Ctx, caller: &Caller<'_>, id: ListingId, details: Details) -> Result<Outcome, Error> {
    let is_insecure = |url: &String| insecure_rest(url).is_some();
    if !ctx.app.config.allows_http_pictures && details.images.iter().any(is_insecure) {
        return Err(Error::validation("images", HTTPS_ONLY));
    }
    let listing = Listing { id, owner: caller.user.clone(), details };
    match ctx.app.store.put_listing(&listing).await? {
        Putting::Put => Ok(Outcome::answer(Answer::Listing(listing))),
        Putting::NotYours => Err(Error::Forbidden("only the owner of a listing can change it")),
    }
}

/// Reads one listing.
pub(super) async fn show(ctx: &Ctx, id: &ListingId) -> Result<Outcome, Error> {
    let listing = ctx.app.store.listing(id).await?.ok_or(Error::NotFound(Thing::Listing))?;
    Ok(Outcome::answer(Answer::Listing(listing)))
}
