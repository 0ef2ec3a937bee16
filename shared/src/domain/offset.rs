//! How much a socket has heard, in a string that its client gives back when it comes again (socketio.md, "Connection state recovery").
//!
//! Of the chat that it heard of last it is exact, because the events of one chat are told in their order. Of every other chat it says up to
//! when events were surely told: what was stored in the last seconds before may come twice.

use std::fmt;

use crate::domain::chat::Chat;
use crate::domain::clock::Timestamp;
use crate::domain::id::ChatId;
use crate::domain::log::Position;

/// What is stored earlier than this was told, or never will be: posting takes no longer.
pub const TELLING_MILLIS: i64 = 5_000;

/// How far the clocks of two functions may be apart.
const SKEW_MILLIS: i64 = 1_000;

/// How much a socket has heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// What was stored before it has been heard, of any chat.
    pub until: Timestamp,
    /// What was heard last; `None` if it was of no chat.
    pub last: Option<Last>,
}

/// What a socket heard last of one chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// Which chat.
    pub chat: ChatId,
    /// Up to where everything was heard.
    pub position: Position,
    /// How many of the frames that tell of the next event were heard besides.
    pub frames: u64,
}

impl Offset {
    /// Of a socket that has heard nothing yet that was stored since.
    #[must_use]
    pub const fn since(at: Timestamp) -> Self {
        Self { until: at, last: None }
    }

    /// What a socket has heard of a chat, if that was what it heard last.
    #[must_use]
    pub fn of(&self, chat: &ChatId) -> Option<&Last> {
        self.last.as_ref().filter(|last| last.chat == *chat)
    }

    /// Whether something of another chat than the last, stored at this time, has been heard. What is told of several chats at once is told
    /// in the order of time, then of the chats' ids.
    #[must_use]
    pub fn covers(&self, chat: &ChatId, at: Timestamp) -> bool {
        at < self.until || (at == self.until && self.last.as_ref().is_some_and(|last| *chat < last.chat))
    }

    /// Whether it may have been given to a member of these chats by now. What another deployment gave names a time that has not come, a chat
    /// that is none of them, or a position in which the chat never was.
    #[must_use]
    pub fn is_possible(&self, chats: &[Chat], now: Timestamp) -> bool {
        let last_is_possible = |last: &Last| {
            let chat = chats.iter().find(|chat| chat.id == last.chat);
            chat.is_some_and(|chat| last.is_possible(chat))
        };
        self.until <= now.plus_millis(SKEW_MILLIS) && self.last.as_ref().is_none_or(last_is_possible)
    }

    /// Takes what a client gives back; `None` for what is not of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let until = Timestamp::from_millis(i64::try_from(number(parts.next()?)?).ok()?);
        let Some(chat) = parts.next() else { return Some(Self { until, last: None }) };
        let chat = ChatId::parse(chat).ok()?;
        let position = Position { seq: number(parts.next()?)?, rev: number(parts.next()?)? };
        let last = Last { chat, position, frames: number(parts.next()?)? };
        parts.next().is_none().then_some(Self { until, last: Some(last) })
    }
}

impl Last {
    /// Whether the chat has been in this position: it has come so far, and the changes that it remembers happened between these messages.
    fn is_possible(&self, chat: &Chat) -> bool {
        let Position { seq, rev } = self.position;
        let has_next = self.frames == 0 || self.position.events() < chat.position().events();
        let forgotten = chat.rev.saturating_sub(u64::try_from(chat.log.changes.len()).unwrap_or(u64::MAX));
        let numbered = (forgotten.saturating_add(1)..).zip(&chat.log.changes);
        let fits = |number: u64, after: u64| if number <= rev { after <= seq } else { after >= seq };
        seq <= chat.seq && rev <= chat.rev && has_next && { numbered }.all(|(number, change)| fits(number, change.seq))
    }
}

fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if plain { u64::from_str_radix(digits, 16).ok() } else { None }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.until.millis().max(0))?;
        match &self.last {
            None => Ok(()),
            Some(Last { chat, position: Position { seq, rev }, frames }) => {
                write!(f, ".{chat}.{seq:x}.{rev:x}.{frames:x}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_comes_back_as_it_was_given_and_nothing_else_is_one() {
        let chat = ChatId::parse("e70c08a3288036ef87ef9f6e").unwrap();
        let until = Timestamp::from_millis(1_767_323_045_006);
        let last = Last { chat, position: Position { seq: 42, rev: 7 }, frames: 1 };
        for offset in [Offset { until, last: Some(last) }, Offset::since(until)] {
            assert_eq!(Offset::parse(&offset.to_string()), Some(offset));
        }
        for other in [
            "",
            ".",
            "x",
            "1.",
            "1.2",
            "-1",
            "+1",
            "1.e70c08a3288036ef87ef9f6e.1.1",
            "1.e70c08a3288036ef87ef9f6e.1.1.1.1",
        ] {
            assert_eq!(Offset::parse(other), None, "{other}");
        }
    }
}
