//! DynamoDB Streams, and how Lambda hands their records to a function: in batches, at least once, in the order in which
//! each item was written.
//!
//! The records are made here and not by the engine, so that they are the same for tables at another endpoint: an item
//! is read before and after each write of a function, and a difference becomes a record. Two things differ from
//! DynamoDB: a stream is one shard, and records are lost when the process ends.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::json::item_json;
use engine::{Written, item_size};
use relay::clock::{Clock, Timestamp};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::faults::{Faults, Held, Trigger};
use crate::lambda::Lambda;
use crate::template::{REGION, StreamSource, StreamView, Template};

/// The most records that wait in a stream; DynamoDB keeps those of 24 hours. If there are more, the oldest are given
/// up.
const WAITING_MAX: usize = 100_000;

/// The wait before a batch that failed is tried again.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// The first sequence number. Sequence numbers have 21 digits or more.
const FIRST_SEQUENCE_NUMBER: u128 = 100_000_000_000_000_000_000;

/// The streams of the tables, and the functions that read them.
#[derive(Debug)]
pub struct Streams {
    shards: Vec<Shard>,
    clock: Clock,
    written: AtomicU64,
    given_up: AtomicU64,
}

/// A stream as one function reads it.
#[derive(Debug)]
struct Shard {
    source: StreamSource,
    /// The name with which the function is invoked.
    function: String,
    view: StreamView,
    queue: Mutex<Queue>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Record>,
    /// Batches that were handed over and come once more, each with its time.
    again: Vec<(Instant, Vec<Record>, Option<Held>)>,
    /// A batch that is late. Nothing is handed over before it.
    late: Option<(Instant, Option<Held>)>,
}

/// A write that the function has not handled yet. Its JSON is made when it is handed over.
#[derive(Clone, Debug)]
struct Record {
    /// Counts the writes to all tables with a stream, from 1.
    number: u64,
    at: Timestamp,
    written: Arc<Written>,
}

/// The result of handing a batch to a function.
enum Handled {
    /// The first records are done. The value is their number, which may be that of all.
    Up(usize),
    /// The function failed.
    Not,
}

impl Streams {
    /// Creates the streams that template.yaml's functions read.
    #[must_use]
    pub fn new(template: &Template, clock: Clock) -> Self {
        let shards = template.streams.iter().filter_map(|source| {
            let function = template.functions.get(&source.function)?.name.clone();
            let view = template.tables.get(&source.table)?.stream?;
            Some(Shard { source: source.clone(), function, view, queue: Mutex::default(), arrived: Notify::new() })
        });
        Self { shards: shards.collect(), clock, written: AtomicU64::new(0), given_up: AtomicU64::new(0) }
    }

    /// Whether a function reads the stream of a table.
    #[must_use]
    pub fn is_read(&self, table: &str) -> bool {
        self.shards.iter().any(|shard| shard.source.table == table)
    }

