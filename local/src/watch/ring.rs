//! The newest records, kept for viewers who come late or read slowly.

use std::collections::VecDeque;
use std::sync::Arc;

/// The most records that are kept.
pub const KEPT_MAX: usize = 5_000;

/// The most bytes of records that are kept, as JSON.
pub const KEPT_MAX_BYTES: usize = 8 * 1024 * 1024;

/// A record, written as JSON once for all viewers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number since the start of the process, from 1.
    pub number: u64,
    /// The connection that it is about.
    pub connection: Option<String>,
    /// The user that it is about.
    pub user: Option<String>,
    /// The record as JSON, on one line.
    pub json: String,
}

/// The records after a number.
pub(super) struct Newer {
    /// How many of them are not kept any more.
    pub(super) missed: u64,
    pub(super) entries: Vec<Arc<Entry>>,
}

/// The newest records.
#[derive(Debug, Default)]
pub(super) struct Ring {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    /// The number of the newest record that there was.
    newest: u64,
}

impl Ring {
    /// The number for the next record.
    pub(super) fn next_number(&self) -> u64 {
        self.newest + 1
    }

    /// The number of the newest record that there was.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Adds a record with the next number. Drops the oldest ones beyond the bounds.
    pub(super) fn push(&mut self, entry: Entry) {
        self.newest = entry.number;
        self.bytes += entry.json.len();
        self.entries.push_back(Arc::new(entry));
        while self.entries.len() > KEPT_MAX || self.bytes > KEPT_MAX_BYTES {
            match self.entries.pop_front() {
                Some(dropped) => self.bytes -= dropped.json.len(),
                None => return,
            }
        }
    }

    /// The records after the one with this number, oldest first. A number that there has not been yet, which a viewer of
    /// a former process may have, stands for the beginning.
    pub(super) fn after(&self, number: u64) -> Newer {
        let number = if number > self.newest { 0 } else { number };
        let oldest = self.entries.front().map_or(self.newest + 1, |entry| entry.number);
        let from = self.entries.partition_point(|entry| entry.number <= number);
        Newer { missed: oldest.saturating_sub(number + 1), entries: self.entries.iter().skip(from).cloned().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(records: usize, bytes: usize) -> Ring {
        let mut ring = Ring::default();
        for _ in 0..records {
            let number = ring.next_number();
            ring.push(Entry { number, connection: None, user: None, json: "x".repeat(bytes) });
        }
        ring
    }

    fn numbers(newer: &Newer) -> Vec<u64> {
        newer.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn the_newest_records_are_kept_within_the_bound_of_their_number() {
        let ring = filled(KEPT_MAX + 10, 1);
        let newer = ring.after(0);
        assert_eq!((newer.missed, newer.entries.len()), (10, KEPT_MAX));
        assert_eq!(newer.entries[0].number, 11);
    }

    #[test]
    fn the_newest_records_are_kept_within_the_bound_of_their_bytes() {
        let quarter = KEPT_MAX_BYTES / 4;
        let newer = filled(6, quarter).after(0);
        assert_eq!((newer.missed, numbers(&newer)), (2, vec![3, 4, 5, 6]));
    }

    #[test]
    fn a_viewer_gets_what_came_after_its_last_record() {
        let ring = filled(5, 1);
        assert_eq!(numbers(&ring.after(3)), [4, 5]);
        assert_eq!(numbers(&ring.after(5)), [0; 0]);
        assert_eq!(numbers(&ring.after(900)), [1, 2, 3, 4, 5], "a viewer of a former process");
    }
}
