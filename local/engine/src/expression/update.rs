//! UpdateExpression: how an item is changed.

use aws_sdk_dynamodb::types::AttributeValue;

use super::condition::wrong_operand;
use super::parser::Parser;
use super::path::{Resolved, Step, find, find_mut, find_resolved, overlap, resolve, top};
use super::placeholders::{Parsed, Placeholders};
use super::projection::part;
use crate::number::Number;
use crate::schema::KeySchema;
use crate::value::{Item, has_number, is_too_deep, sort_numbers, type_name};

const INVALID_PATH: &str = "The document path provided in the update expression is invalid for update";
const MISSING_ATTRIBUTE: &str = "The provided expression refers to an attribute that does not exist in the item";
const WRONG_TYPE: &str = "An operand in the update expression has an incorrect data type";
const TOO_DEEP: &str = "Nesting Levels have exceeded supported limits";

/// A parsed UpdateExpression: the paths that its clauses change, each with what the clause gives it.
#[derive(Debug, Default)]
pub(crate) struct Update {
    /// SET: paths with what is assigned to them.
    sets: Vec<(Vec<Step>, Value)>,
    /// REMOVE: paths.
    removes: Vec<Vec<Step>>,
    /// ADD: paths with the placeholders of what is added to them.
    adds: Vec<(Vec<Step>, String)>,
    /// DELETE: paths with the placeholders of what is taken out of them.
    deletes: Vec<(Vec<Step>, String)>,
}

/// What SET assigns to a path.
#[derive(Debug)]
enum Value {
    /// The value at another path of the item.
    Path(Vec<Step>),
    /// A value of the request, by its placeholder, `:` included.
    Given(String),
    /// `if_not_exists(path, value)`.
    IfNotExists(Vec<Step>, Box<Value>),
    /// `list_append(list, list)`.
    ListAppend(Box<Value>, Box<Value>),
    Plus(Box<Value>, Box<Value>),
    Minus(Box<Value>, Box<Value>),
}

