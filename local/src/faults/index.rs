//! Indexes that lag behind their table, and queries that continue from a place without a key.
//!
//! While the fault layer is on, it remembers for a while the image that each item had before a write. A stale query of
//! a global index then leaves out items that were not in the index yet. It adds items that still were, at the end of
//! the page, if the query asks for a whole partition in one page.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use regex::Regex;
use serde_json::{Map, Value};
use tokio::time::Instant;

use engine::{IndexSchema, KeySchema};

use crate::template::Table;

/// How long images are remembered, and how many.
const REMEMBERED: Duration = Duration::from_secs(60);
const IMAGES_MAX: usize = 10_000;
/// How many places are remembered: one for each query that got an empty page and has not continued.
const PLACES_MAX: usize = 1_000;

/// The images and places that the fault layer remembers.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    images: VecDeque<Image>,
    /// Queries that continue from a key which stands for the place before its item, each with the key from which they
    /// must really begin.
    places: Vec<(Value, Option<Value>)>,
}

/// An item as it was before a write.
#[derive(Debug)]
struct Image {
    at: Instant,
    table: String,
    key: Value,
    before: Value,
}

impl Lag {
    /// Records that an item is written, and what it was before: null if it did not exist.
    pub(crate) fn remember_image(&mut self, table: &str, key: Value, before: Value) {
        let now = Instant::now();
        while self.images.len() >= IMAGES_MAX
            || self.images.front().is_some_and(|image| now.duration_since(image.at) > REMEMBERED)
        {
            self.images.pop_front();
        }
        self.images.push_back(Image { at: now, table: table.to_owned(), key, before });
    }

    /// Records that a query that continues from `key` must begin at `start`.
    pub(super) fn remember_place(&mut self, query: &Value, key: &Value, start: Option<Value>) {
        if self.places.len() >= PLACES_MAX {
            self.places.remove(0);
        }
        self.places.push((from(query, Some(key.clone())), start));
    }

    /// Corrects the start of a query that continues from an empty page. Returns whether it does.
    pub(crate) fn find_place(&mut self, query: &mut Value) -> bool {
        let Some(key) = query.get("ExclusiveStartKey").cloned() else { return false };
        let asked = from(query, Some(key));
        let Some(at) = self.places.iter().position(|(place, _)| *place == asked) else { return false };
        let (_, start) = self.places.swap_remove(at);
        if let Some(query) = query.as_object_mut() {
            match start {
                Some(start) => drop(query.insert("ExclusiveStartKey".to_owned(), start)),
                None => drop(query.remove("ExclusiveStartKey")),
            }
        }
        true
    }

    /// Changes the answer of a query to what it was some time ago, if it is a query of a global index.
    pub(super) fn age(
        &self,
        tables: &BTreeMap<String, Table>,
        query: &Value,
        ago: Duration,
        answer: &mut Map<String, Value>,
    ) {
        let text = |name: &str| query.get(name).and_then(Value::as_str);
        let Some(table) = text("TableName").and_then(|name| tables.get(name)) else { return };
        let Some(index) =
            table.schema.global_indexes.iter().find(|index| Some(index.name.as_str()) == text("IndexName"))
        else {
            return;
        };
        let now = Instant::now();
        // For each item, the oldest image that is not older than `ago`: the item as it was then.
        let mut then = BTreeMap::new();
        let recent =
            self.images.iter().filter(|image| image.table == table.schema.name && now.duration_since(image.at) <= ago);
        for image in recent {
            then.entry(image.key.to_string()).or_insert(&image.before);
        }
        let whole = !answer.contains_key("LastEvaluatedKey") && query.get("ExclusiveStartKey").is_none();
        let Some(Value::Array(items)) = answer.get_mut("Items") else { return };
        items.retain(|item| match then.get(&key_of(item, &table.schema.key).to_string()) {
            Some(before) => of(before, index) == of(item, index),
            None => true,
        });
        if let (true, Some(partition)) = (whole, whole_partition(query, index)) {
            let there: Vec<String> = items.iter().map(|item| key_of(item, &table.schema.key).to_string()).collect();
            let gone = then.iter().filter(|(key, before)| {
                !there.contains(key) && before.get(&index.key.partition) == Some(partition) && is_in(before, index)
            });
            items.extend(gone.map(|(_, before)| (*before).clone()));
        }
        let count = items.len();
        for name in ["Count", "ScannedCount"] {
            answer.insert(name.to_owned(), count.into());
        }
    }
}

/// The items that a request writes, each by table and key.
pub(crate) fn written(tables: &BTreeMap<String, Table>, operation: &str, asked: &Value) -> Vec<(String, Value)> {
    let one = |part: &Value| {
        let table = tables.get(part.get("TableName")?.as_str()?)?;
        let key = part.get("Key").cloned().or_else(|| Some(key_of(part.get("Item")?, &table.schema.key)))?;
        Some((table.schema.name.clone(), key))
    };
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => one(asked).into_iter().collect(),
        "TransactWriteItems" => {
            let items = asked.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
            let parts = items.filter_map(Value::as_object).flatten().filter(|(kind, _)| *kind != "ConditionCheck");
            parts.filter_map(|(_, part)| one(part)).collect()
        }
        "BatchWriteItem" => {
            let of_tables = asked.get("RequestItems").and_then(Value::as_object).into_iter().flatten();
            let parts = of_tables.flat_map(|(table, all)| {
                let parts = all.as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
                parts.map(move |(_, part)| (table, part))
            });
            let one = |(name, part): (&String, &Value)| {
                let table = tables.get(name)?;
                let key = part.get("Key").cloned().or_else(|| Some(key_of(part.get("Item")?, &table.schema.key)))?;
                Some((name.clone(), key))
            };
            parts.filter_map(one).collect()
        }
        _ => Vec::new(),
    }
}

/// The key of an item.
pub(crate) fn key_of(item: &Value, key: &KeySchema) -> Value {
    let names = [Some(&key.partition), key.sort.as_ref()];
    names
        .into_iter()
        .flatten()
        .filter_map(|name| Some((name.clone(), item.get(name)?.clone())))
        .collect::<Map<_, _>>()
        .into()
}

fn of(item: &Value, index: &IndexSchema) -> Value {
    key_of(item, &index.key)
}

fn is_in(item: &Value, index: &IndexSchema) -> bool {
    let names = [Some(&index.key.partition), index.key.sort.as_ref()];
    names.into_iter().flatten().all(|name| item.get(name).is_some())
}

/// The partition that a query asks for, if it asks for the whole partition.
fn whole_partition<'a>(query: &'a Value, index: &IndexSchema) -> Option<&'a Value> {
    let condition = query.get("KeyConditionExpression")?.as_str()?;
    let parts = Regex::new(r"^\s*(#?\w+)\s*=\s*(:\w+)\s*$").ok()?.captures(condition)?;
    let (name, value) = (parts.get(1)?.as_str(), parts.get(2)?.as_str());
    let name = query.pointer(&format!("/ExpressionAttributeNames/{name}")).and_then(Value::as_str).unwrap_or(name);
    let value = query.get("ExpressionAttributeValues")?.get(value)?;
    (name == index.key.partition && query.get("FilterExpression").is_none()).then_some(value)
}

/// A query with this start key and without its limit.
fn from(query: &Value, key: Option<Value>) -> Value {
    let mut query = query.clone();
    if let Some(query) = query.as_object_mut() {
        query.remove("Limit");
        query.remove("ExclusiveStartKey");
        query.extend(key.map(|key| ("ExclusiveStartKey".to_owned(), key)));
    }
    query
}
