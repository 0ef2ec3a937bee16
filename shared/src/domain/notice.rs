//! What is said: answers to the caller, notices to sockets. A dialect puts both into words.

use crate::domain::chat::Chat;
use crate::domain::clock::Timestamp;
use crate::domain::id::{ChatId, MessageId, SocketId, UserId};
use crate::domain::message::Message;
use crate::domain::page::Page;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
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
    /// A message was taken back.
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
    Online(Vec<UserId>),
    /// Somebody is.
    Pong(Timestamp),
    /// A chat is read.
    Read {
        /// Which.
        chat: ChatId,
        /// How many messages that newly marked.
        marked: u64,
    },
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
    /// A message was taken back.
    MessageDeleted(MessageId),
    /// Somebody's last socket went.
    Offline {
        /// Who.
        user: UserId,
        /// When.
        last_seen: Timestamp,
    },
    /// Somebody's first socket came.
    Online(UserId),
    /// Who is here; said to a socket that just connected.
    OnlineUsers(Vec<UserId>),
    /// Somebody has read a chat.
    Read {
        /// Which.
        chat: ChatId,
        /// Who.
        reader: UserId,
        /// When.
        at: Timestamp,
        /// How many messages that newly marked.
        marked: u64,
    },
    /// A message was stored.
    Sent {
        /// Where.
        chat: Chat,
        /// What.
        message: Message,
    },
    /// Somebody begins or stops typing.
    Typing {
        /// Where.
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

/// A notice and the people whose sockets hear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What happened.
    pub notice: Notice,
    /// Whose sockets are told.
    pub to: Audience,
}

/// Who hears a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Only the socket that asked.
    Origin,
    /// Every socket of these people.
    People(Vec<UserId>),
}

/// Through whose eyes a notice is put into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer<'a> {
    /// Whose socket it is.
    pub user: &'a UserId,
    /// Whether this very socket caused it.
    pub origin: bool,
}
