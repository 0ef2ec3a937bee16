//! The rows as they are stored: the only serde of the store. Each carries the version `v` of its form.

pub(super) mod binary;

use std::collections::{HashMap, HashSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Ender, Item, Slot, keys};
use crate::domain::chat::{Chat, Member, Watermark};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ChatId, ConnectionId, ListingId, MessageId, UserId};
use crate::domain::listing::{Details, Listing};
use crate::domain::media::{Media, MediaName, Source};
use crate::domain::message::{Content, Message, MessageKind};
use crate::domain::user::{Claims, Status, User};
use crate::error::Error;

/// The form that is written; every earlier one is still read.
pub(super) const VERSION: u32 = 1;

/// Users · `profile`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ProfileRow {
    pub(super) user_id: String,
    pub(super) v: u32,
    #[serde(flatten)]
    pub(super) claims: ClaimsRow,
    pub(super) claims_at: i64,
    pub(super) sockets: u64,
    pub(super) chats: u64,
    pub(super) last_seen: Option<i64>,
    /// Absent for somebody who is simply online.
    pub(super) status: Option<String>,
}

/// The claims in a profile and, for tokens in headers, in a connection.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ClaimsRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) picture: Option<String>,
}

/// Users · `chat#<chatId>`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MembershipRow {
    pub(super) user_id: String,
    pub(super) entry: String,
    pub(super) v: u32,
    pub(super) peers: Vec<String>,
    pub(super) recent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unread: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) blocked: Option<String>,
}

/// Users · `socket#<pid>`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SocketRow {
    pub(super) user_id: String,
    pub(super) entry: String,
    pub(super) v: u32,
    /// In the index of what is online.
    pub(super) online: String,
    pub(super) connection_id: String,
    pub(super) namespace: String,
    pub(super) dialect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<i64>,
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(super) rooms: HashSet<String>,
}

/// Users · `send#<clientMessageId>`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SentRow {
    pub(super) user_id: String,
    pub(super) entry: String,
    pub(super) v: u32,
    pub(super) chat_id: String,
    pub(super) seq: u64,
    pub(super) ttl: i64,
}

/// Users · `limit#<what>#<window>`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LimitRow {
    #[serde(default)]
    pub(super) count: u64,
    #[serde(default, with = "serde_dynamo::string_set")]
    pub(super) invocations: HashSet<String>,
}

/// Chats.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatRow {
    pub(super) chat_id: String,
    pub(super) v: u32,
    /// The listing it is about; absent in a plain chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) about: Option<String>,
    pub(super) members: Vec<MemberRow>,
    pub(super) base: u64,
    pub(super) seq: u64,
    /// Absent while nobody blocks: an empty set cannot be stored.
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(super) blocked_by: HashSet<String>,
    pub(super) active_at: i64,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deleted_at: Option<i64>,
}

/// One participant's side in a row of Chats; short names keep the row under 1 KB.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemberRow {
    pub(super) id: String,
    pub(super) unread: u64,
    pub(super) read: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) read_at: Option<i64>,
    pub(super) got: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) got_at: Option<i64>,
}

/// Messages, apart from who read it and who deleted it for themselves: see [`message`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageRow {
    pub(super) chat_id: String,
    pub(super) seq: u64,
    pub(super) v: u32,
    pub(super) sender: String,
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) media: Vec<MediaRow>,
    /// Sort key of the message it answers, in the same chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_to: Option<u64>,
    pub(super) created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deleted_at: Option<i64>,
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(super) delivered_to: HashSet<String>,
}

/// Something attached to a message: `url` is an address, or the name of an object of our own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MediaRow {
    pub(super) url: String,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) filename: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
}

/// Listings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListingRow {
    pub(super) pet_id: String,
    pub(super) v: u32,
    pub(super) owner: String,
    pub(super) title: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<String>,
    /// As text: a number of any size and precision comes back the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
}

