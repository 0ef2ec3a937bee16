//! What the tables keep in memory, and what the operations return.

use std::collections::HashMap;

use crate::expression::Expressions;
use crate::refusal::{Refusal, invalid};
use crate::request::Response;
use crate::schema::is_name_byte;
use crate::table::{Change, Table};
use crate::token::Tokens;

/// Everything that the tables keep in memory.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) tables: Vec<Table>,
    numbers: HashMap<String, usize>,
    pub(crate) expressions: Expressions,
    pub(crate) tokens: Tokens,
}

/// What an operation returns before it is committed: the answer, and the changes that are still to be made.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) response: Response,
    pub(crate) changes: Vec<Change>,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

impl Outcome {
    /// The outcome of a request that only reads.
    pub(crate) fn read(response: Response, read_units: f64) -> Self {
        Self { response, changes: Vec::new(), read_units, write_units: 0.0 }
    }

    /// The outcome of a request that writes.
    pub(crate) fn write(response: Response, changes: Vec<Change>, write_units: f64) -> Self {
        Self { response, changes, read_units: 0.0, write_units }
    }
}

/// A table and its number: its place in [`State::tables`], by which the log names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered<'s> {
    pub(crate) number: usize,
    pub(crate) table: &'s Table,
}

impl State {
    /// Adds a table. Its number is that of the tables before it.
    pub(crate) fn add(&mut self, table: Table) {
        self.numbers.insert(table.schema.name.clone(), self.tables.len());
        self.tables.push(table);
    }

    /// The table of this name, if it exists.
    pub(crate) fn find(&self, name: &str) -> Option<Numbered<'_>> {
        let number = *self.numbers.get(name)?;
        Some(Numbered { number, table: self.tables.get(number)? })
    }

    /// The table of this name. Refuses the request if it does not exist.
    pub(crate) fn table(&self, name: &str) -> Result<Numbered<'_>, Refusal> {
        self.find(name).ok_or(Refusal::ResourceNotFound)
    }
}

/// Checks the name of a table in a request, and returns it.
pub(crate) fn table_name(name: Option<&str>) -> Result<&str, Refusal> {
    let wrong = |value: &str, constraint: &str| {
        invalid(format!(
            "1 validation error detected: Value {value} at 'tableName' failed to satisfy constraint: Member must \
             {constraint}"
        ))
    };
    let name = name.ok_or_else(|| wrong("null", "not be null"))?;
    let shown = format!("'{name}'");
    if name.len() < 3 {
        return Err(wrong(&shown, "have length greater than or equal to 3"));
    }
    if name.len() > 255 {
        return Err(wrong(&shown, "have length less than or equal to 255"));
    }
    if !name.bytes().all(is_name_byte) {
        return Err(wrong(&shown, "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"));
    }
    Ok(name)
}

/// Refuses a request with a parameter that the engine does not have. `parameters` are the names of such parameters,
/// each with whether the request has it.
pub(crate) fn refuse(parameters: &[(&str, bool)]) -> Result<(), Refusal> {
    match parameters.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(invalid(format!("the local tables do not support the parameter {name}"))),
        None => Ok(()),
    }
}
