//! The events that a workspace client hears, and their arguments.

use serde::Serialize;

use crate::dialect::heard::heard;
use crate::dialect::json::IsoTime;
use crate::dialect::shapes::{Connected, Notification};
use crate::dialect::workspace::shapes::{Conversation, Message};
use crate::domain::id::{ChatId, UserId};

heard! {
    /// An event that a workspace client hears.
    enum Heard {
        /// The socket has joined the namespace. It is the first event of a socket.
        Connected(Connected) = "connected",
        /// Somebody else sent a message, or the user sent it with another device or over REST.
        MessageNew(Message) = "message:new",
        /// A conversation has a new message, or somebody created a conversation with the user.
        ConversationUpdated(Conversation) = "conversation:updated",
        /// Somebody sent a message to a conversation whose room the socket has not joined, or a service sends a
        /// notification.
        NotificationNew(Notification) = "notification:new",
        /// Somebody has read a message of the user.
        MessageRead(MessageRead) = "message:read",
        /// Somebody begins to type, in a conversation whose room the socket has joined.
        TypingStart(Actor) = "typing:start",
        /// Somebody stops typing, in a conversation whose room the socket has joined.
        TypingStop(Actor) = "typing:stop",
        /// Somebody came online, or changed their status.
        UserOnline(UserOnline) = "user:online",
        /// Somebody went offline.
        UserOffline(UserOffline) = "user:offline",
        /// A message that the user sent reached all of its recipients.
        MessageDelivered(MessageNamed) = "message:delivered",
        /// A conversation was deleted for everybody.
        ConversationDeleted(ConversationNamed) = "conversation:deleted",
        /// A message was deleted. Its place stays.
        MessageDeleted(MessageDeleted) = "message:deleted",
        /// Somebody blocked a conversation.
        ConversationBlocked(Actor) = "conversation:blocked",
        /// Somebody took back their block.
        ConversationUnblocked(Actor) = "conversation:unblocked",
    }
}

/// A message that was sent.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Sent {
    /// The message.
    pub(super) message: Message,
}

/// What somebody else has read.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageRead {
    /// The id of the message, for a whole conversation of the newest.
    pub(super) message_id: String,
    /// The id of the user who read it.
    pub(super) user_id: String,
    /// When they read it.
    pub(super) read_at: IsoTime,
    /// How many messages were newly marked as read. Absent if it is this one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) marked_count: Option<u64>,
}

/// Somebody who did something in a conversation.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Actor {
    /// The id of the conversation.
    conversation_id: String,
    /// The id of the user who did it.
    user_id: String,
}

impl Actor {
    /// The user who did something in the conversation.
    pub(super) fn new(chat: &ChatId, user: &UserId) -> Self {
        Self { conversation_id: chat.to_string(), user_id: user.to_string() }
    }
}

/// A user who is online.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct UserOnline {
    /// The id of the user.
    pub(super) user_id: String,
    /// The status that the user set.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = SHOWN)))]
    pub(super) status: &'static str,
}

/// The statuses of somebody who is online. Who sets `offline` is shown as offline.
#[cfg(feature = "contracts")]
const SHOWN: [&str; 3] = ["online", "away", "busy"];

/// A user who went offline.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct UserOffline {
    /// The id of the user.
    pub(super) user_id: String,
}

/// A message, by its id.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageNamed {
    /// The id of the message.
    pub(super) message_id: String,
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
}

/// A conversation, by its id.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ConversationNamed {
    /// The id of the conversation.
    pub(super) conversation_id: String,
}
