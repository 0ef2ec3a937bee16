//! The store: the five DynamoDB tables of docs/tables.md, and the S3 bucket with media, [`Bucket`].
//!
//! `keys` spells every key, `rows` is the only module with serde, and each capability's reads and writes are in the
//! file of its name. Tests and the local cloud replace the SDK's connector; there is no second implementation of the
//! store.
//!
//! Invariants: `seq` has no gaps. An unread counter is exact, and its index entry exists exactly while the counter is
//! above zero. A user's socket count is exact. Nothing is half-stored, because rows that belong together are written in
//! one transaction.

mod ask;
mod binary;
mod block;
mod chat;
mod connection;
mod delete;
mod delivery;
mod disconnect;
mod erase;
mod heartbeat;
mod keys;
mod limit;
mod listing;
mod log;
mod media;
mod message;
mod nonce;
mod polling;
mod presence;
mod read;
mod recover;
mod room;
mod rows;
mod search;
mod session;
mod strangers;
mod transaction;
mod typing;
mod update;
mod upgrade;
mod user;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::interceptors::Intercept;

use crate::config::Tables;
use crate::domain::clock::Clock;
use crate::error::Error;

pub use ask::{Answering, Asking, QUESTIONS_MAX, Question};
pub use binary::{Collecting, Piece};
pub use block::{Blocking, Unblocking};
pub use chat::Creation;
pub use connection::{Handshaking, HeartbeatRow, Opened, Recipient, Upgrade, WAITING_SLOT};
pub use delete::Deletion;
pub use delivery::Delivered;
pub use disconnect::Closed;
pub use heartbeat::{Part, SlotPages, SlotRows, SlotTurn};
pub use limit::Counter;
pub use listing::Putting;
pub use media::{Bucket, ByteRange, Fetched, Fetching, Keeping, Signed, Upload, Uploaded, is_from};
pub use message::{OriginalSend, Sending};
pub use polling::{Direction, Ender, Ending, Enqueue, Liveness, Outbox, PollTurn};
pub use presence::{Person, Socket};
pub use read::Marking;
pub use recover::{Former, SessionRestore};
pub use room::{Entering, ROOMS_MAX};
pub use search::Scan;
pub use session::{Joining, Leaving, Session};
pub use upgrade::{Abandoning, SessionMove, Transition};

/// How often a write is tried again when other runs wrote first. The waits are random, up to a quarter of a second each
/// ("full jitter"). So a chat in which dozens of users write at once still stores every message.
const ATTEMPTS_MAX: u32 = 24;
const BACKOFF_BASE_MILLIS: u64 = 5;
const BACKOFF_MAX_MILLIS: u64 = 250;

type Item = HashMap<String, AttributeValue>;

/// The tables, through the AWS SDK.
#[derive(Clone)]
pub struct Store {
    client: Client,
    tables: Tables,
    clock: Clock,
}

impl Store {
    /// Creates the store from a client, the tables' names and a clock.
    #[must_use]
    pub fn new(client: Client, tables: Tables, clock: Clock) -> Self {
        Self { client, tables, clock }
    }

    /// Opens the connection to DynamoDB before the first event needs it. The call reads nothing and writes nothing.
    /// `unsigned` turns the request into one that no role has to allow.
    pub async fn warm(&self, unsigned: impl Intercept + 'static) {
        let key = keys::connection("-", keys::CONNECTION);
        let get = self.client.get_item().table_name(&self.tables.connections).set_key(Some(key));
        let _ = get.customize().interceptor(unsigned).send().await;
    }

    /// Waits for a random time that grows with each attempt. `Err` after too many attempts.
    async fn backoff(&self, attempt: u32) -> Result<(), Error> {
        if attempt >= ATTEMPTS_MAX {
            return Err(Error::internal("too many others write the same row at the same time"));
        }
        let ceiling = BACKOFF_BASE_MILLIS.saturating_mul(1 << attempt.min(16)).min(BACKOFF_MAX_MILLIS);
        let millis = u64::from_le_bytes(self.clock.random()) % ceiling.max(1);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok(())
    }

    async fn get(&self, table: &str, key: Item) -> Result<Option<Item>, Error> {
        let got = self.client.get_item().table_name(table).set_key(Some(key)).consistent_read(true).send().await;
        Ok(got.map_err(Error::internal)?.item)
    }

    /// Reads rows by their keys, a hundred at a time, in no particular order. Leaves out rows that do not exist.
    async fn get_all(&self, table: &str, keys: Vec<Item>) -> Result<Vec<Item>, Error> {
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

fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
