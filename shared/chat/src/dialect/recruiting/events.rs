//! The events that a recruiting client emits and receives.

use serde_json::{Map, Value, json};

use crate::dialect::fields::Fields;
use crate::dialect::recruiting::shapes;
use crate::dialect::shapes::success;
use crate::dialect::{Event, Family};
use crate::domain::chat::Place;
use crate::domain::command::{Command, Posting};
use crate::domain::id::{MessageId, UserId};
use crate::domain::message::{Content, TEXT_MAX_CHARACTERS};
use crate::domain::notice::{Answer, Notice, Reading, Viewer};
use crate::error::Error;

pub(super) const OWNERS: &[(&str, Family)] = &[
    ("send_message", Family::Message),
    ("mark_messages_read", Family::Message),
    ("typing_start", Family::Typing),
    ("typing_stop", Family::Typing),
    ("block_user", Family::Block),
    ("unblock_user", Family::Block),
    ("get_online_users", Family::Presence),
    ("ping", Family::Presence),
    ("manual_disconnect", Family::Disconnect),
];

pub(super) fn command(event: &str, arguments: &[Value]) -> Result<Command, Error> {
    let fields = || Fields::of_arguments(arguments);
    match event {
        "send_message" => send(&fields()?),
        "mark_messages_read" => Ok(Command::MarkChatRead(fields()?.chat("chatId")?)),
        "typing_start" => typing(&fields()?, true),
        "typing_stop" => typing(&fields()?, false),
        "block_user" => Ok(Command::Block(fields()?.chat("chatId")?)),
        "unblock_user" => Ok(Command::Unblock(fields()?.chat("chatId")?)),
        "get_online_users" => Ok(Command::ListOnline),
        "ping" => Ok(Command::Ping),
        "manual_disconnect" => Ok(Command::Leave),
        _ => Err(Error::validation("event", "is not one that this namespace knows")),
    }
}

/// Parses a send, from the socket or from REST.
pub(super) fn send(fields: &Fields<'_>) -> Result<Command, Error> {
    Ok(Command::Send { client_message_id: fields.client_message_id()?, posting: posting(fields) })
}

fn posting(fields: &Fields<'_>) -> Result<Posting, Error> {
    let place = Place::Chat(fields.chat("chatId")?);
    let receiver = fields.optional_user("receiverId")?;
    let kind = fields.kind("messageType", shapes::KINDS)?;
    let text = fields.optional_text("content")?.map(str::to_owned);
    let content = Content::new(kind, text, fields.medium("mediaUrl")?, TEXT_MAX_CHARACTERS)?;
    Ok(Posting { place, receiver, content, reply_to: None })
}

fn typing(fields: &Fields<'_>, active: bool) -> Result<Command, Error> {
    let place = Place::Chat(fields.chat("chatId")?);
    Ok(Command::Type { place, receiver: fields.optional_user("receiverId")?, active })
}

pub(super) fn ack(answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
    success(match answer {
        Answer::Block(view) | Answer::Chat { view, .. } => json!({"chat": shapes::chat(view, viewer)}),
        Answer::Online(users) => shapes::online_users(users, viewer),
        Answer::Pong(at) => json!({"timestamp": at.millis()}),
        Answer::Read(Reading { chat, marked, .. }) => json!({"chatId": chat.id.to_string(), "markedCount": marked}),
        Answer::Sent { chat, message, .. } => json!({"message": shapes::message(message, chat, viewer)}),
        // The other events of this dialect have no fields in their ack.
        Answer::BlockedChats(_)
        | Answer::Chats { .. }
        | Answer::Done
        | Answer::Found { .. }
        | Answer::ChatDeleted(_)
        | Answer::Listing(_)
        | Answer::MediaLink { .. }
        | Answer::MessageDeleted { .. }
        | Answer::Messages { .. }
        | Answer::Unread(_)
        | Answer::Upload { .. }
        | Answer::User(_) => json!({}),
    })
}