/// What the update does to one path.
enum Change<'v> {
    Set(AttributeValue),
    Add(&'v AttributeValue),
    Delete(&'v AttributeValue),
}

impl Update {
    /// The paths that the update changes.
    fn targets(&self) -> impl Iterator<Item = &Vec<Step>> {
        let sets = self.sets.iter().map(|(path, _)| path).chain(&self.removes);
        sets.chain(self.adds.iter().chain(&self.deletes).map(|(path, _)| path))
    }

    /// Checks that no two of the changed paths overlap. Fails with DynamoDB's message.
    pub(crate) fn check_targets(&self, placeholders: Placeholders<'_>) -> Result<(), String> {
        let paths: Vec<_> = self.targets().map(|path| resolve(path, placeholders)).collect();
        match overlap(&paths) {
            Some(why) => Err(format!("Invalid UpdateExpression: {why}")),
            None => Ok(()),
        }
    }

    /// Checks that the values of the request have types that the clauses take. Fails with DynamoDB's message.
    pub(crate) fn check_types(&self, placeholders: Placeholders<'_>) -> Result<(), String> {
        let wrong = |why: String| format!("Invalid UpdateExpression: {why}");
        for (operator, actions, takes_numbers) in [("ADD", &self.adds, true), ("DELETE", &self.deletes, false)] {
            for value in actions.iter().filter_map(|(_, value)| placeholders.value(value)) {
                let fits = is_set(value) || takes_numbers && matches!(value, AttributeValue::N(_));
                if !fits {
                    return Err(wrong(format!(
                        "Incorrect operand type for operator or function; operator: {operator}, operand type: {}, \
                         typeSet: ALLOWED_FOR_ADD_OPERAND",
                        type_name(value)
                    )));
                }
            }
        }
        self.sets.iter().try_for_each(|(_, value)| value.check(placeholders)).map_err(wrong)
    }

    /// Checks that no key attribute is changed. Fails with DynamoDB's message.
    pub(crate) fn check_keys(&self, key: &KeySchema, placeholders: Placeholders<'_>) -> Result<(), String> {
        match self.targets().map(|path| top(path, placeholders)).find(|name| key.has(name)) {
            Some(name) => Err(format!(
                "One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of \
                 the key"
            )),
            None => Ok(()),
        }
    }

    /// Changes `item`. `before` is the same item before the update: all that the expression reads comes from it. Fails
    /// with DynamoDB's message if the update does not fit the item, and `item` must not be used then.
    pub(crate) fn apply(&self, before: &Item, item: &mut Item, placeholders: Placeholders<'_>) -> Result<(), String> {
        let given = |value: &str| placeholders.value(value).ok_or_else(|| MISSING_ATTRIBUTE.to_owned());
        let mut changes = Vec::new();
        for (path, value) in &self.adds {
            let value = given(value)?;
            check_add(find(before, path, placeholders), value)?;
            changes.push((resolve(path, placeholders), Change::Add(value)));
        }
        for (path, value) in &self.deletes {
            let value = given(value)?;
            check_delete(find(before, path, placeholders), value)?;
            changes.push((resolve(path, placeholders), Change::Delete(value)));
        }
        for (path, value) in &self.sets {
            let value = value.of(before, placeholders)?;
            changes.push((resolve(path, placeholders), Change::Set(value)));
        }
        // In the order of the paths, so that what is set behind the end of a list is appended in the order of the
        // indexes.
        changes.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut removed = Vec::new();
        for (path, change) in changes {
            match change {
                Change::Set(value) => set(item, &path, value)?,
                Change::Add(value) => add(item, &path, value)?,
                Change::Delete(value) => {
                    if delete(item, &path, value)? {
                        removed.push(path);
                    }
                }
            }
        }
        for path in &self.removes {
            let path = resolve(path, placeholders);
            if find_resolved(before, &path).is_some() {
                removed.push(path);
            } else {
                check_parent(before, &path)?;
            }
        }
        // The last path first, so that no removed element moves another one that is still to be removed.
        removed.sort();
        removed.iter().rev().try_for_each(|path| remove(item, path))?;
        let is_nested = self.targets().any(|path| path.len() > 1);
        if is_nested && item.values().any(|value| is_too_deep(value, 0)) {
            return Err(TOO_DEEP.to_owned());
        }
        Ok(())
    }

    /// The part of an item that the update changes, for the ReturnValues `UPDATED_OLD` and `UPDATED_NEW`. Of a list
    /// into which a path leads it is the whole attribute.
    pub(crate) fn touched(&self, item: &Item, placeholders: Placeholders<'_>) -> Item {
        let paths: Vec<_> = self.targets().map(|path| resolve(path, placeholders)).collect();
        let enters_list = |path: &[Resolved<'_>]| path.iter().any(|step| matches!(step, Resolved::Index(_)));
        let paths: Vec<_> = paths
            .iter()
            .map(|path| if enters_list(path) { path.get(..1).unwrap_or_default() } else { path.as_slice() })
            .collect();
        part(item, &paths)
    }
}

impl Value {
    /// Checks that the values of the request have types that the functions and operators take. Fails with DynamoDB's
    /// message.
    fn check(&self, placeholders: Placeholders<'_>) -> Result<(), String> {
        let fits = |value: &Self, operator: &str, test: fn(&AttributeValue) -> bool| match value {
            Self::Given(name) => match placeholders.value(name) {
                Some(value) if !test(value) => Err(wrong_operand(operator, value)),
                _ => Ok(()),
            },
            other => other.check(placeholders),
        };
        let is_number = |value: &AttributeValue| matches!(value, AttributeValue::N(_));
        let is_list = |value: &AttributeValue| matches!(value, AttributeValue::L(_));
        match self {
            Self::Path(_) | Self::Given(_) => Ok(()),
            Self::IfNotExists(_, value) => value.check(placeholders),
            Self::ListAppend(one, other) => {
                fits(one, "list_append", is_list)?;
                fits(other, "list_append", is_list)
            }
            Self::Plus(one, other) => {
                fits(one, "+", is_number)?;
                fits(other, "+", is_number)
            }
            Self::Minus(one, other) => {
                fits(one, "-", is_number)?;
                fits(other, "-", is_number)
            }
        }
    }

    /// The value for an item. Fails with DynamoDB's message if the item lacks an attribute, or has a wrong one.
    fn of(&self, item: &Item, placeholders: Placeholders<'_>) -> Result<AttributeValue, String> {
        let missing = || MISSING_ATTRIBUTE.to_owned();
        match self {
            Self::Path(path) => find(item, path, placeholders).cloned().ok_or_else(missing),
            Self::Given(value) => placeholders.value(value).cloned().ok_or_else(missing),
            Self::IfNotExists(path, value) => match find(item, path, placeholders) {
                Some(present) => Ok(present.clone()),
                None => value.of(item, placeholders),
            },
            Self::ListAppend(one, other) => match (one.of(item, placeholders)?, other.of(item, placeholders)?) {
                (AttributeValue::L(mut list), AttributeValue::L(more)) => {
                    list.extend(more);
                    Ok(AttributeValue::L(list))
                }
                _ => Err(WRONG_TYPE.to_owned()),
            },
            Self::Plus(one, other) => sum(&one.of(item, placeholders)?, &other.of(item, placeholders)?, false),
            Self::Minus(one, other) => sum(&one.of(item, placeholders)?, &other.of(item, placeholders)?, true),
        }
    }
}

fn sum(one: &AttributeValue, other: &AttributeValue, is_difference: bool) -> Result<AttributeValue, String> {
    let (AttributeValue::N(one), AttributeValue::N(other)) = (one, other) else {
        return Err(WRONG_TYPE.to_owned());
    };
    let number = |text: &str| Number::parse(text).map_err(|error| error.to_string());
    let (one, other) = (number(one)?, number(other)?);
    let result = if is_difference { one.minus(other) } else { one.plus(other) };
    Ok(AttributeValue::N(result.map_err(|error| error.to_string())?.text()))
}

fn is_set(value: &AttributeValue) -> bool {
    matches!(value, AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_))
}

fn check_add(present: Option<&AttributeValue>, value: &AttributeValue) -> Result<(), String> {
    let can_add = is_set(value) || matches!(value, AttributeValue::N(_));
    let fits = present.is_none_or(|present| type_name(present) == type_name(value));
    if can_add && fits { Ok(()) } else { Err(WRONG_TYPE.to_owned()) }
}

fn check_delete(present: Option<&AttributeValue>, value: &AttributeValue) -> Result<(), String> {
    let fits = present.is_none_or(|present| is_set(value) && type_name(present) == type_name(value));
    if fits { Ok(()) } else { Err(WRONG_TYPE.to_owned()) }
}

/// Checks that an item has the map or the list into which the last step of a path leads.
fn check_parent(item: &Item, path: &[Resolved<'_>]) -> Result<(), String> {
    match path.split_last() {
        Some((Resolved::Name(_), [])) => Ok(()),
        Some((last, parent)) => match (find_resolved(item, parent), last) {
            (Some(AttributeValue::M(_)), Resolved::Name(_)) | (Some(AttributeValue::L(_)), Resolved::Index(_)) => {
                Ok(())
            }
            _ => Err(INVALID_PATH.to_owned()),
        },
        None => Err(INVALID_PATH.to_owned()),
    }
}

fn set(item: &mut Item, path: &[Resolved<'_>], value: AttributeValue) -> Result<(), String> {
    match path.split_last() {
        Some((Resolved::Name(name), [])) => {
            item.insert((*name).to_owned(), value);
            Ok(())
        }
        Some((last, parent)) => match (find_mut(item, parent), last) {
            (Some(AttributeValue::M(map)), Resolved::Name(name)) => {
                map.insert((*name).to_owned(), value);
                Ok(())
            }
            (Some(AttributeValue::L(list)), Resolved::Index(index)) => {
                match list.get_mut(*index) {
                    Some(element) => *element = value,
                    None => list.push(value),
                }
                Ok(())
            }
            _ => Err(INVALID_PATH.to_owned()),
        },
        None => Err(INVALID_PATH.to_owned()),
    }
}

fn add(item: &mut Item, path: &[Resolved<'_>], value: &AttributeValue) -> Result<(), String> {
    let Some(present) = find_mut(item, path) else { return set(item, path, value.clone()) };
    match (present, value) {
        (AttributeValue::Ss(set), AttributeValue::Ss(more)) => {
            more.iter().for_each(|member| insert(set, member));
            set.sort_unstable();
        }
        (AttributeValue::Bs(set), AttributeValue::Bs(more)) => {
            more.iter().for_each(|member| insert(set, member));
            set.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
        }
        (AttributeValue::Ns(set), AttributeValue::Ns(more)) => {
            let new: Vec<_> = more.iter().filter(|member| !has_number(set, member)).cloned().collect();
            set.extend(new);
            sort_numbers(set);
        }
        (present, value) => *present = sum(present, value, false)?,
    }
    Ok(())
}

fn insert<T: PartialEq + Clone>(set: &mut Vec<T>, member: &T) {
    if !set.contains(member) {
        set.push(member.clone());
    }
}

/// Removes members from the set at a path. Returns whether none are left.
fn delete(item: &mut Item, path: &[Resolved<'_>], value: &AttributeValue) -> Result<bool, String> {
    check_parent(item, path)?;
    match (find_mut(item, path), value) {
        (None, _) => Ok(false),
        (Some(AttributeValue::Ss(set)), AttributeValue::Ss(gone)) => {
            set.retain(|member| !gone.contains(member));
            Ok(set.is_empty())
        }
        (Some(AttributeValue::Bs(set)), AttributeValue::Bs(gone)) => {
            set.retain(|member| !gone.contains(member));
            Ok(set.is_empty())
        }
        (Some(AttributeValue::Ns(set)), AttributeValue::Ns(gone)) => {
            set.retain(|member| !has_number(gone, member));
            Ok(set.is_empty())
        }
        _ => Err(WRONG_TYPE.to_owned()),
    }
}

fn remove(item: &mut Item, path: &[Resolved<'_>]) -> Result<(), String> {
    match path.split_last() {
        Some((Resolved::Name(name), [])) => {
            item.remove(*name);
        }
        Some((last, parent)) => match (find_mut(item, parent), last) {
            (Some(AttributeValue::M(map)), Resolved::Name(name)) => {
                map.remove(*name);
            }
            (Some(AttributeValue::L(list)), Resolved::Index(index)) if *index < list.len() => {
                list.remove(*index);
            }
            _ => {}
        },
        None => return Err(INVALID_PATH.to_owned()),
    }
    Ok(())
}

/// Parses an UpdateExpression. Fails with DynamoDB's message, without the name of the parameter.
pub(super) fn parse(text: &str) -> Result<Parsed<Update>, String> {
    let mut parser = Parser::new(text)?;
    let mut update = Update::default();
    let mut seen = Vec::new();
    let clauses = ["SET", "REMOVE", "ADD", "DELETE"];
    while !parser.is_at_end() || seen.is_empty() {
        let Some(clause) = clauses.into_iter().find(|clause| parser.takes_keyword(clause)) else {
            return parser.syntax_error();
        };
        if seen.contains(&clause) {
            return Err(format!("The \"{clause}\" section can only be used once in an update expression;"));
        }
        seen.push(clause);
        loop {
            let path = parser.path()?;
            match clause {
                "SET" => {
                    parser.expect("=")?;
                    update.sets.push((path, assigned(&mut parser, 0)?));
                }
                "REMOVE" => update.removes.push(path),
                "ADD" => update.adds.push((path, parser.value()?)),
                _ => update.deletes.push((path, parser.value()?)),
            }
            if !parser.takes(",") {
                break;
            }
        }
    }
    Ok(Parsed { tree: update, uses: parser.uses })
}

fn assigned(parser: &mut Parser<'_>, depth: usize) -> Result<Value, String> {
    let left = operand(parser, depth)?;
    match parser.takes_one_of(&["+", "-"]) {
        Some("+") => Ok(Value::Plus(Box::new(left), Box::new(operand(parser, depth)?))),
        Some(_) => Ok(Value::Minus(Box::new(left), Box::new(operand(parser, depth)?))),
        None => Ok(left),
    }
}

fn operand(parser: &mut Parser<'_>, depth: usize) -> Result<Value, String> {
    Parser::check_depth(depth)?;
    if let Some(value) = parser.takes_value() {
        return Ok(Value::Given(value));
    }
    if parser.takes("(") {
        let inner = assigned(parser, depth + 1)?;
        parser.expect(")")?;
        return Ok(inner);
    }
    let value = match parser.takes_function() {
        Some("if_not_exists") => {
            let path = parser.path()?;
            parser.expect(",")?;
            Value::IfNotExists(path, Box::new(operand(parser, depth + 1)?))
        }
        Some("list_append") => {
            let list = operand(parser, depth + 1)?;
            parser.expect(",")?;
            Value::ListAppend(Box::new(list), Box::new(operand(parser, depth + 1)?))
        }
        Some(other) => return Err(format!("Invalid function name; function: {other}")),
        None => return Ok(Value::Path(parser.path()?)),
    };
    parser.expect(")")?;
    Ok(value)
}
