//! Queues, and the functions that get their messages.

use std::time::Duration;

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The address, by which requests name it.
    pub url: String,
    /// How long a message that was handed out is hidden, unless a request says otherwise.
    pub visibility: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// Where messages go that were handed out too often.
    pub redrive: Option<Redrive>,
}

/// Where messages go that were handed out too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The other queue, by logical name.
    pub queue: String,
    /// How often a message is handed out at most.
    pub receives_max: u32,
}

/// A function that gets the messages of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSource {
    /// The package of the function.
    pub function: String,
    /// The queue, by logical name.
    pub queue: String,
    /// The ARN of the queue.
    pub arn: String,
    /// The most messages of a batch.
    pub batch_size: usize,
    /// Whether the function names the messages that failed in its answer.
    pub partial_failures: bool,
    /// How many batches may be handled at the same time.
    pub concurrency: usize,
}
