//! The REST routes of recruiting. Envelope: `{success,message,data}`.

use relay::clock::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::dialect::envelope::{Pagination, Told};
use crate::dialect::every::Listing;
use crate::dialect::json::{Always, value};
use crate::dialect::recruiting::events::{self, Pong};
use crate::dialect::recruiting::shapes::{Chat, ErrorObject, Message, OnlineUsers, Page, pagination};
use crate::dialect::shapes::{Marked, UnreadCount};
use crate::dialect::{Request, Route};
use crate::domain::chat::{Chat as DomainChat, Place};
use crate::domain::command::Command;
use crate::domain::id::MessageId;
use crate::domain::message::Message as DomainMessage;
use crate::domain::notice::{Answer, ChatView, Reading, Viewer};
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

/// Chats that the caller blocks.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Chats {
    /// The chats.
    chats: Vec<Chat>,
}

/// A page of the caller's chats.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct ChatsPage {
    /// The chats, those with the most recent activity first.
    chats: Vec<Chat>,
    /// The position of the page.
    pagination: Pagination<Page>,
}

/// A part of a chat's messages.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct MessagesPage {
    /// The messages, oldest first.
    messages: Vec<Message>,
    /// The position of the part.
    pagination: Pagination<Page>,
}

fn chats(views: &[ChatView], viewer: &Viewer<'_>) -> Vec<Chat> {
    views.iter().map(|view| Chat::new(view, viewer)).collect()
}

fn messages(messages: &[DomainMessage], chat: &DomainChat, viewer: &Viewer<'_>) -> Vec<Message> {
    messages.iter().map(|message| Message::new(message, chat, viewer)).collect()
}

fn told(message: &'static str, data: impl Serialize) -> Value {
    value(&Told::new(message, data))
}

pub(super) fn answer(answer: &Answer, viewer: &Viewer<'_>) -> (u16, Value) {
    match answer {
        Answer::BlockedChats(views) => (200, told("Blocked chats", Chats { chats: chats(views, viewer) })),
        Answer::Block(view) => (200, told("Chat", Chat::new(view, viewer))),
        Answer::Chat { view, created: true } => (201, told("Chat created", Chat::new(view, viewer))),
        Answer::Chat { view, created: false } => (200, told("Chat", Chat::new(view, viewer))),
        Answer::ChatDeleted(_) => (200, told("Chat deleted", ())),
        Answer::Chats { views, paging } => {
            let page = ChatsPage { chats: chats(views, viewer), pagination: pagination(paging, None) };
            (200, told("Chats", page))
        }
        Answer::Found { chat, messages: found, paging, stopped_before } => {
            let pagination = pagination(paging, stopped_before.as_ref());
            let page = MessagesPage { messages: messages(found, chat, viewer), pagination };
            (200, told("Messages found", page))
        }
        Answer::Listing(listing) => (200, told("Listing", Listing::new(listing))),
        Answer::MessageDeleted { chat, message } => (200, told("Message deleted", Message::new(message, chat, viewer))),
        Answer::Messages { chat, messages: listed, paging } => {
            let page = MessagesPage { messages: messages(listed, chat, viewer), pagination: pagination(paging, None) };
            (200, told("Messages", page))
        }
        Answer::Online(users) => (200, told("Online users", OnlineUsers::new(users, viewer))),
        Answer::Pong(at) => (200, told("Pong", Pong { timestamp: at.millis() })),
        Answer::Read(Reading { marked, .. }) => {
            (200, told("Messages marked as read", Marked { marked_count: *marked }))
        }
        Answer::Sent { chat, message, repeated } => {
            let status = if *repeated { 200 } else { 201 };
            (status, told("Message sent", Message::new(message, chat, viewer)))
        }
        Answer::Unread(count) => (200, told("Unread messages", UnreadCount { unread_count: *count })),
        Answer::Done | Answer::MediaLink { .. } | Answer::Upload { .. } | Answer::User(_) => (200, told("Done", ())),
    }
}

/// The body of a REST request that failed.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Failure<'a> {
    success: Always<false>,
    /// The message of the error.
    message: String,
    /// The error.
    error: ErrorObject<'a>,
}

pub(super) fn error(error: &Error, now: Timestamp) -> Value {
    value(&Failure { success: Always, message: error.to_string(), error: ErrorObject::new(error, now) })
}
