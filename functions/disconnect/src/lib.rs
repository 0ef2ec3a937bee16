//! The function `disconnect`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::error::Error;
use shared::relay::{self, disconnect};

/// Handles `$disconnect`, DISCONNECT packets, and connections that another function found gone.
///
/// # Errors
/// The error that prevented the event from being handled. template.yaml says what Lambda does then.
pub async fn handle(ctx: &Ctx, event: Value) -> Result<Value, Error> {
    relay::retried(disconnect::handle(ctx, &event).await)
}
