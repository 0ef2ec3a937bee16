//! A value that comes from elsewhere and may change there, such as a secret: it is kept, and read again when it is old.
//!
//! At most one read is under way at a time, and there are [`RETRY_MILLIS`] between two. A read that fails leaves the
//! value as it is.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, Timestamp};
use crate::error::Error;

/// After this time a value is read again, in milliseconds: so long a secret or a key that was replaced is still used.
pub const KEPT_MILLIS: i64 = 5 * 60 * 1_000;

/// The shortest time between the beginnings of two reads, in milliseconds. What clients send can cause no more reads than
/// this allows.
pub const RETRY_MILLIS: i64 = 30_000;

/// The shortest time between two reads while there is no value yet, in milliseconds. Clients try again after a second or
/// more.
const FIRST_RETRY_MILLIS: i64 = 1_000;

/// Which value a caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// One that is not old.
    Recent,
    /// A newer one than the present, because that lacks something. If the present one was read a moment ago, it is the
    /// answer.
    Newer,
}

/// A value that is kept.
#[derive(Debug)]
pub struct Cached<T> {
    /// The value in logs, such as the name of its setting.
    name: &'static str,
    clock: Clock,
    held: Mutex<Held<T>>,
    /// Held by the one who reads.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Held<T> {
    value: Option<Arc<T>>,
    read_at: Timestamp,
    tried_at: Option<Timestamp>,
}

impl<T> Held<T> {
    fn is_due(&self, need: Need, now: Timestamp) -> bool {
        let Some(tried_at) = self.tried_at else { return true };
        match (&self.value, need) {
            (None, _) => now >= tried_at.plus_millis(FIRST_RETRY_MILLIS),
            (Some(_), Need::Newer) => now >= tried_at.plus_millis(RETRY_MILLIS),
            (Some(_), Need::Recent) => {
                now >= self.read_at.plus_millis(KEPT_MILLIS) && now >= tried_at.plus_millis(RETRY_MILLIS)
            }
        }
    }
}

impl<T> Cached<T> {
    /// A value that has not been read yet. `name` is its name in logs.
    #[must_use]
    pub fn new(name: &'static str, clock: Clock) -> Self {
        let held = Held { value: None, read_at: Timestamp::default(), tried_at: None };
        Self { name, clock, held: Mutex::new(held), reading: tokio::sync::Mutex::default() }
    }

    /// The value. `read` reads it, if there is none or if `need` asks for another one. Who needs a newer value waits for a
    /// read that is under way; nobody else does who has a value.
    ///
    /// # Errors
    /// That of `read`, or `Error::Internal`, if there is no value yet.
    pub async fn get<E>(&self, need: Need, read: impl AsyncFnOnce() -> Result<T, E>) -> Result<Arc<T>, E>
    where
        E: std::fmt::Display + From<Error>,
    {
        if need == Need::Recent
            && let Some(value) = self.present(need)
        {
            return Ok(value);
        }
        let held = self.value();
        let _reading = match (&held, need) {
            (Some(value), Need::Recent) => match self.reading.try_lock() {
                Ok(reading) => reading,
                Err(_) => return Ok(Arc::clone(value)),
            },
            _ => self.reading.lock().await,
        };
        // Another caller may have read it meanwhile.
        if let Some(value) = self.present(need) {
            return Ok(value);
        }
        if self.value().is_none() && !self.is_due(need) {
            return Err(Error::internal(format!("{} could not be read a moment ago", self.name)).into());
        }
        self.held().tried_at = Some(self.clock.now());
        match read().await {
            Ok(value) => {
                let value = Arc::new(value);
                let mut held = self.held();
                (held.value, held.read_at) = (Some(Arc::clone(&value)), self.clock.now());
                Ok(value)
            }
            Err(error) => match self.value() {
                Some(value) => {
                    tracing::warn!(setting = self.name, error.cause = %error, "the former value stays in use");
                    Ok(value)
                }
                None => Err(error),
            },
        }
    }

    /// The value, unless it is to be read.
    fn present(&self, need: Need) -> Option<Arc<T>> {
        if self.is_due(need) { None } else { self.value() }
    }

    fn is_due(&self, need: Need) -> bool {
        self.held().is_due(need, self.clock.now())
    }

    fn value(&self) -> Option<Arc<T>> {
        self.held().value.clone()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// A value that counts its reads, each of which takes a moment.
    struct Counted {
        cached: Cached<u64>,
        reads: AtomicU64,
    }

    impl Counted {
        fn new() -> (Self, Clock) {
            let clock = Clock::manual(Timestamp::from_millis(1_767_323_045_006));
            (Self { cached: Cached::new("COUNTED", clock.clone()), reads: AtomicU64::new(0) }, clock)
        }

        async fn get(&self, need: Need) -> Result<u64, Error> {
            let read = async || {
                let read = self.reads.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::task::yield_now().await;
                Ok::<_, Error>(read)
            };
            self.cached.get(need, read).await.map(|value| *value)
        }

        async fn fails(&self, need: Need) -> Result<u64, Error> {
            let failed = async || {
                self.reads.fetch_add(1, Ordering::SeqCst);
                Err(Error::internal("down"))
            };
            self.cached.get(need, failed).await.map(|value| *value)
        }

        fn reads(&self) -> u64 {
            self.reads.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn a_value_is_read_once_until_it_is_old() {
        let (counted, clock) = Counted::new();
        let (one, other) = tokio::join!(counted.get(Need::Recent), counted.get(Need::Recent));
        assert_eq!((one.unwrap(), other.unwrap()), (1, 1));
        clock.advance(KEPT_MILLIS - 1);
        assert_eq!(counted.get(Need::Recent).await.unwrap(), 1);
        clock.advance(1);
        let (one, other) = tokio::join!(counted.get(Need::Recent), counted.get(Need::Recent));
        assert_eq!((one.unwrap(), other.unwrap()), (2, 1), "the second does not wait for the first");
        assert_eq!(counted.get(Need::Recent).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_newer_value_is_read_once_per_interval_whoever_asks() {
        let (counted, clock) = Counted::new();
        for _ in 0..100 {
            assert_eq!(counted.get(Need::Newer).await.unwrap(), 1);
        }
        clock.advance(RETRY_MILLIS);
        let (one, other) = tokio::join!(counted.get(Need::Newer), counted.get(Need::Newer));
        assert_eq!((one.unwrap(), other.unwrap(), counted.reads()), (2, 2, 2), "the second waits for the first");
    }

    #[tokio::test]
    async fn a_read_that_fails_leaves_the_value_and_is_made_again_after_the_interval() {
        let (counted, clock) = Counted::new();
        assert_eq!(counted.fails(Need::Recent).await.unwrap_err().to_string(), Error::internal("").to_string());
        assert!(counted.get(Need::Recent).await.is_err(), "not again at once");
        assert_eq!(counted.reads(), 1);
        clock.advance(FIRST_RETRY_MILLIS);
        assert_eq!(counted.get(Need::Recent).await.unwrap(), 2);
        clock.advance(KEPT_MILLIS);
        for _ in 0..100 {
            assert_eq!(counted.fails(Need::Recent).await.unwrap(), 2);
        }
        assert_eq!(counted.reads(), 3);
        clock.advance(RETRY_MILLIS);
        assert_eq!(counted.get(Need::Recent).await.unwrap(), 4);
    }
}
