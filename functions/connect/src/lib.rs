//! The function `connect`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::relay::{self, Incoming, connect};

/// Answers `$connect`, and handles CONNECT packets that the switchboard handed over.
pub async fn handle(ctx: &Ctx, event: Value) -> Value {
    match Incoming::read(&event) {
        Ok(incoming) if incoming.is_connect() => relay::accepted(connect::opened(ctx, &incoming).await),
        Ok(_) => relay::ok_response(connect::packet(ctx, &event).await),
        Err(error) => relay::ok_response(Err(error)),
    }
}
