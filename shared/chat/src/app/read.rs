//! Reading: marking a chat or messages as read, and counting unread messages.

use super::{Caller, Outcome, chat_of};
use crate::ctx::Ctx;
use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, MessageId};
use crate::domain::log::ChatEvent;
use crate::domain::message::Message;
use crate::domain::notice::{Answer, Audience, Envelope, Notice, READ_LISTED_MAX, READ_LOOKED_AT_MAX, Reading};
use crate::error::{Error, Thing};
use crate::store::Marking;

/// The most messages that one transaction marks. DynamoDB allows a hundred writes per transaction.
const MARKED_AT_ONCE: usize = 90;

/// The messages to mark.
pub(super) struct MessagesToMark {
    pub(super) messages: Vec<MessageId>,
    /// Whether the client gave a list. In a list, the caller's own messages are ignored.
    pub(super) listed: bool,
}

/// Marks a chat as read. A repeat changes nothing and sends no notice. In addition to the transaction at most two
/// queries, to find the messages that were newly marked.
pub(super) async fn mark_chat(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Outcome, Error> {
    let chat = chat_of(ctx, caller, id).await?;
    match ctx.app.store.mark_chat_read(chat, caller.user, caller.at).await? {
        Marking::Marked { before, after, .. } => {
            let marked = before.member(caller.user).map_or(0, |(_, member)| member.unread);
            let messages = waiting(ctx, caller, &before, marked).await?;
            let step = after.step_from(&before);
            let (chat, reader) = (*after, caller.user.clone());
            let reading = Reading { chat, reader, at: caller.at, marked, messages, whole: true };
            Ok(read_outcome(reading, Some(step)))
        }
        Marking::Nothing(chat) => {
            let reader = caller.user.clone();
            let reading = Reading { chat: *chat, reader, at: caller.at, marked: 0, messages: Vec::new(), whole: true };
            Ok(read_outcome(reading, None))
        }
        Marking::Gone => Err(Error::NotFound(Thing::Chat)),
    }
}

/// The newest messages that were unread for the caller, as many as a reading lists at most, oldest first. The function
/// looks above the caller's read watermark and among the newest [`READ_LOOKED_AT_MAX`] messages. It first reads as many
/// messages as it wants, then the rest, so it needs at most two queries of one megabyte per page.
async fn waiting(ctx: &Ctx, caller: &Caller<'_>, before: &Chat, marked: u64) -> Result<Vec<Message>, Error> {
    let wanted = marked.min(READ_LISTED_MAX);
    let read = before.member(caller.user).map_or(0, |(_, member)| member.read.seq);
    let lowest = read.max(before.base).max(before.seq.saturating_sub(READ_LOOKED_AT_MAX));
    let middle = lowest.max(before.seq.saturating_sub(wanted));
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut found: Vec<Message> = Vec::with_capacity(wanted);
    for (above, to) in [(middle, before.seq), (lowest, middle)] {
        if found.len() < wanted {
            let mut piece = ctx.app.store.messages(before, above.saturating_add(1), to).await?;
            piece.retain(|message| message.is_unread_for(before, caller.user));
            found.splice(0..0, piece);
        }
    }
    found.drain(..found.len().saturating_sub(wanted));
    Ok(found)
}

/// Marks messages of one chat as read. It ignores messages that are read or deleted and, in a list, the caller's own.
pub(super) async fn mark_messages(
    ctx: &Ctx,
    caller: &Caller<'_>,
    chat: Option<&ChatId>,
    wanted: MessagesToMark,
) -> Result<Outcome, Error> {
    let missing = || Error::NotFound(Thing::Message);
    let chat = match (chat, wanted.messages.first()) {
        (Some(chat), _) => chat_of(ctx, caller, chat).await?,
        (None, Some(first)) => chat_of(ctx, caller, &first.chat).await.map_err(|error| match error {
            Error::NotFound(_) => missing(),
            other => other,
        })?,
        (None, None) => return Err(missing()),
    };
    if wanted.messages.iter().any(|id| id.chat != chat.id || !chat.holds(id.seq)) {
        return Err(missing());
    }
    let messages = ctx.app.store.messages_by_id(wanted.messages.iter()).await?;
    let own = messages.iter().any(|message| message.sender == *caller.user);
    if own && !wanted.listed {
        return Err(Error::Forbidden("only a recipient can mark a message as read"));
    }
    let mut reading =
        Reading { chat, reader: caller.user.clone(), at: caller.at, marked: 0, messages: Vec::new(), whole: false };
    let mut parts: Vec<(Vec<Message>, ChatEvent)> = Vec::new();
    for some in messages.chunks(MARKED_AT_ONCE) {
        let (present, some) = (reading.chat.clone(), some.to_vec());
        match ctx.app.store.mark_messages_read(present, some, caller.user, caller.at).await? {
            Marking::Marked { before, after, messages } => {
                let step = after.step_from(&before);
                reading.chat = *after;
                reading.messages.extend(messages.iter().cloned());
                match parts.last_mut() {
                    Some((marked, earlier)) if step.follows(earlier) => {
                        *earlier = step.together_with(earlier.clone());
                        marked.extend(messages);
                    }
                    _ => parts.push((messages, step)),
                }
            }
            Marking::Nothing(chat) => reading.chat = *chat,
            Marking::Gone => return Err(missing()),
        }
    }
    let count = |messages: &[Message]| u64::try_from(messages.len()).unwrap_or(u64::MAX);
    reading.marked = count(&reading.messages);
    // Events that others stored in between are told in between.
    let envelopes = parts.into_iter().map(|(messages, step)| {
        let part = Reading { marked: count(&messages), messages, ..reading.clone() };
        Envelope::of(step, Notice::Read(part), Audience::People(reading.chat.audience()))
    });
    let envelopes = envelopes.collect();
    if reading.marked == 0 {
        reading.messages = messages;
    }
    Ok(Outcome { envelopes, ..Outcome::answer(Answer::Read(reading)) })
}

/// The outcome of a reading. A reading that marked nothing is told to its reader only.
fn read_outcome(reading: Reading, step: Option<ChatEvent>) -> Outcome {
    let Some(step) = step else { return Outcome::answer(Answer::Read(reading)) };
    let people = reading.chat.audience();
    Outcome::happened(Answer::Read(reading.clone()), step, Notice::Read(reading), people)
}

/// Counts the caller's unread messages, in all chats or in all plain ones. One query, and one read per hundred chats
/// with unread messages.
pub(super) async fn count_unread(ctx: &Ctx, caller: &Caller<'_>, plain: bool) -> Result<Outcome, Error> {
    let waiting = ctx.app.store.unread_chats(caller.user).await?;
    let chats = ctx.app.store.chats(&waiting).await?;
    let counted = chats.iter().filter(|chat| !plain || chat.about.is_none());
    let unread = counted.filter_map(|chat| chat.member(caller.user)).map(|(_, member)| member.unread);
    Ok(Outcome::answer(Answer::Unread(unread.sum())))
}
