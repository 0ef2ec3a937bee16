//! What the Admin UI needs (docs/admin-ui.md): the passwords that were tried, its sessions, the sockets of those who
//! use it, and the sockets that it shows.

use std::collections::HashMap;
use std::net::IpAddr;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Put, Update};

use super::heartbeat::slot_query;
use super::rows::VERSION;
use super::rows::admin::{AdminSocketRow, SessionEnd, ShownRow};
use super::session::session;
use super::{Recipient, Session, Store, Writes, keys};
use crate::clock::Timestamp;
use crate::dynamo::{Item, PutItemInput, QueryInput, Transaction, UpdateItemInput, number, read, text, write};
use crate::error::Error;
use crate::id::ConnectionId;

/// The namespace of the Admin UI. The relay keeps this name for itself: no application has a namespace of this name.
pub const ADMIN_NAMESPACE: &str = "/admin";

/// How many passwords one address may try in one window of time, and how long the window is.
const TRIES_MAX: u32 = 10;
/// The length of such a window in milliseconds.
const TRIES_WINDOW_MILLIS: i64 = 600_000;

/// How long a page can come back without the password, in milliseconds: a day, as with the official server.
const SESSION_MILLIS: i64 = 86_400_000;

/// How long the row of a socket of the Admin UI is kept, in seconds: longer than API Gateway keeps a connection.
const SOCKET_TTL_SECS: i64 = 3 * 3_600;
/// How long the row is kept after the socket has left, in seconds.
const LEFT_TTL_SECS: i64 = 60;

/// The most sockets of the Admin UI to which something is posted each minute.
const ADMINS_MAX: usize = 20;

/// A socket of the Admin UI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// The connection.
    pub connection: ConnectionId,
    /// When the connection was opened.
    pub opened_at: Timestamp,
}

impl Admin {
    /// The connection, as the recipient of a post.
    #[must_use]
    pub const fn recipient(&self) -> Recipient<'_> {
        Recipient { connection: &self.connection, opened_at: Some(self.opened_at) }
    }
}

/// The sockets that there are, in the order in which their connections were opened.
#[derive(Debug, Default)]
pub struct LiveSockets {
    /// The sessions, each with the IP address of its client; an empty one if it is not known.
    pub sessions: Vec<(Session, String)>,
    /// Whether these are all sockets.
    pub is_whole: bool,
}

impl Session {
    /// Whether this is a session of the Admin UI, of which the application knows nothing.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.namespace == ADMIN_NAMESPACE
    }
}

