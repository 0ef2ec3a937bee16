//! The fields of a JSON object. A field that nobody takes is refused, so that no parameter is ignored.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::value::{flag, text, wrong};
use crate::refusal::{Refusal, invalid};

/// The fields of an object that have not been taken.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// The fields of an object.
    pub(super) fn of(json: Value) -> Result<Self, Refusal> {
        match json {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(wrong("a parameter", "an object")),
        }
    }

    /// Takes a field. One that is null is absent.
    pub(super) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        self.0.remove(name).filter(|json| !json.is_null()).map(read).transpose()
    }

    /// Takes a text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        self.take(name, text)
    }

    /// Takes a word of an enumeration.
    pub(super) fn word<T: for<'w> From<&'w str>>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        Ok(self.text(name)?.map(|word| T::from(&word)))
    }

    /// Takes true or false.
    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        self.take(name, |json| flag(&json))
    }

    /// Takes a number.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<i32>, Refusal> {
        self.take(name, |json| {
            let number = json.as_i64().and_then(|number| i32::try_from(number).ok());
            number.ok_or_else(|| wrong(name, "a number"))
        })
    }

    /// Takes a map.
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

    /// Refuses the fields that are left.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        match self.0.into_iter().find(|(_, json)| !json.is_null()) {
            Some((name, _)) => Err(invalid(format!("the local tables do not support the parameter {name}"))),
            None => Ok(()),
        }
    }
}
