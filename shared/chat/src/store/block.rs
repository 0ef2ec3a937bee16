//! Blocks of a chat: each participant may block it, and each block belongs to the person who set it.

use aws_sdk_dynamodb::types::{AttributeValue, Update};
use relay::clock::Timestamp;
use relay::dynamo::{Transaction, number, text};

use super::commit::Plan;
use super::log::{PositionUpdate, position_update};
use super::{Store, keys};
use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, UserId};
use crate::domain::log::ChatEvent;
use crate::error::Error;

/// The result of blocking a chat.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Blocking {
    /// The chat is blocked now.
    Blocked(Chat, ChatEvent),
    /// This person had blocked the chat before.
    Already(Chat),
    /// The chat was deleted.
    Gone,
}

/// The result of unblocking a chat.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Unblocking {
    /// This person's block is removed.
    Unblocked(Chat, ChatEvent),
    /// Only another person blocks the chat.
    NotYours,
    /// Nobody blocks the chat.
    Nobody(Chat),
    /// The chat was deleted.
    Gone,
}

impl Store {
    /// Blocks a chat for everybody, in the name of `by`. One transaction of two writes; none if `by` blocks the chat
    /// already.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn block(&self, chat: Chat, by: &UserId, at: Timestamp) -> Result<Blocking, Error> {
        match self.set_block(chat, by, true, at).await? {
            (chat, _) if chat.deleted => Ok(Blocking::Gone),
            (chat, Some(step)) => Ok(Blocking::Blocked(chat, step)),
            (chat, None) => Ok(Blocking::Already(chat)),
        }
    }

    /// Removes the block of `by`. One transaction of two writes; none if `by` does not block the chat.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn unblock(&self, chat: Chat, by: &UserId, at: Timestamp) -> Result<Unblocking, Error> {
        match self.set_block(chat, by, false, at).await? {
            (chat, _) if chat.deleted => Ok(Unblocking::Gone),
            (chat, Some(step)) => Ok(Unblocking::Unblocked(chat, step)),
            (chat, None) if chat.is_blocked() => Ok(Unblocking::NotYours),
            (chat, None) => Ok(Unblocking::Nobody(chat)),
        }
    }

    /// The chats that `user` blocks. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn blocked_chats(&self, user: &UserId) -> Result<Vec<ChatId>, Error> {
        self.flagged_chats("blocked", user).await
    }

    /// Sets or removes the block of `by`. Returns the chat and, if that changed anything, the event.
    async fn set_block(
        &self,
        chat: Chat,
        by: &UserId,
        blocks: bool,
        at: Timestamp,
    ) -> Result<(Chat, Option<ChatEvent>), Error> {
        self.commit(chat, |chat| async move {
            let Some((_, member)) = chat.member(by) else { return Ok(Plan::Done((chat, None))) };
            if chat.deleted || member.blocks == blocks {
                return Ok(Plan::Done((chat, None)));
            }
            let next = chat.with_block(by, blocks, at, self.db.clock.now());
            let transaction = self.blocking(&chat, &next, by, blocks)?;
            let step = next.step_from(&chat);
            Ok(Plan::Write { transaction, chat_at: Some(0), result: (next, Some(step)) })
        })
        .await
    }

    fn blocking(&self, chat: &Chat, next: &Chat, by: &UserId, blocks: bool) -> Result<Transaction, Error> {
        let (change, condition, flag) = if blocks {
            ("ADD blockedBy :set", "NOT contains(blockedBy, :by)", "SET blocked = :flagged")
        } else {
            ("DELETE blockedBy :set", "contains(blockedBy, :by)", "REMOVE blocked")
        };
        let PositionUpdate { set, condition: unmoved, mut values } = position_update(chat, next);
        values.insert(":at".to_owned(), number(next.updated_at.millis()));
        values.insert(":by".to_owned(), text(by));
        values.insert(":set".to_owned(), AttributeValue::Ss(vec![by.to_string()]));
        let mut transaction = Transaction::default();
        transaction.update(
            Update::builder()
                .table_name(&self.tables.chats)
                .set_key(Some(keys::chat(&next.id)))
                .update_expression(format!("SET updatedAt = :at, {} {change}", set.join(", ")))
                .condition_expression(format!("{condition} AND {unmoved}"))
                .set_expression_attribute_values(Some(values)),
        )?;
        let mut membership = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(by, keys::membership(&next.id))))
            .update_expression(flag)
            .condition_expression("attribute_exists(entry)");
        if blocks {
            membership = membership.expression_attribute_values(":flagged", text(keys::FLAGGED));
        }
        transaction.update(membership)?;
        Ok(transaction)
    }
}
