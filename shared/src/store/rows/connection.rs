//! The rows of Connections.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::ClaimsRow;
use crate::domain::clock::Timestamp;
use crate::domain::id::ConnectionId;
use crate::error::Error;
use crate::store::{Ender, HeartbeatRow};

/// Connections · `#`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct ConnectionRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) namespace: String,
    pub(in crate::store) v: u32,
    /// In the index: waiting, or the slot below. Absent once closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) slot: Option<i64>,
    /// The slot it is pinged in once it has joined a namespace.
    pub(in crate::store) beat: u32,
    pub(in crate::store) opened_at: i64,
    pub(in crate::store) source_ip: String,
    /// What the handshake's `Authorization` header proved, or why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) header: Option<HeaderRow>,
    #[serde(default)]
    pub(in crate::store) greeted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) greeted_nonce: Option<String>,
    /// The polling connection whose client is to move here, or has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) upgrade_of: Option<String>,
    /// Whether all of it has moved.
    #[serde(default)]
    pub(in crate::store) upgraded: bool,
    /// When its client last answered a ping, where that is noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) heard_at: Option<i64>,
    /// Until when attachments of a binary packet may be on their way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) attachments_until: Option<i64>,
    /// When it was found to be closed. The row is kept for a while, for whoever closes it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) closed_at: Option<i64>,
    /// Whether its client cannot take offsets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) no_offsets: bool,
    pub(in crate::store) ttl: i64,
}

/// What a connection's row, or the outbox of one that polls, says of when its client was last heard from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct HeardRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) opened_at: i64,
    #[serde(default)]
    pub(in crate::store) heard_at: Option<i64>,
    #[serde(default)]
    pub(in crate::store) seen_at: Option<i64>,
    #[serde(default)]
    pub(in crate::store) closed_at: Option<i64>,
}

/// Connections · `#outbox`, of a polling connection.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::store) struct OutboxRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) namespace: String,
    pub(in crate::store) v: u32,
    pub(in crate::store) opened_at: i64,
    /// When its client last made a request.
    pub(in crate::store) seen_at: i64,
    /// Absent or empty while nothing waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::store) outbox: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) outbox_bytes: Option<i64>,
    /// The nonces of the frames that were added lately, whether they still wait or not.
    #[serde(with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) recent: HashSet<String>,
    /// The nonce of whoever last took what waited: as long as it stays the same, the first frames are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) taken_nonce: Option<String>,
    /// Until when a request that fetches, or one that sends, is taken to be running, and the nonce of whoever began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) getting_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) getting_nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) posting_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) posting_nonce: Option<String>,
    /// The word of [`ender`], and the nonce of the run that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) ended_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) ended_nonce: Option<String>,
    /// The WebSocket that the client may move to, since when, and whether it has proved to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) probe: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) probe_at: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) probed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) probed_nonce: Option<String>,
    /// Whether the client is moving, or has moved, and the nonce of the run that moves it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) upgrading: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) upgrading_nonce: Option<String>,
    /// Where further frames go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) upgraded_to: Option<String>,
    pub(in crate::store) ttl: i64,
}

/// Who ended a polling connection, in a word.
pub(in crate::store) const fn ender(by: Ender) -> &'static str {
    match by {
        Ender::Client => "client",
        Ender::Server => "server",
    }
}

/// The outcome of verifying a header's token; the token itself is not stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) enum HeaderRow {
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
pub(in crate::store) struct SessionRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) namespace: String,
    pub(in crate::store) v: u32,
    /// Absent once ended: nobody pings it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) slot: Option<u32>,
    pub(in crate::store) user_id: String,
    pub(in crate::store) dialect: String,
    pub(in crate::store) pid: String,
    pub(in crate::store) sid: String,
    /// The event that joined it, so that the same event invoked twice is known.
    pub(in crate::store) joined_by: String,
    pub(in crate::store) opened_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) ended_at: Option<i64>,
    /// The WebSocket whose row of the same namespace is this session now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) moved_to: Option<String>,
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) typing: HashSet<String>,
    /// The questions that the client has not answered.
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) asked: HashSet<String>,
    /// The nonces of the answers that were taken lately.
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) answered: HashSet<String>,
    /// Whether its end took the user offline, and nobody has finished telling that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) untold: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) attachments_until: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) no_offsets: bool,
    pub(in crate::store) ttl: i64,
}

/// Connections · the turns of slots.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct TurnRow {
    pub(in crate::store) of_slot: u32,
    /// Which part of the slot; empty for the first.
    pub(in crate::store) part: String,
    pub(in crate::store) turn_at: i64,
    /// With the first part: the others.
    #[serde(default, with = "serde_dynamo::string_set")]
    pub(in crate::store) parts: HashSet<String>,
}

/// Connections through the `slot` index.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct SlotRow {
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
    #[serde(default)]
    upgrade_of: Option<String>,
}

impl TryFrom<SlotRow> for HeartbeatRow {
    type Error = Error;

    fn try_from(row: SlotRow) -> Result<Self, Error> {
        let SlotRow { connection_id, namespace, opened_at, expires_at, beat, heard_at, upgrade_of } = row;
        Ok(Self {
            connection: ConnectionId::parse(&connection_id)?,
            namespace,
            opened_at: Timestamp::from_millis(opened_at),
            expires_at: expires_at.map(Timestamp::from_millis),
            beat,
            heard_at: heard_at.map(Timestamp::from_millis),
            continues: upgrade_of.is_some(),
        })
    }
}
