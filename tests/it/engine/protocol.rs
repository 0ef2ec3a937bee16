//! Limits and refusals of the engine that random requests do not meet, and the ways from and to the SDK.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use engine::{KeySchema, KeyType, Performed, Reason, Refusal, TableSchema, Tables};
use serde_json::{Value, json};

fn tables() -> Tables {
    let tables = Tables::in_memory();
    let schema = TableSchema {
        name: "Things".to_owned(),
        key: KeySchema { partition: "id".to_owned(), sort: Some("at".to_owned()) },
        attributes: BTreeMap::from([("id".to_owned(), KeyType::Text), ("at".to_owned(), KeyType::Number)]),
        local_indexes: Vec::new(),
        global_indexes: Vec::new(),
        ttl: None,
    };
    tables.create_table(schema).unwrap();
    tables
}

fn perform(tables: &Tables, operation: &str, body: Value) -> Result<Performed, Refusal> {
    tables.perform(engine::json::request(operation, body)?)
}

fn ask(tables: &Tables, operation: &str, body: Value) -> Value {
    engine::json::response(&perform(tables, operation, body).unwrap().response)
}

fn refused(tables: &Tables, operation: &str, body: Value) -> String {
    perform(tables, operation, body).unwrap_err().to_string()
}

fn key(at: usize) -> Value {
    json!({"id": {"S": "a"}, "at": {"N": at.to_string()}})
}

fn put(tables: &Tables, at: usize, bytes: usize) {
    let mut item = key(at);
    item["filler"] = json!({"S": "x".repeat(bytes)});
    ask(tables, "PutItem", json!({"TableName": "Things", "Item": item}));
}

const OF_A: &str = "id = :id";

fn query(more: Value) -> Value {
    let mut query = json!({
        "TableName": "Things", "KeyConditionExpression": OF_A, "ExpressionAttributeValues": {":id": {"S": "a"}},
    });
    query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    query
}

