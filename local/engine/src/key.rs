//! Keys of items, and the bytes by which they are sorted.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::number::Number;
use crate::refusal::Fault;
use crate::schema::{KeySchema, KeyType, TableSchema};
use crate::value::{Item, type_name};

/// The longest partition key, in bytes.
const PARTITION_BYTES_MAX: usize = 2_048;
/// The longest sort key, in bytes.
const SORT_BYTES_MAX: usize = 1_024;

/// DynamoDB's message for a key with other attributes, or with attributes of other types, than the schema has.
pub(crate) const NOT_THE_SCHEMA: &str = "The provided key element does not match the schema";

/// Where an item is in its table: the bytes of its partition key and of its sort key. They sort as the values do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position {
    pub(crate) partition: Vec<u8>,
    /// Empty if the table has no sort key.
    pub(crate) sort: Vec<u8>,
}

/// The bytes of the value of a key attribute. They sort as the values do. `None` if the value is not of this type.
pub(crate) fn key_bytes(value: &AttributeValue, of: KeyType) -> Option<Vec<u8>> {
    match (value, of) {
        (AttributeValue::S(text), KeyType::Text) => Some(text.as_bytes().to_vec()),
        (AttributeValue::N(number), KeyType::Number) => Number::parse(number).ok().map(Number::sort_bytes),
        (AttributeValue::B(bytes), KeyType::Binary) => Some(bytes.as_ref().to_vec()),
        _ => None,
    }
}

/// Whether a value is an empty text or has no bytes, and which of them.
fn emptiness(value: &AttributeValue) -> Option<&'static str> {
    match value {
        AttributeValue::S(text) if text.is_empty() => Some("string"),
        AttributeValue::B(bytes) if bytes.as_ref().is_empty() => Some("binary"),
        _ => None,
    }
}

/// The message for an item whose key attribute is missing or has another type.
#[derive(Clone, Copy)]
pub(crate) enum Wording {
    /// The message names the attribute and both types: PutItem, and a put in a transaction.
    Names,
    /// The message is [`NOT_THE_SCHEMA`]: all other requests.
    Schema,
}

/// Checks the key attributes of an item or a key, and returns its position. Fails if one is missing, has another type
/// than in the schema, is empty or is too long. Other attributes are not checked.
pub(crate) fn position(item: &Item, schema: &TableSchema, wording: Wording) -> Result<Position, Fault> {
    let part = |name: &str, bytes_max: usize, too_long: &str| {
        let Some(value) = item.get(name) else {
            return Err(Fault::Invalid(match wording {
                Wording::Names => {
                    format!("One or more parameter values were invalid: Missing the key {name} in the item")
                }
                Wording::Schema => NOT_THE_SCHEMA.to_owned(),
            }));
        };
        let of = schema.key_type(name);
        let Some(bytes) = key_bytes(value, of) else {
            return Err(Fault::Invalid(match wording {
                Wording::Names => format!(
                    "One or more parameter values were invalid: Type mismatch for key {name} expected: {} actual: {}",
                    of.letter(),
                    type_name(value)
                ),
                Wording::Schema => NOT_THE_SCHEMA.to_owned(),
            }));
        };
        if let Some(empty) = emptiness(value) {
            return Err(Fault::EmptyKey(format!(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
                 empty {empty} value. Key: {name}"
            )));
        }
        if bytes.len() > bytes_max {
            return Err(Fault::Invalid(format!("One or more parameter values were invalid: {too_long}")));
        }
        Ok(bytes)
    };
    let partition = part(
        &schema.key.partition,
        PARTITION_BYTES_MAX,
        "Size of hashkey has exceeded the maximum size limit of2048 bytes",
    )?;
    let sort = schema.key.sort.as_deref().map(|sort| {
        part(sort, SORT_BYTES_MAX, "Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
    });
    Ok(Position { partition, sort: sort.transpose()?.unwrap_or_default() })
}

/// Checks a key, and returns its position. Fails as [`position`] does, and also if the key has any other attribute.
pub(crate) fn key_position(key: &Item, schema: &TableSchema) -> Result<Position, Fault> {
    if key.len() != schema.key.names().count() {
        return Err(Fault::Invalid(NOT_THE_SCHEMA.to_owned()));
    }
    position(key, schema, Wording::Schema)
}

/// The key attributes of an item.
pub(crate) fn key_of(item: &Item, key: &KeySchema) -> Item {
    key.names().filter_map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect()
}

/// Checks the attributes of an item that are keys of indexes. An item need not have them, but they must have the type
/// that the schema says, and must not be empty. For an update, `before` is the item before it, and attributes that the
/// update does not change are not checked.
pub(crate) fn check_index_keys(item: &Item, schema: &TableSchema, before: Option<&Item>) -> Result<(), Fault> {
    let keys = schema.indexes().flat_map(|index| index.key.names().map(move |name| (index, name)));
    let faults = keys.filter(|(_, name)| !schema.key.has(name)).filter_map(|(index, name)| {
        let value = item.get(name)?;
        if before.is_some_and(|before| before.get(name) == Some(value)) {
            return None;
        }
        let of = schema.key_type(name);
        if key_bytes(value, of).is_none() {
            return Some((
                &index.name,
                Fault::Invalid(format!(
                    "One or more parameter values were invalid: Type mismatch for Index Key {name} Expected: {} \
                     Actual: {} IndexName: {}",
                    of.letter(),
                    type_name(value),
                    index.name
                )),
            ));
        }
        let empty = emptiness(value)?;
        let message = if before.is_some() {
            format!(
                "One or more parameter values are not valid. The update expression attempted to update a secondary \
                 index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an \
                 empty {empty} value."
            )
        } else {
            format!(
                "One or more parameter values are not valid. A value specified for a secondary index key is not \
                 supported. The AttributeValue for a key attribute cannot contain an empty {empty} value. IndexName: \
                 {}, IndexKey: {name}",
                index.name
            )
        };
        Some((&index.name, Fault::EmptyKey(message)))
    });
    // DynamoDB names the first index in alphabetical order.
    match faults.min_by_key(|(name, _)| *name) {
        Some((_, fault)) => Err(fault),
        None => Ok(()),
    }
}
