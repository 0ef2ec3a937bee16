//! Erasing the messages that a deleted chat left behind, in bounded pieces.

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use relay::dynamo::{BatchWriteItemInput, Item, QueryInput, UpdateItemInput, number, text};

use super::{Store, keys};
use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, hex};
use crate::error::Error;

impl Store {
    /// Deleted chats whose messages must still be erased, at most `most`. If there are more, the list begins at a
    /// random chat. So the sweep reaches each chat sooner or later, even if it can never finish some of them. One
    /// query; two if there are more than `most`.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn chats_to_erase(&self, most: i32) -> Result<Vec<ChatId>, Error> {
        let most_chats = usize::try_from(most).unwrap_or_default();
        let first = self.erasing("0", most).await?;
        if first.len() < most_chats {
            return Ok(first);
        }
        let mut found = self.erasing(&hex(&self.db.clock.random::<12>()), most).await?;
        let others: Vec<ChatId> = first.into_iter().filter(|chat| !found.contains(chat)).collect();
        found.extend(others.into_iter().take(most_chats.saturating_sub(found.len())));
        Ok(found)
    }

    /// The chats of the index from a given id, or beginning of an id, onwards.
    async fn erasing(&self, start: &str, most: i32) -> Result<Vec<ChatId>, Error> {
        let query = QueryInput::builder()
            .table_name(&self.tables.chats)
            .index_name("erasing")
            .key_condition_expression("erasing = :flagged AND chatId >= :start")
            .expression_attribute_values(":flagged", text(keys::FLAGGED))
            .expression_attribute_values(":start", text(start))
            .limit(most);
        let found = self.db.query(query).await?;
        let ids = found.items().iter().filter_map(|item| item.get("chatId")?.as_s().ok());
        ids.map(|id| Ok(ChatId::parse(id)?)).collect()
    }

    /// Erases up to `most` messages that a deleted chat left behind. When none are left, the function removes the chat
    /// from the index of chats to erase. Returns how many messages it erased.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn erase(&self, id: &ChatId, most: i32) -> Result<usize, Error> {
        let Some(chat) = self.chat_or_tombstone(id).await? else { return Ok(0) };
        // If the chat was created again after the deletion, its new messages begin above its base.
        let last = if chat.deleted { chat.seq } else { chat.base };
        let query = QueryInput::builder()
            .table_name(&self.tables.messages)
            .consistent_read(true)
            .projection_expression("chatId, seq")
            .key_condition_expression("chatId = :chat AND seq <= :last")
            .expression_attribute_values(":chat", text(id))
            .expression_attribute_values(":last", number(last))
            .limit(most);
        let found = self.db.query(query).await?;
        let is_last = found.last_evaluated_key.is_none();
        let left: Vec<Item> = found.items.unwrap_or_default();
        if left.is_empty() && is_last {
            self.erased(&chat).await?;
        }
        let erased = left.len();
        self.delete_all(left).await?;
        Ok(erased)
    }

    /// Removes the chat from the index, unless it was created again or deleted again meanwhile.
    async fn erased(&self, chat: &Chat) -> Result<(), Error> {
        let state = if chat.deleted { "attribute_exists(deletedAt)" } else { "attribute_not_exists(deletedAt)" };
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(&chat.id)))
            .update_expression("REMOVE erasing")
            .condition_expression(format!("#base = :base AND {state}"))
            .expression_attribute_names("#base", "base")
            .expression_attribute_values(":base", number(chat.base));
        self.db.applied(update).await?;
        Ok(())
    }

    async fn delete_all(&self, keys: Vec<Item>) -> Result<(), Error> {
        /// DynamoDB's limit for one BatchWriteItem.
        const BATCH_MAX: usize = 25;
        let table = &self.tables.messages;
        for batch in keys.chunks(BATCH_MAX) {
            let delete = |key: &Item| {
                let request = DeleteRequest::builder().set_key(Some(key.clone())).build().map_err(Error::internal)?;
                Ok(WriteRequest::builder().delete_request(request).build())
            };
            let mut pending: Vec<WriteRequest> = batch.iter().map(delete).collect::<Result<_, Error>>()?;
            let mut attempt = 0;
            while !pending.is_empty() {
                let write = BatchWriteItemInput::builder().request_items(table, pending);
                let left = self.db.tables.batch_write_item(write).await.map_err(Error::internal)?.unprocessed_items;
                pending = left.unwrap_or_default().remove(table).unwrap_or_default();
                if !pending.is_empty() {
                    self.db.backoff(attempt).await?;
                    attempt += 1;
                }
            }
        }
        Ok(())
    }
}
