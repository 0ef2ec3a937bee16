//! Turns refusals into the typed errors that the SDK has for each operation.

use std::sync::Arc;

use aws_sdk_dynamodb::error::ErrorMetadata;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::CancellationReason;
use aws_sdk_dynamodb::types::error::{
    ConditionalCheckFailedException, IdempotentParameterMismatchException, InternalServerError,
    ResourceNotFoundException, TransactionCanceledException,
};

use crate::refusal::{Reason, Refusal};
use crate::value::Item;

fn metadata(refusal: &Refusal) -> ErrorMetadata {
    ErrorMetadata::builder().code(refusal.code()).message(refusal.to_string()).build()
}

fn not_found(refusal: &Refusal) -> ResourceNotFoundException {
    ResourceNotFoundException::builder().message(refusal.to_string()).meta(metadata(refusal)).build()
}

fn internal(refusal: &Refusal) -> InternalServerError {
    InternalServerError::builder().message(refusal.to_string()).meta(metadata(refusal)).build()
}

fn owned(item: Option<Arc<Item>>) -> Option<Item> {
    item.map(Arc::unwrap_or_clone)
}

/// The errors that all operations have.
macro_rules! common {
    ($($error:ident),*) => {$(
        impl From<Refusal> for $error {
            fn from(refusal: Refusal) -> Self {
                match refusal {
                    Refusal::ResourceNotFound => Self::ResourceNotFoundException(not_found(&refusal)),
                    Refusal::Internal(_) => Self::InternalServerError(internal(&refusal)),
                    _ => Self::generic(metadata(&refusal)),
                }
            }
        }
    )*};
}

/// The errors of writes with a condition.
macro_rules! conditional {
    ($($error:ident),*) => {$(
        impl From<Refusal> for $error {
            fn from(refusal: Refusal) -> Self {
                let meta = metadata(&refusal);
                match refusal {
                    Refusal::ResourceNotFound => Self::ResourceNotFoundException(not_found(&refusal)),
                    Refusal::Internal(_) => Self::InternalServerError(internal(&refusal)),
                    Refusal::ConditionalCheckFailed { item, .. } => {
                        let failed = ConditionalCheckFailedException::builder().set_message(meta.message().map(str::to_owned));
                        Self::ConditionalCheckFailedException(failed.set_item(owned(item)).meta(meta).build())
                    }
                    _ => Self::generic(meta),
                }
            }
        }
    )*};
}

common!(GetItemError, BatchGetItemError, QueryError, ScanError, BatchWriteItemError);
conditional!(PutItemError, UpdateItemError, DeleteItemError);

impl From<Refusal> for TransactWriteItemsError {
    fn from(refusal: Refusal) -> Self {
        let meta = metadata(&refusal);
        let message = meta.message().map(str::to_owned);
        match refusal {
            Refusal::ResourceNotFound => Self::ResourceNotFoundException(not_found(&refusal)),
            Refusal::Internal(_) => Self::InternalServerError(internal(&refusal)),
            Refusal::TransactionCanceled { reasons, .. } => {
                let reasons = reasons.into_iter().map(cancellation).collect();
                let canceled = TransactionCanceledException::builder().set_message(message);
                let canceled = canceled.set_cancellation_reasons(Some(reasons)).meta(meta);
                Self::TransactionCanceledException(canceled.build())
            }
            Refusal::IdempotentParameterMismatch => {
                let mismatch = IdempotentParameterMismatchException::builder().set_message(message).meta(meta);
                Self::IdempotentParameterMismatchException(mismatch.build())
            }
            _ => Self::generic(meta),
        }
    }
}

fn cancellation(reason: Reason) -> CancellationReason {
    let given = CancellationReason::builder().code(reason.code()).set_message(reason.message().map(str::to_owned));
    let item = match reason {
        Reason::ConditionalCheckFailed(item) => owned(item),
        Reason::None | Reason::ValidationError(_) => None,
    };
    given.set_item(item).build()
}
