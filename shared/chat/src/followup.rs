//! The work that remains after an invocation, whatever its result was (docs/guarantees.md). This function delivers the
//! events of chats that were stored but not delivered, and it closes the connection of a client whose event was given
//! up, so that the client does not wait for an answer.
//!
//! Anything that must happen at least once after a message belongs here too: push notifications, webhooks, an event
//! bus. None of these exists yet.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use relay::error::Error;
use serde_json::{Value, json};

use crate::ctx::Ctx;
use crate::domain::id::ChatId;
use crate::takeover::ensure_delivered;
use crate::telemetry;

/// How many chats one invocation handles at the same time.
const CONCURRENCY: usize = 16;

/// Handles a batch of the stream of the table Chats, or the record of an event that a function failed to handle.
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
    let chats = undelivered(&event);
    let following = futures_util::stream::iter(chats).map(|(chat, found)| async move {
        ensure_delivered(ctx, &chat, found.events).await.map_err(|error| (found, error))
    });
    let results: Vec<_> = following.buffer_unordered(CONCURRENCY).collect().await;
    let mut failures = Vec::new();
    for (found, error) in results.into_iter().filter_map(Result::err) {
        telemetry::failed(None, &error);
        failures.push(json!({"itemIdentifier": found.first_record}));
    }
    Ok(json!({"batchItemFailures": failures}))
}

/// What the records of one batch say about one chat.
struct ChatRecords {
    /// The number of stored events, according to the newest record.
    events: u64,
    /// The number of delivered events, according to the newest record.
    delivered_position: u64,
    /// The sequence number of the oldest record.
    first_record: String,
}

/// The chats with events that had not been delivered when their newest record was written.
fn undelivered(event: &Value) -> HashMap<ChatId, ChatRecords> {
    let mut chats: HashMap<ChatId, ChatRecords> = HashMap::new();
    for record in event.get("Records").and_then(Value::as_array).into_iter().flatten() {
        let Some(image) = record.pointer("/dynamodb/NewImage") else { continue };
        let number = |name: &str| -> u64 {
            let digits = image.get(name).and_then(|value| value.get("N")).and_then(Value::as_str);
            digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
        };
        let id = image.pointer("/chatId/S").and_then(Value::as_str).and_then(|id| ChatId::parse(id).ok());
        let Some(id) = id else { continue };
        let sequence = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default();
        let found = chats.entry(id).or_insert(ChatRecords {
            events: 0,
            delivered_position: 0,
            first_record: sequence.to_owned(),
        });
        // The stream may hand over a record twice, but it keeps the order of the records of one chat.
        found.events = found.events.max(number("seq").saturating_add(number("rev")));
        found.delivered_position = found.delivered_position.max(number("told"));
    }
    chats.retain(|_, found| found.delivered_position < found.events);
    chats
}
