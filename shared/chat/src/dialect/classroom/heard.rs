//! The events that a classroom client hears, and their arguments.

use serde::Serialize;

use crate::dialect::classroom::shapes::Message;
use crate::dialect::heard::heard;
use crate::dialect::json::IsoTime;
use crate::dialect::shapes::{Connected, Notification, UserOnline};
use crate::domain::id::{ChatId, UserId};
use crate::domain::notice::Reading;

heard! {
    /// An event that a classroom client hears.
    enum Heard {
        /// The socket has joined the namespace. It is the first event of a socket.
        Connected(Connected) = "connected",
        /// This socket sent a message. `new:message` follows.
        MessageSent(MessageSent) = "message:sent",
        /// Somebody sent a message. The socket that sent it hears it too.
        NewMessage(Sent) = "new:message",
        /// Somebody begins to type, in a conversation whose room the socket has joined.
        TypingStart(Actor) = "typing:start",
        /// Somebody stops typing, in a conversation whose room the socket has joined.
        TypingStop(Actor) = "typing:stop",
        /// Somebody has read messages.
        MessagesRead(MessagesRead) = "messages:read",
        /// A message that the user sent reached all of its recipients.
        MessageDelivered(MessageNamed) = "message:delivered",
        /// A message was deleted, for everybody or for the user alone.
        MessageDeleted(MessageDeleted) = "message:deleted",
        /// Somebody came online.
        UserOnline(UserOnline) = "user:online",
        /// Somebody went offline.
        UserOffline(UserOffline) = "user:offline",
        /// Somebody blocked a conversation.
        ConversationBlocked(Actor) = "conversation:blocked",
        /// Somebody took back their block.
        ConversationUnblocked(Actor) = "conversation:unblocked",
        /// Somebody created a conversation with the user.
        ConversationUpdated(ConversationUpdated) = "conversation:updated",
        /// A conversation was deleted for everybody.
        ConversationDeleted(ConversationNamed) = "conversation:deleted",
        /// A service sends a notification.
        NotificationNew(Notification) = "notification:new",
    }
}

/// A message that this socket sent.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageSent {
    /// The id of the message.
    pub(super) message_id: String,
    /// The message.
    pub(super) message: Message,
}

/// A message that was sent.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Sent {
    /// The message.
    pub(super) message: Message,
}

/// Somebody who did something in a conversation.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Actor {
    /// The id of the user who did it.
    user_id: String,
    /// The id of the conversation.
    conversation_id: String,
}

impl Actor {
    /// The user who did something in the conversation.
    pub(super) fn new(chat: &ChatId, user: &UserId) -> Self {
        Self { user_id: user.to_string(), conversation_id: chat.to_string() }
    }
}

/// What somebody has read.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MessagesRead {
    /// The ids of the messages, oldest first. For a whole conversation, of the newest 100.
    message_ids: Vec<String>,
    /// The id of the user who read them.
    read_by: String,
    /// The id of the conversation.
    conversation_id: String,
    /// How many messages were newly marked as read. Absent if it is each message of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    marked_count: Option<u64>,
}

impl MessagesRead {
    /// Which messages a user has read. It says how many were newly marked only where the list does not show it: if the
    /// list is not complete because a whole chat was read, or if it holds messages that were read before.
    pub(super) fn new(reading: &Reading) -> Self {
        let Reading { chat, reader, at: _, marked, messages, whole } = reading;
        let read = messages.iter().filter(|message| message.sender != *reader && message.is_read_by(chat, reader));
        Self {
            message_ids: read.map(|message| message.id.to_string()).collect(),
            read_by: reader.to_string(),
            conversation_id: chat.id.to_string(),
            marked_count: (*whole || *marked == 0).then_some(*marked),
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
    /// The id of its conversation.
    pub(super) conversation_id: String,
}

/// A message that was deleted.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageDeleted {
    /// The id of the message.
    pub(super) message_id: String,
    /// The id of its conversation.
    pub(super) conversation_id: String,
    /// Whether it was deleted for everybody. Otherwise for the user alone.
    pub(super) deleted_for_everyone: bool,
}

/// A user who went offline.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct UserOffline {
    /// The id of the user.
    pub(super) user_id: String,
    /// When the user went offline, in milliseconds since 1970.
    pub(super) last_seen: i64,
}

/// A conversation that was just created.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ConversationUpdated {
    /// The id of the conversation.
    pub(super) conversation_id: String,
    /// When it was created.
    pub(super) last_message_at: IsoTime,
}

/// A conversation, by its id.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ConversationNamed {
    /// The id of the conversation.
    pub(super) conversation_id: String,
}
