//! The REST routes of workspace. Envelope: `{success,data}`, and `pagination` beside a list.

use serde_json::{Value, json};

use crate::dialect::workspace::shapes;
use crate::dialect::{Route, every};
use crate::domain::chat::Place;
use crate::domain::command::Command;
use crate::domain::notice::{Answer, Viewer};
use crate::domain::page::CHATS_LIMIT_DEFAULT;

pub(super) const ROUTES: &[Route] = &[
    Route::new("POST", "/api/conversations", |request| {
        Ok(Command::CreateChat { with: Some(request.body.user("participantId")?), about: None })
    }),
    Route::new("GET", "/api/conversations", |request| Ok(Command::ListChats(request.query.page(CHATS_LIMIT_DEFAULT)?))),
    Route::new("GET", "/api/conversations/{conversationId}/messages", |request| {
        let place = Place::Chat(request.path.chat("conversationId")?);
        Ok(Command::ListMessages { place, window: request.query.window()? })
    }),
];

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    let (status, data) = match answer {
        Answer::Chat { view, created } => (if *created { 201 } else { 200 }, shapes::conversation(view, viewer)),
        Answer::Chats { views, paging } => {
            let conversations: Value = views.iter().map(|view| shapes::conversation(view, viewer)).collect();
            return (200, list(conversations, shapes::pagination(paging)));
        }
        Answer::Listing(listing) => (200, every::listing(listing)),
        Answer::Messages { chat, messages, paging } => {
            let messages: Value = messages.iter().map(|one| shapes::message(one, chat, viewer)).collect();
            return (200, list(messages, shapes::pagination(paging)));
        }
        Answer::Sent { chat, message, repeated } => {
            (if *repeated { 200 } else { 201 }, shapes::message(message, chat, viewer))
        }
        Answer::Block(_)
        | Answer::BlockedChats(_)
        | Answer::Done
        | Answer::Found { .. }
        | Answer::ChatDeleted(_)
        | Answer::MediaLink { .. }
        | Answer::MessageDeleted { .. }
        | Answer::Online(_)
        | Answer::Pong(_)
        | Answer::Read(_)
        | Answer::Unread(_)
        | Answer::Upload { .. }
        | Answer::User(_) => (200, Value::Null),
    };
    (status, json!({"success": true, "data": data}))
}

fn list(data: Value, pagination: Value) -> Value {
    json!({"success": true, "data": data, "pagination": pagination})
}
