//! The objects that events and routes share.

use relay::clock::Timestamp;
use serde::Serialize;

use crate::dialect::envelope::{NumberedPage, Pagination, pagination as either};
use crate::dialect::json::IsoTime;
use crate::dialect::shapes::{Medium, Shown, Terms, media};
use crate::domain::chat::Chat;
use crate::domain::id::{MessageId, UserId};
use crate::domain::media::Source;
use crate::domain::message::{Message as DomainMessage, MessageKind};
use crate::domain::notice::{ChatView, Paging, Viewer};
use crate::domain::user::User;

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

/// A message.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    /// The id of the message.
    #[serde(rename = "_id")]
    id: String,
    /// The number of the message in its conversation: 1, 2, 3, ... without gaps.
    seq: u64,
    /// The id of the conversation.
    conversation_id: String,
    /// The user who sent it.
    sender_id: Sender,
    /// The text, null if there is none or the message was deleted.
    text: Option<String>,
    /// All media, empty if there are none or the message was deleted.
    media: Vec<Medium>,
    /// The type of the content.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = MessageKind::names(&MessageKind::ALL))))]
    message_type: &'static str,
    /// How far it has come among its recipients.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = crate::domain::message::Progress::NAMES)))]
    status: &'static str,
    /// The id of the message to which it replies, null if it replies to none.
    reply_to: Option<String>,
    /// When it was deleted, for everybody or for the caller. Null if it was not.
    deleted_at: Option<IsoTime>,
    /// When it was sent.
    created_at: IsoTime,
    /// When it was deleted, otherwise when it was sent.
    updated_at: IsoTime,
}

/// The user who sent a message.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Sender {
    /// The id of the user.
    #[serde(rename = "_id")]
    id: String,
    /// The given name, null if there is none.
    first_name: Option<String>,
    /// The family name, null if there is none.
    last_name: Option<String>,
    /// The name to show.
    name: String,
    /// The address of a picture, null if there is none.
    profile_image: Option<String>,
}

impl Sender {
    fn new(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            first_name: user.claims.first_name.clone(),
            last_name: user.claims.last_name.clone(),
            name: user.display_name(),
            profile_image: user.claims.picture.clone(),
        }
    }
}

impl Message {
    /// A message as `viewer` sees it.
    pub(super) fn new(message: &DomainMessage, chat: &Chat, viewer: &Viewer<'_>) -> Self {
        let shown = Shown::new(message, viewer, &MessageKind::ALL);
        Self {
            id: message.id.to_string(),
            seq: chat.number(message.id.seq),
            conversation_id: chat.id.to_string(),
            sender_id: Sender::new(&viewer.directory.user(&message.sender)),
            media: typed(media(shown.media, Source::url), message.kind),
            message_type: shown.kind,
            status: message.progress(chat).name(),
            reply_to: message.reply_to.as_ref().map(MessageId::to_string),
            deleted_at: message.gone_at(viewer.user).map(IsoTime),
            created_at: IsoTime(message.created_at),
            updated_at: IsoTime(message.updated_at(viewer.user)),
            text: shown.text.map(Into::into),
        }
    }
}

/// Adds the type of the message to its only medium, if the medium has no type of its own. In other dialects a sender
/// cannot name a type.
fn typed(mut media: Vec<Medium>, kind: MessageKind) -> Vec<Medium> {
    if let [only] = media.as_mut_slice()
        && kind != MessageKind::Text
    {
        only.media_type.get_or_insert_with(|| kind.name().to_owned());
    }
    media
}

/// A conversation.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Conversation {
    /// The id of the conversation.
    #[serde(rename = "_id")]
    id: String,
    /// All participants.
    participants: Vec<Participant>,
    /// The newest message, deleted or not. Null if there is none.
    last_message: Option<Message>,
    /// When somebody last sent a message, otherwise when the conversation was created.
    last_message_at: IsoTime,
    /// Whether it has more than two participants.
    is_group: bool,
    /// How many messages the caller has not read.
    unread_count: u64,
    /// When the conversation was created.
    created_at: IsoTime,
    /// When the conversation last changed.
    updated_at: IsoTime,
}

/// A participant of a conversation.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Participant {
    /// The id of the user.
    #[serde(rename = "_id")]
    id: String,
    /// The given name, null if there is none.
    first_name: Option<String>,
    /// The family name, null if there is none.
    last_name: Option<String>,
    /// The name to show.
    name: String,
    /// The address of a picture, null if there is none.
    profile_image: Option<String>,
    /// Whether the user is online.
    is_online: bool,
    /// When the user was last online, in milliseconds since 1970: the present time for a user who is online, null for
    /// one who was never seen.
    last_seen: Option<i64>,
}

impl Conversation {
    /// A conversation as `viewer` sees it.
    pub(super) fn new(view: &ChatView, viewer: &Viewer<'_>) -> Self {
        let ChatView { chat, latest } = view;
        let own = chat.member(viewer.user).map(|(_, member)| member);
        Self {
            id: chat.id.to_string(),
            participants: chat.members.iter().map(|member| Participant::new(&member.user, viewer)).collect(),
            last_message: latest.as_ref().map(|latest| Message::new(latest, chat, viewer)),
            last_message_at: IsoTime(chat.active_at),
            is_group: chat.members.len() > 2,
            unread_count: own.map_or(0, |member| member.unread),
            created_at: IsoTime(chat.created_at),
            updated_at: IsoTime(chat.updated_at),
        }
    }
}

impl Participant {
    fn new(user: &UserId, viewer: &Viewer<'_>) -> Self {
        let user = viewer.directory.user(user);
        Self {
            id: user.id.to_string(),
            first_name: user.claims.first_name.clone(),
            last_name: user.claims.last_name.clone(),
            name: user.display_name(),
            profile_image: user.claims.picture.clone(),
            is_online: user.is_online(),
            last_seen: user.seen_at(viewer.now).map(Timestamp::millis),
        }
    }
}

/// The pagination of a list of messages.
pub(super) fn pagination(paging: &Paging) -> Pagination<NumberedPage> {
    either(paging, NumberedPage::new)
}
