//! Requests to SQS, SNS and EventBridge, as functions make them. What no function needs is refused.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};

use crate::dynamodb::response;
use crate::published::{Message, Published};
use crate::queue::{Queues, md5_of};
use crate::template::Resource;

/// The most messages of one request.
const BATCH_MAX: usize = 10;

/// The most bytes of the messages of one request.
const BATCH_MAX_BYTES: usize = 262_144;

/// The most bytes of a message for a topic.
const MESSAGE_MAX_BYTES: usize = 262_144;

/// The longest time for which a message can be hidden, in seconds.
const HIDDEN_MAX_SECS: u64 = 43_200;

/// The action of IAM and the resource that a request to SQS needs; `None` if there is no such operation or queue.
pub(crate) fn needs(queues: &Queues, operation: &str, asked: &Value) -> Option<(&'static str, Resource)> {
    let action = match operation {
        "SendMessageBatch" => "sqs:SendMessage",
        "ChangeMessageVisibility" => "sqs:ChangeMessageVisibility",
        _ => return None,
    };
    Some((action, Resource::Queue(queue(queues, asked)?.to_owned())))
}

/// The queue that a request names, for records and faults: the last part of its address.
pub(crate) fn target(asked: &Value) -> String {
    let url = asked.get("QueueUrl").and_then(Value::as_str).unwrap_or_default();
    url.rsplit('/').next().unwrap_or_default().to_owned()
}

fn queue<'a>(queues: &'a Queues, asked: &Value) -> Option<&'a str> {
    queues.named(asked.get("QueueUrl")?.as_str()?)
}

/// Performs a request to SQS.
pub(crate) fn serve(queues: &Queues, operation: &str, asked: &Value) -> HttpResponse {
    let Some(queue) = queue(queues, asked) else {
        return refusal(400, "QueueDoesNotExist", "there is no queue with this address");
    };
    match operation {
        "SendMessageBatch" => send(queues, queue, asked),
        "ChangeMessageVisibility" => {
            let receipt = asked.get("ReceiptHandle").and_then(Value::as_str).unwrap_or_default();
            let seconds =
                asked.get("VisibilityTimeout").and_then(Value::as_u64).filter(|time| *time <= HIDDEN_MAX_SECS);
            match seconds.map(|seconds| queues.hide(queue, receipt, Duration::from_secs(seconds))) {
                None => refusal(400, "InvalidParameterValue", "VisibilityTimeout must be 0 to 43200"),
                Some(false) => refusal(400, "ReceiptHandleIsInvalid", "no message was handed out with this handle"),
                Some(true) => response(200, "{}".into()),
            }
        }
        _ => refusal(501, "UnsupportedOperation", "the local system does not have this operation"),
    }
}

/// Whether SQS takes a character in a message: those of XML 1.0.
fn is_allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn send(queues: &Queues, queue: &str, asked: &Value) -> HttpResponse {
    let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let entries = asked.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
    let bytes: usize = entries.iter().map(|entry| text(entry, "MessageBody").len()).sum();
    match entries.len() {
        0 => return refusal(400, "EmptyBatchRequest", "there are no messages"),
        count if count > BATCH_MAX => return refusal(400, "TooManyEntriesInBatchRequest", "more than ten messages"),
        _ if bytes > BATCH_MAX_BYTES => return refusal(400, "BatchRequestTooLong", "more than 262144 bytes"),
        _ if !entries.iter().all(|entry| text(entry, "MessageBody").chars().all(is_allowed)) => {
            return refusal(400, "InvalidMessageContents", "a character that SQS does not take");
        }
        _ => {}
    }
    let sent = entries.iter().map(|entry| {
        let body = text(entry, "MessageBody");
        let md5 = md5_of(&body);
        let id = queues.send(queue, body).unwrap_or_default();
        json!({"Id": text(entry, "Id"), "MessageId": id, "MD5OfMessageBody": md5})
    });
    response(200, json!({"Successful": sent.collect::<Vec<_>>()}).to_string().into())
}

/// A parameter of a form; empty if it is not there.
pub(crate) fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// Performs a request to SNS.
pub(crate) fn publish(published: &Published, form: &[(String, String)]) -> HttpResponse {
    let message = field(form, "Message");
    if field(form, "Action") != "Publish" {
        return in_xml(501, "UnsupportedOperation", "the local system does not have this operation");
    }
    if message.is_empty() || message.len() > MESSAGE_MAX_BYTES {
        return in_xml(400, "InvalidParameter", "Message must have 1 to 262144 bytes");
    }
    let body = serde_json::from_str(message).unwrap_or_else(|_| Value::from(message));
    published.add(Message { target: field(form, "TopicArn").to_owned(), detail_type: None, body });
    response(
        200,
        "<PublishResponse><PublishResult><MessageId>local</MessageId></PublishResult></PublishResponse>".into(),
    )
}

/// A refusal of what a role does not allow, in the form of SNS.
pub(crate) fn denied_in_xml(message: &str) -> HttpResponse {
    in_xml(403, "AuthorizationError", message)
}

fn in_xml(status: u16, code: &str, message: &str) -> HttpResponse {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>");
    response(status, body.into())
}

/// The event buses that a request names, each once.
pub(crate) fn buses(asked: &Value) -> Vec<String> {
    let entries = asked.get("Entries").and_then(Value::as_array).into_iter().flatten();
    let mut buses: Vec<String> =
        entries.filter_map(|entry| entry.get("EventBusName")?.as_str()).map(str::to_owned).collect();
    buses.sort();
    buses.dedup();
    buses
}

/// Performs a request to EventBridge.
pub(crate) fn put(published: &Published, operation: &str, asked: &Value) -> HttpResponse {
    let entries = asked.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let required = ["EventBusName", "Source", "DetailType", "Detail"];
    let bytes: usize = entries.iter().map(|entry| text(entry, "Detail").len()).sum();
    if operation != "PutEvents" {
        return refusal(501, "UnsupportedOperation", "the local system does not have this operation");
    }
    let has_all = |entry: &Value| required.iter().all(|name| !text(entry, name).is_empty());
    if entries.is_empty() || entries.len() > BATCH_MAX || bytes > BATCH_MAX_BYTES || !entries.iter().all(has_all) {
        return refusal(400, "ValidationException", "PutEvents takes one to ten events of 262144 bytes together");
    }
    for entry in &entries {
        let Ok(body) = serde_json::from_str(&text(entry, "Detail")) else {
            return refusal(400, "MalformedDetail", "Detail must be JSON");
        };
        let detail_type = Some(text(entry, "DetailType"));
        published.add(Message { target: text(entry, "EventBusName"), detail_type, body });
    }
    let put: Vec<Value> = entries.iter().map(|_| json!({"EventId": "local"})).collect();
    response(200, json!({"FailedEntryCount": 0, "Entries": put}).to_string().into())
}

/// A refusal in the form of SQS and EventBridge.
fn refusal(status: u16, kind: &str, message: &str) -> HttpResponse {
    response(status, json!({"__type": kind, "message": message}).to_string().into())
}
