//! Prints the lines of invocations as they are, without anything around them: CloudWatch makes metrics only of a line
//! that is one JSON object.

use std::fmt::{Debug, Write as _};
use std::io::Write as _;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// The layer that prints the message of every event to the standard output.
pub(super) struct InvocationLines;

impl<S: Subscriber> Layer<S> for InvocationLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        line.0.push('\n');
        // There is nobody to tell that the log cannot be written.
        let _ = std::io::stdout().lock().write_all(line.0.as_bytes());
    }
}

/// The message of an event.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}
