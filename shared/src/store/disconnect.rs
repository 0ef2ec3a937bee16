//! The end of a connection: its row is marked as closed, and its sessions are found that are to be left.

use aws_sdk_dynamodb::types::ReturnValue;

use super::connection::opened;
use super::rows::ConnectionRow;
use super::session::{ENDED_TTL_SECS, session};
use super::update::Changed;
use super::{Session, Store, Upgrade, keys, number};
use crate::domain::id::ConnectionId;
use crate::error::Error;

/// The sessions and the move of a connection that was closed.
#[derive(Debug)]
pub struct Closed {
    /// The move from the polling connection of the client, if there was one.
    pub upgrade: Option<Upgrade>,
    /// The sessions that are still to be left.
    pub sessions: Vec<Session>,
    /// Sessions that were left before and whose end took their user offline, while no run has finished telling the
    /// others.
    pub untold: Vec<Session>,
}

impl Store {
    /// Marks a connection as closed, so that no client can join a namespace on it any more, and returns the sessions
    /// that are to be left. A second call returns the same again, as long as nobody has left the sessions. One write
    /// and one query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn close(&self, id: &ConnectionId) -> Result<Closed, Error> {
        let now = self.clock.now();
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(keys::connection(id, keys::CONNECTION)))
            .update_expression("SET closedAt = :now, #ttl = :ttl REMOVE slot")
            .condition_expression("attribute_exists(connectionId) AND attribute_not_exists(closedAt)")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":ttl", number(now.seconds() + ENDED_TTL_SECS))
            .return_values(ReturnValue::AllOld);
        let (Changed::Done(row) | Changed::Refused(row)) = self.update::<ConnectionRow>(update).await?;
        let upgrade = row.map(opened).transpose()?.and_then(|former| former.upgrade);
        let mut closed = Closed { upgrade, sessions: Vec::new(), untold: Vec::new() };
        for row in self.session_rows(id).await? {
            if row.untold {
                closed.untold.push(session(row)?);
            } else if row.ended_at.is_none() {
                closed.sessions.push(session(row)?);
            }
        }
        Ok(closed)
    }
}
