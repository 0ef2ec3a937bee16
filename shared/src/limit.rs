//! Limits: the limits in force, and those that are counted in memory (dialects.md, section 2, "Limits").
//!
//! Messages per minute and chats per hour are counted in DynamoDB and are exact. Events per second are counted here, in
//! the memory of one instance of the switchboard: exact within one instance, best effort across several. The same holds
//! for the connections of an address that never join a namespace.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::config::LimitSettings;
use crate::dialect::Dialect;
use crate::domain::clock::Timestamp;

/// How many sockets are remembered at a time. Windows of seconds that have passed are deleted first.
const SOCKETS_MAX: usize = 20_000;
/// How many frames a connection may send per second in addition to its events, if the default dialect allows fewer
/// events.
const FRAMES_PER_SECOND_MIN: u64 = 50;
/// The number of refused events of a socket in one second after which its connection is closed: this many for each
/// event that is accepted, but at least `REFUSED_MIN`. Each refused event is answered, which costs one read and one
/// post.
const REFUSED_PER_TAKEN: u64 = 10;
const REFUSED_MIN: u64 = 100;

/// The limits in force for a dialect; `None` means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The most events per socket.
    pub events_per_second: Option<u64>,
    /// The most messages per user.
    pub messages_per_minute: Option<u64>,
    /// The most new chats per user.
    pub chats_per_hour: Option<u64>,
}

impl LimitSettings {
    /// The limits in force: the deployment's numbers, otherwise the dialect's; none if limits are off.
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

    /// The most connections per address that have not joined a namespace.
    #[must_use]
    pub fn strangers(&self) -> Option<u64> {
        (!self.off).then_some(self.strangers_per_address)
    }
}

impl InForce {
    /// The most frames per connection that are not events: CONNECT packets, pongs and attachments.
    #[must_use]
    pub fn frames_per_second(&self) -> Option<u64> {
        self.events_per_second.map(|events| events.max(FRAMES_PER_SECOND_MIN))
    }
}

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
struct Window {
    second: i64,
    counted: u64,
    refused: u64,
}

/// The events per second of the sockets that this instance sees.
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
        // Events may arrive late. An older event counts in the newest window.
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

/// The length of a period in which openings and joins are counted, how many periods are examined, and in how many of
/// the newest periods openings do not count yet. A client that has just opened a connection is about to join.
const PERIOD_MILLIS: i64 = 10_000;
const PERIODS: i64 = 6;
const PERIODS_OF_GRACE: i64 = 1;
/// How many addresses are remembered at a time. Addresses without recent activity are deleted first.
const ADDRESSES_MAX: usize = 20_000;

/// The connections that were opened from an address, and the namespaces that were joined from it.
#[derive(Clone, Copy, Debug, Default)]
struct Visits {
    period: i64,
    opened: i64,
    joined: i64,
}

/// For each address, the connections that never join a namespace, as far as this instance sees connections open and
/// join.
///
/// If the clients of an address join, an instance sees about as many joins as openings. This is true even if it is one
/// of many instances, and each opening and each join may go to any of them. So the difference within the last minute is
/// what counts.
#[derive(Debug, Default)]
pub struct Strangers(Mutex<HashMap<String, [Visits; PERIODS as usize]>>);

impl Strangers {
    /// Whether one more connection from this address is accepted, if at most `limit` of its connections may be without
    /// a namespace. Counts the connection if it is accepted. An unknown address (empty) is not counted.
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

    /// Records that a connection from this address has joined a namespace.
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

/// The counts of a period. They replace counts that are too old to be examined.
fn of(visits: &mut [Visits], period: i64) -> &mut Visits {
    let index = usize::try_from(period.rem_euclid(PERIODS)).unwrap_or_default();
    #[expect(clippy::indexing_slicing, reason = "there are as many places as remainders")]
    let place = &mut visits[index];
    if place.period != period {
        *place = Visits { period, ..Visits::default() };
    }
    place
}
