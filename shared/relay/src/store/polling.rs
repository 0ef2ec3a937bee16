//! The outbox of a long-polling connection: the frames that wait to be fetched, and the requests that are fetching or
//! sending.
//!
//! It has a row of its own beside the connection's row, which stays small and is in no index, because each frame posted
//! to a polling client is one write of it. A request begins with one conditional write, so of two requests at the same
//! time one is refused.
//!
//! A run first reads the frames, and then removes exactly the frames that it read, so a lost answer loses no frame. The
//! first frames stay the same as long as no run takes any, and a run that takes frames leaves a nonce.

use std::collections::HashSet;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::connection::CONNECTION_TTL_SECS;
use super::rows::{self, OutboxRow, VERSION};
use super::{Store, keys};
use crate::clock::Timestamp;
use crate::dynamo::{Changed, NONCE_BYTES, PutItemInput, UpdateItemInput, number, outdated, read, text, write};
use crate::error::Error;
use crate::id::ConnectionId;

/// The bytes that may wait in an outbox before one more frame is refused. This is what a busy application sends during
/// the seconds in which a client that moves to a WebSocket fetches nothing, because its last POST is still being
/// handled. Together with the largest frame, a row stays well below its size limit. A higher limit would make a client
/// that fetches nothing expensive, because each frame rewrites everything that waits.
const OUTBOX_MAX_BYTES: usize = 131_072;
/// What DynamoDB counts for a frame in addition to its text: a list element, and the frame's nonce.
const ELEMENT_BYTES: usize = 4 + NONCE_BYTES;
/// The most frames taken at once. The expression that removes them names each one, and DynamoDB accepts 4 KB for an
/// expression.
const TAKEN_MAX: usize = 200;

/// The side that ended a polling connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ender {
    /// The client ended it.
    Client,
    /// The server ended it.
    Server,
}

/// The outbox of a polling connection at one moment.
#[derive(Clone, Debug)]
pub struct Outbox {
    /// The frames that wait to be fetched, oldest first.
    pub frames: Vec<String>,
    /// When the connection was opened.
    pub opened_at: Timestamp,
    /// What the outbox accepts.
    pub state: OutboxState,
    /// Until when a POST of the client counts as running.
    pub posting_until: Option<Timestamp>,
    /// When a WebSocket to which the client may move last proved that it works.
    pub probed_at: Option<Timestamp>,
    /// The nonce of the run that last took frames.
    taken_nonce: Option<String>,
    recent: HashSet<String>,
}

/// The state of an outbox. `Upgraded` and `Ended` are final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// It accepts frames and requests.
    Open,
    /// The client moves to a WebSocket, or the outbox is a recovery buffer: it accepts frames, and no requests.
    Upgrading,
    /// The client has moved to this WebSocket, which receives all further frames.
    Upgraded(ConnectionId),
    /// The connection has ended. The outbox accepts nothing.
    Ended {
        /// The side that ended it.
        by: Ender,
        /// Whether the client is still to receive something: waiting frames, or the close packet. Only after an end by
        /// the server.
        is_closing: bool,
        /// Whether it ended while the client was moving to a WebSocket.
        was_upgrading: bool,
    },
}

impl OutboxState {
    /// Whether the connection has ended.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }

    /// Whether the client has begun to move to a WebSocket.
    #[must_use]
    pub const fn has_upgraded(&self) -> bool {
        matches!(self, Self::Upgrading | Self::Upgraded(_) | Self::Ended { was_upgrading: true, .. })
    }

    fn of(row: &OutboxRow) -> Result<Self, Error> {
        if let Some(to) = &row.upgraded_to {
            return Ok(Self::Upgraded(ConnectionId::parse(to)?));
        }
        Ok(match row.ended_by.as_ref().map(|by| rows::parse_ender(by)) {
            Some(by) => {
                let is_closing = by == Ender::Server && (row.close_pending || !row.outbox.is_empty());
                Self::Ended { by, is_closing, was_upgrading: row.upgrading }
            }
            None if row.upgrading => Self::Upgrading,
            None => Self::Open,
        })
    }
}

/// The two kinds of requests of a polling client. Of each kind only one may run at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A GET, which fetches the frames that wait.
    Get,
    /// A POST, which sends packets.
    Post,
}

/// The moments that decide whether a polling connection is alive.
#[derive(Clone, Copy, Debug)]
pub struct Liveness {
    /// The present time.
    pub now: Timestamp,
    /// A client that was last seen at this time or before is dead.
    pub stale_before: Timestamp,
}

