//! Push notifications: what the devices of people are told who were not there when a message came
//! (docs/hooks.md, "Push").
//!
//! One event for each recipient goes to a topic. Who sends it on to devices knows their tokens; Parlance does not.

use std::collections::BTreeMap;

use serde_json::json;

use super::event::in_json;
use super::happening::{Happening, What};
use crate::config::PushSettings;
use crate::ctx::Ctx;
use crate::domain::chat::Chat;
use crate::domain::id::UserId;
use crate::domain::message::{Content, Message};
use crate::domain::user::User;
use crate::error::Error;

/// Publishes one event for each message and each recipient whom it has not reached by now, and who has no live socket.
/// Messages that were deleted or read meanwhile, and chats that are blocked, make none. One read of the chat and one
/// query for the messages; if there is somebody to tell, one read of the senders, and for each recipient two queries, one
/// read per hundred chats with unread messages, and one request to the topic per message.
///
/// # Errors
/// `Error::Internal` if an event may not have been published. All of them must then be published again.
pub(super) async fn publish(
    ctx: &Ctx,
    settings: &PushSettings,
    chat: &Chat,
    happenings: &[Happening],
) -> Result<(), Error> {
    let stored = happenings.iter().filter_map(|one| match one.what {
        What::Message(seq) => Some(seq),
        What::Change(_) | What::Unlisted => None,
    });
    let (Some(from), Some(to)) = (stored.clone().min(), stored.clone().max()) else { return Ok(()) };
    let Some(chat) = ctx.app.store.chat_or_tombstone(&chat.id).await? else { return Ok(()) };
    if chat.deleted || chat.is_blocked() {
        return Ok(());
    }
    let mut messages = ctx.app.store.messages(&chat, from, to).await?;
    messages.retain(|message| stored.clone().any(|seq| seq == message.id.seq) && chat.holds(message.id.seq));
    let unreached: Vec<(&Message, UserId)> =
        messages.iter().flat_map(|message| unreached(&chat, message).map(move |user| (message, user))).collect();
    if unreached.is_empty() {
        return Ok(());
    }
    let mut senders: Vec<UserId> = unreached.iter().map(|(message, _)| message.sender.clone()).collect();
    senders.sort();
    senders.dedup();
    let senders = ctx.app.store.users(&senders).await?;
    let mut totals: BTreeMap<UserId, Option<u64>> = BTreeMap::new();
    for (message, recipient) in unreached {
        let total = match totals.get(&recipient) {
            Some(total) => *total,
            None => {
                let total = unread_total(ctx, &recipient).await?;
                totals.insert(recipient.clone(), total);
                total
            }
        };
        let Some(total) = total else { continue };
        let told = Told { chat: &chat, message, sender: senders.iter().find(|user| user.id == message.sender) };
        let event = told.event(&recipient, total, settings.preview_characters);
        ctx.app.hooks.topics.publish(&settings.topic, &event).await?;
        let recipient = recipient.to_string();
        tracing::info!(message.id = %message.id, recipient.id = recipient, "a push event was published");
    }
    Ok(())
}

/// The recipients of a message whom it has not reached: it was not posted to a socket of theirs, and they have not
/// fetched or read it. Nobody, if it was deleted.
fn unreached<'a>(chat: &'a Chat, message: &'a Message) -> impl Iterator<Item = UserId> + 'a {
    let members = chat.others(&message.sender).filter(|member| !member.gone);
    let told = members
        .filter(|member| message.content_for(&member.user).is_some() && !message.is_delivered_to(chat, &member.user));
    told.map(|member| member.user.clone())
}

/// The unread messages of a user in all chats; `None` for a user who is here again: their client has recovered what it
/// missed, or shows what is unread. One query; for a user who is away one more, and one read per hundred chats with unread
/// messages.
async fn unread_total(ctx: &Ctx, user: &UserId) -> Result<Option<u64>, Error> {
    if !ctx.app.store.person(user).await?.sockets.is_empty() {
        return Ok(None);
    }
    let waiting = ctx.app.store.unread_chats(user).await?;
    let chats = ctx.app.store.chats(&waiting).await?;
    Ok(Some(chats.iter().filter_map(|chat| chat.member(user)).map(|(_, member)| member.unread).sum()))
}

/// A message of which somebody is told.
struct Told<'a> {
    chat: &'a Chat,
    message: &'a Message,
    sender: Option<&'a User>,
}

impl Told<'_> {
    fn event(&self, recipient: &UserId, unread_total: u64, preview_characters: usize) -> String {
        let Self { chat, message, sender } = self;
        let name = sender.map_or_else(|| message.sender.to_string(), User::display_name);
        let unread = chat.member(recipient).map_or(0, |(_, member)| member.unread);
        let event = json!({
            "id": format!("{}-{recipient}", message.id),
            "type": "push.message",
            "timestamp": message.created_at.iso(),
            "data": {
                "recipient": recipient.to_string(),
                "sender": {"id": message.sender.to_string(), "name": name},
                "chatId": chat.id.to_string(),
                "listingId": chat.about.as_ref().map(ToString::to_string),
                "messageId": message.id.to_string(),
                "messageType": message.kind.name(),
                "preview": preview(message.content.as_ref(), preview_characters),
                "unreadInChat": unread,
                "unreadTotal": unread_total,
                "collapseKey": chat.id.to_string(),
            },
        });
        in_json(&event)
    }
}

/// The first characters of the text, white space made one space each. `None` for a message without text, or if there
/// are to be no previews.
fn preview(content: Option<&Content>, characters: usize) -> Option<String> {
    let text = content?.text.as_deref()?;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = words.chars().take(characters).collect();
    let is_cut = shown.len() < words.len();
    Some(if is_cut { format!("{shown}…") } else { shown }).filter(|shown| characters > 0 && !shown.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::MessageKind;

    #[test]
    fn a_preview_is_the_first_characters_on_one_line() {
        let of = |text: &str, most| {
            let content = Content { text: Some(text.to_owned()), media: Vec::new(), kind: MessageKind::Text };
            preview(Some(&content), most)
        };
        assert_eq!(of("hello", 5).as_deref(), Some("hello"));
        assert_eq!(of("  hello\n\nBob ", 100).as_deref(), Some("hello Bob"));
        assert_eq!(of("äöüß\u{1f600}x", 5).as_deref(), Some("äöüß\u{1f600}…"));
        assert_eq!(of("hello", 0), None);
        assert_eq!(of("  ", 5), None);
        assert_eq!(preview(None, 5), None);
    }
}
