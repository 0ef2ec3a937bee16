//! Errors of the relay.
//!
//! An error has a public text (`Display`) and an inner cause (`source`). The cause is logged and never sent to a
//! client.

use thiserror::Error as ThisError;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why something failed.
#[derive(Debug, ThisError)]
pub enum Error {
    /// A text does not have the form of an id.
    #[error("{field} {allowed}")]
    Invalid {
        /// The name of the field.
        field: &'static str,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A failure of the server, not of the caller.
    #[error("something went wrong on our side")]
    Internal(#[source] Cause),
}

impl Error {
    /// Creates the error for a failure of the server.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// The code in logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "VALIDATION_ERROR",
            Self::Internal(_) => "INTERNAL_ERROR",
        }
    }
}
