//! What invokes functions: the WebSocket API, the HTTP API, schedules, and the streams of tables.

use std::collections::BTreeMap;
use std::time::Duration;

use super::filter::Filter;

/// The WebSocket API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketApi {
    /// The id of the API, which is the first label of its host name.
    pub id: String,
    /// The name of the stage, which is the first part of the path.
    pub stage: String,
    /// The expression that selects the route of a frame, such as `$request.body.action`.
    pub selection_expression: String,
    /// The package of the function for each route key.
    pub routes: BTreeMap<String, String>,
    /// The limit of frames per second, and of frames at once, above which the stage refuses.
    pub requests_per_second: Option<u32>,
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// The route key: `GET /path`, `ANY /{proxy+}` or `$default`.
    pub key: String,
    /// The package of the route's function.
    pub function: String,
}

/// A function that is invoked by a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The package of the function.
    pub function: String,
    /// The time between two invocations.
    pub every: Duration,
}

/// A function that gets the records of a table's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSource {
    /// The package of the function.
    pub function: String,
    /// The table, by logical name.
    pub table: String,
    /// The ARN of the table's stream.
    pub arn: String,
    /// The most records of a batch.
    pub batch_size: usize,
    /// How long records wait for others, to be handed over in one batch.
    pub window: Duration,
    /// Whether the function names the records that failed in its answer.
    pub partial_failures: bool,
    /// Whether a batch that failed is tried again in halves.
    pub bisected: bool,
    /// The number of attempts after the first.
    pub retries: u32,
    /// The age at which a record is given up.
    pub max_age: Duration,
    /// Whether Lambda notes records that it gave up in the queue of failures.
    pub failures_kept: bool,
    /// The filters, one of which a record must match; empty if all records are handed over.
    pub filters: Vec<Filter>,
}
