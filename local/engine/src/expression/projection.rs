//! ProjectionExpression: the part of an item that a request asks for.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::parser::Parser;
use super::path::{Resolved, Step, overlap, resolve};
use super::placeholders::{Parsed, Placeholders};
use crate::value::Item;

/// The paths of a ProjectionExpression, as it has them.
pub(crate) type Paths = Vec<Vec<Step>>;

/// The paths of a ProjectionExpression, with their placeholders replaced.
#[derive(Debug)]
pub(crate) struct Projected<'e> {
    paths: Vec<Vec<Resolved<'e>>>,
}

impl<'e> Projected<'e> {
    /// Replaces the placeholders of the paths. Fails with DynamoDB's message if two of the paths overlap.
    pub(crate) fn of(paths: &'e [Vec<Step>], placeholders: Placeholders<'e>) -> Result<Self, String> {
        let paths: Vec<_> = paths.iter().map(|path| resolve(path, placeholders)).collect();
        match overlap(&paths) {
            Some(why) => Err(format!("Invalid ProjectionExpression: {why}")),
            None => Ok(Self { paths }),
        }
    }

    /// The names of the attributes in which the paths begin.
    pub(crate) fn tops(&self) -> impl Iterator<Item = &'e str> {
        self.paths.iter().filter_map(|path| match path.first() {
            Some(Resolved::Name(name)) => Some(*name),
            _ => None,
        })
    }

    /// The part of an item that these paths name.
    pub(crate) fn part(&self, item: &Item) -> Item {
        part(item, &self.paths.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}

/// The part of an item that these paths name. Elements of a list come in their order, without gaps.
pub(super) fn part(item: &Item, paths: &[&[Resolved<'_>]]) -> Item {
    map_part(item, &by_step(paths))
}

/// What follows the first steps of some paths, by these first steps.
type Steps<'p, 'e> = BTreeMap<Resolved<'e>, Vec<&'p [Resolved<'e>]>>;

fn by_step<'p, 'e>(paths: &[&'p [Resolved<'e>]]) -> Steps<'p, 'e> {
    let mut steps = Steps::new();
    for path in paths {
        if let Some((first, rest)) = path.split_first() {
            steps.entry(*first).or_default().push(rest);
        }
    }
    steps
}

fn map_part(map: &Item, steps: &Steps<'_, '_>) -> Item {
    let parts = steps.iter().filter_map(|(step, paths)| match step {
        Resolved::Name(name) => Some(((*name).to_owned(), value_part(map.get(*name)?, paths)?)),
        Resolved::Index(_) => None,
    });
    parts.collect()
}

fn value_part(value: &AttributeValue, paths: &[&[Resolved<'_>]]) -> Option<AttributeValue> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    let steps = by_step(paths);
    match value {
        AttributeValue::M(map) => Some(map_part(map, &steps)).filter(|map| !map.is_empty()).map(AttributeValue::M),
        AttributeValue::L(list) => {
            let parts = steps.iter().filter_map(|(step, paths)| match step {
                Resolved::Index(index) => value_part(list.get(*index)?, paths),
                Resolved::Name(_) => None,
            });
            Some(parts.collect::<Vec<_>>()).filter(|list| !list.is_empty()).map(AttributeValue::L)
        }
        _ => None,
    }
}

/// Parses a ProjectionExpression. Fails with DynamoDB's message, without the name of the parameter.
pub(super) fn parse(text: &str) -> Result<Parsed<Paths>, String> {
    let mut parser = Parser::new(text)?;
    let mut paths = vec![parser.path()?];
    while parser.takes(",") {
        paths.push(parser.path()?);
    }
    if !parser.is_at_end() {
        return parser.syntax_error();
    }
    Ok(Parsed { tree: paths, uses: parser.uses })
}
