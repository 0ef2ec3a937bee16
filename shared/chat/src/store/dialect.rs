//! The dialect of a session, which the relay keeps with it.

use relay::dynamo::text;
use relay::store::{Attributes, Session};

/// The attribute of a session with the name of its dialect.
const DIALECT: &str = "dialect";

/// What the chat keeps with a new session.
#[must_use]
pub fn session_attributes(dialect: &str) -> Attributes {
    Attributes::from([(DIALECT.to_owned(), text(dialect))])
}

/// The name of a session's dialect.
#[must_use]
pub fn dialect_of(session: &Session) -> &str {
    session.attributes.get(DIALECT).and_then(|name| name.as_s().ok()).map_or("", String::as_str)
}
