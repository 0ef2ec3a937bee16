//! Attribute values and items in JSON.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::refusal::{Refusal, invalid};
use crate::value::Item;

const NO_TYPE: &str = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
const MORE_TYPES: &str =
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";

/// Reads an item: an object of attributes. Each is an object with its type and its value, such as `{"S": "text"}`. The
/// values are not normalized.
///
/// # Errors
/// [`Refusal::Serialization`] or [`Refusal::Validation`] if the JSON is not an item.
pub fn item(json: Value) -> Result<Item, Refusal> {
    let Value::Object(attributes) = json else { return Err(wrong("an item", "a map of attributes")) };
    attributes.into_iter().map(|(name, json)| Ok((name, value(json)?))).collect()
}

/// The JSON of an item, in the form that [`item`] reads.
#[must_use]
pub fn item_json(item: &Item) -> Value {
    Value::Object(item.iter().map(|(name, value)| (name.clone(), value_json(value))).collect())
}

/// The refusal of JSON of another type. `what` names the value, and `expected` its type.
pub(super) fn wrong(what: &str, expected: &str) -> Refusal {
    Refusal::Serialization(format!("{what} must be {expected}"))
}

fn value(json: Value) -> Result<AttributeValue, Refusal> {
    let Value::Object(types) = json else { return Err(wrong("an attribute value", "a map with one type")) };
    let mut types = types.into_iter().filter(|(_, json)| !json.is_null());
    let (Some((kind, json)), second) = (types.next(), types.next()) else { return Err(invalid(NO_TYPE)) };
    if second.is_some() {
        return Err(invalid(MORE_TYPES));
    }
    Ok(match kind.as_str() {
        "S" => AttributeValue::S(text(json)?),
        "N" => AttributeValue::N(text(json)?),
        "B" => AttributeValue::B(blob(json)?),
        "BOOL" => AttributeValue::Bool(flag(&json)?),
        "NULL" => AttributeValue::Null(flag(&json)?),
        "SS" => AttributeValue::Ss(list(json, text)?),
        "NS" => AttributeValue::Ns(list(json, text)?),
        "BS" => AttributeValue::Bs(list(json, blob)?),
        "L" => AttributeValue::L(list(json, value)?),
        "M" => AttributeValue::M(item(json)?),
        _ => return Err(invalid(NO_TYPE)),
    })
}

/// Reads a value that is a text.
pub(super) fn text(json: Value) -> Result<String, Refusal> {
    match json {
        Value::String(text) => Ok(text),
        _ => Err(wrong("a value", "a text")),
    }
}

/// Reads a value that is true or false.
pub(super) fn flag(json: &Value) -> Result<bool, Refusal> {
    json.as_bool().ok_or_else(|| wrong("a value", "true or false"))
}

/// Reads a value that is a list, and each of its elements with `read`.
pub(super) fn list<T>(json: Value, read: impl Fn(Value) -> Result<T, Refusal>) -> Result<Vec<T>, Refusal> {
    match json {
        Value::Array(all) => all.into_iter().map(read).collect(),
        _ => Err(wrong("a value", "a list")),
    }
}

fn blob(json: Value) -> Result<Blob, Refusal> {
    STANDARD.decode(text(json)?).map(Blob::new).map_err(|_| wrong("bytes", "base64"))
}

fn value_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => typed("S", Value::from(text.as_str())),
        AttributeValue::N(number) => typed("N", Value::from(number.as_str())),
        AttributeValue::B(bytes) => typed("B", blob_json(bytes)),
        AttributeValue::Bool(value) => typed("BOOL", Value::from(*value)),
        AttributeValue::Ss(set) => typed("SS", Value::from(set.as_slice())),
        AttributeValue::Ns(set) => typed("NS", Value::from(set.as_slice())),
        AttributeValue::Bs(set) => typed("BS", set.iter().map(blob_json).collect()),
        AttributeValue::L(list) => typed("L", list.iter().map(value_json).collect()),
        AttributeValue::M(map) => typed("M", item_json(map)),
        _ => json!({"NULL": true}),
    }
}

fn typed(kind: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(kind.to_owned(), value)]))
}

fn blob_json(bytes: &Blob) -> Value {
    Value::from(STANDARD.encode(bytes.as_ref()))
}
