//! One table in memory: its items and the entries of its indexes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::capacity::{TableUnits, table_write_units, write_units};
use crate::key::{Position, key_bytes};
use crate::record::{decode_item, encode_item};
use crate::schema::{IndexSchema, Projection, TableSchema};
use crate::value::{Item, equal_items, item_size};

/// An item or an index entry, with its size in bytes as DynamoDB counts them.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) item: Arc<Item>,
    pub(crate) size: usize,
}

/// An item or an index entry as it is kept in memory: its values as bytes, which take a fraction of the memory.
#[derive(Debug)]
pub(crate) struct Packed {
    bytes: Box<[u8]>,
    size: usize,
}

impl Packed {
    fn of(stored: &Stored) -> Self {
        Self { bytes: encode_item(&stored.item).into_boxed_slice(), size: stored.size }
    }

    /// The size in bytes as DynamoDB counts them.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    /// The item or entry with its values.
    pub(crate) fn stored(&self) -> Stored {
        Stored { item: Arc::new(decode_item(&self.bytes).unwrap_or_default()), size: self.size }
    }
}

/// The place of a row in its partition: rows are in the order of their sort keys. Entries of an index may have equal
/// sort keys, and are then in the order of the keys of their items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) sort: Vec<u8>,
    /// The partition key of the item that an index entry belongs to. Empty in the table itself, as the next field is.
    pub(crate) owner: Vec<u8>,
    /// The sort key of that item.
    pub(crate) owner_sort: Vec<u8>,
}

impl Place {
    /// The first place with this sort key.
    pub(crate) fn first(sort: Vec<u8>) -> Self {
        Self { sort, owner: Vec::new(), owner_sort: Vec::new() }
    }
}

/// The rows of a table or of an index, in the order of their keys. A row is an item, or an entry of the index.
#[derive(Debug, Default)]
pub(crate) struct Rows(BTreeMap<EntryKey, Packed>);

impl Rows {
    fn get(&self, key: &EntryKey) -> Option<&Packed> {
        self.0.get(key)
    }

    /// All rows.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Packed> {
        self.0.values()
    }

    /// The rows after a key.
    pub(crate) fn after(&self, key: EntryKey) -> impl Iterator<Item = &Packed> {
        self.0.range((Bound::Excluded(key), Bound::Unbounded)).map(|(_, packed)| packed)
    }

    /// The rows of a partition between two bounds. The first bound must be before the last one, or the map panics.
    pub(crate) fn between(
        &self,
        partition: &[u8],
        (first, last): (Bound<Place>, Bound<Place>),
    ) -> impl DoubleEndedIterator<Item = &Packed> {
        let of = |place| EntryKey { partition: partition.to_vec(), place };
        let first = match first {
            Bound::Unbounded => Bound::Included(of(Place::first(Vec::new()))),
            bound => bound.map(of),
        };
        let last = match last {
            // The first key of the partition that follows immediately.
            Bound::Unbounded => {
                let partition = [partition, &[0]].concat();
                Bound::Excluded(EntryKey { partition, place: Place::first(Vec::new()) })
            }
            bound => bound.map(of),
        };
        self.0.range((first, last)).map(|(_, packed)| packed)
    }
}

/// A table: its items, and the entries of its indexes.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: TableSchema,
    items: Rows,
    indexes: Vec<Index>,
}

/// An index of a table, with its entries.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) schema: IndexSchema,
    pub(crate) is_global: bool,
    entries: Rows,
}

/// A write to one item that is planned, and not done yet.
#[derive(Debug)]
pub(crate) struct Change {
    /// The number of the table.
    pub(crate) table: usize,
    pub(crate) position: Position,
    /// The item before the write, if there is one.
    pub(crate) before: Option<Stored>,
    /// The item after the write. `None` for a deletion.
    pub(crate) after: Option<Stored>,
    indexes: Vec<EntryChange>,
    /// The write units of the write alone.
    pub(crate) units: TableUnits,
}

/// What a write does to one index: it removes the entry `old`, and then adds the entry `new`.
#[derive(Debug)]
struct EntryChange {
    index: usize,
    old: Option<EntryKey>,
    new: Option<(EntryKey, Stored)>,
}

/// Where a row is in its table or index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryKey {
    pub(crate) partition: Vec<u8>,
    pub(crate) place: Place,
}

impl EntryKey {
    /// The key of an item in its table.
    pub(crate) fn of(Position { partition, sort }: Position) -> Self {
        Self { partition, place: Place::first(sort) }
    }
}

impl Table {
    /// An empty table.
    pub(crate) fn new(schema: TableSchema) -> Self {
        let index = |is_global: bool| {
            move |schema: &IndexSchema| Index { schema: schema.clone(), is_global, entries: Rows::default() }
        };
        let local = schema.local_indexes.iter().map(index(false));
        let indexes = local.chain(schema.global_indexes.iter().map(index(true))).collect();
        Self { schema, items: Rows::default(), indexes }
    }

