//! The objects that events and routes share.

use serde_json::{Value, json};

use crate::dialect::shapes::{Shown, Terms, media, pagination as either};
use crate::domain::chat::Chat;
use crate::domain::id::{MessageId, UserId};
use crate::domain::media::Source;
use crate::domain::message::{Message, MessageKind};
use crate::domain::notice::{ChatView, Paging, Viewer};

/// The names that errors use.
pub(super) static TERMS: Terms = Terms {
    chat: "conversation",
    fields: &[
        ("content", "text"),
        ("mediaUrl", "media"),
        ("id", "participantId"),
        ("otherUserId", "participantId"),
        ("room", "conversationId"),
    ],
};

/// A message as `viewer` sees it.
pub(super) fn message(message: &Message, chat: &Chat, viewer: &Viewer<'_>) -> Value {
    let shown = Shown::new(message, viewer, &MessageKind::ALL);
    let sender = viewer.directory.user(&message.sender);
    json!({
        "_id": message.id.to_string(),
        "seq": chat.number(message.id.seq),
        "conversationId": chat.id.to_string(),
        "senderId": {
            "_id": sender.id.to_string(),
            "firstName": sender.claims.first_name,
            "lastName": sender.claims.last_name,
            "name": sender.display_name(),
            "profileImage": sender.claims.picture,
        },
        "text": shown.text,
        "media": typed(media(shown.media, Source::url), message.kind),
        "messageType": shown.kind,
        "status": message.progress(chat).name(),
        "replyTo": message.reply_to.as_ref().map(MessageId::to_string),
        "deletedAt": message.gone_at(viewer.user).map(|at| at.iso()),
        "createdAt": message.created_at.iso(),
        "updatedAt": message.updated_at(viewer.user).iso(),
    })
}

/// Adds the type of the message to its only medium, if the medium has no type of its own. In other dialects a sender
/// cannot name a type.
fn typed(mut media: Value, kind: MessageKind) -> Value {
    if let Some([Value::Object(only)]) = media.as_array_mut().map(Vec::as_mut_slice)
        && kind != MessageKind::Text
    {
        only.entry("type").or_insert_with(|| kind.name().into());
    }
    media
}

/// A chat as `viewer` sees it.
pub(super) fn conversation(view: &ChatView, viewer: &Viewer<'_>) -> Value {
    let ChatView { chat, latest } = view;
    let own = chat.member(viewer.user).map(|(_, member)| member);
    json!({
        "_id": chat.id.to_string(),
        "participants": chat.members.iter().map(|member| participant(&member.user, viewer)).collect::<Value>(),
        "lastMessage": latest.as_ref().map(|latest| message(latest, chat, viewer)),
        "lastMessageAt": chat.active_at.iso(),
        "isGroup": chat.members.len() > 2,
        "unreadCount": own.map_or(0, |member| member.unread),
        "createdAt": chat.created_at.iso(),
        "updatedAt": chat.updated_at.iso(),
    })
}

fn participant(user: &UserId, viewer: &Viewer<'_>) -> Value {
    let user = viewer.directory.user(user);
    json!({
        "_id": user.id.to_string(),
        "firstName": user.claims.first_name,
        "lastName": user.claims.last_name,
        "name": user.display_name(),
        "profileImage": user.claims.picture,
        "isOnline": user.is_online(),
        "lastSeen": user.seen_at(viewer.now).map(|at| at.millis()),
    })
}

/// The pagination of a list of messages.
pub(super) fn pagination(paging: &Paging) -> Value {
    either(paging, |page, total| json!({"page": page.number, "limit": page.limit, "total": total}))
}
