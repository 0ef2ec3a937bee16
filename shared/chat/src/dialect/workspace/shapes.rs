//! The objects that events and routes share.

use serde::Serialize;

use crate::dialect::envelope::{NumberedPage, Pagination, pagination as either};
use crate::dialect::json::{Always, IsoTime};
use crate::dialect::shapes::{Medium, Notification, Shown, Terms};
use crate::domain::chat::Chat;
use crate::domain::media::Source;
use crate::domain::message::{Message as DomainMessage, MessageKind};
use crate::domain::notice::{ChatView, Paging, Viewer};

/// The kinds of message that it has names for.
pub(super) const KINDS: &[MessageKind] =
    &[MessageKind::Text, MessageKind::Image, MessageKind::Video, MessageKind::File];

/// How much of a message a notification shows, in Unicode scalar values.
const PREVIEW_MAX_CHARACTERS: usize = 100;

/// The names that errors use.
pub(super) static TERMS: Terms = Terms {
    chat: "conversation",
    fields: &[
        ("chatId", "conversationId"),
        ("messageType", "type"),
        ("otherUserId", "participantId"),
        ("receiverId", "participantId"),
        ("room", "conversationId"),
    ],
};

/// A message.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    /// The id of the message.
    id: String,
    /// The number of the message in its conversation: 1, 2, 3, ... without gaps.
    seq: u64,
    /// The id of the conversation.
    conversation_id: String,
    /// The id of the user who sent it.
    sender_id: String,
    /// The text, or the name of the file if there is no text. Null if the message was deleted.
    content: Option<String>,
    /// The address of the first medium, null if there is none or the message was deleted.
    media_url: Option<String>,
    /// The type of the content.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = MessageKind::names(KINDS))))]
    kind: &'static str,
    /// Whether it was deleted. Then content and media are null.
    is_deleted: bool,
    /// When it was sent.
    timestamp: IsoTime,
    /// All media. Absent if `mediaUrl` says everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<Vec<Medium>>,
    /// True if the content is shortened to fit into an event. Otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<Always<true>>,
}

impl Message {
    /// An `IMessage` as `viewer` sees it. It always shows content, if there is any: for media without text, the name of
    /// the file.
    pub(super) fn new(message: &DomainMessage, chat: &Chat, viewer: &Viewer<'_>) -> Self {
        let shown = Shown::new(message, viewer, KINDS).always_text();
        Self {
            id: message.id.to_string(),
            seq: chat.number(message.id.seq),
            conversation_id: chat.id.to_string(),
            sender_id: message.sender.to_string(),
            media_url: shown.media_url(),
            kind: shown.kind,
            is_deleted: message.gone_at(viewer.user).is_some(),
            timestamp: IsoTime(message.created_at),
            media: shown.media_in_full(Source::url),
            truncated: shown.truncated(),
            content: shown.text.map(Into::into),
        }
    }
}

/// A conversation.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Conversation {
    /// The id of the conversation.
    id: String,
    /// The ids of all participants.
    participants: Vec<String>,
    /// The newest message, deleted or not. Null if there is none.
    last_message: Option<Message>,
    /// How many messages the caller has not read.
    unread_count: u64,
    /// When the conversation was created.
    created_at: IsoTime,
    /// When the conversation last changed.
    updated_at: IsoTime,
}

impl Conversation {
    /// An `IConversation` as `viewer` sees it.
    pub(super) fn new(view: &ChatView, viewer: &Viewer<'_>) -> Self {
        let ChatView { chat, latest } = view;
        Self::with(chat, latest.as_ref().map(|latest| Message::new(latest, chat, viewer)), viewer)
    }

    /// An `IConversation` whose last message is already built.
    pub(super) fn with(chat: &Chat, last_message: Option<Message>, viewer: &Viewer<'_>) -> Self {
        Self {
            id: chat.id.to_string(),
            participants: chat.members.iter().map(|member| member.user.to_string()).collect(),
            last_message,
            unread_count: chat.member(viewer.user).map_or(0, |(_, member)| member.unread),
            created_at: IsoTime(chat.created_at),
            updated_at: IsoTime(chat.updated_at),
        }
    }
}

/// An `INotification` about a message. Its id is the id of the message.
pub(super) fn notification(message: &DomainMessage, viewer: &Viewer<'_>) -> Notification {
    let shown = Shown::new(message, viewer, KINDS).always_text();
    let preview: String = shown.text.unwrap_or_default().chars().take(PREVIEW_MAX_CHARACTERS).collect();
    Notification::new(&message.id.to_string(), &preview, "message", message.created_at)
}

/// The pagination of a list.
pub(super) fn pagination(paging: &Paging) -> Pagination<NumberedPage> {
    either(paging, NumberedPage::new)
}
