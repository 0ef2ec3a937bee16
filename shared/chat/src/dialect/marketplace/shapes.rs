//! The objects that events and routes share.

use serde::Serialize;
use serde_json::Value;

use crate::dialect::envelope::{Pagination, pagination};
use crate::dialect::every::Listing;
use crate::dialect::json::{Always, IsoTime};
use crate::dialect::shapes::{ErrorObject, Medium, Shown, Terms, refusal as common};
use crate::domain::chat::{Chat as DomainChat, Member};
use crate::domain::id::UserId;
use crate::domain::media::Source;
use crate::domain::message::{Message as DomainMessage, MessageKind};
use crate::domain::notice::{ChatView, Paging, Viewer};
use crate::error::{Error, Refusal};

/// The message kinds that the dialect has names for.
pub(super) const KINDS: &[MessageKind] = &[MessageKind::Text, MessageKind::Image, MessageKind::Video];

const TERMS: Terms = Terms { chat: "chat", fields: &[("otherUserId", "participantId"), ("room", "chatId")] };

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
    /// The id of the chat.
    chat: String,
    /// The user who sent it.
    sender: Sender,
    /// The type of the content.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = MessageKind::names(KINDS))))]
    message_type: &'static str,
    /// The text, null if there is none or the message was deleted.
    content: Option<String>,
    /// The first medium, null if there is none or the message was deleted: an address, or the generated name of a file
    /// that is served at `/api/media/{name}`. For `<img>`, `/api/media/{name}/link` gives an address without a token.
    media_url: Option<String>,
    /// The ids of the recipients who have read it.
    read_by: Vec<String>,
    /// How far it has come among its recipients.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = crate::domain::message::Progress::NAMES)))]
    status: &'static str,
    /// The id of the message to which it replies, null if it replies to none.
    parent_message: Option<String>,
    /// Always empty.
    reactions: [String; 0],
    is_edited: Always<false>,
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

/// The user who sent a message.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Sender {
    /// The id of the user.
    #[serde(rename = "_id")]
    id: String,
    /// The name to show.
    name: String,
    /// The address of a picture, null if there is none.
    profile_picture: Option<String>,
}

impl Message {
    /// A message as `viewer` sees it.
    pub(super) fn new(message: &DomainMessage, chat: &DomainChat, viewer: &Viewer<'_>) -> Self {
        let shown = Shown::new(message, viewer, KINDS);
        let sender = viewer.directory.user(&message.sender);
        Self {
            id: message.id.to_string(),
            seq: chat.number(message.id.seq),
            chat: chat.id.to_string(),
            sender: Sender {
                id: message.sender.to_string(),
                name: sender.display_name(),
                profile_picture: sender.claims.picture.clone(),
            },
            message_type: shown.kind,
            media_url: shown.media.first().map(|medium| url(&medium.source)),
            read_by: message.readers(chat).iter().map(UserId::to_string).collect(),
            status: message.progress(chat).name(),
            parent_message: message.reply_to.as_ref().map(ToString::to_string),
            reactions: [],
            is_edited: Always,
            is_deleted: message.gone_at(viewer.user).is_some(),
            created_at: IsoTime(message.created_at),
            updated_at: IsoTime(message.updated_at(viewer.user)),
            media: shown.media_in_full(url),
            truncated: shown.truncated(),
            content: shown.text.map(Into::into),
        }
    }
}

/// The address of a medium. For an object of our own it is the generated name, which clients append to the path
/// themselves.
fn url(source: &Source) -> String {
    match source {
        Source::Link(url) => url.clone(),
        Source::Object(name) => name.to_string(),
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
    /// All participants.
    participants: Vec<Participant>,
    /// The listing that the chat is about, null if it is about none or the listing does not exist.
    pet_listing: Option<Listing>,
    /// `pet_inquiry` for a chat about a listing, else `direct`.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = [INQUIRY, DIRECT])))]
    chat_type: &'static str,
    /// The newest message, deleted or not. Null if there is none.
    last_message: Option<LastMessage>,
    /// When somebody last sent a message, otherwise when the chat was created.
    last_message_time: IsoTime,
    is_active: Always<true>,
    /// Whether any participant blocks the chat. Then nobody can send.
    is_blocked: bool,
    /// The ids of everybody who blocks the chat.
    blocked_by: Vec<String>,
    /// The caller's count of unread messages.
    unread_count: [Unread; 1],
    /// When the chat was created.
    created_at: IsoTime,
    /// When the chat last changed.
    updated_at: IsoTime,
}

const INQUIRY: &str = "pet_inquiry";
const DIRECT: &str = "direct";

/// A participant of a chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Participant {
    /// The id of the user.
    #[serde(rename = "_id")]
    id: String,
    /// The name to show.
    name: String,
    /// The e-mail address, null if there is none or the user has not written in the chat.
    email: Option<String>,
    /// The address of a picture, null if there is none.
    profile_picture: Option<String>,
}

