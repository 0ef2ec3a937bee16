//! Who is here: live sockets, the online index, statuses, and the people who share a chat.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::rows::{self, MembershipRow, ProfileRow, SocketRow};
use super::update::Changed;
use super::{Item, Session, Store, keys, number, text};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ChatId, ConnectionId, Pid, UserId};
use crate::domain::user::{Status, User};
use crate::error::Error;

/// Most people told of somebody's coming and going because they share a chat.
const PEERS_MAX: usize = 1_000;

/// Most memberships looked at for them: more than anybody has, unless nearly all of their chats are with the same
/// people. About a megabyte, or 125 read units.
const PEERS_MEMBERSHIPS_MAX: usize = 5_000;

/// How long a socket must have been expired before it is removed, for clocks differ, and how many are at a time.
const EXPIRED_SECS: i64 = 5;
const EXPIRED_MAX: usize = 25;

/// Somebody, and where they can be reached.
#[derive(Clone, Debug)]
pub struct Person {
    /// What is known of them; `None` for somebody who was never seen.
    pub user: Option<User>,
    /// Their live sockets.
    pub sockets: Vec<Socket>,
}

/// A live socket, as far as delivering to it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Whose.
    pub user: UserId,
    /// On which connection.
    pub connection: ConnectionId,
    /// When that was opened.
    pub opened_at: Timestamp,
    /// What its frames wait behind, while it is told what it missed.
    pub buffered_in: Option<ConnectionId>,
    /// In which namespace.
    pub namespace: String,
    /// In which dialect it hears.
    pub dialect: String,
    /// When its token ends.
    pub expires_at: Option<Timestamp>,
    /// The chats whose rooms it joined.
    pub rooms: HashSet<ChatId>,
    /// Whether its client can take offsets.
    pub takes_offsets: bool,
    /// While it has not been told that it is connected: which socket of its user this is, and since when it waits.
    pub ungreeted: Option<Ungreeted>,
}

/// A socket that has not been told that it is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ungreeted {
    /// The private id of its session.
    pub pid: Pid,
    /// When it joined.
    pub since: Timestamp,
}

impl Socket {
    /// The socket of a session, as long as nothing is known of its rooms.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self {
            user: session.user.clone(),
            connection: session.connection.clone(),
            opened_at: session.opened_at,
            buffered_in: None,
            namespace: session.namespace.clone(),
            dialect: session.dialect.clone(),
            expires_at: session.expires_at,
            rooms: HashSet::new(),
            takes_offsets: session.takes_offsets,
            ungreeted: None,
        }
    }

    /// Whether this is the socket of a session: several may be on one connection.
    #[must_use]
    pub fn is_of(&self, session: &Session) -> bool {
        self.connection == session.connection && self.namespace == session.namespace
    }
}

