//! Sessions, one for each namespace that a client joins on a connection.
//!
//! A step of a session is one transaction of the relay's writes and of those that the application adds ([`Writes`]). So
//! what the application keeps about its sockets always agrees with the sessions.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, Update};

use super::connection::{CONNECTION_TTL_SECS, opened_slot};
use super::rows::{SessionRow, VERSION};
use super::{Opened, Question, Recipient, Store, keys};
use crate::clock::Timestamp;
use crate::dynamo::{
    Changed, Item, QueryInput, Refused, RowKey, Transaction, TransactionOutcome, UpdateItemInput, number, read, text,
    write,
};
use crate::error::Error;
use crate::id::{ConnectionId, Pid, SocketId, UserId};

/// How long an ended session or a closed connection is remembered, in seconds, for events that are still on their way.
pub(super) const ENDED_TTL_SECS: i64 = 3_600;

/// What the application keeps with a session: attributes of its row. Their names must differ from those of the relay.
pub type Attributes = Item;

/// A session: one namespace joined on one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The connection.
    pub connection: ConnectionId,
    /// The namespace, with its slash.
    pub namespace: String,
    /// The user, as the application's authentication gave it.
    pub user: UserId,
    /// The private id of the session.
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
    /// The questions that the client has not answered.
    pub asked: Vec<Question>,
    /// Until when attachments of a binary packet may be on their way.
    pub attachments_until: Option<Timestamp>,
    /// Whether the client can receive offsets.
    pub takes_offsets: bool,
    /// What the application keeps with the session.
    pub attributes: Attributes,
}

impl Session {
    /// The connection, as the recipient of a reply or of a close.
    #[must_use]
    pub const fn recipient(&self) -> Recipient<'_> {
        Recipient { connection: &self.connection, opened_at: Some(self.opened_at) }
    }
}

/// The application's writes in a transaction of the relay.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    /// If a condition of these does not hold, the step is over: for the application, the session is not in the state
    /// that the step begins with.
    pub required: Transaction,
    /// If a condition of these does not hold, the relay asks the application for its writes again and repeats the
    /// transaction. So these may write a number that another run has just changed.
    pub repeatable: Transaction,
}

/// The result of joining a namespace.
#[derive(Debug, PartialEq)]
#[must_use]
pub enum Joining {
    /// The client has joined the namespace.
    Joined,
    /// The client had already joined it, in this session.
    Already(Box<Session>),
    /// The connection is gone.
    Gone,
    /// Nothing is done. The caller must ask for the application's writes and try again.
    Again,
}

/// The result of leaving a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Leaving {
    /// The session has ended.
    Left,
    /// The session had ended before.
    Already,
    /// The session had ended before, and the application has not finished what it does about that.
    Unfinished,
    /// Nothing is done. The caller must ask for the application's writes and try again.
    Again,
}

/// A session that a client had before, and may still have.
#[derive(Clone, Debug)]
pub struct Former {
    /// The private id of the session.
    pub pid: Pid,
    /// The Socket.IO sid of the session.
    pub sid: SocketId,
    /// The connection of the session.
    pub connection: ConnectionId,
    /// When that connection was opened.
    pub opened_at: Timestamp,
    /// When the connection was found gone; `None` while nobody has noticed it.
    pub ended_at: Option<Timestamp>,
}

/// The result of restoring a session.
#[derive(Debug, PartialEq)]
#[must_use]
pub enum Restoring {
    /// The session is on the new connection.
    Restored,
    /// The client had already joined the namespace on the new connection.
    Already(Box<Session>),
    /// The new connection is gone.
    Gone,
    /// The session is not as it was: another run restored it, or it has ended meanwhile.
    Lost,
    /// Nothing is done. The caller must ask for the application's writes and try again.
    Again,
}

/// The result of setting another end of the token.
#[derive(Debug)]
#[must_use]
pub enum Renewal {
    /// The end is set.
    Renewed,
    /// Nothing is written. The application's writes are the first ones of these.
    Refused(Refused),
}

