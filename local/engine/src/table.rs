//! One table in memory: its items and the entries of its indexes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::capacity::{TableUnits, table_write_units, write_units};
use crate::key::{Position, key_bytes};
use crate::schema::{IndexSchema, Projection, TableSchema};
use crate::value::{Item, equal_items, item_size};

/// An item or an index entry, with its size in bytes as DynamoDB counts them.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) item: Arc<Item>,
    pub(crate) size: usize,
}

/// Where something is in its partition: by its sort key. Entries of an index may have equal sort keys, and are then
/// in the order of the keys of their items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) sort: Vec<u8>,
    /// The partition key and the sort key of the item; both are empty in the table itself.
    pub(crate) owner: Vec<u8>,
    pub(crate) owner_sort: Vec<u8>,
}

impl Place {
    /// The first place with this sort key.
    pub(crate) fn first(sort: Vec<u8>) -> Self {
        Self { sort, owner: Vec::new(), owner_sort: Vec::new() }
    }
}

/// A partition.
pub(crate) type Partition = BTreeMap<Place, Stored>;

/// The partitions of a table or an index.
pub(crate) type Partitions = BTreeMap<Vec<u8>, Partition>;

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: TableSchema,
    items: Partitions,
    indexes: Vec<Index>,
}

/// An index.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) schema: IndexSchema,
    pub(crate) is_global: bool,
    entries: Partitions,
}

/// A write that is not done yet.
#[derive(Debug)]
pub(crate) struct Change {
    /// The number of the table.
    pub(crate) table: usize,
    pub(crate) position: Position,
    pub(crate) before: Option<Stored>,
    pub(crate) after: Option<Stored>,
    indexes: Vec<EntryChange>,
    /// The write units of the write alone.
    pub(crate) units: TableUnits,
}

/// What a write does to an index: an entry goes, an entry comes.
#[derive(Debug)]
struct EntryChange {
    index: usize,
    old: Option<EntryKey>,
    new: Option<(EntryKey, Stored)>,
}

/// Where an entry of an index is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryKey {
    pub(crate) partition: Vec<u8>,
    pub(crate) place: Place,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(schema: TableSchema) -> Self {
        let index = |is_global: bool| {
            move |schema: &IndexSchema| Index { schema: schema.clone(), is_global, entries: Partitions::new() }
        };
        let local = schema.local_indexes.iter().map(index(false));
        let indexes = local.chain(schema.global_indexes.iter().map(index(true))).collect();
        Self { schema, items: Partitions::new(), indexes }
    }

    /// The item at a position.
    pub(crate) fn get(&self, position: &Position) -> Option<&Stored> {
        self.items.get(&position.partition)?.get(&Place::first(position.sort.clone()))
    }

    /// All items.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Stored> {
        self.items.values().flat_map(BTreeMap::values)
    }

    /// The number of an index, by its name.
    pub(crate) fn index_number(&self, name: &str) -> Option<usize> {
        self.indexes.iter().position(|index| index.schema.name == name)
    }

    /// An index by its number.
    pub(crate) fn index(&self, number: usize) -> Option<&Index> {
        self.indexes.get(number)
    }

    /// The partitions of the table, or of one of its indexes.
    pub(crate) fn partitions<'t>(&'t self, index: Option<&'t Index>) -> &'t Partitions {
        index.map_or(&self.items, |index| &index.entries)
    }

    /// Where the entry of an item in an index is. `None` if the item has not all keys of the index.
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

    /// The attributes of an item that an index holds.
    fn projected(&self, index: &Index, stored: &Stored) -> Stored {
        if index.schema.projection == Projection::All {
            return stored.clone();
        }
        let attributes = stored.item.iter().filter(|(name, _)| self.has_attribute(index, name));
        let item: Item = attributes.map(|(name, value)| (name.clone(), value.clone())).collect();
        Stored { size: item_size(&item), item: Arc::new(item) }
    }

    /// Whether an index holds an attribute, if the item has it.
    pub(crate) fn has_attribute(&self, index: &Index, name: &str) -> bool {
        index.schema.key.has(name)
            || self.schema.key.has(name)
            || match &index.schema.projection {
                Projection::KeysOnly => false,
                Projection::Include(names) => names.iter().any(|own| own == name),
                Projection::All => true,
            }
    }

    /// The change that puts this item at a position, or takes the item away.
    pub(crate) fn change(&self, table: usize, position: Position, after: Option<Item>) -> Change {
        let before = self.get(&position).cloned();
        let after = after.map(|item| Stored { size: item_size(&item), item: Arc::new(item) });
        let size = |stored: &Option<Stored>| stored.as_ref().map(|stored| stored.size);
        let mut units = TableUnits::of_table(table_write_units(size(&before), size(&after)));
        let mut indexes = Vec::new();
        for (number, index) in self.indexes.iter().enumerate() {
            let key = |stored: &Stored| self.entry_key(index, &stored.item, &position);
            let old = before.as_ref().and_then(key);
            let old_entry =
                old.as_ref().and_then(|key| index.entries.get(&key.partition).and_then(|all| all.get(&key.place)));
            let new = after.as_ref().and_then(|stored| Some((key(stored)?, self.projected(index, stored))));
            let charged = match (old.as_ref().zip(old_entry), &new) {
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

    /// Does a write.
    pub(crate) fn apply(&mut self, change: Change) {
        for EntryChange { index, old, new } in change.indexes {
            let Some(index) = self.indexes.get_mut(index) else { continue };
            if let Some(EntryKey { partition, place }) = old {
                take(&mut index.entries, &partition, &place);
            }
            if let Some((EntryKey { partition, place }, entry)) = new {
                index.entries.entry(partition).or_default().insert(place, entry);
            }
        }
        let Position { partition, sort } = change.position;
        match change.after {
            Some(stored) => {
                self.items.entry(partition).or_default().insert(Place::first(sort), stored);
            }
            None => take(&mut self.items, &partition, &Place::first(sort)),
        }
    }
}

/// Takes something away, and its partition if it was the last.
fn take(partitions: &mut Partitions, partition: &[u8], place: &Place) {
    let Some(all) = partitions.get_mut(partition) else { return };
    all.remove(place);
    if all.is_empty() {
        partitions.remove(partition);
    }
}
