//! The operation BatchWriteItem: puts and deletions of up to 25 items, in one or more tables.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::types::WriteRequest;

use crate::capacity::{Axis, TableUnits, answer_of_tables};
use crate::key::Wording;
use crate::refusal::{Refusal, invalid};
use crate::request::Response;
use crate::state::{Outcome, State, table_name};
use crate::value::{Item, item_size, normalize_item};
use crate::write::{Conditional, Write, checked, refuse_metrics};

/// The most writes that a BatchWriteItem may have.
const WRITES_MAX: usize = 25;
/// The most bytes that its items and keys may have together.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// One write of a batch: a put with its item, or a deletion with its key. The values are checked and normalized.
enum Single {
    Put(Item),
    Delete(Item),
}

impl Single {
    /// Reads one write, which must be either a put or a deletion.
    fn of(request: WriteRequest) -> Result<Self, Refusal> {
        match (request.put_request, request.delete_request) {
            (Some(put), None) => checked(put.item).map(Self::Put),
            (None, Some(delete)) => {
                let mut key = delete.key;
                normalize_item(&mut key).map_err(invalid)?;
                Ok(Self::Delete(key))
            }
            _ => Err(invalid(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported \
                 datatypes",
            )),
        }
    }

    fn item(&self) -> &Item {
        match self {
            Self::Put(item) | Self::Delete(item) => item,
        }
    }
}

/// Plans a BatchWriteItem: checks its parameters, and returns its answer and the changes of all its writes. Nothing is
/// written yet. If one write is refused, the whole request is refused.
pub(crate) fn batch_write_item(state: &mut State, input: BatchWriteItemInput) -> Result<Outcome, Refusal> {
    refuse_metrics(input.return_item_collection_metrics.as_ref())?;
    let asked: BTreeMap<String, Vec<WriteRequest>> = input.request_items.unwrap_or_default().into_iter().collect();
    if asked.is_empty() {
        return Err(invalid("The requestItems parameter is required for BatchWriteItem"));
    }
    if asked.values().map(Vec::len).sum::<usize>() > WRITES_MAX || asked.values().any(Vec::is_empty) {
        return Err(invalid(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must \
             satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater \
             than or equal to 1]",
        ));
    }
    let mut writes = Vec::new();
    for (table, requests) in asked {
        table_name(Some(&table))?;
        let requests = requests.into_iter().map(Single::of).collect::<Result<Vec<_>, _>>()?;
        writes.push((table, requests));
    }
    let bytes: usize = writes.iter().flat_map(|(_, requests)| requests).map(|single| item_size(single.item())).sum();
    if bytes > BYTES_MAX {
        return Err(invalid("Item collection too large: aggregate size of items in BatchWriteItem exceeds 16MB limit"));
    }
    let (mut changes, mut seen) = (Vec::new(), HashSet::new());
    let mut units: BTreeMap<String, TableUnits> = BTreeMap::new();
    for (name, requests) in writes {
        let of_table = units.entry(name.clone()).or_default();
        for single in requests {
            let given = Conditional { condition: None, names: None, values: None, on_failure: None };
            let write = Write::new(&mut state.expressions, &name, given, None)?;
            let change = match single {
                Single::Put(item) => write.put(state, item, Wording::Schema)?,
                Single::Delete(key) => write.delete(state, &key)?,
            };
            if !seen.insert((change.table, change.position.clone())) {
                return Err(invalid("Provided list of item keys contains duplicates"));
            }
            of_table.add(&change.units);
            changes.push(change);
        }
    }
    let total = units.values().map(TableUnits::total).sum();
    let output = BatchWriteItemOutput::builder()
        .set_unprocessed_items(Some(HashMap::new()))
        .set_consumed_capacity(answer_of_tables(&units, input.return_consumed_capacity.as_ref(), Axis::Plain));
    Ok(Outcome::write(Response::BatchWriteItem(output.build()), changes, total))
}
