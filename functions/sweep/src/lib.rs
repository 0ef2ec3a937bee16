//! The function `sweep`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::error::Error;
use shared::relay::{self, sweep};

/// Handles the event of the schedule for one minute.
///
/// # Errors
/// The error that prevented the event from being handled. template.yaml says what Lambda does then.
pub async fn handle(ctx: &Ctx, _event: Value) -> Result<Value, Error> {
    relay::retried(sweep::handle(ctx).await)
}
