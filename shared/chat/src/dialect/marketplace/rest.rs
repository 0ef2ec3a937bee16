//! The REST routes of marketplace. Envelope: `{success,message,data}`.

use serde_json::{Value, json};

use crate::dialect::marketplace::{events, shapes};
use crate::dialect::{Route, every};
use crate::domain::chat::Place;
use crate::domain::command::Command;
use crate::domain::notice::{Answer, Reading, Viewer};
use crate::domain::page::CHATS_LIMIT_DEFAULT;

pub(super) const ROUTES: &[Route] = &[
    Route::new("POST", "/api/chat/create", |request| {
        let (with, about) = (request.body.optional_user("participantId")?, request.body.optional_listing("petId")?);
        Ok(Command::CreateChat { with, about })
    }),
    Route::new("GET", "/api/chat/my-chats", |request| Ok(Command::ListChats(request.query.page(CHATS_LIMIT_DEFAULT)?))),
    Route::new("GET", "/api/chat/{chatId}/messages", |request| {
        let place = Place::Chat(request.path.chat("chatId")?);
        Ok(Command::ListMessages { place, window: request.query.window()? })
    }),
    Route::new("POST", "/api/chat/{chatId}/send", |request| events::send(request.body, request.path.chat("chatId"))),
    Route::new("PUT", "/api/chat/{chatId}/mark-read", |request| {
        Ok(Command::MarkChatRead(request.path.chat("chatId")?))
    }),
    Route::new("DELETE", "/api/chat/message/{messageId}", |request| {
        Ok(Command::DeleteMessage { message: request.path.message("messageId")?, for_everyone: true })
    }),
    Route::new("PUT", "/api/chat/{chatId}/toggle-block", |request| {
        Ok(Command::ToggleBlock(request.path.chat("chatId")?))
    }),
];

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    let (status, message, data) = match answer {
        Answer::Block(view) => {
            let (blocked, by) = (view.chat.is_blocked(), shapes::blockers(&view.chat));
            let mine = by.contains(&viewer.user.to_string());
            let message = if mine { "Chat blocked" } else { "Chat unblocked" };
            (200, message, json!({"isBlocked": blocked, "blockedBy": by}))
        }
        Answer::Chat { view, created: true } => (201, "Chat created", shapes::chat(view, viewer)),
        Answer::Chat { view, created: false } => (200, "Chat found", shapes::chat(view, viewer)),
        Answer::Chats { views, paging } => {
            let chats: Vec<Value> = views.iter().map(|view| shapes::chat(view, viewer)).collect();
            (200, "Chats", json!({"chats": chats, "pagination": shapes::pagination(paging, "totalChats")}))
        }
        Answer::Listing(listing) => (200, "Listing", every::listing(listing)),
        Answer::MessageDeleted { chat, message } => (200, "Message deleted", shapes::message(message, chat, viewer)),
        Answer::Messages { chat, messages, paging } => {
            let messages: Vec<Value> = messages.iter().map(|one| shapes::message(one, chat, viewer)).collect();
            (200, "Messages", json!({"messages": messages, "pagination": shapes::pagination(paging, "totalMessages")}))
        }
        Answer::Read(Reading { marked, .. }) => (200, "Messages marked as read", json!({"markedCount": marked})),
        Answer::Sent { chat, message, repeated } => {
            let status = if *repeated { 200 } else { 201 };
            (status, "Message sent", shapes::message(message, chat, viewer))
        }
        // No other route returns data.
        Answer::BlockedChats(_)
        | Answer::Done
        | Answer::Found { .. }
        | Answer::ChatDeleted(_)
        | Answer::MediaLink { .. }
        | Answer::Online(_)
        | Answer::Pong(_)
        | Answer::Unread(_)
        | Answer::Upload { .. }
        | Answer::User(_) => (200, "Done", Value::Null),
    };
    (status, json!({"success": true, "message": message, "data": data}))
}
