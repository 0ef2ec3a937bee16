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
    let mut fields = Fields::of(body)?;
    let request = read(&mut fields)?;
    fields.finish()?;
    Ok(request)
}

/// The refusal of a request in which a parameter is missing.
fn unbuilt(error: BuildError) -> Refusal {
    invalid(format!("1 validation error detected: {error}"))
}

fn get_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = GetItemInput::builder()
        .set_table_name(fields.text("TableName")?)
        .set_key(fields.take("Key", item)?)
        .set_consistent_read(fields.flag("ConsistentRead")?)
        .set_projection_expression(fields.text("ProjectionExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?);
    input.build().map(Request::GetItem).map_err(unbuilt)
}

fn batch_get_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let of_table = |json: Value| {
        let mut fields = Fields::of(json)?;
        let keys = KeysAndAttributes::builder()
            .set_keys(fields.take("Keys", |json| list(json, item))?)
            .set_consistent_read(fields.flag("ConsistentRead")?)
            .set_projection_expression(fields.text("ProjectionExpression")?)
            .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?);
        fields.finish()?;
        keys.build().map_err(unbuilt)
    };
    let input = BatchGetItemInput::builder()
        .set_request_items(fields.map("RequestItems", of_table)?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?);
    input.build().map(Request::BatchGetItem).map_err(unbuilt)
}

