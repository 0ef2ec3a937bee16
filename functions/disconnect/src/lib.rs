//! The function `disconnect`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::error::Error;
use shared::relay::{self, disconnect};

/// Handles `$disconnect`, DISCONNECT packets, and connections that somebody found gone.
///
/// # Errors
/// Whatever keeps it from being handled; see template.yaml for what becomes of it then.
pub async fn handle(ctx: &Ctx, event: Value) -> Result<Value, Error> {
    relay::retried(disconnect::handle(ctx, &event).await)
}
