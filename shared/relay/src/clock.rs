//! Time and randomness. The whole program gets both from here.
//!
//! Code that needs the time or a new id asks the [`Clock`] that it was given, so that a test can control the answer. A
//! clippy rule forbids the standard library's clocks elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A moment: milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Creates a timestamp from milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Returns the whole seconds since the epoch, the unit of DynamoDB's TTL and of a token's `exp`.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Formats the moment as ISO-8601 in UTC with milliseconds.
    #[must_use]
    pub fn iso(self) -> String {
        let format =
            time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let nanos = i128::from(self.0) * 1_000_000;
        let moment = time::OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        moment.format(format).unwrap_or_default()
    }

    /// Parses RFC 3339 text to the millisecond. `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self)
    }

    /// Returns the moment `millis` milliseconds later.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// The source of time and randomness.
#[derive(Clone, Debug)]
pub struct Clock {
    source: TimeSource,
    ahead_millis: i64,
}

#[derive(Clone, Debug)]
enum TimeSource {
    System,
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    now_millis: AtomicI64,
    /// When the clock began to move by itself too, if it does.
    flowing_since: Option<tokio::time::Instant>,
    random_state: AtomicU64,
}

impl Clock {
    /// The clock of the machine and its random number generator.
    #[must_use]
    pub fn system() -> Self {
        Self { source: TimeSource::System, ahead_millis: 0 }
    }

    /// A clock that moves only by [`Clock::advance`], with a reproducible sequence of random bytes.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::reproducible(start, None)
    }

    /// A clock that moves with the time of the tokio runtime, which a test may have paused, and by [`Clock::advance`].
    /// Its sequence of random bytes is that of [`Clock::manual`].
    #[must_use]
    pub fn flowing(start: Timestamp) -> Self {
        Self::reproducible(start, Some(tokio::time::Instant::now()))
    }

    fn reproducible(start: Timestamp, flowing_since: Option<tokio::time::Instant>) -> Self {
        let (now_millis, random_state) = (AtomicI64::new(start.millis()), AtomicU64::new(0));
        let source = TimeSource::Manual(Arc::new(Manual { now_millis, flowing_since, random_state }));
        Self { source, ahead_millis: 0 }
    }

    /// The same clock, as read by a machine that is this many milliseconds ahead of others. A negative number means
    /// behind.
    #[must_use]
    pub fn ahead(&self, millis: i64) -> Self {
        Self { source: self.source.clone(), ahead_millis: self.ahead_millis + millis }
    }

    /// The present moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        let now = match &self.source {
            TimeSource::System => {
                let since_epoch =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
            }
            TimeSource::Manual(manual) => {
                let passed = manual.flowing_since.map_or(0, |since| since.elapsed().as_millis());
                let set = Timestamp(manual.now_millis.load(Ordering::SeqCst));
                set.plus_millis(i64::try_from(passed).unwrap_or(i64::MAX))
            }
        };
        now.plus_millis(self.ahead_millis)
    }

    /// Moves a manual or flowing clock forward by `millis`. The clock of the machine cannot be moved and stays as it
    /// is.
    pub fn advance(&self, millis: i64) {
        if let TimeSource::Manual(manual) = &self.source {
            manual.now_millis.fetch_add(millis, Ordering::SeqCst);
        }
    }

    /// Returns new random bytes. From the machine they cannot be guessed; from a manual clock they are reproducible.
    ///
    /// # Panics
    /// If the operating system has no randomness to give. The program cannot go on safely without it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "an id that can be guessed is worse than a handler that fails")]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        match &self.source {
            TimeSource::System => getrandom::fill(&mut bytes).expect("the operating system gives random bytes"),
            TimeSource::Manual(manual) => {
                for byte in &mut bytes {
                    let state = manual.random_state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
                    *byte = scrambled(state.wrapping_add(0x9E37_79B9_7F4A_7C15));
                }
            }
        }
        bytes
    }
}

/// One byte of SplitMix64's output for a state.
fn scrambled(state: u64) -> u8 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let [byte, ..] = (z ^ (z >> 31)).to_le_bytes();
    byte
}
