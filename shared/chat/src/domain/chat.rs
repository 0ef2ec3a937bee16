//! A chat: its participants, how far each has received and read it, and who blocks it.

use std::collections::BTreeSet;

use relay::clock::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::domain::id::{ChatId, ListingId, UserId, hex};
use crate::domain::log::{Change, ChangeKind, ChatEvent, LEASE_MILLIS, Late, Log, Position};

/// A position up to which a participant has received or read a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// The sort key of the last message. The watermark covers everything up to it.
    pub seq: u64,
    /// When the watermark last moved, if ever.
    pub at: Option<Timestamp>,
}

/// One participant of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: UserId,
    /// The number of messages by others that this person has not read.
    pub unread: u64,
    /// How far this person has read the chat.
    pub read: Watermark,
    /// How far the chat was delivered to a socket of this person, or fetched by them.
    pub delivered: Watermark,
    /// Whether this person blocks the chat.
    pub blocks: bool,
    /// Whether this person has ever written in the chat. The others then see their e-mail address.
    pub wrote: bool,
    /// Whether the data of this person was deleted. They are no member any more, and only keep their place among the
    /// participants, from which the id of the chat is derived. They become a member again if they return.
    pub gone: bool,
}

/// A chat as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// The id, derived from the participants and the listing, see [`chat_id`].
    pub id: ChatId,
    /// The listing that the chat is about; `None` in a plain chat.
    pub about: Option<ListingId>,
    /// All participants, sorted by id.
    pub members: Vec<Member>,
    /// The sort key before the first message. A chat that was deleted and created again goes on with the sort keys of
    /// the deleted one.
    pub base: u64,
    /// The sort key of the newest message; equal to `base` while there is none.
    pub seq: u64,
    /// The number of changes. A change is an event that is not a message.
    pub rev: u64,
    /// The latest changes.
    pub log: Log,
    /// The number of events, messages and changes, that have been delivered to everybody who is online.
    pub delivered_position: u64,
    /// Until when the invocation that stored the first event after those may deliver it; the epoch if no invocation has
    /// begun to.
    pub lease_until: Timestamp,
    /// The events that were delivered late, if there were any lately.
    pub late: Option<Late>,
    /// When the newest event was stored.
    pub moved_at: Timestamp,
    /// When the chat was created, or when its newest message was sent.
    pub active_at: Timestamp,
    /// When the chat was created.
    pub created_at: Timestamp,
    /// When the chat was created, when its newest message was sent, or when a block last changed.
    pub updated_at: Timestamp,
    /// Whether the chat was deleted. It then only matters for the next chat between the same people.
    pub deleted: bool,
}

/// A place where a user writes or types: a chat, or another user with whom there may not be a chat yet.
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

