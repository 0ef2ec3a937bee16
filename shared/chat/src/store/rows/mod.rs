//! The rows as they are stored. This is the only module of the store with serde. Each row carries the version `v` of
//! its form.

mod chat;

use std::collections::HashSet;

use relay::clock::Timestamp;
use relay::dynamo::read;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::domain::chat::Chat;
use crate::domain::id::{ListingId, UserId};
use crate::domain::listing::{Details, Listing};
use crate::domain::user::{Claims, Status, User};
use crate::error::Error;

pub(super) use chat::{ChatRow, DeliveryRow, MessageRow, message};

/// The version of the form that is written. Every earlier form can still be read.
pub(super) const VERSION: u32 = 1;

/// Users · `profile`: a user's profile.
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
    /// The status. Absent for a user who is simply online.
    pub(super) status: Option<String>,
    /// When the user's tokens were revoked: those that were issued until then are refused. This stays when everything else
    /// about the user is deleted, and may be there before anything else is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revoked_at: Option<i64>,
    /// The status before the last change, and the nonce of the run that changed it.
    pub(super) status_was: Option<String>,
    pub(super) status_nonce: Option<String>,
}

impl ProfileRow {
    /// The attributes that are deleted with the data of a user: all but the key, the version, and when tokens were revoked.
    pub(super) const PERSONAL: &[&str] = &[
        "name",
        "firstName",
        "lastName",
        "username",
        "email",
        "role",
        "picture",
        "claimsAt",
        "sockets",
        "chats",
        "lastSeen",
        "status",
        "statusWas",
        "statusNonce",
        "online",
    ];
}

/// The claims of a token, in a profile and, for tokens in headers, in a connection.
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

/// Connections · the attribute `header`: the outcome of verifying the token in a handshake's `Authorization` header.
/// The token itself is not stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum HeaderRow {
    /// The token was valid.
    #[serde(rename_all = "camelCase")]
    Verified {
        user_id: String,
        claims: ClaimsRow,
        #[serde(skip_serializing_if = "Option::is_none")]
        issued_at: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<i64>,
    },
    /// The token was not valid. The value is that of `Refusal::reason`.
    Refused(String),
}

/// Users · `chat#<chatId>`: a user's membership in a chat.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MembershipRow {
    pub(super) user_id: String,
    pub(super) entry: String,
    pub(super) v: u32,
    pub(super) peers: Vec<String>,
    /// The peers who have never written in the chat. Absent after everybody has, and in rows that are older than the
    /// attribute: there, everybody counts as having written.
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(super) silent: HashSet<String>,
    /// The day of the chat's last activity; absent after the chat was deleted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) recent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unread: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) blocked: Option<String>,
    /// Whether the chat was deleted. The row is then kept for a while, for clients that were away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) erased: bool,
    /// While the data of the user is being deleted: the user's messages up to this sort key are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) erased_to: Option<u64>,
}

/// Users · `socket#<pid>`: a socket of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SocketRow {
    pub(super) user_id: String,
    pub(super) entry: String,
    pub(super) v: u32,
    /// The key of the online index; absent after the socket has ended.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) online: String,
    pub(super) connection_id: String,
    /// When the connection was opened.
    #[serde(default)]
    pub(super) opened_at: i64,
    pub(super) namespace: String,
    pub(super) dialect: String,
    #[serde(default)]
    pub(super) sid: String,
    #[serde(default)]
    pub(super) began_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<i64>,
    /// When the socket ended. Present while its client may recover it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ended_at: Option<i64>,
    /// The recovery buffer that takes the socket's frames, while its client receives the events that it missed.
    #[serde(rename = "heldBy", skip_serializing_if = "Option::is_none")]
    pub(super) buffered_in: Option<String>,
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(super) rooms: HashSet<String>,
    /// When tokens of the user had been revoked at the time when the socket began, if ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revoked_at: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) no_offsets: bool,
    /// Whether the socket has not received its greeting yet. Everything else waits for the greeting.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) ungreeted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<i64>,
}

/// Users · `once#<clientMessageId>`: a send with a client message id.
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

/// A row of Listings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListingRow {
    pub(super) pet_id: String,
    pub(super) v: u32,
    pub(super) owner: String,
    pub(super) title: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<String>,
    /// The price as text, so that a number of any size and precision is read back unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
}

/// The status with this name. Without a name, the status of a user who is simply online.
pub(super) fn status(name: Option<&str>) -> Status {
    Status::ALL.into_iter().find(|known| Some(known.name()) == name).unwrap_or_default()
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
        let ProfileRow {
            user_id,
            v: _,
            claims,
            claims_at,
            sockets,
            chats,
            last_seen,
            status,
            revoked_at,
            status_was: _,
            status_nonce: _,
        } = row;
        Ok(Self {
            id: UserId::parse(&user_id)?,
            claims: claims.into(),
            claims_at: Timestamp::from_millis(claims_at),
            sockets,
            chats,
            last_seen: last_seen.map(Timestamp::from_millis),
            status: self::status(status.as_deref()),
            revoked_at: revoked_at.map(Timestamp::from_millis),
        })
    }
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
        let peers = || chat.others(user).map(|member| member.user.to_string());
        let silent = chat.others(user).filter(|member| !member.wrote).map(|member| member.user.to_string());
        Self {
            user_id: user.to_string(),
            entry: keys::membership(&chat.id),
            v: VERSION,
            peers: peers().collect(),
            silent: silent.collect(),
            recent: keys::day(chat.active_at),
            unread: None,
            blocked: chat.member(user).filter(|(_, member)| member.blocks).map(|_| keys::FLAGGED.to_owned()),
            erased: false,
            erased_to: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use std::collections::HashMap;

    use super::*;
    use crate::domain::message::MessageKind;
    use relay::dynamo::{read, write};
    use serde::de::DeserializeOwned;

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
