//! KeyConditionExpression: what a Query asks of the keys.

use aws_sdk_dynamodb::types::AttributeValue;

use super::condition::{Comparison, Condition, Operand, check_bounds, wrong_operand};
use super::path::{Step, top};
use super::placeholders::Placeholders;
use crate::schema::KeySchema;

/// A KeyConditionExpression, as a Query uses it.
#[derive(Debug)]
pub(crate) struct KeyCondition<'e> {
    /// The value that the partition key must have.
    pub(crate) partition: &'e AttributeValue,
    /// The condition for the sort key, if there is one.
    pub(crate) sort: Option<SortCondition<'e>>,
}

/// The condition for the sort key, with the values that the key is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SortCondition<'e> {
    Equal(&'e AttributeValue),
    Less(&'e AttributeValue),
    AtMost(&'e AttributeValue),
    Greater(&'e AttributeValue),
    AtLeast(&'e AttributeValue),
    Between(&'e AttributeValue, &'e AttributeValue),
    BeginsWith(&'e AttributeValue),
}

/// One clause of the expression: the name of a key attribute, and its condition.
struct Clause<'e> {
    name: &'e str,
    condition: SortCondition<'e>,
}

impl<'e> SortCondition<'e> {
    /// The values with which the key is compared.
    pub(crate) fn values(&self) -> Vec<&'e AttributeValue> {
        match self {
            Self::Between(low, high) => vec![low, high],
            Self::Equal(value)
            | Self::Less(value)
            | Self::AtMost(value)
            | Self::Greater(value)
            | Self::AtLeast(value)
            | Self::BeginsWith(value) => vec![value],
        }
    }
}

impl<'e> KeyCondition<'e> {
    /// Reads a parsed condition as the key condition of a table or an index, whose key is `key`. Fails with DynamoDB's
    /// message if the condition is no such one.
    pub(crate) fn of(
        condition: &'e Condition,
        key: &KeySchema,
        placeholders: Placeholders<'e>,
    ) -> Result<Self, String> {
        let mut clauses = Vec::new();
        collect(condition, placeholders, &mut clauses)
            .map_err(|why| format!("Invalid KeyConditionExpression: {why}"))?;
        let is_twice = |clause: &Clause<'_>| clauses.iter().filter(|other| other.name == clause.name).count() > 1;
        if clauses.iter().any(is_twice) {
            return Err(
                "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key"
                    .to_owned(),
            );
        }
        let defined = key.names().count();
        if clauses.len() > defined {
            return Err(format!(
                "The number of query conditions ({}) exceeds the number of key attributes defined in the schema \
                 ({defined})",
                clauses.len()
            ));
        }
        let missing = |name: &str| format!("Query condition missed key schema element: {name}");
        let partition = match clauses.iter().find(|clause| clause.name == key.partition) {
            Some(Clause { condition: SortCondition::Equal(value), .. }) => value,
            Some(_) => return Err("Query key condition not supported".to_owned()),
            None => return Err(missing(&key.partition)),
        };
        let sort = key.sort.as_deref().unwrap_or_default();
        if clauses.iter().any(|clause| !key.has(clause.name)) {
            return Err(missing(sort));
        }
        let sort = clauses.iter().find(|clause| clause.name != key.partition).map(|clause| clause.condition);
        Ok(Self { partition, sort })
    }
}

/// Appends the clauses of a condition to `clauses`: the condition itself, or the parts with AND between them.
fn collect<'e>(
    condition: &'e Condition,
    placeholders: Placeholders<'e>,
    clauses: &mut Vec<Clause<'e>>,
) -> Result<(), String> {
    let value = |operand: &'e Operand| match operand {
        Operand::Value(value) => placeholders.value(value).ok_or_else(String::new),
        Operand::Path(_) | Operand::Size(_) => Err("a key must be compared with a value".to_owned()),
    };
    let ordered = |operator: &str, value: &'e AttributeValue| match value {
        AttributeValue::S(_) | AttributeValue::N(_) | AttributeValue::B(_) => Ok(value),
        other => Err(wrong_operand(operator, other)),
    };
    let clause = match condition {
        Condition::And(one, other) => {
            collect(one, placeholders, clauses)?;
            return collect(other, placeholders, clauses);
        }
        Condition::Compare { left: Operand::Path(path), comparison, right } => {
            Clause { name: name(path, placeholders)?, condition: compared(*comparison, value(right)?)? }
        }
        Condition::Compare { left, comparison, right: Operand::Path(path) } => {
            Clause { name: name(path, placeholders)?, condition: compared(comparison.reversed(), value(left)?)? }
        }
        Condition::Between { operand: Operand::Path(path), low, high } => {
            let (low, high) = (ordered("BETWEEN", value(low)?)?, ordered("BETWEEN", value(high)?)?);
            check_bounds(low, high)?;
            Clause { name: name(path, placeholders)?, condition: SortCondition::Between(low, high) }
        }
        Condition::BeginsWith(Operand::Path(path), start) => {
            let start = match value(start)? {
                start @ (AttributeValue::S(_) | AttributeValue::B(_)) => start,
                other => return Err(wrong_operand("begins_with", other)),
            };
            Clause { name: name(path, placeholders)?, condition: SortCondition::BeginsWith(start) }
        }
        _ => return Err("Invalid operator used in KeyConditionExpression".to_owned()),
    };
    clauses.push(clause);
    Ok(())
}

fn compared(comparison: Comparison, value: &AttributeValue) -> Result<SortCondition<'_>, String> {
    let is_ordered = matches!(value, AttributeValue::S(_) | AttributeValue::N(_) | AttributeValue::B(_));
    match comparison {
        Comparison::Equal => Ok(SortCondition::Equal(value)),
        Comparison::NotEqual => Err("Unsupported operator in KeyConditionExpression: <>".to_owned()),
        _ if !is_ordered => Err(wrong_operand("comparison", value)),
        Comparison::Less => Ok(SortCondition::Less(value)),
        Comparison::AtMost => Ok(SortCondition::AtMost(value)),
        Comparison::Greater => Ok(SortCondition::Greater(value)),
        Comparison::AtLeast => Ok(SortCondition::AtLeast(value)),
    }
}

fn name<'e>(path: &'e [Step], placeholders: Placeholders<'e>) -> Result<&'e str, String> {
    if path.len() > 1 {
        return Err("KeyConditionExpressions cannot have conditions on nested attributes".to_owned());
    }
    Ok(top(path, placeholders))
}
