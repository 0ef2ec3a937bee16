//! The tables: what a program opens, and sends requests to.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::key::{Wording, key_of, position};
use crate::log::{At, Compaction, Log, LogFault, OpenError, Opened};
use crate::record::{Entry, Record};
use crate::refusal::Refusal;
use crate::request::{Performed, Request, Written};
use crate::schema::TableSchema;
use crate::state::{Outcome, State};
use crate::table::{Change, Stored, Table};
use crate::transaction::Transaction;
use crate::value::Item;
use crate::{batch, get, query, scan, transaction, write};

/// How many items one record of a compacted log has.
const ITEMS_PER_RECORD: usize = 100;

/// DynamoDB's tables, in memory and, if they have a file, in its log.
#[derive(Debug)]
pub struct Tables {
    inner: Mutex<Inner>,
    cut_off: u64,
}

#[derive(Debug)]
struct Inner {
    state: State,
    log: Option<Log>,
}

/// Why a table cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// There is a table of this name with another schema.
    #[error("the table {table} is there with another schema")]
    OtherSchema {
        /// The name of the table.
        table: String,
    },
    /// The schema is not valid.
    #[error("the schema of the table {table} is not valid: {why}")]
    Schema {
        /// The name of the table.
        table: String,
        /// What is wrong with it.
        why: String,
    },
    /// The log file cannot be written.
    #[error("the table {table} cannot be written: {error}")]
    Io {
        /// The name of the table.
        table: String,
        /// What the operating system reports.
        error: std::io::Error,
    },
}

impl Tables {
    /// Creates tables in memory, at first none. All are lost when the value is dropped.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { inner: Mutex::new(Inner { state: State::default(), log: None }), cut_off: 0 }
    }

    /// Opens the tables of a log file. Creates the file if it does not exist. No other process may have it open.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged. It is then left as it is.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        Self::open_with(file, Compaction::default())
    }

    /// Opens the tables of a log file, as [`Tables::open`] does, and says when the file is to be written anew.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged. It is then left as it is.
    pub fn open_with(file: &Path, compaction: Compaction) -> Result<Self, OpenError> {
        let Opened { log, records, cut_off } = Log::open(file, compaction)?;
        let mut state = State::default();
        for At { offset, record } in records {
            let is_replayed = record.entries.into_iter().all(|entry| replay(&mut state, entry).is_some());
            if !is_replayed {
                let why = "it is about a table that is not in the file, or about an item without its key";
                return Err(OpenError { file: file.to_owned(), fault: LogFault::Damaged { offset, why } });
            }
        }
        Ok(Self { inner: Mutex::new(Inner { state, log: Some(log) }), cut_off })
    }

    /// How many bytes were cut off when the file was opened: those of a record that was not complete, because the
    /// process ended while it wrote it.
    #[must_use]
    pub fn cut_off(&self) -> u64 {
        self.cut_off
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A request changes nothing before it is in the log, so what a panic leaves behind is complete.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a table. If there is one with the same schema, nothing happens.
    ///
    /// # Errors
    /// If there is one with another schema, the schema is not valid, or the log file cannot be written.
    pub fn create_table(&self, schema: TableSchema) -> Result<(), CreateError> {
        let mut inner = self.inner();
        let table = schema.name.clone();
        if let Some(present) = inner.state.find(&table) {
            let is_same = present.table.schema == schema;
            return if is_same { Ok(()) } else { Err(CreateError::OtherSchema { table }) };
        }
        if let Some(why) = schema.fault() {
            return Err(CreateError::Schema { table, why });
        }
        if let Some(log) = &mut inner.log {
            let record = Record { entries: vec![Entry::Table(schema.clone())] };
            log.append(&record).map_err(|error| CreateError::Io { table, error })?;
        }
        inner.state.add(Table::new(schema));
        Ok(())
    }

    /// Performs a request. When the method returns, what the request wrote is in the log file.
    ///
    /// # Errors
    /// [`Refusal`]: for what DynamoDB refuses, for parameters that the engine does not have, and if the log file cannot
    /// be written. Nothing is changed then.
    pub fn perform(&self, request: Request) -> Result<Performed, Refusal> {
        let mut inner = self.inner();
        let state = &mut inner.state;
        let mut done = None;
        let outcome = match request {
            Request::GetItem(input) => get::get_item(state, input)?,
            Request::BatchGetItem(input) => get::batch_get_item(state, input)?,
            Request::Query(input) => query::query(state, input)?,
            Request::Scan(input) => scan::scan(state, input)?,
            Request::PutItem(input) => write::put_item(state, input)?,
            Request::UpdateItem(input) => write::update_item(state, input)?,
            Request::DeleteItem(input) => write::delete_item(state, input)?,
            Request::BatchWriteItem(input) => batch::batch_write_item(state, input)?,
            Request::TransactWriteItems(input) => {
                let Transaction { outcome, done: remembered } = transaction::transact_write_items(state, input)?;
                done = remembered;
                outcome
            }
        };
        let performed = inner.commit(outcome)?;
        if let Some(done) = done {
            inner.state.tokens.remember(done);
        }
        Ok(performed)
    }

    /// An item as it is now, by its key. `None` if there is no such item or table. It costs nothing.
    #[must_use]
    pub fn item(&self, table: &str, key: &Item) -> Option<Arc<Item>> {
        let inner = self.inner();
        let table = inner.state.find(table)?.table;
        let position = position(key, &table.schema, Wording::Schema).ok()?;
        table.get(&position).map(|stored| stored.item)
    }
}

