//! Messages: sending, reading, and recording that they were delivered.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::{PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{AttributeValue, Put, Update};
use relay::clock::Timestamp;
use relay::dynamo::{Changed, QueryInput, Refused, Transaction, UpdateItemInput, number, read, text, write};

use super::commit::Plan;
use super::limit::{Counter, NotCounted};
use super::log::{PositionUpdate, position_update};
use super::rows::{self, ChatRow, MessageRow, SentRow, VERSION};
use super::{Store, keys};
use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, ClientMessageId, MessageId, UserId};
use crate::domain::log::{ChatEvent, LEASE_MILLIS};
use crate::domain::message::{Draft, Message};
use crate::error::Error;

/// How long a client message id is remembered, in seconds (docs/dialects.md, "Repeated sends").
const SENT_TTL_SECS: i64 = 24 * 3_600;

/// The positions of the chat's write, of the count, and of the client message id among the writes of a send.
const CHAT: usize = 1;
const COUNT: usize = 2;
const SENT: usize = 3;

/// The result of a send.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Sending {
    /// The message is stored. The value holds the chat after it, the message, and the event.
    Stored(Box<(Chat, Message, ChatEvent)>),
    /// An earlier send with the same client message id stored this message.
    Repeated(OriginalSend),
    /// An earlier invocation for the same event stored this message.
    SameEvent(OriginalSend),
    /// Nothing is stored, because a participant blocks the chat.
    Blocked,
    /// Nothing is stored, because the chat was deleted, or the sender is no member any more.
    Gone,
    /// Nothing is stored, because the sender has reached the limit.
    Full {
        /// Whole seconds until the sender may try again.
        retry_after_secs: u64,
    },
}

/// The message that the first send with a client message id stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalSend {
    /// The id of the message.
    pub id: MessageId,
    /// When the message was stored.
    pub at: Timestamp,
}

impl Store {
    /// Stores the next message of a chat. One transaction writes the message, the chat, the sender's count against the
    /// limit, and the client message id if there is one. It also updates memberships: the unread flag of every other
    /// participant who had nothing unread, the day of everybody if this is the first message of the day, and the
    /// others' sets of silent peers if this is the sender's first message. `chat` may be slightly out of date: a failed
    /// condition returns the present chat. Three writes in the ordinary case, of two units each.
    ///
    /// # Errors
    /// `Error::Internal`. It is then unknown whether the message is stored.
    pub async fn send(&self, chat: Chat, draft: &Draft, counter: &Counter<'_>) -> Result<Sending, Error> {
        let sender = counter.user;
        let id = chat.id.clone();
        let refused = |refused: &mut Refused| not_sent(refused, &id, draft, counter);
        self.commit_unless(chat, refused, |chat| async move {
            let may_write = !chat.deleted && chat.member(sender).is_some();
            if !may_write || chat.is_blocked() {
                // The deletion of the chat, or the block, may be newer than an earlier send with the same client
                // message id.
                let first = self.find_by_client_id(sender, draft.client_message_id.as_ref()).await?;
                return Ok(Plan::Done(match first {
                    Some(first) => Sending::Repeated(first),
                    None if !may_write => Sending::Gone,
                    None => Sending::Blocked,
                }));
            }
            self.sending(chat, draft, counter)
        })
        .await
    }

