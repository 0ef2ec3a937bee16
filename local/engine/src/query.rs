//! The operation Query: reads the items of one partition.

use std::ops::Bound;

use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::types::AttributeValue;

use crate::expression::{KeyCondition, Placeholders, SortCondition, Used, normalize_values};
use crate::key::key_bytes;
use crate::page::{Page, Reading, Selection, start_of};
use crate::refusal::{Refusal, invalid};
use crate::request::Response;
use crate::schema::{KeySchema, KeyType};
use crate::state::{Outcome, State, refuse, table_name};
use crate::table::{EntryKey, Place, Table};

/// A range of sort keys, as bytes: from `first`, included, to `last`, excluded. Without `last` it has no end.
#[derive(Debug, PartialEq)]
struct Range {
    first: Vec<u8>,
    last: Option<Vec<u8>>,
}

/// Performs a Query: returns a page of the items of a partition, in the order of their sort keys.
pub(crate) fn query(state: &mut State, mut input: QueryInput) -> Result<Outcome, Refusal> {
    let name = table_name(input.table_name.as_deref())?;
    refuse(&[
        ("AttributesToGet", input.attributes_to_get.is_some()),
        ("KeyConditions", input.key_conditions.is_some()),
        ("QueryFilter", input.query_filter.is_some()),
        ("ConditionalOperator", input.conditional_operator.is_some()),
    ])?;
    normalize_values(input.expression_attribute_values.as_mut())?;
    let placeholders =
        Placeholders::new(input.expression_attribute_names.as_ref(), input.expression_attribute_values.as_ref());
    let selection = Selection {
        index: input.index_name.as_deref(),
        filter: input.filter_expression.as_deref(),
        projection: input.projection_expression.as_deref(),
        select: input.select.as_ref(),
        limit: input.limit,
        is_consistent: input.consistent_read.unwrap_or_default(),
        placeholders,
    };
    let reading = Reading::new(&mut state.expressions, selection)?;
    let text = input.key_condition_expression.as_deref().ok_or_else(|| {
        invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    })?;
    let condition = state.expressions.condition(text, KEY_CONDITION)?;
    reading.check_placeholders(Some(Used { parameter: KEY_CONDITION, uses: &condition.uses }))?;
    let table = state.table(name)?.table;
    let index = reading.index(table)?;
    let key = index.map_or(&table.schema.key, |index| &index.schema.key);
    let key_condition = KeyCondition::of(&condition.tree, key, placeholders).map_err(invalid)?;
    reading.check_filter(key, false)?;
    let partition = key_bytes(key_condition.partition, table.schema.key_type(&key.partition)).ok_or_else(mismatch)?;
    let range = range(table, key, key_condition.sort)?;
    let start = input.exclusive_start_key.take().map(|start| start_of(table, index, start)).transpose()?;
    if let Some(start) = &start {
        check_start(start, &partition, &range, key_condition.sort.is_some())?;
    }
    let is_forward = input.scan_index_forward.unwrap_or(true);
    let page = match bounds(range, start, is_forward) {
        Some(bounds) => {
            let entries = table.rows(index).between(&partition, bounds);
            if is_forward { reading.page(table, index, entries) } else { reading.page(table, index, entries.rev()) }
        }
        None => reading.page(table, index, std::iter::empty()),
    };
    let Page { items, count, scanned, last, units } = page;
    let output = QueryOutput::builder()
        .set_items(items)
        .count(count)
        .scanned_count(scanned)
        .set_last_evaluated_key(last)
        .set_consumed_capacity(reading.answer(table, &units, input.return_consumed_capacity.as_ref()));
    Ok(Outcome::read(Response::Query(output.build()), units.total()))
}

const KEY_CONDITION: &str = "KeyConditionExpression";

/// The refusal of a key condition whose value has another type than the key.
fn mismatch() -> Refusal {
    invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
}

/// The first bytes that sort after these ones.
fn next(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.push(0);
    bytes
}

/// The first bytes that sort after all bytes with this prefix. `None` if there are none.
fn after_prefix(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(byte) = bytes.pop() {
        if let Some(higher) = byte.checked_add(1) {
            bytes.push(higher);
            return Some(bytes);
        }
    }
    None
}

/// The range of sort keys that a condition allows: all of them without a condition. Fails if a value has another type
/// than the sort key.
fn range(table: &Table, key: &KeySchema, condition: Option<SortCondition<'_>>) -> Result<Range, Refusal> {
    let (Some(condition), Some(sort)) = (condition, &key.sort) else {
        return Ok(Range { first: Vec::new(), last: None });
    };
    let of = table.schema.key_type(sort);
    let bytes = |value: &AttributeValue| key_bytes(value, of).ok_or_else(mismatch);
    condition.values().into_iter().try_for_each(|value| bytes(value).map(drop))?;
    Ok(match condition {
        SortCondition::Equal(value) => Range { first: bytes(value)?, last: Some(next(bytes(value)?)) },
        SortCondition::Less(value) => Range { first: Vec::new(), last: Some(bytes(value)?) },
        SortCondition::AtMost(value) => Range { first: Vec::new(), last: Some(next(bytes(value)?)) },
        SortCondition::Greater(value) => Range { first: next(bytes(value)?), last: None },
        SortCondition::AtLeast(value) => Range { first: bytes(value)?, last: None },
        SortCondition::Between(low, high) => Range { first: bytes(low)?, last: Some(next(bytes(high)?)) },
        SortCondition::BeginsWith(_) if of == KeyType::Number => return Err(mismatch()),
        SortCondition::BeginsWith(start) => Range { first: bytes(start)?, last: after_prefix(bytes(start)?) },
    })
}

/// Refuses an ExclusiveStartKey that is not among the rows that the query reads.
fn check_start(start: &EntryKey, partition: &[u8], range: &Range, has_sort: bool) -> Result<(), Refusal> {
    let sort = &start.place.sort;
    if *sort < range.first || range.last.as_ref().is_some_and(|last| sort >= last) {
        return Err(invalid("The provided starting key does not match the range key predicate"));
    }
    if start.partition == partition {
        return Ok(());
    }
    Err(invalid(if has_sort {
        "The query can return at most one row and cannot be restarted"
    } else {
        "The provided starting key is outside query boundaries based on provided conditions"
    }))
}

/// The places that a page reads: those of the range that come after `start` in the direction of the query. `None` if
/// there are none.
fn bounds(range: Range, start: Option<EntryKey>, is_forward: bool) -> Option<(Bound<Place>, Bound<Place>)> {
    let mut first = Bound::Included(Place::first(range.first));
    let mut last = range.last.map_or(Bound::Unbounded, |last| Bound::Excluded(Place::first(last)));
    if let Some(start) = start {
        let place = Bound::Excluded(start.place);
        if is_forward { first = place } else { last = place }
    }
    // A map panics if the bounds are in the wrong order.
    match (&first, &last) {
        (Bound::Included(low) | Bound::Excluded(low), Bound::Included(high) | Bound::Excluded(high)) if low >= high => {
            None
        }
        _ => Some((first, last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_some_bytes_ends_before_the_next_ones() {
        assert_eq!(after_prefix(b"ab".to_vec()), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(vec![1, 255]), Some(vec![2]));
        assert_eq!(after_prefix(vec![255]), None);
        assert_eq!(after_prefix(Vec::new()), None);
    }
}
