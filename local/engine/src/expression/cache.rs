//! Expressions that were parsed before. A text is parsed once; a client sends the same few texts again and again.

use std::collections::HashMap;
use std::sync::Arc;

use super::condition::{self, Condition};
use super::placeholders::Parsed;
use super::projection::{self, Paths};
use super::update::{self, Update};
use crate::refusal::{Refusal, invalid};

/// The most texts of one kind that are kept. If there are more, all are parsed anew.
const TEXTS_MAX: usize = 1_000;

/// The parsed texts of one kind.
type Texts<T> = HashMap<Box<str>, Arc<Parsed<T>>>;

/// The parsed expressions.
#[derive(Debug, Default)]
pub(crate) struct Expressions {
    conditions: Texts<Condition>,
    updates: Texts<Update>,
    projections: Texts<Paths>,
}

impl Expressions {
    /// The condition of a text, which is the value of this parameter.
    pub(crate) fn condition(&mut self, text: &str, parameter: &str) -> Result<Arc<Parsed<Condition>>, Refusal> {
        kept(&mut self.conditions, text, parameter, condition::parse)
    }

    /// The update of a text.
    pub(crate) fn update(&mut self, text: &str) -> Result<Arc<Parsed<Update>>, Refusal> {
        kept(&mut self.updates, text, "UpdateExpression", update::parse)
    }

    /// The paths of a projection.
    pub(crate) fn projection(&mut self, text: &str) -> Result<Arc<Parsed<Paths>>, Refusal> {
        kept(&mut self.projections, text, "ProjectionExpression", projection::parse)
    }
}

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
