//! The limits in force (docs/dialects.md, "Limits").
//!
//! Messages per minute and chats per hour are counted in DynamoDB and are exact. The relay counts events per second in
//! memory.

use crate::config::LimitSettings;
use crate::dialect::Dialect;

/// How many frames a connection may send per second in addition to its events, if the default dialect allows fewer
/// events.
const FRAMES_PER_SECOND_MIN: u64 = 50;
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
    pub fn in_force(&self, dialect: &Dialect) -> InForce {
        let Self { off, events_per_second, messages_per_minute, chats_per_hour, .. } = *self;
        let own = dialect.limits;
        let limit = |set: Option<u64>, own| (!off).then(|| set.unwrap_or(own));
        InForce {
            events_per_second: limit(events_per_second, own.events_per_second),
            messages_per_minute: limit(messages_per_minute, own.messages_per_minute),
            chats_per_hour: limit(chats_per_hour, own.chats_per_hour),
        }
    }
}

impl InForce {
    /// The most frames per connection that are not events: CONNECT packets, pongs and attachments.
    #[must_use]
    pub fn frames_per_second(&self) -> Option<u64> {
        self.events_per_second.map(|events| events.max(FRAMES_PER_SECOND_MIN))
    }
}