/// Repeats a write of the log in memory. `None` if its table does not exist, or its item has no valid key.
fn replay(state: &mut State, entry: Entry) -> Option<()> {
    let (number, item, is_put) = match entry {
        Entry::Table(schema) => {
            state.add(Table::new(schema));
            return Some(());
        }
        Entry::Put(number, item) => (number, Arc::unwrap_or_clone(item), true),
        Entry::Delete(number, key) => (number, key, false),
    };
    let table = state.tables.get_mut(number)?;
    let position = position(&item, &table.schema, Wording::Schema).ok()?;
    let change = table.change(number, position, is_put.then_some(item));
    table.apply(change);
    Some(())
}

impl Inner {
    /// Does the changes of a request: writes them into the log, and then into memory. Nothing is changed if the log
    /// cannot be written.
    fn commit(&mut self, outcome: Outcome) -> Result<Performed, Refusal> {
        let Outcome { response, changes, read_units, write_units } = outcome;
        let changes: Vec<Change> =
            changes.into_iter().filter(|change| change.before.is_some() || change.after.is_some()).collect();
        if let Some(log) = self.log.as_mut().filter(|_| !changes.is_empty()) {
            let record = Record { entries: changes.iter().filter_map(|change| entry(&self.state, change)).collect() };
            log.append(&record).map_err(|error| Refusal::Internal(format!("the log cannot be written: {error}")))?;
        }
        let mut written = Vec::with_capacity(changes.len());
        for change in changes {
            written.extend(self.written(&change));
            if let Some(table) = self.state.tables.get_mut(change.table) {
                table.apply(change);
            }
        }
        if self.log.as_ref().is_some_and(Log::is_long) {
            self.compact();
        }
        Ok(Performed { response, written, read_units, write_units })
    }

    /// What a change has written, for the one who sent the request.
    fn written(&self, change: &Change) -> Option<Written> {
        let schema = &self.state.tables.get(change.table)?.schema;
        let item = |stored: &Option<Stored>| stored.as_ref().map(|stored| Arc::clone(&stored.item));
        let (before, after) = (item(&change.before), item(&change.after));
        let key = key_of(after.as_ref().or(before.as_ref())?, &schema.key);
        Some(Written { table: schema.name.clone(), key, before, after })
    }

    /// Writes the log anew, with only what is in the tables. A failure leaves the longer log, in which everything is.
    fn compact(&mut self) {
        let Some(log) = &mut self.log else { return };
        let tables = &self.state.tables;
        let schemas = tables.iter().map(|table| Entry::Table(table.schema.clone())).collect();
        let items = tables
            .iter()
            .enumerate()
            .flat_map(|(number, table)| table.all().map(move |stored| Entry::Put(number, stored.item)));
        let mut items = items.peekable();
        let records = std::iter::from_fn(|| {
            items.peek()?;
            Some(Record { entries: items.by_ref().take(ITEMS_PER_RECORD).collect() })
        });
        let _ = log.compact(std::iter::once(Record { entries: schemas }).chain(records));
    }
}

/// The entry of the log for a change.
fn entry(state: &State, change: &Change) -> Option<Entry> {
    match (&change.before, &change.after) {
        (_, Some(after)) => Some(Entry::Put(change.table, Arc::clone(&after.item))),
        (Some(before), None) => {
            let schema = &state.tables.get(change.table)?.schema;
            Some(Entry::Delete(change.table, key_of(&before.item, &schema.key)))
        }
        (None, None) => None,
    }
}
