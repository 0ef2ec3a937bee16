//! Connections, the namespaces joined on them, and the exact count of a user's sockets.

use std::collections::HashSet;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Delete, Put, ReturnValue, Update};

use super::presence::online_flag;
use super::rows::{self, ConnectionRow, HeaderRow, SessionRow, SocketRow, VERSION};
use super::transaction::{Outcome, Transaction};
use super::user::{Change, claims_change, set_change};
use super::{Item, Question, Store, keys, number, text};
use crate::auth::Identity;
use crate::domain::chat::Place;
use crate::domain::clock::Timestamp;
use crate::domain::id::{ConnectionId, Pid, SocketId, UserId};
use crate::domain::user::{Status, User};
use crate::error::{Error, Refusal};

/// API Gateway ends a connection after two hours; an hour later DynamoDB may forget what was left of it.
pub(super) const CONNECTION_TTL_SECS: i64 = 3 * 3_600;
/// How long it is remembered that a namespace was left, for events that are still on their way.
const ENDED_TTL_SECS: i64 = 3_600;

/// The slot of connections that have not joined a namespace yet: nobody pings them, and they are closed if they wait too long.
pub const WAITING_SLOT: i64 = -1;

/// A connection as `$connect` stored it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Which.
    pub id: ConnectionId,
    /// The minute of the ping interval at which it is pinged.
    pub slot: u32,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub source_ip: String,
    /// What the handshake's `Authorization` header proved, if there was one.
    pub header: Option<Result<Identity, Refusal>>,
    /// What of a client moves here, if it began by polling.
    pub upgrade: Option<Upgrade>,
    /// Until when attachments of a binary packet may be on their way.
    pub attachments_until: Option<Timestamp>,
}

/// The move of a client from polling to a WebSocket, as the WebSocket knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The polling connection.
    pub from: ConnectionId,
    /// Whether all of it has moved.
    pub done: bool,
}

/// What is left of a connection that was closed.
#[derive(Debug)]
pub struct Closed {
    /// Where its client came from; `None` also if it was closed before.
    pub upgrade: Option<Upgrade>,
    /// The sessions that are to be left.
    pub sessions: Vec<Session>,
}

/// One namespace joined on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// On which connection.
    pub connection: ConnectionId,
    /// Which namespace.
    pub namespace: String,
    /// What is spoken in it.
    pub dialect: String,
    /// Whose.
    pub user: UserId,
    /// The private id of the socket.
    pub pid: Pid,
    /// The Socket.IO sid.
    pub sid: SocketId,
    /// The event that joined it.
    pub joined_by: String,
    /// When the token ends.
    pub expires_at: Option<Timestamp>,
    /// When the namespace was left, if it was.
    pub ended_at: Option<Timestamp>,
    /// Where the user types on this socket.
    pub typing: Vec<Place>,
    /// What the client has been asked and has not answered.
    pub asked: Vec<Question>,
    /// Until when attachments of a binary packet may be on their way.
    pub attachments_until: Option<Timestamp>,
}

/// A row of the slot index: what a heartbeat needs to know.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Which connection.
    pub connection: ConnectionId,
    /// Which namespace; `#` for the connection itself.
    pub namespace: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the token ends.
    pub expires_at: Option<Timestamp>,
    /// The slot in which the connection is pinged. Of the connection alone, as is the next.
    pub beat: Option<u32>,
    /// When its client last answered a ping, where that is noted.
    pub heard_at: Option<Timestamp>,
}

impl Slot {
    /// Whether this is the connection itself.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.namespace == keys::CONNECTION
    }
}

/// What became of marking a connection as greeted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Handshaking {
    /// The open packet is to be posted.
    First,
    /// It was posted, or the connection is gone.
    Over,
}

/// What became of joining a namespace.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Joining {
    /// It is joined.
    Joined {
        /// Whether this is the user's first socket.
        first: bool,
    },
    /// It was joined before, by the event named.
    Already(Box<Session>),
    /// The connection is gone.
    Gone,
}

/// What became of leaving a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Leaving {
    /// It is left.
    Left {
        /// Whether that was the last socket of a user whom others saw as here.
        last: bool,
    },
    /// It was left before.
    Already,
}

