//! Draining an outbox: its frames are posted in order until it is empty, and from then on all further frames go to a
//! connection directly.

use crate::ctx::Ctx;
use crate::error::Error;
use crate::id::ConnectionId;
use crate::store::Transition;

/// How many batches of frames are posted. If more keep coming, the client must reconnect.
const BATCHES_MAX: u32 = 100;

/// Takes the frames of `outbox` in batches and hands each batch to `post`, until the outbox is empty. Then it redirects
/// all further frames to the connection `to`. Returns `false` if `post` did, which means that the client is gone; the
/// outbox is then left as it is. One write, and for each batch one read and two writes.
///
/// # Errors
/// `Error::Internal` if a request fails, or if more frames keep coming than can be posted.
pub(crate) async fn drain<A, F>(
    ctx: &Ctx<A>,
    outbox: &ConnectionId,
    to: &ConnectionId,
    mut post: impl FnMut(Vec<String>) -> F,
) -> Result<bool, Error>
where
    F: Future<Output = bool>,
{
    for _ in 0..=BATCHES_MAX {
        if ctx.store.redirect(outbox, to).await? == Transition::Taken {
            return Ok(true);
        }
        if !post(ctx.store.flush(outbox).await?).await {
            return Ok(false);
        }
    }
    Err(Error::internal("more frames keep waiting for a client than it can be posted"))
}