/// Connections · `#`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConnectionRow {
    pub(super) connection_id: String,
    pub(super) namespace: String,
    pub(super) v: u32,
    /// In the index: waiting, or the slot below.
    pub(super) slot: i64,
    /// The slot it is pinged in once it has joined a namespace.
    pub(super) beat: u32,
    pub(super) opened_at: i64,
    pub(super) source_ip: String,
    /// What the handshake's `Authorization` header proved, or why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<HeaderRow>,
    #[serde(default)]
    pub(super) greeted: bool,
    /// The polling connection whose client is to move here, or has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upgrade_of: Option<String>,
    /// Whether all of it has moved.
    #[serde(default)]
    pub(super) upgraded: bool,
    /// When its client last answered a ping, where that is noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) heard_at: Option<i64>,
    /// Until when attachments of a binary packet may be on their way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attachments_until: Option<i64>,
    pub(super) ttl: i64,
}

/// Connections · `#outbox`, of a polling connection.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OutboxRow {
    pub(super) connection_id: String,
    pub(super) namespace: String,
    pub(super) v: u32,
    pub(super) opened_at: i64,
    /// When its client last made a request.
    pub(super) seen_at: i64,
    /// Absent while nothing waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) outbox: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outbox_bytes: Option<u64>,
    /// Until when a request that fetches, or one that sends, is taken to be running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) getting_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) posting_until: Option<i64>,
    /// The word of [`ender`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ended_by: Option<String>,
    /// The WebSocket that the client may move to, since when, and whether it has proved to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) probe: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) probe_at: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) probed: bool,
    /// Whether the client is moving, or has moved.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) upgrading: bool,
    /// Where further frames go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upgraded_to: Option<String>,
    pub(super) ttl: i64,
}

/// Who ended a polling connection, in a word.
pub(super) const fn ender(by: Ender) -> &'static str {
    match by {
        Ender::Client => "client",
        Ender::Server => "server",
    }
}

/// The outcome of verifying a header's token; the token itself is not stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum HeaderRow {
    /// It was good.
    #[serde(rename_all = "camelCase")]
    Verified {
        user_id: String,
        claims: ClaimsRow,
        #[serde(skip_serializing_if = "Option::is_none")]
        issued_at: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<i64>,
    },
    /// It was not; the word of `Refusal::reason`.
    Refused(String),
}

/// Connections · a namespace.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionRow {
    pub(super) connection_id: String,
    pub(super) namespace: String,
    pub(super) v: u32,
    /// Absent once ended: nobody pings it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slot: Option<u32>,
    pub(super) user_id: String,
    pub(super) dialect: String,
    pub(super) pid: String,
    pub(super) sid: String,
    /// The event that joined it, so that the same event invoked twice is known.
    pub(super) joined_by: String,
    pub(super) opened_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ended_at: Option<i64>,
    /// The WebSocket whose row of the same namespace is this session now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) moved_to: Option<String>,
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(super) typing: HashSet<String>,
    /// The questions that the client has not answered.
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(super) asked: HashSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attachments_until: Option<i64>,
    pub(super) ttl: i64,
}

/// Connections through the `slot` index.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SlotRow {
    connection_id: String,
    namespace: String,
    opened_at: i64,
    #[serde(default)]
    expires_at: Option<i64>,
    /// Of connections alone, as is the next.
    #[serde(default)]
    beat: Option<u32>,
    #[serde(default)]
    heard_at: Option<i64>,
}

impl TryFrom<SlotRow> for Slot {
    type Error = Error;

    fn try_from(row: SlotRow) -> Result<Self, Error> {
        let SlotRow { connection_id, namespace, opened_at, expires_at, beat, heard_at } = row;
        Ok(Self {
            connection: ConnectionId::parse(&connection_id)?,
            namespace,
            opened_at: Timestamp::from_millis(opened_at),
            expires_at: expires_at.map(Timestamp::from_millis),
            beat,
            heard_at: heard_at.map(Timestamp::from_millis),
        })
    }
}

/// Reads a row.
pub(super) fn read<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(Error::internal)
}

/// Writes a row.
pub(super) fn write<T: Serialize>(row: T) -> Result<Item, Error> {
    serde_dynamo::aws_sdk_dynamodb_1::to_item(row).map_err(Error::internal)
}

