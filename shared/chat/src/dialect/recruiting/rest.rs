//! The REST routes of recruiting. Envelope: `{success,message,data}`.

use relay::clock::Timestamp;
use serde_json::{Value, json};

use crate::dialect::recruiting::{events, shapes};
use crate::dialect::{Request, Route, every};
use crate::domain::chat::Place;
use crate::domain::command::Command;
use crate::domain::id::MessageId;
use crate::domain::notice::{Answer, Reading, Viewer};
use crate::domain::page::{CHATS_LIMIT_DEFAULT, MESSAGES_LIMIT_DEFAULT};
use crate::error::Error;

pub(super) const ROUTES: &[Route] = &[
    Route::new("POST", "/api/chat/create-or-get", |request| {
        Ok(Command::CreateChat { with: Some(request.body.user("otherUserId")?), about: None })
    }),
    Route::new("GET", "/api/chat/my-chats", |request| Ok(Command::ListChats(request.query.page(CHATS_LIMIT_DEFAULT)?))),
    Route::new("GET", "/api/chat/blocked", |_| Ok(Command::ListBlockedChats)),
    Route::new("GET", "/api/chat/{chatId}", |request| Ok(Command::ShowChat(request.path.chat("chatId")?))),
    Route::new("DELETE", "/api/chat/{chatId}", |request| Ok(Command::DeleteChat(request.path.chat("chatId")?))),
    Route::new("POST", "/api/chat/{chatId}/block", |request| Ok(Command::Block(request.path.chat("chatId")?))),
    Route::new("POST", "/api/chat/{chatId}/unblock", |request| Ok(Command::Unblock(request.path.chat("chatId")?))),
    Route::new("POST", "/api/message/send", |request| events::send(request.body)),
    Route::new("GET", "/api/message/chat/{chatId}", |request| {
        let place = Place::Chat(request.path.chat("chatId")?);
        Ok(Command::ListMessages { place, window: request.query.window()? })
    }),
    Route::new("POST", "/api/message/chat/{chatId}/mark-read", |request| {
        Ok(Command::MarkChatRead(request.path.chat("chatId")?))
    }),
    Route::new("GET", "/api/message/chat/{chatId}/search", search),
    Route::new("GET", "/api/message/unread-count", |_| Ok(Command::CountUnread { plain: false })),
    Route::new("DELETE", "/api/message/{messageId}", |request| {
        Ok(Command::DeleteMessage { message: request.path.message("messageId")?, for_everyone: true })
    }),
];

fn search(request: &Request<'_>) -> Result<Command, Error> {
    let malformed = |_| Error::validation("before", "must be a message id");
    let before = request.query.optional_text("before")?.map(|id| MessageId::parse(id).map_err(malformed));
    Ok(Command::Search {
        chat: request.path.chat("chatId")?,
        term: request.query.text("searchTerm")?.to_owned(),
        page: request.query.page(MESSAGES_LIMIT_DEFAULT)?,
        before: before.transpose()?,
    })
}

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    let (status, message, data) = match answer {
        Answer::BlockedChats(views) => {
            let chats: Vec<Value> = views.iter().map(|view| shapes::chat(view, viewer)).collect();
            (200, "Blocked chats", json!({"chats": chats}))
        }
        Answer::Block(view) => (200, "Chat", shapes::chat(view, viewer)),
        Answer::Chat { view, created: true } => (201, "Chat created", shapes::chat(view, viewer)),
        Answer::Chat { view, created: false } => (200, "Chat", shapes::chat(view, viewer)),
        Answer::ChatDeleted(_) => (200, "Chat deleted", Value::Null),
        Answer::Chats { views, paging } => {
            let chats: Vec<Value> = views.iter().map(|view| shapes::chat(view, viewer)).collect();
            (200, "Chats", json!({"chats": chats, "pagination": shapes::pagination(paging)}))
        }
        Answer::Found { chat, messages, paging, stopped_before } => {
            let found: Vec<Value> = messages.iter().map(|one| shapes::message(one, chat, viewer)).collect();
            let mut pagination = shapes::pagination(paging);
            if let (Some(stopped), Value::Object(fields)) = (stopped_before, &mut pagination) {
                fields.insert("before".to_owned(), stopped.to_string().into());
            }
            (200, "Messages found", json!({"messages": found, "pagination": pagination}))
        }
        Answer::Listing(listing) => (200, "Listing", every::listing(listing)),
        Answer::MessageDeleted { chat, message } => (200, "Message deleted", shapes::message(message, chat, viewer)),
        Answer::Messages { chat, messages, paging } => {
            let messages: Vec<Value> = messages.iter().map(|one| shapes::message(one, chat, viewer)).collect();
            (200, "Messages", json!({"messages": messages, "pagination": shapes::pagination(paging)}))
        }
        Answer::Online(users) => (200, "Online users", shapes::online_users(users, viewer)),
        Answer::Pong(at) => (200, "Pong", json!({"timestamp": at.millis()})),
        Answer::Read(Reading { marked, .. }) => (200, "Messages marked as read", json!({"markedCount": marked})),
        Answer::Sent { chat, message, repeated } => {
            let status = if *repeated { 200 } else { 201 };
            (status, "Message sent", shapes::message(message, chat, viewer))
        }
        Answer::Unread(count) => (200, "Unread messages", json!({"unreadCount": count})),
        Answer::Done | Answer::MediaLink { .. } | Answer::Upload { .. } | Answer::User(_) => (200, "Done", Value::Null),
    };
    (status, json!({"success": true, "message": message, "data": data}))
}

pub(super) fn error(error: &Error, now: Timestamp) -> Value {
    json!({"success": false, "message": error.to_string(), "error": shapes::error(error, now)})
}
