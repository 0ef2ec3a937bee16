//! DynamoDB, as the stores use it: reads, conditional writes that recognize their own first attempt, and transactions.

mod nonce;
mod tables;
mod transaction;
mod update;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::error::Error;

pub use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
pub use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
pub use aws_sdk_dynamodb::operation::delete_item::DeleteItemInput;
pub use aws_sdk_dynamodb::operation::get_item::GetItemInput;
pub use aws_sdk_dynamodb::operation::put_item::PutItemInput;
pub use aws_sdk_dynamodb::operation::query::QueryInput;
pub use aws_sdk_dynamodb::operation::scan::ScanInput;
pub use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
pub use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
pub use nonce::{NONCE_BYTES, dated, outdated};
pub use tables::{TableAnswer, TableService, Tables};
pub use transaction::{Refused, Transaction, TransactionOutcome};
pub use update::Changed;

/// A row, or the key of a row.
pub type Item = HashMap<String, AttributeValue>;

/// The address of a row: its table and its key.
#[derive(Clone, Debug, PartialEq)]
pub struct RowKey {
    /// The name of the table.
    pub table: String,
    /// The key.
    pub key: Item,
}

/// How often a write is tried again when other runs wrote first. The waits are random, up to a quarter of a second each
/// ("full jitter"). So a row that dozens of users write at once still takes every write.
const ATTEMPTS_MAX: u32 = 24;
const BACKOFF_BASE_MILLIS: u64 = 5;
const BACKOFF_MAX_MILLIS: u64 = 250;

/// A client of DynamoDB, with a source of time and randomness.
#[derive(Clone, Debug)]
pub struct Dynamo {
    /// The client, for requests that have no function here.
    pub tables: Tables,
    /// The source of time and randomness.
    pub clock: Clock,
}

impl Dynamo {
    /// Creates the client.
    #[must_use]
    pub const fn new(tables: Tables, clock: Clock) -> Self {
        Self { tables, clock }
    }

    /// Opens the connection to DynamoDB before the first event needs it. The call reads nothing and writes nothing.
    /// `unsigned` turns the request into one that no role has to allow.
    pub async fn warm(&self, table: &str, key: Item, unsigned: impl Intercept + 'static) {
        let get = self.tables.sdk().get_item().table_name(table).set_key(Some(key));
        let _ = get.customize().interceptor(unsigned).send().await;
    }

    /// Waits for a random time that grows with each attempt.
    ///
    /// # Errors
    /// `Error::Internal` after too many attempts.
    pub async fn backoff(&self, attempt: u32) -> Result<(), Error> {
        if attempt >= ATTEMPTS_MAX {
            return Err(Error::internal("too many others write the same row at the same time"));
        }
        let ceiling = BACKOFF_BASE_MILLIS.saturating_mul(1 << attempt.min(16)).min(BACKOFF_MAX_MILLIS);
        let millis = u64::from_le_bytes(self.clock.random()) % ceiling.max(1);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok(())
    }

