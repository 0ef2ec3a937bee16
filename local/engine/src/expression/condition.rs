//! Conditions: ConditionExpression and FilterExpression. KeyConditionExpression has the same grammar.

use std::borrow::Cow;
use std::cmp::Ordering;

use aws_sdk_dynamodb::types::AttributeValue;

use super::parser::Parser;
use super::path::{Step, find, resolve, shown, top};
use super::placeholders::{Parsed, Placeholders};
use crate::number::Number;
use crate::value::{Item, equal, has_number, order, type_name};

/// A parsed ConditionExpression, FilterExpression or KeyConditionExpression.
#[derive(Debug, PartialEq)]
pub(crate) enum Condition {
    /// Two operands and an operator between them, such as `a < :b`.
    Compare {
        left: Operand,
        comparison: Comparison,
        right: Operand,
    },
    /// `operand BETWEEN low AND high`.
    Between {
        operand: Operand,
        low: Operand,
        high: Operand,
    },
    /// `operand IN (...)`.
    In(Operand, Vec<Operand>),
    /// `attribute_exists(path)`.
    Exists(Vec<Step>),
    /// `attribute_not_exists(path)`.
    NotExists(Vec<Step>),
    /// `attribute_type(path, type)`.
    HasType(Vec<Step>, Operand),
    /// `begins_with(operand, start)`.
    BeginsWith(Operand, Operand),
    /// `contains(operand, part)`.
    Contains(Operand, Operand),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
}

/// The operators that compare two operands: `=`, `<>`, `<`, `<=`, `>` and `>=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// One side of a comparison, or an argument of a function.
#[derive(Debug, PartialEq)]
pub(crate) enum Operand {
    /// The value at a path of the item.
    Path(Vec<Step>),
    /// A value of the request, by its placeholder, `:` included.
    Value(String),
    /// `size(path)`: the length of a text, of bytes, or of a set, list or map.
    Size(Vec<Step>),
}

impl Comparison {
    const SYMBOLS: [(&'static str, Self); 6] = [
        ("=", Self::Equal),
        ("<>", Self::NotEqual),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    /// The operator that means the same with both sides exchanged.
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
            same => same,
        }
    }

    /// Whether two values compare so. Values that cannot be ordered are neither less nor greater.
    fn holds(self, left: &AttributeValue, right: &AttributeValue) -> bool {
        match self {
            Self::Equal => equal(left, right),
            Self::NotEqual => !equal(left, right),
            Self::Less => order(left, right) == Some(Ordering::Less),
            Self::AtMost => order(left, right).is_some_and(Ordering::is_le),
            Self::Greater => order(left, right) == Some(Ordering::Greater),
            Self::AtLeast => order(left, right).is_some_and(Ordering::is_ge),
        }
    }
}

impl Operand {
    /// The value of the operand for an item. `None` if the item does not have it.
    fn of<'i>(&'i self, item: &'i Item, placeholders: Placeholders<'i>) -> Option<Cow<'i, AttributeValue>> {
        match self {
            Self::Path(path) => find(item, path, placeholders).map(Cow::Borrowed),
            Self::Value(value) => placeholders.value(value).map(Cow::Borrowed),
            Self::Size(path) => {
                let count = match find(item, path, placeholders)? {
                    AttributeValue::S(text) => text.encode_utf16().count(),
                    AttributeValue::B(bytes) => bytes.as_ref().len(),
                    AttributeValue::Ss(set) | AttributeValue::Ns(set) => set.len(),
                    AttributeValue::Bs(set) => set.len(),
                    AttributeValue::L(list) => list.len(),
                    AttributeValue::M(map) => map.len(),
                    _ => return None,
                };
                Some(Cow::Owned(AttributeValue::N(Number::from_count(count).text())))
            }
        }
    }

    /// The path that the operand names, if any.
    fn path(&self) -> Option<&[Step]> {
        match self {
            Self::Path(path) | Self::Size(path) => Some(path),
            Self::Value(_) => None,
        }
    }
}

