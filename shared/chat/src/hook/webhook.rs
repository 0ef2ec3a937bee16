//! The function that sends webhooks: takes events from the queue and posts them to the receiver, signed
//! (docs/hooks.md, "Webhooks").
//!
//! An event that the receiver does not accept stays in the queue and comes again, each time after a longer wait. After
//! the last attempt the queue itself moves it to the queue of failures.

use std::time::Duration;

use futures_util::StreamExt as _;
use relay::clock::Clock;
use relay::error::Error;
use relay::outside::{Outside, OutsideError};
use serde_json::{Value, json};

use crate::config::{Webhook, WebhookQueues};
use crate::ctx::Ctx;
use crate::hook::signature::WebhookSecrets;
use crate::telemetry;

/// How long the receiver may take to answer: the least that Standard Webhooks recommends. A receiver that stores an event
/// and handles it later needs much less.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// The waits before further attempts, in seconds: about two days together. With the quarter that chance adds, none is
/// longer than the twelve hours for which SQS can hide a message.
const WAITS_SECS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 34_560, 34_560, 34_560, 34_560];

/// How often an event is sent at most. The queue's `maxReceiveCount` is the same number.
pub const ATTEMPTS_MAX: usize = WAITS_SECS.len() + 1;

/// How many events of one batch are sent at the same time: all of it.
const CONCURRENCY: usize = 10;

/// The status of a receiver that wants no more webhooks.
const GONE: u16 = 410;

/// Sends the events of one batch from the queue. The answer names those that must stay in the queue
/// (`batchItemFailures`).
///
/// # Errors
/// `Error::Internal` if this function has no receiver, or cannot read the secrets that sign. Lambda then leaves the whole
/// batch in the queue.
pub async fn handle(ctx: &Ctx, event: Value) -> Result<Value, Error> {
    let settings = &ctx.app.config.hooks;
    let (Some(webhook), Some(receiver)) = (&settings.webhook, &ctx.app.hooks.receiver) else {
        return Err(Error::internal("there is no receiver of webhooks"));
    };
    let (secrets, outside) = (&*receiver.secrets().await?, &receiver.outside);
    let records = event.get("Records").and_then(Value::as_array).into_iter().flatten();
    let sending = records.map(|record| async move {
        let is_done = match Received::read(record) {
            Some(received) => Sender { ctx, webhook, secrets, outside }.send(&received).await,
            None => {
                // It ends in the queue of failures.
                tracing::error!("a message of the queue is no event");
                false
            }
        };
        (!is_done).then(|| json!({"itemIdentifier": record.get("messageId")}))
    });
    let sending: Vec<_> = sending.collect();
    let sending = futures_util::stream::iter(sending).buffer_unordered(CONCURRENCY);
    let failures: Vec<Value> = sending.filter_map(std::future::ready).collect().await;
    Ok(json!({"batchItemFailures": failures}))
}

/// An event from the queue.
struct Received<'a> {
    /// The handle with which the message can be hidden.
    receipt: &'a str,
    /// How often it was received, this time included.
    attempt: usize,
    body: &'a str,
    /// The id of the event.
    id: String,
}

impl<'a> Received<'a> {
    fn read(record: &'a Value) -> Option<Self> {
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
        let body = text("/body")?;
        let event: Value = serde_json::from_str(body).ok()?;
        Some(Self {
            receipt: text("/receiptHandle")?,
            attempt: text("/attributes/ApproximateReceiveCount")?.parse().ok()?,
            body,
            id: event.get("id")?.as_str()?.to_owned(),
        })
    }
}

/// How the receiver answered.
enum Answer {
    Accepted,
    /// It wants no more webhooks.
    Gone,
    NotAccepted(String),
}

impl From<Result<u16, OutsideError>> for Answer {
    fn from(answer: Result<u16, OutsideError>) -> Self {
        match answer {
            Ok(200..=299) => Self::Accepted,
            Ok(GONE) => Self::Gone,
            Ok(status) => Self::NotAccepted(format!("status {status}")),
            Err(error) => Self::NotAccepted(error.to_string()),
        }
    }
}

struct Sender<'a> {
    ctx: &'a Ctx,
    webhook: &'a Webhook,
    secrets: &'a WebhookSecrets,
    outside: &'a Outside,
}

impl Sender<'_> {
    /// Sends an event once. Returns whether the queue may forget it.
    async fn send(&self, received: &Received<'_>) -> bool {
        let WebhookQueues { waiting, failures } = &self.webhook.queues;
        let queues = &self.ctx.app.hooks.queues;
        let Received { attempt, id, .. } = received;
        let problem = match self.post(received).await {
            Answer::Accepted => return true,
            Answer::Gone => {
                tracing::error!(event.id = id, "the receiver of webhooks is gone; the event is put aside");
                let put_aside = queues.send(failures, &[received.body.to_owned()]).await;
                return put_aside.map_err(|error| telemetry::failed(None, &error.into())).is_ok();
            }
            Answer::NotAccepted(problem) => problem,
        };
        match attempt.checked_sub(1).and_then(|before| WAITS_SECS.get(before)) {
            Some(wait) => {
                let wait_secs = with_jitter(*wait, &self.ctx.clock);
                tracing::warn!(event.id = id, attempt, wait_secs, problem, "a webhook was not accepted");
                if let Err(error) = queues.hide(waiting, received.receipt, Duration::from_secs(wait_secs)).await {
                    telemetry::failed(None, &error.into());
                }
            }
            None => tracing::error!(event.id = id, attempt, problem, "a webhook was given up"),
        }
        false
    }

    async fn post(&self, received: &Received<'_>) -> Answer {
        let Received { body, id, .. } = received;
        let now = self.ctx.clock.now();
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("user-agent", "Parlance".to_owned()),
            ("webhook-id", id.clone()),
            ("webhook-timestamp", now.seconds().to_string()),
            ("webhook-signature", self.secrets.sign(id, now, body)),
        ];
        self.outside.post(&self.webhook.address, &headers, body.as_bytes().to_vec(), ANSWER_TIMEOUT).await.into()
    }
}

/// A wait in seconds, with up to a quarter more by chance, so that what failed together is not sent again together.
fn with_jitter(seconds: u64, clock: &Clock) -> u64 {
    let more = u64::from_le_bytes(clock.random()) % (seconds / 4 + 1);
    seconds + more
}
