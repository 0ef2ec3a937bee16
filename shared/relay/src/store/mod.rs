//! The table Connections: connections, the sessions on them, outboxes of polling clients, incomplete binary packets,
//! the turns of the heartbeat, and what the Admin UI needs. One method per step. The doc of each says how many requests it makes.

mod admin;
mod ask;
mod binary;
mod connection;
mod disconnect;
mod heartbeat;
mod keys;
mod polling;
mod rows;
mod session;
mod strangers;
mod upgrade;

use crate::dynamo::Dynamo;

pub use admin::{ADMIN_NAMESPACE, Admin, LiveSockets};
pub use ask::{Answering, Asking, QUESTIONS_MAX, Question};
pub use binary::{Collecting, Piece};
pub use connection::{Handshaking, HeartbeatRow, Opened, Recipient, Upgrade};
pub use disconnect::Closed;
pub use heartbeat::{Part, SlotPages, SlotRows, SlotTurn};
pub use polling::{Direction, Ender, Ending, Enqueue, Liveness, Outbox, OutboxState, PollTurn};
pub use session::{Attributes, Former, Joining, Leaving, Moving, Renewal, Restoring, Session, SetChange, Writes};
pub use upgrade::{Abandoning, Transition};

/// The table, through the AWS SDK.
#[derive(Clone, Debug)]
pub struct Store {
    db: Dynamo,
    table: String,
    /// The attributes of a session that are removed when it ends.
    ending: &'static [&'static str],
}

impl Store {
    /// Creates the store from a client and the name of the table. `ending` are the application's attributes of a
    /// session that are removed when it ends.
    #[must_use]
    pub const fn new(db: Dynamo, table: String, ending: &'static [&'static str]) -> Self {
        Self { db, table, ending }
    }

    /// The client, for transactions and waits that a caller repeats.
    #[must_use]
    pub const fn db(&self) -> &Dynamo {
        &self.db
    }

    /// Opens the connection to DynamoDB before the first event needs it.
    pub(crate) async fn warm(&self, unsigned: impl aws_smithy_runtime_api::client::interceptors::Intercept + 'static) {
        self.db.warm(&self.table, keys::connection("-", keys::CONNECTION), unsigned).await;
    }
}
