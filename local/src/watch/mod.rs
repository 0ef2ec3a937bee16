//! What the local system sees, as a stream of records: connections, refusals, packets, invocations with their AWS
//! requests, and log lines of functions. The inspector shows them, and `LOG_LEVEL=info` prints them as short lines.
//!
//! Records are made only while somebody watches or the log prints them. Otherwise each call here reads an atomic number
//! and returns: nothing is allocated or formatted. The counters ([`Counts`]) always run.
//!
//! Records contain the texts of messages, so they go to the developer's browser on this machine and never into a log.
//! Tokens are cut out before a record is made (`secret`).
//!
//! - `record`: the records.
//! - `ring`: the newest records, bounded in number and in bytes.
//! - `viewer`: somebody who watches.
//! - `clients`: records of connections and packets.
//! - `polling`: the same for long-polling.
//! - `invocation`: records of invocations, and which invocation makes an AWS request or writes a log line.
//! - `packet`: a frame in the form of a record.
//! - `secret`: cuts tokens out.
//! - `counts`: counters, and what AWS would charge.
//! - `story`: a record as one line without texts.
//! - `log`: the log of this process.

mod clients;
mod counts;
mod invocation;
pub mod log;
mod packet;
mod polling;
mod record;
mod ring;
mod secret;
mod story;
mod viewer;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use relay::clock::{Clock, Timestamp};
use serde::Serialize;

use clients::Asking;
pub(crate) use clients::Handshake;
pub use counts::{Charges, Counts, FunctionCounts, Totals, Units};
pub(crate) use invocation::{is_in_watched_invocation, note_call, within};
pub use record::{AwsCall, Direction, Packet, Record};
use ring::Ring;
pub use ring::{Entry, KEPT_MAX, KEPT_MAX_BYTES};
pub use viewer::{Seen, Viewer};

/// Finds the user of a connection: its id, and the namespace if one is meant.
pub(crate) type UserOf = Box<dyn Fn(&str, Option<&str>) -> Option<String> + Send + Sync>;

/// The stream of records. Clones share it.
#[derive(Clone, Default)]
pub struct Watch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    viewers: AtomicUsize,
    ring: Mutex<Ring>,
    /// What viewers wait for.
    newest: tokio::sync::watch::Sender<Newest>,
    system: OnceLock<System>,
    asking: Mutex<Asking>,
    invocations: AtomicU64,
    counts: Counts,
}

/// What only a running system has. Without it, neither the time nor a user is known.
struct System {
    clock: Clock,
    user_of: UserOf,
}

/// The newest record, by its number, and whether the stream has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Newest {
    number: u64,
    has_ended: bool,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("viewers", &self.0.viewers).finish_non_exhaustive()
    }
}

/// The client that a record is about, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
struct Subject<'a> {
    connection: Option<&'a str>,
    namespace: Option<&'a str>,
    /// The user, if known without looking them up.
    user: Option<&'a str>,
}

/// A record as viewers get it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    number: u64,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(flatten)]
    record: &'a Record,
}

impl Watch {
    /// Creates the stream of a system whose functions have these packages.
    #[must_use]
    pub fn new(packages: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(Shared { counts: Counts::new(packages), ..Shared::default() }))
    }

    /// Connects the stream to a running system. Only the first call has an effect.
    pub(crate) fn connect(&self, clock: Clock, user_of: UserOf) {
        let _ = self.0.system.set(System { clock, user_of });
    }

    /// The counters.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// The records that are kept, oldest first.
    #[must_use]
    pub fn kept(&self) -> Vec<Arc<Entry>> {
        self.ring().after(0).entries
    }

    /// Ends the stream for every viewer.
    pub fn close(&self) {
        self.0.newest.send_modify(|newest| newest.has_ended = true);
    }

    /// Whether records are made at present.
    fn is_on(&self) -> bool {
        self.has_viewers() || story::is_told()
    }

    fn has_viewers(&self) -> bool {
        self.0.viewers.load(Ordering::Relaxed) > 0
    }

    fn now(&self) -> Timestamp {
        self.0.system.get().map(|system| system.clock.now()).unwrap_or_default()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints a record, and hands it to the viewers.
    fn publish(&self, subject: Subject<'_>, record: &Record) {
        let Subject { connection, namespace, user } = subject;
        let found = match (user, connection, self.0.system.get()) {
            (None, Some(connection), Some(system)) => (system.user_of)(connection, namespace),
            _ => None,
        };
        let user = user.or(found.as_deref());
        story::tell(connection, user, record);
        if !self.has_viewers() {
            return;
        }
        let at = self.now().iso();
        let mut ring = self.ring();
        let number = ring.next_number();
        let Ok(json) = serde_json::to_string(&Line { number, at, connection, user, record }) else { return };
        ring.push(Entry { number, connection: connection.map(str::to_owned), user: user.map(str::to_owned), json });
        self.0.newest.send_modify(|newest| newest.number = number);
    }
}
