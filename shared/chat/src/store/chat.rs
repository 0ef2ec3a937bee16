//! Chats and their participants: creating, finding, listing and deleting chats.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, Update};
use relay::application::FoundRow;
use relay::clock::Timestamp;
use relay::dynamo::{Item, QueryInput, RowKey, Transaction, TransactionOutcome, number, read, text, write};

use super::commit::Plan;
use super::limit::{Counter, NotCounted};
use super::log::{PositionUpdate, position_update};
use super::rows::{self, ChatRow, MembershipRow};
use super::{Store, keys};
use crate::domain::chat::{Chat, chat_id};
use crate::domain::id::{ChatId, ListingId, MessageId, UserId};
use crate::domain::log::{ChangeKind, ChatEvent};
use crate::domain::message::Message;
use crate::domain::page::Page;
use crate::error::Error;

/// How many rows of a membership index one query reads.
const INDEX_BATCH: i32 = 500;

/// How long a membership of a deleted chat is kept, in seconds: longer than a client may be away and still recover its
/// session.
const ERASED_TTL_SECS: i64 = 2 * 3_600;

/// The result of creating a chat.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Creation {
    /// The chat is new.
    Created(Chat, ChatEvent),
    /// The chat existed already.
    AlreadyThere(Chat),
    /// No chat is created, because its creator has reached the limit.
    Full {
        /// Whole seconds until the creator may try again.
        retry_after_secs: u64,
    },
    /// No chat is created, because somebody has no profile any more.
    Unknown,
}

/// A chat that was read before the use case began.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundChat {
    /// The id of the chat.
    pub id: ChatId,
    /// The chat, or the tombstone of a deleted chat; `None` if there is no such row.
    pub chat: Option<Chat>,
}

impl FoundChat {
    /// Reads the row that [`Store::chat_row`] addresses.
    ///
    /// # Errors
    /// `Error::Internal` if it is another row, or not one of a chat.
    pub fn read(found: FoundRow) -> Result<Self, Error> {
        let id = found.row.key.get("chatId").and_then(|id| id.as_s().ok()).map(|id| ChatId::parse(id));
        let id = id.ok_or_else(|| Error::internal("the row is not one of a chat"))??;
        Ok(Self { id, chat: chat_in(found.item)? })
    }
}

fn chat_in(item: Option<Item>) -> Result<Option<Chat>, Error> {
    item.map(|item| read::<ChatRow>(item)?.try_into()).transpose()
}

