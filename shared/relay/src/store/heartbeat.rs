//! The slots in which connections are pinged, read page by page, and the record of their turns.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::connection::waiting_slots;
use super::rows::{SlotRow, TurnRow, VERSION};
use super::{HeartbeatRow, Store, keys};
use crate::clock::Timestamp;
use crate::dynamo::{Item, QueryInput, QueryPages, UpdateItemInput, number, read, text};
use crate::error::Error;
use crate::id::ConnectionId;

/// How long the record of a turn is kept, in seconds: longer than any interval.
const TURN_TTL_SECS: i64 = 3_600;

/// The rows of a slot. Each may be a row that cannot be read.
pub type SlotRows = Vec<Result<HeartbeatRow, Error>>;

/// A part of a slot: the connections from one id on and before another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The first connection of the part. With `None` the part begins at the first connection of the slot.
    pub from: Option<ConnectionId>,
    /// The first connection after the part. With `None` the part goes to the last connection of the slot.
    pub before: Option<ConnectionId>,
}

impl Part {
    /// The name of the part among the parts of its slot.
    fn name(&self) -> String {
        self.from.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

/// The last turn of a slot that was begun, and how much of it is done.
#[derive(Clone, Debug)]
pub struct SlotTurn {
    /// The time for which the turn was scheduled.
    pub at: Timestamp,
    /// Whether all parts of the turn are done.
    pub is_done: bool,
}

/// A slot, read page by page.
#[derive(Debug)]
pub struct SlotPages(QueryPages);

impl SlotPages {
    /// Reads the rows of the next page, and whether another page follows. `None` at the end. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn next(&mut self) -> Option<Result<(SlotRows, bool), Error>> {
        let page = self.0.next().await.transpose()?;
        Some(page.map(|page| {
            let is_followed = page.last_evaluated_key.is_some_and(|key| !key.is_empty());
            (page.items.unwrap_or_default().into_iter().map(slot).collect(), is_followed)
        }))
    }
}

impl Store {
    /// The rows of all connections that have not joined a namespace yet, from the index (eventually consistent). A row
    /// or a slot that cannot be read is an error of its own. One query per slot of such connections and megabyte, at the
    /// same time.
    pub async fn waiting(&self) -> SlotRows {
        let slots = waiting_slots().map(|slot| self.all_of(self.slot_query(slot)));
        let found = futures_util::future::join_all(slots).await;
        found.into_iter().flat_map(|slot| slot.unwrap_or_else(|error| vec![Err(error)])).collect()
    }

    /// A slot page by page. A page is one megabyte, about 7,000 connections.
    #[must_use]
    pub fn slot_pages(&self, slot: u32) -> SlotPages {
        SlotPages(self.db.query_pages(self.slot_query(slot.into())))
    }

    /// The rows of a part of a slot. One query per megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn slot_part(&self, slot: u32, Part { from, before }: &Part) -> Result<SlotRows, Error> {
        // Ids are Base64: `!` sorts before all of its characters, and `~` after all of them.
        let first = from.as_ref().map_or_else(|| "!".to_owned(), ToString::to_string);
        let last = before.as_ref().map_or_else(|| "~".to_owned(), ToString::to_string);
        let query = self
            .slot_query(slot.into())
            .key_condition_expression("slot = :slot AND connectionId BETWEEN :first AND :last")
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last));
        let mut rows = self.all_of(query).await?;
        rows.retain(|row| row.as_ref().map_or(true, |row| before.as_ref() != Some(&row.connection)));
        Ok(rows)
    }

    fn slot_query(&self, slot: i64) -> QueryInputBuilder {
        slot_query(&self.table, slot)
    }

    async fn all_of(&self, query: QueryInputBuilder) -> Result<SlotRows, Error> {
        let found = self.db.query_all(query).await?;
        Ok(found.into_iter().map(slot).collect())
    }

    /// The last turn of each slot that has had one. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn turns(&self) -> Result<BTreeMap<u32, SlotTurn>, Error> {
        let query = QueryInput::builder()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("connectionId = :turns")
            .expression_attribute_values(":turns", text(keys::TURNS));
        let found = self.db.query_all(query).await?;
        let rows: Vec<TurnRow> = found.into_iter().map(read).collect::<Result<_, _>>()?;
        let done: BTreeSet<(u32, &str, i64)> =
            rows.iter().map(|row| (row.of_slot, row.part.as_str(), row.turn_at)).collect();
        let mut turns = BTreeMap::new();
        for TurnRow { of_slot, part, turn_at, parts, .. } in &rows {
            if part.is_empty() {
                let is_done = parts.iter().all(|part| done.contains(&(*of_slot, part.as_str(), *turn_at)));
                turns.insert(*of_slot, SlotTurn { at: Timestamp::from_millis(*turn_at), is_done });
            }
        }
        Ok(turns)
    }

    /// Records that a part of a slot has had its turn. With the first part it also records the further `parts` of the
    /// turn. One write. Does *not* write if a later turn is recorded.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn record_turn(&self, slot: u32, at: Timestamp, part: &Part, parts: &[Part]) -> Result<(), Error> {
        let mut update = UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::turn(slot, &part.name())))
            .condition_expression("attribute_not_exists(turnAt) OR turnAt <= :at")
            .expression_attribute_names("#part", "part")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":slot", number(slot))
            .expression_attribute_values(":part", text(part.name()))
            .expression_attribute_values(":v", number(VERSION))
            .expression_attribute_values(":ttl", number(at.seconds() + TURN_TTL_SECS));
        let set = "SET turnAt = :at, ofSlot = :slot, #part = :part, v = :v, #ttl = :ttl";
        update = if parts.is_empty() {
            update.update_expression(format!("{set} REMOVE parts"))
        } else {
            let names = parts.iter().map(Part::name).collect();
            let update = update.update_expression(format!("{set}, parts = :parts"));
            update.expression_attribute_values(":parts", AttributeValue::Ss(names))
        };
        self.db.applied(update).await.map(drop)
    }
}

/// The query of a slot.
pub(super) fn slot_query(table: &str, slot: i64) -> QueryInputBuilder {
    QueryInput::builder()
        .table_name(table)
        .index_name("slot")
        .key_condition_expression("slot = :slot")
        .expression_attribute_values(":slot", number(slot))
}

fn slot(item: Item) -> Result<HeartbeatRow, Error> {
    read::<SlotRow>(item)?.try_into()
}
