//! What can go wrong, free of transport, and the one table that maps it to code, HTTP status and log level.
//!
//! What the public may read (`Display`) and the inner cause (`source`) are apart: a cause is logged, never sent.

use std::borrow::Cow;

use thiserror::Error as ThisError;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a command was refused or failed.
#[derive(Debug, ThisError)]
pub enum Error {
    /// Nobody, or somebody else, is speaking.
    #[error("{0}")]
    Authentication(Refusal),
    /// A field is missing, of the wrong type or out of bounds.
    #[error("{field} {problem}")]
    Validation {
        /// Which field.
        field: Cow<'static, str>,
        /// What is wrong with it, or what is allowed.
        problem: Cow<'static, str>,
    },
    /// It does not exist, or is not the caller's: the two look the same.
    #[error("{0} not found")]
    NotFound(Thing),
    /// The caller may see it but not do that to it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Somebody blocks the chat.
    #[error("cannot send messages while the chat is blocked")]
    Blocked,
    /// Too many in this window.
    #[error("too many {what}, try again in {retry_after_secs} s")]
    RateLimit {
        /// What there were too many of.
        what: &'static str,
        /// Whole seconds until the window ends.
        retry_after_secs: u64,
    },
    /// The request is larger than is taken.
    #[error("{field} is larger than {max_bytes} bytes")]
    TooLarge {
        /// Which field, or the body.
        field: &'static str,
        /// The bound.
        max_bytes: usize,
    },
    /// The path is known, but not with this method.
    #[error("this method is not allowed here")]
    Method,
    /// Ours, not the caller's.
    #[error("something went wrong on our side")]
    Internal(#[source] Cause),
}

/// What was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Thing {
    /// A chat, or one that is not the caller's.
    #[error("chat")]
    Chat,
    /// A message, or one in a chat that is not the caller's.
    #[error("message")]
    Message,
    /// What a chat is about.
    #[error("listing")]
    Listing,
    /// An object of our own, or one in a chat that is not the caller's.
    #[error("media")]
    Media,
    /// A file that was uploaded, or one of somebody else or for another chat.
    #[error("upload")]
    Upload,
    /// A user nobody has seen.
    #[error("user")]
    User,
    /// A path nothing answers to.
    #[error("route")]
    Route,
}

/// Why a token was refused. The texts are those of dialects.md, section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Refusal {
    /// There was none.
    #[error("Authentication error: No token provided")]
    NoToken,
    /// Not a token, or not ours.
    #[error("Authentication error: Invalid token")]
    InvalidToken,
    /// It has no end, and must have one.
    #[error("Authentication error: Invalid token")]
    EndlessToken,
    /// Once valid.
    #[error("Authentication error: Invalid token")]
    ExpiredToken,
    /// It names nobody.
    #[error("Authentication error: User not found")]
    UnknownUser,
}

impl Refusal {
    const ALL: [Self; 5] =
        [Self::NoToken, Self::InvalidToken, Self::EndlessToken, Self::ExpiredToken, Self::UnknownUser];

    /// The refusal with this reason, if there is one.
    #[must_use]
    pub fn of_reason(reason: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.reason() == reason)
    }

    /// The reason in a word (dialects.md, section 9).
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

/// How loudly an error is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The caller's doing.
    Debug,
    /// Ours.
    Error,
}

impl Error {
    /// A field that is wrong, and what would be right.
    pub fn validation(field: impl Into<Cow<'static, str>>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Validation { field: field.into(), problem: problem.into() }
    }

    /// Something of ours that failed.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// Code, HTTP status and log level (dialects.md, section 2, "Errors").
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

    /// The code clients compare.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.meaning().0
    }

    /// The HTTP status of the REST answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.meaning().1
    }

    /// The field to blame, if one is.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Validation { field, .. } => Some(field),
            Self::TooLarge { field, .. } => Some(field),
            _ => None,
        }
    }
}
