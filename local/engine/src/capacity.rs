//! Capacity units: what DynamoDB charges for reads and writes.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{Capacity, ConsumedCapacity, ReturnConsumedCapacity};

/// How many times the units of a single write each part of a transaction costs. It does not apply to indexes.
pub(crate) const TRANSACTION_FACTOR: f64 = 2.0;

/// The write units for an item or an index entry of `size` bytes: one for each started KB, and at least one.
pub(crate) fn write_units(size: usize) -> f64 {
    units_of(size, 1_024)
}

/// The write units of the table for one write. `before` and `after` are the sizes of the item in bytes, `None` where
/// there is no item. The larger one counts.
pub(crate) fn table_write_units(before: Option<usize>, after: Option<usize>) -> f64 {
    write_units(before.unwrap_or_default().max(after.unwrap_or_default()))
}

/// The read units for `size` bytes: one for each started 4 KB, and at least one. A read that is not consistent costs
/// half of that.
pub(crate) fn read_units(size: usize, is_consistent: bool) -> f64 {
    let units = units_of(size, 4_096);
    if is_consistent { units } else { units / 2.0 }
}

fn units_of(size: usize, bytes: usize) -> f64 {
    let units = u32::try_from(size.div_ceil(bytes)).unwrap_or(u32::MAX);
    f64::from(units.max(1))
}

/// The field that an answer has for its units besides `CapacityUnits`.
#[derive(Clone, Copy)]
pub(crate) enum Axis {
    /// No other field: all requests but transactions.
    Plain,
    /// `WriteCapacityUnits`: a transaction.
    Write,
    /// `ReadCapacityUnits`: a transaction that was done before with the same token, and is only read now.
    Read,
}

/// The units that a request costs in one table and in its indexes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TableUnits {
    pub(crate) table: f64,
    pub(crate) local_indexes: BTreeMap<String, f64>,
    pub(crate) global_indexes: BTreeMap<String, f64>,
}

impl TableUnits {
    /// The units of a request that costs `units` in the table, and nothing in its indexes.
    pub(crate) fn of_table(units: f64) -> Self {
        Self { table: units, ..Self::default() }
    }

    /// All units, those of indexes included.
    pub(crate) fn total(&self) -> f64 {
        self.table + self.local_indexes.values().sum::<f64>() + self.global_indexes.values().sum::<f64>()
    }

    /// Adds the units of one index, which is global or local.
    pub(crate) fn add_index(&mut self, name: &str, is_global: bool, units: f64) {
        let indexes = if is_global { &mut self.global_indexes } else { &mut self.local_indexes };
        *indexes.entry(name.to_owned()).or_default() += units;
    }

    /// Adds the units of another write to the same table.
    pub(crate) fn add(&mut self, other: &Self) {
        self.table += other.table;
        other.local_indexes.iter().for_each(|(name, units)| self.add_index(name, false, *units));
        other.global_indexes.iter().for_each(|(name, units)| self.add_index(name, true, *units));
    }

    /// The `ConsumedCapacity` of an answer, for this table. `None` unless the request asks for TOTAL or INDEXES.
    pub(crate) fn answer(
        &self,
        table: &str,
        asked: Option<&ReturnConsumedCapacity>,
        axis: Axis,
    ) -> Option<ConsumedCapacity> {
        let by_index = match asked? {
            ReturnConsumedCapacity::Total => false,
            ReturnConsumedCapacity::Indexes => true,
            _ => return None,
        };
        let total = self.total();
        let (write, read) = axis.of(total);
        let answer = ConsumedCapacity::builder().table_name(table).capacity_units(total);
        let mut answer = answer.set_write_capacity_units(write).set_read_capacity_units(read);
        if by_index {
            let indexes = |all: &BTreeMap<String, f64>| {
                let all = all.iter().map(|(name, units)| (name.clone(), capacity(*units, axis)));
                Some(all.collect::<HashMap<_, _>>()).filter(|all| !all.is_empty())
            };
            answer = answer
                .table(capacity(self.table, axis))
                .set_local_secondary_indexes(indexes(&self.local_indexes))
                .set_global_secondary_indexes(indexes(&self.global_indexes));
        }
        Some(answer.build())
    }
}

impl Axis {
    /// The values of `WriteCapacityUnits` and `ReadCapacityUnits`.
    fn of(self, units: f64) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Plain => (None, None),
            Self::Write => (Some(units), None),
            Self::Read => (None, Some(units)),
        }
    }
}

fn capacity(units: f64, axis: Axis) -> Capacity {
    let (write, read) = axis.of(units);
    Capacity::builder().capacity_units(units).set_write_capacity_units(write).set_read_capacity_units(read).build()
}

/// The `ConsumedCapacity` of an answer for several tables, in the order of their names. `None` unless the request asks
/// for it, with TOTAL or INDEXES.
pub(crate) fn answer_of_tables(
    units: &BTreeMap<String, TableUnits>,
    asked: Option<&ReturnConsumedCapacity>,
    axis: Axis,
) -> Option<Vec<ConsumedCapacity>> {
    if !matches!(asked, Some(ReturnConsumedCapacity::Total | ReturnConsumedCapacity::Indexes)) {
        return None;
    }
    Some(units.iter().filter_map(|(table, units)| units.answer(table, asked, axis)).collect())
}
