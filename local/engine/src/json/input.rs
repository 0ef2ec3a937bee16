//! Reads the bodies of requests.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::scan::ScanInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, DeleteRequest, KeysAndAttributes, Put, PutRequest, TransactWriteItem, Update, WriteRequest,
};
use serde_json::Value;

use super::fields::Fields;
use super::value::{item, list, text};
use crate::refusal::{Refusal, invalid};
use crate::request::Request;

// The SDK has a builder for each operation and for each part of a transaction. Those that have a parameter have the same
// method for it, and no trait in common.

/// Reads the parameters of a GetItem, a Query and a Scan, and of the keys of a BatchGetItem.
macro_rules! projected {
    ($builder:expr, $fields:ident) => {
        $builder
            .set_consistent_read($fields.flag("ConsistentRead")?)
            .set_projection_expression($fields.text("ProjectionExpression")?)
            .set_expression_attribute_names($fields.map("ExpressionAttributeNames", text)?)
    };
}

/// Reads the parameters that a Query and a Scan have in common.
macro_rules! page {
    ($builder:expr, $fields:ident) => {
        projected!($builder, $fields)
            .set_table_name($fields.text("TableName")?)
            .set_index_name($fields.text("IndexName")?)
            .set_select($fields.word("Select")?)
            .set_limit($fields.number("Limit")?)
            .set_exclusive_start_key($fields.take("ExclusiveStartKey", item)?)
            .set_return_consumed_capacity($fields.word("ReturnConsumedCapacity")?)
            .set_filter_expression($fields.text("FilterExpression")?)
            .set_expression_attribute_values($fields.take("ExpressionAttributeValues", item)?)
    };
}

/// Reads the parameters that all writes of one item have in common, alone and in a transaction.
macro_rules! conditional {
    ($builder:expr, $fields:ident) => {
        $builder
            .set_table_name($fields.text("TableName")?)
            .set_condition_expression($fields.text("ConditionExpression")?)
            .set_expression_attribute_names($fields.map("ExpressionAttributeNames", text)?)
            .set_expression_attribute_values($fields.take("ExpressionAttributeValues", item)?)
            .set_return_values_on_condition_check_failure($fields.word("ReturnValuesOnConditionCheckFailure")?)
    };
}

/// Reads the parameters of a PutItem, an UpdateItem and a DeleteItem that say what the answer contains.
macro_rules! returned {
    ($builder:expr, $fields:ident) => {
        $builder
            .set_return_values($fields.word("ReturnValues")?)
            .set_return_consumed_capacity($fields.word("ReturnConsumedCapacity")?)
            .set_return_item_collection_metrics($fields.word("ReturnItemCollectionMetrics")?)
    };
}

/// Reads the body of a request. `operation` is the name that DynamoDB gives it, such as `GetItem`.
///
/// # Errors
/// [`Refusal::UnsupportedOperation`] if the engine does not have the operation. [`Refusal::Serialization`] if a value
/// has another type than its parameter. [`Refusal::Validation`] if a parameter is missing, or is one that the engine
/// does not have.
pub fn request(operation: &str, body: Value) -> Result<Request, Refusal> {
    let read = match operation {
        "GetItem" => get_item,
        "BatchGetItem" => batch_get_item,
        "Query" => query,
        "Scan" => scan,
        "PutItem" => put_item,
        "UpdateItem" => update_item,
        "DeleteItem" => delete_item,
        "BatchWriteItem" => batch_write_item,
        "TransactWriteItems" => transact_write_items,
        other => return Err(Refusal::UnsupportedOperation(other.to_owned())),
    };
    object(body, read)
}

/// Reads a JSON object: takes its fields with `read`, and refuses those that are left.
fn object<T>(json: Value, read: impl FnOnce(&mut Fields) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let mut fields = Fields::of(json)?;
    let content = read(&mut fields)?;
    fields.finish()?;
    Ok(content)
}

/// The refusal of a request in which a parameter is missing.
fn unbuilt(error: BuildError) -> Refusal {
    invalid(format!("1 validation error detected: {error}"))
}

fn get_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = projected!(GetItemInput::builder(), fields)
        .set_table_name(fields.text("TableName")?)
        .set_key(fields.take("Key", item)?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?);
    input.build().map(Request::GetItem).map_err(unbuilt)
}

