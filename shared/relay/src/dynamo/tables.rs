//! The client of DynamoDB: the nine operations that the stores use.
//!
//! Deployed, each operation is a request of the AWS SDK. The local system answers the same inputs in the same process
//! ([`TableService`]), without HTTP, JSON and signatures.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::batch_get_item::builders::BatchGetItemInputBuilder;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemError, BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::builders::BatchWriteItemInputBuilder;
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemError, BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemInputBuilder;
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::builders::GetItemInputBuilder;
use aws_sdk_dynamodb::operation::get_item::{GetItemError, GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemInputBuilder;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::operation::query::{QueryError, QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::builders::ScanInputBuilder;
use aws_sdk_dynamodb::operation::scan::{ScanError, ScanInput, ScanOutput};
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsInputBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsError, TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use futures_util::future::BoxFuture;

use crate::invocation;

/// The answer of a [`TableService`]: what the SDK would return for the same request.
pub type TableAnswer<'a, Output, Failure> = BoxFuture<'a, Result<Output, SdkError<Failure>>>;

/// A client of DynamoDB.
#[derive(Clone, Debug)]
pub struct Tables {
    sdk: Client,
    here: Option<Arc<dyn TableService>>,
}

/// The capacity units that an answer reports: none, or those of one table or of several.
trait Consumed {
    fn units(&self) -> f64;
}

impl Consumed for Option<ConsumedCapacity> {
    fn units(&self) -> f64 {
        self.as_ref().and_then(ConsumedCapacity::capacity_units).unwrap_or_default()
    }
}

impl Consumed for Option<Vec<ConsumedCapacity>> {
    fn units(&self) -> f64 {
        self.iter().flatten().filter_map(ConsumedCapacity::capacity_units).sum()
    }
}

/// Adds the units of a reading or a writing operation to the record of the invocation.
macro_rules! note_units {
    (reads, $consumed:expr) => {
        invocation::note_units($consumed.units(), 0.0)
    };
    (writes, $consumed:expr) => {
        invocation::note_units(0.0, $consumed.units())
    };
}

macro_rules! operations {
    ($($operation:ident $kind:ident ($builder:ident, $input:ident) -> $output:ident, $error:ident;)*) => {
        /// Tables in this process, which answer requests in place of the AWS SDK.
        pub trait TableService: std::fmt::Debug + Send + Sync {
            /// Whether requests may be sent here at present. Otherwise they go through the SDK.
            fn is_available(&self) -> bool;

            $(
                #[doc = concat!("Answers a request of DynamoDB's operation `", stringify!($operation), "`.")]
                fn $operation(&self, input: $input) -> TableAnswer<'_, $output, $error>;
            )*
        }

        impl Tables {
            $(
                #[doc = concat!("Sends a request of DynamoDB's operation `", stringify!($operation), "`. One request.")]
                ///
                /// # Errors
                /// Those of the AWS SDK.
                pub async fn $operation(&self, input: $builder) -> Result<$output, SdkError<$error>> {
                    let is_recorded = invocation::is_recorded();
                    // It costs 33 bytes of the request, and DynamoDB charges nothing for it.
                    let input = if is_recorded {
                        input.return_consumed_capacity(ReturnConsumedCapacity::Total)
                    } else {
                        input
                    };
                    let answer = match self.here.as_ref().filter(|here| here.is_available()) {
                        Some(here) => {
                            invocation::note_request();
                            here.$operation(input.build().map_err(SdkError::construction_failure)?).await
                        }
                        None => input.send_with(&self.sdk).await,
                    };
                    if is_recorded && let Ok(output) = &answer {
                        note_units!($kind, output.consumed_capacity);
                    }
                    answer
                }
            )*
        }
    };
}

operations! {
    batch_get_item reads (BatchGetItemInputBuilder, BatchGetItemInput) -> BatchGetItemOutput, BatchGetItemError;
    batch_write_item writes (BatchWriteItemInputBuilder, BatchWriteItemInput) -> BatchWriteItemOutput, BatchWriteItemError;
    delete_item writes (DeleteItemInputBuilder, DeleteItemInput) -> DeleteItemOutput, DeleteItemError;
    get_item reads (GetItemInputBuilder, GetItemInput) -> GetItemOutput, GetItemError;
    put_item writes (PutItemInputBuilder, PutItemInput) -> PutItemOutput, PutItemError;
    query reads (QueryInputBuilder, QueryInput) -> QueryOutput, QueryError;
    scan reads (ScanInputBuilder, ScanInput) -> ScanOutput, ScanError;
    transact_write_items writes (TransactWriteItemsInputBuilder, TransactWriteItemsInput)
        -> TransactWriteItemsOutput, TransactWriteItemsError;
    update_item writes (UpdateItemInputBuilder, UpdateItemInput) -> UpdateItemOutput, UpdateItemError;
}

impl Tables {
    /// Creates a client that sends its requests through the SDK, or to `here` while that is available.
    #[must_use]
    pub fn new(sdk: Client, here: Option<Arc<dyn TableService>>) -> Self {
        Self { sdk, here }
    }

    /// The client of the AWS SDK.
    #[must_use]
    pub const fn sdk(&self) -> &Client {
        &self.sdk
    }
}
