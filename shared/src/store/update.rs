//! Writes of one row. Every UpdateItem, PutItem and DeleteItem of the store is sent from here.
//!
//! DynamoDB refuses a write of a row that a transaction is just writing (`TransactionConflictException`). The SDK does not try that again, so it is
//! tried again here, and so is what the SDK gave up because of throttling. In both cases DynamoDB has done nothing.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{Item, Store, rows};
use crate::error::Error;

/// A write is not begun again after so long. With the last attempt it is done well within the time of a function.
const RETRIES_WITHIN: Duration = Duration::from_secs(3);

/// DynamoDB's names for a write that it has not done, and may do when it is asked again.
const PASSING: [&str; 4] = [
    "TransactionConflictException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
];

/// The outcome of a conditional write.
#[derive(Debug)]
#[must_use]
pub(super) enum Changed<R> {
    /// It is done. With the row, if the write was to give it back.
    Done(Option<R>),
    /// The condition did not hold. With the row that is there, if there is one.
    Refused(Option<R>),
}

impl<R> Changed<R> {
    /// Whether it is done. A failed condition says so too, if the row that is there is `ours`: then it met its own first attempt (`nonce`).
    pub(super) fn is_done(&self, ours: impl FnOnce(&R) -> bool) -> bool {
        match self {
            Self::Done(_) => true,
            Self::Refused(row) => row.as_ref().is_some_and(ours),
        }
    }
}

impl Store {
    /// Does an update, and reads the row that it is to give back, or the row that made its condition fail.
    ///
    /// # Errors
    /// `Error::Internal`: whether it is done is not known.
    pub(super) async fn update<R: DeserializeOwned>(
        &self,
        update: UpdateItemFluentBuilder,
    ) -> Result<Changed<R>, Error> {
        let row = |item: Option<Item>| item.map(rows::read::<R>).transpose();
        let update = update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match self.write(|| update.clone().send()).await {
            Ok(done) => Ok(Changed::Done(row(done.attributes)?)),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Changed::Refused(row(failed.item().cloned())?))
                }
                _ => Err(Error::internal(error)),
            },
        }
    }

    /// Does an update. Whether its condition held.
    ///
    /// # Errors
    /// `Error::Internal`: whether it is done is not known.
    pub(super) async fn applied(&self, update: UpdateItemFluentBuilder) -> Result<bool, Error> {
        match self.write(|| update.clone().send()).await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Puts a row. Whether its condition held.
    ///
    /// # Errors
    /// `Error::Internal`: whether it is done is not known.
    pub(super) async fn put(&self, put: PutItemFluentBuilder) -> Result<bool, Error> {
        match self.write(|| put.clone().send()).await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(false)
            }
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Sends a write of one row, again while DynamoDB does not do it for a reason that passes. Gives the last answer.
    pub(super) async fn write<T, E, F>(&self, send: impl Fn() -> F) -> Result<T, SdkError<E>>
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
