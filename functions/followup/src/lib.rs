//! The function `followup`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::error::Error;
use shared::relay::followup;

/// Handles a batch of records of the stream of Chats, and returns the records that Lambda must hand over again. It also
/// handles the record of an event that a function did not handle.
///
/// # Errors
/// `Error::Internal` if an event that was given up cannot be read.
pub async fn handle(ctx: &Ctx, event: Value) -> Result<Value, Error> {
    followup::handle(ctx, &event).await
}
