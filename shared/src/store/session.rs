//! Sessions, one for each namespace that a client joins on a connection, and the exact count of a user's sockets.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, Update};

use super::connection::{CONNECTION_TTL_SECS, opened_slot};
use super::presence::online_flag;
use super::rows::{self, SessionRow, SocketRow, VERSION};
use super::transaction::{Transaction, TransactionOutcome};
use super::update::Changed;
use super::user::{AttributeChange, claims_change, set_change};
use super::{Item, Opened, Person, Question, Recipient, Store, keys, number, text};
use crate::auth::Identity;
use crate::domain::chat::Place;
use crate::domain::clock::Timestamp;
use crate::domain::id::{ConnectionId, Pid, SocketId, UserId};
use crate::domain::user::{Status, User};
use crate::error::Error;

/// How long an ended session or a closed connection is remembered, in seconds, for events that are still on their way.
pub(super) const ENDED_TTL_SECS: i64 = 3_600;

/// A session: one namespace joined on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The connection.
    pub connection: ConnectionId,
    /// The namespace.
    pub namespace: String,
    /// The dialect of the namespace.
    pub dialect: String,
    /// The user.
    pub user: UserId,
    /// The private id of the socket.
    pub pid: Pid,
    /// The Socket.IO sid.
    pub sid: SocketId,
    /// The id of the event that joined the namespace.
    pub joined_by: String,
    /// When the connection was opened.
    pub opened_at: Timestamp,
    /// When the token ends.
    pub expires_at: Option<Timestamp>,
    /// When the client left the namespace, if it did.
    pub ended_at: Option<Timestamp>,
    /// The places where the user types on this socket.
    pub typing: Vec<Place>,
    /// The questions that the client has not answered.
    pub asked: Vec<Question>,
    /// Until when attachments of a binary packet may be on their way.
    pub attachments_until: Option<Timestamp>,
    /// Whether the client can receive offsets.
    pub takes_offsets: bool,
}

impl Session {
    /// The connection, as the recipient of a reply or of a close.
    #[must_use]
    pub const fn recipient(&self) -> Recipient<'_> {
        Recipient { connection: &self.connection, opened_at: Some(self.opened_at) }
    }
}

/// The result of joining a namespace.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Joining {
    /// The client has joined the namespace.
    Joined {
        /// The number of the user's sockets, this one included.
        sockets: u64,
    },
    /// The client had already joined it, in this session.
    Already(Box<Session>),
    /// The connection is gone.
    Gone,
}

/// The result of leaving a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Leaving {
    /// The session has ended.
    Left {
        /// Whether this was the last socket of a user whom others saw as online.
        last: bool,
    },
    /// The session had ended before.
    Already,
    /// The session had ended before with the user's last socket, and no run has finished telling the others.
    Untold,
}

