//! The schemas of tables: their keys and indexes.

use std::collections::BTreeMap;

/// The type of a key attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// Text, `S`.
    Text,
    /// A number, `N`.
    Number,
    /// Bytes, `B`.
    Binary,
}

impl KeyType {
    /// The letter by which DynamoDB names the type.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::Text => "S",
            Self::Number => "N",
            Self::Binary => "B",
        }
    }
}

/// The names of the key attributes of a table or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySchema {
    /// The partition key.
    pub partition: String,
    /// The sort key, if there is one.
    pub sort: Option<String>,
}

impl KeySchema {
    /// The names of the key attributes, the partition key first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.partition.as_str()).chain(self.sort.as_deref())
    }

    /// Whether the key has an attribute of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }
}

/// Which attributes an index holds besides its own keys and those of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projection {
    /// No further attributes.
    KeysOnly,
    /// These attributes.
    Include(Vec<String>),
    /// The whole item.
    All,
}

/// The schema of a secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSchema {
    /// The name of the index.
    pub name: String,
    /// The key of the index.
    pub key: KeySchema,
    /// The attributes that the index holds.
    pub projection: Projection,
}

/// The schema of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSchema {
    /// The name of the table.
    pub name: String,
    /// The key of the table.
    pub key: KeySchema,
    /// The types of the attributes that are in some key, and of no others.
    pub attributes: BTreeMap<String, KeyType>,
    /// The indexes that share the table's partition key.
    pub local_indexes: Vec<IndexSchema>,
    /// The indexes with a key of their own.
    pub global_indexes: Vec<IndexSchema>,
    /// The attribute with the time at which an item expires, in epoch seconds. The engine keeps the name and deletes
    /// nothing: DynamoDB, too, may leave an expired item for days.
    pub ttl: Option<String>,
}

impl TableSchema {
    /// The type of a key attribute. The schema was checked when the table was created, so every one has a type.
    pub(crate) fn key_type(&self, name: &str) -> KeyType {
        self.attributes.get(name).copied().unwrap_or(KeyType::Text)
    }

    /// All indexes of the table.
    pub fn indexes(&self) -> impl Iterator<Item = &IndexSchema> {
        self.local_indexes.iter().chain(&self.global_indexes)
    }

    /// Why DynamoDB would refuse to create such a table, as a sentence for an error. `None` if the schema is valid.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let table = &self.name;
        if table.len() < 3 || table.len() > 255 || !table.bytes().all(is_name_byte) {
            return Some("its name must have 3 to 255 letters, digits, or the characters _ . -".to_owned());
        }
        let keys = || self.key.names().chain(self.indexes().flat_map(|index| index.key.names()));
        if let Some(name) = keys().find(|name| !self.attributes.contains_key(*name)) {
            return Some(format!("the key attribute {name} has no type"));
        }
        if let Some(name) = self.attributes.keys().find(|name| keys().all(|key| key != name.as_str())) {
            return Some(format!("the attribute {name} has a type and is in no key"));
        }
        if let Some(index) = self.local_indexes.iter().find(|index| index.key.partition != self.key.partition) {
            return Some(format!("the local index {} has another partition key than the table", index.name));
        }
        if let Some(index) = self.local_indexes.iter().find(|index| index.key.sort.is_none()) {
            return Some(format!("the local index {} has no sort key", index.name));
        }
        let is_twice = |index: &&IndexSchema| self.indexes().filter(|other| other.name == index.name).count() > 1;
        self.indexes().find(is_twice).map(|index| format!("two indexes have the name {}", index.name))
    }
}

/// Whether the name of a table may contain this byte.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}