    /// The message that a send with this client message id stored within the last day. One read; none without an id.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn find_by_client_id(
        &self,
        sender: &UserId,
        id: Option<&ClientMessageId>,
    ) -> Result<Option<OriginalSend>, Error> {
        let Some(id) = id else { return Ok(None) };
        let item = self.db.get(&self.tables.users, keys::user(sender, keys::sent(id))).await?;
        let Some(row) = item.map(read::<SentRow>).transpose()? else { return Ok(None) };
        if row.ttl <= self.db.clock.now().seconds() { Ok(None) } else { first_message(row).map(Some) }
    }

    /// The writes of a send, and its result. The write that records the client message id is at [`SENT`], if there is
    /// an id.
    fn sending(&self, chat: Chat, draft: &Draft, counter: &Counter<'_>) -> Result<Plan<Sending>, Error> {
        let (next, message) = draft.stored_in(&chat, counter.user, counter.at, self.db.clock.now());
        let mut transaction = Transaction::default();
        transaction.put(
            Put::builder()
                .table_name(&self.tables.messages)
                .set_item(Some(write(MessageRow::from(&message))?))
                .condition_expression("attribute_not_exists(chatId)"),
        )?;
        transaction.update(self.advance(&chat, &next, &message.sender)?)?;
        transaction.update(self.counting(counter, message.id.seq))?;
        if let Some(name) = &draft.client_message_id {
            transaction.put(self.note_sent(&message, name)?)?;
        }
        let is_first = chat.member(&message.sender).is_some_and(|(_, member)| !member.wrote);
        let new_day = keys::day(chat.active_at) != keys::day(next.active_at);
        for member in chat.members.iter().filter(|member| !member.gone) {
            let first_unread = member.user != message.sender && member.unread == 0;
            let first_words = is_first && member.user != message.sender;
            let (day, flag) = ("recent = :day", "unread = :flagged");
            let mut change = match (new_day, first_unread) {
                (false, false) if first_words => String::new(),
                (false, false) => continue,
                (true, false) => format!("SET {day}"),
                (false, true) => format!("SET {flag}"),
                (true, true) => format!("SET {day}, {flag}"),
            };
            if first_words {
                change.push_str(" DELETE silent :sender");
            }
            let mut update = Update::builder()
                .table_name(&self.tables.users)
                .set_key(Some(keys::user(&member.user, keys::membership(&chat.id))))
                .update_expression(change)
                .condition_expression("attribute_exists(entry)");
            if new_day {
                update = update.expression_attribute_values(":day", text(keys::day(next.active_at)));
            }
            if first_unread {
                update = update.expression_attribute_values(":flagged", text(keys::FLAGGED));
            }
            if first_words {
                let sender = AttributeValue::Ss(vec![message.sender.to_string()]);
                update = update.expression_attribute_values(":sender", sender);
            }
            transaction.update(update)?;
        }
        let step = next.step_from(&chat);
        let result = Sending::Stored(Box::new((next, message, step)));
        Ok(Plan::Write { transaction, chat_at: Some(CHAT), result })
    }

    /// The update of the chat's row for a send. Its condition holds every check.
    fn advance(&self, chat: &Chat, next: &Chat, sender: &UserId) -> Result<UpdateBuilder, Error> {
        let PositionUpdate { mut set, mut condition, mut values } = position_update(chat, next);
        set.extend(["activeAt = :active".to_owned(), "updatedAt = :updated".to_owned()]);
        condition.push_str(" AND attribute_not_exists(blockedBy)");
        values.insert(":active".to_owned(), number(next.active_at.millis()));
        values.insert(":updated".to_owned(), number(next.updated_at.millis()));
        let mut removal = String::new();
        for (index, (old, new)) in chat.members.iter().zip(&next.members).enumerate() {
            if old.user == *sender {
                condition.push_str(&format!(" AND attribute_not_exists(members[{index}].gone)"));
                if !old.wrote {
                    removal = format!(" REMOVE members[{index}].silent");
                }
                // The sender does not wait for their own message: a watermark of the sender that is at the end of the
                // chat moves with it.
                for (name, old, new) in [("read", old.read, new.read), ("got", old.delivered, new.delivered)] {
                    let value = format!(":{name}");
                    if old != new {
                        set.push(format!("members[{index}].#{name} = {value}"));
                        values.insert(value, number(new.seq));
                    }
                }
            } else if old.gone {
                condition.push_str(&format!(" AND attribute_exists(members[{index}].gone)"));
            } else {
                let met = if old.unread == 0 { "=" } else { ">" };
                condition.push_str(&format!(" AND members[{index}].unread {met} :zero"));
                set.push(format!("members[{index}].unread = members[{index}].unread + :one"));
                values.insert(":zero".to_owned(), number(0));
                values.insert(":one".to_owned(), number(1));
            }
        }
        let mut update = Update::builder()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(&chat.id)))
            .condition_expression(condition);
        for name in ["read", "got"] {
            if values.contains_key(&format!(":{name}")) {
                update = update.expression_attribute_names(format!("#{name}"), name);
            }
        }
        let change = format!("SET {}{removal}", set.join(", "));
        Ok(update.update_expression(change).set_expression_attribute_values(Some(values)))
    }

    fn note_sent(&self, message: &Message, name: &ClientMessageId) -> Result<PutBuilder, Error> {
        let now = self.db.clock.now().seconds();
        let row = SentRow {
            user_id: message.sender.to_string(),
            entry: keys::sent(name),
            v: VERSION,
            chat_id: message.id.chat.to_string(),
            seq: message.id.seq,
            ttl: now + SENT_TTL_SECS,
        };
        Ok(Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(write(row)?))
            .condition_expression("attribute_not_exists(entry) OR #ttl <= :now")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", number(now)))
    }

    /// Reads one message. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn message(&self, id: &MessageId) -> Result<Option<Message>, Error> {
        let item = self.db.get(&self.tables.messages, keys::message(id)).await?;
        item.map(rows::message).transpose()
    }

    /// The messages among `ids` that exist, oldest first. One read per hundred.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn messages_by_id(&self, ids: impl Iterator<Item = &MessageId>) -> Result<Vec<Message>, Error> {
        let items = self.db.get_all(&self.tables.messages, ids.map(keys::message).collect()).await?;
        let mut messages: Vec<Message> = items.into_iter().map(rows::message).collect::<Result<_, Error>>()?;
        messages.sort_by_key(|message| message.id.seq);
        Ok(messages)
    }

    /// The messages of a chat from one sort key to another, both included, oldest first. One query per megabyte,
    /// wherever in the chat they are.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn messages(&self, chat: &Chat, from: u64, to: u64) -> Result<Vec<Message>, Error> {
        if from > to {
            return Ok(Vec::new());
        }
        let query = QueryInput::builder()
            .table_name(&self.tables.messages)
            .consistent_read(true)
            .key_condition_expression("chatId = :chat AND seq BETWEEN :from AND :to")
            .expression_attribute_values(":chat", text(&chat.id))
            .expression_attribute_values(":from", number(from))
            .expression_attribute_values(":to", number(to));
        let found = self.db.query_all(query).await?;
        found.into_iter().map(rows::message).collect()
    }

    /// Adds the writes that turn `chat` into `next`: the change, and the members' unread counters and read watermarks,
    /// on condition that no event happened meanwhile. Also clears the flags of the members who have nothing unread any
    /// more.
    pub(super) fn recount(&self, transaction: &mut Transaction, chat: &Chat, next: &Chat) -> Result<(), Error> {
        let PositionUpdate { mut set, condition, mut values } = position_update(chat, next);
        let mut names = HashMap::new();
        for (index, (old, new)) in chat.members.iter().zip(&next.members).enumerate() {
            if old.unread != new.unread {
                set.push(format!("members[{index}].unread = :left{index}"));
                values.insert(format!(":left{index}"), number(new.unread));
            }
            if old.read != new.read {
                set.push(format!("members[{index}].#read = :reads{index}, members[{index}].readAt = :readAt{index}"));
                values.insert(format!(":reads{index}"), number(new.read.seq));
                values.insert(format!(":readAt{index}"), number(new.read.at.map_or(0, Timestamp::millis)));
                names.insert("#read".to_owned(), "read".to_owned());
            }
        }
        transaction.update(
            Update::builder()
                .table_name(&self.tables.chats)
                .set_key(Some(keys::chat(&chat.id)))
                .update_expression(format!("SET {}", set.join(", ")))
                .condition_expression(condition)
                .set_expression_attribute_names(Some(names).filter(|names| !names.is_empty()))
                .set_expression_attribute_values(Some(values)),
        )?;
        for (old, new) in chat.members.iter().zip(&next.members) {
            if old.unread > 0 && new.unread == 0 {
                transaction.update(
                    Update::builder()
                        .table_name(&self.tables.users)
                        .set_key(Some(keys::user(&old.user, keys::membership(&chat.id))))
                        .update_expression("REMOVE unread")
                        .condition_expression("attribute_exists(entry)"),
                )?;
            }
        }
        Ok(())
    }

    /// Records that a message has been delivered to everybody who is online, and that it reached a recipient. If it is
    /// the next message after the recipient's watermark, the watermark moves. Otherwise the message itself stores the
    /// recipient. One write if the watermark moves. Two if the message stores the recipient, and one more if the write
    /// of the watermark was tried and refused before.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn delivered(&self, chat: &Chat, message: &Message, to: &UserId, at: Timestamp) -> Result<(), Error> {
        let Some((index, member)) = chat.member(to) else { return Ok(()) };
        let before = message.id.seq.saturating_sub(1);
        let is_next = member.delivered.seq.max(member.read.seq) >= before;
        let delivered_position = chat.position().events();
        if is_next {
            let advance =
                Advance { from: before, to: message.id.seq, at, delivered_position: Some(delivered_position) };
            match self.advance_delivered(chat, index, advance).await? {
                Advanced::Done | Advanced::Before => return Ok(()),
                Advanced::NotNext => {}
            }
        }
        self.record_delivered(&chat.id, delivered_position).await?;
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.messages)
            .set_key(Some(keys::message(&message.id)))
            .update_expression("ADD deliveredTo :user")
            .condition_expression("attribute_exists(chatId)")
            .expression_attribute_values(":user", AttributeValue::Ss(vec![to.to_string()]));
        self.db.applied(update).await?;
        Ok(())
    }

    /// Records that a recipient fetched all messages of a chat. Returns whether there were undelivered ones. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn fetched(&self, chat: &Chat, by: &UserId, at: Timestamp) -> Result<bool, Error> {
        let Some((index, member)) = chat.member(by) else { return Ok(false) };
        if member.delivered.seq >= chat.seq {
            return Ok(false);
        }
        let advance = Advance { from: member.delivered.seq, to: chat.seq, at, delivered_position: None };
        Ok(self.advance_delivered(chat, index, advance).await? == Advanced::Done)
    }

    /// Moves the delivered watermark of the member at `index` forward. One write.
    async fn advance_delivered(&self, chat: &Chat, index: usize, advance: Advance) -> Result<Advanced, Error> {
        let Advance { from, to, at, delivered_position } = advance;
        let mut change = format!("SET members[{index}].got = :to, members[{index}].gotAt = :at");
        let mut condition = format!(
            "attribute_not_exists(deletedAt) AND members[{index}].got < :to \
             AND (members[{index}].got >= :from OR members[{index}].#read >= :from)"
        );
        if delivered_position.is_some() {
            change.push_str(", told = :told, leaseUntil = :lease REMOVE leaseBy");
            condition.push_str(" AND (attribute_not_exists(told) OR told <= :told)");
        }
        let mut update = UpdateItemInput::builder()
            .table_name(&self.tables.chats)
            .set_key(Some(keys::chat(&chat.id)))
            .update_expression(change)
            .condition_expression(condition)
            .expression_attribute_names("#read", "read")
            .expression_attribute_values(":from", number(from))
            .expression_attribute_values(":to", number(to))
            .expression_attribute_values(":at", number(at.millis()));
        if let Some(delivered_position) = delivered_position {
            let lease = self.db.clock.now().plus_millis(LEASE_MILLIS);
            update = update
                .expression_attribute_values(":told", number(delivered_position))
                .expression_attribute_values(":lease", number(lease.millis()));
        }
        let row = match self.db.update::<ChatRow>(update).await? {
            Changed::Done(_) => return Ok(Advanced::Done),
            Changed::Refused(row) => row,
        };
        let Some(row) = row.filter(|row| row.deleted_at.is_none()) else { return Ok(Advanced::NotNext) };
        let recorded = delivered_position.is_none_or(|delivered_position| row.delivered_position >= delivered_position);
        Ok(match row.members.get(index) {
            // An earlier attempt succeeded, and its answer was lost.
            Some(member) if recorded && member.got == to && member.got_at == Some(at.millis()) => Advanced::Done,
            Some(member) if recorded && member.got >= to => Advanced::Before,
            _ => Advanced::NotNext,
        })
    }
}

