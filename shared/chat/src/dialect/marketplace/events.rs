//! The events that a marketplace client emits and receives.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::dialect::envelope::{NoFields, success};
use crate::dialect::fields::Fields;
use crate::dialect::marketplace::heard::{Blocked, Heard, MessageRead, Typing, Unblocked};
use crate::dialect::marketplace::shapes::{self, Message};
use crate::dialect::shapes::{ChatNamed, Connected, MessageNamed, Notification, UserOffline, UserOnline};
use crate::dialect::{Event, Family};
use crate::domain::chat::Place;
use crate::domain::command::{Command, Posting};
use crate::domain::id::ChatId;
use crate::domain::message::{Content, Message as DomainMessage};
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

/// The fields of an ack of `sendMessage`.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Sent {
    /// The message.
    data: Message,
}

pub(super) fn ack(answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
    match answer {
        Answer::Sent { chat, message, .. } => success(Sent { data: Message::new(message, chat, viewer) }),
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
        | Answer::User(_) => success(NoFields {}),
    }
}

pub(super) fn answer_event(answer: &Answer) -> Option<Event> {
    match answer {
        // A notice tells about messages that were newly marked.
        Answer::Read(reading) if reading.marked == 0 => Some(read(reading)?.event()),
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
    heard(notice, viewer).iter().map(Heard::event).collect()
}

fn heard(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Heard> {
    let heard = match notice {
        Notice::Blocked { view, by } => {
            Heard::ChatBlocked(Blocked { chat_id: view.chat.id.to_string(), blocked_by: by.to_string() })
        }
        Notice::Unblocked { view, by } => {
            Heard::ChatUnblocked(Unblocked { chat_id: view.chat.id.to_string(), unblocked_by: by.to_string() })
        }
        Notice::ChatCreated(view) => Heard::ChatCreated(ChatNamed { chat_id: view.chat.id.to_string() }),
        Notice::ChatDeleted(chat) => Heard::ChatDeleted(ChatNamed { chat_id: chat.to_string() }),
        Notice::Connected { user, socket } => {
            Heard::Connected(Connected { user_id: user.to_string(), socket_id: socket.to_string() })
        }
        Notice::Delivered(message) => Heard::MessageDelivered(MessageNamed::new(message)),
        Notice::MessageDeleted { message, .. } => Heard::MessageDeleted(MessageNamed::new(message)),
        Notice::Notified { id, text, kind, at } => Heard::Notification(Notification::new(id, text, kind, *at)),
        // The dialect has no event for statuses, and none for the list of who is online.
        Notice::Online { became_online: false, .. } | Notice::OnlineUsers(_) => return Vec::new(),
        Notice::Online { user, .. } => Heard::UserOnline(UserOnline { user_id: user.to_string() }),
        Notice::Offline { user, last_seen } => Heard::UserOffline(UserOffline::new(user, *last_seen)),
        Notice::Read(reading) if reading.whole => return read(reading).into_iter().collect(),
        Notice::Read(reading) => {
            let one = |message: &DomainMessage| Heard::MessageRead(MessageRead::new(reading, &message.id, None));
            return reading.messages.iter().map(one).collect();
        }
        Notice::Sent { chat, message } => Heard::NewMessage(Message::new(message, chat, viewer)),
        Notice::Typing { chat, user, active } => {
            Heard::Typing(Typing { user_id: user.to_string(), chat_id: chat.to_string(), is_typing: *active })
        }
    };
    vec![heard]
}

/// The event about a whole chat, with its newest message, or about a message that was read before. It says how many
/// messages were newly marked.
fn read(reading: &Reading) -> Option<Heard> {
    let newest = reading.messages.last()?;
    Some(Heard::MessageRead(MessageRead::new(reading, &newest.id, Some(reading.marked))))
}
