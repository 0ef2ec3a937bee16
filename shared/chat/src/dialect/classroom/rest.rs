//! The REST routes of classroom. Envelope: `{success,data}`.

use serde_json::{Value, json};

use crate::dialect::classroom::{events, shapes};
use crate::dialect::{Request, Route, every};
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

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    let (status, data) = match answer {
        Answer::Chat { view, created } => (if *created { 201 } else { 200 }, shapes::conversation(view, viewer)),
        Answer::Chats { views, .. } => (200, views.iter().map(|view| shapes::conversation(view, viewer)).collect()),
        Answer::MessageDeleted { chat, message } => (200, shapes::message(message, chat, viewer)),
        Answer::Listing(listing) => (200, every::listing(listing)),
        Answer::Messages { chat, messages, paging } => {
            let messages: Value = messages.iter().map(|one| shapes::message(one, chat, viewer)).collect();
            return (200, json!({"success": true, "data": messages, "pagination": shapes::pagination(paging)}));
        }
        Answer::Read(Reading { marked, .. }) => (200, json!({"markedCount": marked})),
        Answer::Sent { chat, message, repeated } => {
            (if *repeated { 200 } else { 201 }, shapes::message(message, chat, viewer))
        }
        Answer::Unread(count) => (200, json!({"unreadCount": count})),
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
        | Answer::User(_) => (200, Value::Null),
    };
    (status, json!({"success": true, "data": data}))
}
