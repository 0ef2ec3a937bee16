//! Chats: creating, finding, listing and deleting them.

use std::collections::BTreeSet;

use super::{Caller, Outcome, chat_of, view, views};
use crate::ctx::Ctx;
use crate::domain::chat::{Chat, chat_id};
use crate::domain::id::{ChatId, ListingId, UserId};
use crate::domain::log::ChatEvent;
use crate::domain::notice::{Answer, Audience, ChatView, Envelope, Notice, Paging};
use crate::domain::page::Page;
use crate::error::{Error, Thing};
use crate::store::{Counter, Creation};

const HOUR_SECS: i64 = 3_600;

/// Creates the one chat of these people about this listing, or finds it. Only a new chat counts against the limit.
pub(super) async fn create(
    ctx: &Ctx,
    caller: &Caller<'_>,
    with: Option<UserId>,
    about: Option<ListingId>,
) -> Result<Outcome, Error> {
    if with.as_ref() == Some(caller.user) {
        return Err(Error::validation("otherUserId", "must be somebody else"));
    }
    let owner = match &about {
        Some(about) => Some(ctx.app.store.listing(about).await?.ok_or(Error::NotFound(Thing::Listing))?.owner),
        None => None,
    };
    let known: BTreeSet<UserId> = owner.into_iter().chain([caller.user.clone()]).collect();
    let people: BTreeSet<UserId> = with.iter().cloned().chain(known.iter().cloned()).collect();
    if people.len() < 2 {
        return Err(Error::validation("otherUserId", "is required"));
    }
    let found = ctx.app.store.chat_or_tombstone(&chat_id(&people, about.as_ref())).await?;
    if let Some(chat) = found.clone().filter(|chat| !chat.deleted) {
        let chat = with_returned(ctx, caller, chat).await?;
        return Ok(Outcome::answer(Answer::Chat { view: view(ctx, chat).await?, created: false }));
    }
    if let Some(with) = with.filter(|with| !known.contains(with))
        && ctx.app.store.user(&with).await?.is_none()
    {
        return Err(Error::NotFound(Thing::User));
    }
    let (chat, step) = make(ctx, caller, &people, about.as_ref(), found).await?;
    let Some(step) = step else {
        return Ok(Outcome::answer(Answer::Chat { view: view(ctx, chat).await?, created: false }));
    };
    let envelope = creation_notice(&chat, caller.user, step);
    let view = ChatView { chat, latest: None };
    Ok(Outcome { envelopes: vec![envelope], ..Outcome::answer(Answer::Chat { view, created: true }) })
}

/// Creates a chat and counts it against the limit. Returns the chat and, if it is new, its event.
pub(super) async fn make(
    ctx: &Ctx,
    caller: &Caller<'_>,
    people: &BTreeSet<UserId>,
    about: Option<&ListingId>,
    remains: Option<Chat>,
) -> Result<(Chat, Option<ChatEvent>), Error> {
    let counter = Counter {
        user: caller.user,
        what: "chats",
        window_secs: HOUR_SECS,
        at: caller.at,
        limit: ctx.app.config.limits.in_force(caller.dialect).chats_per_hour,
        invocation: None,
    };
    match ctx.app.store.create_chat(people, about, remains, &counter).await? {
        Creation::Created(chat, step) => Ok((chat, Some(step))),
        Creation::AlreadyThere(chat) => Ok((chat, None)),
        Creation::Full { retry_after_secs } => Err(Error::RateLimit { what: "new chats", retry_after_secs }),
        Creation::Unknown => Err(Error::NotFound(Thing::User)),
    }
}

/// The chat after everybody whose data was deleted and who has returned is a member again. The caller has returned, and
/// so has everybody with a profile. No request if nobody is gone; otherwise one read and one transaction for each.
pub(super) async fn with_returned(ctx: &Ctx, caller: &Caller<'_>, chat: Chat) -> Result<Chat, Error> {
    let gone: Vec<UserId> =
        chat.members.iter().filter(|member| member.gone).map(|member| member.user.clone()).collect();
    let mut chat = chat;
    for user in gone {
        if (user == *caller.user || ctx.app.store.user(&user).await?.is_some())
            && let Some(present) = ctx.app.store.rejoin(chat.clone(), &user).await?
        {
            chat = present;
        }
    }
    Ok(chat)
}

/// The envelope that tells everybody but its creator about a new chat.
pub(super) fn creation_notice(chat: &Chat, maker: &UserId, step: ChatEvent) -> Envelope {
    let others = chat.others(maker).map(|member| member.user.clone()).collect();
    let notice = Notice::ChatCreated(ChatView { chat: chat.clone(), latest: None });
    Envelope::of(step, notice, Audience::People(others))
}

/// Reads one chat.
pub(super) async fn show(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller, id).await?;
    Ok(Outcome::answer(Answer::Chat { view: view(ctx, chat).await?, created: false }))
}

/// Reads a page of the caller's chats.
pub(super) async fn list(ctx: &Ctx, caller: &Caller<'_>, page: Page) -> Result<Outcome, Error> {
    let total = ctx.app.store.user(caller.user).await?.map_or(0, |user| user.chats);
    let chats = if page.offset() < total { ctx.app.store.recent_chats(caller.user, page).await? } else { Vec::new() };
    let views = views(ctx, chats).await?;
    Ok(Outcome::answer(Answer::Chats { views, paging: Paging::Page { page, total } }))
}

/// Deletes a chat for everybody in it. A repeat succeeds and sends no notice.
pub(super) async fn delete(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    let chat = ctx.app.store.chat_or_tombstone(id).await?.filter(|chat| chat.member(caller.user).is_some());
    let chat = chat.ok_or(Error::NotFound(Thing::Chat))?;
    let answer = Answer::ChatDeleted(id.clone());
    let people = chat.audience();
    Ok(match ctx.app.store.delete_chat(chat, caller.user, caller.at).await? {
        Some(step) => Outcome::happened(answer, step, Notice::ChatDeleted(id.clone()), people),
        None => Outcome::answer(answer),
    })
}