impl Store {
    /// Stores a new connection. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn open(&self, opened: &Opened) -> Result<(), Error> {
        let row = rows::write(connection_row(opened))?;
        let put = self.client.put_item().table_name(&self.tables.connections).set_item(Some(row));
        put.send().await.map_err(Error::internal)?;
        Ok(())
    }

    /// The connection, while it is open. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn opened(&self, id: &ConnectionId) -> Result<Option<Opened>, Error> {
        let item = self.get(&self.tables.connections, keys::connection(id, keys::CONNECTION)).await?;
        item.map(|item| opened(rows::read(item)?)).transpose()
    }

    /// Notes that the open packet is about to be posted, so that a doubled invocation does not post it again. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn greet(&self, id: &ConnectionId) -> Result<Handshaking, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(keys::connection(id, keys::CONNECTION)))
            .update_expression("SET greeted = :yes")
            .condition_expression("greeted = :no")
            .expression_attribute_values(":yes", aws_sdk_dynamodb::types::AttributeValue::Bool(true))
            .expression_attribute_values(":no", aws_sdk_dynamodb::types::AttributeValue::Bool(false));
        Ok(if applied(update.send().await)? { Handshaking::First } else { Handshaking::Over })
    }

    /// Notes that a client has answered a ping. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn note_pong(&self, id: &ConnectionId, at: Timestamp) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(keys::connection(id, keys::CONNECTION)))
            .update_expression("SET heardAt = :at")
            .condition_expression("attribute_exists(connectionId)")
            .expression_attribute_values(":at", number(at.millis()));
        applied(update.send().await).map(drop)
    }

    /// The session of a namespace, also for a while after it ended. One read, and one more if it moved to a WebSocket meanwhile.
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

    /// Joins a namespace: session, socket and socket count in one transaction, which fails if the connection is gone. One read and four
    /// writes, repeated if another socket of the user comes or goes at the same time.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn join(&self, opened: &Opened, joining: &Session, identity: &Identity) -> Result<Joining, Error> {
        let mut attempt = 0;
        loop {
            let known = self.user(&joining.user).await?;
            let sockets = known.as_ref().map_or(0, |user| user.sockets);
            let claims_at = self.newer_claims(known.as_ref(), identity);
            let mut transaction = Transaction::default();
            self.put_session(&mut transaction, opened, joining)?;
            transaction.update(opened_slot(&self.tables.connections, opened))?;
            transaction.update(self.one_more_socket(joining, sockets, claims_at.map(|at| (identity, at))))?;
            match self.transact(transaction).await? {
                Outcome::Committed => return Ok(Joining::Joined { first: sockets == 0 }),
                Outcome::Conflict => {}
                Outcome::Refused(refused) if refused.at(2) => return Ok(Joining::Gone),
                Outcome::Refused(mut refused) => {
                    if let Some(item) = refused.take(0) {
                        return Ok(Joining::Already(Box::new(session(rows::read(item)?)?)));
                    }
                }
            }
            self.backoff(attempt).await?;
            attempt += 1;
        }
    }

    /// The first two writes of a join: the session, unless there is a live one, and the socket.
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
            namespace: joining.namespace.clone(),
            dialect: joining.dialect.clone(),
            sid: joining.sid.to_string(),
            began_at: self.clock.now().millis(),
            expires_at: joining.expires_at.map(Timestamp::millis),
            ended_at: None,
            held_by: None,
            rooms: HashSet::new(),
            ttl: None,
        };
        transaction.put(Put::builder().table_name(&self.tables.users).set_item(Some(rows::write(socket)?)))
    }

    /// Counts a socket more, and in the same write replaces the claims if the token's are newer. The first one puts its user into the online
    /// index; who appears offline stays out of it with every further one.
    pub(super) fn one_more_socket(
        &self,
        joining: &Session,
        was: u64,
        newer: Option<(&Identity, Timestamp)>,
    ) -> UpdateBuilder {
        let also = [("sockets", number(was + 1)), ("online", online_flag())];
        let also = if was == 0 { also.as_slice() } else { also.get(..1).unwrap_or_default() };
        let Change { expression, names, mut values } = match newer {
            Some((identity, at)) => claims_change(&identity.claims, at, also),
            None => set_change(also),
        };
        values.insert(":was".to_owned(), number(was));
        let fresh = if was == 0 { "attribute_not_exists(sockets) OR " } else { "" };
        Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&joining.user, keys::PROFILE)))
            .update_expression(expression)
            .condition_expression(format!("{fresh}sockets = :was"))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
    }

    /// Leaves a namespace: session, socket and socket count in one transaction, so that leaving twice counts once. One read and three
    /// writes. A session that moves to a WebSocket meanwhile is left there. The socket stays as ended until `revivable`, if it may be
    /// revived.
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
            let Some(left) = user.sockets.checked_sub(1) else { return Ok(Leaving::Already) };
            let mut transaction = Transaction::default();
            let there = Session { connection: connection.clone(), ..session.clone() };
            transaction.update(ended(&self.tables.connections, &there, at))?;
            self.end_socket(&mut transaction, session, at, revivable)?;
            transaction.update(self.one_socket_less(&user, at))?;
            match self.transact(transaction).await? {
                Outcome::Committed => return Ok(Leaving::Left { last: left == 0 && user.is_online() }),
                Outcome::Refused(mut refused) if refused.at(0) || refused.at(1) => {
                    let row = refused.take(0).map(rows::read::<SessionRow>).transpose()?;
                    match row.and_then(|row| row.moved_to) {
                        Some(to) => connection = ConnectionId::parse(&to)?,
                        None => return Ok(Leaving::Already),
                    }
                }
                Outcome::Refused(_) | Outcome::Conflict => {}
            }
            self.backoff(attempt).await?;
            attempt += 1;
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

    /// Counts a socket less. With the last one goes what the user said of being here, and unless they appeared offline, they were last
    /// seen now.
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

    /// Gives a session and its socket another end. One transaction of two writes, which does nothing if the session has ended.
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
                Outcome::Committed | Outcome::Refused(_) => return Ok(()),
                Outcome::Conflict => {}
            }
            self.backoff(attempt).await?;
            attempt += 1;
        }
    }

    /// Forgets an open connection, so that nothing more can join on it, and gives the sessions that are to be left. One write and one
    /// query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn close(&self, id: &ConnectionId) -> Result<Closed, Error> {
        let key = keys::connection(id, keys::CONNECTION);
        let delete = self.client.delete_item().table_name(&self.tables.connections).set_key(Some(key));
        let deleted = delete.return_values(ReturnValue::AllOld).send().await.map_err(Error::internal)?;
        let former = deleted.attributes.map(|item| opened(rows::read(item)?)).transpose()?;
        let mut sessions = self.sessions(id).await?;
        sessions.retain(|session| session.ended_at.is_none());
        Ok(Closed { upgrade: former.and_then(|former| former.upgrade), sessions })
    }

    /// The sessions of a connection that have not moved away, also for a while after they ended. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn sessions(&self, id: &ConnectionId) -> Result<Vec<Session>, Error> {
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
        let mut sessions = Vec::with_capacity(found.len());
        for item in found {
            let row: SessionRow = rows::read(item)?;
            if row.moved_to.is_none() {
                sessions.push(session(row)?);
            }
        }
        Ok(sessions)
    }

    /// Everything in a slot, through the index (eventually consistent). One query per megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn slot(&self, slot: i64) -> Result<Vec<Slot>, Error> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.connections)
            .index_name("slot")
            .key_condition_expression("slot = :slot")
            .expression_attribute_values(":slot", number(slot));
        let found: Vec<Item> =
            query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(Error::internal)?;
        found.into_iter().map(|item| rows::read::<rows::SlotRow>(item)?.try_into()).collect()
    }
}

