//! Identifiers, each with a type of its own. Text becomes an id only through `parse`, and an id becomes text only
//! through `Display`.

/// The longest ids that are accepted, in Unicode scalar values.
const USER_ID_MAX_CHARACTERS: usize = 128;
const CONNECTION_ID_MAX_CHARACTERS: usize = 128;
const SOCKET_ID_MAX_CHARACTERS: usize = 64;

/// Declares a type for an id that is text: its name, the name of the field in errors, a function that accepts or
/// refuses a text, and a sentence that says what is accepted.
///
/// The type has `parse`, whose error is [`Error::Invalid`](crate::error::Error::Invalid), and `Display`.
#[macro_export]
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $field:literal, $valid:expr, $allowed:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses text as an id.
            ///
            /// # Errors
            /// `Error::Invalid` with the name of the field, if the text does not have the form of the id.
            pub fn parse(text: &str) -> Result<Self, $crate::error::Error> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::error::Error::Invalid { field: $field, allowed: $allowed })
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The id of a connection: API Gateway's id of a WebSocket, or our own id of a long-polling connection.
    ConnectionId,
    "connectionId",
    |text| is_length(text, CONNECTION_ID_MAX_CHARACTERS),
    "must be a connection id"
);
text_id!(
    /// The private id of a session. A later connection names it to recover the session.
    Pid,
    "pid",
    |text| is_length(text, SOCKET_ID_MAX_CHARACTERS),
    "must be a session id"
);
text_id!(
    /// The Socket.IO sid of one namespace on one connection.
    SocketId,
    "sid",
    |text| is_length(text, SOCKET_ID_MAX_CHARACTERS),
    "must be a socket id"
);
text_id!(
    /// The id of a user, as the application's authentication gives it.
    UserId,
    "userId",
    |text| is_length(text, USER_ID_MAX_CHARACTERS),
    "must be a string of 1 to 128 characters"
);

impl ConnectionId {
    /// The prefix of the id of a long-polling connection. No id of API Gateway contains a full stop.
    const POLLING: &str = "p.";

    /// The id of a new long-polling connection, with 128 random bits. Whoever knows the id can act as its client.
    #[must_use]
    pub fn polling(random: [u8; 16]) -> Self {
        Self(format!("{}{}", Self::POLLING, hex(&random)))
    }

    /// Whether this is a long-polling connection, and not a WebSocket.
    #[must_use]
    pub fn is_polling(&self) -> bool {
        self.0.starts_with(Self::POLLING)
    }

    /// The id as it appears in logs. Whoever knows the whole id of a polling connection can act as its client, so logs
    /// show only the beginning of such an id.
    #[must_use]
    pub fn in_logs(&self) -> &str {
        const SHOWN: usize = 10;
        let shown = if self.is_polling() || self.is_recovery_buffer() { self.0.get(..SHOWN) } else { None };
        shown.unwrap_or(&self.0)
    }

    /// The prefix of the id of a recovery buffer.
    const HOLD: &str = "h.";

    /// The id of a new recovery buffer. It holds the frames of a session while its client receives the events that it
    /// missed. It is not a connection, but frames are posted to it as to one.
    #[must_use]
    pub fn recovery_buffer(random: [u8; 16]) -> Self {
        Self(format!("{}{}", Self::HOLD, hex(&random)))
    }

    /// Whether this is a recovery buffer, and not a connection.
    #[must_use]
    pub fn is_recovery_buffer(&self) -> bool {
        self.0.starts_with(Self::HOLD)
    }
}

impl UserId {
    /// The id as text, for comparing and sorting.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Formats bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a text is not empty and has at most this many characters.
#[must_use]
pub fn is_length(text: &str, max_characters: usize) -> bool {
    !text.is_empty() && text.chars().nth(max_characters).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_show_who_a_polling_connection_is_but_not_how_to_speak_for_it() {
        let polling = ConnectionId::polling([7; 16]);
        assert_eq!(polling.in_logs(), "p.07070707");
        assert_eq!(ConnectionId::parse("L0SM9cOFvHcCIhw=").unwrap().in_logs(), "L0SM9cOFvHcCIhw=");
    }
}
