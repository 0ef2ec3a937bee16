//! What a process prints, as lines of the log of this process.

use std::fmt::Write as _;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::sync::mpsc::UnboundedSender;

use super::said::Said;

/// Reads lines until the process ends or closes its output.
pub(super) async fn read(output: impl AsyncRead + Unpin, said: UnboundedSender<Said>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let _ = said.send(Said::Line(line));
    }
}

/// Logs a line of the function of this package at its own level. What is no line of a log, such as the message of a
/// panic, is a warning.
pub(super) fn log(package: &str, line: &str) {
    let Ok(Value::Object(parsed)) = serde_json::from_str(line) else {
        return tracing::warn!(function = package, "{line}");
    };
    if parsed.get("target").is_some_and(|target| target == relay::invocation::TARGET) {
        return tracing::info!(target: relay::invocation::TARGET, "{line}");
    }
    let text = |name: &str| parsed.get(name).and_then(Value::as_str).unwrap_or_default();
    let fields = parsed.get("fields").and_then(Value::as_object);
    let mut said = fields.and_then(|fields| fields.get("message")?.as_str()).unwrap_or_default().to_owned();
    for (name, value) in fields.into_iter().flatten().filter(|(name, _)| *name != "message") {
        let _ = write!(said, " {name}={value}");
    }
    let target = text("target");
    match text("level") {
        "ERROR" => tracing::error!(function = package, module = target, "{said}"),
        "WARN" => tracing::warn!(function = package, module = target, "{said}"),
        "INFO" => tracing::info!(function = package, module = target, "{said}"),
        _ => tracing::debug!(function = package, module = target, "{said}"),
    }
}