/// The result of adding a frame to an outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Enqueue {
    /// The frame waits to be fetched.
    Queued,
    /// The outbox is full.
    Full,
    /// The client has moved to this WebSocket.
    Redirected(ConnectionId),
    /// The connection has ended, or its client was not seen for too long.
    Gone,
}

/// The result of beginning a request.
#[derive(Clone, Debug)]
#[must_use]
pub enum PollTurn {
    /// The request may run. This is the outbox; nothing has been taken from it yet.
    Taken(Box<Outbox>),
    /// Another request of the same kind is running.
    Busy,
    /// The client has moved to a WebSocket.
    Upgraded,
    /// The server has closed the connection, and the client has not received everything yet. This is the outbox.
    Closing(Box<Outbox>),
    /// There is no such connection, or it has ended.
    Unknown,
}

/// The result of ending a polling connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Ending {
    /// The connection has ended. The caller should also close this WebSocket, to which the client was about to move.
    Ended(Option<ConnectionId>),
    /// The connection had ended before, or never existed.
    Before,
    /// The client has moved to this WebSocket.
    Redirected(ConnectionId),
}

impl Store {
    /// Creates the outbox of a new polling connection, or a recovery buffer. A recovery buffer is an outbox that takes
    /// no requests and is being drained from the beginning. One write. Does *not* write if there is an outbox with this
    /// id already, which only an earlier attempt can have created.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn open_outbox(&self, id: &ConnectionId, at: Timestamp) -> Result<(), Error> {
        let row = OutboxRow {
            connection_id: id.to_string(),
            namespace: keys::OUTBOX.to_owned(),
            v: VERSION,
            opened_at: at.millis(),
            seen_at: at.millis(),
            upgrading: id.is_recovery_buffer(),
            ttl: at.seconds() + CONNECTION_TTL_SECS,
            ..OutboxRow::default()
        };
        let put = PutItemInput::builder().table_name(&self.table).set_item(Some(write(row)?));
        self.db.put(put.condition_expression("attribute_not_exists(connectionId)")).await.map(drop)
    }

    /// Reads an outbox. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn outbox(&self, id: &ConnectionId) -> Result<Option<Outbox>, Error> {
        let item = self.db.get(&self.table, keys::connection(id, keys::OUTBOX)).await?;
        item.map(|item| outbox(read(item)?)).transpose()
    }

    /// Adds a frame behind the frames that wait. One write. A second attempt that meets the first adds nothing, also if
    /// the frame was taken meanwhile.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn add_frame(&self, id: &ConnectionId, frame: &str, stale_before: Timestamp) -> Result<Enqueue, Error> {
        let nonce = self.db.nonce();
        let update = self
            .outbox_update(id)
            .return_values(ReturnValue::None)
            .update_expression(
                "SET outbox = list_append(if_not_exists(outbox, :none), :frame) ADD outboxBytes :bytes, recent :nonces",
            )
            .condition_expression(
                "seenAt > :dead AND attribute_not_exists(endedBy) AND attribute_not_exists(upgradedTo) \
                 AND (attribute_not_exists(outboxBytes) OR outboxBytes <= :most) AND NOT contains(recent, :nonce)",
            )
            .expression_attribute_values(":nonce", text(&nonce))
            .expression_attribute_values(":nonces", AttributeValue::Ss(vec![nonce.clone()]))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":frame", AttributeValue::L(vec![text(frame)]))
            .expression_attribute_values(":bytes", number(frame.len() + ELEMENT_BYTES))
            .expression_attribute_values(":most", number(OUTBOX_MAX_BYTES))
            .expression_attribute_values(":dead", number(stale_before.millis()));
        match self.db.update::<OutboxRow>(update).await? {
            Changed::Done(_) => Ok(Enqueue::Queued),
            Changed::Refused(None) => Ok(Enqueue::Gone),
            Changed::Refused(Some(row)) if row.recent.contains(&nonce) => Ok(Enqueue::Queued),
            Changed::Refused(Some(row)) => Ok(match OutboxState::of(&row)? {
                OutboxState::Upgraded(to) => Enqueue::Redirected(to),
                OutboxState::Ended { .. } => Enqueue::Gone,
                OutboxState::Open | OutboxState::Upgrading if row.seen_at > stale_before.millis() => Enqueue::Full,
                OutboxState::Open | OutboxState::Upgrading => Enqueue::Gone,
            }),
        }
    }

    /// Begins a request of a polling client. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn begin(
        &self,
        id: &ConnectionId,
        direction: Direction,
        liveness: Liveness,
        until: Timestamp,
    ) -> Result<PollTurn, Error> {
        let Liveness { now, stale_before } = liveness;
        let nonce = self.db.nonce();
        let turn = direction.attribute();
        let update = self
            .outbox_update(id)
            .update_expression(format!("SET {turn}Until = :until, {turn}Nonce = :nonce, seenAt = :now"))
            .condition_expression(format!(
                "seenAt > :dead AND attribute_not_exists(endedBy) AND attribute_not_exists(upgrading) \
                 AND (attribute_not_exists({turn}Until) OR {turn}Until <= :now)"
            ))
            .expression_attribute_values(":nonce", text(&nonce))
            .expression_attribute_values(":until", number(until.millis()))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":dead", number(stale_before.millis()));
        let row = match self.db.update::<OutboxRow>(update).await? {
            Changed::Done(row) => return Ok(PollTurn::Taken(Box::new(outbox(row.unwrap_or_default())?))),
            Changed::Refused(None) => return Ok(PollTurn::Unknown),
            Changed::Refused(Some(row)) => row,
        };
        let (is_stale, is_ours) = (row.seen_at <= stale_before.millis(), direction.nonce(&row) == Some(&nonce));
        let outbox = outbox(row)?;
        Ok(match outbox.state {
            _ if is_stale => PollTurn::Unknown,
            OutboxState::Ended { is_closing: true, .. } if direction == Direction::Get => {
                PollTurn::Closing(Box::new(outbox))
            }
            OutboxState::Ended { .. } => PollTurn::Unknown,
            OutboxState::Upgrading | OutboxState::Upgraded(_) => PollTurn::Upgraded,
            OutboxState::Open if is_ours => PollTurn::Taken(Box::new(outbox)),
            OutboxState::Open => PollTurn::Busy,
        })
    }

    /// Ends a request of a polling client, and records that the client was there until now. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn finish(&self, id: &ConnectionId, direction: Direction, now: Timestamp) -> Result<(), Error> {
        let turn = direction.attribute();
        let update = self
            .outbox_update(id)
            .return_values(ReturnValue::None)
            .update_expression(format!("SET seenAt = :now REMOVE {turn}Until"))
            .condition_expression("attribute_exists(connectionId)")
            .expression_attribute_values(":now", number(now.millis()));
        self.db.applied(update).await.map(drop)
    }

    /// Takes the oldest frames of `outbox`, which was read before, and ends the GET that fetches them. Returns the
    /// frames; none if another run took some meanwhile, or if the client is moving to a WebSocket. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn fetch(&self, id: &ConnectionId, outbox: Outbox, now: Timestamp) -> Result<Vec<String>, Error> {
        let fetches = Taking { sets: "seenAt = :now, ", removes: "gettingUntil, ", condition: NOT_UPGRADING };
        let update = self.outbox_update(id).expression_attribute_values(":now", number(now.millis()));
        self.take(update, outbox, fetches).await
    }

    /// Takes the oldest frames that wait. Does *not* write if there are none.
    pub(super) async fn take(
        &self,
        update: UpdateItemInputBuilder,
        outbox: Outbox,
        Taking { sets, removes, condition }: Taking,
    ) -> Result<Vec<String>, Error> {
        let Outbox { mut frames, taken_nonce: last, recent, .. } = outbox;
        frames.truncate(TAKEN_MAX);
        if frames.is_empty() {
            return Ok(frames);
        }
        let nonce = self.db.nonce();
        let bytes: usize = frames.iter().map(|frame| frame.len() + ELEMENT_BYTES).sum();
        let taken: Vec<String> = (0..frames.len()).map(|index| format!("outbox[{index}]")).collect();
        let mut change =
            format!("SET {sets}takenNonce = :nonce REMOVE {removes}{} ADD outboxBytes :less", taken.join(", "));
        let mut update = update
            .return_values(ReturnValue::None)
            .expression_attribute_values(":nonce", text(&nonce))
            .expression_attribute_values(":less", AttributeValue::N(format!("-{bytes}")));
        let over = outdated(&recent, self.db.clock.now());
        if !over.is_empty() {
            change.push_str(" DELETE recent :over");
            update = update.expression_attribute_values(":over", AttributeValue::Ss(over));
        }
        let unchanged = match last {
            Some(last) => {
                update = update.expression_attribute_values(":last", text(last));
                "takenNonce = :last"
            }
            None => "attribute_not_exists(takenNonce)",
        };
        let update = update
            .update_expression(change)
            .condition_expression(format!("attribute_exists(outbox) AND {unchanged}{condition}"));
        let taken = self.db.update::<OutboxRow>(update).await?.is_done(|row| row.taken_nonce.as_ref() == Some(&nonce));
        Ok(if taken { frames } else { Vec::new() })
    }

    /// Takes the last frames of a connection that the server has closed. The close packet follows in an answer of its
    /// own: stock clients drop frames that come in one answer with it. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn fetch_last(&self, id: &ConnectionId, outbox: Outbox, now: Timestamp) -> Result<Vec<String>, Error> {
        let fetches = Taking {
            sets: "seenAt = :now, closePending = :yes, ",
            removes: "gettingUntil, ",
            condition: NOT_UPGRADING,
        };
        let update = self.outbox_update(id).expression_attribute_values(":now", number(now.millis()));
        self.take(update.expression_attribute_values(":yes", AttributeValue::Bool(true)), outbox, fetches).await
    }

    /// Takes the close packet that is still to come. Returns whether there is one. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn take_close(&self, id: &ConnectionId) -> Result<bool, Error> {
        let update = self.outbox_update(id).return_values(ReturnValue::None);
        let update = update.update_expression("REMOVE closePending");
        self.db.applied(update.condition_expression("attribute_exists(closePending)")).await
    }

    /// Ends a polling connection: its outbox accepts no more frames and no more requests. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn end_outbox(&self, id: &ConnectionId, by: Ender) -> Result<Ending, Error> {
        let nonce = self.db.nonce();
        let update = self
            .outbox_update(id)
            .update_expression("SET endedBy = :by, endedNonce = :nonce")
            .condition_expression(
                "attribute_exists(connectionId) AND attribute_not_exists(endedBy) AND attribute_not_exists(upgradedTo)",
            )
            .expression_attribute_values(":nonce", text(&nonce))
            .expression_attribute_values(":by", text(rows::ender(by)));
        let parsed = |id: Option<String>| id.map(|id| ConnectionId::parse(&id)).transpose();
        Ok(match self.db.update::<OutboxRow>(update).await? {
            Changed::Done(row) => Ending::Ended(parsed(row.and_then(|row| row.probe))?),
            Changed::Refused(Some(row)) if row.ended_nonce.as_ref() == Some(&nonce) => {
                Ending::Ended(parsed(row.probe)?)
            }
            Changed::Refused(row) => match parsed(row.and_then(|row| row.upgraded_to))? {
                Some(to) => Ending::Redirected(to),
                None => Ending::Before,
            },
        })
    }

    pub(super) fn outbox_update(&self, id: &ConnectionId) -> UpdateItemInputBuilder {
        UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::connection(id, keys::OUTBOX)))
            .return_values(ReturnValue::AllOld)
    }
}

