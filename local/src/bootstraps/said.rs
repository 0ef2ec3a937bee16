//! What is said between a process and the rest.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use bytes::Bytes;
use tokio::sync::oneshot;

/// An event for the process.
#[derive(Debug)]
pub(super) struct Invocation {
    /// The id of the request.
    pub(super) id: String,
    /// When the function is ended, in milliseconds since 1970.
    pub(super) deadline_millis: i64,
    /// The function that is invoked.
    pub(super) arn: String,
    /// The event.
    pub(super) event: Bytes,
}

/// How a process ends a request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It answers the event.
    Answer(Bytes),
    /// It says that it cannot handle the event.
    Failed(Bytes),
    /// Its answer is larger than Lambda accepts.
    TooLarge,
}

/// What a process does.
#[derive(Debug)]
pub(super) enum Said {
    /// It asks for an event.
    Ready,
    /// It ends the request with this id.
    Ended(String, Outcome),
    /// It says that it cannot start.
    NotStarted(Bytes),
    /// It makes a request to a service, and waits for the answer.
    Asked(Box<HttpRequest>, oneshot::Sender<HttpResponse>),
    /// It prints a line.
    Line(String),
}
