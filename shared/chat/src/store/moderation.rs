//! Moderation: pages of users, chats and messages, and the deletion of a user's rows.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, Update};
use futures_util::StreamExt as _;
use relay::dynamo::{
    DeleteItemInput, Item, QueryInput, Refused, ScanInput, Transaction, UpdateItemInput, number, read, text, write,
};

use super::commit::Plan;
use super::log::{PositionUpdate, position_update};
use super::rows::{self, MembershipRow, ProfileRow, SocketRow};
use super::{Store, keys};
use crate::domain::chat::{Chat, Watermark};
use crate::domain::id::{ChatId, SocketId, UserId};
use crate::domain::message::Message;
use crate::domain::moderation::{Listed, LiveSocket, Order, UsersCursor};
use crate::domain::user::User;
use crate::error::Error;

/// How many rows one scan reads, and how many scans one page makes: at most 10,000 rows, a few megabytes. Rows of a
/// person are profile, memberships, sockets, sends and limits.
const SCANNED_MAX: i32 = 1_000;
const SCANS_MAX: usize = 10;

/// How many rows are deleted at the same time.
const DELETIONS_AT_ONCE: usize = 16;

/// A membership of a user whose data is being deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipToEnd {
    /// The chat.
    pub chat: ChatId,
    /// The user's messages up to this sort key are deleted; `None` before the first part is done.
    pub erased_to: Option<u64>,
}

/// The result of leaving a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Ended {
    /// The user is no member any more.
    Left,
    /// The user was no member any more, or the chat was deleted.
    Before,
    /// Nothing is written, because the chat has newer messages, or the user blocks it. The value is the chat as it is
    /// now.
    Newer(Box<Chat>),
}

