//! The slots in which connections are pinged, page by page, and which turns of them are done.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_async::future::pagination_stream::PaginationStream;

use super::rows::{self, SlotRow, TurnRow, VERSION};
use super::{HeartbeatRow, Item, Store, keys, number, text};
use crate::domain::clock::Timestamp;
use crate::domain::id::ConnectionId;
use crate::error::Error;

/// How long it is remembered that a turn was done: longer than any interval.
const TURN_TTL_SECS: i64 = 3_600;

/// Rows of a slot, each of which may be one that cannot be read.
pub type SlotRows = Vec<Result<HeartbeatRow, Error>>;

/// A part of a slot: the connections from one on and before another, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// From this connection on; else from the first.
    pub from: Option<ConnectionId>,
    /// Before this connection; else to the last.
    pub before: Option<ConnectionId>,
}

impl Part {
    /// How the part is called among those of its slot.
    fn name(&self) -> String {
        self.from.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

/// The last turn of a slot that was begun, and what was done of it.
#[derive(Clone, Debug)]
pub struct SlotTurn {
    /// The time for which it was scheduled.
    pub at: Timestamp,
    /// Whether all of it is done.
    pub is_done: bool,
}

/// A slot, page by page.
pub struct SlotPages(PaginationStream<Result<QueryOutput, SdkError<QueryError, HttpResponse>>>);

impl SlotPages {
    /// The rows of the next page, and whether another one follows. `None` at the end. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn next(&mut self) -> Option<Result<(SlotRows, bool), Error>> {
        let page = self.0.next().await?.map_err(Error::internal);
        Some(page.map(|page| {
            let is_followed = page.last_evaluated_key.is_some_and(|key| !key.is_empty());
            (page.items.unwrap_or_default().into_iter().map(slot).collect(), is_followed)
        }))
    }
}

impl Store {
    /// Everything in a slot, through the index (eventually consistent), or why it cannot be read, row by row. One query
    /// per megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn slot(&self, slot: i64) -> Result<SlotRows, Error> {
        self.all_of(self.slot_query(slot)).await
    }

    /// A slot, page by page: a megabyte each, some 7,000 connections.
    #[must_use]
    pub fn slot_pages(&self, slot: u32) -> SlotPages {
        SlotPages(self.slot_query(slot.into()).into_paginator().send())
    }

    /// A part of a slot. One query per megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn slot_part(&self, slot: u32, Part { from, before }: &Part) -> Result<SlotRows, Error> {
        // Ids are of Base64: `!` is less than any of its characters, and `~` is greater.
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

    fn slot_query(&self, slot: i64) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.tables.connections)
            .index_name("slot")
            .key_condition_expression("slot = :slot")
            .expression_attribute_values(":slot", number(slot))
    }

    async fn all_of(&self, query: QueryFluentBuilder) -> Result<SlotRows, Error> {
        let found: Vec<Item> =
            query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(Error::internal)?;
        Ok(found.into_iter().map(slot).collect())
    }

    /// The last turn of each slot that has had one. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn turns(&self) -> Result<BTreeMap<u32, SlotTurn>, Error> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.connections)
            .consistent_read(true)
            .key_condition_expression("connectionId = :turns")
            .expression_attribute_values(":turns", text(keys::TURNS));
        let found: Vec<Item> =
            query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(Error::internal)?;
        let rows: Vec<TurnRow> = found.into_iter().map(rows::read).collect::<Result<_, _>>()?;
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

    /// Notes that a part of a slot has had its turn; with the first part, that the turn has these further `parts`. One write. Not if a
    /// later turn is noted.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn record_turn(&self, slot: u32, at: Timestamp, part: &Part, parts: &[Part]) -> Result<(), Error> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.tables.connections)
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
        self.applied(update).await.map(drop)
    }
}

fn slot(item: Item) -> Result<HeartbeatRow, Error> {
    rows::read::<SlotRow>(item)?.try_into()
}
