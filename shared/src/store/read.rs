//! Reading: marking a chat, and counting what waits.

use super::Store;
use super::transaction::{Outcome, Transaction};
use crate::domain::chat::{Chat, Watermark};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ChatId, UserId};
use crate::error::Error;

/// What became of marking a chat as read.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Reading {
    /// So many messages were newly marked, at least one.
    Marked(u64),
    /// Nothing was unread.
    Nothing,
    /// The chat was deleted.
    Gone,
}

impl Store {
    /// Marks a whole chat as read by `reader`: watermark, counter and flag in one transaction of two writes. Does *not* write if nothing
    /// is unread.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn mark_read(&self, chat: Chat, reader: &UserId, at: Timestamp) -> Result<Reading, Error> {
        let mut chat = chat;
        let mut attempt = 0;
        loop {
            let Some((index, member)) = chat.member(reader).filter(|_| !chat.deleted) else { return Ok(Reading::Gone) };
            let marked = member.unread;
            if marked == 0 {
                return Ok(Reading::Nothing);
            }
            let mut next = chat.clone();
            if let Some(member) = next.members.get_mut(index) {
                member.unread = 0;
                member.read = Watermark { seq: chat.seq, at: Some(at) };
            }
            let mut transaction = Transaction::default();
            self.recount(&mut transaction, &chat, &next)?;
            match self.transact(transaction).await? {
                Outcome::Committed => return Ok(Reading::Marked(marked)),
                Outcome::Conflict => chat = self.present(&chat).await?,
                Outcome::Refused(mut refused) => {
                    chat = match refused.take(0) {
                        Some(item) => super::rows::read::<super::rows::ChatRow>(item)?.try_into()?,
                        None => self.present(&chat).await?,
                    };
                }
            }
            self.backoff(attempt).await?;
            attempt += 1;
        }
    }

    /// The chats in which something waits for `user`. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn unread_chats(&self, user: &UserId) -> Result<Vec<ChatId>, Error> {
        self.flagged_chats("unread", user).await
    }
}
