//! The REST routes of marketplace. Envelope: `{success,message,data}`.

use serde::Serialize;
use serde_json::Value;

use crate::dialect::Route;
use crate::dialect::envelope::{Pagination, Told};
use crate::dialect::every::Listing;
use crate::dialect::json::value;
use crate::dialect::marketplace::events;
use crate::dialect::marketplace::shapes::{self, Chat, Message, PageOfChats, PageOfMessages};
use crate::dialect::shapes::Marked;
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

/// A page of the caller's chats.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Chats {
    /// The chats, those with the most recent activity first.
    chats: Vec<Chat>,
    /// The position of the page.
    pagination: Pagination<PageOfChats>,
}

/// A part of a chat's messages.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Messages {
    /// The messages, oldest first.
    messages: Vec<Message>,
    /// The position of the part.
    pagination: Pagination<PageOfMessages>,
}

/// Who blocks a chat.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Block {
    /// Whether any participant blocks the chat. Then nobody can send.
    is_blocked: bool,
    /// The ids of everybody who blocks the chat.
    blocked_by: Vec<String>,
}

fn told(message: &'static str, data: impl Serialize) -> Value {
    value(&Told::new(message, data))
}

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    match answer {
        Answer::Block(view) => {
            let block = Block { is_blocked: view.chat.is_blocked(), blocked_by: shapes::blockers(&view.chat) };
            let mine = block.blocked_by.contains(&viewer.user.to_string());
            (200, told(if mine { "Chat blocked" } else { "Chat unblocked" }, block))
        }
        Answer::Chat { view, created: true } => (201, told("Chat created", Chat::new(view, viewer))),
        Answer::Chat { view, created: false } => (200, told("Chat found", Chat::new(view, viewer))),
        Answer::Chats { views, paging } => {
            let chats = views.iter().map(|view| Chat::new(view, viewer)).collect();
            (200, told("Chats", Chats { chats, pagination: PageOfChats::pagination(paging) }))
        }
        Answer::Listing(listing) => (200, told("Listing", Listing::new(listing))),
        Answer::MessageDeleted { chat, message } => (200, told("Message deleted", Message::new(message, chat, viewer))),
        Answer::Messages { chat, messages, paging } => {
            let messages = messages.iter().map(|message| Message::new(message, chat, viewer)).collect();
            (200, told("Messages", Messages { messages, pagination: PageOfMessages::pagination(paging) }))
        }
        Answer::Read(Reading { marked, .. }) => {
            (200, told("Messages marked as read", Marked { marked_count: *marked }))
        }
        Answer::Sent { chat, message, repeated } => {
            let status = if *repeated { 200 } else { 201 };
            (status, told("Message sent", Message::new(message, chat, viewer)))
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
        | Answer::User(_) => (200, told("Done", ())),
    }
}
