//! Attribute values: their sizes, their checks, and how they compare.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::number::{NotANumber, Number};

/// An item: its attributes by their names.
pub type Item = HashMap<String, AttributeValue>;

/// The largest size of an item, in bytes.
pub(crate) const ITEM_BYTES_MAX: usize = 400 * 1024;

/// The deepest nesting of lists and maps.
const DEPTH_MAX: usize = 32;

/// DynamoDB's message for lists and maps that are nested too deeply.
pub(crate) const TOO_DEEP: &str =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";

/// DynamoDB's name for the type of a value, such as `S`.
pub(crate) fn type_name(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::S(_) => "S",
        AttributeValue::N(_) => "N",
        AttributeValue::B(_) => "B",
        AttributeValue::Bool(_) => "BOOL",
        AttributeValue::Null(_) => "NULL",
        AttributeValue::Ss(_) => "SS",
        AttributeValue::Ns(_) => "NS",
        AttributeValue::Bs(_) => "BS",
        AttributeValue::L(_) => "L",
        AttributeValue::M(_) => "M",
        _ => "unknown",
    }
}

/// The size of a value, in bytes as DynamoDB counts them.
pub(crate) fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number_size(number),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Ss(set) => set.iter().map(String::len).sum(),
        AttributeValue::Ns(set) => set.iter().map(|number| number_size(number)).sum(),
        AttributeValue::Bs(set) => set.iter().map(|bytes| bytes.as_ref().len()).sum(),
        AttributeValue::L(list) => 3 + list.len() + list.iter().map(size).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| name.len() + 1 + size(value)).sum::<usize>(),
        _ => 1,
    }
}

/// The size of an item, in bytes as DynamoDB counts them.
#[must_use]
pub fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size(value)).sum()
}

fn number_size(text: &str) -> usize {
    Number::parse(text).map_or(text.len(), Number::size)
}

/// Checks the values of an item, and brings numbers and sets into the form in which DynamoDB returns them. Fails with
/// DynamoDB's message.
pub(crate) fn normalize_item(item: &mut Item) -> Result<(), String> {
    if item.contains_key("") {
        return Err("One or more parameter values were invalid: An attribute name cannot be empty".to_owned());
    }
    item.values_mut().try_for_each(normalize)
}

/// Checks a value, and brings its numbers and sets into the form in which DynamoDB returns them. Fails with DynamoDB's
/// message.
pub(crate) fn normalize(value: &mut AttributeValue) -> Result<(), String> {
    normalize_at(value, 0)
}

fn normalize_at(value: &mut AttributeValue, depth: usize) -> Result<(), String> {
    if depth >= DEPTH_MAX {
        return Err(TOO_DEEP.to_owned());
    }
    let wrong = |why: &str| Err(format!("One or more parameter values were invalid: {why}"));
    match value {
        AttributeValue::N(number) => normalize_number(number).map_err(|error| error.to_string()),
        AttributeValue::Null(false) => wrong("Null attribute value types must have the value of true"),
        AttributeValue::Ss(set) if set.is_empty() => wrong("An string set  may not be empty"),
        AttributeValue::Ns(set) if set.is_empty() => wrong("An number set  may not be empty"),
        AttributeValue::Bs(set) if set.is_empty() => wrong("Binary sets should not be empty"),
        AttributeValue::Ss(set) => {
            set.sort_unstable();
            unique(set.iter())
        }
        AttributeValue::Bs(set) => {
            set.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
            unique(set.iter().map(AsRef::as_ref))
        }
        AttributeValue::Ns(set) => {
            set.iter_mut().try_for_each(normalize_number).map_err(|error| error.to_string())?;
            sort_numbers(set);
            unique(set.iter())
        }
        AttributeValue::L(list) => list.iter_mut().try_for_each(|value| normalize_at(value, depth + 1)),
        AttributeValue::M(map) => map.values_mut().try_for_each(|value| normalize_at(value, depth + 1)),
        AttributeValue::S(_) | AttributeValue::B(_) | AttributeValue::Bool(_) | AttributeValue::Null(true) => Ok(()),
        _ => Err("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes".to_owned()),
    }
}

/// Whether the lists and maps of a value are nested too deeply. `depth` is the number of those around the value.
pub(crate) fn is_too_deep(value: &AttributeValue, depth: usize) -> bool {
    let deeper = |value: &AttributeValue| is_too_deep(value, depth + 1);
    depth >= DEPTH_MAX
        || match value {
            AttributeValue::L(list) => list.iter().any(deeper),
            AttributeValue::M(map) => map.values().any(deeper),
            _ => false,
        }
}

fn normalize_number(text: &mut String) -> Result<(), NotANumber> {
    let plain = Number::parse(text)?.text();
    if *text != plain {
        *text = plain;
    }
    Ok(())
}

/// Sorts numbers by their values.
pub(crate) fn sort_numbers(set: &mut [String]) {
    set.sort_by_cached_key(|number| Number::parse(number).ok());
}

/// Refuses a set that has a member twice.
fn unique<'a, T: Eq + std::hash::Hash + ?Sized + 'a>(set: impl Iterator<Item = &'a T>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for member in set {
        if !seen.insert(member) {
            return Err("One or more parameter values were invalid: Input collection contains duplicates".to_owned());
        }
    }
    Ok(())
}

/// Whether two values are equal: numbers by their values, sets whatever their order.
pub(crate) fn equal(one: &AttributeValue, other: &AttributeValue) -> bool {
    match (one, other) {
        (AttributeValue::S(one), AttributeValue::S(other)) => one == other,
        (AttributeValue::N(one), AttributeValue::N(other)) => equal_numbers(one, other),
        (AttributeValue::Ns(one), AttributeValue::Ns(other)) => {
            one.len() == other.len() && one.iter().all(|member| has_number(other, member))
        }
        (AttributeValue::Ss(one), AttributeValue::Ss(other)) => {
            one.len() == other.len() && one.iter().all(|member| other.contains(member))
        }
        (AttributeValue::Bs(one), AttributeValue::Bs(other)) => {
            one.len() == other.len() && one.iter().all(|member| other.contains(member))
        }
        (AttributeValue::L(one), AttributeValue::L(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (AttributeValue::M(one), AttributeValue::M(other)) => equal_items(one, other),
        _ => one == other,
    }
}

/// Whether two items are equal.
pub(crate) fn equal_items(one: &Item, other: &Item) -> bool {
    let is_same = |(name, value): (&String, &AttributeValue)| other.get(name).is_some_and(|other| equal(value, other));
    one.len() == other.len() && one.iter().all(is_same)
}

fn equal_numbers(one: &str, other: &str) -> bool {
    one == other || matches!((Number::parse(one), Number::parse(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether a set of numbers has a member of this value.
pub(crate) fn has_number(set: &[String], number: &str) -> bool {
    set.iter().any(|member| equal_numbers(member, number))
}

/// The order of two values, if they are both text, both numbers or both bytes.
pub(crate) fn order(one: &AttributeValue, other: &AttributeValue) -> Option<Ordering> {
    match (one, other) {
        (AttributeValue::S(one), AttributeValue::S(other)) => Some(one.cmp(other)),
        (AttributeValue::N(one), AttributeValue::N(other)) => {
            Some(Number::parse(one).ok()?.cmp(&Number::parse(other).ok()?))
        }
        (AttributeValue::B(one), AttributeValue::B(other)) => Some(one.as_ref().cmp(other.as_ref())),
        _ => None,
    }
}
