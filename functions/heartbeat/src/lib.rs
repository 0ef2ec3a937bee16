//! The function `heartbeat`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::relay::{self, heartbeat};

/// Handles the schedule's event of one minute.
pub async fn handle(ctx: &Ctx, event: Value) -> Value {
    relay::answered(heartbeat::handle(ctx, &event).await)
}
