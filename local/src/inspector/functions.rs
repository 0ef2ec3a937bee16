//! The functions, with their counts, and what AWS would have counted and charged.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use super::{Inspected, as_json};
use crate::watch::FunctionCounts;

/// A function.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Function<'a> {
    /// The package, by which records name it.
    function: &'a str,
    name: &'a str,
    memory_mb: u32,
    timeout_secs: u64,
    #[serde(flatten)]
    counts: FunctionCounts,
}

/// `GET /_local/cost`: what was counted, and the charges for it.
pub(super) async fn cost(State(inspected): State<Inspected>) -> Response {
    as_json(&json!(inspected.totals()))
}

/// `GET /_local/functions`.
pub(super) async fn functions(State(inspected): State<Inspected>) -> Response {
    let functions = inspected.template.functions.values().map(|function| Function {
        function: &function.package,
        name: &function.name,
        memory_mb: function.memory_mb,
        timeout_secs: function.timeout.as_secs(),
        counts: inspected.watch.counts().function(&function.package),
    });
    let requests = inspected.services.dynamodb.meter().requests;
    as_json(&json!({
        "functions": functions.collect::<Vec<_>>(),
        "requests": requests,
        "totals": inspected.totals(),
    }))
}
