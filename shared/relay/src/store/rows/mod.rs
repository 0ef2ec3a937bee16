//! The rows of Connections, as they are stored. Each row carries the version `v` of its form.

pub(super) mod admin;
pub(super) mod binary;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Ender, HeartbeatRow};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::ConnectionId;

/// The version of the form that is written. Every earlier form can still be read.
pub(super) const VERSION: u32 = 1;

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
    /// What the application made of the headers of the handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) header: Option<Value>,
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

/// The side with this stored name.
pub(in crate::store) fn parse_ender(name: &str) -> Ender {
    if name == ender(Ender::Client) { Ender::Client } else { Ender::Server }
}

/// Connections · a namespace: a session, without the attributes of the application.
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
    /// The questions that the client has not answered.
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) asked: HashSet<String>,
    /// The nonces of the answers that were taken lately.
    #[serde(default, with = "serde_dynamo::string_set", skip_serializing_if = "HashSet::is_empty")]
    pub(in crate::store) answered: HashSet<String>,
    /// Whether the session has ended and the application has not finished what it does about that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) untold: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store) attachments_until: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store) no_offsets: bool,
    pub(in crate::store) ttl: i64,
}

impl SessionRow {
    /// The names of the attributes, as they are stored. All others belong to the application.
    pub(in crate::store) const ATTRIBUTES: [&str; 18] = [
        "connectionId",
        "namespace",
        "v",
        "slot",
        "userId",
        "pid",
        "sid",
        "joinedBy",
        "openedAt",
        "expiresAt",
        "endedAt",
        "movedTo",
        "asked",
        "answered",
        "untold",
        "attachmentsUntil",
        "noOffsets",
        "ttl",
    ];
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

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;
    use crate::dynamo::{read, write};

    fn stored<T: DeserializeOwned>(row: Value) -> T {
        read(write(row).unwrap()).unwrap()
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
    fn the_names_of_a_session_are_those_that_are_stored() {
        let set = HashSet::from(["1".to_owned()]);
        let row = SessionRow {
            connection_id: "w=".to_owned(),
            namespace: "/".to_owned(),
            v: VERSION,
            slot: Some(1),
            user_id: "alice".to_owned(),
            pid: "p".to_owned(),
            sid: "s".to_owned(),
            joined_by: "e".to_owned(),
            opened_at: 1,
            expires_at: Some(1),
            ended_at: Some(1),
            moved_to: Some("v=".to_owned()),
            asked: set.clone(),
            answered: set,
            untold: true,
            attachments_until: Some(1),
            no_offsets: true,
            ttl: 1,
        };
        let stored: HashSet<String> = write(row).unwrap().into_keys().collect();
        assert_eq!(stored, SessionRow::ATTRIBUTES.map(str::to_owned).into());
    }
}
