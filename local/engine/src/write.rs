//! The operations PutItem, UpdateItem and DeleteItem, and the same writes as parts of batches and transactions.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::operation::delete_item::{DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{
    ReturnItemCollectionMetrics, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};

use crate::capacity::{Axis, TableUnits, table_write_units};
use crate::expression::{Condition, Expressions, Parsed, Placeholders, Update, Used, normalize_values};
use crate::key::{Position, Wording, check_index_keys, key_position, position};
use crate::refusal::{Fault, Refusal, invalid};
use crate::request::Response;
use crate::state::{Numbered, Outcome, State, refuse, table_name};
use crate::table::{Change, Stored};
use crate::value::{ITEM_BYTES_MAX, Item, item_size, normalize_item};

/// A write to a table, with its condition and placeholders parsed and checked.
#[derive(Debug)]
pub(crate) struct Write<'r> {
    pub(crate) table: &'r str,
    pub(crate) condition: Option<Arc<Parsed<Condition>>>,
    pub(crate) placeholders: Placeholders<'r>,
    /// Whether the refusal is to contain the item that is there, if the condition does not hold.
    pub(crate) returns_item: bool,
}

/// The parameters of a write for its condition, and the placeholders of all its expressions, as the request gives them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditional<'r> {
    pub(crate) condition: Option<&'r str>,
    pub(crate) names: Option<&'r HashMap<String, String>>,
    pub(crate) values: Option<&'r Item>,
    pub(crate) on_failure: Option<&'r OnFailure>,
}

impl<'r> Write<'r> {
    /// Parses the condition, and checks everything that does not depend on the table. `update` is the parsed
    /// UpdateExpression of an update.
    pub(crate) fn new(
        expressions: &mut Expressions,
        table: &'r str,
        given: Conditional<'r>,
        update: Option<&Parsed<Update>>,
    ) -> Result<Self, Refusal> {
        let placeholders = Placeholders::new(given.names, given.values);
        let condition = given.condition.map(|text| expressions.condition(text, CONDITION)).transpose()?;
        let mut used = Vec::new();
        used.extend(update.map(|update| Used { parameter: "UpdateExpression", uses: &update.uses }));
        used.extend(condition.as_ref().map(|condition| Used { parameter: CONDITION, uses: &condition.uses }));
        if !used.is_empty() {
            placeholders.check_form(true)?;
            placeholders.check_defined(&used)?;
            placeholders.check_used(&used)?;
        }
        if let Some(condition) = &condition {
            condition.tree.check(placeholders).map_err(|why| invalid(format!("Invalid {CONDITION}: {why}")))?;
        }
        if let Some(update) = update {
            update.tree.check_targets(placeholders).map_err(invalid)?;
        }
        Ok(Self { table, condition, placeholders, returns_item: returns_item(given.on_failure)? })
    }

    /// Checks the condition against the item that is there. Fails if it does not hold.
    fn check(&self, present: Option<&Stored>) -> Result<(), Fault> {
        let Some(condition) = &self.condition else { return Ok(()) };
        let holds = match present {
            Some(stored) => condition.tree.holds(&stored.item, self.placeholders),
            None => condition.tree.holds(&Item::new(), self.placeholders),
        };
        if holds {
            return Ok(());
        }
        let item = present.filter(|_| self.returns_item).map(|stored| Arc::clone(&stored.item));
        Err(Fault::Condition { item, write_units: table_write_units(present.map(|stored| stored.size), None) })
    }

    /// Plans a put. `item` is normalized.
    pub(crate) fn put(&self, state: &State, item: Item, wording: Wording) -> Result<Change, Fault> {
        let Numbered { number, table } = state.table(self.table)?;
        let position = position(&item, &table.schema, wording)?;
        check_index_keys(&item, &table.schema, None)?;
        self.check(table.get(&position).as_ref())?;
        Ok(table.change(number, position, Some(item)))
    }

    /// Plans a deletion. `key` is normalized.
    pub(crate) fn delete(&self, state: &State, key: &Item) -> Result<Change, Fault> {
        let Numbered { number, table } = state.table(self.table)?;
        let position = key_position(key, &table.schema)?;
        self.check(table.get(&position).as_ref())?;
        Ok(table.change(number, position, None))
    }

