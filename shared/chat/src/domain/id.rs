//! Identifiers, each with a type of its own. Text becomes an id only through `parse`, and an id becomes text only
//! through `Display`.

use std::fmt;

use relay::id::is_length;
use relay::text_id;

use crate::error::Error;

pub use relay::id::{ConnectionId, Pid, SocketId, UserId, hex};

/// The longest ids that are accepted, in Unicode scalar values (docs/dialects.md, "Profiles" and "Repeated sends").
const CLIENT_MESSAGE_ID_MAX_CHARACTERS: usize = 64;
const LISTING_ID_MAX_CHARACTERS: usize = 128;
/// The length of a chat id: 96 bits in hex.
const CHAT_ID_DIGITS: usize = 24;
/// The length of a message id: the id of its chat, and 48 bits for its position in the chat.
const MESSAGE_ID_DIGITS: usize = CHAT_ID_DIGITS + 12;

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
    /// The id of a listing, which a chat can be about.
    ListingId,
    "petId",
    |text| is_length(text, LISTING_ID_MAX_CHARACTERS),
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

impl ListingId {
    /// The id as text, for hashing.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
