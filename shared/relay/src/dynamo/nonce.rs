//! Nonces: how a conditional write recognizes its own first attempt.
//!
//! The SDK sends a write again when no answer came. The first attempt may have succeeded all the same, and then the
//! second one meets its result: a frame would wait twice, or the condition fails and looks as if another run was first.
//! So such a write stores a nonce that is new for each run. If a condition fails and the row holds this nonce, the
//! write has succeeded.

use super::Dynamo;
use crate::clock::{Clock, Timestamp};
use crate::id::hex;

/// How long a nonce is kept in a set of nonces, in seconds: longer than one write with all its attempts can take.
const KEPT_SECS: i64 = 15;
/// The number of digits of the time at the beginning, enough up to the year 2106.
const TIME_DIGITS: usize = 8;
/// The length of every nonce.
pub const NONCE_BYTES: usize = TIME_DIGITS + 10;

impl Dynamo {
    /// A new nonce for one write: the time in seconds, and 40 random bits.
    #[must_use]
    pub fn nonce(&self) -> String {
        made(&self.clock)
    }
}

/// The nonces among these that are so old that no attempt will look for them any more.
pub fn outdated<'a>(nonces: impl IntoIterator<Item = &'a String>, now: Timestamp) -> Vec<String> {
    let is_over = |nonce: &&String| {
        let made_at = nonce.get(..TIME_DIGITS).and_then(|digits| i64::from_str_radix(digits, 16).ok());
        made_at.is_none_or(|seconds| seconds + KEPT_SECS < now.seconds())
    };
    nonces.into_iter().filter(is_over).cloned().collect()
}

fn made(clock: &Clock) -> String {
    dated(clock.now(), &hex(&clock.random::<5>()))
}

/// A dated name for something that arrived at this time. It becomes outdated at the same moment as a nonce made at this
/// time.
pub fn dated(at: Timestamp, name: &str) -> String {
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
        assert!(outdated([&first, &third], clock.now()).is_empty());
        clock.advance(1_000);
        assert_eq!(outdated([&first, &second, &third], clock.now()), [first.clone(), second.clone()]);
    }
}