/// Puts a connection into its slot, provided that it is open.
pub(super) fn opened_slot(table: &str, opened: &Opened) -> UpdateBuilder {
    Update::builder()
        .table_name(table)
        .set_key(Some(keys::connection(&opened.id, keys::CONNECTION)))
        .update_expression("SET slot = :slot")
        .condition_expression("attribute_exists(connectionId)")
        .expression_attribute_values(":slot", number(opened.slot))
}

/// Ends a session that is live and on the connection that it names.
pub(super) fn ended(table: &str, session: &Session, at: Timestamp) -> UpdateBuilder {
    Update::builder()
        .table_name(table)
        .set_key(Some(keys::connection(&session.connection, &session.namespace)))
        .update_expression("SET endedAt = :at, #ttl = :ttl REMOVE slot, typing")
        .condition_expression("pid = :pid AND attribute_not_exists(endedAt) AND attribute_not_exists(movedTo)")
        .expression_attribute_names("#ttl", "ttl")
        .expression_attribute_values(":at", number(at.millis()))
        .expression_attribute_values(":ttl", number(at.seconds() + ENDED_TTL_SECS))
        .expression_attribute_values(":pid", text(&session.pid))
}

/// Whether a conditional update was done.
pub(super) fn applied<T>(result: Result<T, SdkError<UpdateItemError>>) -> Result<bool, Error> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
            Ok(false)
        }
        Err(error) => Err(Error::internal(error)),
    }
}

