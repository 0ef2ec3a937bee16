//! The tables and their rows, as plain JSON, page by page.

use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, Uri};
use relay::http_event::query;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Inspected, as_json, problem};

/// The rows of a page if the request names no number.
const ROWS: usize = 50;

/// The most rows of a page.
const ROWS_MAX: usize = 500;

/// A table.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Table<'a> {
    name: &'a str,
    partition_key: &'a str,
    sort_key: Option<&'a str>,
    indexes: Vec<&'a str>,
}

/// `GET /_local/tables`.
pub(super) async fn list(State(inspected): State<Inspected>) -> Response {
    let tables = inspected.template.tables.iter().map(|(name, table)| {
        let schema = &table.schema;
        let indexes = schema.local_indexes.iter().chain(&schema.global_indexes).map(|index| index.name.as_str());
        Table {
            name,
            partition_key: &schema.key.partition,
            sort_key: schema.key.sort.as_deref(),
            indexes: indexes.collect(),
        }
    });
    as_json(&json!({"tables": tables.collect::<Vec<_>>()}))
}

/// `GET /_local/tables/{name}?start=&limit=`: a page of rows, and in `next` the value of `start` for the next page, if
/// there is one.
pub(super) async fn rows(State(inspected): State<Inspected>, Path(name): Path<String>, uri: Uri) -> Response {
    let Some((name, _)) = inspected.template.tables.get_key_value(&name) else {
        let names: Vec<&str> = inspected.template.tables.keys().map(String::as_str).collect();
        let message = format!("there is no table of this name, only {}", names.join(", "));
        return problem(StatusCode::NOT_FOUND, &message);
    };
    let given = query(&uri);
    let limit = match given.get("limit").map(|limit| limit.parse::<usize>()) {
        None => ROWS,
        Some(Ok(limit)) if (1..=ROWS_MAX).contains(&limit) => limit,
        Some(_) => {
            return problem(StatusCode::BAD_REQUEST, &format!("limit must be a number from 1 to {ROWS_MAX}"));
        }
    };
    let mut asked = json!({"TableName": name, "Limit": limit});
    if let Some(start) = given.get("start").filter(|start| !start.is_empty()) {
        match (key(start), asked.as_object_mut()) {
            (Some(key), Some(asked)) => drop(asked.insert("ExclusiveStartKey".to_owned(), key)),
            _ => return problem(StatusCode::BAD_REQUEST, "start must be the value of next of the page before"),
        }
    }
    let (status, answer) = inspected.services.dynamodb.look("Scan", asked).await;
    if status != 200 {
        let message = answer.get("message").or_else(|| answer.get("Message")).and_then(Value::as_str);
        return problem(StatusCode::BAD_REQUEST, message.unwrap_or("the tables do not answer"));
    }
    let rows: Vec<Value> = answer.get("Items").and_then(Value::as_array).into_iter().flatten().map(row).collect();
    let next = answer.get("LastEvaluatedKey").map(|key| URL_SAFE_NO_PAD.encode(key.to_string()));
    as_json(&json!({"name": name, "rows": rows, "next": next}))
}

/// The key in a `start`.
fn key(start: &str) -> Option<Value> {
    let key = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(start).ok()?).ok()?;
    matches!(key, Value::Object(_)).then_some(key)
}

fn row(item: &Value) -> Value {
    let attributes = item.as_object().into_iter().flatten();
    attributes.map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>().into()
}

/// A value of DynamoDB's JSON as plain JSON. Numbers beyond those of JSON, and bytes in Base64, are texts.
fn plain(value: &Value) -> Value {
    let Some((kind, content)) = value.as_object().and_then(|typed| typed.iter().next()) else { return Value::Null };
    match (kind.as_str(), content) {
        ("N", Value::String(number)) => number_of(number),
        ("NS", Value::Array(numbers)) => {
            numbers.iter().map(|number| number_of(number.as_str().unwrap_or_default())).collect()
        }
        ("L", Value::Array(values)) => values.iter().map(plain).collect(),
        ("M", item) => row(item),
        ("NULL", _) => Value::Null,
        (_, content) => content.clone(),
    }
}

fn number_of(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Number(number)) if number.to_string() == text => number.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_plain_json() {
        let item = json!({
            "name": {"S": "Alice"}, "count": {"N": "7"}, "huge": {"N": "123456789012345678901234567890"},
            "on": {"BOOL": true}, "none": {"NULL": true}, "bytes": {"B": "AAE="},
            "list": {"L": [{"S": "a"}, {"N": "1.5"}]}, "map": {"M": {"x": {"N": "-1"}}},
            "texts": {"SS": ["a", "b"]}, "numbers": {"NS": ["1", "2"]},
        });
        assert_eq!(
            row(&item),
            json!({
                "name": "Alice", "count": 7, "huge": "123456789012345678901234567890",
                "on": true, "none": null, "bytes": "AAE=",
                "list": ["a", 1.5], "map": {"x": -1}, "texts": ["a", "b"], "numbers": [1, 2],
            })
        );
    }
}
