//! The ids that the gateway assigns.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use relay::clock::Clock;

/// The number of random bytes: eleven bytes are fifteen base64url characters and one `=`, as in API Gateway's ids.
const ID_BYTES: usize = 11;

/// The id of a connection: fifteen base64url characters and `=`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ConnectionId(String);

impl ConnectionId {
    /// Creates a new id.
    pub(super) fn fresh(clock: &Clock) -> Self {
        Self(token(clock))
    }

    /// Parses a connection id; `None` if the text does not have its form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let characters = text.strip_suffix('=')?;
        let base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (characters.len() == 15 && characters.chars().all(base64url)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request id or message id. They have the form of connection ids.
pub(crate) fn token(clock: &Clock) -> String {
    URL_SAFE.encode(clock.random::<ID_BYTES>())
}

/// An id in the form of X-Ray: the time in seconds and twelve random bytes, both in hexadecimal.
pub(super) fn trace(clock: &Clock) -> String {
    let unique = u128::from_le_bytes(clock.random()) >> 32;
    format!("Root=1-{:08x}-{unique:024x}", clock.now().seconds())
}
