//! Searching a chat: a case-insensitive substring search with Unicode case folding, and bounded work per request.
//!
//! The text is not indexed, so a search reads the chat backwards, at most [`SCAN_MAX`] messages per request. If it
//! reaches this bound before the beginning of the chat, the answer says where it stopped, and the next search goes on
//! from there. The total of the answer then counts what was found so far.

use unicase::UniCase;

use super::{Caller, Outcome, chat_of};
use crate::ctx::Ctx;
use crate::domain::id::{ChatId, MessageId, UserId};
use crate::domain::message::{Message, TEXT_MAX_CHARACTERS};
use crate::domain::notice::{Answer, Paging};
use crate::domain::page::Page;
use crate::error::Error;

/// The most messages that one request reads. With texts of a few hundred bytes this is about 2 MB, or 250 read units.
const SCAN_MAX: u64 = 5_000;

/// The parameters of a search.
pub(super) struct SearchQuery {
    pub(super) term: String,
    pub(super) page: Page,
    pub(super) before: Option<MessageId>,
}

/// A page of the messages whose text contains the term. Page 1 holds the newest messages; within a page the oldest
/// message comes first.
pub(super) async fn search(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId, wanted: SearchQuery) -> Result<Outcome, Error> {
    let SearchQuery { term, page, before } = wanted;
    if term.chars().nth(TEXT_MAX_CHARACTERS).is_some() {
        return Err(Error::validation("searchTerm", format!("must be at most {TEXT_MAX_CHARACTERS} characters")));
    }
    let chat = chat_of(ctx, caller, id).await?;
    let mut from = chat.seq;
    if let Some(before) = before {
        if before.chat != chat.id {
            return Err(Error::validation("before", "must be a message of this chat"));
        }
        from = from.min(before.seq.saturating_sub(1));
    }
    let term = folded(&term);
    let (mut found, mut scanned) = (Vec::new(), 0);
    let mut stopped_before = None;
    while chat.holds(from) {
        if scanned >= SCAN_MAX {
            stopped_before = Some(MessageId { chat: chat.id.clone(), seq: from + 1 });
            break;
        }
        let piece = ctx.app.store.scan_back(&chat, from, SCAN_MAX - scanned).await?;
        found.extend(piece.messages.into_iter().filter(|message| contains(message, caller.user, &term)));
        let Some(next) = piece.next.filter(|next| *next < from) else { break };
        scanned += from - next;
        from = next;
    }
    let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let skip = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let take = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let mut messages: Vec<Message> = found.into_iter().skip(skip).take(take).collect();
    messages.reverse();
    Ok(Outcome::answer(Answer::Found { chat, messages, paging: Paging::Page { page, total }, stopped_before }))
}

fn contains(message: &Message, viewer: &UserId, folded_term: &str) -> bool {
    let text = message.content_for(viewer).and_then(|content| content.text.as_deref());
    text.is_some_and(|text| folded(text).contains(folded_term))
}

fn folded(text: &str) -> String {
    UniCase::unicode(text).to_folded_case()
}
