//! Remembers parsed expressions. A client sends the same few texts again and again, and each is parsed once.

use std::collections::HashMap;
use std::sync::Arc;

use super::condition::{self, Condition};
use super::placeholders::Parsed;
use super::projection::{self, Paths};
use super::update::{self, Update};
use crate::refusal::{Refusal, invalid};

/// The most expressions of one kind that are remembered. With one more, all are forgotten and parsed anew.
const TEXTS_MAX: usize = 1_000;

/// The parsed expressions of one kind, by their texts.
type Texts<T> = HashMap<Box<str>, Arc<Parsed<T>>>;

/// The parsed expressions of earlier requests.
#[derive(Debug, Default)]
pub(crate) struct Expressions {
    conditions: Texts<Condition>,
    updates: Texts<Update>,
    projections: Texts<Paths>,
}

impl Expressions {
    /// Parses a condition. `parameter` is the parameter that it comes from, for the message of a refusal.
    pub(crate) fn condition(&mut self, text: &str, parameter: &str) -> Result<Arc<Parsed<Condition>>, Refusal> {
        kept(&mut self.conditions, text, parameter, condition::parse)
    }

    /// Parses an UpdateExpression.
    pub(crate) fn update(&mut self, text: &str) -> Result<Arc<Parsed<Update>>, Refusal> {
        kept(&mut self.updates, text, "UpdateExpression", update::parse)
    }

    /// Parses a ProjectionExpression.
    pub(crate) fn projection(&mut self, text: &str) -> Result<Arc<Parsed<Paths>>, Refusal> {
        kept(&mut self.projections, text, "ProjectionExpression", projection::parse)
    }
}

/// The parsed expression of this text. Parses it if it is not among the remembered ones.
fn kept<T>(
    texts: &mut Texts<T>,
    text: &str,
    parameter: &str,
    parse: impl FnOnce(&str) -> Result<Parsed<T>, String>,
) -> Result<Arc<Parsed<T>>, Refusal> {
    if let Some(parsed) = texts.get(text) {
        return Ok(Arc::clone(parsed));
    }
    let parsed = parse(text).map_err(|why| invalid(format!("Invalid {parameter}: {why}")))?;
    if texts.len() >= TEXTS_MAX {
        texts.clear();
    }
    let parsed = Arc::new(parsed);
    texts.insert(text.into(), Arc::clone(&parsed));
    Ok(parsed)
}
