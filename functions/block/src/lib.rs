//! The function `block`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::relay::{self, event};

/// Handles an event of the block family, which the switchboard handed over.
pub async fn handle(ctx: &Ctx, event: Value) -> Value {
    relay::ok_response(event::handle(ctx, &event).await)
}
