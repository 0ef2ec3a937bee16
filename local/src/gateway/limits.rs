//! Rate limits: a token bucket that refills over time.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// A token bucket: a number of tokens per second, and a maximum number at once.
#[derive(Debug)]
pub(super) struct Bucket {
    per_second: f64,
    size: f64,
    level: Mutex<Level>,
}

#[derive(Debug)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// Creates a full bucket.
    pub(super) fn new(per_second: u32, size: u32) -> Self {
        let size = f64::from(size);
        Self { per_second: f64::from(per_second), size, level: Mutex::new(Level { tokens: size, at: Instant::now() }) }
    }

    /// Takes one token. Returns whether there was one.
    #[must_use]
    pub(super) fn take(&self) -> bool {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let gained = now.duration_since(level.at).as_secs_f64() * self.per_second;
        level.tokens = (level.tokens + gained).min(self.size);
        level.at = now;
        let granted = level.tokens >= 1.0;
        if granted {
            level.tokens -= 1.0;
        }
        granted
    }
}