    /// Reads a row (strongly consistent). One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn get(&self, table: &str, key: Item) -> Result<Option<Item>, Error> {
        let get = GetItemInput::builder().table_name(table).set_key(Some(key)).consistent_read(true);
        let got = self.tables.get_item(get).await;
        Ok(got.map_err(Error::internal)?.item)
    }

    /// Reads rows by their keys, a hundred at a time, in no particular order. Leaves out rows that do not exist.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn get_all(&self, table: &str, keys: Vec<Item>) -> Result<Vec<Item>, Error> {
        /// DynamoDB's limit for one BatchGetItem.
        const BATCH_MAX: usize = 100;
        let mut items = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH_MAX) {
            let wanted = HashMap::from([(table.to_owned(), keys_and_attributes(batch.to_vec())?)]);
            items.append(&mut self.get_batch(wanted).await?.remove(table).unwrap_or_default());
        }
        Ok(items)
    }

    /// Reads two rows of different tables at the same time (strongly consistent). One BatchGetItem, which counts as two
    /// reads.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn get_both(&self, one: RowKey, other: RowKey) -> Result<(Option<Item>, Option<Item>), Error> {
        let wanted = HashMap::from([
            (one.table.clone(), keys_and_attributes(vec![one.key])?),
            (other.table.clone(), keys_and_attributes(vec![other.key])?),
        ]);
        let mut found = self.get_batch(wanted).await?;
        let mut row = |table: &str| found.remove(table)?.pop();
        Ok((row(&one.table), row(&other.table)))
    }

    /// Sends a BatchGetItem, and further ones for the keys that DynamoDB leaves out. Returns the rows by table.
    async fn get_batch(&self, wanted: HashMap<String, KeysAndAttributes>) -> Result<HashMap<String, Vec<Item>>, Error> {
        let mut found: HashMap<String, Vec<Item>> = HashMap::new();
        let mut pending = wanted;
        let mut attempt = 0;
        loop {
            let get = BatchGetItemInput::builder().set_request_items(Some(pending));
            let got = self.tables.batch_get_item(get).await.map_err(Error::internal)?;
            for (table, mut rows) in got.responses.unwrap_or_default() {
                found.entry(table).or_default().append(&mut rows);
            }
            pending = got.unprocessed_keys.unwrap_or_default();
            pending.retain(|_, left| !left.keys.is_empty());
            if pending.is_empty() {
                return Ok(found);
            }
            self.backoff(attempt).await?;
            attempt += 1;
        }
    }

    /// All rows of a query, in its order. One query per megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn query_all(&self, query: QueryInputBuilder) -> Result<Vec<Item>, Error> {
        let mut pages = self.query_pages(query);
        let mut items = Vec::new();
        while let Some(page) = pages.next().await? {
            items.append(&mut page.items.unwrap_or_default());
        }
        Ok(items)
    }

    /// Sends one query. Returns its answer, which is at most one megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn query(&self, query: QueryInputBuilder) -> Result<QueryOutput, Error> {
        self.tables.query(query).await.map_err(Error::internal)
    }

    /// The pages of a query. A page is one query, and at most one megabyte.
    #[must_use]
    pub fn query_pages(&self, query: QueryInputBuilder) -> QueryPages {
        QueryPages { tables: self.tables.clone(), next: Some(query) }
    }
}

/// The pages of a query, one after another.
#[derive(Debug)]
pub struct QueryPages {
    tables: Tables,
    /// The query of the next page; `None` after the last page, or after a failure.
    next: Option<QueryInputBuilder>,
}

impl QueryPages {
    /// The next page; `None` after the last one. One query.
    ///
    /// # Errors
    /// `Error::Internal`. No page follows then.
    pub async fn next(&mut self) -> Result<Option<QueryOutput>, Error> {
        let Some(query) = self.next.take() else { return Ok(None) };
        let page = self.tables.query(query.clone()).await.map_err(Error::internal)?;
        if let Some(start) = page.last_evaluated_key().filter(|start| !start.is_empty()) {
            self.next = Some(query.set_exclusive_start_key(Some(start.clone())));
        }
        Ok(Some(page))
    }
}

fn keys_and_attributes(keys: Vec<Item>) -> Result<KeysAndAttributes, Error> {
    KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build().map_err(Error::internal)
}

/// Reads a row into a type.
///
/// # Errors
/// `Error::Internal` if the row does not have the form of the type.
pub fn read<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(Error::internal)
}

/// Writes a value of a type as a row.
///
/// # Errors
/// `Error::Internal` if the type has no form as a row.
pub fn write<T: Serialize>(row: T) -> Result<Item, Error> {
    serde_dynamo::aws_sdk_dynamodb_1::to_item(row).map_err(Error::internal)
}

/// A string attribute.
#[must_use]
pub fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number attribute.
#[must_use]
pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
