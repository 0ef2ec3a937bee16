//! Activity: waiting until nothing is under way any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// A counter of what is under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Activity(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    under_way: AtomicUsize,
    none_left: Notify,
}

/// One thing that is under way, until this value is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Count>);

impl Activity {
    /// Counts one more thing.
    pub(super) fn begin(&self) -> Busy {
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(&self.0))
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.0.under_way.load(Ordering::SeqCst) == 0
    }

    /// Waits until nothing is under way. Returns at once if nothing is.
    pub(super) async fn settled(&self) {
        loop {
            let mut none_left = std::pin::pin!(self.0.none_left.notified());
            none_left.as_mut().enable();
            if self.0.under_way.load(Ordering::SeqCst) == 0 {
                return;
            }
            none_left.await;
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.none_left.notify_waiters();
        }
    }
}
