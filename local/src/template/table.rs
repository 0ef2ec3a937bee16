//! Tables, and the requests that create them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The type of a key attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeType {
    /// Text, `S`.
    Text,
    /// A number, `N`.
    Number,
    /// Bytes, `B`.
    Binary,
}

impl AttributeType {
    fn letter(self) -> &'static str {
        match self {
            Self::Text => "S",
            Self::Number => "N",
            Self::Binary => "B",
        }
    }
}

/// The names of the key attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The partition key.
    pub partition: String,
    /// The sort key, if there is one.
    pub sort: Option<String>,
}

/// The attributes of an index besides the keys of the table and its own keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projection {
    /// No further attributes.
    KeysOnly,
    /// These attributes.
    Include(Vec<String>),
    /// The whole item.
    All,
}

/// A secondary index, local or global.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The name of the index.
    pub name: String,
    /// The key of the index.
    pub key: Key,
    /// The attributes that the index holds.
    pub projection: Projection,
}

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
    /// The logical name, which is also the physical one here.
    pub name: String,
    /// The key of the table.
    pub key: Key,
    /// The types of the attributes that are in some key, and of no others.
    pub attributes: BTreeMap<String, AttributeType>,
    /// The indexes that share the table's partition key.
    pub local_indexes: Vec<Index>,
    /// The indexes with a key of their own.
    pub global_indexes: Vec<Index>,
    /// The attribute with the time at which an item expires, in epoch seconds.
    pub ttl: Option<String>,
    /// What the records of its stream contain, if it has a stream. The local system makes the stream itself: see
    /// [`crate::stream`].
    pub stream: Option<StreamView>,
}

impl Table {
    /// The indexes of both kinds.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.local_indexes.iter().chain(&self.global_indexes)
    }

    /// The table as the engine in this process creates it.
    #[must_use]
    pub fn schema(&self) -> engine::TableSchema {
        let indexes = |all: &[Index]| all.iter().map(index_schema).collect();
        engine::TableSchema {
            name: self.name.clone(),
            key: key(&self.key),
            attributes: self.attributes.iter().map(|(name, of)| (name.clone(), key_type(*of))).collect(),
            local_indexes: indexes(&self.local_indexes),
            global_indexes: indexes(&self.global_indexes),
            ttl: self.ttl.clone(),
        }
    }

    /// The body of DynamoDB's `CreateTable`.
    #[must_use]
    pub fn create_table(&self) -> Value {
        let attribute =
            |(name, kind): (&String, &AttributeType)| json!({"AttributeName": name, "AttributeType": kind.letter()});
        let mut request = json!({
            "TableName": self.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": self.attributes.iter().map(attribute).collect::<Vec<_>>(),
            "KeySchema": key_schema(&self.key),
        });
        // DynamoDB refuses an empty list, but accepts an absent one.
        for (name, indexes) in
            [("LocalSecondaryIndexes", &self.local_indexes), ("GlobalSecondaryIndexes", &self.global_indexes)]
        {
            if let (false, Some(fields)) = (indexes.is_empty(), request.as_object_mut()) {
                fields.insert(name.to_owned(), indexes.iter().map(index).collect());
            }
        }
        request
    }

    /// The body of DynamoDB's `UpdateTimeToLive`, if items of the table expire.
    #[must_use]
    pub fn update_time_to_live(&self) -> Option<Value> {
        let attribute = self.ttl.as_ref()?;
        Some(json!({
            "TableName": self.name,
            "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": true},
        }))
    }
}

fn key(key: &Key) -> engine::KeySchema {
    engine::KeySchema { partition: key.partition.clone(), sort: key.sort.clone() }
}

fn key_type(of: AttributeType) -> engine::KeyType {
    match of {
        AttributeType::Text => engine::KeyType::Text,
        AttributeType::Number => engine::KeyType::Number,
        AttributeType::Binary => engine::KeyType::Binary,
    }
}

fn index_schema(index: &Index) -> engine::IndexSchema {
    let projection = match &index.projection {
        Projection::KeysOnly => engine::Projection::KeysOnly,
        Projection::Include(attributes) => engine::Projection::Include(attributes.clone()),
        Projection::All => engine::Projection::All,
    };
    engine::IndexSchema { name: index.name.clone(), key: key(&index.key), projection }
}

fn index(index: &Index) -> Value {
    let projection = match &index.projection {
        Projection::KeysOnly => json!({"ProjectionType": "KEYS_ONLY"}),
        Projection::Include(attributes) => json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": attributes}),
        Projection::All => json!({"ProjectionType": "ALL"}),
    };
    json!({"IndexName": index.name, "KeySchema": key_schema(&index.key), "Projection": projection})
}

fn key_schema(key: &Key) -> Value {
    let partition = json!({"AttributeName": key.partition, "KeyType": "HASH"});
    match &key.sort {
        Some(sort) => json!([partition, {"AttributeName": sort, "KeyType": "RANGE"}]),
        None => json!([partition]),
    }
}
