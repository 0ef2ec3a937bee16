//! The fields of a JSON object. A field that nobody takes is refused, so that no parameter is ignored.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::value::{flag, text, wrong};
use crate::refusal::{Refusal, invalid};

/// The fields of an object that have not been taken yet.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// The fields of a JSON value, which must be an object.
    pub(super) fn of(json: Value) -> Result<Self, Refusal> {
        match json {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(wrong("a parameter", "an object")),
        }
    }

    /// Takes the field of this name, and reads its value with `read`. A field that is null counts as absent.
    pub(super) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        self.0.remove(name).filter(|json| !json.is_null()).map(read).transpose()
    }

    /// Takes a field whose value is a text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        self.take(name, text)
    }

    /// Takes a field whose value is a word of an enumeration. A word that the SDK does not know is not refused here.
    pub(super) fn word<T: for<'w> From<&'w str>>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        Ok(self.text(name)?.map(|word| T::from(&word)))
    }

    /// Takes a field whose value is true or false.
    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        self.take(name, |json| flag(&json))
    }

    /// Takes a field whose value is a whole number of 32 bits.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<i32>, Refusal> {
        self.take(name, |json| {
            let number = json.as_i64().and_then(|number| i32::try_from(number).ok());
            number.ok_or_else(|| wrong(name, "a number"))
        })
    }

    /// Takes a field whose value is an object, and reads each of its values with `read`.
    pub(super) fn map<T>(
        &mut self,
        name: &str,
        read: impl Fn(Value) -> Result<T, Refusal>,
    ) -> Result<Option<HashMap<String, T>>, Refusal> {
        self.take(name, |json| match json {
            Value::Object(all) => all.into_iter().map(|(name, json)| Ok((name, read(json)?))).collect(),
            _ => Err(wrong(name, "a map")),
        })
    }

    /// Refuses the request if there is a field that nobody took.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        match self.0.into_iter().find(|(_, json)| !json.is_null()) {
            Some((name, _)) => Err(invalid(format!("the local tables do not support the parameter {name}"))),
            None => Ok(()),
        }
    }
}
