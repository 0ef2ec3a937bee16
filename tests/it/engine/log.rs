//! What the log file of the tables survives.

use std::collections::BTreeMap;
use std::path::PathBuf;

use engine::{Compaction, Item, KeySchema, KeyType, LogFault, Projection, TableSchema, Tables};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A folder that is gone with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("parlance-log-{name}-{}", std::process::id()));
        let _none = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("tables.log")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// Never written anew.
const NEVER: Compaction = Compaction { bytes_min: u64::MAX, factor: 1 };

fn schema(name: &str) -> TableSchema {
    TableSchema {
        name: name.to_owned(),
        key: KeySchema { partition: "id".to_owned(), sort: None },
        attributes: BTreeMap::from([("id".to_owned(), KeyType::Text), ("group".to_owned(), KeyType::Number)]),
        local_indexes: Vec::new(),
        global_indexes: vec![engine::IndexSchema {
            name: "group".to_owned(),
            key: KeySchema { partition: "group".to_owned(), sort: Some("id".to_owned()) },
            projection: Projection::Include(vec!["n".to_owned()]),
        }],
        ttl: Some("ttl".to_owned()),
    }
}

fn ask(tables: &Tables, operation: &str, body: Value) -> Result<Value, engine::Refusal> {
    let performed = tables.perform(engine::json::request(operation, body)?)?;
    Ok(engine::json::response(&performed.response))
}

/// Everything that is in the tables and in the index, as it is read.
fn content(tables: &Tables) -> Vec<Value> {
    let scans = ["First", "Second"]
        .into_iter()
        .flat_map(|table| [json!({"TableName": table}), json!({"TableName": table, "IndexName": "group"})]);
    scans.map(|scan| ask(tables, "Scan", scan).map(|answer| answer["Items"].clone()).unwrap_or_default()).collect()
}

/// A write: a put, an update, a deletion, or a transaction in both tables.
fn write(kind: u8, id: u8, n: u32) -> (&'static str, Value) {
    let key = json!({"id": {"S": format!("item {id}")}});
    let item = json!({
        "id": key["id"], "n": {"N": n.to_string()}, "group": {"N": (n % 3).to_string()}, "bytes": {"B": "AAECAw=="},
        "all": {"L": [{"M": {"a": {"SS": ["x", "y"]}}}, {"NULL": true}, {"BOOL": n > 500}, {"NS": ["1", "2"]}]},
    });
    let update = json!({
        "TableName": "First", "Key": key, "UpdateExpression": "ADD n :n REMOVE bytes",
        "ExpressionAttributeValues": {":n": {"N": n.to_string()}},
    });
    let put = json!({"TableName": "Second", "Item": item});
    match kind % 4 {
        0 => ("PutItem", json!({"TableName": "First", "Item": item})),
        1 => ("UpdateItem", update),
        2 => ("DeleteItem", json!({"TableName": "First", "Key": key})),
        _ => ("TransactWriteItems", json!({"TransactItems": [{"Update": update}, {"Put": put}]})),
    }
}

fn created(file: &std::path::Path, compaction: Compaction) -> Tables {
    let tables = Tables::open_with(file, compaction).unwrap();
    tables.create_table(schema("First")).unwrap();
    tables.create_table(schema("Second")).unwrap();
    tables
}