/// The result of moving a session to a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Moving {
    /// The session is on the WebSocket, or has ended.
    Done,
    /// The WebSocket has ended.
    Gone,
}

impl Store {
    /// Reads the session of a namespace, also for a while after it ended. One read, and one more if it has moved to a
    /// WebSocket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn session(&self, connection: &ConnectionId, namespace: &str) -> Result<Option<Session>, Error> {
        let item = self.db.get(&self.table, keys::connection(connection, namespace)).await?;
        self.followed(item, namespace).await
    }

    /// Reads the session of a namespace, as [`Store::session`], and a row of another table in the same request. One
    /// request of two reads, and one more if the session has moved to a WebSocket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn session_and_row(
        &self,
        connection: &ConnectionId,
        namespace: &str,
        row: RowKey,
    ) -> Result<(Option<Session>, Option<Item>), Error> {
        let session = RowKey { table: self.table.clone(), key: keys::connection(connection, namespace) };
        let (item, row) = self.db.get_both(session, row).await?;
        Ok((self.followed(item, namespace).await?, row))
    }

    /// The session of a row, or of the WebSocket to which it has moved.
    async fn followed(&self, item: Option<Item>, namespace: &str) -> Result<Option<Session>, Error> {
        let Some(item) = item else { return Ok(None) };
        let Some(to) = read::<SessionRow>(item.clone())?.moved_to else { return session(item).map(Some) };
        let item = self.db.get(&self.table, keys::connection(to, namespace)).await?;
        item.map(session).transpose()
    }

    /// Joins a namespace: the session, the slot of the connection, and the application's writes in one transaction,
    /// which fails if the connection is gone. One write for each.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn join(&self, opened: &Opened, joining: &Session, writes: Writes) -> Result<Joining, Error> {
        let mut transaction = Transaction::default();
        transaction.put(self.new_session(opened, joining)?)?;
        transaction.update(opened_slot(&self.table, opened))?;
        transaction.append(writes.required);
        transaction.append(writes.repeatable);
        Ok(match self.db.transact(transaction).await? {
            TransactionOutcome::Committed => Joining::Joined,
            TransactionOutcome::Refused(refused) if refused.at(1) => Joining::Gone,
            TransactionOutcome::Refused(mut refused) => match refused.take(0) {
                Some(item) => Joining::Already(Box::new(session(item)?)),
                None => Joining::Again,
            },
            TransactionOutcome::Conflict => Joining::Again,
        })
    }

    /// The write of a new session, on condition that there is no live one.
    fn new_session(
        &self,
        opened: &Opened,
        joining: &Session,
    ) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, Error> {
        Ok(Put::builder()
            .table_name(&self.table)
            .set_item(Some(session_item(opened, joining)?))
            .condition_expression("attribute_not_exists(connectionId) OR attribute_exists(endedAt)"))
    }

    /// Leaves a namespace: ends the session, with the application's writes in the same transaction, so that leaving
    /// twice counts once. One write for each. If the session has moved to a WebSocket meanwhile, the function ends it
    /// there. If `notifies`, the session remembers until [`Store::finish_leaving`] that the application has to do
    /// something about its end.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn leave(
        &self,
        session: &Session,
        at: Timestamp,
        writes: Writes,
        notifies: bool,
    ) -> Result<Leaving, Error> {
        let mut there = session.clone();
        // A session moves once, from polling to a WebSocket.
        for _ in 0..2 {
            let mut transaction = Transaction::default();
            transaction.update(self.ended(&there, at, notifies))?;
            let required = writes.required.len();
            transaction.append(writes.required.clone());
            transaction.append(writes.repeatable.clone());
            match self.db.transact(transaction).await? {
                TransactionOutcome::Committed => return Ok(Leaving::Left),
                TransactionOutcome::Conflict => return Ok(Leaving::Again),
                TransactionOutcome::Refused(mut refused) => {
                    let is_over = refuses(&refused, 0..=required);
                    match refused.take(0).map(read::<SessionRow>).transpose()? {
                        Some(SessionRow { moved_to: Some(to), .. }) => there.connection = ConnectionId::parse(&to)?,
                        Some(row) if is_unfinished(&row, session) => return Ok(Leaving::Unfinished),
                        _ if is_over => return Ok(Leaving::Already),
                        _ => return Ok(Leaving::Again),
                    }
                }
            }
        }
        Ok(Leaving::Again)
    }

    /// Whether a session has ended and the application has not finished what it does about that. One read, and one more
    /// if it moved to a WebSocket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn is_leaving(&self, session: &Session) -> Result<bool, Error> {
        let mut connection = session.connection.to_string();
        loop {
            let key = keys::connection(&connection, &session.namespace);
            let Some(item) = self.db.get(&self.table, key).await? else { return Ok(false) };
            match read::<SessionRow>(item)? {
                SessionRow { moved_to: Some(to), .. } => connection = to,
                row => return Ok(is_unfinished(&row, session)),
            }
        }
    }

    /// Records that the application has finished what it does about the end of a session. One write, and one more if it
    /// moved to a WebSocket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn finish_leaving(&self, session: &Session) -> Result<(), Error> {
        let mut connection = session.connection.to_string();
        loop {
            let update = UpdateItemInput::builder()
                .table_name(&self.table)
                .set_key(Some(keys::connection(&connection, &session.namespace)))
                .update_expression("REMOVE untold, slot")
                .condition_expression("pid = :pid AND attribute_exists(untold) AND attribute_not_exists(movedTo)")
                .expression_attribute_values(":pid", text(&session.pid));
            match self.db.update::<SessionRow>(update).await? {
                Changed::Refused(Some(SessionRow { moved_to: Some(to), .. })) => connection = to,
                _ => return Ok(()),
            }
        }
    }

    /// Sets another end of the token for a session, with the application's writes in the same transaction. Does nothing
    /// if the session has ended, or if a condition of the application's writes does not hold. One write for each.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn renew(
        &self,
        session: &Session,
        expires_at: Option<Timestamp>,
        writes: &Transaction,
    ) -> Result<Renewal, Error> {
        let mut attempt = 0;
        loop {
            let update = Update::builder()
                .table_name(&self.table)
                .set_key(Some(keys::connection(&session.connection, &session.namespace)))
                .condition_expression("attribute_not_exists(endedAt)");
            let mut transaction = writes.clone();
            transaction.update(match expires_at {
                Some(end) => {
                    let update = update.update_expression("SET expiresAt = :end");
                    update.expression_attribute_values(":end", number(end.millis()))
                }
                None => update.update_expression("REMOVE expiresAt"),
            })?;
            match self.db.transact(transaction).await? {
                TransactionOutcome::Committed => return Ok(Renewal::Renewed),
                TransactionOutcome::Refused(refused) => return Ok(Renewal::Refused(refused)),
                TransactionOutcome::Conflict => {}
            }
            self.db.backoff(attempt).await?;
            attempt += 1;
        }
    }

    /// Adds an entry to one of the application's attributes of a session, which is a set of strings, or removes it from
    /// there. Does nothing if the session has ended. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn change_set(&self, session: &Session, change: SetChange<'_>) -> Result<(), Error> {
        let SetChange { attribute, entry, is_added } = change;
        let update = UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::connection(&session.connection, &session.namespace)))
            .update_expression(if is_added { "ADD #attribute :entry" } else { "DELETE #attribute :entry" })
            .condition_expression("pid = :pid AND attribute_not_exists(endedAt)")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":entry", AttributeValue::Ss(vec![entry]))
            .expression_attribute_values(":pid", text(&session.pid));
        self.db.applied(update).await.map(drop)
    }

    /// The sessions of a connection that have not moved away, also for a while after they ended. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn sessions(&self, id: &ConnectionId) -> Result<Vec<Session>, Error> {
        self.session_rows(id).await?.into_iter().map(|(_, item)| session(item)).collect()
    }

    pub(super) async fn session_rows(&self, id: &ConnectionId) -> Result<Vec<(SessionRow, Item)>, Error> {
        let query = QueryInput::builder()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("connectionId = :id AND begins_with(#namespace, :namespaces)")
            .expression_attribute_names("#namespace", "namespace")
            .expression_attribute_values(":id", text(id))
            .expression_attribute_values(":namespaces", text(keys::NAMESPACES));
        let found = self.db.query_all(query).await?;
        let rows = found.into_iter().map(|item| Ok((read::<SessionRow>(item.clone())?, item)));
        rows.filter(|row| row.as_ref().map_or(true, |(row, _)| row.moved_to.is_none())).collect()
    }

    /// Puts a former session on a new connection, with the application's writes in the same transaction. If nobody had
    /// noticed that the old connection is gone, it ends the session there. One write for each.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn restore(
        &self,
        opened: &Opened,
        former: &Former,
        joining: &Session,
        writes: Writes,
    ) -> Result<Restoring, Error> {
        let mut transaction = Transaction::default();
        transaction.put(self.new_session(opened, joining)?)?;
        transaction.update(opened_slot(&self.table, opened))?;
        transaction.append(writes.required);
        if former.ended_at.is_none() {
            let old = Session { connection: former.connection.clone(), ..joining.clone() };
            transaction.update(self.ended(&old, self.db.clock.now(), false))?;
        }
        let decisive = transaction.len();
        transaction.append(writes.repeatable);
        Ok(match self.db.transact(transaction).await? {
            TransactionOutcome::Committed => Restoring::Restored,
            TransactionOutcome::Conflict => Restoring::Again,
            TransactionOutcome::Refused(refused) if refused.at(1) => Restoring::Gone,
            TransactionOutcome::Refused(mut refused) => match refused.take(0) {
                Some(item) => Restoring::Already(Box::new(session(item)?)),
                None if refuses(&refused, 0..=decisive.saturating_sub(1)) => Restoring::Lost,
                None => Restoring::Again,
            },
        })
    }

    /// Moves a session to a WebSocket: its old row, its new row, the slot of the WebSocket, and the application's
    /// writes in one transaction, which fails if the WebSocket has ended. The old row stays and names the new one.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn move_session(&self, session: &Session, to: &Opened, writes: &Transaction) -> Result<Moving, Error> {
        let moved = Session { connection: to.id.clone(), ..session.clone() };
        let mut attempt = 0;
        loop {
            let mut transaction = Transaction::default();
            transaction.put(
                Put::builder()
                    .table_name(&self.table)
                    .set_item(Some(session_item(to, &moved)?))
                    .condition_expression("attribute_not_exists(connectionId)"),
            )?;
            transaction.update(
                Update::builder()
                    .table_name(&self.table)
                    .set_key(Some(keys::connection(&session.connection, &session.namespace)))
                    .update_expression(self.removing("SET movedTo = :to REMOVE slot"))
                    .condition_expression("pid = :pid AND attribute_not_exists(endedAt)")
                    .expression_attribute_values(":to", text(&to.id))
                    .expression_attribute_values(":pid", text(&session.pid)),
            )?;
            transaction.update(opened_slot(&self.table, to))?;
            transaction.append(writes.clone());
            match self.db.transact(transaction).await? {
                TransactionOutcome::Committed => return Ok(Moving::Done),
                TransactionOutcome::Refused(refused) if refused.at(2) => return Ok(Moving::Gone),
                TransactionOutcome::Refused(_) => return Ok(Moving::Done),
                TransactionOutcome::Conflict => {}
            }
            self.db.backoff(attempt).await?;
            attempt += 1;
        }
    }

    /// The write that ends a session, on condition that it is live and on the connection that it names. `notifies`
    /// marks it: the application must still do something about its end.
    fn ended(&self, session: &Session, at: Timestamp, notifies: bool) -> UpdateBuilder {
        let key = keys::connection(&session.connection, &session.namespace);
        let update = Update::builder().table_name(&self.table).set_key(Some(key));
        // A marked session stays in its slot. If no run finishes the work, the heartbeat finds the connection gone, and
        // the run that closes it does.
        let update = if notifies {
            let update = update.update_expression(self.removing("SET endedAt = :at, #ttl = :ttl, untold = :untold"));
            update.expression_attribute_values(":untold", AttributeValue::Bool(true))
        } else {
            update.update_expression(self.removing("SET endedAt = :at, #ttl = :ttl REMOVE slot"))
        };
        update
            .condition_expression("pid = :pid AND attribute_not_exists(endedAt) AND attribute_not_exists(movedTo)")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":ttl", number(at.seconds() + ENDED_TTL_SECS))
            .expression_attribute_values(":pid", text(&session.pid))
    }

    /// An update expression that also removes the application's attributes which end with a session.
    fn removing(&self, expression: &str) -> String {
        let mut expression = expression.to_owned();
        for attribute in self.ending {
            expression.push_str(if expression.contains(" REMOVE ") { ", " } else { " REMOVE " });
            expression.push_str(attribute);
        }
        expression
    }
}

