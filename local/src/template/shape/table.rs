//! The properties of `AWS::DynamoDB::Table`.

use std::collections::BTreeMap;

use engine::{IndexSchema, KeySchema, Projection, TableSchema};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::template::form::typed;
use crate::template::{StreamView, Table, TemplateError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Properties {
    #[serde(rename = "BillingMode")]
    _billing_mode: OnDemand,
    attribute_definitions: Vec<AttributeDefinition>,
    key_schema: Vec<KeyElement>,
    #[serde(default)]
    local_secondary_indexes: Vec<IndexProperties>,
    #[serde(default)]
    global_secondary_indexes: Vec<IndexProperties>,
    time_to_live_specification: Option<TimeToLive>,
    stream_specification: Option<StreamSpecification>,
    // Backups, encryption and protection against deletion exist only in the cloud.
    #[serde(rename = "DeletionProtectionEnabled")]
    _deletion_protection: Option<IgnoredAny>,
    #[serde(rename = "PointInTimeRecoverySpecification")]
    _point_in_time_recovery: Option<IgnoredAny>,
    #[serde(rename = "SSESpecification")]
    _encryption: Option<IgnoredAny>,
}

#[derive(Deserialize)]
enum OnDemand {
    #[serde(rename = "PAY_PER_REQUEST")]
    PayPerRequest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct AttributeDefinition {
    attribute_name: String,
    attribute_type: Letter,
}

#[derive(Deserialize)]
enum Letter {
    S,
    N,
    B,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct KeyElement {
    attribute_name: String,
    key_type: KeyType,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum KeyType {
    Hash,
    Range,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct IndexProperties {
    index_name: String,
    key_schema: Vec<KeyElement>,
    projection: ProjectionProperties,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ProjectionProperties {
    projection_type: ProjectionType,
    #[serde(default)]
    non_key_attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ProjectionType {
    KeysOnly,
    Include,
    All,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct StreamSpecification {
    stream_view_type: ViewType,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ViewType {
    KeysOnly,
    NewImage,
    OldImage,
    NewAndOldImages,
}

/// Reads a table. Its attributes must be exactly those of its keys, as DynamoDB requires.
pub(super) fn read(id: &str, properties: Value, place: &str) -> Result<Table, TemplateError> {
    let properties: Properties = typed(properties, place)?;
    let attributes: BTreeMap<String, engine::KeyType> = properties
        .attribute_definitions
        .into_iter()
        .map(|one| (one.attribute_name, one.attribute_type.into()))
        .collect();
    let schema = TableSchema {
        name: id.to_owned(),
        key: key(properties.key_schema, place)?,
        attributes,
        local_indexes: indexes(properties.local_secondary_indexes, place)?,
        global_indexes: indexes(properties.global_secondary_indexes, place)?,
        ttl: properties.time_to_live_specification.filter(|ttl| ttl.enabled).map(|ttl| ttl.attribute_name),
    };
    if let Some(why) = schema.fault() {
        return Err(TemplateError::refused(place, why));
    }
    Ok(Table { schema, stream: properties.stream_specification.map(|stream| stream.stream_view_type.into()) })
}

fn indexes(all: Vec<IndexProperties>, place: &str) -> Result<Vec<IndexSchema>, TemplateError> {
    let index = |one: IndexProperties| {
        let projection = match (one.projection.projection_type, one.projection.non_key_attributes) {
            (ProjectionType::KeysOnly, none) if none.is_empty() => Projection::KeysOnly,
            (ProjectionType::All, none) if none.is_empty() => Projection::All,
            (ProjectionType::Include, some) if !some.is_empty() => Projection::Include(some),
            _ => return Err(TemplateError::refused(place, "NonKeyAttributes go with INCLUDE, and with nothing else")),
        };
        Ok(IndexSchema { name: one.index_name, key: key(one.key_schema, place)?, projection })
    };
    all.into_iter().map(index).collect()
}

fn key(schema: Vec<KeyElement>, place: &str) -> Result<KeySchema, TemplateError> {
    let mut elements = schema.into_iter();
    match (elements.next(), elements.next(), elements.next()) {
        (Some(hash), None, None) if hash.key_type == KeyType::Hash => {
            Ok(KeySchema { partition: hash.attribute_name, sort: None })
        }
        (Some(hash), Some(range), None) if hash.key_type == KeyType::Hash && range.key_type == KeyType::Range => {
            Ok(KeySchema { partition: hash.attribute_name, sort: Some(range.attribute_name) })
        }
        _ => Err(TemplateError::refused(place, "a KeySchema is a HASH, and a RANGE or nothing")),
    }
}

impl From<Letter> for engine::KeyType {
    fn from(letter: Letter) -> Self {
        match letter {
            Letter::S => Self::Text,
            Letter::N => Self::Number,
            Letter::B => Self::Binary,
        }
    }
}

impl From<ViewType> for StreamView {
    fn from(view: ViewType) -> Self {
        match view {
            ViewType::KeysOnly => Self::KeysOnly,
            ViewType::NewImage => Self::NewImage,
            ViewType::OldImage => Self::OldImage,
            ViewType::NewAndOldImages => Self::NewAndOldImages,
        }
    }
}