impl Store {
    /// Counts a password that somebody at this address tries. Returns whether it may be compared: `false` if too many
    /// were wrong in the last ten minutes. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn count_admin_try(&self, address: &str, at: Timestamp) -> Result<bool, Error> {
        let update = self
            .tries_update(address, at)
            .update_expression("ADD tries :one SET v = :v, #ttl = :ttl")
            .condition_expression("attribute_not_exists(tries) OR tries < :most")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(TRIES_MAX))
            .expression_attribute_values(":v", number(VERSION))
            .expression_attribute_values(":ttl", number(at.plus_millis(TRIES_WINDOW_MILLIS).seconds()));
        self.db.applied(update).await
    }

    /// Takes back the count of a password that was right. One write. The count may stay one too high if the answer of
    /// a write is lost, and is never too low.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn uncount_admin_try(&self, address: &str, at: Timestamp) -> Result<(), Error> {
        let nonce = self.db.nonce();
        let update = self
            .tries_update(address, at)
            .update_expression("ADD tries :less SET nonce = :nonce")
            .condition_expression("tries > :none AND (attribute_not_exists(nonce) OR nonce <> :nonce)")
            .expression_attribute_values(":less", number(-1))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":nonce", text(nonce));
        self.db.applied(update).await.map(drop)
    }

    fn tries_update(&self, address: &str, at: Timestamp) -> UpdateItemInputBuilder {
        let window = at.millis().div_euclid(TRIES_WINDOW_MILLIS);
        UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::admin(&keys::admin_tries(window, &network(address)))))
    }

    /// Stores a session, with which a page can come back for a day without the password. `hash` stands for its id. One
    /// write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn open_admin_session(&self, hash: &str, at: Timestamp) -> Result<(), Error> {
        let end = at.plus_millis(SESSION_MILLIS);
        let mut row = keys::admin(&keys::admin_session(hash));
        row.extend(write(SessionEnd { v: VERSION, until: end.millis(), ttl: end.seconds() })?);
        self.db.put(PutItemInput::builder().table_name(&self.table).set_item(Some(row))).await.map(drop)
    }

    /// Whether there is a session whose id has this hash, and it has not ended. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn has_admin_session(&self, hash: &str, at: Timestamp) -> Result<bool, Error> {
        let row = self.db.get(&self.table, keys::admin(&keys::admin_session(hash))).await?;
        let row = row.map(read::<SessionEnd>).transpose()?;
        Ok(row.is_some_and(|row| at.millis() < row.until))
    }

    /// The writes that join the Admin UI: the row by which the heartbeat finds the socket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub fn admin_join_writes(&self, session: &Session) -> Result<Writes, Error> {
        let mut row = keys::admin(&keys::admin_socket(&session.pid));
        row.extend(write(AdminSocketRow {
            v: VERSION,
            connection: session.connection.to_string(),
            opened_at: session.opened_at.millis(),
            ended_at: None,
            ttl: session.opened_at.seconds() + SOCKET_TTL_SECS,
        })?);
        let mut writes = Writes::default();
        writes.required.put(Put::builder().table_name(&self.table).set_item(Some(row)))?;
        Ok(writes)
    }

    /// The writes that move a session of the Admin UI to a WebSocket.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub fn admin_move_writes(&self, session: &Session, to: &ConnectionId) -> Result<Transaction, Error> {
        let update = self.admin_socket_update(session).update_expression("SET #connection = :to");
        let update = update.expression_attribute_names("#connection", "connection");
        let mut writes = Transaction::default();
        writes.update(update.expression_attribute_values(":to", text(to)))?;
        Ok(writes)
    }

    /// The writes that end a session of the Admin UI.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub fn admin_leave_writes(&self, session: &Session, at: Timestamp) -> Result<Writes, Error> {
        let update = self.admin_socket_update(session).update_expression("SET endedAt = :at, #ttl = :ttl");
        let update = update
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":ttl", number(at.seconds() + LEFT_TTL_SECS));
        let mut writes = Writes::default();
        writes.required.update(update)?;
        Ok(writes)
    }

    fn admin_socket_update(&self, session: &Session) -> UpdateBuilder {
        let key = keys::admin(&keys::admin_socket(&session.pid));
        Update::builder().table_name(&self.table).set_key(Some(key))
    }

    /// The sockets of those who use the Admin UI; of very many, the first twenty. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn admins(&self) -> Result<Vec<Admin>, Error> {
        let query = QueryInput::builder()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("connectionId = :admin AND begins_with(#namespace, :sockets)")
            .filter_expression("attribute_not_exists(endedAt)")
            .expression_attribute_names("#namespace", "namespace")
            .expression_attribute_values(":admin", text(keys::ADMIN))
            .expression_attribute_values(":sockets", text(keys::ADMIN_SOCKETS));
        let found = self.db.query(query).await?.items.unwrap_or_default();
        let rows = found.into_iter().take(ADMINS_MAX).map(|item| {
            let row: AdminSocketRow = read(item)?;
            let opened_at = Timestamp::from_millis(row.opened_at);
            Ok(Admin { connection: ConnectionId::parse(&row.connection)?, opened_at })
        });
        rows.collect()
    }

    /// The sockets that there are, at most this many. Leaves out what cannot be read, which the heartbeat reports. One
    /// query per slot and megabyte, and one read for each socket, a hundred in a request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn live_sockets(&self, slots: u32, most: usize) -> Result<LiveSockets, Error> {
        let mut rows = Vec::new();
        let mut addresses: HashMap<String, String> = HashMap::new();
        let mut is_whole = true;
        'slots: for slot in 0..slots {
            let mut pages = self.db.query_pages(slot_query(&self.table, slot.into()));
            while let Some(page) = pages.next().await? {
                for row in page.items.unwrap_or_default().into_iter().filter_map(|item| read::<ShownRow>(item).ok()) {
                    if row.namespace == keys::CONNECTION {
                        addresses.insert(row.connection_id, row.source_ip.unwrap_or_default());
                    } else if row.namespace.starts_with(keys::NAMESPACES) {
                        if rows.len() == most {
                            is_whole = false;
                            break 'slots;
                        }
                        rows.push(keys::connection(row.connection_id, row.namespace));
                    }
                }
            }
        }
        let found = self.db.get_all(&self.table, rows).await?;
        let live = found.into_iter().filter_map(|item: Item| session(item).ok()).filter(|one| one.ended_at.is_none());
        let mut sessions: Vec<(Session, String)> = live
            .map(|session| {
                let address = addresses.get(&session.connection.to_string()).cloned().unwrap_or_default();
                (session, address)
            })
            .collect();
        sessions.sort_by(|(one, _), (other, _)| {
            let order = |session: &Session| (session.opened_at, session.connection.clone(), session.namespace.clone());
            order(one).cmp(&order(other))
        });
        Ok(LiveSockets { sessions, is_whole })
    }
}

/// The network of an address, whose passwords are counted together: an IPv4 address itself, and of an IPv6 address the
/// first 64 bits, because one client has all addresses with them.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [one, two, three, four, ..] = address.segments();
            format!("{one:x}:{two:x}:{three:x}:{four:x}::")
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_ipv6_client_count_as_one() {
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("2001:db8:0:1::5"), network("2001:db8:0:1:ffff::1"));
        assert_ne!(network("2001:db8:0:1::5"), network("2001:db8:0:2::5"));
        assert_eq!(network(""), "");
    }
}
