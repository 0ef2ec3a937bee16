//! The end of a connection: its row is marked as closed, and its sessions are found that are to be left.

use aws_sdk_dynamodb::types::ReturnValue;

use super::connection::opened;
use super::rows::ConnectionRow;
use super::session::{ENDED_TTL_SECS, session};
use super::{Session, Store, Upgrade, keys};
use crate::dynamo::{Changed, UpdateItemInput, number};
use crate::error::Error;
use crate::id::ConnectionId;

/// The sessions and the move of a connection that was closed.
#[derive(Debug)]
pub struct Closed {
    /// The move from the polling connection of the client, if there was one.
    pub upgrade: Option<Upgrade>,
    /// The sessions that are still to be left.
    pub sessions: Vec<Session>,
    /// Sessions that were left before, and the application has not finished what it does about that.
    pub unfinished: Vec<Session>,
}

impl Store {
    /// Marks a connection as closed, so that no client can join a namespace on it any more, and returns the sessions
    /// that are to be left. A second call returns the same again, as long as nobody has left the sessions. One write
    /// and one query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn close(&self, id: &ConnectionId) -> Result<Closed, Error> {
        let now = self.db.clock.now();
        let update = UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::connection(id, keys::CONNECTION)))
            .update_expression("SET closedAt = :now, #ttl = :ttl REMOVE slot")
            .condition_expression("attribute_exists(connectionId) AND attribute_not_exists(closedAt)")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":ttl", number(now.seconds() + ENDED_TTL_SECS))
            .return_values(ReturnValue::AllOld);
        let (Changed::Done(row) | Changed::Refused(row)) = self.db.update::<ConnectionRow>(update).await?;
        let upgrade = row.map(opened).transpose()?.and_then(|former| former.upgrade);
        let mut closed = Closed { upgrade, sessions: Vec::new(), unfinished: Vec::new() };
        for (row, item) in self.session_rows(id).await? {
            if row.untold {
                closed.unfinished.push(session(item)?);
            } else if row.ended_at.is_none() {
                closed.sessions.push(session(item)?);
            }
        }
        Ok(closed)
    }
}
