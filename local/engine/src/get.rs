//! The operations GetItem and BatchGetItem: reads of items by their keys.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::capacity::{Axis, TableUnits, answer_of_tables, read_units};
use crate::expression::{Expressions, Parsed, Paths, Placeholders, Projected, Used};
use crate::key::key_position;
use crate::refusal::{Refusal, invalid};
use crate::request::Response;
use crate::state::{Outcome, State, refuse, table_name};
use crate::table::Stored;
use crate::value::{Item, normalize_item};
use crate::write::null;

/// The most keys that a BatchGetItem may have.
const KEYS_MAX: usize = 100;
/// The most bytes of items that a BatchGetItem returns. The keys of the other items are returned as unprocessed.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Performs a GetItem: returns the item of a key, or the part of the item that the ProjectionExpression names.
pub(crate) fn get_item(state: &mut State, mut input: GetItemInput) -> Result<Outcome, Refusal> {
    let name = table_name(input.table_name.as_deref())?;
    refuse(&[("AttributesToGet", input.attributes_to_get.is_some())])?;
    let part = Part::new(
        &mut state.expressions,
        input.projection_expression.as_deref(),
        input.expression_attribute_names.as_ref(),
    )?;
    let mut key = input.key.take().ok_or_else(|| null("key"))?;
    normalize_item(&mut key).map_err(invalid)?;
    let table = state.table(name)?.table;
    let stored = table.get(&key_position(&key, &table.schema)?);
    let is_consistent = input.consistent_read.unwrap_or_default();
    let units = read_units(stored.as_ref().map(|stored| stored.size).unwrap_or_default(), is_consistent);
    let item = stored.map(|stored| part.of(stored)).transpose()?;
    let capacity = TableUnits::of_table(units).answer(name, input.return_consumed_capacity.as_ref(), Axis::Plain);
    let output = GetItemOutput::builder().set_item(item).set_consumed_capacity(capacity);
    Ok(Outcome::read(Response::GetItem(output.build()), units))
}

/// The part of an item that a request asks for: the paths of its ProjectionExpression. Without one it is the whole
/// item.
struct Part<'r> {
    paths: Option<Arc<Parsed<Paths>>>,
    placeholders: Placeholders<'r>,
}

impl<'r> Part<'r> {
    /// Parses the ProjectionExpression, and checks its placeholders.
    fn new(
        expressions: &mut Expressions,
        projection: Option<&str>,
        names: Option<&'r HashMap<String, String>>,
    ) -> Result<Self, Refusal> {
        let placeholders = Placeholders::new(names, None);
        placeholders.check_form(projection.is_some())?;
        let paths = projection.map(|text| expressions.projection(text)).transpose()?;
        if let Some(paths) = &paths {
            let used = [Used { parameter: "ProjectionExpression", uses: &paths.uses }];
            placeholders.check_defined(&used)?;
            Projected::of(&paths.tree, placeholders).map_err(invalid)?;
            placeholders.check_used(&used)?;
        }
        Ok(Self { paths, placeholders })
    }

    fn of(&self, stored: Stored) -> Result<Item, Refusal> {
        match &self.paths {
            Some(paths) => Ok(Projected::of(&paths.tree, self.placeholders).map_err(invalid)?.part(&stored.item)),
            None => Ok(Arc::unwrap_or_clone(stored.item)),
        }
    }
}

/// Performs a BatchGetItem: returns the items of up to 100 keys, in one or more tables.
pub(crate) fn batch_get_item(state: &mut State, input: BatchGetItemInput) -> Result<Outcome, Refusal> {
    let asked: BTreeMap<String, KeysAndAttributes> = input.request_items.unwrap_or_default().into_iter().collect();
    let keys: usize = asked.values().map(|of_table| of_table.keys.len()).sum();
    if asked.is_empty() || keys > KEYS_MAX || asked.values().any(|of_table| of_table.keys.is_empty()) {
        return Err(invalid(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Member must have \
             length less than or equal to 100, and greater than or equal to 1",
        ));
    }
    let (mut responses, mut unprocessed) = (HashMap::new(), HashMap::new());
    let (mut units, mut bytes) = (BTreeMap::new(), 0);
    for (name, mut of_table) in asked {
        table_name(Some(&name))?;
        refuse(&[("AttributesToGet", of_table.attributes_to_get.is_some())])?;
        let (projection, names) = (of_table.projection_expression.clone(), of_table.expression_attribute_names.clone());
        let part = Part::new(&mut state.expressions, projection.as_deref(), names.as_ref())?;
        let is_consistent = of_table.consistent_read.unwrap_or_default();
        let table = state.table(&name)?.table;
        let (mut items, mut left, mut seen, mut charged) = (Vec::new(), Vec::new(), HashSet::new(), 0.0);
        for mut key in std::mem::take(&mut of_table.keys) {
            normalize_item(&mut key).map_err(invalid)?;
            let position = key_position(&key, &table.schema)?;
            let stored = table.get(&position);
            let size = stored.as_ref().map(|stored| stored.size).unwrap_or_default();
            if !seen.insert(position) {
                return Err(invalid("Provided list of item keys contains duplicates"));
            }
            if !left.is_empty() || bytes + size > BYTES_MAX {
                left.push(key);
                continue;
            }
            bytes += size;
            charged += read_units(size, is_consistent);
            items.extend(stored.map(|stored| part.of(stored)).transpose()?);
        }
        units.insert(name.clone(), TableUnits::of_table(charged));
        responses.insert(name.clone(), items);
        if !left.is_empty() {
            of_table.keys = left;
            unprocessed.insert(name, of_table);
        }
    }
    let total = units.values().map(TableUnits::total).sum();
    let capacity = answer_of_tables(&units, input.return_consumed_capacity.as_ref(), Axis::Plain);
    let output = BatchGetItemOutput::builder()
        .set_responses(Some(responses))
        .set_unprocessed_keys(Some(unprocessed))
        .set_consumed_capacity(capacity);
    Ok(Outcome::read(Response::BatchGetItem(output.build()), total))
}
