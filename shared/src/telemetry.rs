//! Logs: one line per failure, a sentence and dotted fields; never bodies, tokens, names or texts.

use crate::domain::id::ConnectionId;
use crate::error::{Error, Severity};

/// Logs an error once, at the boundary where it is answered.
pub fn failed(connection: Option<&ConnectionId>, error: &Error) {
    let connection = connection.map(ConnectionId::in_logs).unwrap_or_default();
    match error.meaning() {
        (code, _, Severity::Error) => {
            tracing::error!(connection.id = connection, error.code = code, error.cause = %causes(error), "a command failed");
        }
        (code, _, Severity::Debug) => {
            tracing::debug!(connection.id = connection, error.code = code, "a command was refused")
        }
    }
}

/// The chain of causes behind an error, outermost first.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(error.source(), |cause| cause.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
