//! Changes of a chat under optimistic locking: a transaction on condition that the chat's row is unchanged, and another
//! attempt with the present chat if it is not.

use relay::dynamo::{Refused, Transaction, TransactionOutcome, read};

use super::Store;
use super::rows::ChatRow;
use crate::domain::chat::Chat;
use crate::domain::id::ChatId;
use crate::error::Error;

/// How many attempts are made without a wait, each with the chat that a failed condition returned.
const ATTEMPTS_AT_ONCE: u32 = 6;

/// What to do with a chat, as it is at one moment.
pub(super) enum Plan<T> {
    /// There is nothing to write. This is the result.
    Done(T),
    /// Do these writes together, on condition that the chat is unchanged.
    Write {
        /// The writes. One of them has the condition that the chat is unchanged.
        transaction: Transaction,
        /// The position of that write. If its condition fails, it returns the present chat, and the next attempt may
        /// use that. `None` if the next attempt must wait and read the chat again, because it reads other rows again
        /// too.
        chat_at: Option<usize>,
        /// The result once the writes are done.
        result: T,
    },
}

impl Store {
    /// Changes a chat. `chat` is the chat as the caller knows it; it may be out of date. `plan` says what to do with a
    /// chat. It is called with `chat` first, and after each conflict again with the present chat. Returns the result of
    /// the plan that was carried out.
    ///
    /// A conflict means that a condition of the transaction failed, or that another run was writing one of its rows.
    ///
    /// Each attempt is one transaction, and the requests that `plan` makes; a plan that is done makes no transaction.
    /// The first six attempts are followed by the next one without a wait and without a read if the failed condition
    /// returned the chat. All others are followed by a random wait and one read of the chat.
    ///
    /// # Errors
    /// The errors of `plan`. `Error::Internal` if a request fails, if it is unknown whether the writes are done, or if
    /// there are still conflicts after many waits.
    pub(super) async fn commit<T, F>(&self, chat: Chat, plan: impl FnMut(Chat) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<Plan<T>, Error>>,
    {
        self.commit_unless(chat, |_| Ok(None), plan).await
    }

    /// Like [`Store::commit`], but a failed condition does not always lead to another attempt. `refused` looks at the
    /// failed conditions first. If it returns a result, that is the result.
    ///
    /// # Errors
    /// Those of [`Store::commit`], and those of `refused`.
    pub(super) async fn commit_unless<T, F>(
        &self,
        chat: Chat,
        refused: impl Fn(&mut Refused) -> Result<Option<T>, Error>,
        mut plan: impl FnMut(Chat) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<Plan<T>, Error>>,
    {
        let id = chat.id.clone();
        let mut chat = chat;
        let mut attempt = 0;
        loop {
            let (transaction, chat_at, result) = match plan(chat).await? {
                Plan::Done(result) => return Ok(result),
                Plan::Write { transaction, chat_at, result } => (transaction, chat_at, result),
            };
            let returned = match self.db.transact(transaction).await? {
                TransactionOutcome::Committed => return Ok(result),
                TransactionOutcome::Conflict => None,
                TransactionOutcome::Refused(mut conditions) => {
                    if let Some(result) = refused(&mut conditions)? {
                        return Ok(result);
                    }
                    chat_at.and_then(|index| conditions.take(index))
                }
            };
            chat = match returned.filter(|_| attempt < ATTEMPTS_AT_ONCE) {
                Some(row) => read::<ChatRow>(row)?.try_into()?,
                None => {
                    self.db.backoff(attempt).await?;
                    self.present(&id).await?
                }
            };
            attempt += 1;
        }
    }

    /// The chat as it is now, or its tombstone. One read.
    async fn present(&self, id: &ChatId) -> Result<Chat, Error> {
        let found = self.chat_or_tombstone(id).await?;
        found.ok_or_else(|| Error::internal("a chat's row is missing that was there a moment ago"))
    }
}
