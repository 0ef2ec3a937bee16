//! The function `handshake`, see ARCHITECTURE.md.

use serde_json::Value;
use shared::ctx::Ctx;
use shared::relay::{self, handshake};

/// Posts the open packet of a connection that `connect` accepted.
pub async fn handle(ctx: &Ctx, event: Value) -> Value {
    relay::ok_response(handshake::handle(ctx, &event).await)
}
