//! The objects that services read.

use relay::clock::Timestamp;
use serde::Serialize;

use super::cursor::Position;
use crate::dialect::json::{Always, IsoTime};
use crate::dialect::shapes::{Medium, media};
use crate::domain::chat::{Chat as DomainChat, Member as DomainMember};
use crate::domain::id::{ListingId, MessageId};
use crate::domain::media::Source;
use crate::domain::message::Message as DomainMessage;
use crate::domain::moderation::{Deleted, Listed, LiveSocket};
use crate::domain::user::{Claims, User};

/// A body with a page of a list.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(inline))]
pub(super) struct Paged<T> {
    success: Always<true>,
    /// The entries. A page may be shorter than its limit although another page follows.
    data: Vec<T>,
    pagination: NextPage,
}

/// Where the next page begins.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct NextPage {
    /// The most entries that were asked for.
    limit: u64,
    /// The `cursor` of the next page, null after the last page.
    next_cursor: Option<String>,
}

impl<T> Paged<T> {
    /// A page, with each entry in words.
    pub(super) fn new<'a, E, C: Position>(listed: &'a Listed<E, C>, word: impl Fn(&'a E) -> T) -> Self {
        let pagination = NextPage { limit: listed.limit, next_cursor: listed.next.as_ref().map(Position::to_cursor) };
        Self { success: Always, data: listed.entries.iter().map(word).collect(), pagination }
    }
}

/// A user.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(rename = "ModeratedUser"))]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile<'a> {
    /// The id of the user.
    user_id: String,
    /// The name to show, null if none was given.
    name: Option<&'a str>,
    /// The given name, null if none was given.
    first_name: Option<&'a str>,
    /// The family name, null if none was given.
    last_name: Option<&'a str>,
    /// The username, null if none was given.
    username: Option<&'a str>,
    /// The e-mail address, null if none was given.
    email: Option<&'a str>,
    /// The role, null if none was given.
    role: Option<&'a str>,
    /// The address of a picture, null if none was given.
    picture: Option<&'a str>,
    /// When the token with this profile was issued, or a service set the profile. Null if neither happened.
    profile_at: Option<IsoTime>,
    /// Whether the user has a live socket. A user who appears offline has one, too.
    online: bool,
    /// The status that the user set: `online`, `away`, `busy` or `offline`.
    status: &'static str,
    /// When the last socket of the user left, null if none has.
    last_seen: Option<IsoTime>,
    /// The number of live sockets.
    sockets: u64,
    /// The number of chats.
    chats: u64,
}

impl<'a> Profile<'a> {
    /// Everything that the profile of a user has.
    pub(super) fn new(user: &'a User) -> Self {
        let User { id, claims, claims_at, sockets, chats, last_seen, status, revoked_at: _ } = user;
        let Claims { name, first_name, last_name, username, email, role, picture } = claims;
        Self {
            user_id: id.to_string(),
            name: name.as_deref(),
            first_name: first_name.as_deref(),
            last_name: last_name.as_deref(),
            username: username.as_deref(),
            email: email.as_deref(),
            role: role.as_deref(),
            picture: picture.as_deref(),
            profile_at: Some(*claims_at).filter(|at| at.millis() > 0).map(IsoTime),
            online: *sockets > 0,
            status: status.name(),
            last_seen: last_seen.map(IsoTime),
            sockets: *sockets,
            chats: *chats,
        }
    }
}

/// A live socket.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(rename = "LiveSocket"))]
#[serde(rename_all = "camelCase")]
pub(super) struct Socket<'a> {
    /// The Socket.IO `sid` of the socket.
    socket_id: String,
    /// How its client is connected: `websocket` or `polling`.
    transport: &'static str,
    /// The namespace.
    namespace: &'a str,
    /// The dialect.
    dialect: &'a str,
    /// When it joined its namespace.
    since: IsoTime,
    /// When its token ends, null if never.
    expires_at: Option<IsoTime>,
    /// The number of rooms that it has joined.
    rooms: u64,
}

impl<'a> Socket<'a> {
    /// A socket in words.
    pub(super) fn new(socket: &'a LiveSocket) -> Self {
        let LiveSocket { sid, polls, namespace, dialect, since, expires_at, rooms } = socket;
        Self {
            socket_id: sid.to_string(),
            transport: if *polls { "polling" } else { "websocket" },
            namespace,
            dialect,
            since: IsoTime(*since),
            expires_at: expires_at.map(IsoTime),
            rooms: *rooms,
        }
    }
}

