//! A binary packet whose attachments have not all arrived (docs/protocol.md, "Attachments").
//!
//! Each frame has a row of its own beside the connection's row. It is written once and expires by itself. One more row
//! describes the packet and names its frames. That row is in the waiting slot while the packet is incomplete, so that
//! the sweep closes a connection whose attachments never arrive. A conditional write notes each frame in that row, so
//! of several frames at the same time exactly one finds the packet complete.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::connection::{CONNECTION_TTL_SECS, waiting_slot};
use super::rows::binary::{BinaryRow, FrameRow};
use super::rows::{VERSION, binary as rows};
use super::{Session, Store, keys};
use crate::clock::Timestamp;
use crate::dynamo::{Changed, PutItemInput, UpdateItemInput, dated, number, outdated, read, text, write};
use crate::error::Error;
use crate::id::ConnectionId;

/// The bytes that may have arrived before one more frame is refused. Together with the largest message this is still
/// less than the largest event that a function accepts.
const PACKET_MAX_BYTES: usize = 262_144;
/// Turns a packet's row into a row without a packet. The row remembers for a while which frames arrived, because a
/// frame may arrive twice.
const FORGET: &str = "REMOVE headerBy, headerAt, wanted, attachments, nonce, bytes, slot, openedAt";
/// How long a frame is kept, in seconds: longer than a packet may take.
const FRAME_TTL_SECS: i64 = 2 * 3_600;

/// One frame of a binary packet.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The frame as text.
    pub frame: &'a str,
    /// The id of the event that carried the frame, so that a second invocation for the same event is recognized.
    pub invocation: &'a str,
    /// When the gateway received the frame.
    pub at: Timestamp,
    /// For the header of a packet: how many attachments follow.
    pub announces: Option<u8>,
}

impl Piece<'_> {
    /// The name of the frame in its packet's row: the time of its arrival in the form of a nonce, and the event's id.
    fn entry(&self) -> String {
        dated(self.at, self.invocation)
    }
}

/// The result of noting a frame of a binary packet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Collecting {
    /// The packet is not complete yet, or the frame had arrived before.
    Waiting,
    /// The packet is complete with this frame. The value holds header and attachments, in the order in which the
    /// gateway received them.
    Whole(Vec<String>),
    /// The frame is a header, and the attachments of another header have not all arrived.
    Busy,
    /// The frame is too much, is too late, or belongs to no header.
    Refused,
}

