//! The objects that events and routes share.

use relay::clock::Timestamp;
use serde_json::{Map, Value, json};

use crate::dialect::shapes::{Shown, pagination as either};
use crate::domain::chat::Chat;
use crate::domain::id::UserId;
use crate::domain::media::Source;
use crate::domain::message::{Message, MessageKind};
use crate::domain::notice::{ChatView, Paging, Viewer};
use crate::domain::user::User;
use crate::error::{Error, Thing};

/// The message kinds that the dialect has names for.
pub(super) const KINDS: &[MessageKind] =
    &[MessageKind::Text, MessageKind::Image, MessageKind::Video, MessageKind::File];

/// A message as `viewer` sees it. It counts as read for a recipient who has read it, and for the sender after everybody
/// has.
pub(super) fn message(message: &Message, chat: &Chat, viewer: &Viewer<'_>) -> Value {
    let shown = Shown::new(message, viewer, KINDS);
    let mut shape = json!({
        "_id": message.id.to_string(),
        "seq": chat.number(message.id.seq),
        "chatId": chat.id.to_string(),
        "senderId": message.sender.to_string(),
        "receiverId": chat.other(&message.sender).map(UserId::to_string),
        "content": shown.text,
        "mediaUrl": shown.media_url(),
        "messageType": shown.kind,
        "isRead": message.is_read_for(chat, viewer.user),
        "isDeleted": message.gone_at(viewer.user).is_some(),
        "createdAt": message.created_at.iso(),
        "updatedAt": message.updated_at(viewer.user).iso(),
    });
    shown.add_media(&mut shape, Source::url);
    shape
}

/// A chat as `viewer` sees it.
pub(super) fn chat(view: &ChatView, viewer: &Viewer<'_>) -> Value {
    let ChatView { chat, latest } = view;
    let own = chat.member(viewer.user).map(|(_, member)| member);
    let blocked_by = own.filter(|member| member.blocks).or_else(|| chat.members.iter().find(|member| member.blocks));
    json!({
        "_id": chat.id.to_string(),
        "users": chat.members.iter().map(|member| member.user.to_string()).collect::<Vec<_>>(),
        "latestMessage": latest.as_ref().map(|latest| message(latest, chat, viewer)),
        "isBlocked": chat.is_blocked(),
        "blockedBy": blocked_by.map(|member| member.user.to_string()),
        "unreadCount": own.map_or(0, |member| member.unread),
        "createdAt": chat.created_at.iso(),
        "updatedAt": chat.updated_at.iso(),
    })
}

/// The pagination of a list.
pub(super) fn pagination(paging: &Paging) -> Value {
    either(
        paging,
        |page, total| json!({"page": page.number, "limit": page.limit, "total": total, "totalPages": page.total_pages(total)}),
    )
}

/// The users who are online, as many as there is room for, and their full number.
pub(super) fn online_users(users: &[User], viewer: &Viewer<'_>) -> Value {
    let listed = users.iter().take(viewer.extent.people_max);
    json!({"onlineUsers": listed.map(|user| user.id.to_string()).collect::<Vec<_>>(), "count": users.len()})
}

/// An error. `details` names the field, or says when to try again or why a token was refused.
pub(super) fn error(error: &Error, now: Timestamp) -> Value {
    let mut details = Map::new();
    let field = match error {
        Error::NotFound(Thing::Chat) => Some("chatId"),
        Error::NotFound(Thing::Message) => Some("messageId"),
        Error::NotFound(Thing::Upload) => Some("uploadId"),
        Error::NotFound(Thing::User) => Some("otherUserId"),
        other => other.field(),
    };
    if let Some(field) = field {
        details.insert("field".to_owned(), field.into());
    }
    match error {
        Error::RateLimit { retry_after_secs, .. } => {
            details.insert("retryAfter".to_owned(), (*retry_after_secs).into());
        }
        Error::Authentication(refusal) => {
            details.insert("reason".to_owned(), refusal.reason().into());
        }
        _ => {}
    }
    json!({"code": error.code(), "message": error.to_string(), "details": details, "timestamp": now.millis()})
}
