//! The events of a chat, one after the other: its messages, and between them the changes, which are all other events.
//!
//! Each event has a position. The position of a message follows from the message itself. For changes, the chat
//! remembers the latest ones, so that a client that was away can be told about them. This costs no write of its own: it
//! is stored in the row of the chat, which a change writes anyway.

use relay::clock::Timestamp;

use crate::domain::id::{ChatId, UserId};

/// A position in the events of a chat: after this many messages and this many changes. It never goes back, not even
/// when a chat is deleted and created again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The sort key of the newest message.
    pub seq: u64,
    /// The number of changes.
    pub rev: u64,
}

impl Position {
    /// The number of events.
    #[must_use]
    pub const fn events(self) -> u64 {
        self.seq.saturating_add(self.rev)
    }

    /// The position before the newest event, which is a message or a change.
    #[must_use]
    pub const fn before(self, is_message: bool) -> Self {
        let Self { seq, rev } = self;
        if is_message { Self { seq: seq.saturating_sub(1), rev } } else { Self { seq, rev: rev.saturating_sub(1) } }
    }
}

/// An event of a chat that is not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When the change was stored.
    pub at: Timestamp,
    /// The sort key of the message after which the change happened.
    pub seq: u64,
    /// The user who made the change.
    pub by: UserId,
    /// The kind of the change.
    pub what: ChangeKind,
}

/// The kind of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// One more participant blocks the chat.
    Blocked,
    /// The chat was created.
    Created,
    /// The message with this sort key was deleted for everyone.
    Deleted(u64),
    /// The chat was deleted.
    Erased,
    /// One person deleted the message with this sort key for themselves.
    Hidden(u64),
    /// The messages with these sort keys were read, in this order.
    Read(Vec<u64>),
    /// The whole chat was read.
    ReadAll {
        /// The reader had read the chat up to this sort key before.
        after: u64,
        /// How many messages were newly marked.
        marked: u64,
        /// When the gateway received the request.
        received: Timestamp,
    },
    /// One participant less blocks the chat.
    Unblocked,
}

/// The latest changes of a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The time of the latest change that the log does not hold any more; the epoch if it holds all.
    pub forgotten: Timestamp,
    /// The later changes, oldest first.
    pub changes: Vec<Change>,
}

/// How long an invocation may take to post the next event of a chat, in milliseconds. After that time, and
/// [`LEASE_MARGIN_MILLIS`] more, another invocation takes over.
pub const LEASE_MILLIS: i64 = 4_000;

/// How long after the end of a lease no other invocation may take over, in milliseconds. The clocks of functions
/// disagree by up to a second.
pub const LEASE_MARGIN_MILLIS: i64 = 1_000;

/// Events of a chat that were delivered late, because the invocation that stored them did not deliver them. An offset
/// says up to which time a client has received everything; for these events that is not true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// The events after this number were late.
    pub after: u64,
    /// When another invocation took over.
    pub at: Timestamp,
}

/// An event of a chat that must be delivered: its position in the chat, and what is known about the delivery of the
/// events before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatEvent {
    /// The chat.
    pub chat: ChatId,
    /// The chat's position after the event.
    pub position: Position,
    /// Whether the event is a message, and not a change.
    pub is_message: bool,
    /// How many events of the chat must be delivered before it.
    pub after: u64,
    /// How many events had been delivered when it was stored.
    pub delivered_position: u64,
    /// When the event was stored.
    pub at: Timestamp,
    /// Until when the invocation that stored the event may deliver it. `None` if, as far as was known then, events
    /// before it had not been delivered.
    pub lease_until: Option<Timestamp>,
}

impl ChatEvent {
    /// This event together with `earlier`, which the same invocation stored and which is delivered with it as one.
    /// Between the two there is no other event.
    #[must_use]
    pub fn together_with(self, earlier: Self) -> Self {
        let Self { after, delivered_position, lease_until, .. } = earlier;
        Self { after, delivered_position, lease_until, ..self }
    }

    /// Whether this event follows `earlier` without another event in between.
    #[must_use]
    pub const fn follows(&self, earlier: &Self) -> bool {
        self.after == earlier.position.events()
    }

    /// The chat's position before the event.
    #[must_use]
    pub const fn previous(&self) -> Position {
        self.position.before(self.is_message)
    }
}