    /// The item at a position, if there is one.
    pub(crate) fn get(&self, position: &Position) -> Option<Stored> {
        self.items.get(&EntryKey::of(position.clone())).map(Packed::stored)
    }

    /// All items.
    pub(crate) fn all(&self) -> impl Iterator<Item = Stored> {
        self.items.all().map(Packed::stored)
    }

    /// The number of an index, by its name.
    pub(crate) fn index_number(&self, name: &str) -> Option<usize> {
        self.indexes.iter().position(|index| index.schema.name == name)
    }

    /// An index by its number.
    pub(crate) fn index(&self, number: usize) -> Option<&Index> {
        self.indexes.get(number)
    }

    /// The rows of the table, or the entries of one of its indexes.
    pub(crate) fn rows<'t>(&'t self, index: Option<&'t Index>) -> &'t Rows {
        index.map_or(&self.items, |index| &index.entries)
    }

    /// Where the entry of an item is in an index. `position` is that of the item. `None` if the item does not have all
    /// keys of the index, and so no entry.
    pub(crate) fn entry_key(&self, index: &Index, item: &Item, position: &Position) -> Option<EntryKey> {
        let bytes = |name: &str| key_bytes(item.get(name)?, self.schema.key_type(name));
        let partition = bytes(&index.schema.key.partition)?;
        let sort = match &index.schema.key.sort {
            Some(sort) => bytes(sort)?,
            None => Vec::new(),
        };
        let place = Place { sort, owner: position.partition.clone(), owner_sort: position.sort.clone() };
        Some(EntryKey { partition, place })
    }

    /// The entry of an item in an index: the attributes that the index holds.
    fn projected(&self, index: &Index, stored: &Stored) -> Stored {
        if index.schema.projection == Projection::All {
            return stored.clone();
        }
        let attributes = stored.item.iter().filter(|(name, _)| self.has_attribute(index, name));
        let item: Item = attributes.map(|(name, value)| (name.clone(), value.clone())).collect();
        Stored { size: item_size(&item), item: Arc::new(item) }
    }

    /// Whether an index holds the attribute of this name, where items have it.
    pub(crate) fn has_attribute(&self, index: &Index, name: &str) -> bool {
        index.schema.key.has(name)
            || self.schema.key.has(name)
            || match &index.schema.projection {
                Projection::KeysOnly => false,
                Projection::Include(names) => names.iter().any(|own| own == name),
                Projection::All => true,
            }
    }

    /// Plans a write: puts the item `after` at a position, or deletes the item that is there. `table` is the number of
    /// this table. Nothing is written yet.
    pub(crate) fn change(&self, table: usize, position: Position, after: Option<Item>) -> Change {
        let before = self.get(&position);
        let after = after.map(|item| Stored { size: item_size(&item), item: Arc::new(item) });
        let size = |stored: &Option<Stored>| stored.as_ref().map(|stored| stored.size);
        let mut units = TableUnits::of_table(table_write_units(size(&before), size(&after)));
        let mut indexes = Vec::new();
        for (number, index) in self.indexes.iter().enumerate() {
            let key = |stored: &Stored| self.entry_key(index, &stored.item, &position);
            let old = before.as_ref().and_then(key);
            let old_entry = old.as_ref().and_then(|key| index.entries.get(key)).map(Packed::stored);
            let new = after.as_ref().and_then(|stored| Some((key(stored)?, self.projected(index, stored))));
            let charged = match (old.as_ref().zip(old_entry.as_ref()), &new) {
                (None, None) => continue,
                (None, Some((_, new))) => write_units(new.size),
                (Some((_, old)), None) => write_units(old.size),
                (Some((old_key, old)), Some((new_key, new))) if old_key != new_key => {
                    write_units(old.size) + write_units(new.size)
                }
                (Some((_, old)), Some((_, new))) => {
                    if equal_items(&old.item, &new.item) {
                        continue;
                    }
                    write_units(old.size).max(write_units(new.size))
                }
            };
            units.add_index(&index.schema.name, index.is_global, charged);
            indexes.push(EntryChange { index: number, old, new });
        }
        Change { table, position, before, after, indexes, units }
    }

    /// Does a planned write.
    pub(crate) fn apply(&mut self, change: Change) {
        for EntryChange { index, old, new } in change.indexes {
            let Some(index) = self.indexes.get_mut(index) else { continue };
            if let Some(key) = old {
                index.entries.0.remove(&key);
            }
            if let Some((key, entry)) = new {
                index.entries.0.insert(key, Packed::of(&entry));
            }
        }
        let key = EntryKey::of(change.position);
        match change.after {
            Some(stored) => drop(self.items.0.insert(key, Packed::of(&stored))),
            None => drop(self.items.0.remove(&key)),
        }
    }
}
