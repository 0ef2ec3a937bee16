//! Transactions: several writes that succeed together or not at all.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsInput};
use aws_sdk_dynamodb::types::builders::{DeleteBuilder, PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{CancellationReason, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use super::{Dynamo, Item};
use crate::error::Error;
use crate::id::hex;

/// How long one transaction is repeated while its outcome is unknown: well below the timeouts of the functions, and
/// below the ten minutes for which DynamoDB remembers a token.
const UNKNOWN_MAX: Duration = Duration::from_secs(6);

/// The outcome of a transaction.
#[derive(Debug)]
#[must_use]
pub enum TransactionOutcome {
    /// All writes are done.
    Committed,
    /// No write is done, because another run was writing one of the rows.
    Conflict,
    /// No write is done, because a condition did not hold.
    Refused(Refused),
}

/// The conditions that did not hold.
#[derive(Debug)]
pub struct Refused(Vec<CancellationReason>);

impl Refused {
    /// Whether the condition of the write at `index` failed.
    pub fn at(&self, index: usize) -> bool {
        self.0.get(index).and_then(CancellationReason::code) == Some("ConditionalCheckFailed")
    }

    /// Takes the row that made the condition of the write at `index` fail, if there is one.
    pub fn take(&mut self, index: usize) -> Option<Item> {
        if self.at(index) { self.0.get_mut(index)?.item.take() } else { None }
    }
}

/// The answer to one request for a transaction.
enum Answered {
    /// The outcome is known.
    Known(TransactionOutcome),
    /// The outcome is unknown, or an earlier request with the same token is still doing the writes.
    Unknown(Error),
}

/// The writes of one transaction, in order. Every failed condition returns the row that it met.
#[derive(Clone, Debug, Default)]
pub struct Transaction(Vec<TransactWriteItem>);

const GIVE_BACK: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl Transaction {
    /// Adds a PutItem.
    ///
    /// # Errors
    /// `Error::Internal` if the builder lacks a part.
    pub fn put(&mut self, put: PutBuilder) -> Result<(), Error> {
        let put = put.return_values_on_condition_check_failure(GIVE_BACK).build().map_err(Error::internal)?;
        self.0.push(TransactWriteItem::builder().put(put).build());
        Ok(())
    }

    /// Adds an UpdateItem.
    ///
    /// # Errors
    /// `Error::Internal` if the builder lacks a part.
    pub fn update(&mut self, update: UpdateBuilder) -> Result<(), Error> {
        let update = update.return_values_on_condition_check_failure(GIVE_BACK).build().map_err(Error::internal)?;
        self.0.push(TransactWriteItem::builder().update(update).build());
        Ok(())
    }

    /// Adds a DeleteItem.
    ///
    /// # Errors
    /// `Error::Internal` if the builder lacks a part.
    pub fn delete(&mut self, delete: DeleteBuilder) -> Result<(), Error> {
        let delete = delete.return_values_on_condition_check_failure(GIVE_BACK).build().map_err(Error::internal)?;
        self.0.push(TransactWriteItem::builder().delete(delete).build());
        Ok(())
    }
}

impl Transaction {
    /// Adds the writes of another transaction behind these.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The number of writes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no writes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Dynamo {
    /// Does all writes or none, once. The function repeats the request with the same idempotency token
    /// (`ClientRequestToken`) until the outcome is known. So it asks again after a lost answer, and never takes a lost
    /// answer for a failure.
    ///
    /// # Errors
    /// `Error::Internal` if DynamoDB refuses the request, or if the outcome is still unknown after some seconds.
    pub async fn transact(&self, transaction: Transaction) -> Result<TransactionOutcome, Error> {
        let token = hex(&self.clock.random::<16>());
        let asking = async {
            let mut attempt = 0;
            loop {
                let writes = TransactWriteItemsInput::builder().client_request_token(&token);
                let writes = writes.set_transact_items(Some(transaction.0.clone()));
                let unknown = match self.tables.transact_write_items(writes).await {
                    Ok(_) => return Ok(TransactionOutcome::Committed),
                    Err(error) => match classified(error)? {
                        Answered::Known(outcome) => return Ok(outcome),
                        Answered::Unknown(cause) => cause,
                    },
                };
                if self.backoff(attempt).await.is_err() {
                    return Err(unknown);
                }
                attempt += 1;
            }
        };
        match tokio::time::timeout(UNKNOWN_MAX, asking).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::internal("it is unknown whether a transaction is done")),
        }
    }
}

fn classified(error: SdkError<TransactWriteItemsError>) -> Result<Answered, Error> {
    /// Refusals that say nothing about an earlier request with the same token, which may be running or done.
    const NOT_NOW: [&str; 6] = [
        "TransactionInProgressException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
    ];
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        Some(refusal) => {
            let is_server = error.raw_response().is_some_and(|response| response.status().is_server_error());
            let is_temporary = is_server || refusal.code().is_some_and(|code| NOT_NOW.contains(&code));
            let cause = Error::internal(error);
            return if is_temporary { Ok(Answered::Unknown(cause)) } else { Err(cause) };
        }
        // There was no answer, or one that cannot be read.
        None => return Ok(Answered::Unknown(Error::internal(error))),
    };
    let is = |codes: &[&str]| reasons.iter().any(|reason| reason.code().is_some_and(|code| codes.contains(&code)));
    if is(&["ConditionalCheckFailed"]) {
        Ok(Answered::Known(TransactionOutcome::Refused(Refused(reasons.to_vec()))))
    } else if is(&["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]) {
        Ok(Answered::Known(TransactionOutcome::Conflict))
    } else {
        Err(Error::internal(error))
    }
}
