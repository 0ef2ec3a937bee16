//! The function `heartbeat`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::error::Error;
use shared::relay::{self, heartbeat};

/// Handles the event of the schedule for one minute.
///
/// # Errors
/// The error that prevented the event from being handled. template.yaml says what Lambda does then.
pub async fn handle(ctx: &Ctx, event: Value) -> Result<Value, Error> {
    relay::retried(heartbeat::handle(ctx, &event).await)
}
