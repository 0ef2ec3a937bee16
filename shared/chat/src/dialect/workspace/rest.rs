//! The REST routes of workspace. Envelope: `{success,data}`, and `pagination` beside a list.

use serde::Serialize;
use serde_json::Value;

use crate::dialect::Route;
use crate::dialect::envelope::{Data, List};
use crate::dialect::every::Listing;
use crate::dialect::json::value;
use crate::dialect::workspace::shapes::{self, Conversation, Message};
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

fn data(data: impl Serialize) -> Value {
    value(&Data::new(data))
}

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    match answer {
        Answer::Chat { view, created } => (if *created { 201 } else { 200 }, data(Conversation::new(view, viewer))),
        Answer::Chats { views, paging } => {
            let conversations = views.iter().map(|view| Conversation::new(view, viewer)).collect();
            (200, value(&List::new(conversations, shapes::pagination(paging))))
        }
        Answer::Listing(listing) => (200, data(Listing::new(listing))),
        Answer::Messages { chat, messages, paging } => {
            let messages = messages.iter().map(|message| Message::new(message, chat, viewer)).collect();
            (200, value(&List::new(messages, shapes::pagination(paging))))
        }
        Answer::Sent { chat, message, repeated } => {
            (if *repeated { 200 } else { 201 }, data(Message::new(message, chat, viewer)))
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
        | Answer::User(_) => (200, data(())),
    }
}
