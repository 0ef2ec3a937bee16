//! Moderation: what a service asks for about users and chats, and what it does to a user (docs/moderation.md).
//!
//! The deletion of a user's data runs in parts, each of them one call with a bound on what it does. Every step can be
//! repeated. So a call that was cut off, whatever the reason, is simply made again.

use std::collections::BTreeMap;

use relay::clock::Timestamp;
use relay::disconnect::disconnect_session;
use relay::store::Recipient;
use relay::telemetry::Failures;

use crate::app::{self, Caller, Outcome, moderation};
use crate::ctx::Ctx;
use crate::deliver::Delivering;
use crate::dialect;
use crate::domain::chat::Chat;
use crate::domain::command::Command;
use crate::domain::id::UserId;
use crate::domain::moderation::{Deleted, Found, Inquiry, Listed, Order};
use crate::error::Error;
use crate::store::{Ended, MembershipToEnd};

/// The bounds of one call of the deletion. The messages that it deletes, and the chats that it ends: each takes a few
/// requests, so a hundred take some seconds. The messages of anybody among which it looks for them. The small rows that
/// it deletes.
const CHANGES_MAX: u64 = 100;
const LOOKED_AT_MAX: u64 = 5_000;
const SMALL_ROWS_MAX: i32 = 500;
/// After this time a call begins no further step, in milliseconds. A step takes some seconds at most, and the function
/// has 28.
const TIME_MAX_MILLIS: i64 = 15_000;

/// How many memberships, and how many messages, one query of the deletion reads.
const MEMBERSHIPS_AT_ONCE: i32 = 25;
const MESSAGES_AT_ONCE: u64 = 200;

/// Does what a service asks for.
///
/// # Errors
/// The [`Error`] to send to the service.
pub async fn answer(ctx: &Ctx, inquiry: Inquiry) -> Result<Found, Error> {
    match inquiry {
        // On the heap, like the revocation: with both of them in this future its callers need much of the stack.
        Inquiry::DeleteUser(user) => Ok(Found::Deletion(Box::pin(delete(ctx, &user)).await?)),
        Inquiry::Disconnect(user) => {
            moderation::known_user(ctx, &user).await?;
            Ok(Found::Disconnected(disconnect(ctx, &user).await?))
        }
        Inquiry::Export { user, after } => Ok(Found::Export(moderation::export(ctx, &user, after).await?)),
        Inquiry::ListChats { user, limit, after } => moderation::chats(ctx, &user, limit, after.as_ref()).await,
        Inquiry::ListMessages { chat, limit, order, after } => {
            moderation::messages(ctx, &chat, limit, order, after).await
        }
        Inquiry::ListSockets(user) => moderation::sockets(ctx, &user).await,
        Inquiry::ListUsers { limit, after } => Ok(Found::Users(ctx.app.store.users_page(limit, after).await?)),
        Inquiry::RevokeTokens(user) => Box::pin(revoke(ctx, &user)).await,
        Inquiry::ShowChat(chat) => Ok(Found::Chat(moderation::chat(ctx, &chat).await?)),
        Inquiry::ShowUser(user) => Ok(Found::User(moderation::known_user(ctx, &user).await?)),
    }
}

/// Ends every live socket of a user, and closes their connections. Returns how many sockets it ended. If one of them
/// cannot be ended, the function still ends the others, and fails.
async fn disconnect(ctx: &Ctx, user: &UserId) -> Result<u64, Error> {
    let (mut connections, mut failures) = (BTreeMap::new(), Failures::default());
    let mut ended = 0;
    for socket in ctx.app.store.person(user).await?.sockets {
        let done = disconnect_session(ctx, &socket.connection, &socket.namespace).await;
        ended += u64::from(failures.note(Some(&socket.connection), done).unwrap_or_default());
        connections.insert(socket.connection, socket.opened_at);
    }
    for (connection, opened_at) in &connections {
        ctx.close(Recipient { connection, opened_at: Some(*opened_at) }).await;
    }
    failures.result()?;
    Ok(ended)
}

/// Refuses the tokens of a user that were issued until now, and then ends every live socket. In this order a socket that
/// begins meanwhile either begins before the list of sockets is read, or not at all.
async fn revoke(ctx: &Ctx, user: &UserId) -> Result<Found, Error> {
    let at = ctx.clock.now();
    ctx.app.store.revoke_tokens(user, at).await?;
    Ok(Found::Revoked { at, sockets: disconnect(ctx, user).await? })
}

/// A call of the deletion: whose data, since when, and what it has done so far.
struct Deletion<'a> {
    ctx: &'a Ctx,
    user: &'a UserId,
    at: Timestamp,
    deleted: Deleted,
    /// The messages that were read.
    looked_at: u64,
}

