//! Limits: which apply, and the one that is kept in memory (dialects.md, section 2, "Limits").
//!
//! Messages per minute and chats per hour are counted in DynamoDB and exact. Events per second are counted here, in the memory of one
//! instance of the switchboard: exact in one, best effort across several. So are the connections of an address that never join a namespace.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::config::LimitSettings;
use crate::dialect::Dialect;
use crate::domain::clock::Timestamp;

/// Sockets remembered at a time; the windows of a second that has passed are forgotten first.
const SOCKETS_MAX: usize = 20_000;
/// Frames a connection may send each second besides its events, where the default dialect allows fewer events.
const FRAMES_PER_SECOND_MIN: u64 = 50;
/// Refused events of a socket in one second from which on its connection is closed, for each that is taken, and at least: each is answered, and that
/// costs a read and a post.
const REFUSED_PER_TAKEN: u64 = 10;
const REFUSED_MIN: u64 = 100;

/// The limits in force for a dialect; `None` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Events per socket.
    pub events_per_second: Option<u64>,
    /// Messages per user.
    pub messages_per_minute: Option<u64>,
    /// New chats per user.
    pub chats_per_hour: Option<u64>,
}

impl LimitSettings {
    /// The deployment's numbers, else the dialect's; none if they are off.
    #[must_use]
    pub fn in_force(&self, dialect: &dyn Dialect) -> InForce {
        let Self { off, events_per_second, messages_per_minute, chats_per_hour, .. } = *self;
        let own = dialect.limits();
        let limit = |set: Option<u64>, own| (!off).then(|| set.unwrap_or(own));
        InForce {
            events_per_second: limit(events_per_second, own.events_per_second),
            messages_per_minute: limit(messages_per_minute, own.messages_per_minute),
            chats_per_hour: limit(chats_per_hour, own.chats_per_hour),
        }
    }

    /// Connections per address that have not joined a namespace.
    #[must_use]
    pub fn strangers(&self) -> Option<u64> {
        (!self.off).then_some(self.strangers_per_address)
    }
}

impl InForce {
    /// Frames per connection that are no events: CONNECT packets, pongs and attachments.
    #[must_use]
    pub fn frames_per_second(&self) -> Option<u64> {
        self.events_per_second.map(|events| events.max(FRAMES_PER_SECOND_MIN))
    }
}

/// What the rate of a socket makes of one more event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Rate {
    /// It is within the limit.
    Within,
    /// It is not, and is not counted.
    Over,
    /// It is not, and so many before it were not that the connection is to be closed.
    FarOver,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    second: i64,
    counted: u64,
    refused: u64,
}

/// Events per second, of the sockets that this instance sees.
#[derive(Debug, Default)]
pub struct EventRates(Mutex<HashMap<String, Window>>);

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
        // Events may come late: an older one counts in the newest window.
        if window.second < second {
            *window = Window { second, ..Window::default() };
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

/// Length of a period in which openings and joins are counted, how many are looked at, and how many of the newest openings do not count yet: a
/// client that has just opened a connection is about to join.
const PERIOD_MILLIS: i64 = 10_000;
const PERIODS: i64 = 6;
const PERIODS_OF_GRACE: i64 = 1;
/// Addresses remembered at a time; those of which nothing was heard for so long are forgotten first.
const ADDRESSES_MAX: usize = 20_000;

/// Connections that were opened from an address, and namespaces joined from there.
#[derive(Clone, Copy, Debug, Default)]
struct Visits {
    period: i64,
    opened: i64,
    joined: i64,
}

/// The connections of each address that never join a namespace, of those that this instance sees open and join.
///
/// Of an address whose clients join, an instance sees about as many joins as openings, also where it is one of many and each of the two goes to
/// any of them. So the difference is what counts, within the last minute.
#[derive(Debug, Default)]
pub struct Strangers(Mutex<HashMap<String, [Visits; PERIODS as usize]>>);

impl Strangers {
    /// Whether one more connection is taken from this address, at most `limit` of whose connections may have joined nothing; and counts it.
    /// An address that is not known (empty) is not counted.
    #[must_use]
    pub fn admits(&self, address: &str, limit: Option<u64>, at: Timestamp) -> bool {
        let Some(limit) = limit.filter(|_| !address.is_empty()) else { return true };
        let now = at.millis().div_euclid(PERIOD_MILLIS);
        self.visit(address, now, |visits| {
            let (mut opened, mut joined) = (0, 0);
            for visits in visits.iter().filter(|visits| visits.period > now - PERIODS) {
                joined += visits.joined;
                if visits.period <= now - PERIODS_OF_GRACE {
                    opened += visits.opened;
                }
            }
            if u64::try_from(opened - joined).is_ok_and(|strangers| strangers >= limit) {
                return false;
            }
            of(visits, now).opened += 1;
            true
        })
    }

    /// Notes that a connection from this address has joined a namespace.
    pub fn joined(&self, address: &str, at: Timestamp) {
        if !address.is_empty() {
            let now = at.millis().div_euclid(PERIOD_MILLIS);
            self.visit(address, now, |visits| of(visits, now).joined += 1);
        }
    }

    fn visit<T>(&self, address: &str, now: i64, visit: impl FnOnce(&mut [Visits]) -> T) -> T {
        let mut addresses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= ADDRESSES_MAX && !addresses.contains_key(address) {
            addresses.retain(|_, visits| visits.iter().any(|visits| visits.period > now - PERIODS));
            if addresses.len() >= ADDRESSES_MAX {
                addresses.clear();
            }
        }
        visit(addresses.entry(address.to_owned()).or_default())
    }
}

/// The counts of a period, in the place of those that are too old to be looked at.
fn of(visits: &mut [Visits], period: i64) -> &mut Visits {
    let index = usize::try_from(period.rem_euclid(PERIODS)).unwrap_or_default();
    #[expect(clippy::indexing_slicing, reason = "there are as many places as remainders")]
    let place = &mut visits[index];
    if place.period != period {
        *place = Visits { period, ..Visits::default() };
    }
    place
}
