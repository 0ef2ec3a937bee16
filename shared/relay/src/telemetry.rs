//! Logs: one line per failure, with a sentence and dotted fields ([`crate::invocation`] has those of invocations). They never contain bodies, tokens, names or texts.

use crate::error::Error;
use crate::id::ConnectionId;
use crate::invocation;

/// The target of the lines that say who did what. They are logged at every `LOG_LEVEL`.
pub const AUDIT: &str = "audit";

/// Logs an error once, at the boundary where it is answered.
pub fn failed(connection: Option<&ConnectionId>, error: &Error) {
    let connection = connection.map(ConnectionId::in_logs).unwrap_or_default();
    invocation::note_failure();
    tracing::error!(connection.id = connection, error.code = error.code(), error.cause = %causes(error), "an invocation failed");
}

/// The chain of causes behind an error, outermost first.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(error.source(), |cause| cause.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The failures with single items of an invocation that handles many. Each failure is logged, and none prevents the
/// other items from being handled.
#[derive(Debug, Default)]
pub struct Failures(usize);

impl Failures {
    /// Takes the result of one item: logs an error, or returns the value of a success.
    pub fn note<T>(&mut self, connection: Option<&ConnectionId>, result: Result<T, impl Into<Error>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                failed(connection, &error.into());
                self.0 += 1;
                None
            }
        }
    }

    /// Takes a list of items: logs why some, or all, could not be read, and returns the others.
    pub fn note_all<T>(&mut self, items: Result<Vec<Result<T, Error>>, Error>) -> Vec<T> {
        let items = self.note(None, items).unwrap_or_default();
        items.into_iter().filter_map(|item| self.note(None, item)).collect()
    }

    /// The result of the whole invocation.
    ///
    /// # Errors
    /// `Error::Internal` if any item failed.
    pub fn result(self) -> Result<(), Error> {
        match self.0 {
            0 => Ok(()),
            failed => Err(Error::internal(format!("{failed} of the items that were to be handled failed"))),
        }
    }
}
