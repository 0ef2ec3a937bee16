//! Writes the bodies of answers and refusals.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{Capacity, ConsumedCapacity, KeysAndAttributes};
use serde_json::{Map, Value, json};

use super::value::item_json;
use crate::refusal::{Reason, Refusal};
use crate::request::Response;
use crate::value::Item;

/// The body of an answer, with the fields that DynamoDB has in the answer to this operation.
#[must_use]
pub fn response(response: &Response) -> Value {
    let mut fields = Map::new();
    match response {
        Response::GetItem(output) => {
            put(&mut fields, "Item", output.item.as_ref().map(item_json));
            put(&mut fields, CONSUMED, output.consumed_capacity.as_ref().map(capacity));
        }
        Response::BatchGetItem(output) => {
            let responses = output.responses.iter().flatten();
            let responses: Map<_, _> = responses.map(|(table, all)| (table.clone(), items(all))).collect();
            let unprocessed = output.unprocessed_keys.iter().flatten();
            let unprocessed: Map<_, _> = unprocessed.map(|(table, left)| (table.clone(), keys(left))).collect();
            put(&mut fields, "Responses", Some(Value::Object(responses)));
            put(&mut fields, "UnprocessedKeys", Some(Value::Object(unprocessed)));
            put(&mut fields, CONSUMED, output.consumed_capacity.as_deref().map(capacities));
        }
        Response::Query(output) => {
            put(&mut fields, "Items", output.items.as_deref().map(items));
            put(&mut fields, "Count", Some(output.count.into()));
            put(&mut fields, "ScannedCount", Some(output.scanned_count.into()));
            put(&mut fields, "LastEvaluatedKey", output.last_evaluated_key.as_ref().map(item_json));
            put(&mut fields, CONSUMED, output.consumed_capacity.as_ref().map(capacity));
        }
        Response::Scan(output) => {
            put(&mut fields, "Items", output.items.as_deref().map(items));
            put(&mut fields, "Count", Some(output.count.into()));
            put(&mut fields, "ScannedCount", Some(output.scanned_count.into()));
            put(&mut fields, "LastEvaluatedKey", output.last_evaluated_key.as_ref().map(item_json));
            put(&mut fields, CONSUMED, output.consumed_capacity.as_ref().map(capacity));
        }
        Response::PutItem(output) => {
            put(&mut fields, "Attributes", output.attributes.as_ref().map(item_json));
            put(&mut fields, CONSUMED, output.consumed_capacity.as_ref().map(capacity));
        }
        Response::UpdateItem(output) => {
            put(&mut fields, "Attributes", output.attributes.as_ref().map(item_json));
            put(&mut fields, CONSUMED, output.consumed_capacity.as_ref().map(capacity));
        }
        Response::DeleteItem(output) => {
            put(&mut fields, "Attributes", output.attributes.as_ref().map(item_json));
            put(&mut fields, CONSUMED, output.consumed_capacity.as_ref().map(capacity));
        }
        Response::BatchWriteItem(output) => {
            // The engine leaves nothing unprocessed.
            put(&mut fields, "UnprocessedItems", Some(json!({})));
            put(&mut fields, CONSUMED, output.consumed_capacity.as_deref().map(capacities));
        }
        Response::TransactWriteItems(output) => {
            put(&mut fields, CONSUMED, output.consumed_capacity.as_deref().map(capacities));
        }
    }
    Value::Object(fields)
}

const CONSUMED: &str = "ConsumedCapacity";

fn put(fields: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), value);
    }
}

fn items(all: &[Item]) -> Value {
    all.iter().map(item_json).collect()
}

fn keys(left: &KeysAndAttributes) -> Value {
    let mut fields = Map::from_iter([("Keys".to_owned(), items(&left.keys))]);
    put(&mut fields, "ConsistentRead", left.consistent_read.map(Value::from));
    put(&mut fields, "ProjectionExpression", left.projection_expression.as_deref().map(Value::from));
    put(&mut fields, "ExpressionAttributeNames", left.expression_attribute_names.as_ref().map(|names| json!(names)));
    Value::Object(fields)
}

fn capacities(all: &[ConsumedCapacity]) -> Value {
    all.iter().map(capacity).collect()
}

fn capacity(consumed: &ConsumedCapacity) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "TableName", consumed.table_name.as_deref().map(Value::from));
    put_units(&mut fields, [consumed.capacity_units, consumed.read_capacity_units, consumed.write_capacity_units]);
    put(&mut fields, "Table", consumed.table.as_ref().map(detail));
    put(&mut fields, "LocalSecondaryIndexes", consumed.local_secondary_indexes.as_ref().map(details));
    put(&mut fields, "GlobalSecondaryIndexes", consumed.global_secondary_indexes.as_ref().map(details));
    Value::Object(fields)
}

fn details(indexes: &HashMap<String, Capacity>) -> Value {
    Value::Object(indexes.iter().map(|(name, units)| (name.clone(), detail(units))).collect())
}

fn detail(units: &Capacity) -> Value {
    let mut fields = Map::new();
    put_units(&mut fields, [units.capacity_units, units.read_capacity_units, units.write_capacity_units]);
    Value::Object(fields)
}

fn put_units(fields: &mut Map<String, Value>, units: [Option<f64>; 3]) {
    for (name, units) in ["CapacityUnits", "ReadCapacityUnits", "WriteCapacityUnits"].into_iter().zip(units) {
        put(fields, name, units.map(Value::from));
    }
}

/// The body of a refusal: the name of DynamoDB's exception in `__type`, the message and, if there are any, the details.
#[must_use]
pub fn refusal(refusal: &Refusal) -> Value {
    let namespace = match refusal {
        Refusal::Validation(_) => "com.amazon.coral.validate",
        Refusal::Serialization(_) => "com.amazon.coral.service",
        _ => "com.amazonaws.dynamodb.v20120810",
    };
    let mut fields = Map::from_iter([("__type".to_owned(), json!(format!("{namespace}#{}", refusal.code())))]);
    let message = json!(refusal.to_string());
    match refusal {
        Refusal::TransactionCanceled { reasons, .. } => {
            put(&mut fields, "Message", Some(message));
            put(&mut fields, "CancellationReasons", Some(reasons.iter().map(reason).collect()));
        }
        Refusal::Serialization(_) => put(&mut fields, "Message", Some(message)),
        Refusal::ConditionalCheckFailed { item, .. } => {
            put(&mut fields, "message", Some(message));
            put(&mut fields, "Item", item.as_deref().map(item_json));
        }
        _ => put(&mut fields, "message", Some(message)),
    }
    Value::Object(fields)
}

fn reason(reason: &Reason) -> Value {
    let mut fields = Map::from_iter([("Code".to_owned(), json!(reason.code()))]);
    put(&mut fields, "Message", reason.message().map(Value::from));
    put(&mut fields, "Item", reason.item().map(|item| item_json(item)));
    Value::Object(fields)
}
