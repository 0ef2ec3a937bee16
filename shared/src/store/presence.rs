//! Who is here: live sockets, the online index, and the people who share a chat.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;

use super::rows::{self, MembershipRow, SocketRow};
use super::{Store, keys, text};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ConnectionId, UserId};
use crate::error::Error;

/// Most people told of somebody's coming and going because they share a chat.
const PEERS_MAX: usize = 1_000;

/// A live socket, as far as delivering to it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Whose.
    pub user: UserId,
    /// On which connection.
    pub connection: ConnectionId,
    /// In which namespace.
    pub namespace: String,
    /// When its token ends.
    pub expires_at: Option<Timestamp>,
}

impl Store {
    /// Every live socket of a user. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn sockets(&self, user: &UserId) -> Result<Vec<Socket>, Error> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.users)
            .consistent_read(true)
            .key_condition_expression("userId = :user AND begins_with(entry, :sockets)")
            .expression_attribute_values(":user", text(user))
            .expression_attribute_values(":sockets", text(keys::SOCKETS));
        let found: Vec<_> =
            query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(Error::internal)?;
        found.into_iter().map(|item| socket(rows::read(item)?)).collect()
    }

    /// Up to `limit` people who are online, from the sparse index (eventually consistent). One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn online(&self, limit: u32) -> Result<Vec<UserId>, Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let found = self
            .client
            .query()
            .table_name(&self.tables.users)
            .index_name("online")
            .key_condition_expression("#online = :flagged")
            .expression_attribute_names("#online", "online")
            .expression_attribute_values(":flagged", text(keys::FLAGGED))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(Error::internal)?;
        let ids = found.items().iter().filter_map(|item| item.get("userId")?.as_s().ok());
        ids.map(|id| UserId::parse(id)).collect()
    }

    /// The people who share a chat with `user`, at most a thousand. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn peers(&self, user: &UserId) -> Result<BTreeSet<UserId>, Error> {
        let mut peers = BTreeSet::new();
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.users)
            .key_condition_expression("userId = :user AND begins_with(entry, :memberships)")
            .expression_attribute_values(":user", text(user))
            .expression_attribute_values(":memberships", text(keys::MEMBERSHIPS))
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let row: MembershipRow = rows::read(item.map_err(Error::internal)?)?;
            for peer in &row.peers {
                peers.insert(UserId::parse(peer)?);
            }
            if peers.len() >= PEERS_MAX {
                break;
            }
        }
        Ok(peers)
    }
}

fn socket(row: SocketRow) -> Result<Socket, Error> {
    let SocketRow { user_id, entry: _, v: _, connection_id, namespace, expires_at } = row;
    Ok(Socket {
        user: UserId::parse(&user_id)?,
        connection: ConnectionId::parse(&connection_id)?,
        namespace,
        expires_at: expires_at.map(Timestamp::from_millis),
    })
}

/// The sparse key that puts a profile into the online index.
pub(super) fn online_flag() -> AttributeValue {
    text(keys::FLAGGED)
}
