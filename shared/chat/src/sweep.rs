//! The sweep, once per minute and separate from the heartbeat: closes overdue connections, and erases what deleted
//! chats left behind.
//!
//! One run handles a bounded part of this work, many items at once, beginning at a random place. The next run goes on
//! with what is left. So neither a flood nor an item that always fails keeps other items waiting for long.

use futures_util::StreamExt as _;
use relay::error::Error;
use relay::reply::retried;
use relay::sweep::close_overdue;
use relay::telemetry::Failures;
use serde_json::Value;

use crate::ctx::Ctx;

/// How many deleted chats one run handles, how many of them at the same time, and how many messages of each it erases:
/// at most 50,000 write units per minute.
const CHATS_MAX: i32 = 100;
const CHATS_AT_ONCE: usize = 8;
const MESSAGES_ERASED_MAX: i32 = 500;

/// Runs the sweep once. If one item fails, the run still handles the others.
///
/// # Errors
/// `Error::Internal` if anything failed. The invocation is not tried again, because another one follows each minute.
pub async fn handle(ctx: &Ctx, _event: Value) -> Result<Value, Error> {
    let mut failures = Failures::default();
    close_overdue(ctx, &mut failures).await;
    erase(ctx, &mut failures).await;
    retried(failures.result())
}

async fn erase(ctx: &Ctx, failures: &mut Failures) {
    let Some(chats) = failures.note(None, ctx.app.store.chats_to_erase(CHATS_MAX).await) else { return };
    let erasures = futures_util::stream::iter(chats).map(|chat| async move {
        let erased = ctx.app.store.erase(&chat, MESSAGES_ERASED_MAX).await;
        (chat, erased)
    });
    let erasures: Vec<_> = erasures.buffer_unordered(CHATS_AT_ONCE).collect().await;
    for (chat, erased) in erasures {
        if let Some(messages) = failures.note(None, erased) {
            tracing::info!(chat.id = %chat, messages, "messages of a deleted chat were erased");
        }
    }
}
