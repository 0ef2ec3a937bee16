//! The content of the log's records: tables, items and deletions, as bytes.
//!
//! Lengths and counts are numbers of one to ten bytes, seven bits in each, the lowest first. A text is its length and
//! its bytes. Each record ends with a byte that is not zero, so that zeros at the end of a file are no record.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::schema::{IndexSchema, KeySchema, KeyType, Projection, TableSchema};
use crate::value::Item;

/// The last byte of a record.
const END: u8 = 0xE5;
/// How deeply values may be nested. What is stored is less deep.
const DEPTH_MAX: usize = 40;

/// What one request wrote, or a table that was created.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    pub(crate) entries: Vec<Entry>,
}

/// One write, as the log keeps it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    /// A new table. Its number is the number of tables before it.
    Table(TableSchema),
    /// An item, in the table of this number.
    Put(usize, Arc<Item>),
    /// A deletion of the item with this key, in the table of this number.
    Delete(usize, Item),
}

impl Record {
    /// Appends the bytes of the record to `bytes`.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        put_number(bytes, self.entries.len());
        for entry in &self.entries {
            match entry {
                Entry::Table(schema) => {
                    bytes.push(1);
                    put_schema(bytes, schema);
                }
                Entry::Put(table, item) => {
                    bytes.push(2);
                    put_number(bytes, *table);
                    put_item(bytes, item);
                }
                Entry::Delete(table, key) => {
                    bytes.push(3);
                    put_number(bytes, *table);
                    put_item(bytes, key);
                }
            }
        }
        bytes.push(END);
    }

    /// Reads a record. `None` if the bytes are not exactly one record.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let count = reader.number()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push(match reader.byte()? {
                1 => Entry::Table(reader.schema()?),
                2 => Entry::Put(reader.number()?, Arc::new(reader.item(0)?)),
                3 => Entry::Delete(reader.number()?, reader.item(0)?),
                _ => return None,
            });
        }
        (reader.0 == [END]).then_some(Self { entries })
    }
}

fn put_number(bytes: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    loop {
        let low = u8::try_from(rest % 128).unwrap_or_default();
        rest /= 128;
        if rest == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low + 128);
    }
}

fn put_bytes(bytes: &mut Vec<u8>, content: &[u8]) {
    put_number(bytes, content.len());
    bytes.extend(content);
}

fn put_all<'a, T: ?Sized + AsRef<[u8]> + 'a>(bytes: &mut Vec<u8>, all: impl ExactSizeIterator<Item = &'a T>) {
    put_number(bytes, all.len());
    all.for_each(|one| put_bytes(bytes, one.as_ref()));
}

fn put_item(bytes: &mut Vec<u8>, item: &Item) {
    put_number(bytes, item.len());
    for (name, value) in item {
        put_bytes(bytes, name.as_bytes());
        put_value(bytes, value);
    }
}

/// The bytes of an item.
pub(crate) fn encode_item(item: &Item) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_item(&mut bytes, item);
    bytes
}

/// Reads an item from the bytes of [`encode_item`]. `None` if the bytes have another form.
pub(crate) fn decode_item(bytes: &[u8]) -> Option<Item> {
    Reader(bytes).item(0)
}

fn put_value(bytes: &mut Vec<u8>, value: &AttributeValue) {
    match value {
        AttributeValue::S(text) => {
            bytes.push(b'S');
            put_bytes(bytes, text.as_bytes());
        }
        AttributeValue::N(number) => {
            bytes.push(b'N');
            put_bytes(bytes, number.as_bytes());
        }
        AttributeValue::B(content) => {
            bytes.push(b'B');
            put_bytes(bytes, content.as_ref());
        }
        AttributeValue::Bool(value) => bytes.push(if *value { b'1' } else { b'0' }),
        AttributeValue::Ss(set) => {
            bytes.push(b's');
            put_all(bytes, set.iter());
        }
        AttributeValue::Ns(set) => {
            bytes.push(b'n');
            put_all(bytes, set.iter());
        }
        AttributeValue::Bs(set) => {
            bytes.push(b'b');
            put_all(bytes, set.iter());
        }
        AttributeValue::L(list) => {
            bytes.push(b'L');
            put_number(bytes, list.len());
            list.iter().for_each(|value| put_value(bytes, value));
        }
        AttributeValue::M(map) => {
            bytes.push(b'M');
            put_item(bytes, map);
        }
        // Null, and what no request may contain.
        _ => bytes.push(b'-'),
    }
}