    /// The number of records that wait to be handed over, late ones included.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let count =
            |queue: &Queue| queue.waiting.len() + queue.again.iter().map(|(_, batch, _)| batch.len()).sum::<usize>();
        self.shards.iter().map(|shard| count(&shard.queue())).sum()
    }

    /// The number of records that were given up, because they were too old or failed too often.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::SeqCst)
    }

    /// The longest time that records wait for others, to be handed over in one batch.
    #[must_use]
    pub fn window(&self) -> Duration {
        self.shards.iter().map(|shard| shard.source.window).max().unwrap_or_default()
    }

    /// Records the writes of one request. A write that changes nothing makes no record.
    pub(crate) fn record_all(&self, written: Vec<Written>) {
        for written in written {
            if !self.is_read(&written.table) || written.before == written.after {
                continue;
            }
            let at = self.clock.now();
            let number = self.written.fetch_add(1, Ordering::SeqCst) + 1;
            let written = Arc::new(written);
            for shard in self.shards.iter().filter(|shard| shard.source.table == written.table) {
                let record = Record { number, at, written: Arc::clone(&written) };
                if !shard.takes(&record) {
                    continue;
                }
                let mut queue = shard.queue();
                queue.waiting.push_back(record);
                if queue.waiting.len() > WAITING_MAX {
                    queue.waiting.pop_front();
                    self.given_up.fetch_add(1, Ordering::SeqCst);
                }
                drop(queue);
                shard.arrived.notify_one();
            }
        }
    }

    /// Hands over all records that wait and are not late, until there are none left. It also hands over records of what
    /// the functions write meanwhile, for at most this many rounds. Returns whether no records were left within them.
    pub async fn hand_over(&self, lambda: &Arc<Lambda>, faults: &Faults, rounds: usize) -> bool {
        for _ in 0..rounds {
            let mut any = false;
            for shard in &self.shards {
                while let Some(batch) = shard.next_batch(faults) {
                    any = true;
                    self.process(shard, batch, lambda).await;
                }
            }
            if !any {
                return true;
            }
        }
        false
    }

    /// Hands over records as they come, until the future is dropped. A batch is handed over when it is full or its
    /// window is over.
    pub async fn run(&self, lambda: &Arc<Lambda>, faults: &Faults) {
        futures_util::future::join_all(self.shards.iter().map(|shard| self.follow(shard, lambda, faults))).await;
    }

    async fn follow(&self, shard: &Shard, lambda: &Arc<Lambda>, faults: &Faults) {
        loop {
            let due = shard.queue().next_due();
            match due {
                None => shard.arrived.notified().await,
                Some(due) if due > Instant::now() => {
                    tokio::select! {
                        () = tokio::time::sleep_until(due) => {}
                        () = shard.arrived.notified() => {}
                    }
                    continue;
                }
                Some(_) => {}
            }
            shard.fill().await;
            while let Some(batch) = shard.next_batch(faults) {
                self.process(shard, batch, lambda).await;
            }
        }
    }

    /// Hands a batch to a function, as often and in as many parts as necessary.
    async fn process(&self, shard: &Shard, batch: Vec<Record>, lambda: &Arc<Lambda>) {
        let source = &shard.source;
        let mut parts = VecDeque::from([(batch, 0)]);
        while let Some((mut part, attempts)) = parts.pop_front() {
            let oldest = self.clock.now().plus_millis(-i64::try_from(source.max_age.as_millis()).unwrap_or(i64::MAX));
            let all = part.len();
            part.retain(|record| record.at >= oldest);
            self.give_up(source, all - part.len(), "too old");
            if part.is_empty() {
                continue;
            }
            let handled = shard.invoke(&part, lambda).await;
            let rest = part.split_off(match handled {
                Handled::Up(done) => done.min(part.len()),
                Handled::Not => 0,
            });
            match rest.len() {
                0 => {}
                // Splitting a batch does not count as an attempt.
                several @ 2.. if source.bisected && matches!(handled, Handled::Not) => {
                    let mut first = rest;
                    let second = first.split_off(several / 2);
                    parts.push_front((second, attempts));
                    parts.push_front((first, attempts));
                }
                several if attempts >= source.retries => self.give_up(source, several, "failed too often"),
                _ => {
                    tokio::time::sleep(lambda.scaled(RETRY_WAIT)).await;
                    parts.push_front((rest, attempts + 1));
                }
            }
        }
    }

    fn give_up(&self, source: &StreamSource, records: usize, why: &str) {
        if records > 0 {
            self.given_up.fetch_add(u64::try_from(records).unwrap_or(u64::MAX), Ordering::SeqCst);
            tracing::error!(function = source.function, records, why, "records were given up");
        }
    }
}

impl Shard {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a record passes the filters.
    fn takes(&self, record: &Record) -> bool {
        let filters = &self.source.filters;
        if filters.is_empty() {
            return true;
        }
        let event = record.event(&self.source, self.view);
        filters.iter().any(|filter| filter.matches(&event))
    }

    /// Waits until there is a whole batch, or the window is over.
    async fn fill(&self) {
        let over = Instant::now() + self.source.window;
        while self.queue().waiting.len() < self.source.batch_size {
            tokio::select! {
                () = tokio::time::sleep_until(over) => return,
                () = self.arrived.notified() => {}
            }
        }
    }

