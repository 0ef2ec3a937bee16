//! Connections, and the slots in which they are pinged.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use serde_json::Value;

use super::rows::{ConnectionRow, HeardRow, VERSION};
use super::{Store, keys};
use crate::clock::Timestamp;
use crate::dynamo::{PutItemInput, UpdateItemInput, number, read, text, write};
use crate::error::Error;
use crate::id::ConnectionId;

/// How long a connection's row is kept, in seconds. API Gateway ends a connection after two hours; one hour later
/// DynamoDB may delete the row.
pub(super) const CONNECTION_TTL_SECS: i64 = 3 * 3_600;

/// After one run has found a connection gone, how long others leave the work to it, in milliseconds.
const GONE_MILLIS: i64 = 10_000;

/// How many slots there are for connections that have not joined a namespace yet. A slot is one partition of the index,
/// which takes 1,000 writes a second, and a connection that opens and joins makes two.
const WAITING_SLOTS: u8 = 4;

/// The slots of connections that have not joined a namespace yet: negative numbers.
pub(super) fn waiting_slots() -> impl Iterator<Item = i64> {
    (0..WAITING_SLOTS).map(|slot| -1 - i64::from(slot))
}

/// The slot of a connection that has not joined a namespace yet. Such connections are not pinged, and are closed if they
/// wait too long.
pub(super) fn waiting_slot(connection: &ConnectionId) -> i64 {
    let sum = connection.to_string().bytes().fold(0, u8::wrapping_add);
    -1 - i64::from(sum % WAITING_SLOTS)
}

/// A connection to which something is posted or which is closed, and when it was opened, if that is known.
///
/// API Gateway answers 410 for a connection that not all of its servers know yet. So while a connection is young, a 410
/// does not mean that the connection has ended (docs/protocol.md, "Handshake").
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// The id of the connection.
    pub connection: &'a ConnectionId,
    /// When the connection was opened. With `None`, a 410 always means that the connection has ended.
    pub opened_at: Option<Timestamp>,
}

impl<'a> From<&'a ConnectionId> for Recipient<'a> {
    fn from(connection: &'a ConnectionId) -> Self {
        Self { connection, opened_at: None }
    }
}

/// A connection as `$connect` stored it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The id of the connection.
    pub id: ConnectionId,
    /// The slot of the connection: the minute of the ping interval at which it is pinged.
    pub slot: u32,
    /// When the connection was opened.
    pub at: Timestamp,
    /// The IP address of the client.
    pub source_ip: String,
    /// What the application made of the headers of the handshake.
    pub header: Option<Value>,
    /// The move of a polling client to this WebSocket, if its client began by polling.
    pub upgrade: Option<Upgrade>,
    /// Until when attachments of a binary packet may be on their way.
    pub attachments_until: Option<Timestamp>,
    /// Whether the client can receive offsets, according to its `User-Agent` and the settings.
    pub takes_offsets: bool,
    /// Whether a client has ever joined a namespace on this connection.
    pub has_joined: bool,
}

impl Opened {
    /// The connection, as the recipient of a post or of a close.
    #[must_use]
    pub const fn recipient(&self) -> Recipient<'_> {
        Recipient { connection: &self.id, opened_at: Some(self.at) }
    }
}

/// The move of a client from polling to a WebSocket, as stored with the WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The polling connection.
    pub from: ConnectionId,
    /// Whether everything has moved.
    pub done: bool,
}

/// A row of the slot index: what the heartbeat needs to know.
#[derive(Clone, Debug)]
pub struct HeartbeatRow {
    /// The id of the connection.
    pub connection: ConnectionId,
    /// The namespace; `#` for the connection itself.
    pub namespace: String,
    /// When the connection was opened.
    pub opened_at: Timestamp,
    /// When the token ends.
    pub expires_at: Option<Timestamp>,
    /// The slot in which the connection is pinged. Only the connection's own row has this field and the following ones.
    pub beat: Option<u32>,
    /// When the client last answered a ping, if the deployment records pongs.
    pub heard_at: Option<Timestamp>,
    /// Whether the client polled before. It may then have waited for a ping since that time.
    pub was_polling: bool,
}

impl HeartbeatRow {
    /// Whether this is the row of the connection itself.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.namespace == keys::CONNECTION
    }
}

/// The result of marking a connection as greeted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Handshaking {
    /// The caller must post the open packet.
    First,
    /// Another run posts or has posted the open packet, or the connection is gone.
    Over,
}

