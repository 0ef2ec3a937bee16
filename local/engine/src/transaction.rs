//! The operation TransactWriteItems: writes of up to 100 items, of which all are done or none.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::types::{
    ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem,
};

use crate::capacity::{Axis, TRANSACTION_FACTOR, TableUnits, answer_of_tables, read_units};
use crate::expression::{Expressions, Parsed, Update, normalize_values};
use crate::key::{Position, Wording, position};
use crate::refusal::{Fault, Reason, Refusal, invalid};
use crate::request::Response;
use crate::state::{Outcome, State, table_name};
use crate::table::Change;
use crate::token::{Done, Seen, digest};
use crate::value::{Item, item_size, normalize_item, size};
use crate::write::{Conditional, Write, checked, refuse_metrics};

/// The most parts that a transaction may have.
const PARTS_MAX: usize = 100;
/// The most bytes that its items may have together.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest ClientRequestToken, in bytes.
const TOKEN_BYTES_MAX: usize = 36;

/// A part of a transaction: a write to one item, or a check of its condition.
#[derive(Debug)]
struct Part {
    action: Action,
    table: String,
    /// The item of a put, or the key.
    item: Item,
    condition: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<Item>,
    on_failure: Option<OnFailure>,
}

/// A part whose expressions are parsed.
struct ReadPart<'p> {
    write: Write<'p>,
    update: Option<Arc<Parsed<Update>>>,
}

/// The kind of a part. An update has its UpdateExpression.
#[derive(Debug)]
enum Action {
    Put,
    Update(String),
    Delete,
    Check,
}

/// A transaction that passed all checks, and is not committed yet.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) outcome: Outcome,
    /// What is to be remembered of its token after the commit. `None` without a token, and for a repeat.
    pub(crate) done: Option<Done>,
}

/// What a part is going to do. A check changes nothing.
struct Planned {
    change: Option<Change>,
    units: TableUnits,
    /// The larger of the item's sizes before and after, in bytes. A repeat is charged for reading them.
    size: usize,
}

impl Part {
    fn of(item: TransactWriteItem) -> Result<Self, Refusal> {
        let TransactWriteItem { put, update, delete, condition_check, .. } = item;
        let given = [put.is_some(), update.is_some(), delete.is_some(), condition_check.is_some()];
        if given.iter().filter(|is_given| **is_given).count() > 1 {
            return Err(invalid("TransactItems can only contain one of Check, Put, Update or Delete"));
        }
        if let Some(put) = put {
            return Ok(Self {
                action: Action::Put,
                table: put.table_name,
                item: put.item,
                condition: put.condition_expression,
                names: put.expression_attribute_names,
                values: put.expression_attribute_values,
                on_failure: put.return_values_on_condition_check_failure,
            });
        }
        if let Some(update) = update {
            return Ok(Self {
                action: Action::Update(update.update_expression),
                table: update.table_name,
                item: update.key,
                condition: update.condition_expression,
                names: update.expression_attribute_names,
                values: update.expression_attribute_values,
                on_failure: update.return_values_on_condition_check_failure,
            });
        }
        if let Some(delete) = delete {
            return Ok(Self {
                action: Action::Delete,
                table: delete.table_name,
                item: delete.key,
                condition: delete.condition_expression,
                names: delete.expression_attribute_names,
                values: delete.expression_attribute_values,
                on_failure: delete.return_values_on_condition_check_failure,
            });
        }
        let check = condition_check.ok_or_else(|| {
            invalid("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
        })?;
        Ok(Self {
            action: Action::Check,
            table: check.table_name,
            item: check.key,
            condition: Some(check.condition_expression),
            names: check.expression_attribute_names,
            values: check.expression_attribute_values,
            on_failure: check.return_values_on_condition_check_failure,
        })
    }

    /// Checks the name of the table and the values, and brings numbers and sets into the form in which DynamoDB returns
    /// them.
    fn normalize(&mut self) -> Result<(), Refusal> {
        table_name(Some(&self.table))?;
        normalize_values(self.values.as_mut())?;
        match self.action {
            Action::Put => self.item = checked(std::mem::take(&mut self.item))?,
            _ => normalize_item(&mut self.item).map_err(invalid)?,
        }
        Ok(())
    }

    /// Parses the expressions, and checks what does not depend on the table.
    fn read(&self, expressions: &mut Expressions) -> Result<ReadPart<'_>, Refusal> {
        let update = match &self.action {
            Action::Update(text) => Some(expressions.update(text)?),
            Action::Put | Action::Delete | Action::Check => None,
        };
        let given = Conditional {
            condition: self.condition.as_deref(),
            names: self.names.as_ref(),
            values: self.values.as_ref(),
            on_failure: self.on_failure.as_ref(),
        };
        let write = Write::new(expressions, &self.table, given, update.as_deref())?;
        Ok(ReadPart { write, update })
    }

    /// The bytes of the part that count for the limit of a transaction.
    fn bytes(&self) -> usize {
        let values = match self.action {
            Action::Update(_) => self.values.iter().flat_map(HashMap::values).map(size).sum(),
            Action::Put | Action::Delete | Action::Check => 0,
        };
        item_size(&self.item) + values
    }

    /// Plans the part: checks its key and its condition against the table.
    fn plan(self, state: &mut State) -> Result<Planned, Fault> {
        let mut part = self;
        let item = std::mem::take(&mut part.item);
        let ReadPart { write, update } = part.read(&mut state.expressions)?;
        let change = match part.action {
            Action::Put => write.put(state, item, Wording::Names)?,
            Action::Delete => write.delete(state, &item)?,
            Action::Update(_) => write.update(state, item, update.as_ref().map(|update| &update.tree))?,
            Action::Check => {
                let (units, size) = write.condition_check(state, &item)?;
                return Ok(Planned { change: None, units, size });
            }
        };
        let size = change.before.iter().chain(&change.after).map(|stored| stored.size).max().unwrap_or_default();
        Ok(Planned { units: change.units.clone(), change: Some(change), size })
    }
}