impl From<&Claims> for ClaimsRow {
    fn from(claims: &Claims) -> Self {
        let Claims { name, first_name, last_name, username, email, role, picture } = claims.clone();
        Self { name, first_name, last_name, username, email, role, picture }
    }
}

impl From<ClaimsRow> for Claims {
    fn from(row: ClaimsRow) -> Self {
        let ClaimsRow { name, first_name, last_name, username, email, role, picture } = row;
        Self { name, first_name, last_name, username, email, role, picture }
    }
}

impl TryFrom<ProfileRow> for User {
    type Error = Error;

    fn try_from(row: ProfileRow) -> Result<Self, Error> {
        let ProfileRow { user_id, v: _, claims, claims_at, sockets, chats, last_seen, status } = row;
        let status = Status::ALL.into_iter().find(|known| Some(known.name()) == status.as_deref());
        Ok(Self {
            id: UserId::parse(&user_id)?,
            claims: claims.into(),
            claims_at: Timestamp::from_millis(claims_at),
            sockets,
            chats,
            last_seen: last_seen.map(Timestamp::from_millis),
            status: status.unwrap_or_default(),
        })
    }
}

impl From<&Chat> for ChatRow {
    fn from(chat: &Chat) -> Self {
        let Chat { id, about, members, base, seq, active_at, created_at, updated_at, deleted } = chat;
        let blocked_by = members.iter().filter(|member| member.blocks).map(|member| member.user.to_string()).collect();
        Self {
            chat_id: id.to_string(),
            v: VERSION,
            about: about.as_ref().map(ListingId::to_string),
            members: members.iter().map(MemberRow::from).collect(),
            base: *base,
            seq: *seq,
            blocked_by,
            active_at: active_at.millis(),
            created_at: created_at.millis(),
            updated_at: updated_at.millis(),
            deleted_at: deleted.then(|| updated_at.millis()),
        }
    }
}

impl From<&Member> for MemberRow {
    fn from(member: &Member) -> Self {
        let Member { user, unread, read, delivered, blocks: _ } = member;
        Self {
            id: user.to_string(),
            unread: *unread,
            read: read.seq,
            read_at: read.at.map(Timestamp::millis),
            got: delivered.seq,
            got_at: delivered.at.map(Timestamp::millis),
        }
    }
}

impl TryFrom<ChatRow> for Chat {
    type Error = Error;

    fn try_from(row: ChatRow) -> Result<Self, Error> {
        let ChatRow {
            chat_id,
            v: _,
            about,
            members,
            base,
            seq,
            blocked_by,
            active_at,
            created_at,
            updated_at,
            deleted_at,
        } = row;
        let member = |member: MemberRow| {
            let MemberRow { id, unread, read, read_at, got, got_at } = member;
            Ok(Member {
                user: UserId::parse(&id)?,
                unread,
                read: Watermark { seq: read, at: read_at.map(Timestamp::from_millis) },
                delivered: Watermark { seq: got, at: got_at.map(Timestamp::from_millis) },
                blocks: blocked_by.contains(&id),
            })
        };
        Ok(Self {
            id: ChatId::parse(&chat_id)?,
            about: about.map(|about| ListingId::parse(&about)).transpose()?,
            members: members.into_iter().map(member).collect::<Result<_, Error>>()?,
            base,
            seq,
            active_at: Timestamp::from_millis(active_at),
            created_at: Timestamp::from_millis(created_at),
            updated_at: Timestamp::from_millis(updated_at),
            deleted: deleted_at.is_some(),
        })
    }
}

impl From<&Message> for MessageRow {
    /// The row of a message that nobody has read or deleted yet.
    fn from(message: &Message) -> Self {
        let Message { id, sender, content, kind, reply_to, created_at, deleted_at, delivered_to, .. } = message;
        let media = content.iter().flat_map(|content| &content.media);
        Self {
            chat_id: id.chat.to_string(),
            seq: id.seq,
            v: VERSION,
            sender: sender.to_string(),
            kind: kind.name().to_owned(),
            text: content.as_ref().and_then(|content| content.text.clone()),
            media: media.map(MediaRow::from).collect(),
            reply_to: reply_to.as_ref().map(|id| id.seq),
            created_at: created_at.millis(),
            deleted_at: deleted_at.map(Timestamp::millis),
            delivered_to: delivered_to.iter().map(UserId::to_string).collect(),
        }
    }
}