impl Store {
    /// Reads a chat; `None` if it was deleted or never existed. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn chat(&self, id: &ChatId) -> Result<Option<Chat>, Error> {
        Ok(self.chat_or_tombstone(id).await?.filter(|chat| !chat.deleted))
    }

    /// Reads a chat, or the tombstone of a deleted chat. One read.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn chat_or_tombstone(&self, id: &ChatId) -> Result<Option<Chat>, Error> {
        let RowKey { table, key } = self.chat_row(id);
        chat_in(self.db.get(&table, key).await?)
    }

    /// The address of a chat's row, which [`FoundChat::read`] reads.
    #[must_use]
    pub fn chat_row(&self, id: &ChatId) -> RowKey {
        RowKey { table: self.tables.chats.clone(), key: keys::chat(id) }
    }

    /// The chats among `ids` that exist and were not deleted, in no particular order. One read per hundred.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn chats(&self, ids: &[ChatId]) -> Result<Vec<Chat>, Error> {
        Ok(self.chats_or_tombstones(ids).await?.into_iter().filter(|chat| !chat.deleted).collect())
    }

    /// The chats among `ids` that exist, or the tombstones of deleted ones, in no particular order. One read per
    /// hundred.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn chats_or_tombstones(&self, ids: &[ChatId]) -> Result<Vec<Chat>, Error> {
        let items = self.db.get_all(&self.tables.chats, ids.iter().map(keys::chat).collect()).await?;
        items.into_iter().map(|item| read::<ChatRow>(item)?.try_into()).collect()
    }

    /// The newest message of each chat that has messages. One read per hundred.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn latest_messages(&self, chats: &[Chat]) -> Result<HashMap<ChatId, Message>, Error> {
        let newest = chats.iter().filter(|chat| chat.total() > 0);
        let keys = newest.map(|chat| keys::message(&MessageId { chat: chat.id.clone(), seq: chat.seq })).collect();
        let items = self.db.get_all(&self.tables.messages, keys).await?;
        let messages = items.into_iter().map(|item| {
            let message = rows::message(item)?;
            Ok((message.id.chat.clone(), message))
        });
        messages.collect()
    }

    /// Creates the chat of these people about this listing. One transaction writes the chat, its creator's count
    /// against the limit, the memberships and the chat counts. `remains` is the tombstone of an earlier chat, if there
    /// is one. Does *not* write if somebody else created the chat meanwhile, or if the chat is not about a listing and
    /// one of the others has no profile. Two writes per person and two more.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn create_chat(
        &self,
        people: &BTreeSet<UserId>,
        about: Option<&ListingId>,
        remains: Option<Chat>,
        counter: &Counter<'_>,
    ) -> Result<Creation, Error> {
        /// The position of the first write to a profile in the transaction; the others follow with one write between.
        const FIRST_PROFILE: usize = 3;
        let id = chat_id(people, about);
        let mut remains = remains;
        let mut attempt = 0;
        loop {
            let before = match &remains {
                Some(chat) if !chat.deleted => return Ok(Creation::AlreadyThere(chat.clone())),
                Some(chat) => chat.clone(),
                None => Chat::between(people, about.cloned(), 0, counter.at),
            };
            let mut chat = before.made_anew(counter.at);
            chat.change(counter.user, ChangeKind::Created, self.db.clock.now());
            match self.db.transact(self.creation(&before, &chat, counter)?).await? {
                TransactionOutcome::Committed => {
                    let step = chat.step_from(&before);
                    return Ok(Creation::Created(chat, step));
                }
                TransactionOutcome::Refused(mut refused) => {
                    if refused.at(1) && !refused.at(0) {
                        let full = counter.refusal(refused.take(1).as_ref());
                        if let NotCounted::Full { retry_after_secs } = full {
                            return Ok(Creation::Full { retry_after_secs });
                        }
                    }
                    let is_unknown = |index| refused.at(FIRST_PROFILE + 2 * index);
                    if !refused.at(0) && (0..chat.members.len()).any(is_unknown) {
                        return Ok(Creation::Unknown);
                    }
                    match refused.take(0) {
                        Some(item) => remains = Some(read::<ChatRow>(item)?.try_into()?),
                        None => remains = self.chat_or_tombstone(&id).await?,
                    }
                }
                TransactionOutcome::Conflict => {}
            }
            self.db.backoff(attempt).await?;
            attempt += 1;
        }
    }

    fn creation(&self, before: &Chat, chat: &Chat, counter: &Counter<'_>) -> Result<Transaction, Error> {
        let mut transaction = Transaction::default();
        let mut row = write(ChatRow::from(chat))?;
        if chat.base > 0 {
            // The messages of the former chat may not be erased yet.
            row.insert("erasing".to_owned(), text(keys::FLAGGED));
        }
        transaction.put(
            Put::builder()
                .table_name(&self.tables.chats)
                .set_item(Some(row))
                .condition_expression(
                    "attribute_not_exists(chatId) OR (attribute_exists(deletedAt) AND seq = :base \
                     AND (attribute_not_exists(rev) OR rev = :rev))",
                )
                .expression_attribute_values(":base", number(chat.base))
                .expression_attribute_values(":rev", number(before.rev)),
        )?;
        transaction.update(self.counting(counter, chat.seq))?;
        for member in &chat.members {
            let membership = write(MembershipRow::new(chat, &member.user))?;
            transaction.put(Put::builder().table_name(&self.tables.users).set_item(Some(membership)))?;
            let mut profile = Update::builder()
                .table_name(&self.tables.users)
                .set_key(Some(keys::user(&member.user, keys::PROFILE)))
                .update_expression("ADD chats :one")
                .expression_attribute_values(":one", number(1));
            // The owner of a listing need not have been seen.
            if chat.about.is_none() && member.user != *counter.user {
                profile = profile.condition_expression("attribute_exists(entry)");
            }
            transaction.update(profile)?;
        }
        Ok(transaction)
    }

    /// Deletes a chat for everybody and leaves a tombstone. The tombstone says where the messages of a next chat begin,
    /// that the old messages must be erased, who other than `by` blocked the chat, and for a while that the chat
    /// existed. One transaction of five writes. Returns the event, if this call deleted the chat.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn delete_chat(&self, chat: Chat, by: &UserId, at: Timestamp) -> Result<Option<ChatEvent>, Error> {
        self.commit(chat, |chat| async move {
            if chat.deleted {
                return Ok(Plan::Done(None));
            }
            let mut next = chat.clone();
            next.change(by, ChangeKind::Erased, self.db.clock.now());
            let PositionUpdate { set, condition, mut values } = position_update(&chat, &next);
            values.insert(":at".to_owned(), number(at.millis()));
            values.insert(":flagged".to_owned(), text(keys::FLAGGED));
            values.insert(":by".to_owned(), AttributeValue::Ss(vec![by.to_string()]));
            let set = set.join(", ");
            let mut transaction = Transaction::default();
            transaction.update(
                Update::builder()
                    .table_name(&self.tables.chats)
                    .set_key(Some(keys::chat(&chat.id)))
                    .update_expression(format!(
                        "SET deletedAt = :at, updatedAt = :at, erasing = :flagged, {set} DELETE blockedBy :by"
                    ))
                    .condition_expression(condition)
                    .set_expression_attribute_values(Some(values)),
            )?;
            for member in chat.members.iter().filter(|member| !member.gone) {
                transaction.update(
                    Update::builder()
                        .table_name(&self.tables.users)
                        .set_key(Some(keys::user(&member.user, keys::membership(&chat.id))))
                        .update_expression("SET erased = :yes, #ttl = :ttl REMOVE recent, unread, blocked")
                        .condition_expression("attribute_exists(entry)")
                        .expression_attribute_names("#ttl", "ttl")
                        .expression_attribute_values(":yes", AttributeValue::Bool(true))
                        .expression_attribute_values(":ttl", number(at.seconds() + ERASED_TTL_SECS)),
                )?;
                transaction.update(
                    Update::builder()
                        .table_name(&self.tables.users)
                        .set_key(Some(keys::user(&member.user, keys::PROFILE)))
                        .update_expression("ADD chats :less")
                        .expression_attribute_values(":less", number(-1)),
                )?;
            }
            Ok(Plan::Write { transaction, chat_at: Some(0), result: Some(next.step_from(&chat)) })
        })
        .await
    }

    /// A page of a user's chats, those with the most recent activity first. Reads the keys of the memberships up to the
    /// end of the page's last day, and the chats of the days that the page touches.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn recent_chats(&self, user: &UserId, page: Page) -> Result<Vec<Chat>, Error> {
        let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let entries = self.recent_entries(user, offset.saturating_add(limit)).await?;
        let Some((first_day, _)) = entries.get(offset) else { return Ok(Vec::new()) };
        let before = entries.iter().take_while(|(day, _)| day != first_day).count();
        let ids: Vec<ChatId> = entries.into_iter().skip(before).map(|(_, chat)| chat).collect();
        let mut chats = self.chats(&ids).await?;
        chats.sort_by(|one, other| other.active_at.cmp(&one.active_at).then_with(|| one.id.cmp(&other.id)));
        Ok(chats.into_iter().skip(offset - before).take(limit).collect())
    }

    /// The memberships of the newest days. The list ends with a whole day, and has at least `wanted` entries if there
    /// are as many.
    async fn recent_entries(&self, user: &UserId, wanted: usize) -> Result<Vec<(String, ChatId)>, Error> {
        let mut entries: Vec<(String, ChatId)> = Vec::new();
        let mut start = None;
        loop {
            let query = self.memberships_by("recent", user).scan_index_forward(false).limit(INDEX_BATCH);
            let found = self.db.query(query.set_exclusive_start_key(start)).await?;
            for item in found.items() {
                let Some((day, chat)) = recent_entry(item) else { continue };
                let day_begins = entries.last().is_none_or(|(last, _)| *last != day);
                if entries.len() >= wanted && day_begins {
                    return Ok(entries);
                }
                entries.push((day, chat));
            }
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(entries);
            }
        }
    }

    /// The chats that are flagged in one of a user's sparse indexes, `unread` or `blocked`. One query per megabyte.
    pub(super) async fn flagged_chats(&self, index: &str, user: &UserId) -> Result<Vec<ChatId>, Error> {
        let found = self.db.query_all(self.memberships_by(index, user)).await?;
        Ok(found.iter().filter_map(|item| keys::chat_of_membership(item.get("entry")?.as_s().ok()?)).collect())
    }

    /// The query for all memberships of a user, in no particular order.
    pub(super) fn memberships_of(&self, user: &UserId) -> QueryInputBuilder {
        QueryInput::builder()
            .table_name(&self.tables.users)
            .key_condition_expression("userId = :user AND begins_with(entry, :memberships)")
            .expression_attribute_values(":user", text(user))
            .expression_attribute_values(":memberships", text(keys::MEMBERSHIPS))
    }

    fn memberships_by(&self, index: &str, user: &UserId) -> QueryInputBuilder {
        QueryInput::builder()
            .table_name(&self.tables.users)
            .index_name(index)
            .consistent_read(true)
            .key_condition_expression("userId = :user")
            .expression_attribute_values(":user", text(user))
    }
}

fn recent_entry(item: &Item) -> Option<(String, ChatId)> {
    let day = item.get("recent")?.as_s().ok()?.clone();
    Some((day, keys::chat_of_membership(item.get("entry")?.as_s().ok()?)?))
}
