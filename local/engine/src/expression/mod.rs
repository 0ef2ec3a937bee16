//! DynamoDB's expressions: how their texts are parsed, and what they do with items.

mod cache;
mod condition;
mod key_condition;
mod parser;
mod path;
mod placeholders;
mod projection;
mod reserved;
mod token;
mod update;

pub(crate) use cache::Expressions;
pub(crate) use condition::Condition;
pub(crate) use key_condition::{KeyCondition, SortCondition};
pub(crate) use placeholders::{Parsed, Placeholders, Used, normalize_values};
pub(crate) use projection::{Paths, Projected};
pub(crate) use update::Update;
