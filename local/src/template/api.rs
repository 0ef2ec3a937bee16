//! What calls functions: the WebSocket API, the HTTP API and the clock.

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
