//! Somebody who watches.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch::Receiver;

use super::ring::Entry;
use super::{Newest, Watch};

/// How long records are still made after a viewer has left, so that a page that is loaded again misses nothing.
const LINGER: Duration = Duration::from_secs(10);

/// A viewer. Records are made as long as there is one.
#[derive(Debug)]
pub struct Viewer {
    watch: Watch,
    newest: Receiver<Newest>,
    after: u64,
}

/// What a viewer sees next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How many records before these the viewer has missed, because it reads too slowly or came too late.
    pub missed: u64,
    /// The records, oldest first.
    pub entries: Vec<Arc<Entry>>,
}

impl Watch {
    /// Begins to watch. The viewer sees the records after the one with this number, as far as they are still kept; with
    /// 0 all of them.
    #[must_use]
    pub fn view(&self, after: u64) -> Viewer {
        self.0.viewers.fetch_add(1, Ordering::Relaxed);
        Viewer { watch: self.clone(), newest: self.0.newest.subscribe(), after }
    }

    /// Begins to watch. The viewer sees only what happens from now on.
    #[must_use]
    pub fn view_from_now(&self) -> Viewer {
        let newest = self.ring().newest();
        self.view(newest)
    }
}

impl Viewer {
    /// Waits for further records. `None` after the end of the stream.
    pub async fn next(&mut self) -> Option<Seen> {
        loop {
            let newest = *self.newest.borrow_and_update();
            let newer = self.watch.ring().after(self.after);
            if let Some(last) = newer.entries.last() {
                self.after = last.number;
                return Some(Seen { missed: newer.missed, entries: newer.entries });
            }
            if newest.has_ended || self.newest.changed().await.is_err() {
                return None;
            }
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let watch = self.watch.clone();
        let leave = move || {
            watch.0.viewers.fetch_sub(1, Ordering::Relaxed);
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                tokio::time::sleep(LINGER).await;
                leave();
            })),
            Err(_) => leave(),
        }
    }
}
