//! The events that a marketplace client emits and receives.

use serde_json::{Map, Value, json};

use crate::dialect::fields::Fields;
use crate::dialect::marketplace::shapes;
use crate::dialect::shapes::success;
use crate::dialect::{Event, Family};
use crate::domain::chat::Place;
use crate::domain::command::{Command, Posting};
use crate::domain::id::ChatId;
use crate::domain::message::Content;
use crate::domain::notice::{Answer, Notice, Reading, Viewer};
use crate::error::Error;

/// The longest text, in Unicode scalar values (docs/dialects.md, "Content").
pub(super) const TEXT_MAX_CHARACTERS: usize = 1_000;

pub(super) const OWNERS: &[(&str, Family)] = &[
    ("online", Family::Presence),
    ("join-chat", Family::Typing),
    ("leave-chat", Family::Typing),
    ("typing", Family::Typing),
    ("sendMessage", Family::Message),
    ("markAsRead", Family::Message),
];

pub(super) fn command(event: &str, arguments: &[Value]) -> Result<Command, Error> {
    let fields = || Fields::of_arguments(arguments);
    match event {
        "online" => Ok(Command::Come),
        "join-chat" => Ok(Command::JoinRoom(fields()?.chat("chatId")?)),
        "leave-chat" => Ok(Command::LeaveRoom(fields()?.chat("chatId")?)),
        "typing" => {
            let fields = fields()?;
            let place = Place::Chat(fields.chat("chatId")?);
            let active = fields.optional_flag("isTyping")?;
            let active = active.ok_or_else(|| Error::validation("isTyping", "is required"))?;
            Ok(Command::Type { place, receiver: None, active })
        }
        "sendMessage" => {
            let fields = fields()?;
            send(&fields, fields.chat("chatId"))
        }
        "markAsRead" => {
            let fields = fields()?;
            let chat = Some(fields.chat("chatId")?);
            Ok(Command::MarkRead { chat, messages: vec![fields.message("messageId")?], listed: false })
        }
        _ => Err(Error::validation("event", "is not one that this namespace knows")),
    }
}

/// Parses a send, from the socket or from REST, into the chat that either names.
pub(super) fn send(fields: &Fields<'_>, chat: Result<ChatId, Error>) -> Result<Command, Error> {
    Ok(Command::Send { client_message_id: fields.client_message_id()?, posting: posting(fields, chat) })
}

fn posting(fields: &Fields<'_>, chat: Result<ChatId, Error>) -> Result<Posting, Error> {
    let place = Place::Chat(chat?);
    let kind = fields.kind("messageType", shapes::KINDS)?;
    let text = fields.optional_text("content")?.map(str::to_owned);
    let content = Content::new(kind, text, fields.medium("mediaUrl")?, TEXT_MAX_CHARACTERS)?;
    Ok(Posting { place, receiver: None, content, reply_to: fields.optional_message("parentMessageId")? })
}

pub(super) fn ack(answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
    success(match answer {
        Answer::Sent { chat, message, .. } => json!({"data": shapes::message(message, chat, viewer)}),
        // The other events of this dialect have no fields in their ack.
        Answer::Block(_)
        | Answer::BlockedChats(_)
        | Answer::Chat { .. }
        | Answer::Chats { .. }
        | Answer::Done
        | Answer::Found { .. }
        | Answer::ChatDeleted(_)
        | Answer::Listing(_)
        | Answer::MediaLink { .. }
        | Answer::MessageDeleted { .. }
        | Answer::Messages { .. }
        | Answer::Online(_)
        | Answer::Pong(_)
        | Answer::Read(_)
        | Answer::Unread(_)
        | Answer::Upload { .. }
        | Answer::User(_) => json!({}),
    })
}

pub(super) fn answer_event(answer: &Answer) -> Option<Event> {
    match answer {
        // A notice tells about messages that were newly marked.
        Answer::Read(reading) if reading.marked == 0 => read(reading),
        // The client received the message of a repeated send when it was new.
        Answer::Block(_)
        | Answer::BlockedChats(_)
        | Answer::Chat { .. }
        | Answer::Chats { .. }
        | Answer::Done
        | Answer::Found { .. }
        | Answer::ChatDeleted(_)
        | Answer::Listing(_)
        | Answer::MediaLink { .. }
        | Answer::MessageDeleted { .. }
        | Answer::Messages { .. }
        | Answer::Online(_)
        | Answer::Pong(_)
        | Answer::Read(_)
        | Answer::Sent { .. }
        | Answer::Unread(_)
        | Answer::Upload { .. }
        | Answer::User(_) => None,
    }
}

pub(super) fn notice_events(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
    match notice {
        Notice::Blocked { view, by } => {
            let chat = view.chat.id.to_string();
            vec![("chatBlocked", json!({"chatId": chat, "blockedBy": by.to_string()}))]
        }
        Notice::Unblocked { view, by } => {
            let chat = view.chat.id.to_string();
            vec![("chatUnblocked", json!({"chatId": chat, "unblockedBy": by.to_string()}))]
        }
        Notice::ChatCreated(view) => vec![("chatCreated", json!({"chatId": view.chat.id.to_string()}))],
        Notice::ChatDeleted(chat) => vec![("chatDeleted", json!({"chatId": chat.to_string()}))],
        Notice::Connected { user, socket } => {
            vec![("connected", json!({"userId": user.to_string(), "socketId": socket.to_string()}))]
        }
        Notice::Delivered(message) => {
            vec![("messageDelivered", json!({"messageId": message.to_string(), "chatId": message.chat.to_string()}))]
        }
        Notice::MessageDeleted { message, .. } => {
            vec![("messageDeleted", json!({"messageId": message.to_string(), "chatId": message.chat.to_string()}))]
        }
        Notice::Notified { id, text, kind, at } => {
            vec![("notification", json!({"id": id, "message": text, "type": kind, "createdAt": at.iso()}))]
        }
        // The dialect has no event for statuses, and none for the list of who is online.
        Notice::Online { became_online: false, .. } | Notice::OnlineUsers(_) => Vec::new(),
        Notice::Online { user, .. } => vec![("userOnline", json!({"userId": user.to_string()}))],
        Notice::Offline { user, last_seen } => {
            vec![("userOffline", json!({"userId": user.to_string(), "lastSeen": last_seen.iso()}))]
        }
        Notice::Read(reading) if reading.whole => read(reading).into_iter().collect(),
        Notice::Read(reading) => {
            reading.messages.iter().map(|message| read_one(reading, message.id.to_string())).collect()
        }
        Notice::Sent { chat, message } => vec![("newMessage", shapes::message(message, chat, viewer))],
        Notice::Typing { chat, user, active } => {
            vec![("typing", json!({"userId": user.to_string(), "chatId": chat.to_string(), "isTyping": active}))]
        }
    }
}

/// The event about a whole chat, with its newest message, or about a message that was read before. It says how many
/// messages were newly marked.
fn read(reading: &Reading) -> Option<Event> {
    let newest = reading.messages.last()?;
    let (name, mut said) = read_one(reading, newest.id.to_string());
    if let Value::Object(fields) = &mut said {
        fields.insert("markedCount".to_owned(), reading.marked.into());
    }
    Some((name, said))
}

fn read_one(reading: &Reading, message: String) -> Event {
    let (chat, reader) = (reading.chat.id.to_string(), reading.reader.to_string());
    ("messageRead", json!({"messageId": message, "userId": reader, "chatId": chat}))
}
