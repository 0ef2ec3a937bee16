//! Time and randomness: the one door through which both come in.
//!
//! Everything that asks "what time is it" or needs an id asks the [`Clock`] it was given, so that a test can say what the answer is.
//! A clippy rule forbids the standard library's clocks elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A moment: milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as DynamoDB's TTL and a token's `exp` count.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// ISO-8601 UTC with milliseconds, as every dialect writes it.
    #[must_use]
    pub fn iso(self) -> String {
        let format =
            time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let nanos = i128::from(self.0) * 1_000_000;
        let moment = time::OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        moment.format(format).unwrap_or_default()
    }

    /// The moment that RFC 3339 writes so, to the millisecond. `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self)
    }

    /// This moment and `millis` more.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// Where time and randomness come from.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    ahead_millis: i64,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    now_millis: AtomicI64,
    /// Since when the clock moves by itself too, if it does.
    flowing_since: Option<tokio::time::Instant>,
    random_state: AtomicU64,
}

impl Clock {
    /// The machine's clock and its random number generator.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System, ahead_millis: 0 }
    }

    /// A clock that moves only by [`Clock::advance`], with a reproducible sequence of random bytes.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::reproducible(start, None)
    }

    /// A clock that moves with the time of the tokio runtime, which a test may have paused, and by [`Clock::advance`]; its sequence of random
    /// bytes is that of [`Clock::manual`].
    #[must_use]
    pub fn flowing(start: Timestamp) -> Self {
        Self::reproducible(start, Some(tokio::time::Instant::now()))
    }

    fn reproducible(start: Timestamp, flowing_since: Option<tokio::time::Instant>) -> Self {
        let (now_millis, random_state) = (AtomicI64::new(start.millis()), AtomicU64::new(0));
        let source = Source::Manual(Arc::new(Manual { now_millis, flowing_since, random_state }));
        Self { source, ahead_millis: 0 }
    }

    /// The same clock, read by a machine that is so many milliseconds ahead of others; behind, if they are negative.
    #[must_use]
    pub fn ahead(&self, millis: i64) -> Self {
        Self { source: self.source.clone(), ahead_millis: self.ahead_millis + millis }
    }

    /// The present moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        let now = match &self.source {
            Source::System => {
                let since_epoch =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Manual(manual) => {
                let passed = manual.flowing_since.map_or(0, |since| since.elapsed().as_millis());
                let set = Timestamp(manual.now_millis.load(Ordering::SeqCst));
                set.plus_millis(i64::try_from(passed).unwrap_or(i64::MAX))
            }
        };
        now.plus_millis(self.ahead_millis)
    }

    /// Moves a manual or flowing clock forward by `millis`; the machine's clock cannot be moved and stays as it is.
    pub fn advance(&self, millis: i64) {
        if let Source::Manual(manual) = &self.source {
            manual.now_millis.fetch_add(millis, Ordering::SeqCst);
        }
    }

    /// Fresh random bytes: unguessable from the machine, reproducible from a manual clock.
    ///
    /// # Panics
    /// If the operating system has no randomness to give; nothing safe can be done without.
    #[must_use]
    #[expect(clippy::expect_used, reason = "an id that can be guessed is worse than a handler that fails")]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        match &self.source {
            Source::System => getrandom::fill(&mut bytes).expect("the operating system gives random bytes"),
            Source::Manual(manual) => {
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
