//! Requests and their answers, in the types of the SDK.

use std::sync::Arc;

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::{ScanInput, ScanOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};

use crate::value::Item;

/// A request to the tables. The variants are the operations that the engine has.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variants are DynamoDB's operations")]
pub enum Request {
    GetItem(GetItemInput),
    BatchGetItem(BatchGetItemInput),
    Query(QueryInput),
    Scan(ScanInput),
    PutItem(PutItemInput),
    UpdateItem(UpdateItemInput),
    DeleteItem(DeleteItemInput),
    BatchWriteItem(BatchWriteItemInput),
    TransactWriteItems(TransactWriteItemsInput),
}

impl Request {
    /// The name of the operation.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        match self {
            Self::GetItem(_) => "GetItem",
            Self::BatchGetItem(_) => "BatchGetItem",
            Self::Query(_) => "Query",
            Self::Scan(_) => "Scan",
            Self::PutItem(_) => "PutItem",
            Self::UpdateItem(_) => "UpdateItem",
            Self::DeleteItem(_) => "DeleteItem",
            Self::BatchWriteItem(_) => "BatchWriteItem",
            Self::TransactWriteItems(_) => "TransactWriteItems",
        }
    }
}

/// The answer to a request. It has the variant of the request.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variants are DynamoDB's operations")]
pub enum Response {
    GetItem(GetItemOutput),
    BatchGetItem(BatchGetItemOutput),
    Query(QueryOutput),
    Scan(ScanOutput),
    PutItem(PutItemOutput),
    UpdateItem(UpdateItemOutput),
    DeleteItem(DeleteItemOutput),
    BatchWriteItem(BatchWriteItemOutput),
    TransactWriteItems(TransactWriteItemsOutput),
}

/// What [`Tables::perform`](crate::Tables::perform) returns for a request that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Performed {
    /// The answer.
    pub response: Response,
    /// The items that were written, in the order of the request. A deletion of what did not exist is not among them.
    pub written: Vec<Written>,
    /// The read units that DynamoDB charges, whether or not the request asked for them.
    pub read_units: f64,
    /// The write units that DynamoDB charges, those of indexes included, whether or not the request asked for them.
    pub write_units: f64,
}

/// An item that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The name of the table.
    pub table: String,
    /// The key of the item.
    pub key: Item,
    /// The item before the write, if it existed.
    pub before: Option<Arc<Item>>,
    /// The item after the write, if it exists.
    pub after: Option<Arc<Item>>,
}
