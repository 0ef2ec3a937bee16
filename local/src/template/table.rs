//! Tables, and the requests that create them.

use engine::{IndexSchema, KeySchema, KeyType, Projection, TableSchema};
use serde_json::{Value, json};

/// What the records of a stream contain about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamView {
    /// Only its key.
    KeysOnly,
    /// The item after the write.
    NewImage,
    /// The item before the write.
    OldImage,
    /// The item before and after the write.
    NewAndOldImages,
}

impl StreamView {
    /// The name in DynamoDB's API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::KeysOnly => "KEYS_ONLY",
            Self::NewImage => "NEW_IMAGE",
            Self::OldImage => "OLD_IMAGE",
            Self::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        }
    }

    /// Whether records contain the item after the write.
    #[must_use]
    pub fn has_new(self) -> bool {
        matches!(self, Self::NewImage | Self::NewAndOldImages)
    }

    /// Whether records contain the item before the write.
    #[must_use]
    pub fn has_old(self) -> bool {
        matches!(self, Self::OldImage | Self::NewAndOldImages)
    }
}

/// A table, on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The table as the engine creates it. Its name is the logical one.
    pub schema: TableSchema,
    /// What the records of its stream contain, if it has a stream. The local system makes the stream itself: see
    /// [`crate::stream`].
    pub stream: Option<StreamView>,
}

impl Table {
    /// The body of DynamoDB's `CreateTable`.
    #[must_use]
    pub fn create_table(&self) -> Value {
        let TableSchema { name, key, attributes, local_indexes, global_indexes, ttl: _ } = &self.schema;
        let attribute = |(name, of): (&String, &KeyType)| json!({"AttributeName": name, "AttributeType": of.letter()});
        let mut request = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": attributes.iter().map(attribute).collect::<Vec<_>>(),
            "KeySchema": key_schema(key),
        });
        // DynamoDB refuses an empty list, but accepts an absent one.
        for (name, indexes) in [("LocalSecondaryIndexes", local_indexes), ("GlobalSecondaryIndexes", global_indexes)] {
            if let (false, Some(fields)) = (indexes.is_empty(), request.as_object_mut()) {
                fields.insert(name.to_owned(), indexes.iter().map(index).collect());
            }
        }
        request
    }

    /// The body of DynamoDB's `UpdateTimeToLive`, if items of the table expire.
    #[must_use]
    pub fn update_time_to_live(&self) -> Option<Value> {
        let attribute = self.schema.ttl.as_ref()?;
        Some(json!({
            "TableName": self.schema.name,
            "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": true},
        }))
    }
}

fn index(index: &IndexSchema) -> Value {
    let projection = match &index.projection {
        Projection::KeysOnly => json!({"ProjectionType": "KEYS_ONLY"}),
        Projection::Include(attributes) => json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": attributes}),
        Projection::All => json!({"ProjectionType": "ALL"}),
    };
    json!({"IndexName": index.name, "KeySchema": key_schema(&index.key), "Projection": projection})
}

fn key_schema(key: &KeySchema) -> Value {
    let partition = json!({"AttributeName": key.partition, "KeyType": "HASH"});
    match &key.sort {
        Some(sort) => json!([partition, {"AttributeName": sort, "KeyType": "RANGE"}]),
        None => json!([partition]),
    }
}