impl Condition {
    /// Whether the condition holds for an item. An item that does not exist has no attributes.
    pub(crate) fn holds(&self, item: &Item, placeholders: Placeholders<'_>) -> bool {
        let of = |operand: &Operand, test: &dyn Fn(&AttributeValue) -> bool| {
            operand.of(item, placeholders).is_some_and(|value| test(&value))
        };
        match self {
            Self::Compare { left, comparison, right } => {
                match (left.of(item, placeholders), right.of(item, placeholders)) {
                    (Some(left), Some(right)) => comparison.holds(&left, &right),
                    _ => *comparison == Comparison::NotEqual,
                }
            }
            Self::Between { operand, low, high } => of(operand, &|value| {
                of(low, &|low| Comparison::AtLeast.holds(value, low))
                    && of(high, &|high| Comparison::AtMost.holds(value, high))
            }),
            Self::In(operand, all) => {
                of(operand, &|value| all.iter().any(|one| of(one, &|candidate| equal(value, candidate))))
            }
            Self::Exists(path) => find(item, path, placeholders).is_some(),
            Self::NotExists(path) => find(item, path, placeholders).is_none(),
            Self::HasType(path, kind) => {
                let Some(value) = find(item, path, placeholders) else { return false };
                of(kind, &|kind| matches!(kind, AttributeValue::S(kind) if kind == type_name(value)))
            }
            Self::BeginsWith(operand, start) => of(operand, &|value| of(start, &|start| begins_with(value, start))),
            Self::Contains(operand, part) => of(operand, &|value| of(part, &|part| contains(value, part))),
            Self::And(one, other) => one.holds(item, placeholders) && other.holds(item, placeholders),
            Self::Or(one, other) => one.holds(item, placeholders) || other.holds(item, placeholders),
            Self::Not(inner) => !inner.holds(item, placeholders),
        }
    }

    /// Checks what does not depend on an item: the bounds of BETWEEN, and the arguments of functions. Fails with
    /// DynamoDB's message, without the name of the parameter.
    pub(crate) fn check(&self, placeholders: Placeholders<'_>) -> Result<(), String> {
        match self {
            Self::Between { low: Operand::Value(low), high: Operand::Value(high), .. } => {
                match (placeholders.value(low), placeholders.value(high)) {
                    (Some(low), Some(high)) => check_bounds(low, high),
                    _ => Ok(()),
                }
            }
            Self::BeginsWith(_, Operand::Value(start)) => match placeholders.value(start) {
                Some(value) if !matches!(value, AttributeValue::S(_) | AttributeValue::B(_)) => {
                    Err(wrong_operand("begins_with", value))
                }
                _ => Ok(()),
            },
            Self::Contains(one, other) if one == other => {
                let shown = match one {
                    Operand::Path(path) | Operand::Size(path) => shown(&resolve(path, placeholders)),
                    Operand::Value(value) => format!("[{value}]"),
                };
                Err(format!(
                    "The first operand must be distinct from the remaining operands for this operator or function; \
                     operator: contains, first operand: {shown}"
                ))
            }
            Self::And(one, other) | Self::Or(one, other) => {
                one.check(placeholders)?;
                other.check(placeholders)
            }
            Self::Not(inner) => inner.check(placeholders),
            _ => Ok(()),
        }
    }