impl Store {
    /// Reads the session of a namespace, also for a while after it ended. One read, and one more if it has moved to a
    /// WebSocket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn session(&self, connection: &ConnectionId, namespace: &str) -> Result<Option<Session>, Error> {
        let item = self.get(&self.tables.connections, keys::connection(connection, namespace)).await?;
        let Some(row) = item.map(rows::read::<SessionRow>).transpose()? else { return Ok(None) };
        let Some(to) = &row.moved_to else { return session(row).map(Some) };
        let item = self.get(&self.tables.connections, keys::connection(to, namespace)).await?;
        item.map(|item| session(rows::read(item)?)).transpose()
    }

    /// Joins a namespace: session, socket, slot and socket count in one transaction, which fails if the connection is
    /// gone. One read and four writes, repeated if another socket of the user comes or goes at the same time.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn join(&self, opened: &Opened, joining: &Session, identity: &Identity) -> Result<Joining, Error> {
        let mut attempt = 0;
        loop {
            let OneMore { count, sockets, expired } = self.one_more_socket(joining, identity).await?;
            let mut transaction = Transaction::default();
            self.put_session(&mut transaction, opened, joining)?;
            transaction.update(opened_slot(&self.tables.connections, opened))?;
            transaction.update(count)?;
            match self.transact(transaction).await? {
                TransactionOutcome::Committed => {
                    self.remove_sockets(&joining.user, expired).await;
                    return Ok(Joining::Joined { sockets });
                }
                TransactionOutcome::Conflict => {}
                TransactionOutcome::Refused(refused) if refused.at(2) => return Ok(Joining::Gone),
                TransactionOutcome::Refused(mut refused) => {
                    if let Some(item) = refused.take(0) {
                        return Ok(Joining::Already(Box::new(session(rows::read(item)?)?)));
                    }
                }
            }
            self.backoff(attempt).await?;
            attempt += 1;
        }
    }

    /// Adds the first two writes of a join: the session, on condition that there is no live one, and the socket.
    fn put_session(&self, transaction: &mut Transaction, opened: &Opened, joining: &Session) -> Result<(), Error> {
        let row = rows::write(session_row(opened, joining))?;
        transaction.put(
            Put::builder()
                .table_name(&self.tables.connections)
                .set_item(Some(row))
                .condition_expression("attribute_not_exists(connectionId) OR attribute_exists(endedAt)"),
        )?;
        let socket = SocketRow {
            user_id: joining.user.to_string(),
            entry: keys::socket(&joining.pid),
            v: VERSION,
            online: keys::SOCKET_FLAGGED.to_owned(),
            connection_id: joining.connection.to_string(),
            opened_at: joining.opened_at.millis(),
            namespace: joining.namespace.clone(),
            dialect: joining.dialect.clone(),
            sid: joining.sid.to_string(),
            began_at: self.clock.now().millis(),
            expires_at: joining.expires_at.map(Timestamp::millis),
            ended_at: None,
            buffered_in: None,
            rooms: HashSet::new(),
            no_offsets: !joining.takes_offsets,
            ungreeted: true,
            ttl: None,
        };
        transaction.put(Put::builder().table_name(&self.tables.users).set_item(Some(rows::write(socket)?)))
    }

    /// Counts one more socket, and in the same write replaces the claims if those of the token are newer. The first
    /// socket puts its user into the online index. A user who appears offline stays out of it with every further
    /// socket. One query; returns the write.
    pub(super) async fn one_more_socket(&self, joining: &Session, identity: &Identity) -> Result<OneMore, Error> {
        let (Person { user: known, sockets: _ }, expired) = self.person_and_expired(&joining.user).await?;
        let was = known.as_ref().map_or(0, |user| user.sockets);
        let also = [("sockets", number(was + 1)), ("online", online_flag())];
        let also = if was == 0 { also.as_slice() } else { also.get(..1).unwrap_or_default() };
        let AttributeChange { expression, names, mut values } = match self.newer_claims(known.as_ref(), identity) {
            Some(at) => claims_change(&identity.claims, at, also),
            None => set_change(also),
        };
        values.insert(":was".to_owned(), number(was));
        let fresh = if was == 0 { "attribute_not_exists(sockets) OR " } else { "" };
        let update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&joining.user, keys::PROFILE)))
            .update_expression(expression)
            .condition_expression(format!("{fresh}sockets = :was"))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values));
        Ok(OneMore { count: update, sockets: was + 1, expired })
    }

    /// Leaves a namespace: session, socket and socket count in one transaction, so that leaving twice counts once. One
    /// read and three writes. If the session moves to a WebSocket meanwhile, the function ends it there. If a client
    /// may recover the session, the socket's row stays until `revivable`, marked as ended. If others must be told, the
    /// session remembers that until [`Store::record_offline_told`].
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn leave(
        &self,
        session: &Session,
        at: Timestamp,
        revivable: Option<Timestamp>,
    ) -> Result<Leaving, Error> {
        let mut attempt = 0;
        let mut connection = session.connection.clone();
        loop {
            let Some(user) = self.user(&session.user).await? else { return Ok(Leaving::Already) };
            let Some(left) = user.sockets.checked_sub(1) else { return self.left_before(session).await };
            let last = left == 0 && user.is_online();
            let mut transaction = Transaction::default();
            let there = Session { connection: connection.clone(), ..session.clone() };
            transaction.update(ended(&self.tables.connections, &there, at, last))?;
            self.end_socket(&mut transaction, session, at, revivable)?;
            transaction.update(self.one_socket_less(&user, at))?;
            match self.transact(transaction).await? {
                TransactionOutcome::Committed => return Ok(Leaving::Left { last }),
                TransactionOutcome::Refused(mut refused) if refused.at(0) || refused.at(1) => {
                    match refused.take(0).map(rows::read::<SessionRow>).transpose()? {
                        Some(SessionRow { moved_to: Some(to), .. }) => connection = ConnectionId::parse(&to)?,
                        Some(row) if is_untold(&row, session) => return Ok(Leaving::Untold),
                        _ => return Ok(Leaving::Already),
                    }
                }
                TransactionOutcome::Refused(_) | TransactionOutcome::Conflict => {}
            }
            self.backoff(attempt).await?;
            attempt += 1;
        }
    }

    async fn left_before(&self, session: &Session) -> Result<Leaving, Error> {
        Ok(if self.offline_untold(session).await? { Leaving::Untold } else { Leaving::Already })
    }

    /// Whether a session ended with its user's last socket, and no run has finished telling the others. One read, and
    /// one more if it moved to a WebSocket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn offline_untold(&self, session: &Session) -> Result<bool, Error> {
        let mut connection = session.connection.to_string();
        loop {
            let key = keys::connection(&connection, &session.namespace);
            let Some(item) = self.get(&self.tables.connections, key).await? else { return Ok(false) };
            match rows::read::<SessionRow>(item)? {
                SessionRow { moved_to: Some(to), .. } => connection = to,
                row => return Ok(is_untold(&row, session)),
            }
        }
    }

    /// Records that the others were told about the end of a session. One write, and one more if it moved to a
    /// WebSocket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn record_offline_told(&self, session: &Session) -> Result<(), Error> {
        let mut connection = session.connection.to_string();
        loop {
            let update = self
                .client
                .update_item()
                .table_name(&self.tables.connections)
                .set_key(Some(keys::connection(&connection, &session.namespace)))
                .update_expression("REMOVE untold, slot")
                .condition_expression("pid = :pid AND attribute_exists(untold) AND attribute_not_exists(movedTo)")
                .expression_attribute_values(":pid", text(&session.pid));
            match self.update::<SessionRow>(update).await? {
                Changed::Refused(Some(SessionRow { moved_to: Some(to), .. })) => connection = to,
                _ => return Ok(()),
            }
        }
    }

    fn end_socket(
        &self,
        transaction: &mut Transaction,
        session: &Session,
        at: Timestamp,
        revivable: Option<Timestamp>,
    ) -> Result<(), Error> {
        let key = keys::user(&session.user, keys::socket(&session.pid));
        let condition = "attribute_exists(entry) AND attribute_not_exists(endedAt)";
        match revivable {
            Some(until) => transaction.update(
                Update::builder()
                    .table_name(&self.tables.users)
                    .set_key(Some(key))
                    .update_expression("SET endedAt = :at, #ttl = :ttl REMOVE #online, heldBy")
                    .condition_expression(condition)
                    .expression_attribute_names("#online", "online")
                    .expression_attribute_names("#ttl", "ttl")
                    .expression_attribute_values(":at", number(at.millis()))
                    .expression_attribute_values(":ttl", number(until.seconds() + 1)),
            ),
            None => transaction.delete(
                Delete::builder().table_name(&self.tables.users).set_key(Some(key)).condition_expression(condition),
            ),
        }
    }

    /// The write that counts one socket less. With the last socket it also removes the status that the user had set. It
    /// sets the time when the user was last seen, unless the user appeared offline.
    fn one_socket_less(&self, user: &User, at: Timestamp) -> UpdateBuilder {
        let count = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&user.id, keys::PROFILE)))
            .expression_attribute_values(":was", number(user.sockets))
            .expression_attribute_values(":is", number(user.sockets.saturating_sub(1)));
        if user.sockets > 1 {
            return count.condition_expression("sockets = :was").update_expression("SET sockets = :is");
        }
        let count = count
            .expression_attribute_names("#online", "online")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":offline", text(Status::Offline.name()));
        if user.status == Status::Offline {
            let gone = "SET sockets = :is REMOVE #online, #status";
            return count.condition_expression("sockets = :was AND #status = :offline").update_expression(gone);
        }
        count
            .condition_expression("sockets = :was AND (attribute_not_exists(#status) OR #status <> :offline)")
            .update_expression("SET sockets = :is, lastSeen = :at REMOVE #online, #status")
            .expression_attribute_values(":at", number(at.millis()))
    }

    /// Sets another end of the token for a session and its socket. One transaction of two writes, which does nothing if
    /// the session has ended.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn renew(&self, session: &Session, expires_at: Option<Timestamp>) -> Result<(), Error> {
        let (connections, users) = (&self.tables.connections, &self.tables.users);
        let mut attempt = 0;
        loop {
            let rows = [
                (
                    connections,
                    keys::connection(&session.connection, &session.namespace),
                    "attribute_not_exists(endedAt)",
                ),
                (users, keys::user(&session.user, keys::socket(&session.pid)), "attribute_exists(entry)"),
            ];
            let mut transaction = Transaction::default();
            for (table, key, condition) in rows {
                let update = Update::builder().table_name(table).set_key(Some(key)).condition_expression(condition);
                transaction.update(match expires_at {
                    Some(end) => {
                        let update = update.update_expression("SET expiresAt = :end");
                        update.expression_attribute_values(":end", number(end.millis()))
                    }
                    None => update.update_expression("REMOVE expiresAt"),
                })?;
            }
            match self.transact(transaction).await? {
                TransactionOutcome::Committed | TransactionOutcome::Refused(_) => return Ok(()),
                TransactionOutcome::Conflict => {}
            }
            self.backoff(attempt).await?;
            attempt += 1;
        }
    }

    /// The sessions of a connection that have not moved away, also for a while after they ended. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn sessions(&self, id: &ConnectionId) -> Result<Vec<Session>, Error> {
        self.session_rows(id).await?.into_iter().map(session).collect()
    }

    pub(super) async fn session_rows(&self, id: &ConnectionId) -> Result<Vec<SessionRow>, Error> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.connections)
            .consistent_read(true)
            .key_condition_expression("connectionId = :id AND begins_with(#namespace, :namespaces)")
            .expression_attribute_names("#namespace", "namespace")
            .expression_attribute_values(":id", text(id))
            .expression_attribute_values(":namespaces", text(keys::NAMESPACES));
        let found: Vec<Item> =
            query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(Error::internal)?;
        let rows = found.into_iter().map(rows::read::<SessionRow>);
        rows.filter(|row| row.as_ref().map_or(true, |row| row.moved_to.is_none())).collect()
    }
}

