//! `parlance tables`: the rows of the data folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use local::cloud;
use local::data_folder::DataFolder;
use local::dynamodb::DynamoDb;
use serde::Deserialize;
use serde_json::{Number, Value, json};

use super::Failure;
use super::output::print;
use super::serve::DATA_FOLDER;

/// The flags of `parlance tables`.
#[derive(Args)]
pub(crate) struct TablesFlags {
    /// Table whose rows are printed. Without it, all tables are listed with the number of their rows.
    name: Option<String>,
    /// Folder that the data is in.
    #[arg(long, value_name = "DIR", default_value = DATA_FOLDER)]
    data: PathBuf,
}

/// Prints the tables or the rows.
///
/// # Errors
/// If a system uses the folder, it has no tables or cannot be read, or there is no such table.
pub(crate) async fn run(flags: &TablesFlags) -> Result<(), Failure> {
    let template = cloud::template(&BTreeMap::new())?;
    if let Some(name) = flags.name.as_ref().filter(|name| !template.tables.contains_key(*name)) {
        let names: Vec<&str> = template.tables.keys().map(String::as_str).collect();
        return Err(format!("there is no table {name}: there is {}", names.join(", ")).into());
    }
    if !DataFolder::has_tables(&flags.data) {
        return Err(format!(
            "there are no tables in {}: start the system once, or name the folder with --data DIR",
            flags.data.display()
        )
        .into());
    }
    let dynamodb = DynamoDb::in_folder(&flags.data)?;
    if let Some(name) = &flags.name {
        return each_page(&dynamodb, name, |rows| print(rows.iter().map(|row| plain_row(row).to_string()))).await;
    }
    for name in template.tables.keys() {
        let mut count = 0;
        each_page(&dynamodb, name, |rows| {
            count += rows.len();
            Ok(())
        })
        .await?;
        print([format!("{name} {count}")])?;
    }
    Ok(())
}

/// A page of rows, as DynamoDB writes them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    items: Vec<Value>,
    last_evaluated_key: Option<Value>,
    #[serde(rename = "__type")]
    error: Option<String>,
}

/// Hands the rows of a table to `each`, page by page. A table that was never made has none.
async fn each_page(
    dynamodb: &DynamoDb,
    name: &str,
    mut each: impl FnMut(&[Value]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut request = json!({"TableName": name});
    loop {
        let (_, answer) = dynamodb.call("Scan", request.clone()).await;
        let page: Page = serde_json::from_slice(&answer)?;
        if let Some(error) = page.error.filter(|error| !error.ends_with("ResourceNotFoundException")) {
            return Err(format!("the table {name} cannot be read: {error}").into());
        }
        each(&page.items)?;
        match (page.last_evaluated_key, request.as_object_mut()) {
            (Some(last), Some(request)) => drop(request.insert("ExclusiveStartKey".to_owned(), last)),
            _ => return Ok(()),
        }
    }
}

/// A row as plain JSON.
fn plain_row(row: &Value) -> Value {
    let attributes = row.as_object().into_iter().flatten();
    Value::Object(attributes.map(|(name, value)| (name.clone(), plain(value))).collect())
}

/// An attribute value, such as `{"N": "7"}`, as plain JSON. Sets become lists, and bytes stay Base64.
fn plain(value: &Value) -> Value {
    let Some((kind, content)) = value.as_object().and_then(|typed| typed.iter().next()) else { return Value::Null };
    let each = |kind: &str| content.as_array().into_iter().flatten().map(|one| plain(&json!({ kind: one }))).collect();
    match kind.as_str() {
        "N" => number(content.as_str().unwrap_or_default()),
        "NULL" => Value::Null,
        "M" => plain_row(content),
        "L" => content.as_array().into_iter().flatten().map(plain).collect(),
        "SS" => each("S"),
        "NS" => each("N"),
        "BS" => each("B"),
        _ => content.clone(),
    }
}

/// A number of DynamoDB. One with more digits than JSON's readers keep stays a text.
fn number(text: &str) -> Value {
    let whole = text.parse::<i64>().map(Number::from).ok();
    let other = || text.parse().ok().and_then(Number::from_f64).filter(|number| number.to_string() == text);
    whole.or_else(other).map_or_else(|| text.into(), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_plain_json() {
        let row = json!({
            "text": {"S": "a"}, "whole": {"N": "12"}, "part": {"N": "0.5"}, "long": {"N": "0.1234567890123456789"},
            "large": {"N": "9223372036854775808"},
            "yes": {"BOOL": true}, "nothing": {"NULL": true}, "bytes": {"B": "AAE="},
            "list": {"L": [{"N": "1"}, {"S": "b"}]}, "map": {"M": {"in": {"S": "c"}}},
            "texts": {"SS": ["d"]}, "numbers": {"NS": ["2"]}, "blobs": {"BS": ["AA=="]},
        });
        let plain = json!({
            "text": "a", "whole": 12, "part": 0.5, "long": "0.1234567890123456789", "large": "9223372036854775808",
            "yes": true, "nothing": null, "bytes": "AAE=", "list": [1, "b"], "map": {"in": "c"},
            "texts": ["d"], "numbers": [2], "blobs": ["AA=="],
        });
        assert_eq!(plain_row(&row), plain);
    }
}