fn batch_get_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let of_table = |json: Value| {
        let keys = object(json, |fields| {
            let keys = KeysAndAttributes::builder().set_keys(fields.take("Keys", |json| list(json, item))?);
            Ok(projected!(keys, fields))
        })?;
        keys.build().map_err(unbuilt)
    };
    let input = BatchGetItemInput::builder()
        .set_request_items(fields.map("RequestItems", of_table)?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?);
    input.build().map(Request::BatchGetItem).map_err(unbuilt)
}

fn query(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = page!(QueryInput::builder(), fields)
        .set_scan_index_forward(fields.flag("ScanIndexForward")?)
        .set_key_condition_expression(fields.text("KeyConditionExpression")?);
    input.build().map(Request::Query).map_err(unbuilt)
}

fn scan(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = page!(ScanInput::builder(), fields)
        .set_segment(fields.number("Segment")?)
        .set_total_segments(fields.number("TotalSegments")?);
    input.build().map(Request::Scan).map_err(unbuilt)
}

fn put_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = conditional!(PutItemInput::builder(), fields).set_item(fields.take("Item", item)?);
    returned!(input, fields).build().map(Request::PutItem).map_err(unbuilt)
}

fn update_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = conditional!(UpdateItemInput::builder(), fields)
        .set_key(fields.take("Key", item)?)
        .set_update_expression(fields.text("UpdateExpression")?);
    returned!(input, fields).build().map(Request::UpdateItem).map_err(unbuilt)
}

fn delete_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = conditional!(DeleteItemInput::builder(), fields).set_key(fields.take("Key", item)?);
    returned!(input, fields).build().map(Request::DeleteItem).map_err(unbuilt)
}

fn batch_write_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let put = |json: Value| {
        let put = object(json, |fields| Ok(PutRequest::builder().set_item(fields.take("Item", item)?)))?;
        put.build().map_err(unbuilt)
    };
    let delete = |json: Value| {
        let delete = object(json, |fields| Ok(DeleteRequest::builder().set_key(fields.take("Key", item)?)))?;
        delete.build().map_err(unbuilt)
    };
    let write = |json: Value| {
        object(json, |fields| {
            let write = WriteRequest::builder()
                .set_put_request(fields.take("PutRequest", put)?)
                .set_delete_request(fields.take("DeleteRequest", delete)?);
            Ok(write.build())
        })
    };
    let input = BatchWriteItemInput::builder()
        .set_request_items(fields.map("RequestItems", |json| list(json, write))?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?)
        .set_return_item_collection_metrics(fields.word("ReturnItemCollectionMetrics")?);
    input.build().map(Request::BatchWriteItem).map_err(unbuilt)
}

fn transact_write_items(fields: &mut Fields) -> Result<Request, Refusal> {
    let part = |json: Value| {
        object(json, |fields| {
            let part = TransactWriteItem::builder()
                .set_put(fields.take("Put", put)?)
                .set_update(fields.take("Update", update)?)
                .set_delete(fields.take("Delete", delete)?)
                .set_condition_check(fields.take("ConditionCheck", condition_check)?);
            Ok(part.build())
        })
    };
    let input = TransactWriteItemsInput::builder()
        .set_transact_items(fields.take("TransactItems", |json| list(json, part))?)
        .set_client_request_token(fields.text("ClientRequestToken")?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?)
        .set_return_item_collection_metrics(fields.word("ReturnItemCollectionMetrics")?);
    input.build().map(Request::TransactWriteItems).map_err(unbuilt)
}

fn put(json: Value) -> Result<Put, Refusal> {
    let put = object(json, |fields| Ok(conditional!(Put::builder(), fields).set_item(fields.take("Item", item)?)))?;
    put.build().map_err(unbuilt)
}

fn update(json: Value) -> Result<Update, Refusal> {
    let update = object(json, |fields| {
        let update = conditional!(Update::builder(), fields).set_key(fields.take("Key", item)?);
        Ok(update.set_update_expression(fields.text("UpdateExpression")?))
    })?;
    update.build().map_err(unbuilt)
}

fn delete(json: Value) -> Result<Delete, Refusal> {
    let delete = object(json, |fields| Ok(conditional!(Delete::builder(), fields).set_key(fields.take("Key", item)?)))?;
    delete.build().map_err(unbuilt)
}

fn condition_check(json: Value) -> Result<ConditionCheck, Refusal> {
    let check =
        object(json, |fields| Ok(conditional!(ConditionCheck::builder(), fields).set_key(fields.take("Key", item)?)))?;
    check.build().map_err(unbuilt)
}
