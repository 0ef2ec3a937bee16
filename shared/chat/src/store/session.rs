//! The sockets of users, which go along with the sessions of the relay, and the exact count of a user's sockets.
//!
//! These are the chat's writes in the relay's transactions: a session and its socket begin, move and end together.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Delete, Put, Update};
use relay::application::{LeaveWrites, Leaving};
use relay::clock::Timestamp;
use relay::dynamo::{Item, Transaction, UpdateItemInput, number, text, write};
use relay::id::ConnectionId;
use relay::store::{Former, Opened, Session, Writes};

use super::dialect::dialect_of;
use super::presence::online_flag;
use super::rows::{SocketRow, VERSION};
use super::typing::TYPING;
use super::user::{AttributeChange, claims_change, set_change};
use super::{Person, Store, keys};
use crate::auth::Identity;
use crate::domain::user::{Status, User};
use crate::error::Error;

/// The attributes of a session that are removed when it ends.
pub const ENDING_ATTRIBUTES: &[&str] = &[TYPING];

/// The count of a user's sockets after one more was counted.
#[derive(Clone, Debug, Default)]
pub struct SocketCount {
    /// The number of the user's sockets, this one included.
    pub sockets: u64,
    /// When the count was prepared: the session began after this time.
    pub at: Timestamp,
    /// The sort keys of sockets that no client can recover any more, for [`Store::remove_sockets`].
    pub expired: Vec<String>,
}

/// The write that counts one more socket of a user.
struct Counting {
    count: UpdateBuilder,
    counted: SocketCount,
    /// When tokens of the user were revoked, if ever.
    revoked_at: Option<Timestamp>,
}

impl Store {
    /// The writes of a new session: its socket, and the count of its user's sockets. One query. A revocation of the user's
    /// tokens that comes after it makes the writes fail.
    ///
    /// # Errors
    /// `Error::Authentication` if the token was revoked, `Error::Internal`.
    pub async fn join_writes(&self, joining: &Session, identity: &Identity) -> Result<(Writes, SocketCount), Error> {
        let at = self.db.clock.now();
        let Counting { count, counted, revoked_at } = self.one_more_socket(joining, identity, at).await?;
        let mut writes = Writes::default();
        let socket = SocketRow {
            user_id: joining.user.to_string(),
            entry: keys::socket(&joining.pid),
            v: VERSION,
            online: keys::SOCKET_FLAGGED.to_owned(),
            connection_id: joining.connection.to_string(),
            opened_at: joining.opened_at.millis(),
            namespace: joining.namespace.clone(),
            dialect: dialect_of(joining).to_owned(),
            sid: joining.sid.to_string(),
            began_at: self.db.clock.now().millis(),
            expires_at: joining.expires_at.map(Timestamp::millis),
            ended_at: None,
            buffered_in: None,
            rooms: HashSet::new(),
            no_offsets: !joining.takes_offsets,
            ungreeted: true,
            revoked_at: revoked_at.map(Timestamp::millis),
            ttl: None,
        };
        writes.required.put(Put::builder().table_name(&self.tables.users).set_item(Some(write(socket)?)))?;
        writes.repeatable.update(count)?;
        Ok((writes, counted))
    }

    /// The writes that put a session on a new connection: its socket, and the count of its user's sockets unless the
    /// session replaces a live one. One query for the count. A session that replaces a live one may be of a revoked token:
    /// [`Store::see`] must be called afterwards.
    ///
    /// # Errors
    /// `Error::Authentication` if the token was revoked, `Error::Internal`.
    pub async fn restore_writes(
        &self,
        former: &Former,
        joining: &Session,
        recovery_buffer: &ConnectionId,
        identity: &Identity,
    ) -> Result<(Writes, Option<SocketCount>), Error> {
        let mut writes = Writes::default();
        if former.ended_at.is_none() {
            writes.required.update(self.moved_socket(former, joining, recovery_buffer, None))?;
            return Ok((writes, None));
        }
        let now = self.db.clock.now();
        let Counting { count, counted, revoked_at } = self.one_more_socket(joining, identity, now).await?;
        writes.required.update(self.moved_socket(former, joining, recovery_buffer, revoked_at))?;
        writes.repeatable.update(count)?;
        Ok((writes, Some(counted)))
    }

