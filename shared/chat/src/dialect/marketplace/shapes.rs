//! The objects that events and routes share.

use serde_json::{Map, Value, json};

use crate::dialect::every;
use crate::dialect::shapes::{Shown, Terms, pagination as either, refusal as common};
use crate::domain::chat::{Chat, Member};
use crate::domain::id::UserId;
use crate::domain::media::Source;
use crate::domain::message::{Message, MessageKind};
use crate::domain::notice::{ChatView, Paging, Viewer};
use crate::error::{Error, Refusal};

/// The message kinds that the dialect has names for.
pub(super) const KINDS: &[MessageKind] = &[MessageKind::Text, MessageKind::Image, MessageKind::Video];

const TERMS: Terms = Terms { chat: "chat", fields: &[("otherUserId", "participantId"), ("room", "chatId")] };

/// A message as `viewer` sees it.
pub(super) fn message(message: &Message, chat: &Chat, viewer: &Viewer<'_>) -> Value {
    let shown = Shown::new(message, viewer, KINDS);
    let sender = viewer.directory.user(&message.sender);
    let mut shape = json!({
        "_id": message.id.to_string(),
        "seq": chat.number(message.id.seq),
        "chat": chat.id.to_string(),
        "sender": {
            "_id": message.sender.to_string(),
            "name": sender.display_name(),
            "profilePicture": sender.claims.picture,
        },
        "messageType": shown.kind,
        "content": shown.text,
        "mediaUrl": shown.media.first().map(|medium| url(&medium.source)),
        "readBy": message.readers(chat).iter().map(UserId::to_string).collect::<Vec<_>>(),
        "status": message.progress(chat).name(),
        "parentMessage": message.reply_to.as_ref().map(ToString::to_string),
        "reactions": [],
        "isEdited": false,
        "isDeleted": message.gone_at(viewer.user).is_some(),
        "createdAt": message.created_at.iso(),
        "updatedAt": message.updated_at(viewer.user).iso(),
    });
    shown.add_media(&mut shape, url);
    shape
}

/// The address of a medium. For an object of our own it is the generated name, which clients append to the path
/// themselves.
fn url(source: &Source) -> String {
    match source {
        Source::Link(url) => url.clone(),
        Source::Object(name) => name.to_string(),
    }
}

/// A chat as `viewer` sees it.
pub(super) fn chat(view: &ChatView, viewer: &Viewer<'_>) -> Value {
    let ChatView { chat, latest } = view;
    let unread = chat.member(viewer.user).map_or(0, |(_, member)| member.unread);
    let listing = chat.about.as_ref().and_then(|about| viewer.directory.listing(about));
    json!({
        "_id": chat.id.to_string(),
        "participants": chat.members.iter().map(|member| participant(member, viewer)).collect::<Vec<_>>(),
        "petListing": listing.map(every::listing),
        "chatType": if chat.about.is_some() { "pet_inquiry" } else { "direct" },
        "lastMessage": latest.as_ref().map(|latest| last_message(latest, chat, viewer)),
        "lastMessageTime": chat.active_at.iso(),
        "isActive": true,
        "isBlocked": chat.is_blocked(),
        "blockedBy": blockers(chat),
        "unreadCount": [{"userId": viewer.user.to_string(), "count": unread}],
        "createdAt": chat.created_at.iso(),
        "updatedAt": chat.updated_at.iso(),
    })
}

/// A participant. A user who has written in a chat shows their e-mail address to the others. To be added to a chat
/// reveals nothing.
fn participant(member: &Member, viewer: &Viewer<'_>) -> Value {
    let profile = viewer.directory.user(&member.user);
    let shows_email = member.wrote || member.user == *viewer.user;
    json!({
        "_id": member.user.to_string(),
        "name": profile.display_name(),
        "email": profile.claims.email.as_ref().filter(|_| shows_email),
        "profilePicture": profile.claims.picture,
    })
}

fn last_message(message: &Message, chat: &Chat, viewer: &Viewer<'_>) -> Value {
    let shown = Shown::new(message, viewer, KINDS);
    json!({
        "_id": message.id.to_string(),
        "seq": chat.number(message.id.seq),
        "content": shown.text,
        "isDeleted": message.gone_at(viewer.user).is_some(),
        "createdAt": message.created_at.iso(),
    })
}

/// The users who block a chat.
pub(super) fn blockers(chat: &Chat) -> Vec<String> {
    chat.members.iter().filter(|member| member.blocks).map(|member| member.user.to_string()).collect()
}

/// The pagination of a list. `totals` is the name of the field with the number of entries.
pub(super) fn pagination(paging: &Paging, totals: &'static str) -> Value {
    let mut said = either(paging, |page, total| {
        let pages = page.total_pages(total);
        json!({"currentPage": page.number, "totalPages": pages, "hasMore": page.number < pages})
    });
    if let (Paging::Page { total, .. }, Value::Object(fields)) = (paging, &mut said) {
        fields.insert(totals.to_owned(), (*total).into());
    }
    said
}

/// An error. Clients compare the text of a refused token, so it is the same for every reason.
pub(super) fn error(error: &Error) -> Map<String, Value> {
    let mut said = TERMS.error(error);
    if let Error::Authentication(_) = error {
        said.insert("message".to_owned(), REFUSED.into());
    }
    said
}

/// The payload of CONNECT_ERROR.
pub(super) fn refusal(refusal: Refusal) -> Value {
    common(refusal, REFUSED)
}

const REFUSED: &str = "Authentication error";
