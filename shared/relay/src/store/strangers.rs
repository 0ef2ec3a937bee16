//! Connections that have joined no namespace.

use aws_sdk_dynamodb::types::Select;
use futures_util::future::try_join_all;

use super::Store;
use super::connection::waiting_slots;
use super::heartbeat::slot_query;
use crate::clock::Timestamp;
use crate::dynamo::{number, text};
use crate::error::Error;

/// Pages looked at in each slot, of a megabyte each. With more connections than that waiting, the first ones stand for
/// all.
const PAGES_MAX: usize = 5;

impl Store {
    /// How many connections from this address were opened before `before` and have joined no namespace, through the
    /// index (eventually consistent). Stops counting a slot at `most`. One query per slot of such connections and
    /// megabyte, five at most; the slots are counted at the same time.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn strangers(&self, address: &str, before: Timestamp, most: u64) -> Result<u64, Error> {
        let counts = waiting_slots().map(|slot| self.strangers_in(slot, address, before, most));
        Ok(try_join_all(counts).await?.into_iter().sum())
    }

    async fn strangers_in(&self, slot: i64, address: &str, before: Timestamp, most: u64) -> Result<u64, Error> {
        let query = slot_query(&self.table, slot)
            .select(Select::Count)
            .filter_expression("sourceIp = :address AND openedAt <= :before")
            .expression_attribute_values(":address", text(address))
            .expression_attribute_values(":before", number(before.millis()));
        let mut pages = self.db.query_pages(query);
        let mut count = 0;
        for _ in 0..PAGES_MAX {
            let Some(page) = pages.next().await? else { break };
            count += u64::try_from(page.count).unwrap_or_default();
            if count >= most {
                break;
            }
        }
        Ok(count)
    }
}
