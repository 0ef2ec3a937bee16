//! Presence: live sockets, the index of who is online, statuses, and the people who share a chat with a user.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use relay::clock::Timestamp;
use relay::dynamo::{Changed, DeleteItemInput, Item, QueryInput, UpdateItemInput, number, read, text};
use relay::store::Session;

use super::dialect::dialect_of;
use super::rows::{self, MembershipRow, ProfileRow, SocketRow};
use super::{Store, keys};
use crate::domain::id::{ChatId, ConnectionId, Pid, UserId};
use crate::domain::offset::Holder;
use crate::domain::user::{Status, User};
use crate::error::Error;

/// The most people who are told about a user's presence because they share a chat with that user.
const PEERS_MAX: usize = 1_000;

/// The most memberships that are read to find them. Nobody has more, unless nearly all of their chats are with the same
/// people. It is about a megabyte, or 125 read units.
const PEERS_MEMBERSHIPS_MAX: usize = 5_000;

/// How long a socket must have been expired before it is removed, in seconds, because clocks differ; and how many
/// sockets are removed at a time.
const EXPIRED_SECS: i64 = 5;
const EXPIRED_MAX: usize = 25;

/// A user, and their live sockets.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user's profile; `None` for a user who was never seen.
    pub user: Option<User>,
    /// The user's live sockets.
    pub sockets: Vec<Socket>,
}

/// A live socket, with what delivery needs to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// The private id of the session.
    pub pid: Pid,
    /// The user of the socket.
    pub user: UserId,
    /// The connection of the socket.
    pub connection: ConnectionId,
    /// When the connection was opened.
    pub opened_at: Timestamp,
    /// The recovery buffer that takes the socket's frames, while its client receives the events that it missed.
    pub buffered_in: Option<ConnectionId>,
    /// The namespace of the socket.
    pub namespace: String,
    /// The dialect of the socket.
    pub dialect: String,
    /// When the token of the socket ends.
    pub expires_at: Option<Timestamp>,
    /// The chats whose rooms the socket has joined.
    pub rooms: HashSet<ChatId>,
    /// Whether the client can receive offsets.
    pub takes_offsets: bool,
    /// Since when the socket waits to hear that it is connected; `None` once it has.
    pub ungreeted_since: Option<Timestamp>,
}

impl Socket {
    /// The socket of a session, while nothing is known about its rooms.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self {
            pid: session.pid.clone(),
            user: session.user.clone(),
            connection: session.connection.clone(),
            opened_at: session.opened_at,
            buffered_in: None,
            namespace: session.namespace.clone(),
            dialect: dialect_of(session).to_owned(),
            expires_at: session.expires_at,
            rooms: HashSet::new(),
            takes_offsets: session.takes_offsets,
            ungreeted_since: None,
        }
    }

    /// The socket as the holder of its offsets.
    #[must_use]
    pub fn holder(&self) -> Holder<'_> {
        Holder { pid: &self.pid, user: &self.user, namespace: &self.namespace }
    }

    /// Whether this is the socket of a session. Several sockets may use one connection.
    #[must_use]
    pub fn is_of(&self, session: &Session) -> bool {
        self.connection == session.connection && self.namespace == session.namespace
    }
}

