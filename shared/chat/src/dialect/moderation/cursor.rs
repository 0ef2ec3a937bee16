//! Cursors: where a page of a list begins, as a text that services hand back unchanged.
//!
//! A cursor holds a position within a list and no more. Which list it is follows from the path, so a cursor of one
//! user's list cannot lead to another user's rows. It is checked like every other input, and needs no signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::domain::id::{ChatId, UserId};
use crate::domain::moderation::{ExportCursor, UsersCursor};
use crate::error::Error;

/// The longest sort key of a row of users, in bytes: a client message id of 64 characters, with its prefix.
const ENTRY_MAX_BYTES: usize = 512;

/// The longest cursor that is examined, in bytes: the longest ids of a position, each of up to four bytes a character,
/// with escapes, in Base64.
const CURSOR_MAX_BYTES: usize = 8_192;

/// A position that a cursor holds. Each kind of list has its own kind of position.
pub(super) trait Position: Sized {
    /// The name of the kind, so that a cursor of another list is refused.
    const KIND: &'static str;

    /// The parts of the position.
    fn parts(&self) -> Vec<String>;

    /// The position with these parts; `None` if they are not those of a position.
    fn of_parts(parts: &[String]) -> Option<Self>;

    /// The cursor, as clients see it.
    fn to_cursor(&self) -> String {
        let parts: Vec<String> = [Self::KIND.to_owned()].into_iter().chain(self.parts()).collect();
        URL_SAFE_NO_PAD.encode(Value::from(parts).to_string())
    }

    /// The position of a cursor.
    ///
    /// # Errors
    /// `Error::Validation` with the name `cursor`, if it is not one of this kind of list.
    fn of_cursor(cursor: &str) -> Result<Self, Error> {
        let parts = || {
            let text = Some(cursor).filter(|cursor| cursor.len() <= CURSOR_MAX_BYTES)?;
            let parts: Vec<String> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
            let (kind, parts) = parts.split_first()?;
            if kind == Self::KIND { Self::of_parts(parts) } else { None }
        };
        parts().ok_or_else(|| Error::validation("cursor", "must be the nextCursor of a page of this list"))
    }
}

impl Position for UsersCursor {
    const KIND: &'static str = "users";

    fn parts(&self) -> Vec<String> {
        vec![self.user.to_string(), self.entry.clone()]
    }

    fn of_parts(parts: &[String]) -> Option<Self> {
        let [user, entry] = parts else { return None };
        let is_entry = (1..=ENTRY_MAX_BYTES).contains(&entry.len());
        Some(Self { user: UserId::parse(user).ok().filter(|_| is_entry)?, entry: entry.clone() })
    }
}

impl Position for ChatId {
    const KIND: &'static str = "chats";

    fn parts(&self) -> Vec<String> {
        vec![self.to_string()]
    }

    fn of_parts(parts: &[String]) -> Option<Self> {
        let [chat] = parts else { return None };
        Self::parse(chat).ok()
    }
}

impl Position for u64 {
    const KIND: &'static str = "messages";

    fn parts(&self) -> Vec<String> {
        vec![self.to_string()]
    }

    fn of_parts(parts: &[String]) -> Option<Self> {
        let [seq] = parts else { return None };
        sort_key(seq)
    }
}

impl Position for ExportCursor {
    const KIND: &'static str = "export";

    fn parts(&self) -> Vec<String> {
        vec![self.chat.to_string(), self.seq.to_string()]
    }

    fn of_parts(parts: &[String]) -> Option<Self> {
        let [chat, seq] = parts else { return None };
        Some(Self { chat: ChatId::parse(chat).ok()?, seq: sort_key(seq)? })
    }
}

/// A sort key of a message: 48 bits, as in the ids of messages.
fn sort_key(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|seq| is_plain && *seq < 1 << 48)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_position_and_to_no_other_list() {
        let users = UsersCursor { user: UserId::parse("a\"\u{1f600}").unwrap(), entry: "chat#x".to_owned() };
        assert_eq!(UsersCursor::of_cursor(&users.to_cursor()).unwrap(), users);
        let chat = ChatId::parse("0123456789abcdef01234567").unwrap();
        assert_eq!(ChatId::of_cursor(&chat.to_cursor()).unwrap(), chat);
        assert_eq!(u64::of_cursor(&7_u64.to_cursor()).unwrap(), 7);
        let export = ExportCursor { chat: chat.clone(), seq: 9 };
        assert_eq!(ExportCursor::of_cursor(&export.to_cursor()).unwrap(), export);
        assert!(ChatId::of_cursor(&export.to_cursor()).is_err() && u64::of_cursor(&chat.to_cursor()).is_err());
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let of = |parts: &str| URL_SAFE_NO_PAD.encode(parts);
        for cursor in ["", "x", "\u{e9}", &of("[]"), &of("[\"messages\"]"), &of("[\"messages\",\"-1\"]")] {
            assert!(u64::of_cursor(cursor).is_err(), "{cursor}");
        }
        for seq in ["281474976710656", "1.5", "+1", "1e3", ""] {
            assert!(u64::of_cursor(&of(&format!("[\"messages\",\"{seq}\"]"))).is_err(), "{seq}");
        }
        assert!(UsersCursor::of_cursor(&of("[\"users\",\"\",\"profile\"]")).is_err());
        assert!(UsersCursor::of_cursor(&of("[\"users\",\"alice\",\"\"]")).is_err());
        assert_eq!(u64::of_cursor("x").unwrap_err().field(), Some("cursor"));
    }
}
