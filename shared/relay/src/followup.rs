//! The end of an event that a function failed to handle.

use serde_json::Value;

use crate::ctx::Ctx;
use crate::error::Error;
use crate::incoming::Incoming;
use crate::invocation;

/// Handles the record of an event that was given up, as Lambda sends it to a failure destination. Other events are
/// ignored.
///
/// # Errors
/// `Error::Internal` if the event that was given up cannot be read.
pub async fn handle<A>(ctx: &Ctx<A>, event: &Value) -> Result<(), Error> {
    match event.get("requestPayload") {
        Some(given_up) => give_up(ctx, given_up).await,
        None => Ok(()),
    }
}

/// Closes the connection whose frame a function received and did not handle, because Lambda killed or throttled the
/// function. The client reconnects, and knows for each event without an ack that the server may not have handled it.
async fn give_up<A>(ctx: &Ctx<A>, event: &Value) -> Result<(), Error> {
    let incoming = Incoming::read(event)?;
    invocation::note_given_up();
    tracing::error!(connection.id = incoming.connection.in_logs(), "an event was given up; its connection is closed");
    ctx.close(incoming.recipient()).await;
    Ok(())
}
