//! The store: four of the DynamoDB tables of docs/tables.md, and the S3 bucket with media, [`Bucket`]. The relay has
//! the fifth, Connections.
//!
//! `keys` spells every key, `rows` is the only module with serde, and each capability's reads and writes are in the
//! file of its name. Tests and the local cloud replace the SDK's connector; there is no second implementation of the
//! store.
//!
//! Invariants: `seq` has no gaps. An unread counter is exact, and its index entry exists exactly while the counter is
//! above zero. A user's socket count is exact. Nothing is half-stored, because rows that belong together are written in
//! one transaction.

mod block;
mod chat;
mod commit;
mod delete;
mod delivery;
mod dialect;
mod erase;
mod header;
mod hook;
mod keys;
mod limit;
mod listing;
mod log;
mod media;
mod message;
mod moderation;
mod presence;
mod read;
mod recover;
mod room;
mod rows;
mod search;
mod session;
mod typing;
mod user;

use relay::dynamo::{Dynamo, Item};

use crate::config::Tables;

pub use block::{Blocking, Unblocking};
pub use chat::{Creation, FoundChat};
pub use delete::Deletion;
pub use delivery::Delivered;
pub use dialect::{dialect_of, session_attributes};
pub use header::{header_value, verified_header};
pub use limit::Counter;
pub use listing::Putting;
pub use media::{Bucket, ByteRange, Fetched, Fetching, Keeping, Signed, Upload, Uploaded, is_from};
pub use message::{OriginalSend, Sending};
pub use moderation::{Ended, MembershipToEnd};
pub use presence::{Person, Socket};
pub use read::Marking;
pub use recover::FormerSocket;
pub use room::{Entering, ROOMS_MAX};
pub use search::Scan;
pub use session::{ENDING_ATTRIBUTES, SocketCount};
pub use typing::{typing_change, typing_of};

/// The tables, through the AWS SDK.
#[derive(Clone, Debug)]
pub struct Store {
    db: Dynamo,
    tables: Tables,
}

impl Store {
    /// Creates the store from a client and the tables' names.
    #[must_use]
    pub const fn new(db: Dynamo, tables: Tables) -> Self {
        Self { db, tables }
    }
}
