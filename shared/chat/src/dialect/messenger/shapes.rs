//! The objects that events and routes share.

use relay::clock::Timestamp;
use serde_json::{Map, Value, json};

use crate::dialect::shapes::{Shown, Terms, pagination as either};
use crate::domain::chat::Chat;
use crate::domain::id::UserId;
use crate::domain::media::Source;
use crate::domain::message::{Message, MessageKind};
use crate::domain::notice::{Paging, Viewer};
use crate::domain::user::User;
use crate::error::{Error, Thing};

/// The message kinds that the dialect has names for.
const KINDS: &[MessageKind] = &[MessageKind::Text];

/// The longest preview in a notification, in Unicode scalar values (docs/dialects.md, "messenger").
const PREVIEW_MAX_CHARACTERS: usize = 100;

const TERMS: Terms = Terms { chat: "chat", fields: &[] };

/// A message as `viewer` sees it. In a chat of more than two people its receiver is the viewer.
pub(super) fn message(message: &Message, chat: &Chat, viewer: &Viewer<'_>) -> Value {
    let shown = Shown::new(message, viewer, KINDS);
    let receiver = chat.other(&message.sender).unwrap_or(viewer.user);
    let mut shape = json!({
        "_id": message.id.to_string(),
        "seq": chat.number(message.id.seq),
        "content": shown.text,
        "sentAt": message.created_at.iso(),
        "read": message.is_read_for(chat, viewer.user),
        "senderId": message.sender.to_string(),
        "senderName": name(&message.sender, viewer),
        "receiverId": receiver.to_string(),
        "receiverName": name(receiver, viewer),
        "isDeleted": message.gone_at(viewer.user).is_some(),
    });
    if let Value::Object(fields) = &mut shape {
        fields.extend(read_at(message, chat, viewer).map(|at| ("readAt".to_owned(), at.iso().into())));
        fields.extend(shown.media_url().map(|url| ("mediaUrl".to_owned(), url.into())));
    }
    shown.add_media(&mut shape, Source::url);
    shape
}

/// When the message was read, as `viewer` sees it: by the viewer, or for the sender by the last of the others.
fn read_at(message: &Message, chat: &Chat, viewer: &Viewer<'_>) -> Option<Timestamp> {
    if !message.is_read_for(chat, viewer.user) {
        return None;
    }
    if message.sender == *viewer.user {
        chat.others(viewer.user).filter_map(|member| message.read_at(chat, &member.user)).max()
    } else {
        message.read_at(chat, viewer.user)
    }
}

/// The first characters of a message's content.
pub(super) fn preview(message: &Message, viewer: &Viewer<'_>) -> String {
    let shown = Shown::new(message, viewer, KINDS);
    shown.text.unwrap_or_default().chars().take(PREVIEW_MAX_CHARACTERS).collect()
}

/// A user by id and name.
pub(super) fn person(id: &UserId, viewer: &Viewer<'_>) -> Value {
    json!({"_id": id.to_string(), "name": name(id, viewer)})
}

fn name(id: &UserId, viewer: &Viewer<'_>) -> String {
    viewer.directory.user(id).display_name().chars().take(viewer.extent.name_max_characters).collect()
}

/// A user who is online. The user was last seen now.
pub(super) fn online_user(user: &User, viewer: &Viewer<'_>) -> Value {
    json!({
        "userId": user.id.to_string(),
        "_id": user.id.to_string(),
        "name": user.display_name(),
        "username": user.claims.username,
        "email": user.claims.email,
        "role": user.claims.role,
        "lastSeen": viewer.now.iso(),
    })
}

/// The pagination of a history.
pub(super) fn pagination(paging: &Paging) -> Value {
    either(paging, |page, total| json!({"page": page.number, "hasMore": page.number < page.total_pages(total)}))
}

/// An error, with the documented text if there is one, otherwise with a plain description.
pub(super) fn error(error: &Error) -> Map<String, Value> {
    error_in(&TERMS, error)
}

/// An error, with the names of fields in `terms`.
pub(super) fn error_in(terms: &'static Terms, error: &Error) -> Map<String, Value> {
    let mut said = terms.error(error);
    let documented = match error {
        Error::NotFound(Thing::User) => Some("Receiver not found"),
        Error::NotFound(Thing::Chat | Thing::Message | Thing::Media | Thing::Upload) | Error::Forbidden(_) => {
            Some("Access denied")
        }
        _ => None,
    };
    said.extend(documented.map(|text| ("message".to_owned(), text.into())));
    said
}

/// An internal error in answer to a send.
pub(super) fn unsent(error: &Error) -> Map<String, Value> {
    let mut said = self::error(error);
    said.insert("message".to_owned(), "Failed to send message".into());
    said
}
