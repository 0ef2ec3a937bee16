//! The rows of Chats and Messages.

use std::collections::{HashMap, HashSet};

use relay::clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::{VERSION, read};
use crate::domain::chat::{Chat, Member, Watermark};
use crate::domain::id::{ChatId, ListingId, MessageId, UserId};
use crate::domain::log::{Late, Log};
use crate::domain::media::{Media, MediaName, Source};
use crate::domain::message::{Content, Message, MessageKind, Via};
use crate::error::Error;
use crate::store::{Item, keys, log};

/// A row of Chats.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct ChatRow {
    pub(in crate::store) chat_id: String,
    pub(in crate::store) v: u32,
    /// The listing that the chat is about; absent in a plain chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) about: Option<String>,
    pub(in crate::store) members: Vec<MemberRow>,
    pub(in crate::store) base: u64,
    pub(in crate::store) seq: u64,
    /// The number of changes; absent before the first change.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(in crate::store) rev: u64,
    /// The latest changes as text; see `log`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) recent_changes: Option<String>,
    #[serde(rename = "told", default)]
    pub(in crate::store) delivered_position: u64,
    /// The end of the lease. Absent while no invocation may have begun to deliver the event after the delivered ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) lease_until: Option<i64>,
    /// Absent while no event was delivered late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) late_after: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) late_at: Option<i64>,
    #[serde(default)]
    pub(in crate::store) moved_at: i64,
    /// Absent while nobody blocks the chat, because an empty set cannot be stored.
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) blocked_by: HashSet<String>,
    pub(in crate::store) active_at: i64,
    pub(in crate::store) created_at: i64,
    pub(in crate::store) updated_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) deleted_at: Option<i64>,
}

/// The attributes of a row of Chats that describe the delivery of events.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::store) struct DeliveryRow {
    pub(in crate::store) seq: u64,
    pub(in crate::store) rev: u64,
    #[serde(rename = "told")]
    pub(in crate::store) delivered_position: u64,
    pub(in crate::store) lease_until: Option<i64>,
    pub(in crate::store) lease_by: Option<String>,
    pub(in crate::store) late_after: Option<u64>,
    pub(in crate::store) late_at: Option<i64>,
}

/// One participant in a row of Chats. Short names keep the row under 1 KB.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct MemberRow {
    pub(in crate::store) id: String,
    pub(in crate::store) unread: u64,
    pub(in crate::store) read: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) read_at: Option<i64>,
    pub(in crate::store) got: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) got_at: Option<i64>,
    /// Whether this participant has never written in the chat. Absent after they have, and in rows that are older than
    /// the attribute: there, everybody in a chat with messages counts as having written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) silent: bool,
    /// Whether the data of this participant was deleted, and they are no member any more. Absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) gone: bool,
}

/// A row of Messages, without the attributes that say who read it and who deleted it for themselves: see [`message`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct MessageRow {
    pub(in crate::store) chat_id: String,
    pub(in crate::store) seq: u64,
    pub(in crate::store) v: u32,
    pub(in crate::store) sender: String,
    pub(in crate::store) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) text: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::store) media: Vec<MediaRow>,
    /// The sort key of the message to which this one replies, in the same chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) reply_to: Option<u64>,
    /// The beginning of the Socket.IO sid over which the message was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) via: Option<String>,
    /// How many milliseconds after the message was received it was stored.
    #[serde(default)]
    pub(in crate::store) lag: i64,
    pub(in crate::store) created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) deleted_at: Option<i64>,
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) delivered_to: HashSet<String>,
}

