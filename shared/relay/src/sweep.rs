//! The sweep, once per minute and separate from the heartbeat: closes overdue connections.
//!
//! One run handles a bounded part of this work, many connections at once, beginning at a random place. The next run
//! goes on with what is left. So neither a flood nor a connection that cannot be closed keeps others waiting for long.

use futures_util::StreamExt as _;

use crate::clock::Timestamp;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::invocation;
use crate::store::HeartbeatRow;
use crate::telemetry::Failures;

/// How many overdue connections one run closes, and how many at the same time. Each takes two requests, so a run needs
/// about ten of the function's fifty seconds.
const CLOSED_MAX: usize = 10_000;
const CLOSED_AT_ONCE: usize = 64;

/// Runs the sweep once. If one connection fails, the run still handles the others.
///
/// # Errors
/// `Error::Internal` if anything failed. The invocation is not tried again, because another one follows each minute.
pub async fn handle<A>(ctx: &Ctx<A>) -> Result<(), Error> {
    let mut failures = Failures::default();
    close_overdue(ctx, &mut failures).await;
    failures.result()
}

/// Whether a row has waited too long: a connection without a namespace (docs/protocol.md, "Connect timeout"), or a
/// binary packet without its attachments.
pub(crate) fn is_overdue<A>(ctx: &Ctx<A>, row: &HeartbeatRow, now: Timestamp) -> bool {
    row.opened_at.plus_millis(i64::from(ctx.config.heartbeat.connect_timeout_millis)) <= now
}

/// Closes overdue connections. If one item fails, the function still handles the others.
pub async fn close_overdue<A>(ctx: &Ctx<A>, failures: &mut Failures) {
    invocation::note_event("minute");
    let now = ctx.clock.now();
    let mut overdue = failures.note_all(Ok(ctx.store.waiting().await));
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
async fn close<A>(ctx: &Ctx<A>, row: &HeartbeatRow) -> Result<(), Error> {
    ctx.close(&row.connection).await;
    ctx.invoke_disconnect(&row.connection).await;
    if row.is_connection() { Ok(()) } else { ctx.store.forget_packet(&row.connection).await }
}
