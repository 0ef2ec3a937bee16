//! Several writes that are done together or not at all.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{DeleteBuilder, PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{CancellationReason, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use super::{Item, Store};
use crate::error::Error;

/// What became of a transaction.
#[must_use]
pub(super) enum Outcome {
    /// All of it is done.
    Committed,
    /// Nothing is done: somebody else was writing one of the rows.
    Conflict,
    /// Nothing is done: a condition did not hold.
    Refused(Refused),
}

/// The conditions that did not hold.
pub(super) struct Refused(Vec<CancellationReason>);

impl Refused {
    /// Whether the condition of the write at `index` failed.
    pub(super) fn at(&self, index: usize) -> bool {
        self.0.get(index).and_then(CancellationReason::code) == Some("ConditionalCheckFailed")
    }

    /// The row that made the condition of the write at `index` fail, if there is one.
    pub(super) fn take(&mut self, index: usize) -> Option<Item> {
        if self.at(index) { self.0.get_mut(index)?.item.take() } else { None }
    }
}

/// The writes of one transaction, in order. Every failed condition gives back the row it met.
#[derive(Default)]
pub(super) struct Transaction(Vec<TransactWriteItem>);

const GIVE_BACK: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl Transaction {
    pub(super) fn put(&mut self, put: PutBuilder) -> Result<(), Error> {
        let put = put.return_values_on_condition_check_failure(GIVE_BACK).build().map_err(Error::internal)?;
        self.0.push(TransactWriteItem::builder().put(put).build());
        Ok(())
    }

    pub(super) fn update(&mut self, update: UpdateBuilder) -> Result<(), Error> {
        let update = update.return_values_on_condition_check_failure(GIVE_BACK).build().map_err(Error::internal)?;
        self.0.push(TransactWriteItem::builder().update(update).build());
        Ok(())
    }

    pub(super) fn delete(&mut self, delete: DeleteBuilder) -> Result<(), Error> {
        let delete = delete.return_values_on_condition_check_failure(GIVE_BACK).build().map_err(Error::internal)?;
        self.0.push(TransactWriteItem::builder().delete(delete).build());
        Ok(())
    }
}

impl Store {
    /// Does all of it or nothing. An error means that nobody knows.
    pub(super) async fn transact(&self, transaction: Transaction) -> Result<Outcome, Error> {
        let writes = self.client.transact_write_items().set_transact_items(Some(transaction.0));
        match writes.send().await {
            Ok(_) => Ok(Outcome::Committed),
            Err(error) => outcome(error),
        }
    }
}

fn outcome(error: SdkError<TransactWriteItemsError>) -> Result<Outcome, Error> {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Ok(Outcome::Conflict),
        _ => return Err(Error::internal(error)),
    };
    let is = |codes: &[&str]| reasons.iter().any(|reason| reason.code().is_some_and(|code| codes.contains(&code)));
    if is(&["ConditionalCheckFailed"]) {
        Ok(Outcome::Refused(Refused(reasons.to_vec())))
    } else if is(&["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]) {
        Ok(Outcome::Conflict)
    } else {
        Err(Error::internal(error))
    }
}
