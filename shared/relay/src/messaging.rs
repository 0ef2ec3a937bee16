//! Messages to other systems: the queues of SQS, the topics of SNS and the event buses of EventBridge.
//!
//! Each of them may receive a message twice: a request is repeated if its answer is lost.

use std::time::Duration;

use form_urlencoded::Serializer;
use http::Method;
use serde_json::{Value, json};

use crate::aws::{Request, SignedClient};
use crate::clock::Timestamp;
use crate::error::Error;

/// The most entries of one batch, for SQS and for EventBridge.
const BATCH_MAX: usize = 10;

/// The most bytes of one batch. SQS and EventBridge take 262,144 bytes, names and times of the entries included.
const BATCH_MAX_BYTES: usize = 240_000;

/// The longest time for which SQS hides a message from receivers: twelve hours.
const HIDDEN_MAX_SECS: u64 = 43_200;

/// A client of SQS.
#[derive(Clone, Debug)]
pub struct Queues(SignedClient);

impl Queues {
    /// Creates a client of SQS from a client for its requests.
    #[must_use]
    pub const fn new(client: SignedClient) -> Self {
        Self(client)
    }

    /// Sends messages to a queue. One request for up to ten messages.
    ///
    /// # Errors
    /// `Error::Internal` if one of the messages was not accepted, or if it is unknown whether all were. The others may
    /// have been sent.
    pub async fn send(&self, queue: &str, messages: &[String]) -> Result<(), Error> {
        for batch in batches(messages, String::len) {
            let entry = |(id, message): (usize, &String)| json!({"Id": id.to_string(), "MessageBody": message});
            let entries: Vec<Value> = batch.iter().enumerate().map(entry).collect();
            let answer = self.call("SendMessageBatch", &json!({"QueueUrl": queue, "Entries": entries})).await?;
            let refused = answer.get("Failed").and_then(Value::as_array).map_or(0, Vec::len);
            if refused > 0 {
                return Err(Error::internal(format!("a queue refused {refused} of {} messages", batch.len())));
            }
        }
        Ok(())
    }

    /// Hides a message that was received from the queue, so that it is received again after this time, of at most twelve
    /// hours. `receipt` is the receipt handle with which it was received. One request.
    ///
    /// # Errors
    /// `Error::Internal` if SQS refuses it, or does not answer. The message then comes again when the queue itself
    /// hands it out again.
    pub async fn hide(&self, queue: &str, receipt: &str, time: Duration) -> Result<(), Error> {
        let seconds = time.as_secs().min(HIDDEN_MAX_SECS);
        let body = json!({"QueueUrl": queue, "ReceiptHandle": receipt, "VisibilityTimeout": seconds});
        self.call("ChangeMessageVisibility", &body).await.map(drop)
    }

    async fn call(&self, operation: &'static str, body: &Value) -> Result<Value, Error> {
        let request = Request::new(operation, Method::POST, "/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{operation}"));
        in_json(&self.0, request, body).await
    }
}

/// A client of SNS.
#[derive(Clone, Debug)]
pub struct Topics(SignedClient);

impl Topics {
    /// Creates a client of SNS from a client for its requests.
    #[must_use]
    pub const fn new(client: SignedClient) -> Self {
        Self(client)
    }

    /// Publishes a message to a topic, by its ARN. One request.
    ///
    /// # Errors
    /// `Error::Internal` if SNS refuses it, or if it is unknown whether it was published.
    pub async fn publish(&self, topic: &str, message: &str) -> Result<(), Error> {
        let form = [("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", topic), ("Message", message)];
        let form = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::new("Publish", Method::POST, "/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.into_bytes());
        self.0.send(request).await.map(drop).map_err(Error::internal)
    }
}

/// An event for a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusEvent {
    /// What sends the event.
    pub source: String,
    /// The type of the event.
    pub detail_type: String,
    /// The event, in JSON.
    pub detail: String,
    /// When it happened.
    pub at: Timestamp,
}

/// A client of EventBridge.
#[derive(Clone, Debug)]
pub struct Buses(SignedClient);

impl Buses {
    /// Creates a client of EventBridge from a client for its requests.
    #[must_use]
    pub const fn new(client: SignedClient) -> Self {
        Self(client)
    }

    /// Puts events on a bus, by its name or ARN. One request for up to ten events.
    ///
    /// # Errors
    /// `Error::Internal` if one of the events was not accepted, or if it is unknown whether all were. The others may
    /// have been put.
    pub async fn put(&self, bus: &str, events: &[BusEvent]) -> Result<(), Error> {
        for batch in batches(events, |event| event.detail.len()) {
            let entry = |BusEvent { source, detail_type, detail, at }: &BusEvent| {
                json!({
                    "EventBusName": bus,
                    "Source": source,
                    "DetailType": detail_type,
                    "Detail": detail,
                    "Time": at.seconds(),
                })
            };
            let entries: Vec<Value> = batch.iter().map(entry).collect();
            let request = Request::new("PutEvents", Method::POST, "/")
                .header("content-type", "application/x-amz-json-1.1")
                .header("x-amz-target", "AWSEvents.PutEvents");
            let answer = in_json(&self.0, request, &json!({"Entries": entries})).await?;
            let refused = answer.get("FailedEntryCount").and_then(Value::as_u64).unwrap_or_default();
            if refused > 0 {
                return Err(Error::internal(format!("an event bus refused {refused} of {} events", batch.len())));
            }
        }
        Ok(())
    }
}

async fn in_json(client: &SignedClient, request: Request, body: &Value) -> Result<Value, Error> {
    let answer = client.send(request.body(body.to_string().into_bytes())).await.map_err(Error::internal)?;
    let answer = answer.bytes().await?;
    if answer.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&answer).map_err(Error::internal)
}

/// Splits entries into batches that one request takes. An entry that is larger than a batch is one alone.
fn batches<T>(entries: &[T], bytes: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut batches = Vec::new();
    let (mut rest, mut count, mut size) = (entries, 0, 0);
    for entry in entries {
        let more = bytes(entry);
        if count > 0 && (count == BATCH_MAX || size + more > BATCH_MAX_BYTES) {
            let (batch, after) = rest.split_at(count);
            batches.push(batch);
            (rest, count, size) = (after, 0, 0);
        }
        count += 1;
        size += more;
    }
    if !rest.is_empty() {
        batches.push(rest);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_at_most_ten_entries_and_240_kb() {
        let sizes =
            |entries: &[usize]| -> Vec<usize> { batches(entries, |size| *size).iter().map(|b| b.len()).collect() };
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[1; 10]), [10]);
        assert_eq!(sizes(&[1; 25]), [10, 10, 5]);
        assert_eq!(sizes(&[100_000; 5]), [2, 2, 1]);
        assert_eq!(sizes(&[1, 300_000, 1]), [1, 1, 1]);
    }
}
