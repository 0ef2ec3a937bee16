//! What is said: answers to the caller, notices to sockets. A dialect puts both into words.

use std::collections::BTreeSet;

use crate::domain::chat::Chat;
use crate::domain::clock::Timestamp;
use crate::domain::directory::Directory;
use crate::domain::extent::Extent;
use crate::domain::id::{ChatId, ListingId, MessageId, SocketId, UserId};
use crate::domain::listing::Listing;
use crate::domain::log::{ChatEvent, Position};
use crate::domain::media::UploadId;
use crate::domain::message::Message;
use crate::domain::page::Page;
use crate::domain::user::{Status, User};

/// A chat and what lists show of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatView {
    /// The chat.
    pub chat: Chat,
    /// Its newest message, deleted or not.
    pub latest: Option<Message>,
}

/// Where a list stands in the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// A numbered page of `total` entries.
    Page {
        /// Which.
        page: Page,
        /// Exact.
        total: u64,
    },
    /// What follows a message.
    After {
        /// Most entries asked for.
        limit: u64,
        /// Messages in the chat.
        total: u64,
        /// Whether there is more than was given.
        has_more: bool,
    },
}

/// What the caller gets for a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A chat after a block of it was set or taken back, or was as asked for already.
    Block(ChatView),
    /// The chats the caller blocks.
    BlockedChats(Vec<ChatView>),
    /// A chat, made or found.
    Chat {
        /// The chat.
        view: ChatView,
        /// Whether it is new.
        created: bool,
    },
    /// A page of chats.
    Chats {
        /// Most recent activity first.
        views: Vec<ChatView>,
        /// Which of them.
        paging: Paging,
    },
    /// It is done, and there is nothing to say about it.
    Done,
    /// What a search found.
    Found {
        /// Where.
        chat: Chat,
        /// Oldest first; page 1 holds the newest.
        messages: Vec<Message>,
        /// Which of what was found.
        paging: Paging,
        /// Where the search stopped, if it met its bound before the chat's beginning.
        stopped_before: Option<MessageId>,
    },
    /// A chat was removed.
    ChatDeleted(ChatId),
    /// A listing.
    Listing(Listing),
    /// Where an object can be fetched.
    MediaLink {
        /// The address.
        url: String,
        /// Until when.
        expires_at: Timestamp,
    },
    /// A message was made a placeholder.
    MessageDeleted {
        /// Where.
        chat: Chat,
        /// Its placeholder.
        message: Message,
    },
    /// A part of a chat's messages.
    Messages {
        /// Where.
        chat: Chat,
        /// Oldest first.
        messages: Vec<Message>,
        /// Which of them.
        paging: Paging,
    },
    /// Who is here.
    Online(Vec<User>),
    /// Somebody is.
    Pong(Timestamp),
    /// A chat, or messages of it, are read.
    Read(Reading),
    /// A message is stored.
    Sent {
        /// Where.
        chat: Chat,
        /// What.
        message: Message,
        /// Whether it was stored by an earlier send of the same name.
        repeated: bool,
    },
    /// How many messages wait.
    Unread(u64),
    /// Where to put a file.
    Upload {
        /// By which it is named in a message.
        id: UploadId,
        /// `PUT`.
        method: &'static str,
        /// Where to.
        url: String,
        /// The headers that must go with it.
        headers: Vec<(String, String)>,
    },
    /// Somebody's profile.
    User(User),
}

/// What somebody has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The chat, as it is since.
    pub chat: Chat,
    /// Who.
    pub reader: UserId,
    /// When.
    pub at: Timestamp,
    /// How many messages that newly marked.
    pub marked: u64,
    /// The messages newly marked, oldest first; of more than [`READ_LISTED_MAX`] the newest. If none was, those that were asked for.
    pub messages: Vec<Message>,
    /// Whether the whole chat was marked.
    pub whole: bool,
}

/// Most messages that a reading lists (dialects.md, section 9).
pub const READ_LISTED_MAX: u64 = 100;

/// Newest messages of a chat among which those of a reading are looked for: some 300 KB, which is one query and 75 read
/// units. A message that waits below a thousand newer ones, all of them the reader's own or deleted, is marked and
/// counted, but not listed; so where single messages are told of, its sender does not hear of it.
pub const READ_LOOKED_AT_MAX: u64 = 1_000;

impl Reading {
    /// The newest message by this person among those newly marked.
    #[must_use]
    pub fn newest_by(&self, sender: &UserId) -> Option<&Message> {
        self.messages.iter().rev().find(|message| message.sender == *sender && self.marked > 0)
    }
}

