//! Conditional updates of one row.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use serde::de::DeserializeOwned;

use super::{Item, rows};
use crate::error::Error;

/// Whether a conditional update was done.
pub(super) fn applied<T>(result: Result<T, SdkError<UpdateItemError>>) -> Result<bool, Error> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
            Ok(false)
        }
        Err(error) => Err(Error::internal(error)),
    }
}

/// Does a conditional update: the row that it is to give back, or if the condition did not hold, the row that is there.
pub(super) async fn changed<R: DeserializeOwned>(
    update: UpdateItemFluentBuilder,
) -> Result<Result<Option<R>, Option<R>>, Error> {
    let row = |item: Option<Item>| item.map(rows::read::<R>).transpose();
    let update = update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    match update.send().await {
        Ok(done) => Ok(Ok(row(done.attributes)?)),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(Err(row(failed.item().cloned())?)),
            _ => Err(Error::internal(error)),
        },
    }
}