/// A move of a delivered watermark.
#[derive(Clone, Copy, Debug)]
struct Advance {
    /// The watermark must be here or further, or the member must have read up to here.
    from: u64,
    /// Where the watermark moves to. It must not be here yet.
    to: u64,
    /// When the messages reached the member.
    at: Timestamp,
    /// If given, the same write records that this number of events has been delivered, on condition that no higher
    /// number is recorded.
    delivered_position: Option<u64>,
}

/// The result of moving a delivered watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Advanced {
    /// The watermark moved.
    Done,
    /// The watermark was there or further already.
    Before,
    /// The watermark did not move: an earlier message has not been delivered, or the chat was deleted.
    NotNext,
}

/// The result of a send that was refused for another reason than a change of the chat. `None` if the chat changed.
fn not_sent(
    refused: &mut Refused,
    chat: &ChatId,
    draft: &Draft,
    counter: &Counter<'_>,
) -> Result<Option<Sending>, Error> {
    if let Some(row) = draft.client_message_id.as_ref().and_then(|_| refused.take(SENT)) {
        return Ok(Some(Sending::Repeated(first_message(read(row)?)?)));
    }
    if !refused.at(COUNT) {
        return Ok(None);
    }
    Ok(match counter.refusal(refused.take(COUNT).as_ref()) {
        NotCounted::SameEvent(seq) => {
            let id = MessageId { chat: chat.clone(), seq };
            Some(Sending::SameEvent(OriginalSend { id, at: counter.at }))
        }
        NotCounted::Full { retry_after_secs } => Some(Sending::Full { retry_after_secs }),
        NotCounted::Changed => None,
    })
}

fn first_message(row: SentRow) -> Result<OriginalSend, Error> {
    let SentRow { user_id: _, entry: _, v: _, chat_id, seq, ttl } = row;
    let id = MessageId { chat: ChatId::parse(&chat_id)?, seq };
    Ok(OriginalSend { id, at: Timestamp::from_millis((ttl - SENT_TTL_SECS) * 1_000) })
}
