//! The times that the pocket cloud tells its log.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use local::bootstraps::TIMES_TARGET;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// How long one event took, in microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Time {
    pub(crate) function: String,
    /// 1 for the first event of a process.
    pub(crate) event: u64,
    pub(crate) micros: u64,
    pub(crate) cpu_micros: u64,
    /// With the first event: from the start of the process until it asked for an event.
    pub(crate) init_micros: u64,
    pub(crate) init_cpu_micros: u64,
}

/// The times so far.
#[derive(Clone, Default)]
pub(crate) struct Times(Arc<Mutex<Vec<Time>>>);

/// Collects the times of all processes from now on.
pub(crate) fn collect() -> Times {
    let times = Times::default();
    let only = Targets::new().with_target(TIMES_TARGET, LevelFilter::DEBUG);
    tracing_subscriber::registry().with(times.clone().with_filter(only)).init();
    times
}

impl Times {
    /// Says that all events so far were those of another function.
    pub(crate) fn rename_all(&self, function: &str) {
        for time in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            function.clone_into(&mut time.function);
        }
    }

    /// The times, in their order.
    pub(crate) fn taken(&self) -> Vec<Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: Subscriber> Layer<S> for Times {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut time = Time::default();
        event.record(&mut time);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(time);
    }
}

impl Visit for Time {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "event" => self.event = value,
            "micros" => self.micros = value,
            "cpu_micros" => self.cpu_micros = value,
            "init_micros" => self.init_micros = value,
            "init_cpu_micros" => self.init_cpu_micros = value,
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "function" {
            value.clone_into(&mut self.function);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
