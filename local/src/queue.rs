//! The queues of SQS, and how Lambda hands their messages to a function: in batches, at least once, in no order.
//!
//! A message that is handed out is hidden for a time. If it was not handled by then it is handed out again, until it has
//! been handed out too often: then it goes to the queue of failures. Messages are lost when the process ends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use md5::{Digest as _, Md5};
use relay::clock::{Clock, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::faults::{Faults, Trigger};
use crate::lambda::Lambda;
use crate::template::{Queue, QueueSource, REGION, Template};

/// The most messages of one queue. If there are more, the oldest are given up; SQS has no such limit.
const MESSAGES_MAX: usize = 100_000;

/// The longest wait for a message that is hidden, before the queue is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(3_600);

/// The queues, and the functions that get their messages.
#[derive(Debug)]
pub struct Queues {
    by_name: BTreeMap<String, Waiting>,
    readers: Vec<Reader>,
    clock: Clock,
    sent: AtomicU64,
}

#[derive(Debug)]
struct Waiting {
    queue: Queue,
    messages: Mutex<Vec<Message>>,
    arrived: Notify,
}

/// A function that gets the messages of a queue.
#[derive(Debug)]
struct Reader {
    source: QueueSource,
    /// The name with which the function is invoked.
    function: String,
}

/// A message in a queue.
#[derive(Clone, Debug)]
struct Message {
    /// The number of the message, from 1.
    number: u64,
    body: String,
    sent_at: Timestamp,
    /// When it may be handed out.
    visible_at: Timestamp,
    /// How often it was handed out.
    receives: u32,
    first_received_at: Timestamp,
}

impl Message {
    fn id(&self) -> String {
        format!("00000000-0000-4000-8000-{:012x}", self.number)
    }

    /// The handle of the latest time it was handed out.
    fn receipt(&self) -> String {
        format!("{:012x}-{}", self.number, self.receives)
    }

    /// The message in the form in which Lambda hands it to a function.
    fn event(&self, source: &QueueSource) -> Value {
        json!({
            "messageId": self.id(),
            "receiptHandle": self.receipt(),
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": self.receives.to_string(),
                "SentTimestamp": self.sent_at.millis().to_string(),
                "SenderId": "LOCAL",
                "ApproximateFirstReceiveTimestamp": self.first_received_at.millis().to_string(),
            },
            "messageAttributes": {},
            "md5OfBody": md5_of(&self.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": source.arn,
            "awsRegion": REGION,
        })
    }
}

/// The MD5 digest of a body, in hex, with which SQS answers.
pub(crate) fn md5_of(body: &str) -> String {
    Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Queues {
    /// Creates the queues of a template, empty.
    #[must_use]
    pub fn new(template: &Template, clock: Clock) -> Self {
        let waiting = |(name, queue): (&String, &Queue)| {
            let waiting = Waiting { queue: queue.clone(), messages: Mutex::default(), arrived: Notify::new() };
            (name.clone(), waiting)
        };
        let readers = template.queue_sources.iter().filter_map(|source| {
            let function = template.functions.get(&source.function)?.name.clone();
            Some(Reader { source: source.clone(), function })
        });
        let (by_name, readers) = (template.queues.iter().map(waiting).collect(), readers.collect());
        Self { by_name, readers, clock, sent: AtomicU64::new(0) }
    }

    /// The logical name of the queue with this address.
    #[must_use]
    pub fn named(&self, url: &str) -> Option<&str> {
        self.by_name.iter().find(|(_, waiting)| waiting.queue.url == url).map(|(name, _)| name.as_str())
    }

    /// The bodies of the messages in a queue, hidden ones included, oldest first.
    #[must_use]
    pub fn bodies(&self, queue: &str) -> Vec<String> {
        let Some(waiting) = self.by_name.get(queue) else { return Vec::new() };
        waiting.messages().iter().map(|message| message.body.clone()).collect()
    }

    /// Adds a message to a queue. Returns its id; `None` if there is no such queue.
    pub(crate) fn send(&self, queue: &str, body: String) -> Option<String> {
        let now = self.clock.now();
        let number = self.sent.fetch_add(1, Ordering::SeqCst) + 1;
        let message = Message {
            number,
            body,
            sent_at: now,
            visible_at: now,
            receives: 0,
            first_received_at: Timestamp::default(),
        };
        let id = message.id();
        self.by_name.get(queue)?.add(message);
        Some(id)
    }

    /// Hides a message that was handed out, for a time from now. Returns whether it is in the queue.
    pub(crate) fn hide(&self, queue: &str, receipt: &str, time: Duration) -> bool {
        let Some(waiting) = self.by_name.get(queue) else { return false };
        let visible_at = later(self.clock.now(), time);
        let mut messages = waiting.messages();
        let found = messages.iter_mut().find(|message| message.receipt() == receipt);
        let is_found = found.is_some();
        if let Some(message) = found {
            message.visible_at = visible_at;
        }
        drop(messages);
        waiting.arrived.notify_one();
        is_found
    }

    /// Hands over all messages that may be handed out now, until there are none left or each has been handed out this
    /// often. Returns whether none were left.
    pub async fn hand_over(&self, lambda: &Arc<Lambda>, faults: &Faults, rounds: usize) -> bool {
        for _ in 0..rounds {
            let mut any = false;
            for reader in &self.readers {
                if let Some((batch, times)) = self.next_batch(&reader.source, faults) {
                    any = true;
                    self.process(reader, batch, times, lambda).await;
                }
            }
            if !any {
                return true;
            }
        }
        false
    }

    /// Hands over messages as they come, until the future is dropped.
    pub async fn run(&self, lambda: &Arc<Lambda>, faults: &Faults) {
        futures_util::future::join_all(self.readers.iter().map(|reader| self.follow(reader, lambda, faults))).await;
    }

    async fn follow(&self, reader: &Reader, lambda: &Arc<Lambda>, faults: &Faults) {
        let Some(waiting) = self.by_name.get(&reader.source.queue) else { return };
        let mut under_way = FuturesUnordered::new();
        loop {
            if under_way.len() < reader.source.concurrency
                && let Some((batch, times)) = self.next_batch(&reader.source, faults)
            {
                under_way.push(self.process(reader, batch, times, lambda));
                continue;
            }
            tokio::select! {
                Some(()) = under_way.next(), if !under_way.is_empty() => {}
                () = waiting.arrived.notified() => {}
                () = tokio::time::sleep(waiting.until_visible(self.clock.now())), if under_way.len() < reader.source.concurrency => {}
            }
        }
    }

    /// The next batch that may be handed out, and how often it comes, as the fault layer decides.
    fn next_batch(&self, source: &QueueSource, faults: &Faults) -> Option<(Vec<Message>, usize)> {
        let waiting = self.by_name.get(&source.queue)?;
        let now = self.clock.now();
        self.move_failures(waiting, now);
        let mut messages = waiting.messages();
        let due = messages.iter_mut().filter(|message| message.visible_at <= now).take(source.batch_size);
        let mut due: Vec<&mut Message> = due.collect();
        if due.is_empty() {
            return None;
        }
        let deliveries = faults.deliveries(Trigger::Queue, &source.function);
        if let [late] = deliveries.as_slice()
            && !late.is_zero()
        {
            due.iter_mut().for_each(|message| message.visible_at = later(now, *late));
            return None;
        }
        for message in &mut due {
            message.visible_at = later(now, waiting.queue.visibility);
            message.receives += 1;
            if message.receives == 1 {
                message.first_received_at = now;
            }
        }
        Some((due.into_iter().map(|message| message.clone()).collect(), deliveries.len()))
    }

    /// Forgets messages that are too old, and moves those that were handed out too often.
    fn move_failures(&self, waiting: &Waiting, now: Timestamp) {
        let mut failed = Vec::new();
        waiting.messages().retain(|message| {
            let is_old = later(message.sent_at, waiting.queue.retention) < now;
            let limit = waiting.queue.redrive.as_ref().map(|redrive| redrive.receives_max);
            let is_failure = message.visible_at <= now && limit.is_some_and(|limit| message.receives >= limit);
            if is_failure && !is_old {
                failed.push(message.clone());
            }
            !is_old && !is_failure
        });
        let target = waiting.queue.redrive.as_ref().and_then(|redrive| self.by_name.get(&redrive.queue));
        for message in failed {
            if let Some(target) = target {
                target.add(message);
            }
        }
    }

    /// Hands a batch to a function, and forgets the messages that it handled.
    async fn process(&self, reader: &Reader, batch: Vec<Message>, times: usize, lambda: &Arc<Lambda>) {
        let Reader { source, function } = reader;
        for _ in 0..times {
            let records: Vec<Value> = batch.iter().map(|message| message.event(source)).collect();
            match lambda.run_for_source(Trigger::Queue, function, json!({"Records": records})).await {
                Ok(answer) => self.forget(source, &batch, &answer),
                Err(error) => {
                    tracing::warn!(function = source.function, error.cause = %error, "a batch of messages failed")
                }
            }
        }
    }

    fn forget(&self, source: &QueueSource, batch: &[Message], answer: &Value) {
        let failures = answer.get("batchItemFailures").and_then(Value::as_array).filter(|_| source.partial_failures);
        let failed: Vec<&str> =
            failures.into_iter().flatten().filter_map(|failure| failure.get("itemIdentifier")?.as_str()).collect();
        let handled = batch.iter().filter(|message| !failed.contains(&message.id().as_str()));
        let handled: Vec<u64> = handled.map(|message| message.number).collect();
        if let Some(waiting) = self.by_name.get(&source.queue) {
            waiting.messages().retain(|message| !handled.contains(&message.number));
        }
    }
}

impl Waiting {
    fn messages(&self) -> MutexGuard<'_, Vec<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, message: Message) {
        let mut messages = self.messages();
        if messages.len() >= MESSAGES_MAX {
            messages.remove(0);
            tracing::error!("a message of a queue was given up, because there are too many");
        }
        messages.push(message);
        drop(messages);
        self.arrived.notify_one();
    }

    /// How long it takes until the next message may be handed out.
    fn until_visible(&self, now: Timestamp) -> Duration {
        let next = self.messages().iter().map(|message| message.visible_at).min();
        next.map_or(LOOK_AGAIN, |next| {
            Duration::from_millis(u64::try_from(next.millis() - now.millis()).unwrap_or_default())
        })
    }
}

fn later(at: Timestamp, time: Duration) -> Timestamp {
    at.plus_millis(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}