/// One entry to add to, or to remove from, a set of strings.
#[derive(Clone, Debug)]
pub struct SetChange<'a> {
    /// The name of the application's attribute.
    pub attribute: &'a str,
    /// The entry.
    pub entry: String,
    /// Whether the entry is added. Otherwise it is removed.
    pub is_added: bool,
}

/// Whether a condition of these writes did not hold.
fn refuses(refused: &Refused, mut writes: std::ops::RangeInclusive<usize>) -> bool {
    writes.any(|index| refused.at(index))
}

/// Whether a row belongs to this session, which has ended, and the application has not finished what it does about
/// that.
fn is_unfinished(row: &SessionRow, session: &Session) -> bool {
    row.untold && row.pid == session.pid.to_string()
}

fn session_item(opened: &Opened, session: &Session) -> Result<Item, Error> {
    let Session {
        connection,
        namespace,
        user,
        pid,
        sid,
        joined_by,
        opened_at: _,
        expires_at,
        ended_at,
        asked,
        attachments_until,
        takes_offsets,
        attributes,
    } = session;
    let row = write(SessionRow {
        connection_id: connection.to_string(),
        namespace: namespace.clone(),
        v: VERSION,
        slot: Some(opened.slot),
        user_id: user.to_string(),
        pid: pid.to_string(),
        sid: sid.to_string(),
        joined_by: joined_by.clone(),
        opened_at: opened.at.millis(),
        expires_at: expires_at.map(Timestamp::millis),
        ended_at: ended_at.map(Timestamp::millis),
        moved_to: None,
        asked: asked.iter().map(keys::question).collect(),
        answered: HashSet::new(),
        untold: false,
        attachments_until: attachments_until.map(Timestamp::millis),
        no_offsets: !takes_offsets,
        ttl: opened.at.seconds() + CONNECTION_TTL_SECS,
    })?;
    let mut item = attributes.clone();
    item.extend(row);
    Ok(item)
}

pub(super) fn session(mut item: Item) -> Result<Session, Error> {
    let SessionRow {
        connection_id,
        namespace,
        v: _,
        slot: _,
        user_id,
        pid,
        sid,
        joined_by,
        opened_at,
        expires_at,
        ended_at,
        moved_to: _,
        asked,
        answered: _,
        untold: _,
        attachments_until,
        no_offsets,
        ttl: _,
    } = read(item.clone())?;
    item.retain(|name, _| !SessionRow::ATTRIBUTES.contains(&name.as_str()));
    Ok(Session {
        connection: ConnectionId::parse(&connection_id)?,
        namespace,
        user: UserId::parse(&user_id)?,
        pid: Pid::parse(&pid)?,
        sid: SocketId::parse(&sid)?,
        joined_by,
        opened_at: Timestamp::from_millis(opened_at),
        expires_at: expires_at.map(Timestamp::from_millis),
        ended_at: ended_at.map(Timestamp::from_millis),
        asked: asked.iter().filter_map(|entry| keys::question_of(entry)).collect(),
        attachments_until: attachments_until.map(Timestamp::from_millis),
        takes_offsets: !no_offsets,
        attributes: item,
    })
}
