//! The events that a marketplace client hears, and their arguments.

use serde::Serialize;

use crate::dialect::heard::heard;
use crate::dialect::marketplace::shapes::Message;
use crate::dialect::shapes::{ChatNamed, Connected, MessageNamed, Notification, UserOffline, UserOnline};
use crate::domain::id::MessageId;
use crate::domain::notice::Reading;

heard! {
    /// An event that a marketplace client hears.
    #[expect(clippy::large_enum_variant, reason = "a value lives only until its event is built")]
    enum Heard {
        /// The socket has joined the namespace. It is the first event of a socket.
        Connected(Connected) = "connected",
        /// Somebody begins or stops typing, in a chat whose room the socket has joined.
        Typing(Typing) = "typing",
        /// Somebody sent a message. The socket that sent it hears it too.
        NewMessage(Message) = "newMessage",
        /// Somebody has read a message. For a whole chat it is the newest message.
        MessageRead(MessageRead) = "messageRead",
        /// A message that the user sent reached all of its recipients.
        MessageDelivered(MessageNamed) = "messageDelivered",
        /// A message was deleted. Its place stays.
        MessageDeleted(MessageNamed) = "messageDeleted",
        /// Somebody blocked a chat.
        ChatBlocked(Blocked) = "chatBlocked",
        /// Somebody took back their block.
        ChatUnblocked(Unblocked) = "chatUnblocked",
        /// A chat was deleted for everybody.
        ChatDeleted(ChatNamed) = "chatDeleted",
        /// Somebody came online.
        UserOnline(UserOnline) = "userOnline",
        /// Somebody went offline.
        UserOffline(UserOffline) = "userOffline",
        /// Somebody created a chat with the user.
        ChatCreated(ChatNamed) = "chatCreated",
        /// A service sends a notification.
        Notification(Notification) = "notification",
    }
}

/// Somebody who begins or stops typing.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Typing {
    /// The id of the user.
    pub(super) user_id: String,
    /// The id of the chat.
    pub(super) chat_id: String,
    /// Whether the user begins to type. Otherwise the user stops.
    pub(super) is_typing: bool,
}

/// A message that somebody has read.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageRead {
    /// The id of the message.
    message_id: String,
    /// The id of the user who read it.
    user_id: String,
    /// The id of the chat.
    chat_id: String,
    /// How many messages were newly marked as read. Absent if it is this one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    marked_count: Option<u64>,
}

impl MessageRead {
    /// What a reading says about one message.
    pub(super) fn new(reading: &Reading, message: &MessageId, marked_count: Option<u64>) -> Self {
        let (chat, reader) = (reading.chat.id.to_string(), reading.reader.to_string());
        Self { message_id: message.to_string(), user_id: reader, chat_id: chat, marked_count }
    }
}

/// Who blocked a chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Blocked {
    /// The id of the chat.
    pub(super) chat_id: String,
    /// The id of the user who blocked it.
    pub(super) blocked_by: String,
}

/// Who took back their block of a chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Unblocked {
    /// The id of the chat.
    pub(super) chat_id: String,
    /// The id of the user who took back their block.
    pub(super) unblocked_by: String,
}