impl From<&Media> for MediaRow {
    fn from(media: &Media) -> Self {
        let Media { source, media_type, filename, size } = media.clone();
        let url = match source {
            Source::Link(url) => url,
            Source::Object(name) => name.to_string(),
        };
        Self { url, media_type, filename, size }
    }
}

impl From<MediaRow> for Media {
    fn from(row: MediaRow) -> Self {
        let MediaRow { url, media_type, filename, size } = row;
        let source = MediaName::parse(&url).map_or(Source::Link(url), Source::Object);
        Self { source, media_type, filename, size }
    }
}

/// Reads a message: its row, and the attributes that say who read it and who deleted it for themselves.
pub(super) fn message(mut item: Item) -> Result<Message, Error> {
    let read_by = taken(&mut item, keys::READ)?;
    let hidden_for = taken(&mut item, keys::HIDDEN)?;
    let MessageRow { chat_id, seq, v: _, sender, kind, text, media, reply_to, created_at, deleted_at, delivered_to } =
        read(item)?;
    let kind = MessageKind::ALL.into_iter().find(|known| known.name() == kind);
    let kind = kind.ok_or_else(|| Error::internal("a stored message is of a kind that nobody knows"))?;
    let chat = ChatId::parse(&chat_id)?;
    let media = media.into_iter().map(Media::from).collect();
    Ok(Message {
        reply_to: reply_to.map(|seq| MessageId { chat: chat.clone(), seq }),
        id: MessageId { chat, seq },
        sender: UserId::parse(&sender)?,
        content: deleted_at.is_none().then_some(Content { text, media, kind }),
        kind,
        created_at: Timestamp::from_millis(created_at),
        deleted_at: deleted_at.map(Timestamp::from_millis),
        delivered_to: delivered_to.iter().map(|user| UserId::parse(user)).collect::<Result<_, _>>()?,
        read_by,
        hidden_for,
    })
}

/// Takes the attributes that begin with `prefix` and name a user, each with a time.
fn taken(item: &mut Item, prefix: &str) -> Result<HashMap<UserId, Timestamp>, Error> {
    let names: Vec<String> = item.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    let times = names.iter().filter_map(|name| {
        let millis = item.remove(name)?.as_n().ok()?.parse().ok()?;
        Some(UserId::parse(name.strip_prefix(prefix)?).map(|user| (user, Timestamp::from_millis(millis))))
    });
    times.collect()
}

impl From<&Listing> for ListingRow {
    fn from(listing: &Listing) -> Self {
        let Listing { id, owner, details: Details { title, images, price, address } } = listing.clone();
        Self {
            pet_id: id.to_string(),
            v: VERSION,
            owner: owner.to_string(),
            title,
            images,
            price: price.map(|price| price.to_string()),
            address,
        }
    }
}

impl TryFrom<ListingRow> for Listing {
    type Error = Error;

    fn try_from(row: ListingRow) -> Result<Self, Error> {
        let ListingRow { pet_id, v: _, owner, title, images, price, address } = row;
        let price = price.map(|price| price.parse().map_err(Error::internal)).transpose()?;
        let details = Details { title, images, price, address };
        Ok(Self { id: ListingId::parse(&pet_id)?, owner: UserId::parse(&owner)?, details })
    }
}

