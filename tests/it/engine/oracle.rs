//! The same random requests to the engine and to `dynoxide-rs`, which imitates DynamoDB from captures of it. The
//! answers, the types of the errors, the reasons of cancelled transactions and the capacity units must be equal.
//!
//! The engine differs on purpose in these points, in which it follows DynamoDB, or leaves open what DynamoDB does:
//!
//! - An update that creates an item returns no old item; the oracle returns its key.
//! - Items of a scan come in the order of their keys, and pages end elsewhere. So only whole scans are compared.
//! - What can be seen to be wrong in an expression without an item is refused in all requests, in the same way. The
//!   oracle refuses bounds and operands in the writes of one item alone, and undefined placeholders in an update of a
//!   transaction by way of a reason. An update of a transaction may not change a key.
//! - The numbers of a set are compared by their values in ADD and DELETE.
//! - Names of functions have one case.
//! - The parameters from before expressions are refused, and so are ReturnItemCollectionMetrics and segments of scans.
//! - A ProjectionExpression with an attribute that the index does not hold is refused.
//! - The size of an update's request is not limited, only that of the item.
//!
//! Messages are DynamoDB's as far as a person needs them, and are not compared.

use std::collections::BTreeMap;

use dynoxide::{Database, DynoxideError};
use engine::{IndexSchema, KeySchema, KeyType, Projection, TableSchema, Tables};
use local::template::Template;
use serde_json::{Value, json};

use super::draw::Draw;

/// Both engines, with the same tables.
struct Both {
    engine: Tables,
    oracle: Database,
}

/// An answer: the status and the body.
type Answer = (u16, Value);

fn key(partition: &str, sort: &str) -> KeySchema {
    KeySchema { partition: partition.to_owned(), sort: (!sort.is_empty()).then(|| sort.to_owned()) }
}

/// A table with what those of the template do not have: bytes and numbers as keys, and indexes with whole items.
fn mixed() -> TableSchema {
    let index = |name: &str, key, projection| IndexSchema { name: name.to_owned(), key, projection };
    let attributes = [("number", KeyType::Number), ("bytes", KeyType::Binary), ("text", KeyType::Text)];
    TableSchema {
        name: "Mixed".to_owned(),
        key: key("number", "bytes"),
        attributes: attributes.into_iter().map(|(name, of)| (name.to_owned(), of)).collect(),
        local_indexes: vec![index("local", key("number", "text"), Projection::Include(vec!["alpha".to_owned()]))],
        global_indexes: vec![
            index("whole", key("text", "number"), Projection::All),
            index("flat", key("text", ""), Projection::KeysOnly),
        ],
        ttl: None,
    }
}

fn create_table(schema: &TableSchema) -> Value {
    let letter = |of: &KeyType| match of {
        KeyType::Text => "S",
        KeyType::Number => "N",
        KeyType::Binary => "B",
    };
    let keys = |key: &KeySchema| {
        let sort = key.sort.iter().map(|sort| json!({"AttributeName": sort, "KeyType": "RANGE"}));
        [json!({"AttributeName": key.partition, "KeyType": "HASH"})].into_iter().chain(sort).collect::<Value>()
    };
    let index = |index: &IndexSchema| {
        let projection = match &index.projection {
            Projection::KeysOnly => json!({"ProjectionType": "KEYS_ONLY"}),
            Projection::Include(names) => json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": names}),
            Projection::All => json!({"ProjectionType": "ALL"}),
        };
        json!({"IndexName": index.name, "KeySchema": keys(&index.key), "Projection": projection})
    };
    let types = schema.attributes.iter();
    let types = types.map(|(name, of)| json!({"AttributeName": name, "AttributeType": letter(of)}));
    let mut body = json!({
        "TableName": schema.name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": types.collect::<Value>(),
        "KeySchema": keys(&schema.key),
    });
    for (name, indexes) in
        [("LocalSecondaryIndexes", &schema.local_indexes), ("GlobalSecondaryIndexes", &schema.global_indexes)]
    {
        if !indexes.is_empty() {
            body[name] = indexes.iter().map(index).collect();
        }
    }
    body
}

impl Both {
    fn new(tables: &[TableSchema]) -> Self {
        let both = Self { engine: Tables::in_memory(), oracle: Database::memory().unwrap() };
        for schema in tables {
            both.engine.create_table(schema.clone()).unwrap();
            both.oracle.create_table(serde_json::from_value(create_table(schema)).unwrap()).unwrap();
        }
        both
    }

    fn engine(&self, operation: &str, body: &Value) -> Answer {
        let performed = engine::json::request(operation, body.clone()).and_then(|request| self.engine.perform(request));
        match performed {
            Ok(performed) => (200, engine::json::response(&performed.response)),
            Err(refusal) => (refusal.status(), engine::json::refusal(&refusal)),
        }
    }

