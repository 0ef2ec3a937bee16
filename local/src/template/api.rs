//! What calls functions: the WebSocket API, the HTTP API, the clock, and the streams of tables.

use std::collections::BTreeMap;
use std::time::Duration;

/// The WebSocket API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketApi {
    /// Its id, the first label of its host name.
    pub id: String,
    /// Name of the stage, the first part of the path.
    pub stage: String,
    /// What decides the route of a frame, such as `$request.body.action`.
    pub selection_expression: String,
    /// Package of the function for each route key.
    pub routes: BTreeMap<String, String>,
    /// Frames per second, and at once, above which the stage refuses.
    pub requests_per_second: Option<u32>,
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// `GET /path`, `ANY /{proxy+}` or `$default`.
    pub key: String,
    /// Package of its function.
    pub function: String,
}

/// A function that is invoked by the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Package of the function.
    pub function: String,
    /// Time between two invocations.
    pub every: Duration,
}

/// A function that is handed the records of a table's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSource {
    /// Package of the function.
    pub function: String,
    /// The table, by logical name.
    pub table: String,
    /// The ARN of the table's stream.
    pub arn: String,
    /// Most records of a batch.
    pub batch_size: usize,
    /// How long records wait for others to make a batch with.
    pub window: Duration,
    /// Whether the function says in its answer which records failed.
    pub partial_failures: bool,
    /// Whether a batch that failed is tried again in halves.
    pub bisected: bool,
    /// Attempts after the first.
    pub retries: u32,
    /// Age at which a record is given up.
    pub max_age: Duration,
    /// Whether it is noted in the queue of failures that records were given up.
    pub failures_kept: bool,
}
