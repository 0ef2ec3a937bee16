//! Limits that are counted in memory: how many events a socket sends, and how many connections an address opens.
//!
//! They are counted in the memory of one instance of a function: exact within one instance, best effort across several.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;

/// How many sockets are remembered at a time. Windows of seconds that have passed are deleted first.
const SOCKETS_MAX: usize = 20_000;
/// The number of refused events of a socket in one second after which its connection is closed: this many for each
/// event that is accepted, but at least `REFUSED_MIN`. Each refused event is answered, which costs one read and one
/// post.
const REFUSED_PER_TAKEN: u64 = 10;
const REFUSED_MIN: u64 = 100;

/// The result of counting one more event of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Rate {
    /// The event is within the limit.
    Within,
    /// The event is over the limit, and does not count.
    Over,
    /// The event is over the limit, and so many events before it were, too, that the caller must close the connection.
    FarOver,
}

#[derive(Clone, Copy, Debug, Default)]
struct CountedSecond {
    second: i64,
    counted: u64,
    refused: u64,
}

/// The events per second of the sockets that this instance sees.
#[derive(Debug, Default)]
pub struct EventRates(Mutex<HashMap<String, CountedSecond>>);

impl EventRates {
    /// Counts an event of a socket.
    pub fn count(&self, socket: String, limit: Option<u64>, at: Timestamp) -> Rate {
        let Some(limit) = limit else { return Rate::Within };
        let second = at.seconds();
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= SOCKETS_MAX {
            windows.retain(|_, window| window.second >= second);
        }
        let window = windows.entry(socket).or_default();
        // Events may arrive late. An older event counts in the newest window.
        if window.second < second {
            *window = CountedSecond { second, ..CountedSecond::default() };
        }
        if window.counted < limit {
            window.counted += 1;
            return Rate::Within;
        }
        window.refused += 1;
        let most = limit.saturating_mul(REFUSED_PER_TAKEN).max(REFUSED_MIN);
        if window.refused > most { Rate::FarOver } else { Rate::Over }
    }
}

/// How long an opening counts, and how long a verdict about an address holds.
const OPENING_MILLIS: i64 = 60_000;
const VERDICT_MILLIS: i64 = 5_000;
/// Addresses remembered at a time; those of which nothing was heard for a minute are forgotten first.
const ADDRESSES_MAX: usize = 20_000;

/// What an instance knows of an address.
#[derive(Clone, Copy, Debug, Default)]
struct Address {
    /// When the present minute of openings began, and how many there have been in it and in the one before.
    since: Timestamp,
    opened: u64,
    opened_before: u64,
    /// Whether its connections are refused, and until when that is known.
    verdict: Option<(bool, Timestamp)>,
}

/// What an instance makes of one more connection from an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Opening {
    /// It is admitted.
    Admitted,
    /// It is refused.
    Refused,
    /// There have been so many that the tables must say how many of them have joined a namespace. The answer goes to
    /// [`Addresses::judge`].
    ToBeJudged,
}

/// The addresses from which this instance sees connections. Few connections cost nothing; only an address with many in
/// one minute is looked up, and that once in some seconds.
#[derive(Debug, Default)]
pub struct Addresses(Mutex<HashMap<String, Address>>);

impl Addresses {
    /// Counts one more connection from this address. `limit` is how many of its connections may have joined nothing.
    pub fn opening(&self, address: &str, limit: u64, at: Timestamp) -> Opening {
        let mut addresses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= ADDRESSES_MAX && !addresses.contains_key(address) {
            addresses.retain(|_, known| at < known.since.plus_millis(2 * OPENING_MILLIS));
            if addresses.len() >= ADDRESSES_MAX {
                addresses.clear();
            }
        }
        let known = addresses.entry(address.to_owned()).or_default();
        let minutes = (at.millis() - known.since.millis()).div_euclid(OPENING_MILLIS);
        if minutes >= 1 {
            known.opened_before = if minutes == 1 { known.opened } else { 0 };
            (known.opened, known.since) = (0, at);
        }
        known.opened += 1;
        if known.opened + known.opened_before <= limit {
            return Opening::Admitted;
        }
        match known.verdict {
            Some((true, until)) if at < until => Opening::Refused,
            Some((false, until)) if at < until => Opening::Admitted,
            _ => Opening::ToBeJudged,
        }
    }

    /// Notes for some seconds whether connections from this address are refused.
    pub fn judge(&self, address: &str, is_refused: bool, at: Timestamp) {
        let mut addresses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = addresses.get_mut(address) {
            known.verdict = Some((is_refused, at.plus_millis(VERDICT_MILLIS)));
        }
    }
}
