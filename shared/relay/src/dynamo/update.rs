//! Writes of one row. The stores send every UpdateItem, PutItem and DeleteItem from here.
//!
//! DynamoDB refuses a write of a row that a transaction is just writing (`TransactionConflictException`). The SDK does
//! not repeat such a write, so this module does. It also repeats writes that the SDK gave up because of throttling. In
//! both cases DynamoDB has done nothing.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemInputBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{Dynamo, Item, read};
use crate::error::Error;

/// After this time a write is not tried again. Together with the last attempt this is well within the timeout of a
/// function.
const RETRIES_WITHIN: Duration = Duration::from_secs(3);

/// DynamoDB's names for errors after which a write has not been done, and may succeed when it is repeated.
const PASSING: [&str; 4] = [
    "TransactionConflictException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
];

/// The outcome of a conditional write.
#[derive(Debug)]
#[must_use]
pub enum Changed<R> {
    /// The write is done. The value is the row, if the write was to return it.
    Done(Option<R>),
    /// The condition did not hold. The value is the row that is there, if there is one.
    Refused(Option<R>),
}

impl<R> Changed<R> {
    /// Whether the write is done. If the condition failed and the row is `ours`, the write met its own first attempt
    /// and is done, too (see `nonce`).
    pub fn is_done(&self, ours: impl FnOnce(&R) -> bool) -> bool {
        match self {
            Self::Done(_) => true,
            Self::Refused(row) => row.as_ref().is_some_and(ours),
        }
    }
}

impl Dynamo {
    /// Sends an update. Returns the row that the update is to return, or the row that made its condition fail.
    ///
    /// # Errors
    /// `Error::Internal`. It is then unknown whether the write is done.
    pub async fn update<R: DeserializeOwned>(&self, update: UpdateItemInputBuilder) -> Result<Changed<R>, Error> {
        let row = |item: Option<Item>| item.map(read::<R>).transpose();
        let update = update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match self.write(|| self.tables.update_item(update.clone())).await {
            Ok(done) => Ok(Changed::Done(row(done.attributes)?)),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Changed::Refused(row(failed.item().cloned())?))
                }
                _ => Err(Error::internal(error)),
            },
        }
    }

    /// Sends an update. Returns whether its condition held.
    ///
    /// # Errors
    /// `Error::Internal`. It is then unknown whether the write is done.
    pub async fn applied(&self, update: UpdateItemInputBuilder) -> Result<bool, Error> {
        match self.write(|| self.tables.update_item(update.clone())).await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Puts a row. Returns whether its condition held.
    ///
    /// # Errors
    /// `Error::Internal`. It is then unknown whether the write is done.
    pub async fn put(&self, put: PutItemInputBuilder) -> Result<bool, Error> {
        match self.write(|| self.tables.put_item(put.clone())).await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(false)
            }
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Sends a write of one row, and repeats it while DynamoDB refuses it for a temporary reason. Returns the last
    /// answer.
    pub async fn write<T, E, F>(&self, send: impl Fn() -> F) -> Result<T, SdkError<E>>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E>>>,
    {
        let begun = Instant::now();
        let mut attempt = 0;
        loop {
            let answer = send().await;
            let passes = answer.as_ref().is_err_and(|error| error.code().is_some_and(|code| PASSING.contains(&code)));
            if !passes || begun.elapsed() >= RETRIES_WITHIN || self.backoff(attempt).await.is_err() {
                return answer;
            }
            attempt += 1;
        }
    }
}