fn query(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = QueryInput::builder()
        .set_table_name(fields.text("TableName")?)
        .set_index_name(fields.text("IndexName")?)
        .set_select(fields.word("Select")?)
        .set_limit(fields.number("Limit")?)
        .set_consistent_read(fields.flag("ConsistentRead")?)
        .set_scan_index_forward(fields.flag("ScanIndexForward")?)
        .set_exclusive_start_key(fields.take("ExclusiveStartKey", item)?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?)
        .set_projection_expression(fields.text("ProjectionExpression")?)
        .set_filter_expression(fields.text("FilterExpression")?)
        .set_key_condition_expression(fields.text("KeyConditionExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_expression_attribute_values(fields.take("ExpressionAttributeValues", item)?);
    input.build().map(Request::Query).map_err(unbuilt)
}

fn scan(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = ScanInput::builder()
        .set_table_name(fields.text("TableName")?)
        .set_index_name(fields.text("IndexName")?)
        .set_select(fields.word("Select")?)
        .set_limit(fields.number("Limit")?)
        .set_consistent_read(fields.flag("ConsistentRead")?)
        .set_exclusive_start_key(fields.take("ExclusiveStartKey", item)?)
        .set_segment(fields.number("Segment")?)
        .set_total_segments(fields.number("TotalSegments")?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?)
        .set_projection_expression(fields.text("ProjectionExpression")?)
        .set_filter_expression(fields.text("FilterExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_expression_attribute_values(fields.take("ExpressionAttributeValues", item)?);
    input.build().map(Request::Scan).map_err(unbuilt)
}

fn put_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = PutItemInput::builder()
        .set_table_name(fields.text("TableName")?)
        .set_item(fields.take("Item", item)?)
        .set_return_values(fields.word("ReturnValues")?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?)
        .set_return_item_collection_metrics(fields.word("ReturnItemCollectionMetrics")?)
        .set_condition_expression(fields.text("ConditionExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_expression_attribute_values(fields.take("ExpressionAttributeValues", item)?)
        .set_return_values_on_condition_check_failure(fields.word("ReturnValuesOnConditionCheckFailure")?);
    input.build().map(Request::PutItem).map_err(unbuilt)
}

fn update_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = UpdateItemInput::builder()
        .set_table_name(fields.text("TableName")?)
        .set_key(fields.take("Key", item)?)
        .set_update_expression(fields.text("UpdateExpression")?)
        .set_return_values(fields.word("ReturnValues")?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?)
        .set_return_item_collection_metrics(fields.word("ReturnItemCollectionMetrics")?)
        .set_condition_expression(fields.text("ConditionExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_expression_attribute_values(fields.take("ExpressionAttributeValues", item)?)
        .set_return_values_on_condition_check_failure(fields.word("ReturnValuesOnConditionCheckFailure")?);
    input.build().map(Request::UpdateItem).map_err(unbuilt)
}

fn delete_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let input = DeleteItemInput::builder()
        .set_table_name(fields.text("TableName")?)
        .set_key(fields.take("Key", item)?)
        .set_return_values(fields.word("ReturnValues")?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?)
        .set_return_item_collection_metrics(fields.word("ReturnItemCollectionMetrics")?)
        .set_condition_expression(fields.text("ConditionExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_expression_attribute_values(fields.take("ExpressionAttributeValues", item)?)
        .set_return_values_on_condition_check_failure(fields.word("ReturnValuesOnConditionCheckFailure")?);
    input.build().map(Request::DeleteItem).map_err(unbuilt)
}

fn batch_write_item(fields: &mut Fields) -> Result<Request, Refusal> {
    let put = |json: Value| {
        let mut fields = Fields::of(json)?;
        let put = PutRequest::builder().set_item(fields.take("Item", item)?);
        fields.finish()?;
        put.build().map_err(unbuilt)
    };
    let delete = |json: Value| {
        let mut fields = Fields::of(json)?;
        let delete = DeleteRequest::builder().set_key(fields.take("Key", item)?);
        fields.finish()?;
        delete.build().map_err(unbuilt)
    };
    let write = |json: Value| {
        let mut fields = Fields::of(json)?;
        let write = WriteRequest::builder()
            .set_put_request(fields.take("PutRequest", put)?)
            .set_delete_request(fields.take("DeleteRequest", delete)?);
        fields.finish()?;
        Ok(write.build())
    };
    let input = BatchWriteItemInput::builder()
        .set_request_items(fields.map("RequestItems", |json| list(json, write))?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?)
        .set_return_item_collection_metrics(fields.word("ReturnItemCollectionMetrics")?);
    input.build().map(Request::BatchWriteItem).map_err(unbuilt)
}

fn transact_write_items(fields: &mut Fields) -> Result<Request, Refusal> {
    let part = |json: Value| {
        let mut fields = Fields::of(json)?;
        let part = TransactWriteItem::builder()
            .set_put(fields.take("Put", put)?)
            .set_update(fields.take("Update", update)?)
            .set_delete(fields.take("Delete", delete)?)
            .set_condition_check(fields.take("ConditionCheck", condition_check)?);
        fields.finish()?;
        Ok(part.build())
    };
    let input = TransactWriteItemsInput::builder()
        .set_transact_items(fields.take("TransactItems", |json| list(json, part))?)
        .set_client_request_token(fields.text("ClientRequestToken")?)
        .set_return_consumed_capacity(fields.word("ReturnConsumedCapacity")?)
        .set_return_item_collection_metrics(fields.word("ReturnItemCollectionMetrics")?);
    input.build().map(Request::TransactWriteItems).map_err(unbuilt)
}

fn put(json: Value) -> Result<Put, Refusal> {
    let mut fields = Fields::of(json)?;
    let put = Put::builder()
        .set_table_name(fields.text("TableName")?)
        .set_item(fields.take("Item", item)?)
        .set_condition_expression(fields.text("ConditionExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_expression_attribute_values(fields.take("ExpressionAttributeValues", item)?)
        .set_return_values_on_condition_check_failure(fields.word("ReturnValuesOnConditionCheckFailure")?);
    fields.finish()?;
    put.build().map_err(unbuilt)
}

fn update(json: Value) -> Result<Update, Refusal> {
    let mut fields = Fields::of(json)?;
    let update = Update::builder()
        .set_table_name(fields.text("TableName")?)
        .set_key(fields.take("Key", item)?)
        .set_update_expression(fields.text("UpdateExpression")?)
        .set_condition_expression(fields.text("ConditionExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_expression_attribute_values(fields.take("ExpressionAttributeValues", item)?)
        .set_return_values_on_condition_check_failure(fields.word("ReturnValuesOnConditionCheckFailure")?);
    fields.finish()?;
    update.build().map_err(unbuilt)
}

fn delete(json: Value) -> Result<Delete, Refusal> {
    let mut fields = Fields::of(json)?;
    let delete = Delete::builder()
        .set_table_name(fields.text("TableName")?)
        .set_key(fields.take("Key", item)?)
        .set_condition_expression(fields.text("ConditionExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_expression_attribute_values(fields.take("ExpressionAttributeValues", item)?)
        .set_return_values_on_condition_check_failure(fields.word("ReturnValuesOnConditionCheckFailure")?);
    fields.finish()?;
    delete.build().map_err(unbuilt)
}

fn condition_check(json: Value) -> Result<ConditionCheck, Refusal> {
    let mut fields = Fields::of(json)?;
    let check = ConditionCheck::builder()
        .set_table_name(fields.text("TableName")?)
        .set_key(fields.take("Key", item)?)
        .set_condition_expression(fields.text("ConditionExpression")?)
        .set_expression_attribute_names(fields.map("ExpressionAttributeNames", text)?)
        .set_expression_attribute_values(fields.take("ExpressionAttributeValues", item)?)
        .set_return_values_on_condition_check_failure(fields.word("ReturnValuesOnConditionCheckFailure")?);
    fields.finish()?;
    check.build().map_err(unbuilt)
}
