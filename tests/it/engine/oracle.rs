//! The same random requests to the engine and to `dynoxide-rs`, which imitates DynamoDB from captures of it. The
//! answers, the types of the errors, the reasons of cancelled transactions and the capacity units must be equal.
//!
//! The engine differs on purpose in these points, in which it follows DynamoDB, or leaves open what DynamoDB does:
//!
//! - An update that creates an item returns no old item; the oracle returns its key.
//! - Items of a scan come in the order of their keys, and pages end elsewhere. So only whole scans are compared.
//! - What can be seen to be wrong in an expression without an item is refused in all requests, in the same way. The
//!   oracle refuses bounds and operands in the writes of one item alone, undefined values in a filter only if there is
//!   an item, and undefined placeholders in an update of a transaction by way of a reason. There it adds to a list, and
//!   it changes keys.
//! - The numbers of a set are compared by their values in ADD and DELETE.
//! - Names of functions have one case.
//! - A query of a table without a sort key ends after its one item; the oracle begins it again.
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

    /// Asks both. Returns the answer of the engine, or how the other one differs.
    fn ask(&self, operation: &str, body: &Value) -> Result<Answer, String> {
        let creates = operation == "UpdateItem" && {
            let get = json!({"TableName": body["TableName"], "Key": body["Key"]});
            self.engine("GetItem", &get).1.get("Item").is_none()
        };
        let (status, ours) = self.engine(operation, body);
        let (their_status, mut theirs) = self.oracle(operation, body);
        if creates && body["ReturnValues"] == "ALL_OLD" {
            theirs.as_object_mut().unwrap().remove("Attributes");
        }
        let is_same =
            status == their_status && comparable(operation, ours.clone()) == comparable(operation, theirs.clone());
        if is_same {
            return Ok((status, ours));
        }
        Err(format!("{operation} {body:#}\nthe engine: {status} {ours}\nthe oracle: {their_status} {theirs}"))
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
    let items = fields.get_mut("Items").and_then(Value::as_array_mut);
    if let Some(items) = items.filter(|_| operation == "Scan") {
        items.sort_by_key(Value::to_string);
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
    let parameters = BTreeMap::from([("JwtSecret".to_owned(), "s".repeat(32))]);
    let template = Template::read(include_str!("../../../template.yaml"), &parameters).unwrap();
    template.tables.values().map(|table| table.schema.clone()).chain([mixed()]).collect()
}

/// Whether the table of a request has a sort key, or it reads an index.
fn has_sort(tables: &[TableSchema], body: &Value) -> bool {
    let schema = tables.iter().find(|table| body["TableName"] == table.name.as_str());
    body.get("IndexName").is_some() || schema.is_some_and(|schema| schema.key.sort.is_some())
}

/// How many requests were answered, by operation.
type Answered = BTreeMap<&'static str, usize>;

/// Sends random requests. Returns the first difference, if there is one.
fn compare(seed: u64, steps: usize, answered: &mut Answered) -> Result<(), String> {
    let tables = tables();
    let both = Both::new(&tables);
    let mut draw = Draw::new(seed, tables.clone());
    for _ in 0..steps {
        let (operation, mut body) = draw.request();
        let (status, mut answer) = both.ask(operation, &body)?;
        *answered.entry(operation).or_default() += usize::from(status == 200);
        let mut pages = if has_sort(&tables, &body) { 0 } else { 4 };
        while let (true, Some(last)) = (operation == "Query" && pages < 4, answer.get("LastEvaluatedKey")) {
            body["ExclusiveStartKey"] = last.clone();
            answer = both.ask(operation, &body)?.1;
            pages += 1;
        }
    }
    for table in &tables {
        both.ask("Scan", &json!({"TableName": table.name}))?;
        for index in table.indexes() {
            both.ask("Scan", &json!({"TableName": table.name, "IndexName": index.name}))?;
        }
    }
    Ok(())
}

/// `PARLANCE_ORACLE_SEEDS` says with how many seeds to compare.
#[test]
fn random_requests_are_answered_as_the_oracle_answers_them() {
    let seeds = std::env::var("PARLANCE_ORACLE_SEEDS").map_or(4, |seeds| seeds.parse().unwrap());
    let mut answered = Answered::new();
    let differences = (0..seeds).filter_map(|seed| {
        let difference = compare(seed, 2_000, &mut answered).err()?;
        Some(format!("seed {seed}: {difference}"))
    });
    let differences: Vec<_> = differences.collect();
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    assert_eq!(answered.len(), 9, "{answered:?}");
    assert!(answered.values().all(|count| *count > 100), "most requests are valid: {answered:?}");
}
