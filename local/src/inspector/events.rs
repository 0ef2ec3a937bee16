//! The records: as they come, as Server-Sent Events, and those that are kept, as JSON Lines.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_DISPOSITION;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use relay::http_event::query;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{Inspected, answer};
use crate::watch::{Entry, Seen, Totals, Viewer};

/// The header with which a browser says which event it has seen last, when it connects again.
const LAST_EVENT_ID: &str = "last-event-id";

/// How often the totals are sent, if they have changed.
const TOTALS_EVERY: Duration = Duration::from_secs(1);

/// How many times the totals may be unchanged before a comment is sent, by which a viewer that has left is noticed.
const QUIET_TICKS: u32 = 15;

/// The most records in one piece of the stream.
const RECORDS_AT_ONCE: usize = 100;

/// The records that a viewer wants: all that fit every part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    user: Option<String>,
    connection: Option<String>,
    /// A text that the record contains, such as the id of a chat.
    chat: Option<String>,
}

impl Filter {
    fn read(uri: &Uri) -> Self {
        let mut given = query(uri);
        let mut take = |name: &str| given.remove(name).filter(|value| !value.is_empty());
        Self { user: take("user"), connection: take("connection"), chat: take("chat") }
    }

    fn admits(&self, entry: &Entry) -> bool {
        let same = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        let has_chat = self.chat.as_ref().is_none_or(|chat| entry.json.contains(chat.as_str()));
        same(&self.user, &entry.user) && same(&self.connection, &entry.connection) && has_chat
    }
}

/// A stream of Server-Sent Events.
struct Events {
    inspected: Inspected,
    viewer: Viewer,
    filter: Filter,
    ticks: Interval,
    quiet_ticks: u32,
    sent: Option<Totals>,
    waiting: VecDeque<Bytes>,
}

/// `GET /_local/events`: records as they come, each as an event with its number as id. First come those that are kept.
/// An event `missed` says how many records this viewer cannot get any more; an event `totals` has what AWS would have
/// counted.
pub(super) async fn stream(State(inspected): State<Inspected>, uri: Uri, headers: HeaderMap) -> Response {
    let seen = headers.get(LAST_EVENT_ID).and_then(|seen| seen.to_str().ok()?.parse().ok()).unwrap_or_default();
    let mut ticks = interval(TOTALS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let viewer = inspected.watch.view(seen);
    let (filter, waiting) = (Filter::read(&uri), VecDeque::new());
    let events = Events { inspected, viewer, filter, ticks, quiet_ticks: 0, sent: None, waiting };
    let pieces = stream::unfold(events, |mut events| async move {
        let piece = events.next().await?;
        Some((Ok::<_, Infallible>(piece), events))
    });
    answer(StatusCode::OK, "text/event-stream", Body::from_stream(pieces))
}

impl Events {
    /// The next piece of the stream; `None` at its end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.waiting.pop_front() {
                return Some(piece);
            }
            tokio::select! {
                biased;
                _ = self.ticks.tick() => if let Some(piece) = self.tick() {
                    return Some(piece);
                },
                seen = self.viewer.next() => self.take(seen?),
            }
        }
    }

    fn take(&mut self, seen: Seen) {
        let Seen { missed, entries } = seen;
        if missed > 0 {
            self.waiting.push_back(format!("event: missed\ndata: {{\"count\":{missed}}}\n\n").into());
        }
        let wanted: Vec<_> = entries.iter().filter(|entry| self.filter.admits(entry)).collect();
        for entries in wanted.chunks(RECORDS_AT_ONCE) {
            let mut piece = String::new();
            for entry in entries {
                let _ = write!(piece, "id: {}\ndata: {}\n\n", entry.number, entry.json);
            }
            self.waiting.push_back(piece.into());
        }
    }

    /// The totals if they have changed, or else now and then a comment.
    fn tick(&mut self) -> Option<Bytes> {
        let totals = self.inspected.totals();
        if self.sent != Some(totals) {
            self.sent = Some(totals);
            self.quiet_ticks = 0;
            let json = serde_json::to_string(&totals).ok()?;
            return Some(format!("event: totals\ndata: {json}\n\n").into());
        }
        self.quiet_ticks += 1;
        if self.quiet_ticks < QUIET_TICKS {
            return None;
        }
        self.quiet_ticks = 0;
        Some(Bytes::from_static(b": nothing new\n\n"))
    }
}

/// `GET /_local/export`: the records that are kept, one per line.
pub(super) async fn export(State(inspected): State<Inspected>, uri: Uri) -> Response {
    let filter = Filter::read(&uri);
    let mut lines = String::new();
    for entry in inspected.watch.kept().iter().filter(|entry| filter.admits(entry)) {
        lines.push_str(&entry.json);
        lines.push('\n');
    }
    let mut answer = answer(StatusCode::OK, "application/jsonl", lines);
    let file = HeaderValue::from_static("attachment; filename=\"parlance-records.jsonl\"");
    answer.headers_mut().insert(CONTENT_DISPOSITION, file);
    answer
}
