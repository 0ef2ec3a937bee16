//! The form of a part: the type that a value converts to, and the keys that a map must have.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::TemplateError;
use super::node::Node;

/// Converts a value to `T`, which refuses fields that it does not have.
pub(super) fn typed<T: DeserializeOwned>(value: Value, place: &str) -> Result<T, TemplateError> {
    serde_json::from_value(value).map_err(|error| TemplateError::refused(place, error.to_string()))
}

/// The entries of a map whose keys must be exactly these, in this order.
pub(super) fn fields<'a>(node: &'a Node, place: &str, keys: &[&str]) -> Result<&'a [(String, Node)], TemplateError> {
    match node {
        Node::Map(entries) if entries.iter().map(|(key, _)| key.as_str()).eq(keys.iter().copied()) => Ok(entries),
        _ => Err(TemplateError::refused(place, format!("must have {}, in this order", keys.join(" and ")))),
    }
}

/// The text of a value, as `Sub` inserts it and as a comparison and a parameter take it.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
