//! Paths of attributes, such as `a.#b[2]`.

use aws_sdk_dynamodb::types::AttributeValue;

use super::placeholders::Placeholders;
use crate::value::Item;

/// A step of a path, as the expression has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An attribute by its name.
    Name(String),
    /// An attribute by a placeholder, `#` included.
    Placeholder(String),
    /// An element of a list, by its index.
    Index(usize),
}

/// A path, as the expression has it.
pub(crate) type Path = [Step];

/// A step of a path whose placeholder is replaced by the name that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resolved<'e> {
    /// An attribute by its name.
    Name(&'e str),
    /// An element of a list, by its index.
    Index(usize),
}

impl Step {
    /// The step without a placeholder. A placeholder that is not defined stands for itself; requests are checked for
    /// such placeholders before anything is resolved.
    pub(crate) fn resolved<'e>(&'e self, placeholders: Placeholders<'e>) -> Resolved<'e> {
        match self {
            Self::Name(name) => Resolved::Name(name),
            Self::Placeholder(placeholder) => Resolved::Name(placeholders.name(placeholder).unwrap_or(placeholder)),
            Self::Index(index) => Resolved::Index(*index),
        }
    }
}

/// A path with its placeholders replaced.
pub(crate) fn resolve<'e>(path: &'e Path, placeholders: Placeholders<'e>) -> Vec<Resolved<'e>> {
    path.iter().map(|step| step.resolved(placeholders)).collect()
}

/// The name of the attribute in which a path begins.
pub(crate) fn top<'e>(path: &'e Path, placeholders: Placeholders<'e>) -> &'e str {
    match path.first().map(|step| step.resolved(placeholders)) {
        Some(Resolved::Name(name)) => name,
        _ => "",
    }
}

/// The value at a path of an item. `None` if there is none.
pub(crate) fn find<'i>(item: &'i Item, path: &Path, placeholders: Placeholders<'_>) -> Option<&'i AttributeValue> {
    let mut steps = path.iter().map(|step| step.resolved(placeholders));
    let Resolved::Name(name) = steps.next()? else { return None };
    steps.try_fold(item.get(name)?, |value, step| enter(value, step))
}

/// The value at a resolved path of an item. `None` if there is none.
pub(crate) fn find_resolved<'i>(item: &'i Item, path: &[Resolved<'_>]) -> Option<&'i AttributeValue> {
    let (Resolved::Name(name), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(item.get(*name)?, |value, step| enter(value, *step))
}

/// The value to which one more step leads from a map or a list.
fn enter<'i>(value: &'i AttributeValue, step: Resolved<'_>) -> Option<&'i AttributeValue> {
    match (value, step) {
        (AttributeValue::M(map), Resolved::Name(name)) => map.get(name),
        (AttributeValue::L(list), Resolved::Index(index)) => list.get(index),
        _ => None,
    }
}

/// The value at a resolved path of an item, to be changed. `None` if there is none.
pub(crate) fn find_mut<'i>(item: &'i mut Item, path: &[Resolved<'_>]) -> Option<&'i mut AttributeValue> {
    let (Resolved::Name(name), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(item.get_mut(*name)?, |value, step| match (value, step) {
        (AttributeValue::M(map), Resolved::Name(name)) => map.get_mut(*name),
        (AttributeValue::L(list), Resolved::Index(index)) => list.get_mut(*index),
        _ => None,
    })
}

/// A path as DynamoDB's messages show it.
pub(crate) fn shown(path: &[Resolved<'_>]) -> String {
    let steps = path.iter().map(|step| match step {
        Resolved::Name(name) => (*name).to_owned(),
        Resolved::Index(index) => format!("[{index}]"),
    });
    format!("[{}]", steps.collect::<Vec<_>>().join(", "))
}

/// DynamoDB's message for two paths that are equal, or of which one leads into the other. `None` if there are no such
/// two.
pub(crate) fn overlap(paths: &[Vec<Resolved<'_>>]) -> Option<String> {
    for (at, one) in paths.iter().enumerate() {
        for other in paths.iter().skip(at + 1) {
            if one.starts_with(other) || other.starts_with(one) {
                return Some(format!(
                    "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: \
                     {}, path two: {}",
                    shown(one),
                    shown(other)
                ));
            }
        }
    }
    None
}