    /// Calls `see` with each path of the condition.
    pub(crate) fn each_path<'e>(&'e self, see: &mut dyn FnMut(&'e [Step])) {
        let mut operands = |all: &[&'e Operand]| all.iter().filter_map(|operand| operand.path()).for_each(&mut *see);
        match self {
            Self::Compare { left, right, .. } => operands(&[left, right]),
            Self::Between { operand, low, high } => operands(&[operand, low, high]),
            Self::In(operand, all) => {
                operands(&[operand]);
                all.iter().for_each(|one| operands(&[one]));
            }
            Self::Exists(path) | Self::NotExists(path) => see(path),
            Self::HasType(path, kind) => {
                operands(&[kind]);
                see(path);
            }
            Self::BeginsWith(one, other) | Self::Contains(one, other) => operands(&[one, other]),
            Self::And(one, other) | Self::Or(one, other) => {
                one.each_path(see);
                other.each_path(see);
            }
            Self::Not(inner) => inner.each_path(see),
        }
    }

    /// The first path of the condition that begins in one of the attributes `names`. Returns the name of the attribute,
    /// and whether the path leads into it.
    pub(crate) fn touches<'n>(&self, names: &[&'n str], placeholders: Placeholders<'_>) -> Option<(&'n str, bool)> {
        let mut found = None;
        self.each_path(&mut |path| {
            let name = top(path, placeholders);
            let hit = names.iter().find(|key| **key == name).map(|key| (*key, path.len() > 1));
            found = found.or(hit);
        });
        found
    }
}

fn begins_with(value: &AttributeValue, start: &AttributeValue) -> bool {
    match (value, start) {
        (AttributeValue::S(text), AttributeValue::S(start)) => text.starts_with(start),
        (AttributeValue::B(bytes), AttributeValue::B(start)) => bytes.as_ref().starts_with(start.as_ref()),
        _ => false,
    }
}

fn contains(value: &AttributeValue, part: &AttributeValue) -> bool {
    match (value, part) {
        (AttributeValue::S(text), AttributeValue::S(part)) => text.contains(part),
        (AttributeValue::B(bytes), AttributeValue::B(part)) => {
            let part = part.as_ref();
            part.is_empty() || bytes.as_ref().windows(part.len()).any(|window| window == part)
        }
        (AttributeValue::Ss(set), AttributeValue::S(member)) => set.contains(member),
        (AttributeValue::Ns(set), AttributeValue::N(member)) => has_number(set, member),
        (AttributeValue::Bs(set), AttributeValue::B(member)) => set.contains(member),
        (AttributeValue::L(list), part) => list.iter().any(|value| equal(value, part)),
        _ => false,
    }
}

/// Checks that the bounds of a BETWEEN have the same type, and are in order. Fails with DynamoDB's message.
pub(super) fn check_bounds(low: &AttributeValue, high: &AttributeValue) -> Result<(), String> {
    let operands = || {
        format!(
            "lower bound operand: AttributeValue: {{{}}}, upper bound operand: AttributeValue: {{{}}}",
            bound(low),
            bound(high)
        )
    };
    if type_name(low) != type_name(high) {
        return Err(format!("The BETWEEN operator requires same data type for lower and upper bounds; {}", operands()));
    }
    if order(low, high) == Some(Ordering::Greater) {
        return Err(format!(
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {}",
            operands()
        ));
    }
    Ok(())
}

fn bound(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => format!("S:{text}"),
        AttributeValue::N(number) => format!("N:{number}"),
        other => format!("{}:...", type_name(other)),
    }
}

/// DynamoDB's message for an operand of a type that an operator or function does not take.
pub(super) fn wrong_operand(operator: &str, value: &AttributeValue) -> String {
    format!(
        "Incorrect operand type for operator or function; operator or function: {operator}, operand type: {}",
        type_name(value)
    )
}

/// Parses a condition. Fails with DynamoDB's message, without the name of the parameter.
pub(super) fn parse(text: &str) -> Result<Parsed<Condition>, String> {
    let mut parser = Parser::new(text)?;
    parser.check_brackets()?;
    let tree = any(&mut parser, 0)?;
    if !parser.is_at_end() {
        return parser.syntax_error();
    }
    Ok(Parsed { tree, uses: parser.uses })
}

