//! Typing: who types where. It is stored on the socket's session and never with the chat, so that the server can end it
//! when the socket leaves.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Session, Store, keys, text};
use crate::domain::chat::Place;
use crate::error::Error;

impl Store {
    /// Records that a user began or stopped typing in a place. One write. The caller knows from the session when no
    /// write is needed.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn set_typing(&self, session: &Session, place: &Place, active: bool) -> Result<(), Error> {
        let change = if active { "ADD typing :place" } else { "DELETE typing :place" };
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(keys::connection(&session.connection, &session.namespace)))
            .update_expression(change)
            .condition_expression("pid = :pid AND attribute_not_exists(endedAt)")
            .expression_attribute_values(":place", AttributeValue::Ss(vec![keys::typing(place)]))
            .expression_attribute_values(":pid", text(&session.pid));
        // A socket that ended meanwhile types nowhere, and the run that ended it has told the others.
        self.applied(update).await.map(drop)
    }
}