/// The further changes of a write that takes frames.
pub(super) struct Taking {
    /// The assignments, each followed by a comma.
    pub(super) sets: &'static str,
    /// The removed attributes, each followed by a comma.
    pub(super) removes: &'static str,
    /// A further condition, with `AND` in front.
    pub(super) condition: &'static str,
}

const NOT_UPGRADING: &str = " AND attribute_not_exists(upgrading)";

impl Direction {
    /// The prefix of the attributes for this kind of request.
    const fn attribute(self) -> &'static str {
        match self {
            Self::Get => "getting",
            Self::Post => "posting",
        }
    }

    fn nonce(self, row: &OutboxRow) -> Option<&String> {
        match self {
            Self::Get => row.getting_nonce.as_ref(),
            Self::Post => row.posting_nonce.as_ref(),
        }
    }
}

fn outbox(row: OutboxRow) -> Result<Outbox, Error> {
    let state = OutboxState::of(&row)?;
    let OutboxRow {
        connection_id: _,
        namespace: _,
        v: _,
        opened_at,
        seen_at: _,
        outbox: frames,
        outbox_bytes: _,
        recent,
        taken_nonce,
        getting_until: _,
        getting_nonce: _,
        posting_until,
        posting_nonce: _,
        ended_by: _,
        close_pending: _,
        ended_nonce: _,
        probe: _,
        probe_at,
        probed,
        probed_nonce: _,
        upgrading: _,
        upgrading_nonce: _,
        upgraded_to: _,
        ttl: _,
    } = row;
    Ok(Outbox {
        frames,
        opened_at: Timestamp::from_millis(opened_at),
        state,
        posting_until: posting_until.map(Timestamp::from_millis),
        probed_at: probe_at.filter(|_| probed).map(Timestamp::from_millis),
        taken_nonce,
        recent,
    })
}
