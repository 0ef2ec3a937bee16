//! Deleting messages, for everyone or for one person. A deleted message becomes a placeholder, and no longer counts as
//! unread.

use aws_sdk_dynamodb::types::Update;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use relay::clock::Timestamp;
use relay::dynamo::{Transaction, number};

use super::commit::Plan;
use super::{Store, keys};
use crate::domain::chat::Chat;
use crate::domain::id::UserId;
use crate::domain::log::{ChangeKind, ChatEvent};
use crate::domain::message::Message;
use crate::error::Error;

/// The result of turning a message into a placeholder.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Deletion {
    /// The message is a placeholder now.
    Deleted(Box<(Chat, Message, ChatEvent)>),
    /// The message was a placeholder before.
    Already(Box<(Chat, Message)>),
    /// The chat was deleted.
    Gone,
}

impl Store {
    /// Deletes a message for everyone: removes its content, and it no longer counts as unread. One transaction of two
    /// writes, and one more write for each person who has nothing unread any more.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn delete_message(&self, chat: Chat, message: Message, at: Timestamp) -> Result<Deletion, Error> {
        self.change_message(chat, message, |chat, message| {
            if message.deleted_at.is_some() {
                return Ok(Plan::Done(Deletion::Already(Box::new((chat, message)))));
            }
            let waiting: Vec<UserId> =
                chat.people().into_iter().filter(|user| message.is_unread_for(&chat, user)).collect();
            let mut transaction = Transaction::default();
            transaction.update(self.blanking(&message, &waiting, at))?;
            let mut next = chat.with_one_unread_less(&waiting);
            next.change(&message.sender, ChangeKind::Deleted(message.id.seq), self.db.clock.now());
            self.recount(&mut transaction, &chat, &next)?;
            let deleted = Message { content: None, deleted_at: Some(at), ..message };
            let step = next.step_from(&chat);
            let result = Deletion::Deleted(Box::new((next, deleted, step)));
            Ok(Plan::Write { transaction, chat_at: None, result })
        })
        .await
    }

    /// Like [`Store::commit`], for a change of a chat and one of its messages. `plan` gets both as the caller knows
    /// them first, and after each conflict both as they are then. One more read after each conflict, of the message.
    ///
    /// # Errors
    /// Those of [`Store::commit`].
    async fn change_message(
        &self,
        chat: Chat,
        message: Message,
        plan: impl Fn(Chat, Message) -> Result<Plan<Deletion>, Error>,
    ) -> Result<Deletion, Error> {
        let (id, plan) = (&message.id.clone(), &plan);
        let mut known = Some(message);
        self.commit(chat, |chat| {
            let known = known.take();
            async move {
                let message = if known.is_some() { known } else { self.message(id).await? };
                match message {
                    Some(message) if chat.holds(id.seq) && !chat.deleted => plan(chat, message),
                    _ => Ok(Plan::Done(Deletion::Gone)),
                }
            }
        })
        .await
    }

    /// The write that blanks a message. Its condition: the message has not been deleted, and nobody of those who have
    /// it unread has read or hidden it meanwhile.
    fn blanking(&self, message: &Message, waiting: &[UserId], at: Timestamp) -> UpdateBuilder {
        let mut condition = "attribute_exists(chatId) AND attribute_not_exists(deletedAt)".to_owned();
        let mut update = Update::builder()
            .table_name(&self.tables.messages)
            .set_key(Some(keys::message(&message.id)))
            .update_expression("SET deletedAt = :at REMOVE #text, media")
            .expression_attribute_names("#text", "text")
            .expression_attribute_values(":at", number(at.millis()));
        for (index, user) in waiting.iter().enumerate() {
            condition
                .push_str(&format!(" AND attribute_not_exists(#read{index}) AND attribute_not_exists(#hidden{index})"));
            update = update
                .expression_attribute_names(format!("#read{index}"), keys::read(user))
                .expression_attribute_names(format!("#hidden{index}"), keys::hidden(user));
        }
        update.condition_expression(condition)
    }

    /// Deletes a message for one person only. It no longer counts as unread for this person. One transaction of two
    /// writes, and one more write if the person has nothing unread any more.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn hide_message(
        &self,
        chat: Chat,
        message: Message,
        from: &UserId,
        at: Timestamp,
    ) -> Result<Deletion, Error> {
        self.change_message(chat, message, |chat, mut message| {
            if message.hidden_for.contains_key(from) {
                return Ok(Plan::Done(Deletion::Already(Box::new((chat, message)))));
            }
            let unread = message.is_unread_for(&chat, from);
            let mut transaction = Transaction::default();
            transaction.update(self.hiding(&message, from, unread, at))?;
            let waiting = if unread { vec![from.clone()] } else { Vec::new() };
            let mut next = chat.with_one_unread_less(&waiting);
            next.change(from, ChangeKind::Hidden(message.id.seq), self.db.clock.now());
            self.recount(&mut transaction, &chat, &next)?;
            message.hidden_for.insert(from.clone(), at);
            let step = next.step_from(&chat);
            let result = Deletion::Deleted(Box::new((next, message, step)));
            Ok(Plan::Write { transaction, chat_at: None, result })
        })
        .await
    }

    fn hiding(&self, message: &Message, from: &UserId, unread: bool, at: Timestamp) -> UpdateBuilder {
        let mut condition = "attribute_exists(chatId) AND attribute_not_exists(#hidden)".to_owned();
        let mut update = Update::builder()
            .table_name(&self.tables.messages)
            .set_key(Some(keys::message(&message.id)))
            .update_expression("SET #hidden = :at")
            .expression_attribute_names("#hidden", keys::hidden(from))
            .expression_attribute_values(":at", number(at.millis()));
        if unread {
            condition.push_str(" AND attribute_not_exists(deletedAt) AND attribute_not_exists(#read)");
            update = update.expression_attribute_names("#read", keys::read(from));
        }
        update.condition_expression(condition)
    }
}