    fn oracle(&self, operation: &str, body: &Value) -> Answer {
        macro_rules! ask {
            ($method:ident) => {
                match serde_json::from_value(body.clone()) {
                    Ok(request) => answer(self.oracle.$method(request)),
                    // What it refuses as it reads the request.
                    Err(_) => (400, json!({"__type": "com.amazon.coral.validate#ValidationException"})),
                }
            };
        }
        match operation {
            "GetItem" => ask!(get_item),
            "BatchGetItem" => ask!(batch_get_item),
            "Query" => ask!(query),
            "Scan" => ask!(scan),
            "PutItem" => ask!(put_item),
            "UpdateItem" => ask!(update_item),
            "DeleteItem" => ask!(delete_item),
            "BatchWriteItem" => ask!(batch_write_item),
            "TransactWriteItems" => ask!(transact_write_items),
            other => panic!("{other}"),
        }
    }

    /// Asks both. Returns the answer of the engine, and fails if the other one is different.
    fn ask(&self, operation: &str, body: &Value, context: &str) -> Answer {
        let creates = operation == "UpdateItem" && {
            let get = json!({"TableName": body["TableName"], "Key": body["Key"]});
            self.engine("GetItem", &get).1.get("Item").is_none()
        };
        let (status, ours) = self.engine(operation, body);
        let (their_status, mut theirs) = self.oracle(operation, body);
        if creates && body["ReturnValues"] == "ALL_OLD" {
            theirs.as_object_mut().unwrap().remove("Attributes");
        }
        assert_eq!(
            (status, comparable(operation, ours.clone())),
            (their_status, comparable(operation, theirs)),
            "{context}: {operation} {body:#}\n{ours}"
        );
        (status, ours)
    }
}

fn answer(answer: Result<impl serde::Serialize, DynoxideError>) -> Answer {
    match answer {
        Ok(answer) => (200, serde_json::to_value(answer).unwrap()),
        Err(error) => (error.status_code(), serde_json::from_str(&error.to_json()).unwrap()),
    }
}

/// What is compared of an answer.
fn comparable(operation: &str, mut body: Value) -> Value {
    sorted(&mut body);
    let Some(fields) = body.as_object_mut() else { return body };
    if fields.contains_key("__type") {
        fields.remove("message");
        fields.remove("Message");
        for reason in fields.get_mut("CancellationReasons").and_then(Value::as_array_mut).into_iter().flatten() {
            reason.as_object_mut().unwrap().remove("Message");
        }
    }
    if let Some(consumed) = fields.get_mut("ConsumedCapacity").and_then(Value::as_array_mut) {
        consumed.sort_by_key(|one| one["TableName"].to_string());
    }
    if operation == "Scan" {
        if let Some(items) = fields.get_mut("Items").and_then(Value::as_array_mut) {
            items.sort_by_key(Value::to_string);
        }
    }
    body
}

/// Sorts the members of sets, which have no order.
fn sorted(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Array(set) if ["SS", "NS", "BS"].contains(&name.as_str()) => {
                        set.sort_by_key(Value::to_string)
                    }
                    other => sorted(other),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(sorted),
        _ => {}
    }
}

fn tables() -> Vec<TableSchema> {
    let template = Template::read(include_str!("../../../template.yaml"), &BTreeMap::new()).unwrap();
    template.tables.values().map(local::template::Table::schema).chain([mixed()]).collect()
}

/// Sends random requests, and returns how many were answered, by operation.
fn compare(seed: u64, steps: usize) -> BTreeMap<&'static str, usize> {
    let both = Both::new(&tables());
    let mut draw = Draw::new(seed, tables());
    let mut answered = BTreeMap::new();
    for step in 0..steps {
        let (operation, mut body) = draw.request();
        let context = format!("seed {seed}, step {step}");
        let (status, mut answer) = both.ask(operation, &body, &context);
        *answered.entry(operation).or_default() += usize::from(status == 200);
        let mut pages = 0;
        while let (true, Some(last)) = (operation == "Query" && pages < 4, answer.get("LastEvaluatedKey")) {
            body["ExclusiveStartKey"] = last.clone();
            answer = both.ask(operation, &body, &context).1;
            pages += 1;
        }
    }
    for table in tables() {
        both.ask("Scan", &json!({"TableName": table.name}), "at the end");
        for index in table.local_indexes.iter().chain(&table.global_indexes) {
            both.ask("Scan", &json!({"TableName": table.name, "IndexName": index.name}), "at the end");
        }
    }
    answered
}

#[test]
fn random_requests_are_answered_as_the_oracle_answers_them() {
    let seeds: Vec<u64> = match std::env::var("PARLANCE_ORACLE_SEEDS") {
        Ok(count) => (0..count.parse().unwrap()).collect(),
        Err(_) => (0..4).collect(),
    };
    let mut all = BTreeMap::new();
    for seed in seeds {
        for (operation, count) in compare(seed, 2_000) {
            *all.entry(operation).or_insert(0) += count;
        }
    }
    assert_eq!(all.len(), 9, "{all:?}");
    assert!(all.values().all(|count| *count > 100), "most requests are valid: {all:?}");
}
