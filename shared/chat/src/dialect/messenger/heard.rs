//! The events that a messenger client hears, and their arguments.

use serde::Serialize;

use crate::dialect::envelope::{Pagination, Success};
use crate::dialect::heard::heard;
use crate::dialect::json::{Always, IsoTime};
use crate::dialect::messenger::shapes::{Message, OnlineUser, PageOfHistory, Person};
use crate::dialect::shapes::UserOffline;
use crate::domain::user::User as DomainUser;

heard! {
    /// An event that a messenger client hears.
    enum Heard {
        /// The socket has joined the namespace. It is the first event of a socket.
        Connection(Connection) = "connection",
        /// Who is online, as many as one event can carry: after `connection`.
        OnlineUsers(Vec<OnlineUser>) = "online_users",
        /// The user sent a message, with any device.
        MessageSent(Success<Sent>) = "message_sent",
        /// Somebody sent the user a message.
        ReceiveMessage(Message) = "receive_message",
        /// After `receive_message`: what a notification shows. Also a notification of a service.
        MessageNotification(Notification) = "message_notification",
        /// The user has read messages, with any device.
        MessageReadConfirmed(Success<Confirmation>) = "message_read_confirmed",
        /// Somebody has read a message of the user.
        MessageRead(MessageRead) = "message_read",
        /// Somebody begins or stops typing.
        TypingIndicator(Typing) = "typing_indicator",
        /// The answer to `get_message_history` without an ack.
        MessageHistory(History) = "message_history",
        /// The answer to `get_unread_count` without an ack.
        UnreadCount(Unread) = "unread_count",
        /// Somebody came online.
        UserOnline(UserOnline) = "user_online",
        /// Somebody went offline.
        UserOffline(UserOffline) = "user_offline",
        /// A message that the user sent reached its recipient.
        MessageDelivered(MessageNamed) = "message_delivered",
        /// A message was deleted. Its place stays.
        MessageDeleted(MessageNamed) = "message_deleted",
        /// One of two users has blocked the other.
        UserBlocked(BlockChanged) = "user_blocked",
        /// One of two users has taken back their block.
        UserUnblocked(BlockChanged) = "user_unblocked",
    }
}

/// The user of a socket that has joined its namespace.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Connection {
    pub(super) success: Always<true>,
    /// The user whom the token names.
    pub(super) user: User,
}

/// A user with a username.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct User {
    /// The id of the user.
    #[serde(rename = "_id")]
    id: String,
    /// The name to show.
    name: String,
    /// The username, null if there is none.
    username: Option<String>,
}

impl User {
    /// The user with this profile.
    pub(super) fn new(profile: &DomainUser) -> Self {
        Self { id: profile.id.to_string(), name: profile.display_name(), username: profile.claims.username.clone() }
    }
}

/// A message that was sent.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Sent {
    /// The message.
    pub(super) message: Message,
}

/// What a notification shows.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Notification {
    /// `new_message` for a message, otherwise the kind that the service gave it.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The user who sent the message, null for a notification of a service.
    pub(super) from: Option<Person>,
    /// The first 100 characters of the message, or the text of the service.
    pub(super) message: String,
    /// When it was sent.
    pub(super) timestamp: IsoTime,
}

/// What the user has read.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Confirmation {
    /// The message, for several the newest. Null if there was nothing to read.
    pub(super) message: Option<Message>,
    /// How many messages were newly marked as read. Absent if it is this one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) marked_count: Option<u64>,
}

/// What somebody else has read.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageRead {
    /// The id of the message, for several of the newest.
    pub(super) message_id: String,
    /// The user who read it.
    pub(super) read_by: Person,
    /// When they read it.
    pub(super) read_at: IsoTime,
    /// How many messages were newly marked as read. Absent if it is this one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) marked_count: Option<u64>,
}

/// Somebody who begins or stops typing.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Typing {
    /// The id of the user.
    pub(super) user_id: String,
    /// The name of the user.
    pub(super) user_name: String,
    /// Whether the user begins to type. Otherwise the user stops.
    pub(super) is_typing: bool,
}

/// A part of the messages of two users.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct History {
    /// The messages, oldest first.
    pub(super) messages: Vec<Message>,
    /// The other user.
    pub(super) other_user: Option<Person>,
    /// The position of the part.
    pub(super) pagination: Pagination<PageOfHistory>,
}

/// How many messages are unread.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Unread {
    /// How many messages of other users the user has not read.
    pub(super) count: u64,
}

/// A user who came online.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct UserOnline {
    /// The id of the user.
    user_id: String,
    /// The name to show.
    name: String,
    /// The username, null if there is none.
    username: Option<String>,
}

impl UserOnline {
    /// The user with this profile.
    pub(super) fn new(profile: &DomainUser) -> Self {
        Self {
            user_id: profile.id.to_string(),
            name: profile.display_name(),
            username: profile.claims.username.clone(),
        }
    }
}

/// A message, by its id.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageNamed {
    /// The id of the message.
    pub(super) message_id: String,
}

/// A block between the user and another one.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockChanged {
    /// The id of the other user.
    pub(super) user_id: String,
    /// Whether the user blocks or takes back their block. Otherwise the other user does.
    pub(super) by_me: bool,
}
