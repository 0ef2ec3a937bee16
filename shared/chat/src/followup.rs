//! The work that remains after an invocation, whatever its result was (docs/guarantees.md). This function delivers the
//! events of chats that were stored but not delivered, it announces events to other systems ([`crate::hook`]), and it
//! closes the connection of a client whose event was given up, so that the client does not wait for an answer.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use relay::error::Error;
use relay::invocation;
use serde_json::{Value, json};

use crate::ctx::Ctx;
use crate::domain::id::ChatId;
use crate::hook::{self, ChatWrite};
use crate::takeover::ensure_delivered;
use crate::telemetry;

/// How many chats one invocation handles at the same time.
const CONCURRENCY: usize = 16;

/// Handles a batch of the stream of the table Chats or Users, or the record of an event that a function failed to handle.
///
/// The answer to a batch names, for each chat that failed, the first record that Lambda must hand over again
/// (`batchItemFailures`).
///
/// # Errors
/// `Error::Internal` if the event that was given up cannot be read.
pub async fn handle(ctx: &Ctx, event: Value) -> Result<Value, Error> {
    if event.get("requestPayload").is_some() {
        relay::followup::handle(ctx, &event).await?;
        return Ok(Value::Null);
    }
    invocation::note_event("stream");
    let following = chats(&event).into_iter().map(|(chat, found)| async move {
        let delivered = match found.delivered_position < found.events {
            true => ensure_delivered(ctx, &chat, found.events).await,
            false => Ok(()),
        };
        // What cannot be delivered is announced all the same.
        let announced = hook::announce(ctx, &found.writes).await;
        (found.first_record, [delivered, announced])
    });
    let following: Vec<_> = following.collect();
    let results: Vec<_> = futures_util::stream::iter(following).buffer_unordered(CONCURRENCY).collect().await;
    let mut failures = Vec::new();
    for (first_record, result) in profiles(ctx, &event).await {
        if let Err(error) = result {
            telemetry::failed(None, &error);
            failures.push(json!({"itemIdentifier": first_record}));
        }
    }
    for (first_record, results) in results {
        let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
        errors.iter().for_each(|error| telemetry::failed(None, error));
        if !errors.is_empty() {
            failures.push(json!({"itemIdentifier": first_record}));
        }
    }
    Ok(json!({"batchItemFailures": failures}))
}

/// Announces what the records of profiles say about presence. Returns the result of each with its sequence number.
async fn profiles<'a>(ctx: &Ctx, event: &'a Value) -> Vec<(&'a str, Result<(), crate::error::Error>)> {
    let records = event.get("Records").and_then(Value::as_array).into_iter().flatten();
    let is_profile = |record: &&Value| record.pointer("/dynamodb/Keys/entry").is_some();
    let announcing = records.filter(is_profile).map(|record| async move {
        (text(record, "/dynamodb/SequenceNumber"), hook::presence::announce(ctx, record).await)
    });
    let announcing: Vec<_> = announcing.collect();
    futures_util::stream::iter(announcing).buffer_unordered(CONCURRENCY).collect().await
}

fn text<'a>(record: &'a Value, pointer: &str) -> &'a str {
    record.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What the records of one batch say about one chat.
struct ChatRecords<'a> {
    /// The number of stored events, according to the newest record.
    events: u64,
    /// The number of delivered events, according to the newest record.
    delivered_position: u64,
    /// The sequence number of the oldest record.
    first_record: &'a str,
    /// The writes of the chat's row, in their order.
    writes: Vec<ChatWrite<'a>>,
}

/// The chats of a batch of records.
fn chats(event: &Value) -> HashMap<ChatId, ChatRecords<'_>> {
    let mut chats: HashMap<ChatId, ChatRecords<'_>> = HashMap::new();
    for record in event.get("Records").and_then(Value::as_array).into_iter().flatten() {
        let Some(image) = record.pointer("/dynamodb/NewImage") else { continue };
        let number = |name: &str| -> u64 {
            let digits = image.get(name).and_then(|value| value.get("N")).and_then(Value::as_str);
            digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
        };
        let id = image.pointer("/chatId/S").and_then(Value::as_str).and_then(|id| ChatId::parse(id).ok());
        let Some(id) = id else { continue };
        let sequence = text(record, "/dynamodb/SequenceNumber");
        let found = chats.entry(id).or_insert(ChatRecords {
            events: 0,
            delivered_position: 0,
            first_record: sequence,
            writes: Vec::new(),
        });
        // The stream may hand over a record twice, but it keeps the order of the records of one chat.
        found.events = found.events.max(number("seq").saturating_add(number("rev")));
        found.delivered_position = found.delivered_position.max(number("told"));
        let before = record.pointer("/dynamodb/OldImage");
        let is_first = record.get("eventName").and_then(Value::as_str) == Some("INSERT");
        // A stream without the rows before says nothing about events: those of before the hooks were switched on.
        if before.is_some() || is_first {
            found.writes.push(ChatWrite { before, after: image });
        }
    }
    chats
}