impl MembershipRow {
    /// A new membership of `user` in `chat`.
    pub(super) fn new(chat: &Chat, user: &UserId) -> Self {
        Self {
            user_id: user.to_string(),
            entry: keys::membership(&chat.id),
            v: VERSION,
            peers: chat.others(user).map(|member| member.user.to_string()).collect(),
            recent: keys::day(chat.active_at),
            unread: None,
            blocked: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn stored<T: DeserializeOwned>(row: Value) -> T {
        read(write(row).unwrap()).unwrap()
    }

    const CHAT: &str = "e70c08a3288036ef87ef9f6e";

    #[test]
    fn a_chat_of_version_1_is_read() {
        let row: ChatRow = stored(json!({
            "chatId": CHAT, "v": 1, "base": 3, "seq": 7, "activeAt": 5, "createdAt": 4, "updatedAt": 6, "erasing": "1",
            "members": [
                {"id": "alice", "unread": 0, "read": 7, "readAt": 9, "got": 7, "gotAt": 8},
                {"id": "bob", "unread": 2, "read": 5, "got": 6},
            ],
        }));
        let chat = Chat::try_from(row).unwrap();
        assert_eq!((chat.total(), chat.number(5), chat.holds(3), chat.holds(4)), (4, 2, false, true));
        assert_eq!(chat.people().iter().map(UserId::to_string).collect::<Vec<_>>(), ["alice", "bob"]);
        assert!(!chat.is_blocked() && !chat.deleted);
    }

    #[test]
    fn a_message_of_version_1_is_read() {
        let row = json!({
            "chatId": CHAT, "seq": 7, "v": 1, "sender": "bob", "kind": "image", "text": "look",
            "media": [{"url": "https://example.com/a.png"}], "createdAt": 5, "read#alice": 6, "hidden#bob": 8,
        });
        let message = message(write(row).unwrap()).unwrap();
        let (alice, bob) = (UserId::parse("alice").unwrap(), UserId::parse("bob").unwrap());
        assert_eq!(message.read_by, HashMap::from([(alice, Timestamp::from_millis(6))]));
        assert_eq!(message.hidden_for, HashMap::from([(bob, Timestamp::from_millis(8))]));
        let content = message.content.unwrap();
        assert_eq!((content.text.as_deref(), content.media.len(), content.kind), (Some("look"), 1, MessageKind::Image));
    }

    #[test]
    fn an_outbox_of_version_1_is_read_also_where_nothing_waits() {
        let row = json!({
            "connectionId": "p.0", "namespace": "#outbox", "v": 1, "openedAt": 5, "seenAt": 6, "outbox": ["2", "6"], "outboxBytes": 10,
            "gettingUntil": 7, "postingUntil": 8, "endedBy": "client", "probe": "w=", "probeAt": 9, "probed": true, "upgrading": true,
            "upgradedTo": "w=", "ttl": 10,
        });
        let row: OutboxRow = stored(row);
        assert_eq!((row.outbox.len(), row.ended_by.as_deref()), (2, Some(ender(Ender::Client))));
        let row: OutboxRow = stored(
            json!({"connectionId": "p.0", "namespace": "#outbox", "v": 1, "openedAt": 5, "seenAt": 6, "ttl": 10}),
        );
        assert!(row.outbox.is_empty() && row.getting_until.is_none() && !row.upgrading);
    }

    #[test]
    fn a_message_that_was_taken_back_has_no_content() {
        let row =
            json!({"chatId": CHAT, "seq": 7, "v": 1, "sender": "bob", "kind": "text", "createdAt": 5, "deletedAt": 6});
        assert_eq!(message(write(row).unwrap()).unwrap().content, None);
    }

    #[test]
    fn a_profile_of_version_1_is_read_also_where_only_a_count_was_written() {
        let row = json!({"userId": "bob", "entry": "profile", "v": 1, "name": "Bob", "claimsAt": 5, "sockets": 2, "chats": 3, "online": "1"});
        let user = User::try_from(stored::<ProfileRow>(row)).unwrap();
        assert_eq!((user.claims.name.as_deref(), user.sockets, user.chats), (Some("Bob"), 2, 3));
        let row = json!({"userId": "bob", "entry": "profile", "chats": 1});
        assert_eq!(User::try_from(stored::<ProfileRow>(row)).unwrap().sockets, 0);
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let (alice, bob) = (UserId::parse("alice").unwrap(), UserId::parse("bob").unwrap());
        let people = std::collections::BTreeSet::from([alice, bob]);
        let mut chat = Chat::between(&people, None, 2, Timestamp::from_millis(5));
        chat.members[1].blocks = true;
        let item = write(ChatRow::from(&chat)).unwrap();
        assert_eq!(Chat::try_from(read::<ChatRow>(item).unwrap()).unwrap(), chat);
    }
}
