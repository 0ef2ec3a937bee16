//! Errors, independent of the transport, and the one table that maps them to code, HTTP status and log level.
//!
//! An error has a public text (`Display`) and an inner cause (`source`). The cause is logged and never sent to a
//! client.

use std::borrow::Cow;

use thiserror::Error as ThisError;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a command was refused or failed.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The client has no valid token, or one of another user.
    #[error("{0}")]
    Authentication(Refusal),
    /// A field is missing, has the wrong type or is out of bounds.
    #[error("{field} {problem}")]
    Validation {
        /// The name of the field.
        field: Cow<'static, str>,
        /// What is wrong with it, or what is allowed.
        problem: Cow<'static, str>,
    },
    /// The thing does not exist, or does not belong to the caller. The two look the same to the caller.
    #[error("{0} not found")]
    NotFound(Thing),
    /// The caller may see the thing, but may not do this with it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// A participant blocks the chat.
    #[error("cannot send messages while the chat is blocked")]
    Blocked,
    /// There were too many requests in this window of time.
    #[error("too many {what}, try again in {retry_after_secs} s")]
    RateLimit {
        /// What there were too many of.
        what: &'static str,
        /// Whole seconds until the window ends.
        retry_after_secs: u64,
    },
    /// The request is larger than the server accepts.
    #[error("{field} is larger than {max_bytes} bytes")]
    TooLarge {
        /// The name of the field, or the body.
        field: &'static str,
        /// The limit, in bytes.
        max_bytes: usize,
    },
    /// The path is known, but not with this method.
    #[error("this method is not allowed here")]
    Method,
    /// A failure of the server, not of the caller.
    #[error("something went wrong on our side")]
    Internal(#[source] Cause),
}

/// The kind of thing that was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Thing {
    /// A chat that does not exist, or is not the caller's.
    #[error("chat")]
    Chat,
    /// A message that does not exist, or is in a chat that is not the caller's.
    #[error("message")]
    Message,
    /// A listing, which a chat can be about.
    #[error("listing")]
    Listing,
    /// An object of our own that does not exist, or is in a chat that is not the caller's.
    #[error("media")]
    Media,
    /// An uploaded file that does not exist, or belongs to another user or another chat.
    #[error("upload")]
    Upload,
    /// A user whom nobody has seen.
    #[error("user")]
    User,
    /// A path without a route.
    #[error("route")]
    Route,
}

/// Why a token was refused. The texts are those of docs/dialects.md, "Authentication".
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Refusal {
    /// There was no token.
    #[error("Authentication error: No token provided")]
    NoToken,
    /// The text is not a token, or not one of ours.
    #[error("Authentication error: Invalid token")]
    InvalidToken,
    /// The token has no end, and must have one.
    #[error("Authentication error: Invalid token")]
    EndlessToken,
    /// The token was valid once, and has ended.
    #[error("Authentication error: Invalid token")]
    ExpiredToken,
    /// The token names no user.
    #[error("Authentication error: User not found")]
    UnknownUser,
}

impl Refusal {
    const ALL: [Self; 5] =
        [Self::NoToken, Self::InvalidToken, Self::EndlessToken, Self::ExpiredToken, Self::UnknownUser];

    /// Every reason.
    #[cfg(feature = "contracts")]
    #[must_use]
    pub fn reasons() -> [&'static str; 5] {
        Self::ALL.map(Self::reason)
    }

    /// The refusal with this reason, if there is one.
    #[must_use]
    pub fn of_reason(reason: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.reason() == reason)
    }

    /// The reason as a short text (docs/dialects.md, "Authentication").
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoToken => "no token",
            Self::InvalidToken => "invalid token",
            Self::EndlessToken => "token without expiry",
            Self::ExpiredToken => "expired token",
            Self::UnknownUser => "unknown user",
        }
    }
}

/// Every code that [`Error::code`] returns.
#[cfg(feature = "contracts")]
pub const CODES: [&str; 7] = [
    "AUTHENTICATION_ERROR",
    "VALIDATION_ERROR",
    "NOT_FOUND",
    "FORBIDDEN",
    "BLOCKED_USER",
    "RATE_LIMIT",
    "INTERNAL_ERROR",
];

/// The log level of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The caller caused the error.
    Debug,
    /// The server caused the error.
    Error,
}

impl Error {
    /// Creates the error for a wrong field. `problem` says what would be right.
    pub fn validation(field: impl Into<Cow<'static, str>>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Validation { field: field.into(), problem: problem.into() }
    }

    /// Creates the error for a failure of the server.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// The code, the HTTP status and the log level (docs/dialects.md, "Errors").
    #[must_use]
    pub const fn meaning(&self) -> (&'static str, u16, Severity) {
        match self {
            Self::Authentication(_) => ("AUTHENTICATION_ERROR", 401, Severity::Debug),
            Self::Validation { .. } => ("VALIDATION_ERROR", 400, Severity::Debug),
            Self::NotFound(_) => ("NOT_FOUND", 404, Severity::Debug),
            Self::Forbidden(_) => ("FORBIDDEN", 403, Severity::Debug),
            Self::Blocked => ("BLOCKED_USER", 403, Severity::Debug),
            Self::RateLimit { .. } => ("RATE_LIMIT", 429, Severity::Debug),
            Self::TooLarge { .. } => ("VALIDATION_ERROR", 413, Severity::Debug),
            Self::Method => ("VALIDATION_ERROR", 405, Severity::Debug),
            Self::Internal(_) => ("INTERNAL_ERROR", 500, Severity::Error),
        }
    }

    /// The code that clients compare.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.meaning().0
    }

    /// The HTTP status of the REST response.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.meaning().1
    }

    /// Whole seconds until the limit is over, if one was reached.
    #[must_use]
    pub const fn retry_after_secs(&self) -> Option<u64> {
        match self {
            Self::RateLimit { retry_after_secs, .. } => Some(*retry_after_secs),
            _ => None,
        }
    }

    /// Why the token was refused, if it was.
    #[must_use]
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Authentication(refusal) => Some(refusal.reason()),
            _ => None,
        }
    }

    /// The field that caused the error, if one did.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Validation { field, .. } => Some(field),
            Self::TooLarge { field, .. } => Some(field),
            _ => None,
        }
    }
}

impl From<relay::error::Error> for Error {
    fn from(error: relay::error::Error) -> Self {
        match error {
            relay::error::Error::Invalid { field, allowed } => Self::validation(field, allowed),
            relay::error::Error::Internal(cause) => Self::Internal(cause),
        }
    }
}

impl From<Error> for relay::error::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Internal(cause) => Self::Internal(cause),
            other => Self::internal(other),
        }
    }
}
