//! Counting what a user does in a fixed window, and knowing an invocation that comes twice.
//!
//! One conditional write does both: the window's row counts, and remembers the invocations that it counted. API Gateway and Lambda may
//! hand on one event twice; the second falls into the same window, because windows go by the time the gateway received the event.

use aws_sdk_dynamodb::types::AttributeValue;

use super::rows::LimitRow;
use super::update::Changed;
use super::{Store, keys, number, text};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::error::Error;

/// Lambda gives an asynchronous event up after six hours at the latest; a row is kept for longer than that.
const TTL_SECS: i64 = 7 * 3_600;

/// What is counted, for whom, and up to what.
#[derive(Clone, Debug)]
pub struct Counter<'a> {
    /// Whose.
    pub user: &'a UserId,
    /// What; part of the key.
    pub what: &'static str,
    /// Length of the window, in seconds.
    pub window_secs: i64,
    /// When the gateway received the event.
    pub at: Timestamp,
    /// Most in one window; `None` counts without end.
    pub limit: Option<u64>,
    /// The gateway's name for the event, if it may come twice.
    pub invocation: Option<&'a str>,
}

/// What became of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Counted {
    /// It is counted.
    Counted,
    /// This very event was counted before.
    Repeated,
    /// The window is full.
    Full {
        /// Whole seconds until it ends.
        retry_after_secs: u64,
    },
}

impl Counter<'_> {
    fn window(&self) -> i64 {
        self.at.seconds().div_euclid(self.window_secs)
    }

    fn entry(&self) -> String {
        keys::limit(self.what, self.window())
    }

    fn invocations(&self) -> Option<AttributeValue> {
        Some(AttributeValue::Ss(vec![self.invocation?.to_owned()]))
    }
}

impl Store {
    /// Counts one more, unless the window is full or this event was counted before. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn count(&self, counter: &Counter<'_>) -> Result<Counted, Error> {
        let window_end = (counter.window() + 1) * counter.window_secs;
        let mut add = "ADD #count :one".to_owned();
        let mut condition = "(attribute_not_exists(#count) OR #count < :limit)".to_owned();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(counter.user, counter.entry())))
            .expression_attribute_names("#count", "count")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":limit", number(counter.limit.unwrap_or(u64::from(u32::MAX))))
            .expression_attribute_values(":ttl", number(window_end + TTL_SECS));
        if let (Some(set), Some(invocation)) = (counter.invocations(), counter.invocation) {
            add.push_str(", invocations :set");
            condition.push_str(" AND NOT contains(invocations, :invocation)");
            update = update
                .expression_attribute_values(":set", set)
                .expression_attribute_values(":invocation", text(invocation));
        }
        let update = update.update_expression(format!("SET #ttl = :ttl {add}")).condition_expression(condition);
        let Changed::Refused(row) = self.update::<LimitRow>(update).await? else { return Ok(Counted::Counted) };
        let counted = row.map(|row| row.invocations).unwrap_or_default();
        if counter.invocation.is_some_and(|invocation| counted.contains(invocation)) {
            return Ok(Counted::Repeated);
        }
        let left_millis = (window_end * 1_000).saturating_sub(counter.at.millis());
        Ok(Counted::Full { retry_after_secs: u64::try_from(left_millis).unwrap_or_default().div_ceil(1_000).max(1) })
    }

    /// Takes a count back, for what was refused after all. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn uncount(&self, counter: &Counter<'_>) -> Result<(), Error> {
        let mut change = "ADD #count :less".to_owned();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(counter.user, counter.entry())))
            .condition_expression("attribute_exists(entry)")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":less", number(-1));
        if let Some(set) = counter.invocations() {
            change.push_str(" DELETE invocations :set");
            update = update.expression_attribute_values(":set", set);
        }
        self.applied(update.update_expression(change)).await.map(drop)
    }
}