    /// Plans an update. Without an UpdateExpression it only creates the item, if there is none.
    pub(crate) fn update(&self, state: &State, key: Item, update: Option<&Update>) -> Result<Change, Fault> {
        let Numbered { number, table } = state.table(self.table)?;
        let position = key_position(&key, &table.schema)?;
        let present = table.get(&position);
        self.check(present.as_ref())?;
        let mut key = key;
        normalize_item(&mut key).map_err(Fault::Invalid)?;
        let before = present.map_or_else(|| Arc::new(key), |stored| stored.item);
        let mut item = Item::clone(&before);
        if let Some(update) = update {
            update.check_keys(&table.schema.key, self.placeholders).map_err(Fault::Invalid)?;
            update.apply(&before, &mut item, self.placeholders).map_err(Fault::Invalid)?;
        }
        check_index_keys(&item, &table.schema, Some(&before))?;
        if item_size(&item) > ITEM_BYTES_MAX {
            return Err(Fault::Invalid("Item size to update has exceeded the maximum allowed size".to_owned()));
        }
        Ok(table.change(number, position, Some(item)))
    }

    /// Checks the condition of a ConditionCheck in a transaction. Returns what the check costs, and the size in bytes
    /// of the item that is there.
    pub(crate) fn condition_check(&self, state: &State, key: &Item) -> Result<(TableUnits, usize), Fault> {
        let Numbered { table, .. } = state.table(self.table)?;
        let position: Position = key_position(key, &table.schema)?;
        let present = table.get(&position);
        self.check(present.as_ref())?;
        let size = present.map(|stored| stored.size);
        Ok((TableUnits::of_table(table_write_units(size, None)), size.unwrap_or_default()))
    }
}

const CONDITION: &str = "ConditionExpression";

/// Whether the parameter ReturnValuesOnConditionCheckFailure asks for the item.
fn returns_item(on_failure: Option<&OnFailure>) -> Result<bool, Refusal> {
    match on_failure {
        Some(OnFailure::AllOld) => Ok(true),
        Some(OnFailure::None) | None => Ok(false),
        Some(other) => Err(enumeration("returnValuesOnConditionCheckFailure", other.as_str(), "[ALL_OLD, NONE]")),
    }
}

/// The refusal of a parameter whose value is not a word of its enumeration. `values` lists the words.
pub(crate) fn enumeration(parameter: &str, value: &str, values: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: Member must \
         satisfy enum value set: {values}"
    ))
}

/// Checks the item of a put, its size included, and brings numbers and sets into the form in which DynamoDB returns
/// them.
pub(crate) fn checked(mut item: Item) -> Result<Item, Refusal> {
    normalize_item(&mut item).map_err(invalid)?;
    if item_size(&item) > ITEM_BYTES_MAX {
        return Err(invalid("Item size has exceeded the maximum allowed size"));
    }
    Ok(item)
}

/// Refuses ReturnItemCollectionMetrics, which the engine does not have.
pub(crate) fn refuse_metrics(asked: Option<&ReturnItemCollectionMetrics>) -> Result<(), Refusal> {
    let is_asked = asked.is_some_and(|asked| *asked != ReturnItemCollectionMetrics::None);
    refuse(&[("ReturnItemCollectionMetrics", is_asked)])
}

/// Whether the ReturnValues of a PutItem or DeleteItem ask for the item before the write.
fn returns_old(asked: Option<&ReturnValue>) -> Result<bool, Refusal> {
    match asked {
        Some(ReturnValue::AllOld) => Ok(true),
        Some(ReturnValue::None) | None => Ok(false),
        Some(_) => Err(invalid("ReturnValues can only be ALL_OLD or NONE")),
    }
}

/// A copy of an item that is there.
fn item_of(stored: Option<&Stored>) -> Option<Item> {
    stored.map(|stored| Item::clone(&stored.item))
}

/// Plans a PutItem: checks its parameters and its condition, and returns its answer and its change. Nothing is written
/// yet.
pub(crate) fn put_item(state: &mut State, mut input: PutItemInput) -> Result<Outcome, Refusal> {
    let name = table_name(input.table_name.as_deref())?;
    refuse(&[("Expected", input.expected.is_some()), ("ConditionalOperator", input.conditional_operator.is_some())])?;
    refuse_metrics(input.return_item_collection_metrics.as_ref())?;
    let returns_old = returns_old(input.return_values.as_ref())?;
    normalize_values(input.expression_attribute_values.as_mut())?;
    let given = Conditional {
        condition: input.condition_expression.as_deref(),
        names: input.expression_attribute_names.as_ref(),
        values: input.expression_attribute_values.as_ref(),
        on_failure: input.return_values_on_condition_check_failure.as_ref(),
    };
    Placeholders::new(given.names, given.values).check_form(given.condition.is_some())?;
    let write = Write::new(&mut state.expressions, name, given, None)?;
    let item = checked(input.item.take().ok_or_else(|| null("item"))?)?;
    let change = write.put(state, item, Wording::Names)?;
    let capacity = change.units.answer(name, input.return_consumed_capacity.as_ref(), Axis::Plain);
    let output = PutItemOutput::builder()
        .set_attributes(item_of(change.before.as_ref()).filter(|_| returns_old))
        .set_consumed_capacity(capacity);
    let units = change.units.total();
    Ok(Outcome::write(Response::PutItem(output.build()), vec![change], units))
}