/// Parses conditions with OR between them. `depth` is the number of brackets and NOTs around them.
fn any(parser: &mut Parser<'_>, depth: usize) -> Result<Condition, String> {
    let mut condition = all(parser, depth)?;
    while parser.takes_keyword("OR") {
        condition = Condition::Or(Box::new(condition), Box::new(all(parser, depth)?));
    }
    Ok(condition)
}

/// Parses conditions with AND between them.
fn all(parser: &mut Parser<'_>, depth: usize) -> Result<Condition, String> {
    let mut condition = one(parser, depth)?;
    while parser.takes_keyword("AND") {
        condition = Condition::And(Box::new(condition), Box::new(one(parser, depth)?));
    }
    Ok(condition)
}

/// Parses a condition without AND and OR, unless it is in brackets.
fn one(parser: &mut Parser<'_>, depth: usize) -> Result<Condition, String> {
    Parser::check_depth(depth)?;
    if parser.takes_keyword("NOT") {
        return Ok(Condition::Not(Box::new(one(parser, depth + 1)?)));
    }
    if parser.takes("(") {
        let inner = any(parser, depth + 1)?;
        parser.expect(")")?;
        return Ok(inner);
    }
    match parser.takes_function() {
        Some("size") => {
            let size = size(parser)?;
            comparison(parser, size)
        }
        Some(function) => call(parser, function),
        None => {
            let left = operand(parser)?;
            comparison(parser, left)
        }
    }
}

/// Parses the arguments of a function whose value is true or false. Its name and first bracket are read.
fn call(parser: &mut Parser<'_>, function: &str) -> Result<Condition, String> {
    let condition = match function {
        "attribute_exists" => Condition::Exists(parser.path()?),
        "attribute_not_exists" => Condition::NotExists(parser.path()?),
        "attribute_type" => {
            let path = parser.path()?;
            parser.expect(",")?;
            Condition::HasType(path, operand(parser)?)
        }
        "begins_with" => {
            let (value, start) = pair(parser)?;
            Condition::BeginsWith(value, start)
        }
        "contains" => {
            let (value, part) = pair(parser)?;
            Condition::Contains(value, part)
        }
        other => return Err(format!("Invalid function name; function: {other}")),
    };
    parser.expect(")")?;
    Ok(condition)
}

fn pair(parser: &mut Parser<'_>) -> Result<(Operand, Operand), String> {
    let first = operand(parser)?;
    parser.expect(",")?;
    Ok((first, operand(parser)?))
}

/// Parses what follows the left operand: an operator, BETWEEN or IN.
fn comparison(parser: &mut Parser<'_>, left: Operand) -> Result<Condition, String> {
    if let Some((_, comparison)) = Comparison::SYMBOLS.into_iter().find(|(symbol, _)| parser.takes(symbol)) {
        return Ok(Condition::Compare { left, comparison, right: operand(parser)? });
    }
    if parser.takes_keyword("BETWEEN") {
        let low = operand(parser)?;
        if !parser.takes_keyword("AND") {
            return parser.syntax_error();
        }
        return Ok(Condition::Between { operand: left, low, high: operand(parser)? });
    }
    if parser.takes_keyword("IN") {
        parser.expect("(")?;
        let mut candidates = vec![operand(parser)?];
        while parser.takes(",") {
            candidates.push(operand(parser)?);
        }
        parser.expect(")")?;
        return Ok(Condition::In(left, candidates));
    }
    parser.syntax_error()
}

fn operand(parser: &mut Parser<'_>) -> Result<Operand, String> {
    if let Some(value) = parser.takes_value() {
        return Ok(Operand::Value(value));
    }
    match parser.takes_function() {
        Some("size") => size(parser),
        Some(other) => Err(format!("Invalid function name; function: {other}")),
        None => Ok(Operand::Path(parser.path()?)),
    }
}

/// The operand `size(...)`, whose name and first bracket are read.
fn size(parser: &mut Parser<'_>) -> Result<Operand, String> {
    let path = parser.path()?;
    parser.expect(")")?;
    Ok(Operand::Size(path))
}
