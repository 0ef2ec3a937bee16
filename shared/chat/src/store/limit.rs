//! Limits: how often a user does something in a fixed window of time. The transaction that does it also counts it.
//!
//! The count is one of the writes of that transaction. So nothing is counted that is not stored, and a count never has
//! to be undone. The row of a window also remembers the events that it counted. API Gateway and Lambda may hand on one
//! event twice. The second time falls into the same window, because the window depends on the time at which the gateway
//! received the event.

use aws_sdk_dynamodb::types::Update;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use relay::clock::Timestamp;
use relay::dynamo::{Item, number};

use super::{Store, keys};
use crate::domain::id::UserId;

/// How long a row is kept after its window, in seconds. Lambda gives up an asynchronous event after six hours at the
/// latest, so this is longer.
const TTL_SECS: i64 = 7 * 3_600;

/// What is counted, for which user, and up to which limit.
#[derive(Clone, Debug)]
pub struct Counter<'a> {
    /// The user whose actions are counted.
    pub user: &'a UserId,
    /// What is counted; a part of the key.
    pub what: &'static str,
    /// The length of the window, in seconds.
    pub window_secs: i64,
    /// When the gateway received the event.
    pub at: Timestamp,
    /// The limit in one window; `None` counts without a limit.
    pub limit: Option<u64>,
    /// The gateway's id of the event, if the event may arrive twice.
    pub invocation: Option<&'a str>,
}

/// Why the count was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum NotCounted {
    /// The same event was counted before. The value is the number that was remembered for it.
    SameEvent(u64),
    /// The window is full.
    Full {
        /// Whole seconds until the window ends.
        retry_after_secs: u64,
    },
    /// Neither reason is true of the row any more.
    Changed,
}

impl Counter<'_> {
    fn window(&self) -> i64 {
        self.at.seconds().div_euclid(self.window_secs)
    }

    fn window_end_secs(&self) -> i64 {
        (self.window() + 1) * self.window_secs
    }

    /// Whole seconds until the window ends, at least one.
    fn retry_after_secs(&self) -> u64 {
        let left_millis = (self.window_end_secs() * 1_000).saturating_sub(self.at.millis());
        u64::try_from(left_millis).unwrap_or_default().div_ceil(1_000).max(1)
    }

    /// The reason why the condition of the counting write failed on this row.
    pub(super) fn refusal(&self, row: Option<&Item>) -> NotCounted {
        let read = |name: &str| row?.get(name)?.as_n().ok()?.parse::<u64>().ok();
        if let Some(remembered) = self.invocation.and_then(|invocation| read(&keys::counted_event(invocation))) {
            return NotCounted::SameEvent(remembered);
        }
        match (read("count"), self.limit) {
            (Some(count), Some(limit)) if count >= limit => {
                NotCounted::Full { retry_after_secs: self.retry_after_secs() }
            }
            (None, Some(0)) => NotCounted::Full { retry_after_secs: self.retry_after_secs() },
            _ => NotCounted::Changed,
        }
    }
}

impl Store {
    /// The write that counts one more, as a part of a transaction. It fails if the window is full or the same event was
    /// counted before. `remembered` is stored with the event.
    pub(super) fn counting(&self, counter: &Counter<'_>, remembered: u64) -> UpdateBuilder {
        let mut set = "SET #ttl = :ttl".to_owned();
        let mut condition = "(attribute_not_exists(#count) OR #count < :limit)".to_owned();
        let mut update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(counter.user, keys::limit(counter.what, counter.window()))))
            .expression_attribute_names("#count", "count")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":limit", number(counter.limit.unwrap_or(u64::from(u32::MAX))))
            .expression_attribute_values(":ttl", number(counter.window_end_secs() + TTL_SECS));
        if let Some(invocation) = counter.invocation {
            set.push_str(", #event = :remembered");
            condition.push_str(" AND attribute_not_exists(#event)");
            update = update
                .expression_attribute_names("#event", keys::counted_event(invocation))
                .expression_attribute_values(":remembered", number(remembered));
        }
        update.update_expression(format!("{set} ADD #count :one")).condition_expression(condition)
    }
}
