//! The REST routes of classroom. Envelope: `{success,data}`.

use serde::Serialize;
use serde_json::Value;

use crate::dialect::classroom::events;
use crate::dialect::classroom::shapes::{self, Conversation, Message};
use crate::dialect::envelope::{Data, List};
use crate::dialect::every::Listing;
use crate::dialect::json::value;
use crate::dialect::shapes::{Marked, UnreadCount};
use crate::dialect::{Request, Route};
use crate::domain::chat::Place;
use crate::domain::command::Command;
use crate::domain::notice::{Answer, Reading, Viewer};
use crate::domain::page::CHATS_LIMIT_DEFAULT;
use crate::error::Error;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/chat/conversations", |request| {
        Ok(Command::ListChats(request.query.page(CHATS_LIMIT_DEFAULT)?))
    }),
    // In this route `id` is the id of a participant; in the next one it is the id of a conversation.
    Route::new("GET", "/api/chat/conversation/{id}", |request| {
        Ok(Command::CreateChat { with: Some(request.path.user("id")?), about: None })
    }),
    Route::new("GET", "/api/chat/conversation/{id}/messages", |request| {
        let place = Place::Chat(request.path.chat("id")?);
        Ok(Command::ListMessages { place, window: request.query.window()? })
    }),
    Route::new("POST", "/api/chat/message", |request| events::send(request.body)),
    Route::new("DELETE", "/api/chat/message/{messageId}", |request| {
        let for_everyone = request.body.optional_flag("deleteForEveryone")?.unwrap_or(false);
        Ok(Command::DeleteMessage { message: request.path.message("messageId")?, for_everyone })
    }),
    Route::new("POST", "/api/chat/messages/read", mark_read),
    Route::new("GET", "/api/chat/unread-count", |_| Ok(Command::CountUnread { plain: false })),
];

fn mark_read(request: &Request<'_>) -> Result<Command, Error> {
    match events::mark_listed(request.body)? {
        Some(listed) => Ok(listed),
        None => Ok(Command::MarkChatRead(request.body.chat("conversationId")?)),
    }
}

fn data(data: impl Serialize) -> Value {
    value(&Data::new(data))
}

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    match answer {
        Answer::Chat { view, created } => (if *created { 201 } else { 200 }, data(Conversation::new(view, viewer))),
        Answer::Chats { views, .. } => {
            (200, data(views.iter().map(|view| Conversation::new(view, viewer)).collect::<Vec<_>>()))
        }
        Answer::MessageDeleted { chat, message } => (200, data(Message::new(message, chat, viewer))),
        Answer::Listing(listing) => (200, data(Listing::new(listing))),
        Answer::Messages { chat, messages, paging } => {
            let messages = messages.iter().map(|message| Message::new(message, chat, viewer)).collect();
            (200, value(&List::new(messages, shapes::pagination(paging))))
        }
        Answer::Read(Reading { marked, .. }) => (200, data(Marked { marked_count: *marked })),
        Answer::Sent { chat, message, repeated } => {
            (if *repeated { 200 } else { 201 }, data(Message::new(message, chat, viewer)))
        }
        Answer::Unread(count) => (200, data(UnreadCount { unread_count: *count })),
        // No other route of this dialect returns data.
        Answer::Block(_)
        | Answer::BlockedChats(_)
        | Answer::Done
        | Answer::Found { .. }
        | Answer::ChatDeleted(_)
        | Answer::MediaLink { .. }
        | Answer::Online(_)
        | Answer::Pong(_)
        | Answer::Upload { .. }
        | Answer::User(_) => (200, data(())),
    }
}
