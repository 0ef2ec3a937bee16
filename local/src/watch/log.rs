//! The log of this process, and the lines of functions as records.

use std::fmt::{self, Write as _};

use relay::clock::Clock;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, ParseError, dynamic_filter_fn, filter_fn};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt as printed};

use super::{invocation, packet, story};

/// The beginnings of the targets of lines that are not those of functions. The lines of invocations say what the
/// records of invocations say.
const FOREIGN: [&str; 9] = ["aws", "h2", "hyper", "invocation", "mio", "rustls", "story", "tokio", "tower"];

/// The longest line of a function that is recorded, in bytes.
const LINE_MAX_BYTES: usize = 2_000;

/// Starts the log of this process, on standard error, with these directives of `tracing-subscriber`. At `info` it tells
/// what clients do, in lines of their own form.
///
/// # Errors
/// If the directives are not understood.
pub fn start(directives: &str) -> Result<(), ParseError> {
    let filter = || EnvFilter::builder().parse(directives);
    let is_story = |metadata: &Metadata<'_>| metadata.target() == story::TARGET;
    let lines = printed::layer().with_writer(std::io::stderr);
    let lines = lines.with_filter(filter()?.and(filter_fn(move |metadata| !is_story(metadata))));
    let told = printed::layer().with_writer(std::io::stderr).with_target(false).with_level(false).with_timer(TimeOfDay);
    let told = told.with_filter(filter()?.and(filter_fn(is_story)));
    tracing_subscriber::registry().with(lines).with(told).with(of_functions()).init();
    Ok(())
}

/// The time of day in UTC, with milliseconds.
struct TimeOfDay;

impl FormatTime for TimeOfDay {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let now = Clock::system().now().iso();
        let (_, time) = now.split_once('T').unwrap_or_default();
        writer.write_str(time.trim_end_matches('Z'))
    }
}

/// The layer that records the lines of watched invocations. It formats nothing outside of one.
pub fn of_functions<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    let is_own = |metadata: &Metadata<'_>| {
        *metadata.level() <= tracing::Level::DEBUG
            && !FOREIGN.iter().any(|foreign| metadata.target().starts_with(foreign))
    };
    let filter = dynamic_filter_fn(move |metadata, _| is_own(metadata) && invocation::is_in_watched_invocation())
        .with_callsite_filter(move |metadata| if is_own(metadata) { Interest::sometimes() } else { Interest::never() })
        .with_max_level_hint(LevelFilter::DEBUG);
    LinesOfFunctions.with_filter(filter)
}

struct LinesOfFunctions;

impl<S: Subscriber> Layer<S> for LinesOfFunctions {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let metadata = event.metadata();
        let text = packet::bounded(line.0.trim_end(), LINE_MAX_BYTES);
        invocation::note_line(metadata.level().as_str(), metadata.target(), &text);
    }
}

/// The message of a line, followed by its fields.
struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let mut line = format!("{value:?} ");
            line.push_str(&self.0);
            self.0 = line;
        } else {
            let _ = write!(self.0, "{field}={value:?} ");
        }
    }
}
