//! Questions: events that ask a client for an ack (docs/protocol.md, "Server-to-client acks"). The open questions are
//! stored on the session, which the handler of an ack reads anyway. So an ack that belongs to no question costs no
//! further request.

use std::collections::HashSet;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::rows::SessionRow;
use super::{Session, Store, keys};
use crate::clock::Timestamp;
use crate::dynamo::{Changed, UpdateItemInput, number, outdated, text};
use crate::error::Error;

/// The most questions that may be open at once on one socket. The session must stay small, because every event reads
/// it.
pub const QUESTIONS_MAX: usize = 16;

/// The most nonces of answers that a session keeps. After that the outdated ones are deleted.
const ANSWERED_MAX: usize = 16;

/// A question that a client has not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The ack id, in digits.
    pub id: String,
    /// What the question is about, in the words of the application.
    pub about: String,
    /// When the question ends. An ack after this time is ignored.
    pub until: Timestamp,
}

/// The result of storing a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Asking {
    /// The question is stored and may be sent to the client.
    Noted,
    /// Too many questions are open.
    TooMany,
    /// The socket has left.
    Gone,
}

/// The result of removing a question because of an ack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Answering {
    /// This is the first ack of the question.
    First,
    /// The question was answered before, or the socket has left.
    Over,
}

impl Store {
    /// Stores a question before it is sent to the client. One write; two more if questions that have ended must be
    /// removed first.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn ask(&self, session: &Session, question: &Question, now: Timestamp) -> Result<Asking, Error> {
        let entry = keys::question(question);
        let mut connection = session.connection.to_string();
        let mut cleared = false;
        loop {
            let update = self
                .questions(&connection, session)
                .update_expression("ADD asked :question")
                .condition_expression(
                    "pid = :pid AND attribute_not_exists(endedAt) AND attribute_not_exists(movedTo) \
                     AND (attribute_not_exists(asked) OR size(asked) < :most OR contains(asked, :entry))",
                )
                .expression_attribute_values(":question", set([entry.clone()]))
                .expression_attribute_values(":entry", text(&entry))
                .expression_attribute_values(":most", number(QUESTIONS_MAX));
            let Changed::Refused(row) = self.db.update::<SessionRow>(update).await? else { return Ok(Asking::Noted) };
            let Some(row) = row else { return Ok(Asking::Gone) };
            if let Some(to) = row.moved_to {
                connection = to;
                continue;
            }
            if row.ended_at.is_some() || row.pid != session.pid.to_string() {
                return Ok(Asking::Gone);
            }
            let over = row.asked.into_iter().filter(|entry| !is_open(entry, now));
            let over: Vec<String> = over.collect();
            if cleared || over.is_empty() {
                return Ok(Asking::TooMany);
            }
            let update = self.questions(&connection, session).update_expression("DELETE asked :over");
            let update = update.condition_expression("pid = :pid").expression_attribute_values(":over", set(over));
            self.db.applied(update).await?;
            cleared = true;
        }
    }

    /// Removes a question because its ack has arrived. This succeeds once per question. One write, and one more each
    /// time that it finds `ANSWERED_MAX` outdated nonces to delete.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn answer(&self, session: &Session, question: &Question) -> Result<Answering, Error> {
        let entry = keys::question(question);
        let nonce = self.db.nonce();
        let mut connection = session.connection.to_string();
        loop {
            let update = self
                .questions(&connection, session)
                .update_expression("ADD answered :nonces DELETE asked :question")
                .condition_expression("pid = :pid AND attribute_not_exists(movedTo) AND contains(asked, :entry)")
                .expression_attribute_values(":nonces", set([nonce.clone()]))
                .expression_attribute_values(":question", set([entry.clone()]))
                .expression_attribute_values(":entry", text(&entry))
                .return_values(ReturnValue::AllOld);
            match self.db.update::<SessionRow>(update).await? {
                Changed::Done(row) => {
                    // The ack counts, whether the old nonces are deleted now or with the next ack.
                    let _ = self.forget_answers(&connection, session, row).await;
                    return Ok(Answering::First);
                }
                Changed::Refused(Some(row)) if row.answered.contains(&nonce) => return Ok(Answering::First),
                Changed::Refused(Some(SessionRow { moved_to: Some(to), .. })) => connection = to,
                Changed::Refused(_) => return Ok(Answering::Over),
            }
        }
    }

    /// Deletes the nonces that no attempt will look for any more, when there are many of them.
    async fn forget_answers(&self, connection: &str, session: &Session, row: Option<SessionRow>) -> Result<(), Error> {
        let over = outdated(&row.map(|row| row.answered).unwrap_or_default(), self.db.clock.now());
        if over.len() < ANSWERED_MAX {
            return Ok(());
        }
        let update = self.questions(connection, session).update_expression("DELETE answered :over");
        let update = update.condition_expression("pid = :pid").expression_attribute_values(":over", set(over));
        self.db.applied(update).await.map(drop)
    }

    fn questions(&self, connection: &str, session: &Session) -> UpdateItemInputBuilder {
        UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keys::connection(connection, &session.namespace)))
            .expression_attribute_values(":pid", AttributeValue::S(session.pid.to_string()))
    }
}

fn is_open(entry: &str, now: Timestamp) -> bool {
    keys::question_of(entry).is_some_and(|question| now < question.until)
}

fn set(entries: impl IntoIterator<Item = String>) -> AttributeValue {
    AttributeValue::Ss(entries.into_iter().collect::<HashSet<_>>().into_iter().collect())
}