impl Store {
    /// A page of the users who have a profile, in the order of the table, which is none that means anything. At most
    /// ten scans of a thousand rows each, eventually consistent.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn users_page(&self, limit: u64, after: Option<UsersCursor>) -> Result<Listed<User, UsersCursor>, Error> {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut entries: Vec<User> = Vec::new();
        let mut start = after.map(|UsersCursor { user, entry }| keys::user(&user, entry));
        for _ in 0..SCANS_MAX {
            let scan = ScanInput::builder()
                .table_name(&self.tables.users)
                .filter_expression("entry = :profile")
                .expression_attribute_values(":profile", text(keys::PROFILE))
                .limit(SCANNED_MAX)
                .set_exclusive_start_key(start.take());
            let found = self.db.tables.scan(scan).await.map_err(Error::internal)?;
            for item in found.items.unwrap_or_default() {
                if entries.len() == wanted {
                    let user = entries.last().map(|user| user.id.clone());
                    let next = user.map(|user| UsersCursor { user, entry: keys::PROFILE.to_owned() });
                    return Ok(Listed { entries, limit, next });
                }
                let user: User = read::<ProfileRow>(item)?.try_into()?;
                if user.is_known() {
                    entries.push(user);
                }
            }
            start = found.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                break;
            }
        }
        Ok(Listed { entries, limit, next: start.as_ref().map(users_cursor).transpose()? })
    }

    /// A page of a user's chats in the order of their ids, with the tombstones of those that were deleted lately. One
    /// query, and one read per hundred chats.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn chats_page(
        &self,
        user: &UserId,
        limit: u64,
        after: Option<&ChatId>,
    ) -> Result<Listed<Chat, ChatId>, Error> {
        let (ids, next) = self.membership_ids(user, limit, after).await?;
        let mut entries = self.chats_or_tombstones(&ids).await?;
        entries.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Listed { entries, limit, next })
    }

    async fn membership_ids(
        &self,
        user: &UserId,
        limit: u64,
        after: Option<&ChatId>,
    ) -> Result<(Vec<ChatId>, Option<ChatId>), Error> {
        let query = self
            .memberships_of(user)
            .consistent_read(true)
            // One more than asked for says whether another page follows.
            .limit(i32::try_from(limit).unwrap_or(i32::MAX).saturating_add(1))
            .set_exclusive_start_key(after.map(|chat| keys::user(user, keys::membership(chat))));
        let found = self.db.query(query).await?;
        let id = |item: &Item| keys::chat_of_membership(item.get("entry")?.as_s().ok()?);
        let mut ids: Vec<ChatId> = found.items().iter().filter_map(id).collect();
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        if ids.len() > wanted {
            ids.truncate(wanted);
            let next = ids.last().cloned();
            return Ok((ids, next));
        }
        Ok((ids, found.last_evaluated_key.as_ref().and_then(id)))
    }

    /// The live sockets of a user. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn live_sockets(&self, user: &UserId) -> Result<Vec<LiveSocket>, Error> {
        let query = QueryInput::builder()
            .table_name(&self.tables.users)
            .consistent_read(true)
            .key_condition_expression("userId = :user AND begins_with(entry, :sockets)")
            .expression_attribute_values(":user", text(user))
            .expression_attribute_values(":sockets", text(keys::SOCKETS));
        let rows = self.db.query_all(query).await?.into_iter().map(read::<SocketRow>);
        let rows: Vec<SocketRow> = rows.collect::<Result<_, _>>()?;
        rows.into_iter().filter(|row| row.ended_at.is_none()).map(live_socket).collect()
    }

    /// A page of a chat's messages, placeholders included. A deleted chat has none. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn messages_page(
        &self,
        chat: &Chat,
        limit: u64,
        order: Order,
        after: Option<u64>,
    ) -> Result<Listed<Message, u64>, Error> {
        let (first, last) = match order {
            Order::Newest => (chat.base + 1, after.map_or(chat.seq, |after| after.saturating_sub(1).min(chat.seq))),
            Order::Oldest => (after.map_or(chat.base, |after| after.max(chat.base)).saturating_add(1), chat.seq),
        };
        if chat.deleted || first > last {
            return Ok(Listed { entries: Vec::new(), limit, next: None });
        }
        let query = QueryInput::builder()
            .table_name(&self.tables.messages)
            .consistent_read(true)
            .scan_index_forward(order == Order::Oldest)
            .key_condition_expression("chatId = :chat AND seq BETWEEN :first AND :last")
            .expression_attribute_values(":chat", text(&chat.id))
            .expression_attribute_values(":first", number(first))
            .expression_attribute_values(":last", number(last))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let found = self.db.query(query).await?;
        let reached =
            found.last_evaluated_key.as_ref().and_then(|key| key.get("seq")?.as_n().ok()?.parse::<u64>().ok());
        let end = if order == Order::Oldest { last } else { first };
        let entries = found.items.unwrap_or_default().into_iter().map(rows::message).collect::<Result<_, Error>>()?;
        Ok(Listed { entries, limit, next: reached.filter(|reached| *reached != end) })
    }

    /// The first memberships of a user, at most `most`, with how far the deletion got in each. One query.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn memberships_to_end(&self, user: &UserId, most: i32) -> Result<Vec<MembershipToEnd>, Error> {
        let query = self.memberships_of(user).consistent_read(true).limit(most);
        let found = self.db.query(query).await?.items.unwrap_or_default();
        let rows: Vec<MembershipRow> = found.into_iter().map(read).collect::<Result<_, _>>()?;
        let membership = |row: MembershipRow| {
            let chat = keys::chat_of_membership(&row.entry);
            let chat = chat.ok_or_else(|| Error::internal("a membership without a chat"))?;
            Ok(MembershipToEnd { chat, erased_to: row.erased_to })
        };
        rows.into_iter().map(membership).collect()
    }

    /// Records that a user's messages up to a sort key are deleted. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn note_erased(&self, user: &UserId, chat: &ChatId, seq: u64) -> Result<(), Error> {
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(user, keys::membership(chat))))
            .update_expression("SET erasedTo = :seq")
            .condition_expression("attribute_exists(entry)")
            .expression_attribute_values(":seq", number(seq));
        self.db.applied(update).await?;
        Ok(())
    }

    /// Ends the membership of a user whose messages up to `erased_to` are deleted. The chat then counts the user as
    /// gone, and goes on for the others. One transaction: chat, membership, the user's count of chats, and one write
    /// per other member. Does *not* write if the chat has newer messages, if the user blocks it, or if it was deleted.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn end_membership(&self, chat: Chat, user: &UserId, erased_to: u64) -> Result<Ended, Error> {
        let ended = self.commit(chat, |chat| async move {
            let Some((index, member)) = chat.member(user).filter(|_| !chat.deleted) else {
                return Ok(Plan::Done(Ended::Before));
            };
            if chat.seq > erased_to || member.blocks {
                return Ok(Plan::Done(Ended::Newer(Box::new(chat))));
            }
            let change = format!(
                "members[{index}].unread = :zero, members[{index}].silent = :yes, members[{index}].gone = :yes \
                 REMOVE members[{index}].readAt, members[{index}].gotAt"
            );
            let mut transaction = self.member_change(&chat, &change, false)?;
            transaction.delete(
                Delete::builder()
                    .table_name(&self.tables.users)
                    .set_key(Some(keys::user(user, keys::membership(&chat.id))))
                    .condition_expression("attribute_exists(entry)"),
            )?;
            transaction.update(self.one_chat_more(user, -1))?;
            for other in chat.others(user).filter(|other| !other.gone) {
                transaction.update(
                    Update::builder()
                        .table_name(&self.tables.users)
                        .set_key(Some(keys::user(&other.user, keys::membership(&chat.id))))
                        .update_expression("ADD silent :user")
                        .condition_expression("attribute_exists(entry)")
                        .expression_attribute_values(":user", AttributeValue::Ss(vec![user.to_string()])),
                )?;
            }
            Ok(Plan::Write { transaction, chat_at: None, result: Ended::Left })
        });
        ended.await
    }

    /// Deletes the membership of a user in a chat that was deleted or is not there. One write.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn drop_membership(&self, user: &UserId, chat: &ChatId) -> Result<(), Error> {
        let delete = DeleteItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(user, keys::membership(chat))));
        self.db.tables.delete_item(delete).await.map_err(Error::internal)?;
        Ok(())
    }

    /// Makes a user who is gone a member again, as a new member who has read and received everything. One transaction:
    /// chat, membership, and the user's count of chats. Does *not* write if the user is a member, if the user has no
    /// profile, or if the chat was deleted. Returns the chat as it then is, or `None` if the user has no profile.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn rejoin(&self, chat: Chat, user: &UserId) -> Result<Option<Chat>, Error> {
        /// The position of the write to the profile in the transaction.
        const PROFILE: usize = 2;
        let refused = |refused: &mut Refused| Ok(refused.at(PROFILE).then_some(None));
        self.commit_unless(chat, refused, |chat| async move {
            let gone = chat.members.iter().position(|member| member.user == *user && member.gone);
            let Some(index) = gone.filter(|_| !chat.deleted) else { return Ok(Plan::Done(Some(chat))) };
            let mut next = chat.clone();
            if let Some(member) = next.members.get_mut(index) {
                let end = Watermark { seq: chat.seq, at: None };
                (member.gone, member.unread, member.read, member.delivered) = (false, 0, end, end);
            }
            let change = format!(
                "members[{index}].#read = :seq, members[{index}].got = :seq, members[{index}].unread = :zero \
                 REMOVE members[{index}].gone"
            );
            let mut transaction = self.member_change(&chat, &change, true)?;
            let membership = write(MembershipRow::new(&next, user))?;
            transaction.put(
                Put::builder()
                    .table_name(&self.tables.users)
                    .set_item(Some(membership))
                    .condition_expression("attribute_not_exists(entry)"),
            )?;
            transaction.update(self.one_chat_more(user, 1).condition_expression("attribute_exists(entry)"))?;
            Ok(Plan::Write { transaction, chat_at: None, result: Some(next) })
        })
        .await
    }

    /// A transaction that begins with a change of one member in the row of a chat, on condition that no event happened
    /// meanwhile. The change may use `:zero`; it uses `:yes`, or if it `returns` a member `:seq` and `#read`.
    fn member_change(&self, chat: &Chat, change: &str, returns: bool) -> Result<Transaction, Error> {
        let PositionUpdate { set, condition, mut values } = position_update(chat, chat);
        values.insert(":zero".to_owned(), number(0));
        let mut update = Update::builder().table_name(&self.tables.chats).set_key(Some(keys::chat(&chat.id)));
        if returns {
            update = update.expression_attribute_names("#read", "read");
        } else {
            values.insert(":yes".to_owned(), AttributeValue::Bool(true));
        }
        let mut transaction = Transaction::default();
        transaction.update(
            update
                .update_expression(format!("SET {}, {change}", set.join(", ")))
                .condition_expression(condition)
                .set_expression_attribute_values(Some(values)),
        )?;
        Ok(transaction)
    }

    fn one_chat_more(&self, user: &UserId, more: i64) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(keys::user(user, keys::PROFILE)))
            .update_expression("ADD chats :more")
            .expression_attribute_values(":more", number(more))
    }

    /// Deletes the rows of a user beside profile, memberships and live sockets: at most `most` of them. Returns whether
    /// there may be more. One query of keys, and one write per row.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn delete_small_rows(&self, user: &UserId, most: i32) -> Result<bool, Error> {
        let query = QueryInput::builder()
            .table_name(&self.tables.users)
            .consistent_read(true)
            .projection_expression("userId, entry, endedAt")
            .key_condition_expression("userId = :user")
            .expression_attribute_values(":user", text(user))
            .limit(most);
        let found = self.db.query(query).await?;
        let may_be_more = found.last_evaluated_key.as_ref().is_some_and(|key| !key.is_empty());
        let entry = |item: &Item| item.get("entry").and_then(|entry| entry.as_s().ok()).cloned();
        let entries: Vec<String> = found.items().iter().filter_map(entry).collect();
        let is_small = |entry: &String| entry != keys::PROFILE && !entry.starts_with(keys::MEMBERSHIPS);
        let deletions = entries.into_iter().filter(is_small).map(|entry| self.delete_small_row(user, entry));
        let deleted: Vec<Result<(), Error>> =
            futures_util::stream::iter(deletions).buffer_unordered(DELETIONS_AT_ONCE).collect().await;
        deleted.into_iter().collect::<Result<(), Error>>()?;
        Ok(may_be_more)
    }

    /// Deletes a row. A socket is deleted only if it has ended: a live one is ended otherwise.
    async fn delete_small_row(&self, user: &UserId, entry: String) -> Result<(), Error> {
        let is_socket = entry.starts_with(keys::SOCKETS);
        let mut delete =
            DeleteItemInput::builder().table_name(&self.tables.users).set_key(Some(keys::user(user, entry)));
        if is_socket {
            delete = delete.condition_expression("attribute_exists(endedAt)");
        }
        match self.db.tables.delete_item(delete).await {
            Err(error)
                if !error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Err(Error::internal(error))
            }
            _ => Ok(()),
        }
    }

    /// Deletes the profile of a user who has no live socket and no chat. Returns whether there is none any more. One
    /// write; two for a user whose tokens were revoked, of whom that remains.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn delete_profile(&self, user: &UserId) -> Result<bool, Error> {
        let key = keys::user(user, keys::PROFILE);
        let is_unused =
            "(attribute_not_exists(sockets) OR sockets = :none) AND (attribute_not_exists(chats) OR chats = :none)";
        let delete = DeleteItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(key.clone()))
            .condition_expression(format!("attribute_not_exists(revokedAt) AND {is_unused}"))
            .expression_attribute_values(":none", number(0));
        match self.db.tables.delete_item(delete).await {
            Ok(_) => return Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) => {}
            Err(error) => return Err(Error::internal(error)),
        }
        let (removed, names): (Vec<_>, _) = ProfileRow::PERSONAL
            .iter()
            .map(|name| (format!("#{name}"), (format!("#{name}"), (*name).to_owned())))
            .unzip();
        let update = UpdateItemInput::builder()
            .table_name(&self.tables.users)
            .set_key(Some(key))
            .update_expression(format!("REMOVE {}", removed.join(", ")))
            .condition_expression(format!("attribute_exists(revokedAt) AND {is_unused}"))
            .set_expression_attribute_names(Some(names))
            .expression_attribute_values(":none", number(0));
        Ok(self.db.applied(update).await?)
    }
}

fn users_cursor(key: &Item) -> Result<UsersCursor, Error> {
    let part = |name: &str| key.get(name).and_then(|value| value.as_s().ok());
    let (Some(user), Some(entry)) = (part("userId"), part("entry")) else {
        return Err(Error::internal("a key of Users without its parts"));
    };
    Ok(UsersCursor { user: UserId::parse(user)?, entry: entry.clone() })
}

fn live_socket(row: SocketRow) -> Result<LiveSocket, Error> {
    let socket = super::presence::socket_of(row.clone())?;
    Ok(LiveSocket {
        sid: SocketId::parse(&row.sid)?,
        polls: socket.connection.is_polling(),
        namespace: socket.namespace,
        dialect: socket.dialect,
        since: relay::clock::Timestamp::from_millis(row.began_at),
        expires_at: socket.expires_at,
        rooms: u64::try_from(socket.rooms.len()).unwrap_or(u64::MAX),
    })
}
