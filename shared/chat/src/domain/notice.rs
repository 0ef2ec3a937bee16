//! Answers to the caller and notices to sockets, as data. A dialect turns both into events and responses.

use std::collections::BTreeSet;

use relay::clock::Timestamp;

use crate::domain::chat::Chat;
use crate::domain::directory::Directory;
use crate::domain::extent::Extent;
use crate::domain::id::{ChatId, ListingId, MessageId, SocketId, UserId};
use crate::domain::listing::Listing;
use crate::domain::log::{ChatEvent, Position};
use crate::domain::media::UploadId;
use crate::domain::message::Message;
use crate::domain::page::Page;
use crate::domain::user::{Status, User};

/// A chat, with what lists show about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatView {
    /// The chat.
    pub chat: Chat,
    /// The newest message, deleted or not.
    pub latest: Option<Message>,
}

/// The position of a list in the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// A numbered page of `total` entries.
    Page {
        /// The page.
        page: Page,
        /// The exact number of entries.
        total: u64,
    },
    /// The messages after a given message.
    After {
        /// The most entries that were asked for.
        limit: u64,
        /// The number of messages in the chat.
        total: u64,
        /// Whether there are more messages than these.
        has_more: bool,
    },
}

/// The answer to the caller of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A chat after the caller blocked or unblocked it. The chat may have been in that state before.
    Block(ChatView),
    /// The chats that the caller blocks.
    BlockedChats(Vec<ChatView>),
    /// A chat that was created or found.
    Chat {
        /// The chat.
        view: ChatView,
        /// Whether it is new.
        created: bool,
    },
    /// A page of chats.
    Chats {
        /// The chats, those with the most recent activity first.
        views: Vec<ChatView>,
        /// The position of the page.
        paging: Paging,
    },
    /// The command is done, and there is nothing else to say.
    Done,
    /// The result of a search.
    Found {
        /// The chat that was searched.
        chat: Chat,
        /// The messages, oldest first. Page 1 holds the newest.
        messages: Vec<Message>,
        /// The position of the page among the results.
        paging: Paging,
        /// Where the search stopped, if it reached its bound before the beginning of the chat.
        stopped_before: Option<MessageId>,
    },
    /// A chat was deleted.
    ChatDeleted(ChatId),
    /// A listing.
    Listing(Listing),
    /// An address from which an object can be fetched.
    MediaLink {
        /// The address.
        url: String,
        /// When the address expires.
        expires_at: Timestamp,
    },
    /// A message was turned into a placeholder.
    MessageDeleted {
        /// The chat of the message.
        chat: Chat,
        /// The placeholder.
        message: Message,
    },
    /// A part of a chat's messages.
    Messages {
        /// The chat.
        chat: Chat,
        /// The messages, oldest first.
        messages: Vec<Message>,
        /// The position of the part.
        paging: Paging,
    },
    /// The users who are online.
    Online(Vec<User>),
    /// A sign of life, with the server's time.
    Pong(Timestamp),
    /// A chat, or some of its messages, are read.
    Read(Reading),
    /// A message is stored.
    Sent {
        /// The chat.
        chat: Chat,
        /// The message.
        message: Message,
        /// Whether an earlier send with the same client message id stored it.
        repeated: bool,
    },
    /// The number of unread messages.
    Unread(u64),
    /// An address to which a file can be put.
    Upload {
        /// The id that names the upload in a message.
        id: UploadId,
        /// The HTTP method, `PUT`.
        method: &'static str,
        /// The address.
        url: String,
        /// The headers that the request must have.
        headers: Vec<(String, String)>,
    },
    /// The profile of a user.
    User(User),
}

/// A reading: what a user has marked as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The chat after the reading.
    pub chat: Chat,
    /// The user who read.
    pub reader: UserId,
    /// When they read.
    pub at: Timestamp,
    /// How many messages were newly marked.
    pub marked: u64,
    /// The messages that were newly marked, oldest first. If they are more than [`READ_LISTED_MAX`], only the newest.
    /// If none was newly marked, the messages that were asked for.
    pub messages: Vec<Message>,
    /// Whether the whole chat was marked.
    pub whole: bool,
}

/// The most messages that a reading lists (docs/dialects.md, "Reading").
pub const READ_LISTED_MAX: u64 = 100;

/// How many of the newest messages of a chat are searched for the messages of a reading: about 300 KB, which is one
/// query and 75 read units. An unread message below a thousand newer ones, all of them the reader's own or deleted, is
/// marked and counted, but not listed. So where single messages are told, its sender is not told about it.
pub const READ_LOOKED_AT_MAX: u64 = 1_000;