/// Plans a TransactWriteItems: checks all its parts, and returns its answer and its changes. Nothing is written yet. If
/// a part fails, the whole transaction is refused, with a reason for each part. A repeat with the same token changes
/// nothing.
pub(crate) fn transact_write_items(state: &mut State, input: TransactWriteItemsInput) -> Result<Transaction, Refusal> {
    let items = input.transact_items.unwrap_or_default();
    let asked = input.return_consumed_capacity;
    refuse_metrics(input.return_item_collection_metrics.as_ref())?;
    let (count, bound) = match items.len() {
        0 => (0, "greater than or equal to 1"),
        count => (count, "less than or equal to 100"),
    };
    if count == 0 || count > PARTS_MAX {
        return Err(invalid(format!(
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have \
             length {bound}"
        )));
    }
    let token = input.client_request_token.filter(|token| !token.is_empty());
    let mut done = None;
    if let Some(token) = token {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(invalid(format!(
                "1 validation error detected: Value '{token}' at 'clientRequestToken' failed to satisfy constraint: \
                 Member must have length less than or equal to {TOKEN_BYTES_MAX}"
            )));
        }
        let digest = digest(&items);
        match state.tokens.seen(&token, digest) {
            Seen::Never => done = Some(Done { token, digest, read_units: BTreeMap::new() }),
            Seen::Same(read_units) => return Ok(again(read_units, asked.as_ref())),
            Seen::Other => return Err(Refusal::IdempotentParameterMismatch),
        }
    }
    let mut parts = items.into_iter().map(Part::of).collect::<Result<Vec<_>, _>>()?;
    parts.iter_mut().try_for_each(Part::normalize)?;
    parts.iter().try_for_each(|part| part.read(&mut state.expressions).map(drop))?;
    check_targets(state, &parts)?;
    if parts.iter().map(Part::bytes).sum::<usize>() > BYTES_MAX {
        return Err(invalid(
            "Collection size of items exceeded, which can also be caused by the aggregate size of the items in the \
             transaction exceeding the 4MB limit",
        ));
    }
    let (units, changes, sizes) = plan(state, parts)?;
    if let Some(done) = &mut done {
        for (table, size) in sizes {
            *done.read_units.entry(table).or_default() += TRANSACTION_FACTOR * read_units(size, true);
        }
    }
    let capacity = answer_of_tables(&units, asked.as_ref(), Axis::Write);
    let output = TransactWriteItemsOutput::builder().set_consumed_capacity(capacity).build();
    let write_units = units.values().map(TableUnits::total).sum();
    let outcome = Outcome::write(Response::TransactWriteItems(output), changes, write_units);
    Ok(Transaction { outcome, done })
}

/// Refuses two parts that are about one item. A part whose key is not valid is refused later.
fn check_targets(state: &State, parts: &[Part]) -> Result<(), Refusal> {
    let mut targets: HashSet<(usize, Position)> = HashSet::with_capacity(parts.len());
    for part in parts {
        let table = state.table(&part.table)?;
        let Ok(position) = position(&part.item, &table.table.schema, Wording::Schema) else { continue };
        if !targets.insert((table.number, position)) {
            return Err(invalid("Transaction request cannot include multiple operations on one item"));
        }
    }
    Ok(())
}

/// The units of a transaction by table, its changes, and the sizes of its items with their tables.
type Plan = (BTreeMap<String, TableUnits>, Vec<Change>, Vec<(String, usize)>);

/// Plans all parts. Refuses the transaction if one of them fails.
fn plan(state: &mut State, parts: Vec<Part>) -> Result<Plan, Refusal> {
    let mut units: BTreeMap<String, TableUnits> = BTreeMap::new();
    let (mut changes, mut sizes, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    let mut charged = 0.0;
    for part in parts {
        let table = part.table.clone();
        let reason = match part.plan(state) {
            Ok(planned) => {
                let mut of_part = planned.units;
                of_part.table *= TRANSACTION_FACTOR;
                charged += of_part.table;
                units.entry(table.clone()).or_default().add(&of_part);
                changes.extend(planned.change);
                sizes.push((table, planned.size));
                Reason::None
            }
            Err(Fault::Invalid(message)) => Reason::ValidationError(message),
            Err(Fault::Condition { item, write_units }) => {
                charged += TRANSACTION_FACTOR * write_units;
                Reason::ConditionalCheckFailed(item)
            }
            Err(fault @ (Fault::EmptyKey(_) | Fault::Other(_))) => return Err(fault.into()),
        };
        reasons.push(reason);
    }
    if reasons.iter().any(|reason| *reason != Reason::None) {
        return Err(Refusal::TransactionCanceled { reasons, write_units: charged });
    }
    Ok((units, changes, sizes))
}

/// The answer to a transaction that is repeated with its token. The repeat costs what reading its items costs.
fn again(read_units: BTreeMap<String, f64>, asked: Option<&ReturnConsumedCapacity>) -> Transaction {
    let total = read_units.values().sum();
    let units = read_units.into_iter().map(|(table, units)| (table, TableUnits::of_table(units))).collect();
    let capacity = answer_of_tables(&units, asked, Axis::Read);
    let output = TransactWriteItemsOutput::builder().set_consumed_capacity(capacity).build();
    Transaction { outcome: Outcome::read(Response::TransactWriteItems(output), total), done: None }
}
