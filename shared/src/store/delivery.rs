//! How far the events of a chat have been delivered, and who may deliver the next one (docs/delivery-order.md).
//!
//! The chat's row says how many of its events have been delivered (`told`), and until when whoever stored the event after those may deliver it
//! (`leaseUntil`). Whoever stores an event gets the lease in the same write, if all before has been delivered; so in the ordinary case nothing of
//! this costs a request. Once a lease is over, somebody else may claim it.

use super::rows::DeliveryRow;
use super::{Store, keys, number, rows, text};
use crate::domain::clock::Timestamp;
use crate::domain::id::ChatId;
use crate::domain::log::{LEASE_MARGIN_MILLIS, LEASE_MILLIS, Late};
use crate::error::Error;

/// For how long it is remembered that events were delivered late: longer than anybody may come back to a session.
const LATE_KEPT_MILLIS: i64 = 2 * 3_600_000;

/// How far the events of a chat have been delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many events are stored.
    pub events: u64,
    /// How many of them have been delivered.
    pub told: u64,
    /// Until when somebody may be delivering the event after those. `None` if certainly nobody has begun to.
    pub lease_until: Option<Timestamp>,
    /// Whether that is somebody who claimed the lease, and not whoever stored the event.
    pub is_claimed: bool,
    /// The events that were delivered late, if any were lately.
    pub late: Option<Late>,
}

impl Delivered {
    /// Whether somebody else may deliver what is left, whatever has become of whoever had the lease.
    #[must_use]
    pub fn may_be_taken_over(&self, now: Timestamp) -> bool {
        self.lease_until.is_none_or(|until| until.plus_millis(LEASE_MARGIN_MILLIS) <= now)
    }
}

impl Store {
    /// How far the events of a chat have been delivered. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn delivery(&self, chat: &ChatId) -> Result<Delivered, Error> {
        let got = self
            .client
            .get_item()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(chat)))
            .consistent_read(true)
            .projection_expression("seq, rev, told, leaseUntil, leaseBy, lateAfter, lateAt")
            .send()
            .await
            .map_err(Error::internal)?;
        let DeliveryRow { seq, rev, told, lease_until, lease_by, late_after, late_at } =
            got.item.map(rows::read).transpose()?.unwrap_or_default();
        Ok(Delivered {
            events: seq.saturating_add(rev),
            told,
            lease_until: lease_until.map(Timestamp::from_millis),
            is_claimed: lease_by.is_some(),
            late: late_after.zip(late_at).map(|(after, at)| Late { after, at: Timestamp::from_millis(at) }),
        })
    }

    /// Takes the lease to deliver the events after `found.told`, and notes that they are late, provided that nobody else did meanwhile. One
    /// write. Until when it holds; `None` if somebody else was first.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn claim_delivery(&self, chat: &ChatId, found: &Delivered) -> Result<Option<Timestamp>, Error> {
        let now = self.clock.now();
        let (until, nonce) = (now.plus_millis(LEASE_MILLIS), self.nonce());
        let recent = found.late.filter(|late| late.at.plus_millis(LATE_KEPT_MILLIS) > now);
        let after = recent.map_or(found.told, |late| late.after.min(found.told));
        let same_lease = match found.lease_until {
            Some(_) => "leaseUntil = :found",
            None => "attribute_not_exists(leaseUntil)",
        };
        let mut update = self
            .client
            .update_item()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(chat)))
            .update_expression("SET leaseUntil = :until, leaseBy = :nonce, lateAfter = :after, lateAt = :now")
            .condition_expression(format!("told = :told AND {same_lease}"))
            .expression_attribute_values(":until", number(until.millis()))
            .expression_attribute_values(":nonce", text(&nonce))
            .expression_attribute_values(":after", number(after))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":told", number(found.told));
        if let Some(lease) = found.lease_until {
            update = update.expression_attribute_values(":found", number(lease.millis()));
        }
        // A condition that failed on a claim of ours met its own first attempt.
        let claimed = self.update::<DeliveryRow>(update).await?.is_done(|row| row.lease_by.as_deref() == Some(&nonce));
        Ok(claimed.then_some(until))
    }

    /// Records that so many events of a chat have been delivered; whoever waits to deliver the next one has the lease from here on. One write.
    /// Does *not* write if as many were recorded before.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn record_delivered(&self, chat: &ChatId, events: u64) -> Result<(), Error> {
        let lease = self.clock.now().plus_millis(LEASE_MILLIS);
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(chat)))
            .update_expression("SET told = :told, leaseUntil = :lease REMOVE leaseBy")
            .condition_expression("attribute_exists(chatId) AND (attribute_not_exists(told) OR told < :told)")
            .expression_attribute_values(":told", number(events))
            .expression_attribute_values(":lease", number(lease.millis()));
        self.applied(update).await.map(drop)
    }

    /// Gives a lease back whose holder has delivered nothing, so that somebody else may deliver at once. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn release_delivery(&self, chat: &ChatId, told: u64, lease: Timestamp) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(chat)))
            .update_expression("REMOVE leaseUntil, leaseBy")
            .condition_expression("told = :told AND leaseUntil = :lease")
            .expression_attribute_values(":told", number(told))
            .expression_attribute_values(":lease", number(lease.millis()));
        self.applied(update).await.map(drop)
    }
}
