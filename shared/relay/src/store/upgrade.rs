//! The upgrade of a polling connection to a WebSocket, step by step. Each step is one conditional write, so that it
//! happens once.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::polling::Taking;
use super::rows::OutboxRow;
use super::{Liveness, Store, keys};
use crate::clock::Timestamp;
use crate::dynamo::{Changed, UpdateItemInput, number, text};
use crate::error::Error;
use crate::id::ConnectionId;

/// Whether a step towards a WebSocket was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Transition {
    /// The step was taken.
    Taken,
    /// Something else came first.
    Refused,
}

/// The result of abandoning a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Abandoning {
    /// The client goes on by polling.
    Polling,
    /// The client had moved to the WebSocket, and cannot go back.
    Upgraded,
}

impl Store {
    /// Offers the WebSocket `to` to a polling client. Refused if the client has moved, or if another WebSocket was
    /// offered after `stale`. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn offer_websocket(
        &self,
        id: &ConnectionId,
        to: &ConnectionId,
        liveness: Liveness,
        stale: Timestamp,
    ) -> Result<Transition, Error> {
        let update = self
            .outbox_update(id)
            .update_expression("SET probe = :to, probeAt = :now REMOVE probed")
            .condition_expression(
                "seenAt > :dead AND attribute_not_exists(endedBy) AND attribute_not_exists(upgrading) \
                 AND (attribute_not_exists(probe) OR probe = :to OR probeAt <= :stale)",
            )
            .expression_attribute_values(":to", text(to))
            .expression_attribute_values(":now", number(liveness.now.millis()))
            .expression_attribute_values(":dead", number(liveness.stale_before.millis()))
            .expression_attribute_values(":stale", number(stale.millis()));
        self.step(update, |_| false).await
    }

    /// Records that the WebSocket works, which makes a waiting request return. One write. Refused for every probe but
    /// the first.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn note_probe(&self, id: &ConnectionId, to: &ConnectionId, now: Timestamp) -> Result<Transition, Error> {
        let nonce = self.db.nonce();
        let update = self
            .outbox_update(id)
            .update_expression("SET probed = :yes, probedNonce = :nonce, probeAt = :now")
            .condition_expression("probe = :to AND attribute_not_exists(probed) AND attribute_not_exists(endedBy)")
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":nonce", text(&nonce))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":to", text(to));
        self.step(update, |row| row.probed_nonce.as_ref() == Some(&nonce)).await
    }

    /// Begins the move to a WebSocket, whether its probe was recorded or not. From here on the outbox accepts no
    /// request. One write. Refused for every call but the first.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn begin_upgrade(&self, id: &ConnectionId, to: &ConnectionId) -> Result<Transition, Error> {
        let nonce = self.db.nonce();
        let update = self
            .outbox_update(id)
            .update_expression("SET upgrading = :yes, upgradingNonce = :nonce")
            .condition_expression("probe = :to AND attribute_not_exists(upgrading) AND attribute_not_exists(endedBy)")
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":nonce", text(&nonce))
            .expression_attribute_values(":to", text(to));
        self.step(update, |row| row.upgrading_nonce.as_ref() == Some(&nonce)).await
    }

    /// Takes the oldest frames that wait while the client moves. One read and one write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn flush(&self, id: &ConnectionId) -> Result<Vec<String>, Error> {
        let Some(outbox) = self.outbox(id).await? else { return Ok(Vec::new()) };
        self.take(self.outbox_update(id), outbox, Taking { sets: "", removes: "", condition: "" }).await
    }

    /// Directs all further frames to the WebSocket, on condition that no frame waits. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn redirect(&self, id: &ConnectionId, to: &ConnectionId) -> Result<Transition, Error> {
        let update = self
            .outbox_update(id)
            .update_expression("SET upgradedTo = :to")
            .condition_expression(
                "attribute_exists(upgrading) AND (attribute_not_exists(outbox) OR size(outbox) = :none)",
            )
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":to", text(to));
        self.step(update, |_| false).await
    }

    /// Abandons a WebSocket that has ended. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn abandon_websocket(&self, id: &ConnectionId, to: &ConnectionId) -> Result<Abandoning, Error> {
        let update = self
            .outbox_update(id)
            .update_expression("REMOVE probe, probeAt, probed")
            .condition_expression("probe = :to AND attribute_not_exists(upgrading)")
            .expression_attribute_values(":to", text(to));
        Ok(match self.db.update::<OutboxRow>(update).await? {
            Changed::Refused(Some(row)) if row.upgrading && row.probe == Some(to.to_string()) => Abandoning::Upgraded,
            _ => Abandoning::Polling,
        })
    }

    /// Records that all sessions are on the WebSocket now. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn settle(&self, to: &ConnectionId) -> Result<(), Error> {
        let update = UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::connection(to, keys::CONNECTION)))
            .update_expression("SET upgraded = :yes")
            .condition_expression("attribute_exists(connectionId) AND attribute_not_exists(closedAt)")
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        self.db.applied(update).await.map(drop)
    }

    /// Takes a step. `ours` decides about the row that made the condition fail: whether an earlier attempt, whose
    /// answer was lost, has taken this same step.
    async fn step(
        &self,
        update: UpdateItemInputBuilder,
        ours: impl FnOnce(&OutboxRow) -> bool,
    ) -> Result<Transition, Error> {
        let update = update.return_values(ReturnValue::None);
        Ok(if self.db.update::<OutboxRow>(update).await?.is_done(ours) {
            Transition::Taken
        } else {
            Transition::Refused
        })
    }
}