    /// The next batch that is due, as the fault layer decides.
    fn next_batch(&self, faults: &Faults) -> Option<Vec<Record>> {
        let now = Instant::now();
        let mut queue = self.queue();
        if let Some(at) = queue.again.iter().position(|(due, ..)| *due <= now) {
            let (_, batch, _held) = queue.again.swap_remove(at);
            return Some(batch);
        }
        if queue.waiting.is_empty() || queue.late.as_ref().is_some_and(|(due, _)| *due > now) {
            return None;
        }
        // A batch that was late once is not made late again.
        let deliveries = match queue.late.take() {
            Some(_) => vec![Duration::ZERO],
            None => faults.deliveries(Trigger::Stream, &self.source.function),
        };
        let size = self.source.batch_size.min(queue.waiting.len());
        match deliveries.as_slice() {
            [late] if !late.is_zero() => {
                queue.late = Some((now + *late, faults.hold_for(*late)));
                None
            }
            [_, again] => {
                let batch: Vec<Record> = queue.waiting.drain(..size).collect();
                queue.again.push((now + *again, batch.clone(), faults.hold_for(*again)));
                Some(batch)
            }
            _ => Some(queue.waiting.drain(..size).collect()),
        }
    }

    async fn invoke(&self, batch: &[Record], lambda: &Arc<Lambda>) -> Handled {
        let records: Vec<Value> = batch.iter().map(|record| record.event(&self.source, self.view)).collect();
        let event = object([("Records", Value::Array(records))]);
        match lambda.run_for_source(Trigger::Stream, &self.function, event).await {
            Ok(answer) if self.source.partial_failures => done(batch, &answer),
            Ok(_) => Handled::Up(batch.len()),
            Err(error) => {
                tracing::warn!(function = self.source.function, error.cause = %error, "a batch of records failed");
                Handled::Not
            }
        }
    }
}

impl Record {
    fn sequence_number(&self) -> String {
        (FIRST_SEQUENCE_NUMBER + u128::from(self.number)).to_string()
    }

    /// The record in the form in which Lambda hands it to a function.
    fn event(&self, source: &StreamSource, view: StreamView) -> Value {
        let Written { table: _, key, before, after } = self.written.as_ref();
        let name = match (before, after) {
            (None, _) => "INSERT",
            (Some(_), None) => "REMOVE",
            (Some(_), Some(_)) => "MODIFY",
        };
        let new = after.as_deref().filter(|_| view.has_new());
        let old = before.as_deref().filter(|_| view.has_old());
        let size = [Some(key), new, old].into_iter().flatten().map(item_size).sum::<usize>();
        let mut change = Map::from_iter([
            // The time is in whole seconds, rounded down.
            ("ApproximateCreationDateTime".to_owned(), json!(self.at.seconds())),
            ("Keys".to_owned(), item_json(key)),
            ("SequenceNumber".to_owned(), json!(self.sequence_number())),
            ("SizeBytes".to_owned(), json!(size)),
            ("StreamViewType".to_owned(), json!(view.name())),
        ]);
        change.extend(new.map(|image| ("NewImage".to_owned(), item_json(image))));
        change.extend(old.map(|image| ("OldImage".to_owned(), item_json(image))));
        // `json!` would copy the images.
        object([
            ("eventID", json!(format!("{:032x}", self.number))),
            ("eventName", json!(name)),
            ("eventVersion", json!("1.1")),
            ("eventSource", json!("aws:dynamodb")),
            ("awsRegion", json!(REGION)),
            ("dynamodb", Value::Object(change)),
            ("eventSourceARN", json!(source.arn)),
        ])
    }
}

impl Queue {
    /// When the next batch may be handed over, if there is one.
    fn next_due(&self) -> Option<Instant> {
        let late = self.late.as_ref().map(|(due, _)| *due);
        let waiting = (!self.waiting.is_empty()).then(|| late.unwrap_or_else(Instant::now));
        self.again.iter().map(|(due, ..)| *due).chain(waiting).min()
    }
}

/// A JSON object with these members.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// How many records of a batch are done, according to the function's answer: those before the first one that failed. An
/// answer that names a record which is not in the batch, or names no record, is a failure of the whole batch.
fn done(batch: &[Record], answer: &Value) -> Handled {
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Handled::Up(batch.len()),
        Some(failures) => failures.as_array(),
    };
    let Some(failures) = failures else { return Handled::Not };
    let mut first = batch.len();
    for failure in failures {
        let named = failure.get("itemIdentifier").and_then(Value::as_str);
        let Some(at) = batch.iter().position(|record| Some(record.sequence_number().as_str()) == named) else {
            return Handled::Not;
        };
        first = first.min(at);
    }
    Handled::Up(first)
}