impl Store {
    /// Stores a frame. [`Store::collect`] notes it afterwards. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn keep_frame(&self, id: &ConnectionId, piece: Piece<'_>) -> Result<(), Error> {
        let Piece { frame, invocation, at, .. } = piece;
        let update = UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::connection(id, keys::frame(invocation))))
            .update_expression("SET frame = :frame, v = :v, #ttl = :ttl")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":frame", text(frame))
            .expression_attribute_values(":v", number(VERSION))
            .expression_attribute_values(":ttl", number(at.seconds() + FRAME_TTL_SECS));
        self.db.applied(update).await.map(drop)
    }

    /// Notes a stored frame in its packet's row. One write; if the packet is complete, one more write and one read per
    /// frame. A packet that began before `dead` is too old.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn collect(&self, id: &ConnectionId, piece: Piece<'_>, dead: Timestamp) -> Result<Collecting, Error> {
        let nonce = self.db.nonce();
        let update = self.piece_update(id, piece, dead)?.expression_attribute_values(":nonce", text(&nonce));
        let row = match self.db.update::<BinaryRow>(update).await? {
            Changed::Done(Some(row)) => row,
            // An earlier attempt of this run has noted the frame. The run that wrote last finds the packet complete.
            Changed::Refused(Some(row)) if row.nonce.as_ref() == Some(&nonce) => row,
            Changed::Refused(Some(row)) if row.received.contains(&piece.entry()) => return Ok(Collecting::Waiting),
            Changed::Refused(Some(row)) if piece.announces.is_some() && row.header_by.is_some() => {
                return Ok(Collecting::Busy);
            }
            Changed::Done(None) | Changed::Refused(_) => return Ok(Collecting::Refused),
        };
        let BinaryRow { header_by, header_at, wanted, mut attachments, received, .. } = row;
        let Some(header) = header_by else { return Ok(Collecting::Waiting) };
        // No attachment of a header was received before the header.
        if attachments.iter().any(|attachment| Some(attachment.at) < header_at) {
            return Ok(Collecting::Refused);
        }
        if wanted.map(usize::from) != Some(attachments.len()) {
            return Ok(Collecting::Waiting);
        }
        self.take_packet(id, &header, outdated(&received, self.db.clock.now())).await?;
        attachments.sort_by_key(|attachment| attachment.at);
        let mut frames = Vec::with_capacity(attachments.len() + 1);
        for invocation in std::iter::once(header).chain(attachments.into_iter().map(|attachment| attachment.by)) {
            frames.push(self.frame(id, &invocation).await?);
        }
        Ok(Collecting::Whole(frames))
    }

    /// Removes a complete packet from the row, and also the names of earlier frames that cannot arrive again.
    async fn take_packet(&self, id: &ConnectionId, header: &str, over: Vec<String>) -> Result<(), Error> {
        let update = self.packet_update(id).condition_expression("headerBy = :header");
        let update = update.expression_attribute_values(":header", text(header));
        let update = if over.is_empty() {
            update.update_expression(FORGET)
        } else {
            let forget = format!("{FORGET} DELETE received :over");
            update.update_expression(forget).expression_attribute_values(":over", AttributeValue::Ss(over))
        };
        self.db.applied(update).await.map(drop)
    }

    async fn frame(&self, id: &ConnectionId, invocation: &str) -> Result<String, Error> {
        let item = self.db.get(&self.table, keys::connection(id, keys::frame(invocation))).await?;
        let item = item.ok_or_else(|| Error::internal("a frame of a binary packet is not there any more"))?;
        Ok(read::<FrameRow>(item)?.frame)
    }

    fn piece_update(
        &self,
        id: &ConnectionId,
        piece: Piece<'_>,
        dead: Timestamp,
    ) -> Result<UpdateItemInputBuilder, Error> {
        let Piece { frame, invocation, at, announces } = piece;
        let update = self.packet_update(id);
        let (sets, fits, update) = match announces {
            Some(wanted) => (
                "headerBy = :header, headerAt = :at, wanted = :wanted",
                "attribute_not_exists(headerBy)",
                update
                    .expression_attribute_values(":header", text(invocation))
                    .expression_attribute_values(":wanted", number(wanted)),
            ),
            None => (
                "attachments = list_append(if_not_exists(attachments, :none), :attachment)",
                "(attribute_not_exists(attachments) OR size(attachments) < :most)",
                update
                    .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
                    .expression_attribute_values(":attachment", rows::attachment(invocation, at)?)
                    .expression_attribute_values(":most", number(keys::ATTACHMENTS_MAX)),
            ),
        };
        Ok(update
            .update_expression(format!(
                "SET {sets}, nonce = :nonce, slot = :slot, openedAt = if_not_exists(openedAt, :at), v = :v, #ttl = :ttl \
                 ADD bytes :bytes, received :received"
            ))
            .condition_expression(format!(
                "NOT contains(received, :entry) \
                 AND (attribute_not_exists(openedAt) OR ({fits} AND openedAt > :dead AND bytes <= :enough))"
            ))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":slot", number(waiting_slot(id)))
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":v", number(VERSION))
            .expression_attribute_values(":ttl", number(at.seconds() + CONNECTION_TTL_SECS))
            .expression_attribute_values(":bytes", number(frame.len()))
            .expression_attribute_values(":received", AttributeValue::Ss(vec![piece.entry()]))
            .expression_attribute_values(":entry", text(piece.entry()))
            .expression_attribute_values(":dead", number(dead.millis()))
            .expression_attribute_values(":enough", number(PACKET_MAX_BYTES))
            .return_values(ReturnValue::AllNew))
    }

    /// Removes the packet from the row, because it is complete or never will be. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn forget_packet(&self, id: &ConnectionId) -> Result<(), Error> {
        let update = self.packet_update(id).update_expression(FORGET);
        self.db.applied(update.condition_expression("attribute_exists(connectionId)")).await.map(drop)
    }

    /// When the gateway received a header whose attachments have not all arrived. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn awaiting(&self, id: &ConnectionId) -> Result<Option<Timestamp>, Error> {
        Ok(self.packet(id).await?.and_then(|row| row.header_at).map(Timestamp::from_millis))
    }

    /// Marks a connection and its sessions: until the given time a text frame may interrupt a binary packet. One write
    /// each.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn await_attachments(
        &self,
        id: &ConnectionId,
        sessions: &[Session],
        until: Timestamp,
    ) -> Result<(), Error> {
        let live = sessions.iter().filter(|session| session.ended_at.is_none());
        for namespace in live.map(|session| session.namespace.as_str()).chain([keys::CONNECTION]) {
            let update = UpdateItemInput::builder()
                .table_name(&self.table)
                .set_key(Some(keys::connection(id, namespace)))
                .update_expression("SET attachmentsUntil = :until")
                .condition_expression("attribute_exists(connectionId)")
                .expression_attribute_values(":until", number(until.millis()));
            self.db.applied(update).await?;
        }
        Ok(())
    }

    /// Moves the frames of an incomplete binary packet when its client moves to a WebSocket. One read; if there is a
    /// packet, also two writes, and one read and one write per frame.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn move_packet(&self, from: &ConnectionId, to: &ConnectionId) -> Result<(), Error> {
        let Some(mut row) = self.packet(from).await? else { return Ok(()) };
        if row.opened_at.is_none() {
            return Ok(());
        }
        let invocations = row.header_by.iter().chain(row.attachments.iter().map(|attachment| &attachment.by));
        for invocation in invocations {
            let frame = self.frame(from, invocation).await?;
            let at = Timestamp::from_millis(row.opened_at.unwrap_or_default());
            self.keep_frame(to, Piece { frame: &frame, invocation, at, announces: None }).await?;
        }
        row.connection_id = to.to_string();
        let put = PutItemInput::builder().table_name(&self.table).set_item(Some(write(row)?));
        self.db.put(put).await?;
        self.forget_packet(from).await
    }

    async fn packet(&self, id: &ConnectionId) -> Result<Option<BinaryRow>, Error> {
        let item = self.db.get(&self.table, keys::connection(id, keys::BINARY)).await?;
        item.map(read).transpose()
    }

    fn packet_update(&self, id: &ConnectionId) -> UpdateItemInputBuilder {
        let update = UpdateItemInput::builder().table_name(&self.table);
        update.set_key(Some(keys::connection(id, keys::BINARY)))
    }
}
