//! A chat: who takes part, how far each has come, and who blocks.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::domain::clock::Timestamp;
use crate::domain::id::{ChatId, ListingId, UserId, hex};
use crate::domain::log::{Change, ChangeKind, ChatEvent, LEASE_MILLIS, Late, Log, Position};

/// How far somebody has come in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// Everything up to here.
    pub seq: u64,
    /// When that was last moved, if ever.
    pub at: Option<Timestamp>,
}

/// One participant's side of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Messages by others that this person has not read.
    pub unread: u64,
    /// Read by this person.
    pub read: Watermark,
    /// Delivered to a socket of this person, or fetched.
    pub delivered: Watermark,
    /// Whether this person blocks the chat.
    pub blocks: bool,
    /// Whether this person has ever written in it. The others then see their address.
    pub wrote: bool,
}

/// A chat as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Derived from the participants and the subject, see [`chat_id`].
    pub id: ChatId,
    /// The listing it is about; `None` in a plain chat.
    pub about: Option<ListingId>,
    /// Everybody in it, sorted by id.
    pub members: Vec<Member>,
    /// The sort key before the first message: a chat that was deleted and made anew counts on from where it was.
    pub base: u64,
    /// The newest message's sort key; equal to `base` while there is none.
    pub seq: u64,
    /// How many changes there have been that are no messages.
    pub rev: u64,
    /// The latest of them.
    pub log: Log,
    /// How many events, messages and changes, have been told to everybody who is here.
    pub told: u64,
    /// Until when whoever stored the first event after those may deliver it; the epoch if nobody has begun to.
    pub lease_until: Timestamp,
    /// The events that were delivered late, if any were lately.
    pub late: Option<Late>,
    /// When the newest event was stored.
    pub moved_at: Timestamp,
    /// Creation, or the newest message.
    pub active_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Creation, the newest message, or the newest change of a block.
    pub updated_at: Timestamp,
    /// Whether it was deleted; then only the next one between the same people is of interest.
    pub deleted: bool,
}

/// Where something is said: in a chat, or to somebody, whether or not there is a chat with them yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A chat.
    Chat(ChatId),
    /// The plain chat with this person.
    With(UserId),
}

/// The id of the one plain chat of two people.
#[must_use]
pub fn plain_chat_id(one: &UserId, other: &UserId) -> ChatId {
    chat_id(&BTreeSet::from([one.clone(), other.clone()]), None)
}

/// The id of the one chat of these people about this: 96 bits of SHA-256 over all ids, each preceded by its length.
#[must_use]
pub fn chat_id(people: &BTreeSet<UserId>, about: Option<&ListingId>) -> ChatId {
    let prefix: &[u8] = if about.is_some() { b"parlance chat about" } else { b"parlance plain chat" };
    let mut hash = Sha256::new_with_prefix(prefix);
    for id in about.map(ListingId::as_str).into_iter().chain(people.iter().map(UserId::as_str)) {
        hash.update((id.len() as u64).to_be_bytes());
        hash.update(id);
    }
    let digest = hex(&hash.finalize());
    let digits = digest.get(..24).unwrap_or(&digest);
    #[expect(clippy::expect_used, reason = "24 hex digits are a chat id")]
    ChatId::parse(digits).expect("24 hex digits")
}

impl Chat {
    /// A new chat between these people, without messages. `base` is 0 unless a former one was deleted.
    #[must_use]
    pub fn between(people: &BTreeSet<UserId>, about: Option<ListingId>, base: u64, at: Timestamp) -> Self {
        let start = Watermark { seq: base, at: None };
        let member = |user: &UserId| {
            let (blocks, wrote) = (false, false);
            Member { user: user.clone(), unread: 0, read: start, delivered: start, blocks, wrote }
        };
        Self {
            id: chat_id(people, about.as_ref()),
            about,
            members: people.iter().map(member).collect(),
            base,
            seq: base,
            rev: 0,
            log: Log::default(),
            told: 0,
            lease_until: Timestamp::default(),
            late: None,
            moved_at: Timestamp::default(),
            active_at: at,
            created_at: at,
            updated_at: at,
            deleted: false,
        }
    }

    /// The next chat between these people, after this one was deleted: it counts on from where this one was, and whoever still blocked this one
    /// blocks it.
    #[must_use]
    pub fn made_anew(&self, at: Timestamp) -> Self {
        let Self { about, seq, rev, log, told, lease_until, late, moved_at, .. } = self.clone();
        let people: BTreeSet<UserId> = self.people().into_iter().collect();
        let mut next = Self::between(&people, about, seq, at);
        for member in &mut next.members {
            member.blocks = self.member(&member.user).is_some_and(|(_, before)| before.blocks);
        }
        Self { rev, log, told, lease_until, late, moved_at, ..next }
    }

    /// This person's side and its index, if they take part.
    #[must_use]
    pub fn member(&self, user: &UserId) -> Option<(usize, &Member)> {
        self.members.iter().enumerate().find(|(_, member)| member.user == *user)
    }

    /// Everybody in it.
    #[must_use]
    pub fn people(&self) -> Vec<UserId> {
        self.members.iter().map(|member| member.user.clone()).collect()
    }

    /// Everybody but `user`.
    pub fn others<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(move |member| member.user != *user)
    }

    /// The other person of a chat of two; `None` in a larger one.
    #[must_use]
    pub fn other(&self, user: &UserId) -> Option<&UserId> {
        match self.members.as_slice() {
            [one, two] if one.user == *user => Some(&two.user),
            [one, two] if two.user == *user => Some(&one.user),
            _ => None,
        }
    }

    /// Whether anyone blocks.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.members.iter().any(|member| member.blocks)
    }

    /// How much has happened in it.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { seq: self.seq, rev: self.rev }
    }

    /// Whether every event has been delivered to everybody who is here.
    #[must_use]
    pub const fn is_delivered(&self) -> bool {
        self.told >= self.position().events()
    }

    /// Notes that an event is stored at this time, before it is counted: when the chat moved, and if everything before has been delivered, that
    /// whoever stores it may deliver it from now on.
    pub fn moves(&mut self, at: Timestamp) {
        self.moved_at = self.moved_at.max(at);
        if self.is_delivered() {
            self.lease_until = at.plus_millis(LEASE_MILLIS);
        }
    }

    /// Adds a change to what has happened.
    pub fn change(&mut self, by: &UserId, what: ChangeKind, at: Timestamp) {
        self.moves(at);
        self.rev += 1;
        self.log.changes.push(Change { at: self.moved_at, seq: self.seq, by: by.clone(), what });
    }

    /// The event that made this chat of what it was `before`.
    #[must_use]
    pub fn step_from(&self, before: &Self) -> ChatEvent {
        ChatEvent {
            chat: self.id.clone(),
            position: self.position(),
            is_message: self.seq > before.seq,
            after: before.position().events(),
            told: before.told,
            at: self.moved_at,
            lease_until: before.is_delivered().then_some(self.lease_until),
        }
    }

    /// How many messages it holds, deleted ones included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.seq.saturating_sub(self.base)
    }

    /// The number people see for a sort key: 1, 2, 3, ... in this chat.
    #[must_use]
    pub fn number(&self, seq: u64) -> u64 {
        seq.saturating_sub(self.base)
    }

    /// Whether a sort key is one of this chat's messages, and not of one that was deleted.
    #[must_use]
    pub fn holds(&self, seq: u64) -> bool {
        self.base < seq && seq <= self.seq
    }
}
