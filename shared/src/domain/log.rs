//! What happens in a chat, one event after the other: its messages, and between them the changes that are no messages.
//!
//! Each event has a position. A message's position is found again from the message; of changes a chat remembers the latest, so that who was away
//! can be told of them. Nothing of it costs a write: it goes into the row of the chat, which a change writes anyway.

use crate::domain::clock::Timestamp;
use crate::domain::id::{ChatId, UserId};

/// A position in what happens in a chat: after so many messages and so many changes. Never goes back, not even when a chat is deleted and
/// made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The sort key of the newest message.
    pub seq: u64,
    /// How many changes there have been.
    pub rev: u64,
}

impl Position {
    /// How many events there have been.
    #[must_use]
    pub const fn events(self) -> u64 {
        self.seq.saturating_add(self.rev)
    }

    /// The position before the newest event, be it a message or a change.
    #[must_use]
    pub const fn before(self, is_message: bool) -> Self {
        let Self { seq, rev } = self;
        if is_message { Self { seq: seq.saturating_sub(1), rev } } else { Self { seq, rev: rev.saturating_sub(1) } }
    }
}

/// Something that happened in a chat and is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When it was stored.
    pub at: Timestamp,
    /// After which message, by its sort key.
    pub seq: u64,
    /// Who did it.
    pub by: UserId,
    /// What.
    pub what: ChangeKind,
}

/// What a change was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The chat is blocked by one more.
    Blocked,
    /// The chat was made.
    Created,
    /// The message with this sort key was deleted for everyone.
    Deleted(u64),
    /// The chat was deleted.
    Erased,
    /// The message with this sort key was deleted by one person for themselves.
    Hidden(u64),
    /// The messages with these sort keys were read, in this order.
    Read(Vec<u64>),
    /// The whole chat was read.
    ReadAll {
        /// Up to this sort key it had been before.
        after: u64,
        /// How many messages that newly marked.
        marked: u64,
        /// When the gateway received it.
        received: Timestamp,
    },
    /// The chat is blocked by one less.
    Unblocked,
}

/// The latest changes of a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// When the latest change happened that is not remembered any more; the epoch if none was forgotten.
    pub forgotten: Timestamp,
    /// The later ones, oldest first.
    pub changes: Vec<Change>,
}

/// How long whoever may deliver the next event of a chat may take to post it. After that, and [`LEASE_MARGIN_MILLIS`] more, somebody else takes over.
pub const LEASE_MILLIS: i64 = 4_000;

/// How long after the end of a lease nobody else may take over: functions' clocks disagree by up to a second.
pub const LEASE_MARGIN_MILLIS: i64 = 1_000;

/// Events of a chat that were delivered late, because whoever stored them did not deliver them: what a client's offset says of the time up to
/// which it has heard everything does not hold for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// The events after this many were late.
    pub after: u64,
    /// When somebody took over.
    pub at: Timestamp,
}

/// An event of a chat that is to be told: where it is in the chat, and what is known of the telling of those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatEvent {
    /// Which chat.
    pub chat: ChatId,
    /// The chat's position once it had happened.
    pub position: Position,
    /// Whether it is a message, and not a change.
    pub is_message: bool,
    /// How many events of the chat are to be told before it.
    pub after: u64,
    /// How many had been told when it was stored.
    pub told: u64,
    /// When it was stored.
    pub at: Timestamp,
    /// Until when whoever stored it may deliver it. `None` if events before it had not been delivered, as far as was known then.
    pub lease_until: Option<Timestamp>,
}

impl ChatEvent {
    /// This step, told together with earlier ones that were made by the same hand.
    #[must_use]
    pub fn together_with(self, earlier: Option<Self>) -> Self {
        match earlier {
            None => self,
            Some(Self { after, told, lease_until, .. }) => Self { after, told, lease_until, ..self },
        }
    }

    /// The chat's position before it happened.
    #[must_use]
    pub const fn previous(&self) -> Position {
        self.position.before(self.is_message)
    }
}
