//! The sweep, once per minute and separate from the heartbeat: closes overdue connections, and erases what deleted
//! chats left behind.
//!
//! One run handles a bounded part of this work, many items at once, beginning at a random place. The next run goes on
//! with what is left. So neither a flood nor an item that always fails keeps other items waiting for long.

use futures_util::StreamExt as _;

use crate::ctx::Ctx;
use crate::domain::clock::Timestamp;
use crate::error::Error;
use crate::store::{HeartbeatRow, WAITING_SLOT};
use crate::telemetry::Failures;

/// How many overdue connections one run closes, and how many at the same time. Each takes two requests, so a run needs
/// about ten of the function's fifty seconds.
const CLOSED_MAX: usize = 10_000;
const CLOSED_AT_ONCE: usize = 64;
/// How many deleted chats one run handles, how many of them at the same time, and how many messages of each it erases:
/// at most 50,000 write units per minute.
const CHATS_MAX: i32 = 100;
const CHATS_AT_ONCE: usize = 8;
const MESSAGES_ERASED_MAX: i32 = 500;

/// Runs the sweep once. If one item fails, the run still handles the others.
///
/// # Errors
/// `Error::Internal` if anything failed. The invocation is not tried again, because another one follows each minute.
pub async fn handle(ctx: &Ctx) -> Result<(), Error> {
    let mut failures = Failures::default();
    close_overdue(ctx, &mut failures).await;
    erase(ctx, &mut failures).await;
    failures.result()
}

/// Whether a row has waited too long: a connection without a namespace (docs/protocol.md, "Connect timeout"), or a binary
/// packet without its attachments.
pub(super) fn is_overdue(ctx: &Ctx, row: &HeartbeatRow, now: Timestamp) -> bool {
    row.opened_at.plus_millis(i64::from(ctx.config.heartbeat.connect_timeout_millis)) <= now
}

async fn close_overdue(ctx: &Ctx, failures: &mut Failures) {
    let now = ctx.clock.now();
    let mut overdue = failures.note_all(ctx.store.slot(WAITING_SLOT).await);
    overdue.retain(|row| is_overdue(ctx, row, now));
    let first = usize::from_le_bytes(ctx.clock.random()).checked_rem(overdue.len()).unwrap_or_default();
    overdue.rotate_left(first);
    overdue.truncate(CLOSED_MAX);
    let closings = futures_util::stream::iter(overdue).map(|row| async move {
        let closed = close(ctx, &row).await;
        (row, closed)
    });
    let closings: Vec<_> = closings.buffer_unordered(CLOSED_AT_ONCE).collect().await;
    for (row, closed) in closings {
        failures.note(Some(&row.connection), closed);
    }
}

/// Closes a connection, invokes the disconnect function to do the rest, and deletes the incomplete packet if the row is
/// about one.
async fn close(ctx: &Ctx, row: &HeartbeatRow) -> Result<(), Error> {
    ctx.close(&row.connection).await;
    ctx.invoke_disconnect(&row.connection).await;
    if row.is_connection() { Ok(()) } else { ctx.store.forget_packet(&row.connection).await }
}

async fn erase(ctx: &Ctx, failures: &mut Failures) {
    let Some(chats) = failures.note(None, ctx.store.chats_to_erase(CHATS_MAX).await) else { return };
    let erasures = futures_util::stream::iter(chats).map(|chat| async move {
        let erased = ctx.store.erase(&chat, MESSAGES_ERASED_MAX).await;
        (chat, erased)
    });
    let erasures: Vec<_> = erasures.buffer_unordered(CHATS_AT_ONCE).collect().await;
    for (chat, erased) in erasures {
        if let Some(messages) = failures.note(None, erased) {
            tracing::info!(chat.id = %chat, messages, "messages of a deleted chat were erased");
        }
    }
}
