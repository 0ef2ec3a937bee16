//! Limits: which apply, and the one that is kept in memory (dialects.md, section 2, "Limits").
//!
//! Messages per minute and chats per hour are counted in DynamoDB and exact. Events per second are counted here, in the memory of one
//! instance of the switchboard: exact in one, best effort across several.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::config::LimitSettings;
use crate::dialect::Dialect;
use crate::domain::clock::Timestamp;
use crate::error::Error;

/// Sockets remembered at a time; the windows of a second that has passed are forgotten first.
const SOCKETS_MAX: usize = 20_000;

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
        let Self { off, events_per_second, messages_per_minute, chats_per_hour } = *self;
        let own = dialect.limits();
        let limit = |set: Option<u64>, own| (!off).then(|| set.unwrap_or(own));
        InForce {
            events_per_second: limit(events_per_second, own.events_per_second),
            messages_per_minute: limit(messages_per_minute, own.messages_per_minute),
            chats_per_hour: limit(chats_per_hour, own.chats_per_hour),
        }
    }
}

/// Events per second, of the sockets that this instance sees.
#[derive(Debug, Default)]
pub struct EventRates(Mutex<HashMap<String, (i64, u64)>>);

impl EventRates {
    /// Counts an event of a socket.
    ///
    /// # Errors
    /// `Error::RateLimit` if this second is full; such an event is not counted.
    pub fn count(&self, socket: String, limit: Option<u64>, at: Timestamp) -> Result<(), Error> {
        let Some(limit) = limit else { return Ok(()) };
        let second = at.seconds();
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= SOCKETS_MAX {
            windows.retain(|_, (window, _)| *window >= second);
        }
        let (window, count) = windows.entry(socket).or_insert((second, 0));
        // Events may come late: an older one counts in the newest window.
        if *window < second {
            (*window, *count) = (second, 0);
        }
        if *count >= limit {
            return Err(Error::RateLimit { what: "events", retry_after_secs: 1 });
        }
        *count += 1;
        Ok(())
    }
}
