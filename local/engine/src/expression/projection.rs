//! Projections: the part of an item that a request asks for.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::parser::Parser;
use super::path::{Resolved, Step, overlap, resolve};
use super::placeholders::{Parsed, Placeholders};
use crate::value::Item;

/// Paths that are asked for, as they are written.
pub(crate) type Paths = Vec<Vec<Step>>;

/// Paths that are asked for, without placeholders.
#[derive(Debug)]
pub(crate) struct Projected<'e> {
    paths: Vec<Vec<Resolved<'e>>>,
}

impl<'e> Projected<'e> {
    /// The paths of a ProjectionExpression. Returns DynamoDB's message if two of them overlap.
    pub(crate) fn of(paths: &'e [Vec<Step>], placeholders: Placeholders<'e>) -> Result<Self, String> {
        let paths: Vec<_> = paths.iter().map(|path| resolve(path, placeholders)).collect();
        match overlap(&paths) {
            Some(why) => Err(format!("Invalid ProjectionExpression: {why}")),
            None => Ok(Self { paths }),
        }
    }

    /// The attributes in which the paths begin.
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

/// Paths by their first steps.
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

/// Parses a projection.
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
