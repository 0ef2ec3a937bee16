//! The rooms that a socket has joined. They are stored on the socket, which delivery reads.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use relay::dynamo::{Changed, UpdateItemInput, number, read};
use relay::store::Session;

use super::rows::SocketRow;
use super::{Store, keys};
use crate::domain::id::ChatId;
use crate::error::Error;

/// The most rooms of one socket: more than a screen ever shows, while the row stays well below its size limit.
pub const ROOMS_MAX: usize = 500;

/// The result of joining a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Entering {
    /// The socket is in the room.
    In,
    /// The socket is in as many rooms as it may be.
    Full,
}

impl Store {
    /// Joins a room. To join it again has no further effect. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn join_room(&self, session: &Session, chat: &ChatId) -> Result<Entering, Error> {
        let update = UpdateItemInput::builder()
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
        Ok(match self.db.update::<SocketRow>(update).await? {
            Changed::Refused(Some(_)) => Entering::Full,
            // A socket that left meanwhile receives nothing in any room.
            Changed::Done(_) | Changed::Refused(None) => Entering::In,
        })
    }

    /// The chats whose rooms the sockets of these sessions have joined, by the sessions' private ids. Sockets that have
    /// joined none are left out. One read for each session, a hundred in a request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn rooms_of(&self, sessions: &[&Session]) -> Result<HashMap<String, Vec<String>>, Error> {
        let keys = sessions.iter().map(|session| keys::user(&session.user, keys::socket(&session.pid)));
        let rows = self.db.get_all(&self.tables.users, keys.collect()).await?;
        let mut found = HashMap::new();
        for row in rows {
            let SocketRow { entry, rooms, .. } = read(row)?;
            let mut rooms: Vec<String> = rooms.into_iter().collect();
            rooms.sort_unstable();
            if let Some(pid) = entry.strip_prefix(keys::SOCKETS).filter(|_| !rooms.is_empty()) {
                found.insert(pid.to_owned(), rooms);
            }
        }
        Ok(found)
    }

    /// Leaves a room, whether the socket has joined it or not. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn leave_room(&self, session: &Session, chat: &ChatId) -> Result<(), Error> {
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(&session.user, keys::socket(&session.pid))))
            .update_expression("DELETE rooms :room")
            .condition_expression("attribute_exists(entry)")
            .expression_attribute_values(":room", AttributeValue::Ss(vec![chat.to_string()]));
        self.db.applied(update).await?;
        Ok(())
    }
}
