//! Microseconds per request, of this engine with its log file and of `dynoxide-rs` with its SQLite file:
//! `cargo run --release -p engine --example speed`.

#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]
#![expect(clippy::disallowed_methods, reason = "the time that passes is what is measured")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "there is nobody to report an error to")]

use std::collections::BTreeMap;
use std::time::Instant;

use dynoxide::Database;
use engine::{IndexSchema, KeySchema, KeyType, Projection, Request, TableSchema, Tables};
use serde_json::{Value, json};

const ROUNDS: usize = 5_000;
const ITEMS: usize = 1_000;

fn schema() -> TableSchema {
    let key = |partition: &str, sort: &str| KeySchema { partition: partition.to_owned(), sort: Some(sort.to_owned()) };
    let index = IndexSchema { name: "recent".to_owned(), key: key("chat", "recent"), projection: Projection::KeysOnly };
    let types = [("chat", KeyType::Text), ("seq", KeyType::Number), ("recent", KeyType::Text)];
    TableSchema {
        name: "Messages".to_owned(),
        key: key("chat", "seq"),
        attributes: types.into_iter().map(|(name, of)| (name.to_owned(), of)).collect::<BTreeMap<_, _>>(),
        local_indexes: vec![index],
        global_indexes: Vec::new(),
        ttl: None,
    }
}

fn create_table() -> Value {
    let key =
        |sort: &str| json!([{"AttributeName": "chat", "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]);
    let types = [("chat", "S"), ("seq", "N"), ("recent", "S")];
    json!({
        "TableName": "Messages",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions":
            types.map(|(name, of)| json!({"AttributeName": name, "AttributeType": of})),
        "KeySchema": key("seq"),
        "LocalSecondaryIndexes":
            [{"IndexName": "recent", "KeySchema": key("recent"), "Projection": {"ProjectionType": "KEYS_ONLY"}}],
    })
}

fn key(number: usize) -> Value {
    json!({"chat": {"S": format!("chat {}", number % 10)}, "seq": {"N": (number % ITEMS).to_string()}})
}

fn item(number: usize) -> Value {
    let mut item = key(number);
    let fields = item.as_object_mut().unwrap();
    for name in ["from", "to", "text", "kind", "client", "media"] {
        fields.insert(name.to_owned(), json!({"S": format!("{name} of some forty letters, as a row may have")}));
    }
    for name in ["at", "v", "unread", "rev"] {
        fields.insert(name.to_owned(), json!({"N": "1753000000000"}));
    }
    fields.insert("readers".to_owned(), json!({"SS": ["alice", "bob"]}));
    fields.insert("recent".to_owned(), json!({"S": "2026-01-01T00:00:00Z"}));
    item
}

fn update(number: usize) -> Value {
    json!({
        "TableName": "Messages", "Key": key(number),
        "UpdateExpression": "SET rev = rev + :one, #at = :now ADD unread :one",
        "ConditionExpression": "attribute_exists(chat) AND attribute_not_exists(deletedAt)",
        "ExpressionAttributeNames": {"#at": "at"},
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":now": {"N": "1753000000001"}},
    })
}

/// Makes the body of a request of one kind, by a number.
type Body = fn(usize) -> Value;

/// The kinds of requests.
fn requests() -> Vec<(&'static str, Body)> {
    vec![
        ("GetItem", |number| json!({"TableName": "Messages", "Key": key(number)})),
        ("Query", |number| {
            json!({
                "TableName": "Messages", "KeyConditionExpression": "chat = :chat AND seq >= :seq", "Limit": 5,
                "ExpressionAttributeValues": {":chat": {"S": format!("chat {}", number % 10)}, ":seq": {"N": "100"}},
            })
        }),
        ("UpdateItem", update),
        ("TransactWriteItems", |number| {
            let check = json!({"TableName": "Messages", "Key": key(number + 1), "ConditionExpression": "attribute_exists(chat)"});
            json!({"TransactItems": [
                {"Update": update(number)},
                {"ConditionCheck": check},
                {"Put": {"TableName": "Messages", "Item": item(number + 2)}},
            ]})
        }),
    ]
}

fn request(operation: &str, body: Value) -> Request {
    engine::json::request(operation, body).unwrap()
}

fn micros(mut each: impl FnMut(usize)) -> f64 {
    let begun = Instant::now();
    (0..ROUNDS).for_each(&mut each);
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(ROUNDS).unwrap())
}

fn oracle(database: &Database, operation: &str, body: Value) -> Vec<u8> {
    match operation {
        "GetItem" => serde_json::to_vec(&database.get_item(serde_json::from_value(body).unwrap()).unwrap()),
        "Query" => serde_json::to_vec(&database.query(serde_json::from_value(body).unwrap()).unwrap()),
        "UpdateItem" => serde_json::to_vec(&database.update_item(serde_json::from_value(body).unwrap()).unwrap()),
        "TransactWriteItems" => {
            serde_json::to_vec(&database.transact_write_items(serde_json::from_value(body).unwrap()).unwrap())
        }
        other => panic!("{other}"),
    }
    .unwrap()
}

fn main() {
    let folder = std::env::temp_dir().join(format!("parlance-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let tables = Tables::open(&folder.join("tables.log")).unwrap();
    tables.create_table(schema()).unwrap();
    let database = Database::new(&folder.join("tables.sqlite").to_string_lossy()).unwrap();
    database.disable_bulk_loading().unwrap();
    database.create_table(serde_json::from_value(create_table()).unwrap()).unwrap();
    for number in 0..ITEMS {
        let put = json!({"TableName": "Messages", "Item": item(number)});
        tables.perform(request("PutItem", put.clone())).unwrap();
        database.put_item(serde_json::from_value(put).unwrap()).unwrap();
    }
    println!("{:20} {:>8} {:>10} {:>8}", "microseconds", "engine", "with JSON", "dynoxide");
    for (operation, body) in requests() {
        let bodies: Vec<Value> = (0..ROUNDS).map(body).collect();
        let mut typed: Vec<_> = bodies.iter().map(|body| Some(request(operation, body.clone()))).collect();
        let direct = micros(|round| drop(tables.perform(typed.get_mut(round).unwrap().take().unwrap()).unwrap()));
        let mut asked = bodies.clone();
        let with_json = micros(|round| {
            let body = std::mem::take(asked.get_mut(round).unwrap());
            let performed = tables.perform(request(operation, body)).unwrap();
            drop(engine::json::response(&performed.response).to_string());
        });
        let mut asked = bodies;
        let theirs = micros(|round| drop(oracle(&database, operation, std::mem::take(asked.get_mut(round).unwrap()))));
        println!("{operation:20} {direct:8.1} {with_json:10.1} {theirs:8.1}");
    }
    drop((tables, database));
    std::fs::remove_dir_all(&folder).unwrap();
}