impl Store {
    /// Somebody's profile and every live socket of theirs; those that have ended are passed over. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn person(&self, id: &UserId) -> Result<Person, Error> {
        self.person_and_expired(id).await.map(|(person, _)| person)
    }

    /// As [`Store::person`], and besides the sort keys of sockets that nobody can come back to any more, for [`Store::remove_sockets`].
    pub(super) async fn person_and_expired(&self, id: &UserId) -> Result<(Person, Vec<String>), Error> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.users)
            .consistent_read(true)
            .key_condition_expression("userId = :user AND entry BETWEEN :profile AND :after")
            .expression_attribute_values(":user", text(id))
            .expression_attribute_values(":profile", text(keys::PROFILE))
            .expression_attribute_values(":after", text(keys::AFTER_SOCKETS));
        let found: Vec<Item> =
            query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(Error::internal)?;
        let mut person = Person { user: None, sockets: Vec::with_capacity(found.len()) };
        let expired_before = self.clock.now().seconds() - EXPIRED_SECS;
        let mut expired = Vec::new();
        for item in found {
            if item.get("entry").is_some_and(|entry| *entry == text(keys::PROFILE)) {
                person.user = Some(rows::read::<ProfileRow>(item)?.try_into()?);
            } else {
                let row: SocketRow = rows::read(item)?;
                if row.ended_at.is_none() {
                    person.sockets.push(socket(row)?);
                } else if row.ttl.is_some_and(|ttl| ttl < expired_before) && expired.len() < EXPIRED_MAX {
                    expired.push(row.entry);
                }
            }
        }
        Ok((person, expired))
    }

    /// Removes sockets that nobody can come back to any more, for DynamoDB itself may take days to, and whoever tells their user something reads
    /// them. One write each. What fails is left to the next one.
    pub(super) async fn remove_sockets(&self, user: &UserId, entries: Vec<String>) {
        let removals = entries.into_iter().map(|entry| {
            let delete = self.client.delete_item().table_name(&self.tables.users);
            delete.set_key(Some(keys::user(user, entry))).condition_expression("attribute_exists(endedAt)").send()
        });
        for removed in futures_util::future::join_all(removals).await {
            if let Err(error) = removed {
                tracing::debug!(%error, "a socket that has expired was not removed");
            }
        }
    }

    /// Whether a socket is still to be told that it is connected. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn is_ungreeted(&self, user: &UserId, pid: &Pid) -> Result<bool, Error> {
        let item = self.get(&self.tables.users, keys::user(user, keys::socket(pid))).await?;
        let row = item.map(rows::read::<SocketRow>).transpose()?;
        Ok(row.is_some_and(|row| row.ungreeted && row.ended_at.is_none()))
    }

    /// Notes that a socket has been told that it is connected. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn record_greeted(&self, session: &Session) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&session.user, keys::socket(&session.pid))))
            .update_expression("REMOVE ungreeted")
            .condition_expression("attribute_exists(ungreeted)");
        self.applied(update).await.map(drop)
    }

    /// Up to `limit` people who are online, from the sparse index (eventually consistent). One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn online(&self, limit: u32) -> Result<Vec<UserId>, Error> {
        let found = self.online_index(keys::FLAGGED, limit).await?;
        let ids = found.iter().filter_map(|item| item.get("userId")?.as_s().ok());
        ids.map(|id| UserId::parse(id)).collect()
    }

    /// How many sockets are live and how many rooms they joined, of up to `limit` sockets of the index (eventually consistent). One query, and a
    /// read per hundred sockets.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn sockets_and_rooms(&self, limit: u32) -> Result<(usize, usize), Error> {
        let found = self.online_index(keys::SOCKET_FLAGGED, limit).await?;
        let key = |item: &Item| {
            let part = |name: &str| item.get(name).map(|value| (name.to_owned(), value.clone()));
            Some(Item::from([part("userId")?, part("entry")?]))
        };
        let sockets = self.get_all(&self.tables.users, found.iter().filter_map(key).collect()).await?;
        let live = sockets.iter().filter(|item| !item.contains_key("endedAt"));
        let rooms: HashSet<&String> = live.filter_map(|item| item.get("rooms")?.as_ss().ok()).flatten().collect();
        Ok((found.len(), rooms.len()))
    }

    async fn online_index(&self, flag: &str, limit: u32) -> Result<Vec<Item>, Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let found = self
            .client
            .query()
            .table_name(&self.tables.users)
            .index_name("online")
            .key_condition_expression("#online = :flag")
            .expression_attribute_names("#online", "online")
            .expression_attribute_values(":flag", text(flag))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(Error::internal)?;
        Ok(found.items.unwrap_or_default())
    }

    /// Says how somebody is here. One write. The status it was before, if that changed anything.
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

    /// Ends somebody's appearing offline. One write. Whether they did.
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

    fn status_update(&self, user: &UserId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(user, keys::PROFILE)))
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#online", "online")
            .expression_attribute_values(":zero", number(0))
    }

    /// Changes a status, and gives the one before; `None` if the condition does not hold. The row remembers both, for a second attempt that
    /// meets the first.
    async fn former_status(&self, update: UpdateItemFluentBuilder, change: &str) -> Result<Option<Status>, Error> {
        let nonce = self.nonce();
        let update = update
            .update_expression(format!(
                "SET statusWas = if_not_exists(#status, :simply), statusNonce = :nonce, {change}"
            ))
            .expression_attribute_values(":simply", text(Status::Online.name()))
            .expression_attribute_values(":nonce", text(&nonce))
            .return_values(ReturnValue::AllOld);
        let former = match self.update::<ProfileRow>(update).await? {
            Changed::Done(row) => row.unwrap_or_default().status,
            Changed::Refused(Some(row)) if row.status_nonce.as_ref() == Some(&nonce) => row.status_was,
            Changed::Refused(_) => return Ok(None),
        };
        Ok(Some(rows::status(former.as_deref())))
    }

    /// The people who share a chat with `user`, and whether they have written in one; at most a thousand, of at most
    /// five thousand chats. One query per megabyte.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn peers(&self, user: &UserId) -> Result<BTreeMap<UserId, bool>, Error> {
        let mut peers = BTreeMap::new();
        let mut looked_at = 0;
        let mut pages = self.memberships_of(user).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            looked_at += 1;
            let row: MembershipRow = rows::read(item.map_err(Error::internal)?)?;
            if !row.erased {
                for peer in &row.peers {
                    *peers.entry(UserId::parse(peer)?).or_default() |= !row.silent.contains(peer);
                }
            }
            if peers.len() >= PEERS_MAX || looked_at >= PEERS_MEMBERSHIPS_MAX {
                break;
            }
        }
        Ok(peers)
    }
}

fn socket(row: SocketRow) -> Result<Socket, Error> {
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
        ttl: _,
    } = row;
    let since = Timestamp::from_millis(began_at);
    let pid = keys::pid_of_socket(&entry).filter(|_| ungreeted);
    Ok(Socket {
        user: UserId::parse(&user_id)?,
        connection: ConnectionId::parse(&connection_id)?,
        opened_at: Timestamp::from_millis(opened_at),
        buffered_in: buffered_in.map(|recovery_buffer| ConnectionId::parse(&recovery_buffer)).transpose()?,
        namespace,
        dialect,
        expires_at: expires_at.map(Timestamp::from_millis),
        rooms: rooms.iter().map(|room| ChatId::parse(room)).collect::<Result<_, _>>()?,
        takes_offsets: !no_offsets,
        ungreeted: pid.map(|pid| Ungreeted { pid, since }),
    })
}

/// The sparse key that puts a profile into the online index.
pub(super) fn online_flag() -> AttributeValue {
    text(keys::FLAGGED)
}
