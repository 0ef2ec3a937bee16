//! DynamoDB, as the stores use it: reads, conditional writes that recognize their own first attempt, and transactions.

mod nonce;
mod transaction;
mod update;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::error::Error;

pub use nonce::{NONCE_BYTES, dated, outdated};
pub use transaction::{Refused, Transaction, TransactionOutcome};
pub use update::Changed;

/// A row, or the key of a row.
pub type Item = HashMap<String, AttributeValue>;

/// How often a write is tried again when other runs wrote first. The waits are random, up to a quarter of a second each
/// ("full jitter"). So a row that dozens of users write at once still takes every write.
const ATTEMPTS_MAX: u32 = 24;
const BACKOFF_BASE_MILLIS: u64 = 5;
const BACKOFF_MAX_MILLIS: u64 = 250;

/// A client of DynamoDB, with a source of time and randomness.
#[derive(Clone, Debug)]
pub struct Dynamo {
    /// The client of the AWS SDK, for requests that have no function here.
    pub client: Client,
    /// The source of time and randomness.
    pub clock: Clock,
}

impl Dynamo {
    /// Creates the client.
    #[must_use]
    pub const fn new(client: Client, clock: Clock) -> Self {
        Self { client, clock }
    }

    /// Opens the connection to DynamoDB before the first event needs it. The call reads nothing and writes nothing.
    /// `unsigned` turns the request into one that no role has to allow.
    pub async fn warm(&self, table: &str, key: Item, unsigned: impl Intercept + 'static) {
        let get = self.client.get_item().table_name(table).set_key(Some(key));
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
        let got = self.client.get_item().table_name(table).set_key(Some(key)).consistent_read(true).send().await;
        Ok(got.map_err(Error::internal)?.item)
    }

    /// Reads rows by their keys, a hundred at a time, in no particular order. Leaves out rows that do not exist.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn get_all(&self, table: &str, keys: Vec<Item>) -> Result<Vec<Item>, Error> {
        use aws_sdk_dynamodb::types::KeysAndAttributes;
        /// DynamoDB's limit for one BatchGetItem.
        const BATCH_MAX: usize = 100;
        let mut items = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH_MAX) {
            let mut pending = batch.to_vec();
            let mut attempt = 0;
            while !pending.is_empty() {
                let wanted = KeysAndAttributes::builder().set_keys(Some(pending)).consistent_read(true).build();
                let wanted = wanted.map_err(Error::internal)?;
                let got = self.client.batch_get_item().request_items(table, wanted).send().await;
                let got = got.map_err(Error::internal)?;
                items.extend(got.responses.unwrap_or_default().remove(table).unwrap_or_default());
                pending =
                    got.unprocessed_keys.unwrap_or_default().remove(table).map(|rest| rest.keys).unwrap_or_default();
                if !pending.is_empty() {
                    self.backoff(attempt).await?;
                    attempt += 1;
                }
            }
        }
        Ok(items)
    }
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