impl Store {
    /// A user's profile and all of the user's live sockets. Sockets that have ended are left out. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn person(&self, id: &UserId) -> Result<Person, Error> {
        let (Person { user, sockets }, _) = self.person_and_expired(id).await?;
        Ok(Person { user: user.filter(User::is_known), sockets })
    }

    /// As [`Store::person`], also a profile that says only that tokens were revoked, and the sort keys of sockets that no client can recover any more, for
    /// [`Store::remove_sockets`].
    pub(super) async fn person_and_expired(&self, id: &UserId) -> Result<(Person, Vec<String>), Error> {
        let query = QueryInput::builder()
            .table_name(&self.tables.users)
            .consistent_read(true)
            .key_condition_expression("userId = :user AND entry BETWEEN :profile AND :after")
            .expression_attribute_values(":user", text(id))
            .expression_attribute_values(":profile", text(keys::PROFILE))
            .expression_attribute_values(":after", text(keys::AFTER_SOCKETS));
        let found = self.db.query_all(query).await?;
        let mut person = Person { user: None, sockets: Vec::with_capacity(found.len()) };
        let expired_before = self.db.clock.now().seconds() - EXPIRED_SECS;
        let mut expired = Vec::new();
        for item in found {
            if item.get("entry").is_some_and(|entry| *entry == text(keys::PROFILE)) {
                person.user = Some(read::<ProfileRow>(item)?.try_into()?);
            } else {
                let row: SocketRow = read(item)?;
                if row.ended_at.is_none() {
                    person.sockets.push(socket_of(row)?);
                } else if row.ttl.is_some_and(|ttl| ttl < expired_before) && expired.len() < EXPIRED_MAX {
                    expired.push(row.entry);
                }
            }
        }
        Ok((person, expired))
    }

    /// Removes sockets that no client can recover any more. DynamoDB itself may take days to do so, and every delivery
    /// to their user reads them. One write each. A removal that fails is left to the next call.
    pub async fn remove_sockets(&self, user: &UserId, entries: Vec<String>) {
        let removals = entries.into_iter().map(|entry| {
            let delete = DeleteItemInput::builder().table_name(&self.tables.users);
            let delete = delete.set_key(Some(keys::user(user, entry)));
            self.db.tables.delete_item(delete.condition_expression("attribute_exists(endedAt)"))
        });
        for removed in futures_util::future::join_all(removals).await {
            if let Err(error) = removed {
                tracing::debug!(%error, "a socket that has expired was not removed");
            }
        }
    }

    /// Whether a socket has not received its greeting yet. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn is_ungreeted(&self, user: &UserId, pid: &Pid) -> Result<bool, Error> {
        let item = self.db.get(&self.tables.users, keys::user(user, keys::socket(pid))).await?;
        let row = item.map(read::<SocketRow>).transpose()?;
        Ok(row.is_some_and(|row| row.ungreeted && row.ended_at.is_none()))
    }

    /// Records that a socket has received its greeting. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn record_greeted(&self, session: &Session) -> Result<(), Error> {
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&session.user, keys::socket(&session.pid))))
            .update_expression("REMOVE ungreeted")
            .condition_expression("attribute_exists(ungreeted)");
        self.db.applied(update).await?;
        Ok(())
    }

    /// Up to `limit` people who are online, from the sparse index (eventually consistent). One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn online(&self, limit: u32) -> Result<Vec<UserId>, Error> {
        let found = self.online_index(keys::FLAGGED, limit).await?;
        let ids = found.iter().filter_map(|item| item.get("userId")?.as_s().ok());
        ids.map(|id| Ok(UserId::parse(id)?)).collect()
    }

    /// The number of live sockets and the number of rooms that they joined, for up to `limit` sockets of the index
    /// (eventually consistent). One query, and one read per hundred sockets.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn sockets_and_rooms(&self, limit: u32) -> Result<(usize, usize), Error> {
        let found = self.online_index(keys::SOCKET_FLAGGED, limit).await?;
        let key = |item: &Item| {
            let part = |name: &str| item.get(name).map(|value| (name.to_owned(), value.clone()));
            Some(Item::from([part("userId")?, part("entry")?]))
        };
        let sockets = self.db.get_all(&self.tables.users, found.iter().filter_map(key).collect()).await?;
        let live = sockets.iter().filter(|item| !item.contains_key("endedAt"));
        let rooms: HashSet<&String> = live.filter_map(|item| item.get("rooms")?.as_ss().ok()).flatten().collect();
        Ok((found.len(), rooms.len()))
    }

    async fn online_index(&self, flag: &str, limit: u32) -> Result<Vec<Item>, Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let query = QueryInput::builder()
            .table_name(&self.tables.users)
            .index_name("online")
            .key_condition_expression("#online = :flag")
            .expression_attribute_names("#online", "online")
            .expression_attribute_values(":flag", text(flag))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let found = self.db.query(query).await?;
        Ok(found.items.unwrap_or_default())
    }

    /// Sets a user's status. Returns the status before, if the call changed it. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn set_status(&self, user: &UserId, status: Status, at: Timestamp) -> Result<Option<Status>, Error> {
        const DIFFERENT: &str = "(attribute_not_exists(#status) OR #status <> :status)";
        let (change, condition) = match status {
            Status::Online => ("#online = :flag REMOVE #status", "attribute_exists(#status)"),
            Status::Away | Status::Busy => ("#status = :status, #online = :flag", DIFFERENT),
            Status::Offline => ("#status = :status, lastSeen = :at REMOVE #online", DIFFERENT),
        };
        let mut update = self.status_update(user);
        update = update.condition_expression(format!("sockets > :zero AND {condition}"));
        if status != Status::Online {
            update = update.expression_attribute_values(":status", text(status.name()));
        }
        update = match status {
            Status::Offline => update.expression_attribute_values(":at", number(at.millis())),
            _ => update.expression_attribute_values(":flag", online_flag()),
        };
        self.former_status(update, change).await
    }

    /// Makes a user who appears offline appear online again. Returns whether the user appeared offline before. One
    /// write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn appear_online(&self, user: &UserId) -> Result<bool, Error> {
        let update = self
            .status_update(user)
            .condition_expression("#status = :offline AND sockets > :zero")
            .expression_attribute_values(":flag", online_flag())
            .expression_attribute_values(":offline", text(Status::Offline.name()));
        Ok(self.former_status(update, "#online = :flag REMOVE #status").await?.is_some())
    }

    fn status_update(&self, user: &UserId) -> UpdateItemInputBuilder {
        UpdateItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(user, keys::PROFILE)))
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#online", "online")
            .expression_attribute_values(":zero", number(0))
    }

    /// Changes a status and returns the one before; `None` if the condition does not hold. The row remembers the status
    /// before and a nonce, for a second attempt that meets the first.
    async fn former_status(&self, update: UpdateItemInputBuilder, change: &str) -> Result<Option<Status>, Error> {
        let nonce = self.db.nonce();
        let update = update
            .update_expression(format!(
                "SET statusWas = if_not_exists(#status, :simply), statusNonce = :nonce, {change}"
            ))
            .expression_attribute_values(":simply", text(Status::Online.name()))
            .expression_attribute_values(":nonce", text(&nonce))
            .return_values(ReturnValue::AllOld);
        let former = match self.db.update::<ProfileRow>(update).await? {
            Changed::Done(row) => row.unwrap_or_default().status,
            Changed::Refused(Some(row)) if row.status_nonce.as_ref() == Some(&nonce) => row.status_was,
            Changed::Refused(_) => return Ok(None),
        };
        Ok(Some(rows::status(former.as_deref())))
    }

    /// The people who share a chat with `user`, and whether they have written in one. At most a thousand people, from
    /// at most five thousand chats. One query per megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn peers(&self, user: &UserId) -> Result<BTreeMap<UserId, bool>, Error> {
        let mut peers = BTreeMap::new();
        let mut looked_at = 0;
        let mut pages = self.db.query_pages(self.memberships_of(user));
        while let Some(page) = pages.next().await? {
            for item in page.items.unwrap_or_default() {
                looked_at += 1;
                let row: MembershipRow = read(item)?;
                if !row.erased {
                    for peer in &row.peers {
                        *peers.entry(UserId::parse(peer)?).or_default() |= !row.silent.contains(peer);
                    }
                }
                if peers.len() >= PEERS_MAX || looked_at >= PEERS_MEMBERSHIPS_MAX {
                    return Ok(peers);
                }
            }
        }
        Ok(peers)
    }
}