/// One more socket of a user.
pub(super) struct OneMore {
    /// The write that counts it.
    pub(super) count: UpdateBuilder,
    /// The number of sockets, this one included.
    pub(super) sockets: u64,
    /// The sort keys of sockets to remove.
    pub(super) expired: Vec<String>,
}

/// Whether a row belongs to this session, ended with its user's last socket, and no run has finished telling the
/// others.
fn is_untold(row: &SessionRow, session: &Session) -> bool {
    row.untold && row.pid == session.pid.to_string()
}

/// The write that ends a session, on condition that it is live and on the connection that it names. `untold` marks it:
/// the others must still be told.
pub(super) fn ended(table: &str, session: &Session, at: Timestamp, untold: bool) -> UpdateBuilder {
    let update =
        Update::builder().table_name(table).set_key(Some(keys::connection(&session.connection, &session.namespace)));
    // While others must be told, the session stays in its slot. If no run tells them, the heartbeat finds the
    // connection gone, and the run that closes it tells them.
    let update = if untold {
        let update = update.update_expression("SET endedAt = :at, #ttl = :ttl, untold = :untold REMOVE typing");
        update.expression_attribute_values(":untold", AttributeValue::Bool(true))
    } else {
        update.update_expression("SET endedAt = :at, #ttl = :ttl REMOVE slot, typing")
    };
    update
        .condition_expression("pid = :pid AND attribute_not_exists(endedAt) AND attribute_not_exists(movedTo)")
        .expression_attribute_names("#ttl", "ttl")
        .expression_attribute_values(":at", number(at.millis()))
        .expression_attribute_values(":ttl", number(at.seconds() + ENDED_TTL_SECS))
        .expression_attribute_values(":pid", text(&session.pid))
}

