//! The objects that events and routes share.

use relay::clock::Timestamp;
use serde::Serialize;

use crate::dialect::envelope::{Pagination, pagination as either};
use crate::dialect::json::{Always, IsoTime};
use crate::dialect::shapes::{ErrorObject, Medium, Shown, Terms};
use crate::domain::chat::Chat;
use crate::domain::id::UserId;
use crate::domain::media::Source;
use crate::domain::message::{Message as DomainMessage, MessageKind};
use crate::domain::notice::{Paging, Viewer};
use crate::domain::user::User;
use crate::error::{Error, Thing};

/// The message kinds that the dialect has names for.
const KINDS: &[MessageKind] = &[MessageKind::Text];

/// The longest preview in a notification, in Unicode scalar values (docs/dialects.md, "messenger").
const PREVIEW_MAX_CHARACTERS: usize = 100;

const TERMS: Terms = Terms { chat: "chat", fields: &[] };

/// A message.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    /// The id of the message.
    #[serde(rename = "_id")]
    id: String,
    /// The number of the message in its chat: 1, 2, 3, ... without gaps.
    seq: u64,
    /// The text, or the name of the file if there is no text. Null if the message was deleted.
    content: Option<String>,
    /// When it was sent.
    sent_at: IsoTime,
    /// Whether the recipient has read it. For its sender: whether everybody else has.
    read: bool,
    /// The id of the user who sent it.
    sender_id: String,
    /// The name of that user.
    sender_name: String,
    /// The id of the recipient.
    receiver_id: String,
    /// The name of the recipient.
    receiver_name: String,
    /// Whether it was deleted. Then `content` is null, and there are no media.
    is_deleted: bool,
    /// When it was read. Absent if it is not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<IsoTime>,
    /// The address of the first medium. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_url: Option<String>,
    /// All media. Absent if `mediaUrl` says everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<Vec<Medium>>,
    /// True if the content is shortened to fit into an event. Otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<Always<true>>,
}

impl Message {
    /// A message as `viewer` sees it. In a chat of more than two people its receiver is the viewer.
    pub(super) fn new(message: &DomainMessage, chat: &Chat, viewer: &Viewer<'_>) -> Self {
        let shown = Shown::new(message, viewer, KINDS);
        let receiver = chat.other(&message.sender).unwrap_or(viewer.user);
        Self {
            id: message.id.to_string(),
            seq: chat.number(message.id.seq),
            sent_at: IsoTime(message.created_at),
            read: message.is_read_for(chat, viewer.user),
            sender_id: message.sender.to_string(),
            sender_name: name(&message.sender, viewer),
            receiver_id: receiver.to_string(),
            receiver_name: name(receiver, viewer),
            is_deleted: message.gone_at(viewer.user).is_some(),
            read_at: read_at(message, chat, viewer).map(IsoTime),
            media_url: shown.media_url(),
            media: shown.media_in_full(Source::url),
            truncated: shown.truncated(),
            content: shown.text.map(Into::into),
        }
    }
}

/// When the message was read, as `viewer` sees it: by the viewer, or for the sender by the last of the others.
fn read_at(message: &DomainMessage, chat: &Chat, viewer: &Viewer<'_>) -> Option<Timestamp> {
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
pub(super) fn preview(message: &DomainMessage, viewer: &Viewer<'_>) -> String {
    let shown = Shown::new(message, viewer, KINDS);
    shown.text.unwrap_or_default().chars().take(PREVIEW_MAX_CHARACTERS).collect()
}

/// A user by id and name.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Person {
    /// The id of the user.
    #[serde(rename = "_id")]
    id: String,
    /// The name to show.
    name: String,
}

impl Person {
    /// The user with this id.
    pub(super) fn new(id: &UserId, viewer: &Viewer<'_>) -> Self {
        Self { id: id.to_string(), name: name(id, viewer) }
    }
}

fn name(id: &UserId, viewer: &Viewer<'_>) -> String {
    viewer.directory.user(id).display_name().chars().take(viewer.extent.name_max_characters).collect()
}

/// A user who is online.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct OnlineUser {
    /// The id of the user.
    user_id: String,
    /// The id of the user.
    #[serde(rename = "_id")]
    id: String,
    /// The name to show.
    name: String,
    /// The username, null if there is none.
    username: Option<String>,
    /// The e-mail address, null if there is none or the caller may not see it.
    email: Option<String>,
    /// The role, null if there is none.
    role: Option<String>,
    /// The present time.
    last_seen: IsoTime,
}

impl OnlineUser {
    /// A user who is online. The user was last seen now.
    pub(super) fn new(user: &User, viewer: &Viewer<'_>) -> Self {
        Self {
            user_id: user.id.to_string(),
            id: user.id.to_string(),
            name: user.display_name(),
            username: user.claims.username.clone(),
            email: user.claims.email.clone(),
            role: user.claims.role.clone(),
            last_seen: IsoTime(viewer.now),
        }
    }
}

/// A numbered page of a history.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct PageOfHistory {
    /// The number of the page, from 1.
    page: u64,
    /// Whether more pages follow.
    has_more: bool,
}

/// The pagination of a history.
pub(super) fn pagination(paging: &Paging) -> Pagination<PageOfHistory> {
    either(paging, |page, total| PageOfHistory { page: page.number, has_more: page.number < page.total_pages(total) })
}

/// An error, with the documented text if there is one, otherwise with a plain description.
pub(super) fn error(error: &Error) -> ErrorObject {
    error_in(&TERMS, error)
}

/// An error, with the names of fields in `terms`.
pub(super) fn error_in(terms: &'static Terms, error: &Error) -> ErrorObject {
    let mut said = terms.error(error);
    let documented = match error {
        Error::NotFound(Thing::User) => Some("Receiver not found"),
        Error::NotFound(Thing::Chat | Thing::Message | Thing::Media | Thing::Upload) | Error::Forbidden(_) => {
            Some("Access denied")
        }
        _ => None,
    };
    if let Some(text) = documented {
        text.clone_into(&mut said.message);
    }
    said
}

/// An internal error in answer to a send.
pub(super) fn unsent(error: &Error) -> ErrorObject {
    let mut said = self::error(error);
    "Failed to send message".clone_into(&mut said.message);
    said
}
