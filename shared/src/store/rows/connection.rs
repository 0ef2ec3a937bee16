//! The rows of Connections.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::ClaimsRow;
use crate::domain::clock::Timestamp;
use crate::domain::id::ConnectionId;
use crate::error::Error;
use crate::store::{Ender, HeartbeatRow};

/// Connections · `#`: a connection.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct ConnectionRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) namespace: String,
    pub(in crate::store) v: u32,
    /// The key of the slot index: the waiting slot, or the slot in `beat`. Absent after the connection is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) slot: Option<i64>,
    /// The slot in which the connection is pinged after its client has joined a namespace.
    pub(in crate::store) beat: u32,
    pub(in crate::store) opened_at: i64,
    pub(in crate::store) source_ip: String,
    /// The identity that the handshake's `Authorization` header proved, or why the header was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) header: Option<HeaderRow>,
    #[serde(default)]
    pub(in crate::store) greeted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) greeted_nonce: Option<String>,
    /// The polling connection whose client may move here, or has moved here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) upgrade_of: Option<String>,
    /// Whether everything has moved.
    #[serde(default)]
    pub(in crate::store) upgraded: bool,
    /// When the client last answered a ping, if the deployment records pongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) heard_at: Option<i64>,
    /// Until when attachments of a binary packet may be on their way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) attachments_until: Option<i64>,
    /// When the connection was closed. The row is kept for a while, for runs that close the connection again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) closed_at: Option<i64>,
    /// Whether the client cannot receive offsets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) no_offsets: bool,
    pub(in crate::store) ttl: i64,
}

/// When a client was last heard from, as read from the row of its connection or, for a polling client, of its outbox.
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

/// Connections · `#outbox`: the outbox of a polling connection, or a recovery buffer.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::store) struct OutboxRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) namespace: String,
    pub(in crate::store) v: u32,
    pub(in crate::store) opened_at: i64,
    /// When the client last made a request.
    pub(in crate::store) seen_at: i64,
    /// The frames that wait. Absent or empty while none waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::store) outbox: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) outbox_bytes: Option<i64>,
    /// The nonces of the frames that were added lately, whether the frames still wait or not.
    #[serde(with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) recent: HashSet<String>,
    /// The nonce of the run that last took frames. As long as it stays the same, the first frames stay the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) taken_nonce: Option<String>,
    /// Until when a GET or a POST counts as running, and the nonce of the run that began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) getting_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) getting_nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) posting_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) posting_nonce: Option<String>,
    /// The side that ended the connection, as [`ender`] spells it, and the nonce of the run that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) ended_by: Option<String>,
    /// Whether the client has fetched the last frames and is still to receive the close packet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) close_pending: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) ended_nonce: Option<String>,
    /// The WebSocket to which the client may move, since when, and whether it has proved that it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) probe: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) probe_at: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) probed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) probed_nonce: Option<String>,
    /// Whether the client is moving or has moved, and the nonce of the run that moves it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) upgrading: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) upgrading_nonce: Option<String>,
    /// The WebSocket that receives all further frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) upgraded_to: Option<String>,
    pub(in crate::store) ttl: i64,
}

/// The stored name of the side that ended a polling connection.
pub(in crate::store) const fn ender(by: Ender) -> &'static str {
    match by {
        Ender::Client => "client",
        Ender::Server => "server",
    }
}

/// The outcome of verifying a header's token. The token itself is not stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) enum HeaderRow {
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

/// Connections · a namespace: a session.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct SessionRow {
    pub(in crate::store) connection_id: String,
    pub(in crate::store) namespace: String,
    pub(in crate::store) v: u32,
    /// The slot. Absent after the session has ended, because it is not pinged any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) slot: Option<u32>,
    pub(in crate::store) user_id: String,
    pub(in crate::store) dialect: String,
    pub(in crate::store) pid: String,
    pub(in crate::store) sid: String,
    /// The id of the event that joined the namespace, so that a second invocation for the same event is recognized.
    pub(in crate::store) joined_by: String,
    pub(in crate::store) opened_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) ended_at: Option<i64>,
    /// The WebSocket to which the session has moved. It has a row for the same namespace there.
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
    /// Whether the end of the session took the user offline, while no run has finished telling the others.
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
    /// The name of the part of the slot; empty for the first part.
    pub(in crate::store) part: String,
    pub(in crate::store) turn_at: i64,
    /// The names of the other parts. Only the row of the first part has them.
    #[serde(default, with = "serde_dynamo::string_set")]
    pub(in crate::store) parts: HashSet<String>,
}

/// A row of Connections, as read from the `slot` index.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct SlotRow {
    connection_id: String,
    namespace: String,
    opened_at: i64,
    #[serde(default)]
    expires_at: Option<i64>,
    /// Only connections have this attribute and the following ones.
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
            was_polling: upgrade_of.is_some(),
        })
    }
}