/// The id of the one chat of these people about this listing: 96 bits of SHA-256 over all ids, each with its length in
/// front.
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
    /// A new chat between these people, without messages. `base` is 0 unless an earlier chat was deleted.
    #[must_use]
    pub fn between(people: &BTreeSet<UserId>, about: Option<ListingId>, base: u64, at: Timestamp) -> Self {
        let start = Watermark { seq: base, at: None };
        let member = |user: &UserId| {
            let (blocks, wrote, gone) = (false, false, false);
            Member { user: user.clone(), unread: 0, read: start, delivered: start, blocks, wrote, gone }
        };
        Self {
            id: chat_id(people, about.as_ref()),
            about,
            members: people.iter().map(member).collect(),
            base,
            seq: base,
            rev: 0,
            log: Log::default(),
            delivered_position: 0,
            lease_until: Timestamp::default(),
            late: None,
            moved_at: Timestamp::default(),
            active_at: at,
            created_at: at,
            updated_at: at,
            deleted: false,
        }
    }

    /// The next chat between these people, after this one was deleted. Its sort keys go on from this one, and everybody
    /// who still blocked this chat blocks the next one.
    #[must_use]
    pub fn made_anew(&self, at: Timestamp) -> Self {
        let Self { about, seq, rev, log, delivered_position, lease_until, late, moved_at, .. } = self.clone();
        let people: BTreeSet<UserId> = self.people().into_iter().collect();
        let mut next = Self::between(&people, about, seq, at);
        for member in &mut next.members {
            member.blocks = self.member(&member.user).is_some_and(|(_, before)| before.blocks);
        }
        Self { rev, log, delivered_position, lease_until, late, moved_at, ..next }
    }

    /// The participant with this id and their index, if there is one who is not gone.
    #[must_use]
    pub fn member(&self, user: &UserId) -> Option<(usize, &Member)> {
        self.members.iter().enumerate().find(|(_, member)| member.user == *user && !member.gone)
    }

    /// The ids of the participants who are not gone: those who hear of the chat's events.
    #[must_use]
    pub fn audience(&self) -> Vec<UserId> {
        self.members.iter().filter(|member| !member.gone).map(|member| member.user.clone()).collect()
    }

    /// The ids of all participants, also of those who are gone.
    #[must_use]
    pub fn people(&self) -> Vec<UserId> {
        self.members.iter().map(|member| member.user.clone()).collect()
    }

    /// All participants but `user`.
    pub fn others<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(move |member| member.user != *user)
    }

    /// The other person in a chat of two; `None` in a larger chat.
    #[must_use]
    pub fn other(&self, user: &UserId) -> Option<&UserId> {
        match self.members.as_slice() {
            [one, two] if one.user == *user => Some(&two.user),
            [one, two] if two.user == *user => Some(&one.user),
            _ => None,
        }
    }

    /// Whether anyone blocks the chat.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.members.iter().any(|member| member.blocks)
    }

    /// The position of the chat after its newest event.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { seq: self.seq, rev: self.rev }
    }

    /// Whether every event has been delivered to everybody who is online.
    #[must_use]
    pub const fn is_delivered(&self) -> bool {
        self.delivered_position >= self.position().events()
    }

    /// Records that an event is stored at this time, before the event is counted. It sets the time of the newest event.
    /// If everything before has been delivered, the invocation that stores this event gets the lease to deliver it from
    /// now on.
    pub fn moves(&mut self, at: Timestamp) {
        self.moved_at = self.moved_at.max(at);
        if self.is_delivered() {
            self.lease_until = at.plus_millis(LEASE_MILLIS);
        }
    }

    /// Adds a change to the log.
    pub fn change(&mut self, by: &UserId, what: ChangeKind, at: Timestamp) {
        self.moves(at);
        self.rev += 1;
        self.log.changes.push(Change { at: self.moved_at, seq: self.seq, by: by.clone(), what });
    }

    /// The event that turned the chat `before` into this one.
    #[must_use]
    pub fn step_from(&self, before: &Self) -> ChatEvent {
        ChatEvent {
            chat: self.id.clone(),
            position: self.position(),
            is_message: self.seq > before.seq,
            after: before.position().events(),
            delivered_position: before.delivered_position,
            at: self.moved_at,
            lease_until: before.is_delivered().then_some(self.lease_until),
        }
    }

    /// The chat after a member has `left` unread messages. A member with none left has read everything.
    #[must_use]
    pub fn with_unread(&self, reader: &UserId, left: u64, at: Timestamp) -> Self {
        let mut next = self.clone();
        if let Some(member) = next.members.iter_mut().find(|member| member.user == *reader) {
            member.unread = left;
            if left == 0 {
                member.read = Watermark { seq: self.seq, at: Some(at) };
            }
        }
        next
    }

    /// The chat with one unread message less for each of these people.
    #[must_use]
    pub fn with_one_unread_less(&self, people: &[UserId]) -> Self {
        let mut next = self.clone();
        for member in next.members.iter_mut().filter(|member| people.contains(&member.user)) {
            member.unread = member.unread.saturating_sub(1);
        }
        next
    }

    /// The chat after a member has set or removed their block. `received` is when the gateway received the request, and
    /// `now` is when it is stored.
    #[must_use]
    pub fn with_block(&self, by: &UserId, blocks: bool, received: Timestamp, now: Timestamp) -> Self {
        let mut next = self.clone();
        next.updated_at = next.updated_at.max(received);
        if let Some(member) = next.members.iter_mut().find(|member| member.user == *by) {
            member.blocks = blocks;
        }
        next.change(by, if blocks { ChangeKind::Blocked } else { ChangeKind::Unblocked }, now);
        next
    }

    /// The number of messages, deleted ones included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.seq.saturating_sub(self.base)
    }

    /// The number that users see for a sort key: 1, 2, 3, ... in this chat.
    #[must_use]
    pub fn number(&self, seq: u64) -> u64 {
        seq.saturating_sub(self.base)
    }

    /// Whether a sort key belongs to a message of this chat, and not of an earlier chat that was deleted.
    #[must_use]
    pub fn holds(&self, seq: u64) -> bool {
        self.base < seq && seq <= self.seq
    }
}
