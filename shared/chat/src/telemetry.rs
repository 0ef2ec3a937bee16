//! Logs of refused and failed commands. They never contain bodies, tokens, names or texts.

use relay::id::ConnectionId;
use relay::telemetry::causes;

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
