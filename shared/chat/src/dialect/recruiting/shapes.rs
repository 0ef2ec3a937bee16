//! The objects that events and routes share.

use relay::clock::Timestamp;
use serde::Serialize;

use crate::dialect::envelope::{Pagination, pagination as either};
use crate::dialect::json::{Always, IsoTime};
use crate::dialect::shapes::{Medium, Shown};
use crate::domain::chat::Chat as DomainChat;
use crate::domain::id::{MessageId, UserId};
use crate::domain::media::Source;
use crate::domain::message::{Message as DomainMessage, MessageKind};
use crate::domain::notice::{ChatView, Paging, Viewer};
use crate::domain::user::User;
use crate::error::{Error, Thing};

/// The message kinds that the dialect has names for.
pub(super) const KINDS: &[MessageKind] =
    &[MessageKind::Text, MessageKind::Image, MessageKind::Video, MessageKind::File];

/// A message.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    /// The id of the message.
    #[serde(rename = "_id")]
    id: String,
    /// The number of the message in its chat: 1, 2, 3, ... without gaps.
    seq: u64,
    /// The id of the chat.
    chat_id: String,
    /// The id of the user who sent it.
    sender_id: String,
    /// The id of the other participant, null in a chat of more than two.
    receiver_id: Option<String>,
    /// The text, null if there is none or the message was deleted.
    content: Option<String>,
    /// The address of the first medium, null if there is none or the message was deleted.
    media_url: Option<String>,
    /// The type of the content.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = MessageKind::names(KINDS))))]
    message_type: &'static str,
    /// Whether the recipient has read it. For its sender: whether everybody else has.
    is_read: bool,
    /// Whether it was deleted. Then content and media are null.
    is_deleted: bool,
    /// When it was sent.
    created_at: IsoTime,
    /// When it was deleted, otherwise when it was sent.
    updated_at: IsoTime,
    /// All media. Absent if `mediaUrl` says everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<Vec<Medium>>,
    /// True if the content is shortened to fit into an event. Otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<Always<true>>,
}

impl Message {
    /// A message as `viewer` sees it. It counts as read for a recipient who has read it, and for the sender after
    /// everybody has.
    pub(super) fn new(message: &DomainMessage, chat: &DomainChat, viewer: &Viewer<'_>) -> Self {
        let shown = Shown::new(message, viewer, KINDS);
        Self {
            id: message.id.to_string(),
            seq: chat.number(message.id.seq),
            chat_id: chat.id.to_string(),
            sender_id: message.sender.to_string(),
            receiver_id: chat.other(&message.sender).map(UserId::to_string),
            media_url: shown.media_url(),
            message_type: shown.kind,
            is_read: message.is_read_for(chat, viewer.user),
            is_deleted: message.gone_at(viewer.user).is_some(),
            created_at: IsoTime(message.created_at),
            updated_at: IsoTime(message.updated_at(viewer.user)),
            media: shown.media_in_full(Source::url),
            truncated: shown.truncated(),
            content: shown.text.map(Into::into),
        }
    }
}

/// A chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Chat {
    /// The id of the chat.
    #[serde(rename = "_id")]
    id: String,
    /// The ids of all participants.
    users: Vec<String>,
    /// The newest message, deleted or not. Null if there is none.
    latest_message: Option<Message>,
    /// Whether any participant blocks the chat. Then nobody can send.
    is_blocked: bool,
    /// The id of the caller if they block the chat, else of another participant who does, else null.
    blocked_by: Option<String>,
    /// How many messages the caller has not read.
    unread_count: u64,
    /// When the chat was created.
    created_at: IsoTime,
    /// When the chat last changed.
    updated_at: IsoTime,
}

impl Chat {
    /// A chat as `viewer` sees it.
    pub(super) fn new(view: &ChatView, viewer: &Viewer<'_>) -> Self {
        let ChatView { chat, latest } = view;
        let own = chat.member(viewer.user).map(|(_, member)| member);
        let blocked_by =
            own.filter(|member| member.blocks).or_else(|| chat.members.iter().find(|member| member.blocks));
        Self {
            id: chat.id.to_string(),
            users: chat.members.iter().map(|member| member.user.to_string()).collect(),
            latest_message: latest.as_ref().map(|latest| Message::new(latest, chat, viewer)),
            is_blocked: chat.is_blocked(),
            blocked_by: blocked_by.map(|member| member.user.to_string()),
            unread_count: own.map_or(0, |member| member.unread),
            created_at: IsoTime(chat.created_at),
            updated_at: IsoTime(chat.updated_at),
        }
    }
}

/// A numbered page.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    /// The number of the page, from 1.
    page: u64,
    /// The entries per page.
    limit: u64,
    /// The exact number of entries.
    total: u64,
    /// The number of pages, 0 if there are no entries.
    total_pages: u64,
    /// Only of a search that reached its bound before the beginning of the chat: the id of the message where it
    /// stopped. Search on with this value as `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
}

/// The pagination of a list, and where a search stopped.
pub(super) fn pagination(paging: &Paging, stopped_before: Option<&MessageId>) -> Pagination<Page> {
    either(paging, |page, total| Page {
        page: page.number,
        limit: page.limit,
        total,
        total_pages: page.total_pages(total),
        before: stopped_before.map(MessageId::to_string),
    })
}

/// The users who are online.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct OnlineUsers {
    /// Their ids, as many as one event can carry.
    online_users: Vec<String>,
    /// How many they are.
    count: usize,
}

impl OnlineUsers {
    /// The users who are online, as many as there is room for, and their full number.
    pub(super) fn new(users: &[User], viewer: &Viewer<'_>) -> Self {
        let listed = users.iter().take(viewer.extent.people_max);
        Self { online_users: listed.map(|user| user.id.to_string()).collect(), count: users.len() }
    }
}

/// What went wrong.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct ErrorObject<'a> {
    /// The code that clients compare.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = crate::error::CODES)))]
    code: &'static str,
    /// A sentence for developers. For a wrong field it begins with the name of the field.
    message: String,
    /// What programs need to know about it.
    details: Details<'a>,
    /// When it happened, in milliseconds since 1970.
    timestamp: i64,
}

/// What programs need to know about an error.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    /// The field that is wrong, or that names what was not found. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// Whole seconds until the limit is over. Only with the code `RATE_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// Why the token was refused. Only with the code `AUTHENTICATION_ERROR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = crate::error::Refusal::reasons())))]
    reason: Option<&'static str>,
}

impl<'a> ErrorObject<'a> {
    /// An error. `details` names the field, or says when to try again or why a token was refused.
    pub(super) fn new(error: &'a Error, now: Timestamp) -> Self {
        let field = match error {
            Error::NotFound(Thing::Chat) => Some("chatId"),
            Error::NotFound(Thing::Message) => Some("messageId"),
            Error::NotFound(Thing::Upload) => Some("uploadId"),
            Error::NotFound(Thing::User) => Some("otherUserId"),
            other => other.field(),
        };
        let details = Details { field, retry_after: error.retry_after_secs(), reason: error.reason() };
        Self { code: error.code(), message: error.to_string(), details, timestamp: now.millis() }
    }
}
