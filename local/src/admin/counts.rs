//! The numbers of connections, packets and bytes, by seconds, in the form of the official server.

use std::collections::BTreeMap;

use relay::clock::Timestamp;
use serde_json::{Value, json};

/// The most different numbers between two calls of [`Counts::take`]. Further ones are not counted.
const NUMBERS_MAX: usize = 1_000;

/// The numbers since they were last taken.
#[derive(Debug, Default)]
pub(super) struct Counts(BTreeMap<(i64, &'static str, Option<String>), usize>);

impl Counts {
    /// Adds to a number of the second of `at`. `subtype` is the reason of a disconnection.
    pub(super) fn add(&mut self, at: Timestamp, kind: &'static str, subtype: Option<&str>, count: usize) {
        let key = (at.seconds() * 1_000, kind, subtype.map(str::to_owned));
        if self.0.len() < NUMBERS_MAX || self.0.contains_key(&key) {
            *self.0.entry(key).or_default() += count;
        }
    }

    /// Takes the numbers.
    pub(super) fn take(&mut self) -> Vec<Value> {
        let numbers = std::mem::take(&mut self.0).into_iter();
        let number = |((timestamp, kind, subtype), count)| {
            let mut number = json!({"timestamp": timestamp, "type": kind, "count": count});
            if let (Some(subtype), Some(members)) = (subtype, number.as_object_mut()) {
                members.insert("subType".to_owned(), Value::from(subtype));
            }
            number
        };
        numbers.map(number).collect()
    }
}
