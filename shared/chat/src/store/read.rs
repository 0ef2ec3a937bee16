//! Reading: marking a chat or messages as read, and finding the chats with unread messages.

use aws_sdk_dynamodb::types::Update;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use relay::clock::Timestamp;
use relay::dynamo::{Transaction, number};

use super::commit::Plan;
use super::{Store, keys};
use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, MessageId, UserId};
use crate::domain::log::ChangeKind;
use crate::domain::message::Message;
use crate::error::Error;

/// The result of marking messages as read.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Marking {
    /// At least one message was newly marked.
    Marked {
        /// The chat just before.
        before: Box<Chat>,
        /// The chat after it.
        after: Box<Chat>,
        /// The messages, if single messages were marked.
        messages: Vec<Message>,
    },
    /// Nothing was unread.
    Nothing(Box<Chat>),
    /// The chat was deleted.
    Gone,
}

impl Store {
    /// Marks a whole chat as read by `reader`: watermark, counter and flag in one transaction of two writes. Does *not*
    /// write if nothing is unread.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn mark_chat_read(&self, chat: Chat, reader: &UserId, at: Timestamp) -> Result<Marking, Error> {
        self.commit(chat, |chat| async move {
            let Some((_, member)) = chat.member(reader).filter(|_| !chat.deleted) else {
                return Ok(Plan::Done(Marking::Gone));
            };
            if member.unread == 0 {
                return Ok(Plan::Done(Marking::Nothing(Box::new(chat))));
            }
            let what = ChangeKind::ReadAll { after: member.read.seq, marked: member.unread, received: at };
            let mut next = chat.with_unread(reader, 0, at);
            next.change(reader, what, self.db.clock.now());
            let mut transaction = Transaction::default();
            self.recount(&mut transaction, &chat, &next)?;
            let result = Marking::Marked { before: Box::new(chat), after: Box::new(next), messages: Vec::new() };
            Ok(Plan::Write { transaction, chat_at: Some(0), result })
        })
        .await
    }

    /// Marks messages of a chat as read by `reader`, at most ninety. One transaction records it in each message and
    /// lowers the counter by as many. Ignores messages that are not unread, and does *not* write if none is.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn mark_messages_read(
        &self,
        chat: Chat,
        messages: Vec<Message>,
        reader: &UserId,
        at: Timestamp,
    ) -> Result<Marking, Error> {
        let ids: &Vec<MessageId> = &messages.iter().map(|message| message.id.clone()).collect();
        let mut known = Some(messages);
        self.commit(chat, |chat| {
            let known = known.take();
            async move {
                let mut messages = match known {
                    Some(messages) => messages,
                    None => self.messages_by_id(ids.iter()).await?,
                };
                let Some((_, member)) = chat.member(reader).filter(|_| !chat.deleted) else {
                    return Ok(Plan::Done(Marking::Gone));
                };
                messages.retain(|message| chat.holds(message.id.seq) && message.is_unread_for(&chat, reader));
                if messages.is_empty() {
                    return Ok(Plan::Done(Marking::Nothing(Box::new(chat))));
                }
                let marked = u64::try_from(messages.len()).unwrap_or(u64::MAX);
                let what = ChangeKind::Read(messages.iter().map(|message| message.id.seq).collect());
                let mut next = chat.with_unread(reader, member.unread.saturating_sub(marked), at);
                next.change(reader, what, self.db.clock.now());
                let mut transaction = Transaction::default();
                self.recount(&mut transaction, &chat, &next)?;
                for message in &mut messages {
                    transaction.update(self.marking(message, reader, at))?;
                    message.read_by.insert(reader.clone(), at);
                }
                let result = Marking::Marked { before: Box::new(chat), after: Box::new(next), messages };
                Ok(Plan::Write { transaction, chat_at: None, result })
            }
        })
        .await
    }

    fn marking(&self, message: &Message, reader: &UserId, at: Timestamp) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.tables.messages)
            .set_key(Some(keys::message(&message.id)))
            .update_expression("SET #read = :at")
            .condition_expression(
                "attribute_exists(chatId) AND attribute_not_exists(deletedAt) AND attribute_not_exists(#read) \
                 AND attribute_not_exists(#hidden)",
            )
            .expression_attribute_names("#read", keys::read(reader))
            .expression_attribute_names("#hidden", keys::hidden(reader))
            .expression_attribute_values(":at", number(at.millis()))
    }

    /// The chats in which `user` has unread messages. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn unread_chats(&self, user: &UserId) -> Result<Vec<ChatId>, Error> {
        self.flagged_chats("unread", user).await
    }
}
