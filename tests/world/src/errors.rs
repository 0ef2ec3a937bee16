//! The errors that the system logs, for tests: nothing may be logged as an error, unless the test itself makes
//! something fail.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

thread_local! {
    /// The errors that were logged in this thread. A test and everything that it runs are in one thread.
    static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Starts to record errors that are logged, in every thread, unless the process already logs to somewhere else.
pub(super) fn note() {
    static NOTING: Once = Once::new();
    NOTING.call_once(|| {
        let noting = tracing_subscriber::registry().with(Noting.with_filter(LevelFilter::ERROR));
        let _ = tracing::subscriber::set_global_default(noting);
    });
}

/// Takes the errors that were logged in this thread since the last call.
#[must_use]
pub(super) fn take() -> Vec<String> {
    LOGGED.take()
}

struct Noting;

impl<S: Subscriber> Layer<S> for Noting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        LOGGED.with_borrow_mut(|logged| logged.push(line.0));
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}
