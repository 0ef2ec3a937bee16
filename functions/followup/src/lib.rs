//! The function `followup`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::error::Error;
use shared::relay::followup;

/// Handles a batch of records of the stream of Chats, and answers which of them are to come again.
///
/// # Errors
/// If the whole batch is to come again.
pub async fn handle(ctx: &Ctx, event: Value) -> Result<Value, Error> {
    followup::handle(ctx, &event).await
}