/// Deletes the next part of a user's data: first ends the sockets, then chat after chat deletes the user's messages and
/// ends the membership, then deletes the small rows, and at last the profile.
async fn delete(ctx: &Ctx, user: &UserId) -> Result<Deleted, Error> {
    let sockets = disconnect(ctx, user).await?;
    let deleted = Deleted { sockets, ..Deleted::default() };
    let mut deletion = Deletion { ctx, user, at: ctx.clock.now(), deleted, looked_at: 0 };
    deletion.deleted.is_done = deletion.run().await?;
    Ok(deletion.deleted)
}

impl Deletion<'_> {
    /// Whether this call has done as much as it may.
    fn is_spent(&self) -> bool {
        self.deleted.messages + self.deleted.chats >= CHANGES_MAX
            || self.looked_at >= LOOKED_AT_MAX
            || self.ctx.clock.now() >= self.at.plus_millis(TIME_MAX_MILLIS)
    }

    /// Returns whether nothing is left.
    async fn run(&mut self) -> Result<bool, Error> {
        let store = &self.ctx.app.store;
        loop {
            let memberships = store.memberships_to_end(self.user, MEMBERSHIPS_AT_ONCE).await?;
            if memberships.is_empty() {
                break;
            }
            for membership in memberships {
                if self.is_spent() || !self.end(membership).await? {
                    return Ok(false);
                }
            }
        }
        if store.delete_small_rows(self.user, SMALL_ROWS_MAX).await? {
            return Ok(false);
        }
        store.delete_profile(self.user).await
    }

    /// Deletes the user's messages in a chat, and ends the membership. Returns whether both are done.
    async fn end(&mut self, MembershipToEnd { chat: id, erased_to }: MembershipToEnd) -> Result<bool, Error> {
        let store = &self.ctx.app.store;
        let found = store.chat(&id).await?.filter(|chat| chat.member(self.user).is_some());
        let Some(mut chat) = found else {
            // A deleted chat is erased by the sweep, with everything in it.
            store.drop_membership(self.user, &id).await?;
            self.deleted.chats += 1;
            return Ok(true);
        };
        let mut erased_to = erased_to.unwrap_or_default().max(chat.base);
        loop {
            let erased = self.erase(&chat, erased_to).await?;
            if erased > erased_to {
                store.note_erased(self.user, &id, erased).await?;
            }
            if erased < chat.seq {
                return Ok(false);
            }
            erased_to = erased;
            if chat.member(self.user).is_some_and(|(_, member)| member.blocks) {
                self.run_as_user(Command::Unblock(id.clone())).await?;
            }
            let Some(present) = store.chat(&id).await? else { return Ok(true) };
            match store.end_membership(present, self.user, erased_to).await? {
                Ended::Left => {
                    self.deleted.chats += 1;
                    return Ok(true);
                }
                // The chat was deleted a moment ago. What is left of the membership is listed again.
                Ended::Before => return Ok(true),
                Ended::Newer(_) if self.is_spent() => return Ok(false),
                Ended::Newer(newer) => chat = *newer,
            }
        }
    }

    /// Deletes the user's messages in a chat after a sort key, oldest first, until the call is spent. Returns the sort
    /// key up to which they are deleted.
    async fn erase(&mut self, chat: &Chat, after: u64) -> Result<u64, Error> {
        let mut after = after;
        while after < chat.seq {
            let Listed { entries, next, .. } =
                self.ctx.app.store.messages_page(chat, MESSAGES_AT_ONCE, Order::Oldest, Some(after)).await?;
            for message in entries {
                if self.is_spent() {
                    return Ok(after);
                }
                self.looked_at += 1;
                if message.sender == *self.user && message.deleted_at.is_none() {
                    // The objects go first: a message whose object is gone leads to it again after a failure.
                    for object in app::objects_of(&message) {
                        self.ctx.app.bucket.discard(&object).await?;
                    }
                    let id = message.id.clone();
                    self.run_as_user(Command::DeleteMessage { message: id, for_everyone: true }).await?;
                    self.deleted.messages += 1;
                }
                after = message.id.seq;
            }
            if next.is_none() {
                return Ok(chat.seq);
            }
        }
        Ok(after)
    }

    /// Runs a command as if the user had asked for it over REST, so that the others hear of it as usual. It is fine if
    /// there is nothing to do.
    async fn run_as_user(&self, command: Command) -> Result<(), Error> {
        let Self { ctx, user, at, .. } = *self;
        let caller = Caller { user, dialect: dialect::FIRST, session: None, at, invocation: None, found: None };
        match app::run(ctx, &caller, command).await {
            Ok(Outcome { envelopes, .. }) => {
                let _ = Delivering::new(ctx, None).deliver(Vec::new(), &envelopes).await;
                Ok(())
            }
            Err(Error::NotFound(_) | Error::Forbidden(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