fn connection_row(opened: &Opened) -> ConnectionRow {
    let Opened { id, slot, at, source_ip, header, upgrade, attachments_until } = opened;
    let header = header.as_ref().map(|header| match header {
        Ok(Identity { user, claims, issued_at, expires_at }) => HeaderRow::Verified {
            user_id: user.to_string(),
            claims: claims.into(),
            issued_at: issued_at.map(Timestamp::millis),
            expires_at: expires_at.map(Timestamp::millis),
        },
        Err(refusal) => HeaderRow::Refused(refusal.reason().to_owned()),
    });
    ConnectionRow {
        connection_id: id.to_string(),
        namespace: keys::CONNECTION.to_owned(),
        v: VERSION,
        slot: WAITING_SLOT,
        beat: *slot,
        opened_at: at.millis(),
        source_ip: source_ip.clone(),
        header,
        greeted: false,
        upgrade_of: upgrade.as_ref().map(|upgrade| upgrade.from.to_string()),
        upgraded: upgrade.as_ref().is_some_and(|upgrade| upgrade.done),
        heard_at: None,
        attachments_until: attachments_until.map(Timestamp::millis),
        ttl: at.seconds() + CONNECTION_TTL_SECS,
    }
}

fn opened(row: ConnectionRow) -> Result<Opened, Error> {
    let ConnectionRow {
        connection_id,
        namespace: _,
        v: _,
        slot: _,
        beat: slot,
        opened_at,
        source_ip,
        header,
        greeted: _,
        upgrade_of,
        upgraded: done,
        heard_at: _,
        attachments_until,
        ttl: _,
    } = row;
    let header = match header {
        None => None,
        Some(HeaderRow::Verified { user_id, claims, issued_at, expires_at }) => Some(Ok(Identity {
            user: UserId::parse(&user_id)?,
            claims: claims.into(),
            issued_at: issued_at.map(Timestamp::from_millis),
            expires_at: expires_at.map(Timestamp::from_millis),
        })),
        Some(HeaderRow::Refused(reason)) => {
            let all = [Refusal::NoToken, Refusal::InvalidToken, Refusal::ExpiredToken, Refusal::UnknownUser];
            Some(Err(all.into_iter().find(|refusal| refusal.reason() == reason).unwrap_or(Refusal::InvalidToken)))
        }
    };
    Ok(Opened {
        id: ConnectionId::parse(&connection_id)?,
        slot,
        at: Timestamp::from_millis(opened_at),
        source_ip,
        header,
        upgrade: upgrade_of
            .map(|from| Ok::<_, Error>(Upgrade { from: ConnectionId::parse(&from)?, done }))
            .transpose()?,
        attachments_until: attachments_until.map(Timestamp::from_millis),
    })
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
        expires_at,
        ended_at,
        typing,
        asked,
        attachments_until,
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
        attachments_until: attachments_until.map(Timestamp::millis),
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
        opened_at: _,
        expires_at,
        ended_at,
        moved_to: _,
        typing,
        asked,
        attachments_until,
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
        expires_at: expires_at.map(Timestamp::from_millis),
        ended_at: ended_at.map(Timestamp::from_millis),
        typing: typing.iter().filter_map(|entry| keys::place_of_typing(entry)).collect(),
        asked: asked.iter().filter_map(|entry| keys::question_of(entry)).collect(),
        attachments_until: attachments_until.map(Timestamp::from_millis),
    })
}
