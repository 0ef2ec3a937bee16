//! The objects that events and routes share.

use serde_json::{Map, Value, json};

use crate::domain::chat::Chat;
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::domain::message::Message;
use crate::domain::notice::{ChatView, Paging};
use crate::error::{Error, Thing};

/// A message as `viewer` sees it: a recipient's own reading, or for the sender everybody's.
pub(super) fn message(message: &Message, chat: &Chat, viewer: &UserId) -> Value {
    let is_read =
        if message.sender == *viewer { message.is_read_by_all(chat) } else { message.is_read_by(chat, viewer) };
    let content = message.content.as_ref();
    json!({
        "_id": message.id.to_string(),
        "seq": chat.number(message.id.seq),
        "chatId": chat.id.to_string(),
        "senderId": message.sender.to_string(),
        "receiverId": chat.other(&message.sender).map(UserId::to_string),
        "content": content.and_then(|content| content.text.as_deref()),
        "mediaUrl": content.and_then(|content| content.media.first()).map(|media| media.url()),
        "messageType": message.kind.name(),
        "isRead": is_read,
        "isDeleted": message.deleted_at.is_some(),
        "createdAt": message.created_at.iso(),
        "updatedAt": message.updated_at().iso(),
    })
}

/// A chat as `viewer` sees it.
pub(super) fn chat(view: &ChatView, viewer: &UserId) -> Value {
    let ChatView { chat, latest } = view;
    let own = chat.member(viewer).map(|(_, member)| member);
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

/// Where a list stands in the whole.
pub(super) fn pagination(paging: &Paging) -> Value {
    match *paging {
        Paging::Page { page, total } => {
            json!({"page": page.number, "limit": page.limit, "total": total, "totalPages": page.total_pages(total)})
        }
        Paging::After { limit, total, has_more } => json!({"limit": limit, "total": total, "hasMore": has_more}),
    }
}

/// Who is here.
pub(super) fn online_users(users: &[UserId]) -> Value {
    json!({"onlineUsers": users.iter().map(UserId::to_string).collect::<Vec<_>>(), "count": users.len()})
}

/// An error: `details` names the field, or says when to try again.
pub(super) fn error(error: &Error, now: Timestamp) -> Value {
    let mut details = Map::new();
    let field = match error {
        Error::NotFound(Thing::Chat) => Some("chatId"),
        Error::NotFound(Thing::Message) => Some("messageId"),
        Error::NotFound(Thing::User) => Some("otherUserId"),
        other => other.field(),
    };
    if let Some(field) = field {
        details.insert("field".to_owned(), field.into());
    }
    if let Error::RateLimit { retry_after_secs, .. } = error {
        details.insert("retryAfter".to_owned(), (*retry_after_secs).into());
    }
    json!({"code": error.code(), "message": error.to_string(), "details": details, "timestamp": now.millis()})
}
