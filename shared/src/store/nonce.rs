//! How a conditional write knows its own first attempt.
//!
//! The SDK sends a write again when no answer came. The first attempt may have been done all the same, and then the second one meets it: a frame
//! waits twice, or a condition fails and is taken for "somebody else was first". So such a write stores a nonce, made anew for each run, and
//! a failed condition whose row has this very nonce says that the write is done.

use super::Store;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::hex;

/// How long a nonce is kept where several are kept in a set: longer than one write with all its attempts can take.
const KEPT_SECS: i64 = 15;
/// The digits of the time in front, up to the year 2106.
const TIME_DIGITS: usize = 8;
/// The length of every nonce.
pub(super) const NONCE_BYTES: usize = TIME_DIGITS + 10;

impl Store {
    /// A nonce for one write: when it was made, in seconds, and 40 random bits.
    pub(super) fn nonce(&self) -> String {
        made(&self.clock)
    }
}

/// Those of these nonces that are so old that nobody will ask for them any more.
pub(super) fn over<'a>(nonces: impl IntoIterator<Item = &'a String>, now: Timestamp) -> Vec<String> {
    let is_over = |nonce: &&String| {
        let made_at = nonce.get(..TIME_DIGITS).and_then(|digits| i64::from_str_radix(digits, 16).ok());
        made_at.is_none_or(|seconds| seconds + KEPT_SECS < now.seconds())
    };
    nonces.into_iter().filter(is_over).cloned().collect()
}

fn made(clock: &Clock) -> String {
    dated(clock.now(), &hex(&clock.random::<5>()))
}

/// A name for something that came at this time, which is over when a nonce made then is.
pub(super) fn dated(at: Timestamp, name: &str) -> String {
    format!("{:08x}{name}", at.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_over_after_a_while() {
        let clock = Clock::manual(Timestamp::from_millis(1_767_323_045_006));
        let (first, second) = (made(&clock), made(&clock));
        assert_ne!(first, second);
        assert_eq!(first.len(), NONCE_BYTES);
        assert!(first.starts_with("695735a5"), "{first}");
        clock.advance(15_000);
        let third = made(&clock);
        assert!(over([&first, &third], clock.now()).is_empty());
        clock.advance(1_000);
        assert_eq!(over([&first, &second, &third], clock.now()), [first.clone(), second.clone()]);
    }
}