pub(super) fn session_row(opened: &Opened, session: &Session) -> SessionRow {
    let Session {
        connection,
        namespace,
        dialect,
        user,
        pid,
        sid,
        joined_by,
        opened_at: _,
        expires_at,
        ended_at,
        typing,
        asked,
        attachments_until,
        takes_offsets,
    } = session;
    SessionRow {
        connection_id: connection.to_string(),
        namespace: namespace.clone(),
        v: VERSION,
        slot: Some(opened.slot),
        user_id: user.to_string(),
        dialect: dialect.clone(),
        pid: pid.to_string(),
        sid: sid.to_string(),
        joined_by: joined_by.clone(),
        opened_at: opened.at.millis(),
        expires_at: expires_at.map(Timestamp::millis),
        ended_at: ended_at.map(Timestamp::millis),
        moved_to: None,
        typing: typing.iter().map(keys::typing).collect(),
        asked: asked.iter().map(keys::question).collect(),
        answered: HashSet::new(),
        untold: false,
        attachments_until: attachments_until.map(Timestamp::millis),
        no_offsets: !takes_offsets,
        ttl: opened.at.seconds() + CONNECTION_TTL_SECS,
    }
}

pub(super) fn session(row: SessionRow) -> Result<Session, Error> {
    let SessionRow {
        connection_id,
        namespace,
        v: _,
        slot: _,
        user_id,
        dialect,
        pid,
        sid,
        joined_by,
        opened_at,
        expires_at,
        ended_at,
        moved_to: _,
        typing,
        asked,
        answered: _,
        untold: _,
        attachments_until,
        no_offsets,
        ttl: _,
    } = row;
    Ok(Session {
        connection: ConnectionId::parse(&connection_id)?,
        namespace,
        dialect,
        user: UserId::parse(&user_id)?,
        pid: Pid::parse(&pid)?,
        sid: SocketId::parse(&sid)?,
        joined_by,
        opened_at: Timestamp::from_millis(opened_at),
        expires_at: expires_at.map(Timestamp::from_millis),
        ended_at: ended_at.map(Timestamp::from_millis),
        typing: typing.iter().filter_map(|entry| keys::place_of_typing(entry)).collect(),
        asked: asked.iter().filter_map(|entry| keys::question_of(entry)).collect(),
        attachments_until: attachments_until.map(Timestamp::from_millis),
        takes_offsets: !no_offsets,
    })
}
