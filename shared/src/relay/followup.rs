//! What must happen after a message at least once: the function on the stream of Chats.

use serde_json::{Value, json};

use crate::ctx::Ctx;
use crate::error::Error;

/// Handles a batch of stream records: `{"Records": [{"dynamodb": {"Keys", "NewImage", "SequenceNumber", ..}, ..}]}`, the oldest first.
///
/// The answer names the first record that is to come again, with all that follow: `{"batchItemFailures": [{"itemIdentifier": SequenceNumber}]}`,
/// or none.
///
/// # Errors
/// If the whole batch is to come again.
#[expect(clippy::unused_async, reason = "whatever is done here asks AWS")]
pub async fn handle(_ctx: &Ctx, _event: &Value) -> Result<Value, Error> {
    Ok(json!({"batchItemFailures": []}))
}
