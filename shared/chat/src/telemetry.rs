//! Logs of refused and failed commands. They never contain bodies, tokens, names or texts.

use relay::id::ConnectionId;
use relay::invocation::{self, Metric};
use relay::telemetry::causes;

use crate::dialect::Dialect;
use crate::error::{Error, Severity};

/// Messages that were stored.
pub const MESSAGES: Metric = Metric::count("Messages");
/// Frames with a message of somebody else that were handed over for a socket.
pub const DELIVERIES: Metric = Metric::count("Deliveries");
/// Events of chats that the function followup delivered, because the function that stored them did not.
pub const DELIVERED_LATE: Metric = Metric::count("DeliveredLate");

/// The metrics of the chat, beside those of the relay.
pub const METRICS: [Metric; 3] = [MESSAGES, DELIVERIES, DELIVERED_LATE];

/// Adds to a metric of the invocation.
pub fn count(metric: Metric, by: u64) {
    invocation::count(metric, by);
}

/// Adds to the line of the invocation which dialect its event has.
pub fn note_dialect(dialect: &Dialect) {
    invocation::note_label("dialect", dialect.name);
}

/// Logs an error once, at the boundary where it is answered.
pub fn failed(connection: Option<&ConnectionId>, error: &Error) {
    let connection = connection.map(ConnectionId::in_logs).unwrap_or_default();
    match error.meaning() {
        (code, _, Severity::Error) => {
            invocation::note_failure();
            tracing::error!(connection.id = connection, error.code = code, error.cause = %causes(error), "a command failed");
        }
        (code, _, Severity::Debug) => {
            match error {
                Error::Authentication(_) => invocation::note_refused_credentials(code),
                _ => invocation::note_refusal(code),
            }
            tracing::debug!(connection.id = connection, error.code = code, "a command was refused")
        }
    }
}
