//! The delivery state of a chat: how many of its events have been delivered, and which invocation may deliver the next
//! one (docs/delivery-order.md).
//!
//! The chat's row says how many of its events have been delivered (`delivered_position`), and until when the invocation
//! that stored the next event may deliver it (`leaseUntil`). If all events before have been delivered, the invocation
//! that stores an event gets the lease in the same write. So in the ordinary case none of this costs a request. After
//! the end of a lease another invocation may claim it.

use relay::clock::Timestamp;
use relay::dynamo::{GetItemInput, UpdateItemInput, number, read, text};

use super::rows::DeliveryRow;
use super::{Store, keys};
use crate::domain::id::ChatId;
use crate::domain::log::{LEASE_MARGIN_MILLIS, LEASE_MILLIS, Late};
use crate::error::Error;

/// How long the row remembers that events were delivered late, in milliseconds: longer than a client may be away and
/// still recover its session.
const LATE_KEPT_MILLIS: i64 = 2 * 3_600_000;

/// The delivery state of a chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The number of stored events.
    pub events: u64,
    /// The number of delivered events.
    pub delivered_position: u64,
    /// Until when an invocation may be delivering the event after those. `None` if certainly no invocation has begun
    /// to.
    pub lease_until: Option<Timestamp>,
    /// Whether an invocation claimed this lease. Otherwise the lease belongs to the invocation that stored the event.
    pub is_claimed: bool,
    /// The events that were delivered late, if there were any lately.
    pub late: Option<Late>,
}

impl Delivered {
    /// Whether another invocation may deliver the remaining events, whatever happened to the holder of the lease.
    #[must_use]
    pub fn may_be_taken_over(&self, now: Timestamp) -> bool {
        self.lease_until.is_none_or(|until| until.plus_millis(LEASE_MARGIN_MILLIS) <= now)
    }
}

impl Store {
    /// Reads the delivery state of a chat. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn delivery(&self, chat: &ChatId) -> Result<Delivered, Error> {
        let get = GetItemInput::builder()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(chat)))
            .consistent_read(true)
            .projection_expression("seq, rev, told, leaseUntil, leaseBy, lateAfter, lateAt");
        let got = self.db.tables.get_item(get).await.map_err(Error::internal)?;
        let DeliveryRow { seq, rev, delivered_position, lease_until, lease_by, late_after, late_at } =
            got.item.map(read).transpose()?.unwrap_or_default();
        Ok(Delivered {
            events: seq.saturating_add(rev),
            delivered_position,
            lease_until: lease_until.map(Timestamp::from_millis),
            is_claimed: lease_by.is_some(),
            late: late_after.zip(late_at).map(|(after, at)| Late { after, at: Timestamp::from_millis(at) }),
        })
    }

    /// Claims the lease to deliver the events after the first `found.delivered_position`, and records that they are
    /// late. Returns the end of the lease; `None` if another invocation was first. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn claim_delivery(&self, chat: &ChatId, found: &Delivered) -> Result<Option<Timestamp>, Error> {
        let now = self.db.clock.now();
        let (until, nonce) = (now.plus_millis(LEASE_MILLIS), self.db.nonce());
        let recent = found.late.filter(|late| late.at.plus_millis(LATE_KEPT_MILLIS) > now);
        let after = recent.map_or(found.delivered_position, |late| late.after.min(found.delivered_position));
        let same_lease = match found.lease_until {
            Some(_) => "leaseUntil = :found",
            None => "attribute_not_exists(leaseUntil)",
        };
        let mut update = UpdateItemInput::builder()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(chat)))
            .update_expression("SET leaseUntil = :until, leaseBy = :nonce, lateAfter = :after, lateAt = :now")
            .condition_expression(format!("told = :told AND {same_lease}"))
            .expression_attribute_values(":until", number(until.millis()))
            .expression_attribute_values(":nonce", text(&nonce))
            .expression_attribute_values(":after", number(after))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":told", number(found.delivered_position));
        if let Some(lease) = found.lease_until {
            update = update.expression_attribute_values(":found", number(lease.millis()));
        }
        // If the condition failed although the row holds our nonce, an earlier attempt of this claim succeeded.
        let claimed =
            self.db.update::<DeliveryRow>(update).await?.is_done(|row| row.lease_by.as_deref() == Some(&nonce));
        Ok(claimed.then_some(until))
    }

    /// Records that this number of events of a chat has been delivered. From then on the invocation that waits to
    /// deliver the next event has the lease. One write. Does *not* write if as many were recorded before.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn record_delivered(&self, chat: &ChatId, events: u64) -> Result<(), Error> {
        let lease = self.db.clock.now().plus_millis(LEASE_MILLIS);
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(chat)))
            .update_expression("SET told = :told, leaseUntil = :lease REMOVE leaseBy")
            .condition_expression("attribute_exists(chatId) AND (attribute_not_exists(told) OR told < :told)")
            .expression_attribute_values(":told", number(events))
            .expression_attribute_values(":lease", number(lease.millis()));
        self.db.applied(update).await?;
        Ok(())
    }

    /// Returns a lease whose holder has delivered nothing, so that another invocation may deliver at once. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn release_delivery(
        &self,
        chat: &ChatId,
        delivered_position: u64,
        lease: Timestamp,
    ) -> Result<(), Error> {
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(chat)))
            .update_expression("REMOVE leaseUntil, leaseBy")
            .condition_expression("told = :told AND leaseUntil = :lease")
            .expression_attribute_values(":told", number(delivered_position))
            .expression_attribute_values(":lease", number(lease.millis()));
        self.db.applied(update).await?;
        Ok(())
    }
}
