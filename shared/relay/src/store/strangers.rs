//! Connections that have joined no namespace.

use aws_sdk_dynamodb::types::Select;

use super::{Store, WAITING_SLOT};
use crate::clock::Timestamp;
use crate::dynamo::{QueryInput, number, text};
use crate::error::Error;

/// Pages looked at, of a megabyte each. With more connections than that waiting, the first ones stand for all.
const PAGES_MAX: usize = 5;

impl Store {
    /// How many connections from this address were opened before `before` and have joined no namespace, through the
    /// index (eventually consistent). Stops counting at `most`. One query per megabyte, five at most.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn strangers(&self, address: &str, before: Timestamp, most: u64) -> Result<u64, Error> {
        let query = QueryInput::builder()
            .table_name(&self.table)
            .index_name("slot")
            .select(Select::Count)
            .key_condition_expression("slot = :waiting")
            .filter_expression("sourceIp = :address AND openedAt <= :before")
            .expression_attribute_values(":waiting", number(WAITING_SLOT))
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