impl Reading {
    /// The newest message by this sender among those newly marked.
    #[must_use]
    pub fn newest_by(&self, sender: &UserId) -> Option<&Message> {
        self.messages.iter().rev().find(|message| message.sender == *sender && self.marked > 0)
    }
}

/// A notice: something that happened and about which sockets are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A user blocks a chat.
    Blocked {
        /// The chat after the block.
        view: ChatView,
        /// The user.
        by: UserId,
    },
    /// Another user created a chat with the viewer.
    ChatCreated(ChatView),
    /// A chat was deleted.
    ChatDeleted(ChatId),
    /// A socket is connected. Only this socket is told.
    Connected {
        /// The user of the socket.
        user: UserId,
        /// Its Socket.IO sid.
        socket: SocketId,
    },
    /// A message reached all of its recipients.
    Delivered(MessageId),
    /// A message was turned into a placeholder.
    MessageDeleted {
        /// The message.
        message: MessageId,
        /// Whether this is for everyone, or for the viewer only.
        for_everyone: bool,
    },
    /// A service sends a notification.
    Notified {
        /// The id of the notification.
        id: String,
        /// The text.
        text: String,
        /// The kind.
        kind: String,
        /// When the service sent it.
        at: Timestamp,
    },
    /// A user went offline, or begins to appear offline.
    Offline {
        /// The user.
        user: UserId,
        /// When that happened.
        last_seen: Timestamp,
    },
    /// A user came online, or changed their status.
    Online {
        /// The user.
        user: UserId,
        /// The status.
        status: Status,
        /// Whether the user came online. Otherwise the user was online before, and only dialects with statuses have an
        /// event for it.
        became_online: bool,
    },
    /// The users who are online, for a socket that has just connected.
    OnlineUsers(Vec<User>),
    /// A user has read a chat, or some of its messages.
    Read(Reading),
    /// A message was stored.
    Sent {
        /// The chat.
        chat: Chat,
        /// The message.
        message: Message,
    },
    /// A user begins or stops typing.
    Typing {
        /// The chat, which may not exist yet.
        chat: ChatId,
        /// The user.
        user: UserId,
        /// Whether the user begins to type. Otherwise the user stops.
        active: bool,
    },
    /// A user removed their block.
    Unblocked {
        /// The chat after that.
        view: ChatView,
        /// The user.
        by: UserId,
    },
}

impl Answer {
    /// The people whom the answer mentions.
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

    /// The listings that the answer mentions.
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
    /// The people whom the notice mentions.
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

    /// The chat of the notice, if the room of that chat matters for it.
    #[must_use]
    pub const fn room(&self) -> Option<&ChatId> {
        match self {
            Self::Sent { chat, .. } => Some(&chat.id),
            Self::Typing { chat, .. } => Some(chat),
            _ => None,
        }
    }
}

/// A notice and its audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The notice.
    pub notice: Notice,
    /// The people whose sockets are told.
    pub to: Audience,
    /// The event of the chat that the notice tells about; `None` for a notice that no chat remembers.
    pub step: Option<ChatEvent>,
}

impl Envelope {
    /// Creates an envelope for a notice that no chat remembers.
    #[must_use]
    pub const fn new(notice: Notice, to: Audience) -> Self {
        Self { notice, to, step: None }
    }

    /// Creates an envelope for an event of a chat.
    #[must_use]
    pub const fn of(step: ChatEvent, notice: Notice, to: Audience) -> Self {
        Self { notice, to, step: Some(step) }
    }
}

/// An event of a chat that a socket missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedEvent {
    /// The notice about the event.
    pub notice: Notice,
    /// The chat.
    pub chat: ChatId,
    /// The chat's position before the event.
    pub previous: Position,
    /// The chat's position after the event.
    pub position: Position,
    /// After the client has received this event, it has received everything in other chats that was stored before this
    /// time.
    pub until: Timestamp,
    /// How many frames of the event the client received before.
    pub heard: u64,
    /// Whether this same socket caused the event.
    pub origin: bool,
}

/// The audience of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Only the socket that asked.
    Origin,
    /// Every socket of these people.
    People(Vec<UserId>),
}

/// The viewer for whom an event or a response is built.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// The user of the socket or of the request.
    pub user: &'a UserId,
    /// Whether this same socket caused the event.
    pub origin: bool,
    /// Whether this socket has joined the chat's room.
    pub joined: bool,
    /// The profiles of the people who are mentioned. Filled for dialects that show profiles.
    pub directory: &'a Directory,
    /// The present time.
    pub now: Timestamp,
    /// How much of content that may be too long is shown.
    pub extent: Extent,
}