#[test]
fn a_page_ends_before_a_megabyte() {
    let tables = tables();
    (0..7).for_each(|at| put(&tables, at, 300 * 1024));
    let mut request = query(json!({"ReturnConsumedCapacity": "TOTAL"}));
    let mut seen = Vec::new();
    loop {
        let page = ask(&tables, "Query", request.clone());
        assert_eq!(page["Count"], page["ScannedCount"]);
        seen.extend(page["Items"].as_array().unwrap().iter().map(|item| item["at"]["N"].as_str().unwrap().to_owned()));
        let Some(last) = page.get("LastEvaluatedKey") else { break };
        assert_eq!(page["Count"], 3);
        assert_eq!(page["ConsumedCapacity"]["CapacityUnits"], 113.0, "three items are 900 KB and some bytes");
        request["ExclusiveStartKey"] = last.clone();
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6"]);
    let all = ask(&tables, "Scan", json!({"TableName": "Things"}));
    assert_eq!((&all["Count"], &all["LastEvaluatedKey"]), (&json!(3), &key(2)));
}

#[test]
fn an_item_has_at_most_400_kilobytes() {
    let tables = tables();
    let overhead = "id".len() + "a".len() + "at".len() + 2 + "filler".len();
    put(&tables, 1, 400 * 1024 - overhead);
    let mut item = key(2);
    item["filler"] = json!({"S": "x".repeat(400 * 1024 - overhead + 1)});
    let said = refused(&tables, "PutItem", json!({"TableName": "Things", "Item": item}));
    assert_eq!(said, "Item size has exceeded the maximum allowed size");
    let update = json!({
        "TableName": "Things", "Key": key(1), "UpdateExpression": "SET more = :more",
        "ExpressionAttributeValues": {":more": {"S": ""}},
    });
    let said = refused(&tables, "UpdateItem", update);
    assert_eq!(said, "Item size to update has exceeded the maximum allowed size");
}

#[test]
fn batches_and_transactions_have_limits() {
    let tables = tables();
    let keys = |count: usize| (0..count).map(key).collect::<Value>();
    let get = |count| json!({"RequestItems": {"Things": {"Keys": keys(count)}}});
    ask(&tables, "BatchGetItem", get(100));
    assert!(refused(&tables, "BatchGetItem", get(101)).contains("less than or equal to 100"));
    let write = |count: usize| {
        let all: Value = (0..count).map(|at| json!({"PutRequest": {"Item": key(at)}})).collect();
        json!({"RequestItems": {"Things": all}})
    };
    ask(&tables, "BatchWriteItem", write(25));
    assert!(refused(&tables, "BatchWriteItem", write(26)).contains("less than or equal to 25"));
    let parts = |count: usize| {
        let all: Value = (0..count).map(|at| json!({"Put": {"TableName": "Things", "Item": key(at)}})).collect();
        json!({"TransactItems": all})
    };
    assert_eq!(perform(&tables, "TransactWriteItems", parts(100)).unwrap().written.len(), 100);
    assert!(refused(&tables, "TransactWriteItems", parts(101)).contains("less than or equal to 100"));
    assert!(refused(&tables, "TransactWriteItems", parts(0)).contains("greater than or equal to 1"));
    let heavy = |at: usize| {
        let mut item = key(at);
        item["filler"] = json!({"S": "x".repeat(390 * 1024)});
        json!({"Put": {"TableName": "Things", "Item": item}})
    };
    let heavy = json!({"TransactItems": (0..11).map(heavy).collect::<Value>()});
    assert!(refused(&tables, "TransactWriteItems", heavy).contains("4MB limit"));
}

#[test]
fn a_batch_leaves_what_is_more_than_16_megabytes() {
    let tables = tables();
    (0..45).for_each(|at| put(&tables, at, 380 * 1024));
    let keys: Value = (0..45).map(key).collect();
    let request = json!({"RequestItems": {"Things": {"Keys": keys, "ConsistentRead": true}}});
    let answer = ask(&tables, "BatchGetItem", request);
    let got = answer["Responses"]["Things"].as_array().unwrap().len();
    assert_eq!(got, 43);
    let left = json!({"Things": {"Keys": [key(43), key(44)], "ConsistentRead": true}});
    assert_eq!(answer["UnprocessedKeys"], left);
}

#[test]
fn a_transaction_with_a_token_is_done_once() {
    let tables = tables();
    let add = |n: &str| {
        let update = json!({
            "TableName": "Things", "Key": key(1), "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": {":n": {"N": n}},
        });
        json!({"TransactItems": [{"Update": update}], "ClientRequestToken": "once", "ReturnConsumedCapacity": "TOTAL"})
    };
    let first = perform(&tables, "TransactWriteItems", add("1")).unwrap();
    assert_eq!((first.written.len(), first.read_units, first.write_units), (1, 0.0, 2.0));
    let again = perform(&tables, "TransactWriteItems", add("1")).unwrap();
    assert_eq!((again.written.len(), again.read_units, again.write_units), (0, 2.0, 0.0));
    assert_eq!(perform(&tables, "TransactWriteItems", add("2")).unwrap_err(), Refusal::IdempotentParameterMismatch);
    let item = ask(&tables, "GetItem", json!({"TableName": "Things", "Key": key(1)}));
    assert_eq!(item["Item"]["n"]["N"], "1");
    let long = json!({"TransactItems": [{"Delete": {"TableName": "Things", "Key": key(1)}}], "ClientRequestToken": "x".repeat(37)});
    assert!(refused(&tables, "TransactWriteItems", long).contains("less than or equal to 36"));
}

#[test]
fn a_transaction_that_failed_may_come_again_with_its_token() {
    let tables = tables();
    let check = json!({"TableName": "Things", "Key": key(1), "ConditionExpression": "attribute_exists(id)"});
    let write = json!({"TableName": "Things", "Item": key(2)});
    let request = json!({"TransactItems": [{"ConditionCheck": check}, {"Put": write}], "ClientRequestToken": "again"});
    let Err(Refusal::TransactionCanceled { reasons, write_units }) =
        perform(&tables, "TransactWriteItems", request.clone())
    else {
        panic!("there is no such item");
    };
    assert_eq!(reasons, [Reason::ConditionalCheckFailed(None), Reason::None]);
    assert!((write_units - 4.0).abs() < f64::EPSILON);
    put(&tables, 1, 1);
    assert_eq!(perform(&tables, "TransactWriteItems", request).unwrap().written.len(), 1);
}

#[test]
fn what_was_written_is_told_with_the_item_before_and_after() {
    let tables = tables();
    put(&tables, 1, 1);
    let parts = json!({"TransactItems": [
        {"Delete": {"TableName": "Things", "Key": key(1)}},
        {"Delete": {"TableName": "Things", "Key": key(2)}},
        {"Put": {"TableName": "Things", "Item": key(3)}},
    ]});
    let written = perform(&tables, "TransactWriteItems", parts).unwrap().written;
    let told: Vec<_> = written
        .iter()
        .map(|written| {
            let image = |item: &Option<std::sync::Arc<engine::Item>>| item.as_deref().map(engine::json::item_json);
            (
                written.table.as_str(),
                engine::json::item_json(&written.key),
                image(&written.before),
                image(&written.after),
            )
        })
        .collect();
    let mut before = key(1);
    before["filler"] = json!({"S": "x"});
    assert_eq!(told, [("Things", key(1), Some(before), None), ("Things", key(3), None, Some(key(3)))]);
}

#[test]
fn what_the_engine_does_not_have_is_refused_by_its_name() {
    let tables = tables();
    let with = |parameter: &str, value: Value| query(json!({parameter: value}));
    for (operation, body, parameter) in [
        ("Query", with("QueryFilter", json!({})), "QueryFilter"),
        ("Query", with("AttributesToGet", json!(["id"])), "AttributesToGet"),
        ("Query", with("Whatever", json!(1)), "Whatever"),
        ("Scan", json!({"TableName": "Things", "Segment": 0, "TotalSegments": 2}), "Segment"),
        ("PutItem", json!({"TableName": "Things", "Item": key(1), "Expected": {}}), "Expected"),
        (
            "PutItem",
            json!({"TableName": "Things", "Item": key(1), "ReturnItemCollectionMetrics": "SIZE"}),
            "ReturnItemCollectionMetrics",
        ),
    ] {
        let said = refused(&tables, operation, body);
        assert_eq!(said, format!("the local tables do not support the parameter {parameter}"));
    }
    let unknown = perform(&tables, "DescribeTable", json!({})).unwrap_err();
    assert_eq!((unknown.status(), unknown.code()), (501, "UnsupportedOperation"));
    for (body, code) in [
        (json!([]), "SerializationException"),
        (json!({"TableName": 1}), "SerializationException"),
        (json!({"TableName": "Things", "Key": {"id": {"S": 1}}}), "SerializationException"),
        (json!({"TableName": "Things", "Key": {"id": {"B": "?"}}}), "SerializationException"),
        (json!({"TableName": "Things", "Key": {"id": {}}}), "ValidationException"),
        (json!({"TableName": "Things", "Key": {"id": {"S": "a", "N": "1"}}}), "ValidationException"),
        (json!({"TableName": "Things"}), "ValidationException"),
        (json!({"TableName": "None", "Key": key(1)}), "ResourceNotFoundException"),
    ] {
        assert_eq!(perform(&tables, "GetItem", body.clone()).unwrap_err().code(), code, "{body}");
    }
}

#[test]
fn refusals_become_the_errors_of_the_sdk() {
    let tables = tables();
    put(&tables, 1, 1);
    let update = json!({
        "TableName": "Things", "Key": key(1), "UpdateExpression": "REMOVE filler",
        "ConditionExpression": "attribute_not_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    let refusal = perform(&tables, "UpdateItem", update).unwrap_err();
    assert!((refusal.write_units() - 1.0).abs() < f64::EPSILON);
    let UpdateItemError::ConditionalCheckFailedException(failed) = UpdateItemError::from(refusal) else {
        panic!("another error");
    };
    assert_eq!(failed.item().unwrap()["filler"].as_s().unwrap(), "x");
    assert_eq!(failed.code(), Some("ConditionalCheckFailedException"));

    let error = QueryError::from(perform(&tables, "Query", query(json!({"Limit": 0}))).unwrap_err());
    assert_eq!(error.code(), Some("ValidationException"));
    let error = QueryError::from(perform(&tables, "Query", query(json!({"TableName": "None"}))).unwrap_err());
    assert!(error.is_resource_not_found_exception());

    let check = json!({"TableName": "Things", "Key": key(2), "ConditionExpression": "attribute_exists(id)"});
    let parts = json!({"TransactItems": [{"Put": {"TableName": "Things", "Item": key(3)}}, {"ConditionCheck": check}]});
    let error = TransactWriteItemsError::from(perform(&tables, "TransactWriteItems", parts).unwrap_err());
    let TransactWriteItemsError::TransactionCanceledException(canceled) = error else { panic!("another error") };
    let codes: Vec<_> = canceled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
}
