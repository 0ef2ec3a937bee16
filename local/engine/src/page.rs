//! Reads pages of items: what the operations Query and Scan have in common.

use std::sync::Arc;

use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity, Select};

use crate::capacity::{Axis, TableUnits, read_units};
use crate::expression::{Condition, Expressions, Parsed, Paths, Placeholders, Projected, Used};
use crate::key::{Wording, key_of, position};
use crate::refusal::{Fault, Refusal, invalid};
use crate::schema::{KeySchema, Projection};
use crate::table::{EntryKey, Index, Packed, Stored, Table};
use crate::value::{Item, normalize_item};
use crate::write::enumeration;

/// The most bytes that are read for one page.
const BYTES_MAX: usize = 1024 * 1024;

const FILTER: &str = "FilterExpression";
const PROJECTION: &str = "ProjectionExpression";
const WRONG_START: &str = "The provided starting key is invalid";

/// The parameters that Query and Scan share, as the request gives them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection<'r> {
    pub(crate) index: Option<&'r str>,
    pub(crate) filter: Option<&'r str>,
    pub(crate) projection: Option<&'r str>,
    pub(crate) select: Option<&'r Select>,
    pub(crate) limit: Option<i32>,
    pub(crate) is_consistent: bool,
    pub(crate) placeholders: Placeholders<'r>,
}

/// The parameters that Query and Scan share, with their expressions parsed.
#[derive(Debug)]
pub(crate) struct Reading<'r> {
    selection: Selection<'r>,
    filter: Option<Arc<Parsed<Condition>>>,
    projection: Option<Arc<Parsed<Paths>>>,
    limit: Option<usize>,
}

/// A page of a Query or Scan.
#[derive(Debug)]
pub(crate) struct Page {
    /// The items, unless the request asks only for their number.
    pub(crate) items: Option<Vec<Item>>,
    /// The number of items that passed the filter.
    pub(crate) count: i32,
    /// The number of items that were read.
    pub(crate) scanned: i32,
    /// The LastEvaluatedKey: where the next page begins, if there may be one.
    pub(crate) last: Option<Item>,
    pub(crate) units: TableUnits,
}

impl<'r> Reading<'r> {
    /// Parses the expressions, and checks what depends neither on placeholders nor on the table.
    pub(crate) fn new(expressions: &mut Expressions, selection: Selection<'r>) -> Result<Self, Refusal> {
        let limit = match selection.limit {
            Some(limit) if limit < 1 => {
                return Err(invalid(
                    "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have \
                     value greater than or equal to 1",
                ));
            }
            limit => limit.and_then(|limit| usize::try_from(limit).ok()),
        };
        check_select(&selection)?;
        let filter = selection.filter.map(|text| expressions.condition(text, FILTER)).transpose()?;
        let projection = selection.projection.map(|text| expressions.projection(text)).transpose()?;
        Ok(Self { selection, filter, projection, limit })
    }

    /// Checks the placeholders of all expressions. `key_condition` is the KeyConditionExpression of a Query.
    pub(crate) fn check_placeholders(&self, key_condition: Option<Used<'_>>) -> Result<(), Refusal> {
        let placeholders = self.selection.placeholders;
        let filter = self.filter.as_ref().map(|filter| Used { parameter: FILTER, uses: &filter.uses });
        let projection = self.projection.as_ref().map(|paths| Used { parameter: PROJECTION, uses: &paths.uses });
        let used: Vec<_> = filter.into_iter().chain(projection).chain(key_condition).collect();
        placeholders.check_form(!used.is_empty())?;
        placeholders.check_defined(&used)?;
        if let Some(filter) = &self.filter {
            filter.tree.check(placeholders).map_err(|why| invalid(format!("Invalid {FILTER}: {why}")))?;
        }
        self.projected()?;
        placeholders.check_used(&used)
    }

