//! What keeps a run from its end.

/// Anything that keeps a run from its end. Nobody tells one from another; they are shown.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