/// The newest message of a chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct LastMessage {
    /// The id of the message.
    #[serde(rename = "_id")]
    id: String,
    /// The number of the message in its chat.
    seq: u64,
    /// The text, null if there is none or the message was deleted.
    content: Option<String>,
    /// Whether it was deleted.
    is_deleted: bool,
    /// When it was sent.
    created_at: IsoTime,
}

/// How many messages a user has not read.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Unread {
    /// The id of the user.
    user_id: String,
    /// How many messages the user has not read.
    count: u64,
}

impl Chat {
    /// A chat as `viewer` sees it.
    pub(super) fn new(view: &ChatView, viewer: &Viewer<'_>) -> Self {
        let ChatView { chat, latest } = view;
        let unread = chat.member(viewer.user).map_or(0, |(_, member)| member.unread);
        let listing = chat.about.as_ref().and_then(|about| viewer.directory.listing(about));
        Self {
            id: chat.id.to_string(),
            participants: chat.members.iter().map(|member| Participant::new(member, viewer)).collect(),
            pet_listing: listing.map(Listing::new),
            chat_type: if chat.about.is_some() { INQUIRY } else { DIRECT },
            last_message: latest.as_ref().map(|latest| LastMessage::new(latest, chat, viewer)),
            last_message_time: IsoTime(chat.active_at),
            is_active: Always,
            is_blocked: chat.is_blocked(),
            blocked_by: blockers(chat),
            unread_count: [Unread { user_id: viewer.user.to_string(), count: unread }],
            created_at: IsoTime(chat.created_at),
            updated_at: IsoTime(chat.updated_at),
        }
    }
}

impl Participant {
    /// A participant. A user who has written in a chat shows their e-mail address to the others. To be added to a chat
    /// reveals nothing.
    fn new(member: &Member, viewer: &Viewer<'_>) -> Self {
        let profile = viewer.directory.user(&member.user);
        let shows_email = member.wrote || member.user == *viewer.user;
        Self {
            id: member.user.to_string(),
            name: profile.display_name(),
            email: profile.claims.email.clone().filter(|_| shows_email),
            profile_picture: profile.claims.picture.clone(),
        }
    }
}

impl LastMessage {
    fn new(message: &DomainMessage, chat: &DomainChat, viewer: &Viewer<'_>) -> Self {
        let shown = Shown::new(message, viewer, KINDS);
        Self {
            id: message.id.to_string(),
            seq: chat.number(message.id.seq),
            content: shown.text.map(Into::into),
            is_deleted: message.gone_at(viewer.user).is_some(),
            created_at: IsoTime(message.created_at),
        }
    }
}

/// The users who block a chat.
pub(super) fn blockers(chat: &DomainChat) -> Vec<String> {
    chat.members.iter().filter(|member| member.blocks).map(|member| member.user.to_string()).collect()
}

/// A numbered page of chats.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct PageOfChats {
    /// The number of the page, from 1.
    current_page: u64,
    /// The number of pages, 0 if there are no chats.
    total_pages: u64,
    /// The exact number of chats.
    total_chats: u64,
    /// Whether more pages follow.
    has_more: bool,
}

impl PageOfChats {
    /// The position of a list of chats.
    pub(super) fn pagination(paging: &Paging) -> Pagination<Self> {
        pagination(paging, |page, total_chats| {
            let total_pages = page.total_pages(total_chats);
            Self { current_page: page.number, total_pages, total_chats, has_more: page.number < total_pages }
        })
    }
}

/// A numbered page of messages.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct PageOfMessages {
    /// The number of the page, from 1.
    current_page: u64,
    /// The number of pages, 0 if there are no messages.
    total_pages: u64,
    /// The exact number of messages.
    total_messages: u64,
    /// Whether more pages follow.
    has_more: bool,
}

impl PageOfMessages {
    /// The position of a list of messages.
    pub(super) fn pagination(paging: &Paging) -> Pagination<Self> {
        pagination(paging, |page, total_messages| {
            let total_pages = page.total_pages(total_messages);
            Self { current_page: page.number, total_pages, total_messages, has_more: page.number < total_pages }
        })
    }
}

/// An error. Clients compare the text of a refused token, so it is the same for every reason.
pub(super) fn error(error: &Error) -> ErrorObject {
    let mut said = TERMS.error(error);
    if let Error::Authentication(_) = error {
        REFUSED.clone_into(&mut said.message);
    }
    said
}

/// The payload of CONNECT_ERROR.
pub(super) fn refusal(refusal: Refusal) -> Value {
    common(refusal, REFUSED)
}

const REFUSED: &str = "Authentication error";
