//! The rooms that a socket joined: noted on the socket, where delivering looks.

use aws_sdk_dynamodb::types::AttributeValue;

use super::rows::SocketRow;
use super::update::Changed;
use super::{Session, Store, keys, number};
use crate::domain::id::ChatId;
use crate::error::Error;

/// Most rooms of one socket: more than a screen ever shows, and the row stays well below its bound.
pub const ROOMS_MAX: usize = 500;

/// What became of joining a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Entering {
    /// The socket is in it.
    In,
    /// The socket is in as many as it may be.
    Full,
}

impl Store {
    /// Joins a room. One write. Joining twice is joining once.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn join_room(&self, session: &Session, chat: &ChatId) -> Result<Entering, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&session.user, keys::socket(&session.pid))))
            .update_expression("ADD rooms :room")
            .condition_expression(
                "attribute_exists(entry) \
                 AND (attribute_not_exists(rooms) OR size(rooms) < :most OR contains(rooms, :this))",
            )
            .expression_attribute_values(":room", AttributeValue::Ss(vec![chat.to_string()]))
            .expression_attribute_values(":this", AttributeValue::S(chat.to_string()))
            .expression_attribute_values(":most", number(ROOMS_MAX));
        Ok(match self.update::<SocketRow>(update).await? {
            Changed::Refused(Some(_)) => Entering::Full,
            // A socket that went meanwhile hears nothing in any room.
            Changed::Done(_) | Changed::Refused(None) => Entering::In,
        })
    }

    /// Leaves a room, joined or not. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn leave_room(&self, session: &Session, chat: &ChatId) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&session.user, keys::socket(&session.pid))))
            .update_expression("DELETE rooms :room")
            .condition_expression("attribute_exists(entry)")
            .expression_attribute_values(":room", AttributeValue::Ss(vec![chat.to_string()]));
        self.applied(update).await.map(drop)
    }
}
