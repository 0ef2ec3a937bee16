//! The events that a recruiting client hears, and their arguments.

use serde::Serialize;

use crate::dialect::heard::heard;
use crate::dialect::json::{Always, IsoTime};
use crate::dialect::recruiting::shapes::{Chat, Message, OnlineUsers};
use crate::dialect::shapes::{ChatNamed, MessageNamed, Notification, UserOffline, UserOnline};
use crate::domain::id::{ChatId, UserId};
use crate::domain::notice::Reading;

heard! {
    /// An event that a recruiting client hears.
    enum Heard {
        /// The socket has joined the namespace. It is the first event of a socket.
        Connected(Connected) = "connected",
        /// Who is online: after `connected`, and in answer to `get_online_users` without an ack.
        OnlineUsers(OnlineUsers) = "online_users",
        /// This socket sent a message.
        MessageSent(Sent) = "message_sent",
        /// Somebody else sent a message, or the user sent it with another device or over REST.
        NewMessage(Sent) = "new_message",
        /// A chat has a new message, or somebody created a chat with the user.
        ChatUpdated(ChatUpdated) = "chat_updated",
        /// The user has read a chat, with any device.
        MessagesMarkedRead(MarkedRead) = "messages_marked_read",
        /// Somebody else has read a chat.
        MessagesReadByOther(ReadByOther) = "messages_read_by_other",
        /// Somebody begins to type.
        UserTyping(Typing) = "user_typing",
        /// Somebody stops typing.
        UserStoppedTyping(Typing) = "user_stopped_typing",
        /// The user has blocked a chat, with any device.
        UserBlocked(ChatChanged) = "user_blocked",
        /// Somebody else has blocked a chat.
        YouWereBlocked(BlockedBy) = "you_were_blocked",
        /// The user has taken back their block, with any device.
        UserUnblocked(ChatChanged) = "user_unblocked",
        /// Somebody else has taken back their block.
        YouWereUnblocked(UnblockedBy) = "you_were_unblocked",
        /// Somebody came online.
        UserOnline(UserOnline) = "user_online",
        /// Somebody went offline.
        UserOffline(UserOffline) = "user_offline",
        /// A message that the user sent reached all of its recipients.
        MessageDelivered(MessageNamed) = "message_delivered",
        /// A message was deleted. Its place stays.
        MessageDeleted(MessageNamed) = "message_deleted",
        /// A chat was deleted for everybody.
        ChatDeleted(ChatNamed) = "chat_deleted",
        /// A service sends a notification.
        Notification(Notification) = "notification",
    }
}

/// The user and the socket of a socket that has joined its namespace.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Connected {
    pub(super) success: Always<true>,
    /// The id of the user whom the token names.
    pub(super) user_id: String,
    /// The Socket.IO `sid` of the socket.
    pub(super) socket_id: String,
    /// What was done, for people.
    pub(super) message: &'static str,
}

/// A message that was sent.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Sent {
    /// The message.
    pub(super) message: Message,
}

/// The newest state of a chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatUpdated {
    /// The id of the chat.
    pub(super) chat_id: String,
    /// The newest message, null in a chat that was just created.
    pub(super) latest_message: Option<Message>,
    /// When the chat last changed.
    pub(super) updated_at: IsoTime,
}

/// What the user has read.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MarkedRead {
    /// The id of the chat.
    chat_id: String,
    /// How many messages were newly marked as read.
    marked_count: u64,
}

impl MarkedRead {
    /// What a reading says to its reader.
    pub(super) fn new(reading: &Reading) -> Self {
        Self { chat_id: reading.chat.id.to_string(), marked_count: reading.marked }
    }
}

/// What somebody else has read.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadByOther {
    /// The id of the chat.
    pub(super) chat_id: String,
    /// The id of the user who read it.
    pub(super) read_by_user_id: String,
    /// When they read it.
    pub(super) read_at: IsoTime,
}

/// Somebody who types.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Typing {
    /// The id of the user who types.
    user_id: String,
    /// The id of the chat.
    chat_id: String,
}

impl Typing {
    /// The user who types in the chat.
    pub(super) fn new(user: &UserId, chat: &ChatId) -> Self {
        Self { user_id: user.to_string(), chat_id: chat.to_string() }
    }
}

/// A chat after the user blocked or unblocked it.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct ChatChanged {
    /// The chat.
    pub(super) chat: Chat,
}

/// Who blocked a chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockedBy {
    /// The id of the chat.
    pub(super) chat_id: String,
    /// The id of the user who blocked it.
    pub(super) blocked_by_user_id: String,
}

/// Who took back their block of a chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct UnblockedBy {
    /// The id of the chat.
    pub(super) chat_id: String,
    /// The id of the user who took back their block.
    pub(super) unblocked_by_user_id: String,
}
