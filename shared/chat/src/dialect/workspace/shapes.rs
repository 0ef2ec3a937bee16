//! The objects that events and routes share.

use serde_json::{Value, json};

use crate::dialect::shapes::{Shown, Terms, pagination as either};
use crate::domain::chat::Chat;
use crate::domain::media::Source;
use crate::domain::message::{Message, MessageKind};
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

/// An `IMessage` as `viewer` sees it. It always shows content, if there is any: for media without text, the name of the
/// file.
pub(super) fn message(message: &Message, chat: &Chat, viewer: &Viewer<'_>) -> Value {
    let shown = Shown::new(message, viewer, KINDS).always_text();
    let mut shape = json!({
        "id": message.id.to_string(),
        "seq": chat.number(message.id.seq),
        "conversationId": chat.id.to_string(),
        "senderId": message.sender.to_string(),
        "content": shown.text,
        "mediaUrl": shown.media_url(),
        "type": shown.kind,
        "isDeleted": message.gone_at(viewer.user).is_some(),
        "timestamp": message.created_at.iso(),
    });
    shown.add_media(&mut shape, Source::url);
    shape
}

/// An `IConversation` as `viewer` sees it.
pub(super) fn conversation(view: &ChatView, viewer: &Viewer<'_>) -> Value {
    let ChatView { chat, latest } = view;
    let latest = latest.as_ref().map(|latest| message(latest, chat, viewer));
    conversation_with(chat, latest.as_ref(), viewer)
}

/// An `IConversation` whose last message is already built.
pub(super) fn conversation_with(chat: &Chat, latest: Option<&Value>, viewer: &Viewer<'_>) -> Value {
    json!({
        "id": chat.id.to_string(),
        "participants": chat.members.iter().map(|member| member.user.to_string()).collect::<Vec<_>>(),
        "lastMessage": latest,
        "unreadCount": chat.member(viewer.user).map_or(0, |(_, member)| member.unread),
        "createdAt": chat.created_at.iso(),
        "updatedAt": chat.updated_at.iso(),
    })
}

/// An `INotification` about a message. Its id is the id of the message.
pub(super) fn notification(message: &Message, viewer: &Viewer<'_>) -> Value {
    let shown = Shown::new(message, viewer, KINDS).always_text();
    let preview: String = shown.text.unwrap_or_default().chars().take(PREVIEW_MAX_CHARACTERS).collect();
    json!({"id": message.id.to_string(), "message": preview, "type": "message", "createdAt": message.created_at.iso()})
}

/// The pagination of a list.
pub(super) fn pagination(paging: &Paging) -> Value {
    either(paging, |page, total| json!({"page": page.number, "limit": page.limit, "total": total}))
}