    fn projected(&self) -> Result<Option<Projected<'_>>, Refusal> {
        let paths = self.projection.as_ref();
        let projected = paths.map(|paths| Projected::of(&paths.tree, self.selection.placeholders));
        projected.transpose().map_err(invalid)
    }

    /// The index that the request names, or `None` for the table itself. Refuses an index that does not exist, or that
    /// cannot answer the request: because the read is consistent, or the index does not hold all that is asked for.
    pub(crate) fn index<'t>(&self, table: &'t Table) -> Result<Option<&'t Index>, Refusal> {
        let Some(name) = self.selection.index else { return Ok(None) };
        let index = table
            .index_number(name)
            .and_then(|number| table.index(number))
            .ok_or_else(|| invalid(format!("The table does not have the specified index: {name}")))?;
        if index.is_global && self.selection.is_consistent {
            return Err(invalid("Consistent reads are not supported on global secondary indexes"));
        }
        if index.is_global && self.reads_items(Some(index)) {
            return Err(invalid(format!(
                "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global \
                 secondary index {name} because its projection type is not ALL"
            )));
        }
        let projected = self.projected()?;
        let missing =
            projected.as_ref().and_then(|projected| projected.tops().find(|name| !table.has_attribute(index, name)));
        if let Some(attribute) = missing {
            return Err(invalid(format!(
                "One or more parameter values were invalid: the index {name} does not project [{attribute}], and the \
                 local tables do not support a ProjectionExpression with such an attribute"
            )));
        }
        Ok(Some(index))
    }

    /// Whether whole items are to be read, of which the index holds only a part.
    fn reads_items(&self, index: Option<&Index>) -> bool {
        self.selection.select == Some(&Select::AllAttributes)
            && index.is_some_and(|index| index.schema.projection != Projection::All)
    }

    /// Refuses a filter that names something inside of a key attribute or, if `names_keys` is false, a key attribute
    /// itself. `key` is the key of the table or index that is read.
    pub(crate) fn check_filter(&self, key: &KeySchema, names_keys: bool) -> Result<(), Refusal> {
        let Some(filter) = &self.filter else { return Ok(()) };
        let keys: Vec<&str> = key.names().collect();
        let why = match filter.tree.touches(&keys, self.selection.placeholders) {
            Some((name, true)) => format!(
                "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: {name}"
            ),
            Some((name, false)) if !names_keys => {
                format!("Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}")
            }
            _ => return Ok(()),
        };
        Err(invalid(why))
    }

    /// Reads a page. `entries` are the rows of the table or of the index, in the order in which they are read, from the
    /// row at which the page begins. The page ends with the rows, at the limit of the request, or after 1 MB.
    pub(crate) fn page<'t>(
        &self,
        table: &'t Table,
        index: Option<&'t Index>,
        entries: impl Iterator<Item = &'t Packed>,
    ) -> Page {
        let projected = self.projected().ok().flatten();
        let reads_items = self.reads_items(index);
        let is_count = self.selection.select == Some(&Select::Count);
        let (mut items, mut count, mut scanned) = (Vec::new(), 0, 0);
        let (mut bytes, mut item_bytes) = (0, 0);
        let (mut last, mut is_cut) = (None, false);
        for packed in entries {
            let stored = if reads_items { owner(table, packed) } else { packed.stored() };
            let size = if reads_items { item_bytes + stored.size } else { bytes + packed.size() };
            if size > BYTES_MAX && scanned > 0 {
                is_cut = true;
                break;
            }
            bytes += packed.size();
            item_bytes += stored.size;
            scanned += 1;
            last = Some(packed);
            let placeholders = self.selection.placeholders;
            if self.filter.as_ref().is_none_or(|filter| filter.tree.holds(&stored.item, placeholders)) {
                count += 1;
                if !is_count {
                    items.push(match &projected {
                        Some(projected) => projected.part(&stored.item),
                        None => Arc::unwrap_or_clone(stored.item),
                    });
                }
            }
            if self.limit.is_some_and(|limit| scanned >= limit) {
                is_cut = true;
                break;
            }
        }
        let mut units = TableUnits::default();
        let charged = read_units(bytes, self.selection.is_consistent);
        match index {
            Some(index) => units.add_index(&index.schema.name, index.is_global, charged),
            None => units.table = charged,
        }
        if reads_items {
            units.table = read_units(item_bytes, self.selection.is_consistent);
        }
        let last = last.filter(|_| is_cut).map(|packed: &Packed| {
            let entry = packed.stored();
            let mut key = key_of(&entry.item, &table.schema.key);
            key.extend(index.into_iter().flat_map(|index| key_of(&entry.item, &index.schema.key)));
            key
        });
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let items = (!is_count).then_some(items);
        Page { items, count: number(count), scanned: number(scanned), last, units }
    }

    /// The `ConsumedCapacity` of an answer. `None` unless the request asks for it.
    pub(crate) fn answer(
        &self,
        table: &Table,
        units: &TableUnits,
        asked: Option<&ReturnConsumedCapacity>,
    ) -> Option<ConsumedCapacity> {
        units.answer(&table.schema.name, asked, Axis::Plain)
    }
}

/// The item that an index entry belongs to, or the entry itself if there is none.
fn owner(table: &Table, entry: &Packed) -> Stored {
    let entry = entry.stored();
    let position = position(&entry.item, &table.schema, Wording::Schema);
    position.ok().and_then(|position| table.get(&position)).unwrap_or(entry)
}

/// Checks that `Select` fits the other parameters.
fn check_select(selection: &Selection<'_>) -> Result<(), Refusal> {
    let has_projection = selection.projection.is_some();
    match selection.select {
        None => Ok(()),
        Some(Select::SpecificAttributes) if has_projection => Ok(()),
        Some(Select::SpecificAttributes) => Err(invalid(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
        )),
        Some(select @ (Select::AllAttributes | Select::AllProjectedAttributes | Select::Count)) => {
            if has_projection {
                let what = if *select == Select::Count { "only the Count" } else { select.as_str() };
                return Err(invalid(format!("Cannot specify the ProjectionExpression when choosing to get {what}")));
            }
            if *select == Select::AllProjectedAttributes && selection.index.is_none() {
                return Err(invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"));
            }
            Ok(())
        }
        Some(other) => Err(enumeration(
            "select",
            other.as_str(),
            "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
        )),
    }
}

/// The row after which a page begins. `start` is the ExclusiveStartKey, which must have the key attributes of the table
/// and of the index, and no others.
pub(crate) fn start_of(table: &Table, index: Option<&Index>, mut start: Item) -> Result<EntryKey, Refusal> {
    let wrong = || invalid(WRONG_START);
    normalize_item(&mut start).map_err(invalid)?;
    let of_index = index.iter().flat_map(|index| index.schema.key.names());
    let expected = table.schema.key.names().count() + of_index.filter(|name| !table.schema.key.has(name)).count();
    if start.len() != expected {
        return Err(wrong());
    }
    let owner = position(&start, &table.schema, Wording::Schema).map_err(|fault| match fault {
        Fault::EmptyKey(message) => invalid(message),
        _ => wrong(),
    })?;
    match index {
        Some(index) => table.entry_key(index, &start, &owner).ok_or_else(wrong),
        None => Ok(EntryKey::of(owner)),
    }
}