fn writes() -> impl Strategy<Value = Vec<(u8, u8, u32)>> {
    prop::collection::vec((any::<u8>(), 0_u8..6, 0_u32..1_000), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn a_process_that_ends_at_any_byte_loses_nothing_that_was_answered(writes in writes()) {
        let scratch = Scratch::new("kill");
        let file = scratch.file();
        let tables = created(&file, NEVER);
        let length = || std::fs::metadata(&file).unwrap().len();
        // After each answer: how long the log is, and what is in the tables.
        let mut answered = vec![(length(), content(&tables))];
        for (kind, id, n) in writes {
            let (operation, body) = write(kind, id, n);
            ask(&tables, operation, body).unwrap();
            answered.push((length(), content(&tables)));
        }
        drop(tables);
        let whole = std::fs::read(&file).unwrap();
        let (first, _) = answered[0];
        for end in usize::try_from(first).unwrap()..=whole.len() {
            std::fs::write(&file, &whole[..end]).unwrap();
            let tables = Tables::open_with(&file, NEVER).unwrap();
            let (length, expected) = answered.iter().rev().find(|(length, _)| *length <= end as u64).unwrap();
            prop_assert_eq!(&content(&tables), expected, "cut off after {} of {} bytes", end, whole.len());
            prop_assert_eq!(tables.cut_off(), end as u64 - length);
            // And what comes next is kept.
            let (operation, body) = write(0, 9, 1);
            ask(&tables, operation, body).unwrap();
            let expected = content(&tables);
            drop(tables);
            prop_assert_eq!(content(&Tables::open_with(&file, NEVER).unwrap()), expected);
        }
    }

    #[test]
    fn a_log_that_is_written_anew_loses_nothing(writes in writes()) {
        let scratch = Scratch::new("compact");
        let always = Compaction { bytes_min: 100, factor: 1 };
        let (long, short) = (scratch.0.join("long.log"), scratch.0.join("short.log"));
        let (kept, compacted) = (created(&long, NEVER), created(&short, always));
        // More than one record of items.
        for number in 0..150 {
            for tables in [&kept, &compacted] {
                let item = json!({"id": {"S": format!("many {number}")}});
                ask(tables, "PutItem", json!({"TableName": "Second", "Item": item})).unwrap();
            }
        }
        for (kind, id, n) in writes {
            let (operation, body) = write(kind, id, n);
            for tables in [&kept, &compacted] {
                ask(tables, operation, body.clone()).unwrap();
            }
            prop_assert_eq!(content(&compacted), content(&kept));
        }
        let expected = content(&kept);
        drop((kept, compacted));
        let length = |file: &PathBuf| std::fs::metadata(file).unwrap().len();
        prop_assert!(length(&short) < length(&long));
        prop_assert_eq!(content(&Tables::open(&short).unwrap()), expected.clone());
        prop_assert_eq!(content(&Tables::open(&long).unwrap()), expected);
    }

    #[test]
    fn a_damaged_byte_is_never_passed_over(writes in writes(), at in any::<prop::sample::Index>(), with in 1_u8..=255) {
        let scratch = Scratch::new("damage");
        let file = scratch.file();
        let tables = created(&file, NEVER);
        for (kind, id, n) in writes {
            let (operation, body) = write(kind, id, n);
            ask(&tables, operation, body).unwrap();
        }
        drop(tables);
        let whole = std::fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        let at = at.index(whole.len());
        damaged[at] ^= with;
        std::fs::write(&file, &damaged).unwrap();
        match Tables::open(&file) {
            Err(error) => {
                prop_assert!(error.to_string().contains("tables.log"), "{}", error);
                if let LogFault::Damaged { offset, .. } = error.fault {
                    prop_assert!(offset <= at as u64, "{} after {}", offset, at);
                }
                prop_assert_eq!(std::fs::read(&file).unwrap(), damaged, "it is left as it is");
            }
            // The last byte may become the zero that a lost page would have.
            Ok(tables) => prop_assert!(at == whole.len() - 1 && tables.cut_off() > 0, "byte {} of {}", at, whole.len()),
        }
    }
}

#[test]
fn zeros_at_the_end_are_cut_off() {
    let scratch = Scratch::new("zeros");
    let file = scratch.file();
    let tables = created(&file, NEVER);
    let (operation, body) = write(0, 1, 1);
    ask(&tables, operation, body).unwrap();
    let expected = content(&tables);
    drop(tables);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend([0; 4_096]);
    std::fs::write(&file, &bytes).unwrap();
    let tables = Tables::open(&file).unwrap();
    assert_eq!((content(&tables), tables.cut_off()), (expected, 4_096));
}

#[test]
fn what_a_compaction_left_behind_is_removed() {
    let scratch = Scratch::new("left");
    let beside = scratch.0.join("tables.log.new");
    std::fs::write(&beside, b"half a log").unwrap();
    drop(created(&scratch.file(), NEVER));
    assert!(!beside.exists());
}

#[test]
fn a_table_is_created_once_and_with_one_schema() {
    let scratch = Scratch::new("schema");
    drop(created(&scratch.file(), NEVER));
    let tables = Tables::open(&scratch.file()).unwrap();
    tables.create_table(schema("First")).unwrap();
    let mut other = schema("First");
    other.global_indexes.clear();
    other.attributes.remove("group");
    let said = tables.create_table(other).unwrap_err().to_string();
    assert_eq!(said, "the table First is there with another schema");
    let mut wrong = schema("Third");
    wrong.attributes.remove("group");
    let said = tables.create_table(wrong).unwrap_err().to_string();
    assert_eq!(said, "the schema of the table Third is not valid: the key attribute group has no type");
}

#[test]
fn an_item_is_read_as_it_was_written() {
    let scratch = Scratch::new("item");
    let tables = created(&scratch.file(), NEVER);
    let (operation, body) = write(0, 1, 7);
    ask(&tables, operation, body.clone()).unwrap();
    drop(tables);
    let tables = Tables::open(&scratch.file()).unwrap();
    let key: Item = engine::json::item(json!({"id": {"S": "item 1"}})).unwrap();
    let item = tables.item("First", &key).unwrap();
    assert_eq!(engine::json::item_json(&item), body["Item"]);
}
