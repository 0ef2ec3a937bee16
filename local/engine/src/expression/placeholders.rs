//! The names and values that a request defines for its expressions, and whose placeholders the expressions use.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::refusal::{Refusal, invalid};
use crate::value::{Item, normalize};

/// The ExpressionAttributeNames and the ExpressionAttributeValues of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placeholders<'r> {
    names: Option<&'r HashMap<String, String>>,
    values: Option<&'r Item>,
}

/// The placeholders that an expression uses, `#` and `:` included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    pub(super) names: Vec<String>,
    pub(super) values: Vec<String>,
}

/// An expression that is parsed.
#[derive(Debug)]
pub(crate) struct Parsed<T> {
    /// What the expression says.
    pub(crate) tree: T,
    /// The placeholders that it uses.
    pub(crate) uses: Uses,
}

/// The placeholders that one expression of a request uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used<'e> {
    /// The parameter that has the expression, such as `ConditionExpression`.
    pub(crate) parameter: &'static str,
    /// The placeholders that it uses.
    pub(crate) uses: &'e Uses,
}

impl<'r> Placeholders<'r> {
    /// The placeholders that a request defines.
    pub(crate) fn new(names: Option<&'r HashMap<String, String>>, values: Option<&'r Item>) -> Self {
        Self { names, values }
    }

    /// The name that a placeholder stands for.
    pub(crate) fn name(self, placeholder: &str) -> Option<&'r str> {
        self.names?.get(placeholder).map(String::as_str)
    }

    /// The value that a placeholder stands for.
    pub(crate) fn value(self, placeholder: &str) -> Option<&'r AttributeValue> {
        self.values?.get(placeholder)
    }

    /// Checks that these expressions use only placeholders that are defined.
    pub(crate) fn check_defined(self, expressions: &[Used<'_>]) -> Result<(), Refusal> {
        for Used { parameter, uses } in expressions {
            if let Some(name) = uses.names.iter().find(|name| self.name(name).is_none()) {
                return Err(invalid(format!(
                    "Invalid {parameter}: An expression attribute name used in the document path is not defined; \
                     attribute name: {name}"
                )));
            }
            if let Some(value) = uses.values.iter().find(|value| self.value(value).is_none()) {
                return Err(invalid(format!(
                    "Invalid {parameter}: An expression attribute value used in expression is not defined; attribute \
                     value: {value}"
                )));
            }
        }
        Ok(())
    }

    /// Checks that the expressions use every placeholder that is defined.
    pub(crate) fn check_used(self, expressions: &[Used<'_>]) -> Result<(), Refusal> {
        let unused = |parameter: &str, mut keys: Vec<&str>| {
            if keys.is_empty() {
                return Ok(());
            }
            keys.sort_unstable();
            Err(invalid(format!("Value provided in {parameter} unused in expressions: keys: {{{}}}", keys.join(", "))))
        };
        let names = self.names.into_iter().flat_map(HashMap::keys).map(String::as_str);
        let names = names.filter(|key| !expressions.iter().any(|used| used.uses.names.iter().any(|name| name == key)));
        unused("ExpressionAttributeNames", names.collect())?;
        let values = self.values.into_iter().flat_map(HashMap::keys).map(String::as_str);
        let values =
            values.filter(|key| !expressions.iter().any(|used| used.uses.values.iter().any(|value| value == key)));
        unused("ExpressionAttributeValues", values.collect())
    }

    /// Checks the form of the placeholders that are defined. `has_expression` says whether the request has an
    /// expression: without one it must define none.
    pub(crate) fn check_form(self, has_expression: bool) -> Result<(), Refusal> {
        let empty = (self.names.map(HashMap::is_empty), self.values.map(HashMap::is_empty));
        for (parameter, is_empty) in [("ExpressionAttributeNames", empty.0), ("ExpressionAttributeValues", empty.1)] {
            match is_empty {
                Some(_) if !has_expression => {
                    return Err(invalid(format!("{parameter} can only be specified when using expressions")));
                }
                Some(true) => return Err(invalid(format!("{parameter} must not be empty"))),
                Some(false) | None => {}
            }
        }
        let names = self.names.into_iter().flat_map(HashMap::keys).map(|key| ("Names", '#', key));
        let values = self.values.into_iter().flat_map(HashMap::keys).map(|key| ("Values", ':', key));
        for (map, sign, key) in names.chain(values) {
            if !key.starts_with(sign) || !key.is_ascii() || key.len() < 2 {
                return Err(invalid(format!(
                    "ExpressionAttribute{map} contains invalid key: Syntax error; key: \"{key}\""
                )));
            }
        }
        match self.names.and_then(|names| names.iter().find(|(_, name)| name.is_empty())) {
            Some(_) => Err(invalid("ExpressionAttributeNames contains invalid value: an attribute name is empty")),
            None => Ok(()),
        }
    }
}

/// Checks the ExpressionAttributeValues of a request, and brings numbers and sets into the form in which DynamoDB
/// returns them.
pub(crate) fn normalize_values(values: Option<&mut Item>) -> Result<(), Refusal> {
    for (key, value) in values.into_iter().flatten() {
        normalize(value)
            .map_err(|why| invalid(format!("ExpressionAttributeValues contains invalid value: {why} for key {key}")))?;
    }
    Ok(())
}