pub(super) fn notice_events(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
    let mine = |by: &UserId| by == viewer.user;
    match notice {
        Notice::Blocked { view, by } if mine(by) => {
            vec![("user_blocked", json!({"chat": shapes::chat(view, viewer)}))]
        }
        Notice::Blocked { view, by } => {
            vec![("you_were_blocked", json!({"chatId": view.chat.id.to_string(), "blockedByUserId": by.to_string()}))]
        }
        Notice::Unblocked { view, by } if mine(by) => {
            vec![("user_unblocked", json!({"chat": shapes::chat(view, viewer)}))]
        }
        Notice::Unblocked { view, by } => vec![(
            "you_were_unblocked",
            json!({"chatId": view.chat.id.to_string(), "unblockedByUserId": by.to_string()}),
        )],
        Notice::ChatCreated(view) => {
            let chat = &view.chat;
            let updated = chat.updated_at.iso();
            vec![("chat_updated", json!({"chatId": chat.id.to_string(), "latestMessage": null, "updatedAt": updated}))]
        }
        Notice::ChatDeleted(chat) => vec![("chat_deleted", json!({"chatId": chat.to_string()}))],
        Notice::Connected { user, socket } => vec![(
            "connected",
            json!({
                "success": true,
                "userId": user.to_string(),
                "socketId": socket.to_string(),
                "message": "Connected successfully",
            }),
        )],
        Notice::Delivered(message) => vec![("message_delivered", named(message))],
        Notice::MessageDeleted { message, .. } => vec![("message_deleted", named(message))],
        Notice::Notified { id, text, kind, at } => {
            vec![("notification", json!({"id": id, "message": text, "type": kind, "createdAt": at.iso()}))]
        }
        Notice::Online { became_online: false, .. } => Vec::new(),
        Notice::Online { user, .. } => vec![("user_online", json!({"userId": user.to_string()}))],
        Notice::Offline { user, last_seen } => {
            vec![("user_offline", json!({"userId": user.to_string(), "lastSeen": last_seen.iso()}))]
        }
        Notice::OnlineUsers(users) => vec![("online_users", shapes::online_users(users, viewer))],
        Notice::Read(reading) if mine(&reading.reader) => vec![marked_read(reading)],
        Notice::Read(Reading { chat, reader, at, .. }) => vec![(
            "messages_read_by_other",
            json!({"chatId": chat.id.to_string(), "readByUserId": reader.to_string(), "readAt": at.iso()}),
        )],
        Notice::Sent { chat, message } => {
            let said = shapes::message(message, chat, viewer);
            let updated = chat.updated_at.iso();
            let updated = json!({"chatId": chat.id.to_string(), "latestMessage": &said, "updatedAt": updated});
            let name = if viewer.origin { "message_sent" } else { "new_message" };
            vec![(name, json!({"message": said})), ("chat_updated", updated)]
        }
        Notice::Typing { chat, user, active } => {
            let name = if *active { "user_typing" } else { "user_stopped_typing" };
            vec![(name, json!({"userId": user.to_string(), "chatId": chat.to_string()}))]
        }
    }
}

/// The reader's confirmation.
pub(super) fn marked_read(reading: &Reading) -> Event {
    ("messages_marked_read", json!({"chatId": reading.chat.id.to_string(), "markedCount": reading.marked}))
}

fn named(message: &MessageId) -> Value {
    json!({"messageId": message.to_string(), "chatId": message.chat.to_string()})
}

/// The event that carries an answer to a client that asked for no ack, if the dialect has one and no notice says the
/// same.
pub(super) fn answer_event(answer: &Answer, viewer: &Viewer<'_>) -> Option<Event> {
    match answer {
        Answer::Online(users) => Some(("online_users", shapes::online_users(users, viewer))),
        // A notice tells about messages that were newly marked.
        Answer::Read(reading) if reading.marked == 0 => Some(marked_read(reading)),
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
        | Answer::Pong(_)
        | Answer::Read(_)
        | Answer::Sent { .. }
        | Answer::Unread(_)
        | Answer::Upload { .. }
        | Answer::User(_) => None,
    }
}
