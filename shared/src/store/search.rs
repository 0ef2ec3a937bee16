//! Reading a chat backwards, a bounded piece at a time, and erasing what a deleted chat left.

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};

use super::rows::{self, MessageRow};
use super::{Item, Store, keys, number, text};
use crate::domain::chat::Chat;
use crate::domain::id::ChatId;
use crate::domain::message::Message;
use crate::error::Error;

/// A piece of a chat, newest first, and where the next one begins.
#[derive(Debug)]
pub struct Scan {
    /// Newest first.
    pub messages: Vec<Message>,
    /// Whether the chat's beginning was reached.
    pub done: bool,
}

impl Store {
    /// Up to `most` messages from `from` downwards, within one query (a megabyte).
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn scan_back(&self, chat: &Chat, from: u64, most: u64) -> Result<Scan, Error> {
        let found = self
            .client
            .query()
            .table_name(&self.tables.messages)
            .scan_index_forward(false)
            .key_condition_expression("chatId = :chat AND seq BETWEEN :first AND :from")
            .expression_attribute_values(":chat", text(&chat.id))
            .expression_attribute_values(":first", number(chat.base + 1))
            .expression_attribute_values(":from", number(from))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(Error::internal)?;
        let done = found.last_evaluated_key.is_none();
        let items = found.items.unwrap_or_default().into_iter();
        let messages = items.map(|item| rows::read::<MessageRow>(item)?.try_into()).collect::<Result<_, Error>>()?;
        Ok(Scan { messages, done })
    }

    /// Deleted chats whose messages are still to be erased, at most `most`. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn chats_to_erase(&self, most: i32) -> Result<Vec<ChatId>, Error> {
        let found = self
            .client
            .query()
            .table_name(&self.tables.chats)
            .index_name("erasing")
            .key_condition_expression("erasing = :flagged")
            .expression_attribute_values(":flagged", text(keys::FLAGGED))
            .limit(most)
            .send()
            .await
            .map_err(Error::internal)?;
        let ids = found.items().iter().filter_map(|item| item.get("chatId")?.as_s().ok());
        ids.map(|id| ChatId::parse(id)).collect()
    }

    /// Erases up to `most` messages that a deleted chat left behind; once none are left, the chat is not to be erased any more. How many
    /// were erased.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn erase(&self, id: &ChatId, most: i32) -> Result<usize, Error> {
        let Some(chat) = self.chat_or_remains(id).await? else { return Ok(0) };
        // A chat made anew after the deletion begins above its base.
        let last = if chat.deleted { chat.seq } else { chat.base };
        let found = self
            .client
            .query()
            .table_name(&self.tables.messages)
            .projection_expression("chatId, seq")
            .key_condition_expression("chatId = :chat AND seq <= :last")
            .expression_attribute_values(":chat", text(id))
            .expression_attribute_values(":last", number(last))
            .limit(most)
            .send()
            .await
            .map_err(Error::internal)?;
        let left: Vec<Item> = found.items.unwrap_or_default();
        if left.is_empty() {
            self.erased(&chat).await?;
        }
        let erased = left.len();
        self.delete_all(left).await?;
        Ok(erased)
    }

    async fn erased(&self, chat: &Chat) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(&chat.id)))
            .update_expression("REMOVE erasing")
            .condition_expression("seq = :seq AND attribute_exists(erasing)")
            .expression_attribute_values(":seq", number(chat.seq));
        super::connection::applied(update.send().await).map(drop)
    }

    async fn delete_all(&self, keys: Vec<Item>) -> Result<(), Error> {
        /// DynamoDB's bound for one BatchWriteItem.
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
                let write = self.client.batch_write_item().request_items(table, pending).send().await;
                let left = write.map_err(Error::internal)?.unprocessed_items;
                pending = left.unwrap_or_default().remove(table).unwrap_or_default();
                if !pending.is_empty() {
                    self.backoff(attempt).await?;
                    attempt += 1;
                }
            }
        }
        Ok(())
    }
}
