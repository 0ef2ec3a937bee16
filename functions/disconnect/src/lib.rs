//! The function `disconnect`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::relay::{self, disconnect};

/// Handles `$disconnect`, DISCONNECT packets, and connections that somebody found gone.
pub async fn handle(ctx: &Ctx, event: Value) -> Value {
    relay::answered(disconnect::handle(ctx, &event).await)
}
