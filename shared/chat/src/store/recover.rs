//! Sockets whose client left without a DISCONNECT packet and may recover its session. The socket's row stays, marked as
//! ended, for as long as recovery is allowed.

use relay::clock::Timestamp;
use relay::dynamo::read;
use relay::id::{ConnectionId, Pid, SocketId, UserId};
use relay::store::Former;

use super::rows::SocketRow;
use super::{Store, keys};
use crate::domain::id::ChatId;
use crate::error::Error;

/// A socket that existed before, and may still exist.
#[derive(Clone, Debug)]
pub struct FormerSocket {
    /// The session of the socket, as the relay knows it.
    pub session: Former,
    /// The namespace of the session.
    pub namespace: String,
    /// The dialect of the namespace.
    pub dialect: String,
    /// When the session began.
    pub began_at: Timestamp,
}

impl Store {
    /// A socket by its private id, as long as its session may be recovered. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn former_socket(&self, user: &UserId, pid: &Pid) -> Result<Option<FormerSocket>, Error> {
        let Some(item) = self.db.get(&self.tables.users, keys::user(user, keys::socket(pid))).await? else {
            return Ok(None);
        };
        let row: SocketRow = read(item)?;
        Ok(Some(FormerSocket {
            session: Former {
                pid: pid.clone(),
                sid: SocketId::parse(&row.sid)?,
                connection: ConnectionId::parse(&row.connection_id)?,
                opened_at: Timestamp::from_millis(row.opened_at),
                ended_at: row.ended_at.map(Timestamp::from_millis),
            },
            namespace: row.namespace,
            dialect: row.dialect,
            began_at: Timestamp::from_millis(row.began_at),
        }))
    }

    /// All chats of a user, and those that were deleted lately. One query per megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn memberships(&self, user: &UserId) -> Result<Vec<ChatId>, Error> {
        let query = self.memberships_of(user).consistent_read(true);
        let found = self.db.query_all(query).await?;
        Ok(found.iter().filter_map(|item| keys::chat_of_membership(item.get("entry")?.as_s().ok()?)).collect())
    }
}
