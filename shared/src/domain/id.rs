//! Identifiers, each with a type of its own. Text becomes an id only through `parse`, and an id becomes text only
//! through `Display`.

use std::fmt;

use crate::error::Error;

/// The longest ids that are accepted, in Unicode scalar values (docs/dialects.md, "Profiles" and "Repeated sends").
const USER_ID_MAX_CHARACTERS: usize = 128;
const CLIENT_MESSAGE_ID_MAX_CHARACTERS: usize = 64;
const CONNECTION_ID_MAX_CHARACTERS: usize = 128;
const LISTING_ID_MAX_CHARACTERS: usize = 128;
const SOCKET_ID_MAX_CHARACTERS: usize = 64;
/// The length of a chat id: 96 bits in hex.
const CHAT_ID_DIGITS: usize = 24;
/// The length of a message id: the id of its chat, and 48 bits for its position in the chat.
const MESSAGE_ID_DIGITS: usize = CHAT_ID_DIGITS + 12;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $field:literal, $valid:expr, $allowed:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses text as an id.
            ///
            /// # Errors
            /// `Error::Validation` with the name of the field, if the text does not have the form of the id.
            pub fn parse(text: &str) -> Result<Self, Error> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(Error::validation($field, $allowed)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The id of a chat: 24 lower-case hex digits, derived from the participants and the listing.
    ChatId,
    "chatId",
    |text| is_hex(text, CHAT_ID_DIGITS),
    "must be a chat id"
);
text_id!(
    /// The id that a client gives to a send, so that sending it again stores nothing new.
    ClientMessageId,
    "clientMessageId",
    |text| is_length(text, CLIENT_MESSAGE_ID_MAX_CHARACTERS),
    "must be a string of 1 to 64 characters"
);
text_id!(
    /// The id of a connection: API Gateway's id of a WebSocket, or our own id of a long-polling connection.
    ConnectionId,
    "connectionId",
    |text| is_length(text, CONNECTION_ID_MAX_CHARACTERS),
    "must be a connection id"
);
text_id!(
    /// The id of a listing, which a chat can be about.
    ListingId,
    "petId",
    |text| is_length(text, LISTING_ID_MAX_CHARACTERS),
    "must be a string of 1 to 128 characters"
);
text_id!(
    /// The private id of a socket. A later connection names it to recover the session.
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
    /// The id of a user, as a token gives it.
    UserId,
    "userId",
    |text| is_length(text, USER_ID_MAX_CHARACTERS),
    "must be a string of 1 to 128 characters"
);

/// The id of a message: its chat and its position there. It is shown as 36 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageId {
    /// The chat of the message.
    pub chat: ChatId,
    /// The sort key of the message in that chat.
    pub seq: u64,
}

impl MessageId {
    /// Parses text as a message id.
    ///
    /// # Errors
    /// `Error::Validation` with the name of the field, if the text is not 36 lower-case hex digits.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = || Error::validation("messageId", "must be a message id");
        if !is_hex(text, MESSAGE_ID_DIGITS) {
            return Err(refused());
        }
        let (chat, seq) = text.split_at_checked(CHAT_ID_DIGITS).ok_or_else(refused)?;
        Ok(Self { chat: ChatId::parse(chat)?, seq: u64::from_str_radix(seq, 16).map_err(|_| refused())? })
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:012x}", self.chat, self.seq)
    }
}

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

impl ListingId {
    /// The id as text, for hashing.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Formats bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn is_length(text: &str, max_characters: usize) -> bool {
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
