//! The tokens of transactions. A transaction that is repeated with the same token is not done a second time.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use crate::value::Item;

/// How long a token is remembered, as in DynamoDB.
const KNOWN_FOR: Duration = Duration::from_mins(10);

/// The transactions of the last ten minutes, by their tokens. They are not in the log: a client that repeats a
/// transaction runs in the same process, and ends with it.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    known: HashMap<String, Known>,
    oldest: VecDeque<(Instant, String)>,
}

/// A transaction that was done.
#[derive(Debug)]
struct Known {
    digest: u64,
    read_units: BTreeMap<String, f64>,
}

/// What is known of a token.
#[derive(Debug)]
pub(crate) enum Seen {
    /// No transaction was done with it.
    Never,
    /// The same transaction was done with it. The value is the read units for its items, by their tables.
    Same(BTreeMap<String, f64>),
    /// Another transaction was done with it.
    Other,
}

impl Tokens {
    /// Looks up a token. `digest` is that of the transaction that has it now.
    pub(crate) fn seen(&mut self, token: &str, digest: u64) -> Seen {
        let now = now();
        while self.oldest.front().is_some_and(|(at, _)| now.duration_since(*at) >= KNOWN_FOR) {
            if let Some((_, token)) = self.oldest.pop_front() {
                self.known.remove(&token);
            }
        }
        match self.known.get(token) {
            None => Seen::Never,
            Some(known) if known.digest == digest => Seen::Same(known.read_units.clone()),
            Some(_) => Seen::Other,
        }
    }

    /// Remembers a transaction that was done.
    pub(crate) fn remember(&mut self, done: Done) {
        self.oldest.push_back((now(), done.token.clone()));
        self.known.insert(done.token, Known { digest: done.digest, read_units: done.read_units });
    }
}

/// A transaction that was done with a token.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) token: String,
    pub(crate) digest: u64,
    /// The read units for its items, by their tables: what a repeat costs.
    pub(crate) read_units: BTreeMap<String, f64>,
}

#[expect(clippy::disallowed_methods, reason = "no test waits ten minutes, and the engine has no other use for a clock")]
fn now() -> Instant {
    Instant::now()
}

/// A digest of the parts of a transaction. It is the same for equal transactions, and for no others in practice.
pub(crate) fn digest(items: &[TransactWriteItem]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for item in items {
        if let Some(put) = &item.put {
            (0, &put.table_name, of_map(&put.item), &put.condition_expression).hash(&mut hasher);
            of_rest(
                &mut hasher,
                put.expression_attribute_names.as_ref(),
                put.expression_attribute_values.as_ref(),
                put.return_values_on_condition_check_failure.as_ref(),
            );
        }
        if let Some(update) = &item.update {
            let key = of_map(&update.key);
            (1, &update.table_name, key, &update.update_expression, &update.condition_expression).hash(&mut hasher);
            of_rest(
                &mut hasher,
                update.expression_attribute_names.as_ref(),
                update.expression_attribute_values.as_ref(),
                update.return_values_on_condition_check_failure.as_ref(),
            );
        }
        if let Some(delete) = &item.delete {
            (2, &delete.table_name, of_map(&delete.key), &delete.condition_expression).hash(&mut hasher);
            of_rest(
                &mut hasher,
                delete.expression_attribute_names.as_ref(),
                delete.expression_attribute_values.as_ref(),
                delete.return_values_on_condition_check_failure.as_ref(),
            );
        }
        if let Some(check) = &item.condition_check {
            (3, &check.table_name, of_map(&check.key), &check.condition_expression).hash(&mut hasher);
            of_rest(
                &mut hasher,
                check.expression_attribute_names.as_ref(),
                check.expression_attribute_values.as_ref(),
                check.return_values_on_condition_check_failure.as_ref(),
            );
        }
    }
    hasher.finish()
}

fn of_rest(
    hasher: &mut DefaultHasher,
    names: Option<&HashMap<String, String>>,
    values: Option<&Item>,
    returned: Option<&ReturnValuesOnConditionCheckFailure>,
) {
    let names = names.map(|names| names.iter().fold(0_u64, |sum, pair| sum.wrapping_add(of(&pair))));
    (names, values.map(of_map), returned).hash(hasher);
}

/// The digest of an item. It does not depend on the order in which the map returns its attributes.
fn of_map(map: &Item) -> u64 {
    map.iter().fold(0, |sum, (name, value)| sum.wrapping_add(of(&(name, of_value(value)))))
}

fn of_value(value: &AttributeValue) -> u64 {
    match value {
        AttributeValue::S(text) => of(&(0, text)),
        AttributeValue::N(number) => of(&(1, number)),
        AttributeValue::B(bytes) => of(&(2, bytes.as_ref())),
        AttributeValue::Bool(value) => of(&(3, value)),
        AttributeValue::Null(value) => of(&(4, value)),
        AttributeValue::Ss(set) => of(&(5, set)),
        AttributeValue::Ns(set) => of(&(6, set)),
        AttributeValue::Bs(set) => of(&(7, set.iter().map(AsRef::as_ref).collect::<Vec<_>>())),
        AttributeValue::L(list) => of(&(8, list.iter().map(of_value).collect::<Vec<_>>())),
        AttributeValue::M(map) => of(&(9, of_map(map))),
        _ => 0,
    }
}

fn of(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
