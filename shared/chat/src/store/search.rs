//! Reading a chat backwards, in bounded pieces.

use relay::dynamo::{QueryInput, number, text};

use super::{Store, rows};
use crate::domain::chat::Chat;
use crate::domain::message::Message;
use crate::error::Error;

/// A piece of a chat, and where the next piece begins.
#[derive(Debug)]
pub struct Scan {
    /// The messages, newest first. A piece may be empty although there is a next one.
    pub messages: Vec<Message>,
    /// The sort key at which the next piece begins; `None` at the beginning of the chat.
    pub next: Option<u64>,
}

impl Store {
    /// Reads up to `most` messages from `from` downwards, within one query (one megabyte).
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn scan_back(&self, chat: &Chat, from: u64, most: u64) -> Result<Scan, Error> {
        let query = QueryInput::builder()
            .table_name(&self.tables.messages)
            .scan_index_forward(false)
            .key_condition_expression("chatId = :chat AND seq BETWEEN :first AND :from")
            .expression_attribute_values(":chat", text(&chat.id))
            .expression_attribute_values(":first", number(chat.base + 1))
            .expression_attribute_values(":from", number(from))
            .limit(i32::try_from(most).unwrap_or(i32::MAX));
        let found = self.db.query(query).await?;
        let last = found.last_evaluated_key.as_ref().and_then(|key| key.get("seq")?.as_n().ok()?.parse::<u64>().ok());
        let items = found.items.unwrap_or_default().into_iter();
        let messages = items.map(rows::message).collect::<Result<_, Error>>()?;
        Ok(Scan { messages, next: last.map(|last| last.saturating_sub(1)) })
    }
}