/// Something that happened and that sockets hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Somebody blocks a chat.
    Blocked {
        /// The chat as it now is.
        view: ChatView,
        /// Who.
        by: UserId,
    },
    /// Somebody made a chat with the viewer.
    ChatCreated(ChatView),
    /// A chat was removed.
    ChatDeleted(ChatId),
    /// A socket is connected; said to it alone.
    Connected {
        /// Whose.
        user: UserId,
        /// Its Socket.IO sid.
        socket: SocketId,
    },
    /// A message reached all of its recipients.
    Delivered(MessageId),
    /// A message was made a placeholder.
    MessageDeleted {
        /// Which.
        message: MessageId,
        /// For everyone, or for the viewer alone.
        for_everyone: bool,
    },
    /// A service has something to tell.
    Notified {
        /// Names it.
        id: String,
        /// What.
        text: String,
        /// Of what kind.
        kind: String,
        /// When.
        at: Timestamp,
    },
    /// Somebody went, or begins to appear offline.
    Offline {
        /// Who.
        user: UserId,
        /// When.
        last_seen: Timestamp,
    },
    /// Somebody came, or changed how they are here.
    Online {
        /// Who.
        user: UserId,
        /// How they are here.
        status: Status,
        /// Whether they came; else they were here, and only dialects that tell of a status have a word for it.
        became_online: bool,
    },
    /// Who is here; said to a socket that just connected.
    OnlineUsers(Vec<User>),
    /// Somebody has read a chat, or messages of it.
    Read(Reading),
    /// A message was stored.
    Sent {
        /// Where.
        chat: Chat,
        /// What.
        message: Message,
    },
    /// Somebody begins or stops typing.
    Typing {
        /// Where; there may not be such a chat yet.
        chat: ChatId,
        /// Who.
        user: UserId,
        /// Begins, or stops.
        active: bool,
    },
    /// Somebody took their block back.
    Unblocked {
        /// The chat as it now is.
        view: ChatView,
        /// Who.
        by: UserId,
    },
}

impl Answer {
    /// The people it mentions.
    #[must_use]
    pub fn people(&self) -> BTreeSet<UserId> {
        match self {
            Self::Block(view) | Self::Chat { view, .. } => view.chat.people().into_iter().collect(),
            Self::BlockedChats(views) | Self::Chats { views, .. } => {
                views.iter().flat_map(|view| view.chat.people()).collect()
            }
            Self::Found { chat, .. }
            | Self::MessageDeleted { chat, .. }
            | Self::Messages { chat, .. }
            | Self::Read(Reading { chat, .. })
            | Self::Sent { chat, .. } => chat.people().into_iter().collect(),
            Self::ChatDeleted(_)
            | Self::Done
            | Self::Listing(_)
            | Self::MediaLink { .. }
            | Self::Online(_)
            | Self::Pong(_)
            | Self::Unread(_)
            | Self::Upload { .. }
            | Self::User(_) => BTreeSet::new(),
        }
    }

    /// The listings it mentions.
    #[must_use]
    pub fn listings(&self) -> Vec<ListingId> {
        let mut listings: Vec<ListingId> = match self {
            Self::Block(view) | Self::Chat { view, .. } => view.chat.about.iter().cloned().collect(),
            Self::BlockedChats(views) | Self::Chats { views, .. } => {
                views.iter().filter_map(|view| view.chat.about.clone()).collect()
            }
            _ => Vec::new(),
        };
        listings.sort();
        listings.dedup();
        listings
    }
}

impl Notice {
    /// The people it mentions.
    #[must_use]
    pub fn people(&self) -> BTreeSet<UserId> {
        match self {
            Self::Blocked { view, .. } | Self::ChatCreated(view) | Self::Unblocked { view, .. } => {
                view.chat.people().into_iter().collect()
            }
            Self::Read(Reading { chat, .. }) | Self::Sent { chat, .. } => chat.people().into_iter().collect(),
            Self::Connected { user, .. }
            | Self::Online { user, .. }
            | Self::Offline { user, .. }
            | Self::Typing { user, .. } => BTreeSet::from([user.clone()]),
            Self::ChatDeleted(_)
            | Self::Delivered(_)
            | Self::MessageDeleted { .. }
            | Self::Notified { .. }
            | Self::OnlineUsers(_) => BTreeSet::new(),
        }
    }

    /// The chat it is about, if it is about one whose room matters.
    #[must_use]
    pub const fn room(&self) -> Option<&ChatId> {
        match self {
            Self::Sent { chat, .. } => Some(&chat.id),
            Self::Typing { chat, .. } => Some(chat),
            _ => None,
        }
    }
}

/// A notice and the people whose sockets hear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What happened.
    pub notice: Notice,
    /// Whose sockets are told.
    pub to: Audience,
    /// The event of a chat that it tells of; `None` for what no chat remembers.
    pub step: Option<ChatEvent>,
}

impl Envelope {
    /// Tells of something that no chat remembers.
    #[must_use]
    pub const fn new(notice: Notice, to: Audience) -> Self {
        Self { notice, to, step: None }
    }

    /// Tells of an event of a chat.
    #[must_use]
    pub const fn of(step: ChatEvent, notice: Notice, to: Audience) -> Self {
        Self { notice, to, step: Some(step) }
    }
}

/// An event of a chat that somebody missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedEvent {
    /// What happened.
    pub notice: Notice,
    /// In which chat.
    pub chat: ChatId,
    /// The chat's position before it.
    pub previous: Position,
    /// The chat's position since.
    pub position: Position,
    /// Once it is told, everything of other chats that was stored before has been told.
    pub until: Timestamp,
    /// How many of its frames were heard.
    pub heard: u64,
    /// Whether this very socket caused it.
    pub origin: bool,
}

/// Who hears a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Only the socket that asked.
    Origin,
    /// Every socket of these people.
    People(Vec<UserId>),
}

/// Through whose eyes something is put into words.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// Whose socket or request it is.
    pub user: &'a UserId,
    /// Whether this very socket caused it.
    pub origin: bool,
    /// Whether this socket joined the chat's room.
    pub joined: bool,
    /// Who is mentioned; filled for dialects that show profiles.
    pub directory: &'a Directory,
    /// The present.
    pub now: Timestamp,
    /// How much is said of what may be too long.
    pub extent: Extent,
}