/// Plans a DeleteItem: checks its parameters and its condition, and returns its answer and its change. Nothing is
/// written yet.
pub(crate) fn delete_item(state: &mut State, mut input: DeleteItemInput) -> Result<Outcome, Refusal> {
    let name = table_name(input.table_name.as_deref())?;
    refuse(&[("Expected", input.expected.is_some()), ("ConditionalOperator", input.conditional_operator.is_some())])?;
    refuse_metrics(input.return_item_collection_metrics.as_ref())?;
    let returns_old = returns_old(input.return_values.as_ref())?;
    normalize_values(input.expression_attribute_values.as_mut())?;
    let given = Conditional {
        condition: input.condition_expression.as_deref(),
        names: input.expression_attribute_names.as_ref(),
        values: input.expression_attribute_values.as_ref(),
        on_failure: input.return_values_on_condition_check_failure.as_ref(),
    };
    Placeholders::new(given.names, given.values).check_form(given.condition.is_some())?;
    let write = Write::new(&mut state.expressions, name, given, None)?;
    let mut key = input.key.take().ok_or_else(|| null("key"))?;
    normalize_item(&mut key).map_err(invalid)?;
    let change = write.delete(state, &key)?;
    let capacity = change.units.answer(name, input.return_consumed_capacity.as_ref(), Axis::Plain);
    let output = DeleteItemOutput::builder()
        .set_attributes(item_of(change.before.as_ref()).filter(|_| returns_old))
        .set_consumed_capacity(capacity);
    let units = change.units.total();
    Ok(Outcome::write(Response::DeleteItem(output.build()), vec![change], units))
}

/// Plans an UpdateItem: checks its parameters and its condition, and returns its answer and its change. Nothing is
/// written yet.
pub(crate) fn update_item(state: &mut State, mut input: UpdateItemInput) -> Result<Outcome, Refusal> {
    let name = table_name(input.table_name.as_deref())?;
    refuse(&[
        ("AttributeUpdates", input.attribute_updates.is_some()),
        ("Expected", input.expected.is_some()),
        ("ConditionalOperator", input.conditional_operator.is_some()),
    ])?;
    refuse_metrics(input.return_item_collection_metrics.as_ref())?;
    normalize_values(input.expression_attribute_values.as_mut())?;
    let update = input.update_expression.as_deref().map(|text| state.expressions.update(text)).transpose()?;
    let given = Conditional {
        condition: input.condition_expression.as_deref(),
        names: input.expression_attribute_names.as_ref(),
        values: input.expression_attribute_values.as_ref(),
        on_failure: input.return_values_on_condition_check_failure.as_ref(),
    };
    let placeholders = Placeholders::new(given.names, given.values);
    placeholders.check_form(given.condition.is_some() || update.is_some())?;
    let write = Write::new(&mut state.expressions, name, given, update.as_deref())?;
    if let Some(update) = &update {
        update.tree.check_types(placeholders).map_err(invalid)?;
    }
    let key = input.key.take().ok_or_else(|| null("key"))?;
    let update = update.as_ref().map(|update| &update.tree);
    let change = write.update(state, key, update)?;
    let touched = |stored: Option<&Stored>| {
        let part = update?.touched(&stored?.item, placeholders);
        Some(part).filter(|part| !part.is_empty())
    };
    let attributes = match &input.return_values {
        None | Some(ReturnValue::None) => None,
        Some(ReturnValue::AllOld) => item_of(change.before.as_ref()),
        Some(ReturnValue::AllNew) => item_of(change.after.as_ref()),
        Some(ReturnValue::UpdatedOld) => touched(change.before.as_ref()),
        Some(ReturnValue::UpdatedNew) => touched(change.after.as_ref()),
        Some(other) => {
            let values = "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]";
            return Err(enumeration("returnValues", other.as_str(), values));
        }
    };
    let capacity = change.units.answer(name, input.return_consumed_capacity.as_ref(), Axis::Plain);
    let output = UpdateItemOutput::builder().set_attributes(attributes).set_consumed_capacity(capacity);
    let units = change.units.total();
    Ok(Outcome::write(Response::UpdateItem(output.build()), vec![change], units))
}

/// The refusal of a request without a parameter that it must have.
pub(crate) fn null(parameter: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value null at '{parameter}' failed to satisfy constraint: Member must not be null"
    ))
}
