//! Sessions whose client left without a DISCONNECT packet and may recover them. The socket's row stays, marked as
//! ended, for as long as recovery is allowed.

use aws_sdk_dynamodb::types::{Put, Update};

use super::connection::opened_slot;
use super::rows::{self, SocketRow};
use super::session::{OneMore, ended, session, session_row};
use super::transaction::{Transaction, TransactionOutcome};
use super::{Item, Opened, Session, Store, keys, number, text};
use crate::auth::Identity;
use crate::domain::clock::Timestamp;
use crate::domain::id::{ChatId, ConnectionId, Pid, SocketId, UserId};
use crate::error::Error;

/// A session that existed before, and may still exist.
#[derive(Clone, Debug)]
pub struct Former {
    /// The Socket.IO sid of the session.
    pub sid: SocketId,
    /// The connection of the session.
    pub connection: ConnectionId,
    /// When that connection was opened.
    pub opened_at: Timestamp,
    /// The namespace of the session.
    pub namespace: String,
    /// The dialect of the namespace.
    pub dialect: String,
    /// When the session began.
    pub began_at: Timestamp,
    /// When the connection was found gone; `None` while nobody has noticed it.
    pub ended_at: Option<Timestamp>,
}

/// The result of restoring a session.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum SessionRestore {
    /// The session is on the new connection.
    Restored {
        /// The number of the user's sockets, this one included; `None` if the session replaces a live one.
        sockets: Option<u64>,
    },
    /// The client had already joined the namespace on the new connection.
    Already(Box<Session>),
    /// The new connection is gone.
    Gone,
    /// Another run restored the session, or it has ended for good.
    Lost,
}

impl Store {
    /// A session by its private id, as long as it may be recovered. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn former_session(&self, user: &UserId, pid: &Pid) -> Result<Option<Former>, Error> {
        let Some(item) = self.get(&self.tables.users, keys::user(user, keys::socket(pid))).await? else {
            return Ok(None);
        };
        let row: SocketRow = rows::read(item)?;
        Ok(Some(Former {
            sid: SocketId::parse(&row.sid)?,
            connection: ConnectionId::parse(&row.connection_id)?,
            opened_at: Timestamp::from_millis(row.opened_at),
            namespace: row.namespace,
            dialect: row.dialect,
            began_at: Timestamp::from_millis(row.began_at),
            ended_at: row.ended_at.map(Timestamp::from_millis),
        }))
    }

    /// Puts a session on a new connection, with `recovery_buffer` in front of its frames. One transaction of four
    /// writes: the session, the socket, the new connection's slot, and the count of sockets. If nobody had noticed that
    /// the old connection is gone, it ends the session there instead of counting. For the count one read, repeated if
    /// another socket of the user comes or goes at the same time.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn revive(
        &self,
        (opened, recovery_buffer): (&Opened, &ConnectionId),
        former: &Former,
        joining: &Session,
        identity: &Identity,
    ) -> Result<SessionRestore, Error> {
        let mut attempt = 0;
        loop {
            let mut transaction = Transaction::default();
            transaction.put(
                Put::builder()
                    .table_name(&self.tables.connections)
                    .set_item(Some(rows::write(session_row(opened, joining))?))
                    .condition_expression("attribute_not_exists(connectionId) OR attribute_exists(endedAt)"),
            )?;
            transaction.update(self.moved_socket(former, joining, recovery_buffer))?;
            transaction.update(opened_slot(&self.tables.connections, opened))?;
            let sockets = if former.ended_at.is_some() {
                let OneMore { count, sockets, expired: _ } = self.one_more_socket(joining, identity).await?;
                transaction.update(count)?;
                Some(sockets)
            } else {
                let old = Session { connection: former.connection.clone(), ..joining.clone() };
                transaction.update(ended(&self.tables.connections, &old, self.clock.now(), false))?;
                None
            };
            match self.transact(transaction).await? {
                TransactionOutcome::Committed => return Ok(SessionRestore::Restored { sockets }),
                TransactionOutcome::Conflict => {}
                TransactionOutcome::Refused(refused) if refused.at(2) => return Ok(SessionRestore::Gone),
                TransactionOutcome::Refused(mut refused) => match refused.take(0) {
                    Some(item) => return Ok(SessionRestore::Already(Box::new(session(rows::read(item)?)?))),
                    None if refused.at(1) => return Ok(SessionRestore::Lost),
                    // The count has changed, or the session on the old connection is just ending.
                    None if former.ended_at.is_some() => {}
                    None => return Ok(SessionRestore::Lost),
                },
            }
            self.backoff(attempt).await?;
            attempt += 1;
        }
    }

    /// The update that makes the socket live again on the new connection, on condition that it is still where it was.
    fn moved_socket(
        &self,
        former: &Former,
        joining: &Session,
        recovery_buffer: &ConnectionId,
    ) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        let (expiry, removed) = match joining.expires_at {
            Some(_) => (", expiresAt = :end", ""),
            None => ("", ", expiresAt"),
        };
        let mut values = Item::from([
            (":to".to_owned(), text(&joining.connection)),
            (":opened".to_owned(), number(joining.opened_at.millis())),
            (":hold".to_owned(), text(recovery_buffer)),
            (":flag".to_owned(), text(keys::SOCKET_FLAGGED)),
            (":from".to_owned(), text(&former.connection)),
        ]);
        values.extend(joining.expires_at.map(|end| (":end".to_owned(), number(end.millis()))));
        let ended = match former.ended_at {
            Some(at) => {
                values.insert(":ended".to_owned(), number(at.millis()));
                "endedAt = :ended"
            }
            None => "attribute_not_exists(endedAt)",
        };
        Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&joining.user, keys::socket(&joining.pid))))
            .update_expression(format!(
                "SET connectionId = :to, openedAt = :opened, heldBy = :hold, #online = :flag{expiry} REMOVE endedAt, ungreeted, #ttl{removed}"
            ))
            .condition_expression(format!("connectionId = :from AND {ended}"))
            .expression_attribute_names("#online", "online")
            .expression_attribute_names("#ttl", "ttl")
            .set_expression_attribute_values(Some(values))
    }

    /// Removes `recovery_buffer` from a session's socket, so that its frames go to its connection again. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn release(&self, session: &Session, recovery_buffer: &ConnectionId) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&session.user, keys::socket(&session.pid))))
            .update_expression("REMOVE heldBy")
            .condition_expression("heldBy = :hold")
            .expression_attribute_values(":hold", text(recovery_buffer));
        self.applied(update).await.map(drop)
    }

    /// All chats of a user, and those that were deleted lately. One query per megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn memberships(&self, user: &UserId) -> Result<Vec<ChatId>, Error> {
        let query = self.memberships_of(user).consistent_read(true);
        let found: Vec<Item> =
            query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(Error::internal)?;
        Ok(found.iter().filter_map(|item| keys::chat_of_membership(item.get("entry")?.as_s().ok()?)).collect())
    }
}