/// The socket of a row.
pub(super) fn socket_of(row: SocketRow) -> Result<Socket, Error> {
    let SocketRow {
        user_id,
        entry,
        v: _,
        online: _,
        connection_id,
        opened_at,
        namespace,
        dialect,
        sid: _,
        began_at,
        expires_at,
        ended_at: _,
        buffered_in,
        rooms,
        no_offsets,
        ungreeted,
        revoked_at: _,
        ttl: _,
    } = row;
    let since = Timestamp::from_millis(began_at);
    let pid = keys::pid_of_socket(&entry).ok_or_else(|| Error::internal("a socket without a private id"))?;
    Ok(Socket {
        pid,
        user: UserId::parse(&user_id)?,
        connection: ConnectionId::parse(&connection_id)?,
        opened_at: Timestamp::from_millis(opened_at),
        buffered_in: buffered_in.map(|recovery_buffer| ConnectionId::parse(&recovery_buffer)).transpose()?,
        namespace,
        dialect,
        expires_at: expires_at.map(Timestamp::from_millis),
        rooms: rooms.iter().map(|room| ChatId::parse(room)).collect::<Result<_, _>>()?,
        takes_offsets: !no_offsets,
        ungreeted_since: ungreeted.then_some(since),
    })
}

/// The value of the sparse key that puts a profile into the online index.
pub(super) fn online_flag() -> AttributeValue {
    text(keys::FLAGGED)
}