/// An attachment of a message. `url` is an address, or the name of an object of our own.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct MediaRow {
    pub(in crate::store) url: String,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) filename: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) size: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl From<&Chat> for ChatRow {
    fn from(chat: &Chat) -> Self {
        let Chat {
            id,
            about,
            members,
            base,
            seq,
            rev,
            log,
            delivered_position,
            lease_until,
            late,
            moved_at,
            active_at,
            created_at,
            updated_at,
            deleted,
        } = chat;
        let blocked_by = members.iter().filter(|member| member.blocks).map(|member| member.user.to_string()).collect();
        Self {
            chat_id: id.to_string(),
            v: VERSION,
            about: about.as_ref().map(ListingId::to_string),
            members: members.iter().map(MemberRow::from).collect(),
            base: *base,
            seq: *seq,
            rev: *rev,
            recent_changes: (*rev > 0).then(|| log::written(log, &chat.people())),
            delivered_position: *delivered_position,
            lease_until: Some(lease_until.millis()).filter(|millis| *millis > 0),
            late_after: late.map(|late| late.after),
            late_at: late.map(|late| late.at.millis()),
            moved_at: moved_at.millis(),
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
        let Member { user, unread, read, delivered, blocks: _, wrote, gone } = member;
        Self {
            id: user.to_string(),
            unread: *unread,
            read: read.seq,
            read_at: read.at.map(Timestamp::millis),
            got: delivered.seq,
            got_at: delivered.at.map(Timestamp::millis),
            silent: !wrote,
            gone: *gone,
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
            rev,
            recent_changes,
            delivered_position,
            lease_until,
            late_after,
            late_at,
            moved_at,
            blocked_by,
            active_at,
            created_at,
            updated_at,
            deleted_at,
        } = row;
        let member = |member: MemberRow| {
            let MemberRow { id, unread, read, read_at, got, got_at, silent, gone } = member;
            Ok(Member {
                user: UserId::parse(&id)?,
                unread,
                read: Watermark { seq: read, at: read_at.map(Timestamp::from_millis) },
                delivered: Watermark { seq: got, at: got_at.map(Timestamp::from_millis) },
                blocks: blocked_by.contains(&id),
                wrote: !silent && seq > base,
                gone,
            })
        };
        let members: Vec<Member> = members.into_iter().map(member).collect::<Result<_, Error>>()?;
        let people: Vec<UserId> = members.iter().map(|member| member.user.clone()).collect();
        let log = match recent_changes {
            None => Log::default(),
            Some(text) => log::read(&text, &people).ok_or_else(|| Error::internal("a chat's log cannot be read"))?,
        };
        Ok(Self {
            id: ChatId::parse(&chat_id)?,
            about: about.map(|about| ListingId::parse(&about)).transpose()?,
            members,
            base,
            seq,
            rev,
            log,
            delivered_position,
            lease_until: Timestamp::from_millis(lease_until.unwrap_or_default()),
            late: late_after.zip(late_at).map(|(after, at)| Late { after, at: Timestamp::from_millis(at) }),
            moved_at: Timestamp::from_millis(moved_at),
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
        let Message {
            id, sender, content, kind, reply_to, created_at, stored_at, via, deleted_at, delivered_to, ..
        } = message;
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
            via: via.as_ref().map(Via::to_string),
            lag: stored_at.millis() - created_at.millis(),
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
pub(in crate::store) fn message(mut item: Item) -> Result<Message, Error> {
    let read_by = taken(&mut item, keys::READ)?;
    let hidden_for = taken(&mut item, keys::HIDDEN)?;
    let MessageRow {
        chat_id,
        seq,
        v: _,
        sender,
        kind,
        text,
        media,
        reply_to,
        via,
        lag,
        created_at,
        deleted_at,
        delivered_to,
    } = read(item)?;
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
        stored_at: Timestamp::from_millis(created_at.saturating_add(lag)),
        via: via.map(Via::stored),
        deleted_at: deleted_at.map(Timestamp::from_millis),
        delivered_to: delivered_to.iter().map(|user| UserId::parse(user)).collect::<Result<_, _>>()?,
        read_by,
        hidden_for,
    })
}

/// Removes the attributes that begin with `prefix` from a row. Each names a user, and its value is a time.
fn taken(item: &mut Item, prefix: &str) -> Result<HashMap<UserId, Timestamp>, Error> {
    let names: Vec<String> = item.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    let times = names.iter().filter_map(|name| {
        let millis = item.remove(name)?.as_n().ok()?.parse().ok()?;
        let user = UserId::parse(name.strip_prefix(prefix)?);
        Some(user.map(|user| (user, Timestamp::from_millis(millis))).map_err(Error::from))
    });
    times.collect()
}