    /// The writes that end a session: its socket, and the count of its user's sockets. If a client may recover the
    /// session, the socket's row stays until `recoverable_until`, marked as ended. Others must be told if this was the
    /// user's last socket. `None` if the user has no socket. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn leave_writes(&self, leaving: Leaving<'_>) -> Result<Option<LeaveWrites>, Error> {
        let Leaving { session, at, recoverable_until } = leaving;
        let Some(user) = self.user(&session.user).await? else { return Ok(None) };
        let Some(left) = user.sockets.checked_sub(1) else { return Ok(None) };
        let mut writes = Writes::default();
        self.end_socket(&mut writes.required, session, at, recoverable_until)?;
        writes.repeatable.update(self.one_socket_less(&user, at))?;
        Ok(Some(LeaveWrites { writes, notifies: left == 0 && user.is_online() }))
    }

    /// The write that moves the socket of a session to a WebSocket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub fn move_writes(&self, session: &Session, to: &Opened) -> Result<Transaction, Error> {
        let mut writes = Transaction::default();
        writes.update(
            Update::builder()
                .table_name(&self.tables.users)
                .set_key(Some(keys::user(&session.user, keys::socket(&session.pid))))
                .update_expression("SET connectionId = :to, openedAt = :opened")
                .condition_expression("attribute_exists(entry)")
                .expression_attribute_values(":opened", number(to.at.millis()))
                .expression_attribute_values(":to", text(&to.id)),
        )?;
        Ok(writes)
    }

    /// The write that sets another end of the token for the socket of a session. It fails if the socket has ended, or if
    /// the token was issued before tokens of its user were revoked. The socket says when that was, because a revocation
    /// ends all sockets that there are.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub fn renew_writes(&self, session: &Session, identity: &Identity) -> Result<Transaction, Error> {
        let issued_after = identity.issued_at.map_or(0, |issued| issued.seconds() * 1_000);
        let update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&session.user, keys::socket(&session.pid))))
            .condition_expression(
                "attribute_exists(entry) AND (attribute_not_exists(revokedAt) OR revokedAt < :issued)",
            )
            .expression_attribute_values(":issued", number(issued_after));
        let mut writes = Transaction::default();
        writes.update(match identity.expires_at {
            Some(end) => {
                let update = update.update_expression("SET expiresAt = :end");
                update.expression_attribute_values(":end", number(end.millis()))
            }
            None => update.update_expression("REMOVE expiresAt"),
        })?;
        Ok(writes)
    }

    /// Counts one more socket, and in the same write replaces the claims if those of the token are newer. The first
    /// socket puts its user into the online index. A user who appears offline stays out of it with every further
    /// socket. One query; returns the write, which fails if tokens of the user are revoked after the query.
    async fn one_more_socket(&self, joining: &Session, identity: &Identity, at: Timestamp) -> Result<Counting, Error> {
        let (Person { user: stored, sockets: _ }, expired) = self.person_and_expired(&joining.user).await?;
        let revoked_at = stored.as_ref().and_then(|user| user.revoked_at);
        identity.check_revocation(revoked_at)?;
        let known = stored.filter(User::is_known);
        let was = known.as_ref().map_or(0, |user| user.sockets);
        let also = [("sockets", number(was + 1)), ("online", online_flag())];
        let also = if was == 0 { also.as_slice() } else { also.get(..1).unwrap_or_default() };
        let AttributeChange { expression, names, mut values } = match self.newer_claims(known.as_ref(), identity) {
            Some(at) => claims_change(&identity.claims, at, also),
            None => set_change(also),
        };
        values.insert(":was".to_owned(), number(was));
        let fresh = if was == 0 { "attribute_not_exists(sockets) OR " } else { "" };
        let same = match revoked_at {
            Some(at) => {
                values.insert(":revoked".to_owned(), number(at.millis()));
                "revokedAt = :revoked"
            }
            None => "attribute_not_exists(revokedAt)",
        };
        let update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&joining.user, keys::PROFILE)))
            .update_expression(expression)
            .condition_expression(format!("({fresh}sockets = :was) AND {same}"))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values));
        let counted = SocketCount { sockets: was + 1, at, expired };
        Ok(Counting { count: update, counted, revoked_at })
    }

    fn end_socket(
        &self,
        transaction: &mut Transaction,
        session: &Session,
        at: Timestamp,
        recoverable_until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let key = keys::user(&session.user, keys::socket(&session.pid));
        let condition = "attribute_exists(entry) AND attribute_not_exists(endedAt)";
        match recoverable_until {
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
        }?;
        Ok(())
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

    /// The update that makes the socket live again on the new connection, on condition that it is still where it was.
    /// With `revoked_at` it notes that tokens of its user were revoked until then.
    fn moved_socket(
        &self,
        former: &Former,
        joining: &Session,
        recovery_buffer: &ConnectionId,
        revoked_at: Option<Timestamp>,
    ) -> UpdateBuilder {
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
        let noted = match revoked_at {
            Some(at) => {
                values.insert(":revoked".to_owned(), number(at.millis()));
                ", revokedAt = :revoked"
            }
            None => "",
        };
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
                "SET connectionId = :to, openedAt = :opened, heldBy = :hold, #online = :flag{expiry}{noted} REMOVE endedAt, ungreeted, #ttl{removed}"
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
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&session.user, keys::socket(&session.pid))))
            .update_expression("REMOVE heldBy")
            .condition_expression("heldBy = :hold")
            .expression_attribute_values(":hold", text(recovery_buffer));
        self.db.applied(update).await?;
        Ok(())
    }
}
