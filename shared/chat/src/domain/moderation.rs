//! Moderation: what a service may ask about users and chats, and what it is answered (docs/moderation.md).

use relay::clock::Timestamp;

use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, SocketId, UserId};
use crate::domain::message::Message;
use crate::domain::user::User;

/// The number of entries of a page if the service does not say.
pub const LIMIT_DEFAULT: u64 = 50;

/// What a service asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inquiry {
    /// Delete the data of a user, or the next part of it.
    DeleteUser(UserId),
    /// End every socket of a user.
    Disconnect(UserId),
    /// The next part of what is stored about a user.
    Export {
        /// The user.
        user: UserId,
        /// Where the part before ended; `None` for the first part.
        after: Option<ExportCursor>,
    },
    /// A page of a user's chats.
    ListChats {
        /// The user.
        user: UserId,
        /// The most entries.
        limit: u64,
        /// The chat after which the page begins.
        after: Option<ChatId>,
    },
    /// A page of a chat's messages.
    ListMessages {
        /// The chat.
        chat: ChatId,
        /// The most entries.
        limit: u64,
        /// In which order.
        order: Order,
        /// The sort key after which the page begins, in this order.
        after: Option<u64>,
    },
    /// The live sockets of a user.
    ListSockets(UserId),
    /// A page of all users.
    ListUsers {
        /// The most entries.
        limit: u64,
        /// Where the page before ended.
        after: Option<UsersCursor>,
    },
    /// Refuse every token of a user that was issued until now, and end every socket of the user.
    RevokeTokens(UserId),
    /// One chat.
    ShowChat(ChatId),
    /// One user.
    ShowUser(UserId),
}

impl Inquiry {
    /// What is done, for the audit.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        match self {
            Self::DeleteUser(_) => "delete user",
            Self::Disconnect(_) => "disconnect user",
            Self::Export { .. } => "export user",
            Self::ListChats { .. } => "list chats",
            Self::ListMessages { .. } => "list messages",
            Self::ListSockets(_) => "list sockets",
            Self::ListUsers { .. } => "list users",
            Self::RevokeTokens(_) => "revoke tokens",
            Self::ShowChat(_) => "show chat",
            Self::ShowUser(_) => "show user",
        }
    }

    /// The user whose data is asked for, if it is one user's.
    #[must_use]
    pub const fn user(&self) -> Option<&UserId> {
        match self {
            Self::DeleteUser(user)
            | Self::Disconnect(user)
            | Self::Export { user, .. }
            | Self::ListChats { user, .. }
            | Self::ListSockets(user)
            | Self::RevokeTokens(user)
            | Self::ShowUser(user) => Some(user),
            Self::ListMessages { .. } | Self::ListUsers { .. } | Self::ShowChat(_) => None,
        }
    }

    /// The chat that is asked for, if it is one chat.
    #[must_use]
    pub const fn chat(&self) -> Option<&ChatId> {
        match self {
            Self::ListMessages { chat, .. } | Self::ShowChat(chat) => Some(chat),
            Self::DeleteUser(_)
            | Self::Disconnect(_)
            | Self::Export { .. }
            | Self::ListChats { .. }
            | Self::ListSockets(_)
            | Self::ListUsers { .. }
            | Self::RevokeTokens(_)
            | Self::ShowUser(_) => None,
        }
    }
}

/// The answer to an [`Inquiry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A chat, or the tombstone of a deleted one.
    Chat(Chat),
    /// A page of chats, in the order of their ids.
    Chats(Listed<Chat, ChatId>),
    /// What a call of the deletion did.
    Deletion(Deleted),
    /// How many live sockets a call ended.
    Disconnected(u64),
    /// When the tokens of a user were revoked, and how many live sockets the call ended.
    Revoked {
        /// When they were revoked.
        at: Timestamp,
        /// The sockets.
        sockets: u64,
    },
    /// A part of an export.
    Export(ExportPart),
    /// A page of messages.
    Messages {
        /// The chat.
        chat: Chat,
        /// The messages.
        messages: Listed<Message, u64>,
    },
    /// The live sockets of a user.
    Sockets(Vec<LiveSocket>),
    /// A user.
    User(User),
    /// A page of users.
    Users(Listed<User, UsersCursor>),
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T, C> {
    /// The entries. A page may be shorter than its limit, or empty, although another page follows.
    pub entries: Vec<T>,
    /// The most entries that were asked for.
    pub limit: u64,
    /// Where the next page begins; `None` after the last page.
    pub next: Option<C>,
}

/// What a call of the deletion did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Whether nothing of the user is left.
    pub is_done: bool,
    /// The live sockets that the call ended.
    pub sockets: u64,
    /// The messages that the call turned into placeholders.
    pub messages: u64,
    /// The chats that the call made the user leave.
    pub chats: u64,
}

/// A part of what is stored about a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportPart {
    /// The entries, in order.
    pub entries: Vec<ExportEntry>,
    /// Where the next part begins; `None` after the last part.
    pub next: Option<ExportCursor>,
}

/// One entry of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportEntry {
    /// The profile.
    Profile(User),
    /// A live socket.
    Socket(LiveSocket),
    /// A chat of the user.
    Chat(Chat),
    /// A message that the user sent, and its chat.
    Message(Box<(Chat, Message)>),
}

/// A live socket of a user, without the ids by which its client proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSocket {
    /// The Socket.IO sid.
    pub sid: SocketId,
    /// Whether its client polls. Otherwise it has a WebSocket.
    pub polls: bool,
    /// The namespace.
    pub namespace: String,
    /// The dialect.
    pub dialect: String,
    /// When it joined its namespace.
    pub since: Timestamp,
    /// When its token ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// The number of rooms that it has joined.
    pub rooms: u64,
}

/// The order of a chat's messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
}

impl Order {
    /// All orders.
    pub const ALL: [Self; 2] = [Self::Newest, Self::Oldest];

    /// The name of the order.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
        }
    }
}

/// A position in the table of users: after this row. It decides where a page begins and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsersCursor {
    /// The user of the row.
    pub user: UserId,
    /// The sort key of the row.
    pub entry: String,
}

/// A position in an export: in this chat of the user, after this message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportCursor {
    /// The chat. Its own entry was part of the export before.
    pub chat: ChatId,
    /// The sort key of the message.
    pub seq: u64,
}
