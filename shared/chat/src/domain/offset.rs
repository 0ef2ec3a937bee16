//! The offset: how much a socket has received, as a string that its client gives back when it reconnects
//! (docs/recovery.md, "Offsets").
//!
//! For the chat of the last event that the socket received the offset is exact, because the events of one chat are
//! delivered in their order. For every other chat it says up to which time events were certainly delivered. Events that
//! were stored in the last seconds before may be delivered twice.

use std::fmt;

use relay::clock::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, Pid, UserId, hex};
use crate::domain::log::Position;

/// After this time, in milliseconds, a stored event has been delivered or never will be, because posting takes no
/// longer.
pub const TELLING_MILLIS: i64 = 5_000;

/// How far the clocks of two functions may differ, in milliseconds.
pub const SKEW_MILLIS: i64 = 1_000;

/// The length of the marks that say to which session, and to which user in which namespace, an offset was given.
const MARK_DIGITS: usize = 8;

/// How much a socket has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// The socket has received everything that was stored before this time, in any chat.
    pub until: Timestamp,
    /// The last event that the socket received; `None` if it was not of a chat.
    pub last: Option<Last>,
}

/// The last position in one chat that a socket has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// The chat.
    pub chat: ChatId,
    /// The position up to which the socket has received everything.
    pub position: Position,
    /// How many frames of the next event the socket has received as well.
    pub frames: u64,
}

impl Offset {
    /// The offset of a socket that has received nothing that was stored since this time.
    #[must_use]
    pub const fn since(at: Timestamp) -> Self {
        Self { until: at, last: None }
    }

    /// The last position in a chat, if that was the chat of the last event that the socket received.
    #[must_use]
    pub fn of(&self, chat: &ChatId) -> Option<&Last> {
        self.last.as_ref().filter(|last| last.chat == *chat)
    }

    /// Whether the socket has received an event that was stored at this time in another chat than the last one. Events
    /// of several chats at the same time are sent in the order of time, then of the chats' ids.
    #[must_use]
    pub fn covers(&self, chat: &ChatId, at: Timestamp) -> bool {
        at < self.until || (at == self.until && self.last.as_ref().is_some_and(|last| *chat < last.chat))
    }

    /// Whether this deployment can have given this offset to a member of these chats by now. The offset of another
    /// deployment names a time in the future, a chat that is not one of these, or a position that the chat never had.
    #[must_use]
    pub fn is_possible(&self, chats: &[Chat], now: Timestamp) -> bool {
        let last_is_possible = |last: &Last| {
            let chat = chats.iter().find(|chat| chat.id == last.chat);
            chat.is_some_and(|chat| last.is_possible(chat))
        };
        self.until <= now.plus_millis(SKEW_MILLIS) && self.last.as_ref().is_none_or(last_is_possible)
    }

    /// The offset as the socket of this session gets it: with marks that say to whom it was given.
    #[must_use]
    pub fn given_to(&self, holder: Holder<'_>) -> String {
        let text = self.to_string();
        format!("{text}-{}{}", holder.session_mark(&text), holder.socket_mark(&text))
    }

    /// Parses the string that a client gives back, and says to whom it was given. `None` for a string that is no
    /// offset.
    #[must_use]
    pub fn parse(text: &str, holder: Holder<'_>) -> Option<(Self, GivenTo)> {
        let Some((text, marks)) = text.rsplit_once('-') else { return Some((Self::unmarked(text)?, GivenTo::Others)) };
        let (session, socket) = marks.split_at_checked(MARK_DIGITS / 2).unwrap_or_default();
        let given_to = match (session == holder.session_mark(text), socket == holder.socket_mark(text)) {
            (true, true) => GivenTo::Session,
            (false, true) => GivenTo::User,
            (_, false) => GivenTo::Others,
        };
        Some((Self::unmarked(text)?, given_to))
    }

    /// Whether a string has the form of an offset, of whatever session.
    #[must_use]
    pub fn has_form(text: &str) -> bool {
        let parts = text.rsplit_once('-');
        parts.is_some_and(|(text, mark)| mark.len() == MARK_DIGITS && Self::unmarked(text).is_some())
    }

    fn unmarked(text: &str) -> Option<Self> {
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
    /// Whether the chat ever had this position: it has come that far, and the changes that it remembers happened
    /// between these messages.
    fn is_possible(&self, chat: &Chat) -> bool {
        let Position { seq, rev } = self.position;
        let has_next = self.frames == 0 || self.position.events() < chat.position().events();
        let forgotten = chat.rev.saturating_sub(u64::try_from(chat.log.changes.len()).unwrap_or(u64::MAX));
        let numbered = (forgotten.saturating_add(1)..).zip(&chat.log.changes);
        let fits = |number: u64, after: u64| if number <= rev { after <= seq } else { after >= seq };
        seq <= chat.seq && rev <= chat.rev && has_next && { numbered }.all(|(number, change)| fits(number, change.seq))
    }
}

/// The socket that an offset is given to.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// The private id of its session.
    pub pid: &'a Pid,
    /// Its user.
    pub user: &'a UserId,
    /// Its namespace.
    pub namespace: &'a str,
}

/// To whom an offset was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenTo {
    /// This session.
    Session,
    /// Another session of the same user in the same namespace, an earlier one perhaps.
    User,
    /// Somebody else, or nobody: it is none of ours.
    Others,
}

impl Holder<'_> {
    fn session_mark(&self, text: &str) -> String {
        mark(&format!("{} {text}", self.pid))
    }

    fn socket_mark(&self, text: &str) -> String {
        mark(&format!("{} {} {text}", self.user, self.namespace))
    }
}

/// A short hash.
fn mark(text: &str) -> String {
    hex(&Sha256::digest(text)).chars().take(MARK_DIGITS / 2).collect()
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
            let (one, other) = (Pid::parse("p1").unwrap(), Pid::parse("p2").unwrap());
            let (alice, bob) = (UserId::parse("alice").unwrap(), UserId::parse("bob").unwrap());
            let mine = Holder { pid: &one, user: &alice, namespace: "/" };
            let text = offset.given_to(mine);
            for (holder, given_to) in [
                (mine, GivenTo::Session),
                (Holder { pid: &other, ..mine }, GivenTo::User),
                (Holder { user: &bob, ..mine }, GivenTo::Others),
                (Holder { namespace: "/messenger", ..mine }, GivenTo::Others),
            ] {
                assert_eq!(Offset::parse(&text, holder), Some((offset.clone(), given_to)), "{holder:?}");
            }
            assert_eq!(Offset::parse(&offset.to_string(), mine), Some((offset, GivenTo::Others)), "it has no mark");
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
            let (pid, user) = (Pid::parse("p1").unwrap(), UserId::parse("alice").unwrap());
            let holder = Holder { pid: &pid, user: &user, namespace: "/" };
            for text in [other.to_owned(), format!("{other}-00000000")] {
                assert_eq!(Offset::parse(&text, holder), None, "{text}");
            }
        }
    }
}
