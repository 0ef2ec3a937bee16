//! The function `sweep`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::error::Error;
use shared::relay::{self, sweep};

/// Handles the schedule's event of one minute.
///
/// # Errors
/// Whatever keeps it from being handled; see template.yaml for what becomes of it then.
pub async fn handle(ctx: &Ctx, _event: Value) -> Result<Value, Error> {
    relay::retried(sweep::handle(ctx).await)
}