impl Store {
    /// Stores a new connection. One write. Does *not* write if the connection is stored already, because an id names
    /// exactly one connection.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn open(&self, opened: &Opened) -> Result<(), Error> {
        let row = write(connection_row(opened))?;
        let put = PutItemInput::builder().table_name(&self.table).set_item(Some(row));
        self.db.put(put.condition_expression("attribute_not_exists(connectionId)")).await.map(drop)
    }

    /// Reads a connection, while it is open. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn opened(&self, id: &ConnectionId) -> Result<Option<Opened>, Error> {
        let item = self.db.get(&self.table, keys::connection(id, keys::CONNECTION)).await?;
        let row = item.map(read::<ConnectionRow>).transpose()?;
        row.filter(|row| row.closed_at.is_none()).map(opened).transpose()
    }

    /// Records that the open packet is about to be posted, so that a second invocation for the same event does not post
    /// it again. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn greet(&self, id: &ConnectionId) -> Result<Handshaking, Error> {
        let nonce = self.db.nonce();
        let update = UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::connection(id, keys::CONNECTION)))
            .update_expression("SET greeted = :yes, greetedNonce = :nonce")
            .condition_expression("greeted = :no AND attribute_not_exists(closedAt)")
            .expression_attribute_values(":nonce", text(&nonce))
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":no", AttributeValue::Bool(false));
        let greeted = self.db.update::<ConnectionRow>(update).await?;
        let is_first = greeted.is_done(|row| row.greeted_nonce.as_ref() == Some(&nonce));
        Ok(if is_first { Handshaking::First } else { Handshaking::Over })
    }

    /// Records that a client has answered a ping. Returns whether its connection is open. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn note_pong(&self, id: &ConnectionId, at: Timestamp) -> Result<bool, Error> {
        let update = UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::connection(id, keys::CONNECTION)))
            .update_expression("SET heardAt = :at")
            .condition_expression("attribute_exists(connectionId) AND attribute_not_exists(closedAt)")
            .expression_attribute_values(":at", number(at.millis()));
        self.db.applied(update).await
    }

    /// Records that a connection was found gone. Returns whether the caller must act on it. Of several runs that find
    /// the connection gone at about the same time, only one must act; in the moments after the connection was closed,
    /// none must. This holds for a limited time only, because the run that had to act may have been killed. One write.
    /// A second attempt that meets the write of the first counts as the first.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn note_gone(&self, id: &ConnectionId) -> Result<bool, Error> {
        let (now, nonce) = (self.db.clock.now(), self.db.nonce());
        let update = UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::connection(id, keys::CONNECTION)))
            .update_expression("SET goneAt = :now, goneNonce = :nonce")
            .condition_expression(
                "attribute_exists(connectionId) AND (attribute_not_exists(closedAt) OR closedAt < :before) \
                 AND (attribute_not_exists(goneAt) OR goneNonce = :nonce OR goneAt < :before)",
            )
            .expression_attribute_values(":nonce", text(nonce))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":before", number(now.plus_millis(-GONE_MILLIS).millis()));
        self.db.applied(update).await
    }

    /// When the client of each connection was last heard from: its recorded pong, its last polling request, or else the
    /// opening of the connection. Closed connections are left out. One read per hundred connections.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn last_heard(&self, ids: &BTreeSet<ConnectionId>) -> Result<Vec<(Timestamp, ConnectionId)>, Error> {
        let rows =
            ids.iter().map(|id| keys::connection(id, if id.is_polling() { keys::OUTBOX } else { keys::CONNECTION }));
        let mut heard = Vec::new();
        for item in self.db.get_all(&self.table, rows.collect()).await? {
            let HeardRow { connection_id, opened_at, heard_at, seen_at, closed_at } = read(item)?;
            if closed_at.is_none() {
                let at = heard_at.or(seen_at).unwrap_or(opened_at);
                heard.push((Timestamp::from_millis(at), ConnectionId::parse(&connection_id)?));
            }
        }
        Ok(heard)
    }
}

/// The write that puts a connection into its slot, on condition that the connection is open.
pub(super) fn opened_slot(table: &str, opened: &Opened) -> UpdateBuilder {
    Update::builder()
        .table_name(table)
        .set_key(Some(keys::connection(&opened.id, keys::CONNECTION)))
        .update_expression("SET slot = :slot")
        .condition_expression("attribute_exists(connectionId) AND attribute_not_exists(closedAt)")
        .expression_attribute_values(":slot", number(opened.slot))
}

fn connection_row(opened: &Opened) -> ConnectionRow {
    let Opened { id, slot, at, source_ip, header, upgrade, attachments_until, takes_offsets, has_joined: _ } = opened;
    ConnectionRow {
        connection_id: id.to_string(),
        namespace: keys::CONNECTION.to_owned(),
        v: VERSION,
        slot: Some(waiting_slot(id)),
        beat: *slot,
        opened_at: at.millis(),
        source_ip: source_ip.clone(),
        header: header.clone(),
        greeted: false,
        greeted_nonce: None,
        upgrade_of: upgrade.as_ref().map(|upgrade| upgrade.from.to_string()),
        upgraded: upgrade.as_ref().is_some_and(|upgrade| upgrade.done),
        heard_at: None,
        attachments_until: attachments_until.map(Timestamp::millis),
        closed_at: None,
        no_offsets: !takes_offsets,
        ttl: at.seconds() + CONNECTION_TTL_SECS,
    }
}

pub(super) fn opened(row: ConnectionRow) -> Result<Opened, Error> {
    let ConnectionRow {
        connection_id,
        namespace: _,
        v: _,
        slot: index,
        beat: slot,
        opened_at,
        source_ip,
        header,
        greeted: _,
        greeted_nonce: _,
        upgrade_of,
        upgraded: done,
        heard_at: _,
        attachments_until,
        closed_at: _,
        no_offsets,
        ttl: _,
    } = row;
    Ok(Opened {
        id: ConnectionId::parse(&connection_id)?,
        slot,
        at: Timestamp::from_millis(opened_at),
        source_ip,
        header,
        upgrade: upgrade_of
            .map(|from| Ok::<_, Error>(Upgrade { from: ConnectionId::parse(&from)?, done }))
            .transpose()?,
        attachments_until: attachments_until.map(Timestamp::from_millis),
        takes_offsets: !no_offsets,
        has_joined: index.is_some_and(|index| index >= 0),
    })
}
