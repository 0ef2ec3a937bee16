//! Chats: making, finding, listing, deleting.

use super::{Caller, Outcome, chat_of, view, views};
use crate::ctx::Ctx;
use crate::domain::chat::plain_chat_id;
use crate::domain::id::{ChatId, UserId};
use crate::domain::notice::{Answer, ChatView, Notice, Paging};
use crate::domain::page::Page;
use crate::error::{Error, Thing};
use crate::store::{Counted, Counter, Creation};

const HOUR_SECS: i64 = 3_600;

/// Makes the plain chat with `other`, or finds it. Only a new one counts against the limit.
pub(super) async fn create(ctx: &Ctx, caller: &Caller<'_>, other: &UserId) -> Result<Outcome, Error> {
    if caller.user == other {
        return Err(Error::validation("otherUserId", "must be somebody else"));
    }
    let found = ctx.store.chat_or_remains(&plain_chat_id(caller.user, other)).await?;
    if let Some(chat) = found.clone().filter(|chat| !chat.deleted) {
        return Ok(Outcome::answer(Answer::Chat { view: view(ctx, chat).await?, created: false }));
    }
    if ctx.store.user(other).await?.is_none() {
        return Err(Error::NotFound(Thing::User));
    }
    let counter = Counter {
        user: caller.user,
        what: "chats",
        window_secs: HOUR_SECS,
        at: caller.at,
        limit: ctx.config.limits.in_force(caller.dialect).chats_per_hour,
        invocation: None,
    };
    if let Counted::Full { retry_after_secs } = ctx.store.count(&counter).await? {
        return Err(Error::RateLimit { what: "new chats", retry_after_secs });
    }
    match ctx.store.create_chat(caller.user, other, found, caller.at).await? {
        Creation::Created(chat) => {
            let view = ChatView { chat, latest: None };
            let notice = Notice::ChatCreated(view.clone());
            Ok(Outcome::told(Answer::Chat { view, created: true }, notice, vec![other.clone()]))
        }
        Creation::AlreadyThere(chat) => {
            ctx.store.uncount(&counter).await?;
            Ok(Outcome::answer(Answer::Chat { view: view(ctx, chat).await?, created: false }))
        }
    }
}

/// One chat.
pub(super) async fn show(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller.user, id).await?;
    Ok(Outcome::answer(Answer::Chat { view: view(ctx, chat).await?, created: false }))
}

/// A page of the caller's chats.
pub(super) async fn list(ctx: &Ctx, caller: &Caller<'_>, page: Page) -> Result<Outcome, Error> {
    let total = ctx.store.user(caller.user).await?.map_or(0, |user| user.chats);
    let chats = if page.offset() < total { ctx.store.recent_chats(caller.user, page).await? } else { Vec::new() };
    let views = views(ctx, chats).await?;
    Ok(Outcome::answer(Answer::Chats { views, paging: Paging::Page { page, total } }))
}

/// Removes a chat for everybody in it. A repeat is success and tells nobody.
pub(super) async fn delete(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    let chat = ctx.store.chat_or_remains(id).await?.filter(|chat| chat.member(caller.user).is_some());
    let chat = chat.ok_or(Error::NotFound(Thing::Chat))?;
    let answer = Answer::ChatDeleted(id.clone());
    if !chat.deleted && ctx.store.delete_chat(&chat, caller.at).await? {
        Ok(Outcome::told(answer, Notice::ChatDeleted(id.clone()), chat.people()))
    } else {
        Ok(Outcome::answer(answer))
    }
}