fn put_schema(bytes: &mut Vec<u8>, schema: &TableSchema) {
    put_bytes(bytes, schema.name.as_bytes());
    put_key(bytes, &schema.key);
    put_number(bytes, schema.attributes.len());
    for (name, of) in &schema.attributes {
        put_bytes(bytes, name.as_bytes());
        put_bytes(bytes, of.letter().as_bytes());
    }
    for indexes in [&schema.local_indexes, &schema.global_indexes] {
        put_number(bytes, indexes.len());
        for index in indexes {
            put_bytes(bytes, index.name.as_bytes());
            put_key(bytes, &index.key);
            match &index.projection {
                Projection::KeysOnly => bytes.push(0),
                Projection::Include(names) => {
                    bytes.push(1);
                    put_all(bytes, names.iter());
                }
                Projection::All => bytes.push(2),
            }
        }
    }
    put_all(bytes, schema.ttl.as_slice().iter());
}

fn put_key(bytes: &mut Vec<u8>, key: &KeySchema) {
    put_bytes(bytes, key.partition.as_bytes());
    put_all(bytes, key.sort.as_slice().iter());
}

/// The bytes that have not been read yet. Each method reads a value from their start, and returns `None` if the bytes
/// have another form.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for shift in (0..).step_by(7).take(10) {
            let byte = self.byte()?;
            number |= usize::from(byte % 128).checked_shl(shift)?;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<&[u8]> {
        let length = self.number()?;
        let (content, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }

    fn text(&mut self) -> Option<String> {
        std::str::from_utf8(self.bytes()?).ok().map(str::to_owned)
    }

    fn blob(&mut self) -> Option<Blob> {
        self.bytes().map(Blob::new)
    }

    fn all<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        // A number that is not true must not reserve memory.
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(read(self)?);
        }
        Some(all)
    }

    fn item(&mut self, depth: usize) -> Option<Item> {
        let count = self.number()?;
        // A number that is not true must not reserve memory. An attribute has two bytes at least.
        let mut item = Item::with_capacity(count.min(self.0.len() / 2));
        for _ in 0..count {
            item.insert(self.text()?, self.value(depth)?);
        }
        Some(item)
    }

    fn value(&mut self, depth: usize) -> Option<AttributeValue> {
        if depth > DEPTH_MAX {
            return None;
        }
        Some(match self.byte()? {
            b'S' => AttributeValue::S(self.text()?),
            b'N' => AttributeValue::N(self.text()?),
            b'B' => AttributeValue::B(self.blob()?),
            b'1' => AttributeValue::Bool(true),
            b'0' => AttributeValue::Bool(false),
            b's' => AttributeValue::Ss(self.all(Self::text)?),
            b'n' => AttributeValue::Ns(self.all(Self::text)?),
            b'b' => AttributeValue::Bs(self.all(Self::blob)?),
            b'L' => AttributeValue::L(self.all(|reader| reader.value(depth + 1))?),
            b'M' => AttributeValue::M(self.item(depth + 1)?),
            b'-' => AttributeValue::Null(true),
            _ => return None,
        })
    }

    fn schema(&mut self) -> Option<TableSchema> {
        let (name, key) = (self.text()?, self.key()?);
        let attributes = self.all(|reader| Some((reader.text()?, reader.key_type()?)))?;
        let attributes: BTreeMap<_, _> = attributes.into_iter().collect();
        let (local_indexes, global_indexes) = (self.all(Self::index)?, self.all(Self::index)?);
        let ttl = self.all(Self::text)?.pop();
        Some(TableSchema { name, key, attributes, local_indexes, global_indexes, ttl })
    }

    fn key(&mut self) -> Option<KeySchema> {
        Some(KeySchema { partition: self.text()?, sort: self.all(Self::text)?.pop() })
    }

    fn key_type(&mut self) -> Option<KeyType> {
        match self.bytes()? {
            b"S" => Some(KeyType::Text),
            b"N" => Some(KeyType::Number),
            b"B" => Some(KeyType::Binary),
            _ => None,
        }
    }

    fn index(&mut self) -> Option<IndexSchema> {
        let (name, key) = (self.text()?, self.key()?);
        let projection = match self.byte()? {
            0 => Projection::KeysOnly,
            1 => Projection::Include(self.all(Self::text)?),
            2 => Projection::All,
            _ => return None,
        };
        Some(IndexSchema { name, key, projection })
    }
}