/// A chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(rename = "ModeratedChat"))]
#[serde(rename_all = "camelCase")]
pub(super) struct Chat {
    /// The id of the chat.
    chat_id: String,
    /// The id of the listing that the chat is about, null for a plain chat.
    pet_id: Option<String>,
    /// The members, sorted by id.
    members: Vec<Member>,
    /// The number of messages, placeholders included.
    messages: u64,
    /// Whether a member blocks the chat.
    blocked: bool,
    /// When it was created.
    created_at: IsoTime,
    /// When it was created or its newest message was sent.
    active_at: IsoTime,
    /// When it was deleted, null if it was not. Its messages are erased soon after.
    deleted_at: Option<IsoTime>,
}

/// A member of a chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(rename = "ModeratedMember"))]
#[serde(rename_all = "camelCase")]
struct Member {
    /// The id of the user.
    user_id: String,
    /// The number of messages by others that the member has not read.
    unread: u64,
    /// Whether the member blocks the chat.
    blocks: bool,
    /// Whether the data of the member was deleted. Such a member hears nothing, and does not see the chat.
    gone: bool,
}

impl Chat {
    /// A chat in words.
    pub(super) fn new(chat: &DomainChat) -> Self {
        let member = |DomainMember { user, unread, blocks, gone, .. }: &DomainMember| Member {
            user_id: user.to_string(),
            unread: *unread,
            blocks: *blocks,
            gone: *gone,
        };
        Self {
            chat_id: chat.id.to_string(),
            pet_id: chat.about.as_ref().map(ListingId::to_string),
            members: chat.members.iter().map(member).collect(),
            messages: chat.total(),
            blocked: chat.is_blocked(),
            created_at: IsoTime(chat.created_at),
            active_at: IsoTime(chat.active_at),
            deleted_at: chat.deleted.then_some(IsoTime(chat.updated_at)),
        }
    }
}

/// A message, or the placeholder of a deleted one.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(rename = "ModeratedMessage"))]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    /// The id of the message.
    message_id: String,
    /// The id of its chat.
    chat_id: String,
    /// Its number in the chat, from 1.
    seq: u64,
    /// The id of the user who sent it.
    sender_id: String,
    /// The kind that its sender named: `text`, `image`, `video`, `audio` or `file`.
    message_type: &'static str,
    /// The text, null if it has none or was deleted for everyone.
    text: Option<String>,
    /// The media.
    media: Vec<Medium>,
    /// The id of the message to which it replies, null if it replies to none.
    reply_to: Option<String>,
    /// When it was sent.
    created_at: IsoTime,
    /// When it was deleted for everyone, null if it was not.
    deleted_at: Option<IsoTime>,
    /// The ids of members who deleted it for themselves.
    hidden_for: Vec<String>,
}

impl Message {
    /// A message of a chat in words.
    pub(super) fn new(chat: &DomainChat, message: &DomainMessage) -> Self {
        let content = message.content.as_ref();
        let mut hidden_for: Vec<String> = message.hidden_for.keys().map(ToString::to_string).collect();
        hidden_for.sort();
        Self {
            message_id: message.id.to_string(),
            chat_id: message.id.chat.to_string(),
            seq: chat.number(message.id.seq),
            sender_id: message.sender.to_string(),
            message_type: message.kind.name(),
            text: content.and_then(|content| content.text.clone()),
            media: content.map(|content| media(&content.media, Source::url)).unwrap_or_default(),
            reply_to: message.reply_to.as_ref().map(MessageId::to_string),
            created_at: IsoTime(message.created_at),
            deleted_at: message.deleted_at.map(|at: Timestamp| IsoTime(at)),
            hidden_for,
        }
    }
}

/// How many live sockets a call ended.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Disconnected {
    /// The number of live sockets that were ended.
    pub(super) disconnected: u64,
}

/// What a call of the revocation did.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Revoked {
    /// When the tokens were revoked: those that were issued until this second are refused.
    pub(super) revoked_at: IsoTime,
    /// The number of live sockets that were ended.
    pub(super) disconnected: u64,
}

/// What a call of the deletion did.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Deletion {
    /// Whether nothing is left to delete. If not, the same call goes on with what is left.
    done: bool,
    /// The number of live sockets that this call ended.
    sockets: u64,
    /// The number of messages that this call deleted for everyone.
    messages: u64,
    /// The number of chats that this call made the user leave.
    chats: u64,
}

impl Deletion {
    /// The result of a call in words.
    pub(super) const fn new(deleted: &Deleted) -> Self {
        let Deleted { is_done, sockets, messages, chats } = *deleted;
        Self { done: is_done, sockets, messages, chats }
    }
}

/// A line of an export.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub(super) enum ExportLine<'a> {
    /// The profile. It is the first line of the first part.
    Profile(Profile<'a>),
    /// A live socket.
    Socket(Socket<'a>),
    /// A chat of the user. The messages that the user sent there follow.
    Chat(Chat),
    /// A message that the user sent.
    Message(Message),
    /// The last line of a part after which another part follows.
    Next {
        /// The `cursor` of the next part.
        cursor: &'a str,
    },
    /// The last line of the last part.
    End,
}
