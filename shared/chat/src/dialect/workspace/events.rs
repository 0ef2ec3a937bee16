//! The events that a workspace client emits and receives.

use serde_json::{Map, Value, json};

use crate::dialect::fields::Fields;
use crate::dialect::shapes::success;
use crate::dialect::workspace::shapes;
use crate::dialect::{Event, Family};
use crate::domain::chat::{Chat, Place};
use crate::domain::command::{Command, Posting};
use crate::domain::id::{ChatId, UserId};
use crate::domain::message::{Content, Message, TEXT_MAX_CHARACTERS};
use crate::domain::notice::{Answer, Notice, Reading, Viewer};
use crate::domain::user::Status;
use crate::error::Error;

pub(super) const OWNERS: &[(&str, Family)] = &[
    ("message:send", Family::Message),
    ("message:read", Family::Message),
    ("typing:start", Family::Typing),
    ("typing:stop", Family::Typing),
    ("conversation:join", Family::Typing),
    ("conversation:leave", Family::Typing),
    ("user:status", Family::Presence),
];

pub(super) fn command(event: &str, arguments: &[Value]) -> Result<Command, Error> {
    let fields = || Fields::of_arguments(arguments);
    match event {
        "message:send" => send(&fields()?),
        "message:read" => {
            let messages = vec![fields()?.message("messageId")?];
            Ok(Command::MarkRead { chat: None, messages, listed: false })
        }
        "typing:start" => typing(&fields()?, true),
        "typing:stop" => typing(&fields()?, false),
        "conversation:join" => conversation(arguments).map(Command::JoinRoom),
        "conversation:leave" => conversation(arguments).map(Command::LeaveRoom),
        "user:status" => status(arguments).map(Command::SetStatus),
        _ => Err(Error::validation("event", "is not one that this namespace knows")),
    }
}

fn send(fields: &Fields<'_>) -> Result<Command, Error> {
    Ok(Command::Send { client_message_id: fields.client_message_id()?, posting: posting(fields) })
}

fn posting(fields: &Fields<'_>) -> Result<Posting, Error> {
    let place = Place::Chat(fields.chat("conversationId")?);
    let kind = fields.kind("type", shapes::KINDS)?;
    let text = fields.optional_text("content")?.map(str::to_owned);
    let content =
        Content::new(kind, text, fields.medium("mediaUrl")?, TEXT_MAX_CHARACTERS).map_err(own_name_of_type)?;
    Ok(Posting { place, receiver: None, content, reply_to: None })
}

/// Replaces the name of the message's type in an error. The checks of the content name a field and may mention the type
/// as well.
fn own_name_of_type(error: Error) -> Error {
    match error {
        Error::Validation { field, problem } => Error::validation(field, problem.replace("messageType", "type")),
        other => other,
    }
}

fn typing(fields: &Fields<'_>, active: bool) -> Result<Command, Error> {
    Ok(Command::Type { place: Place::Chat(fields.chat("conversationId")?), receiver: None, active })
}

/// The argument of an event that carries a bare value, as an object with one field of this name.
fn bare(arguments: &[Value], name: &str) -> Map<String, Value> {
    arguments.first().map(|value| (name.to_owned(), value.clone())).into_iter().collect()
}

fn conversation(arguments: &[Value]) -> Result<ChatId, Error> {
    Fields::new(&bare(arguments, "conversationId")).chat("conversationId")
}

fn status(arguments: &[Value]) -> Result<Status, Error> {
    let fields = bare(arguments, "status");
    let named = Fields::new(&fields).text("status")?;
    Status::ALL.into_iter().find(|status| status.name() == named).ok_or_else(|| {
        let names = Status::ALL.map(Status::name);
        Error::validation("status", format!("must be one of {}", names.join(", ")))
    })
}

pub(super) fn ack(answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
    success(match answer {
        Answer::Sent { chat, message, .. } => json!({"message": shapes::message(message, chat, viewer)}),
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

pub(super) fn notice_events(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
    match notice {
        Notice::Blocked { view, by } => vec![("conversation:blocked", actor(&view.chat.id, by))],
        Notice::Unblocked { view, by } => vec![("conversation:unblocked", actor(&view.chat.id, by))],
        Notice::ChatCreated(view) => vec![("conversation:updated", shapes::conversation(view, viewer))],
        Notice::ChatDeleted(chat) => {
            vec![("conversation:deleted", json!({"conversationId": chat.to_string()}))]
        }
        Notice::Connected { user, socket } => {
            vec![("connected", json!({"userId": user.to_string(), "socketId": socket.to_string()}))]
        }
        Notice::Delivered(message) => vec![("message:delivered", json!({"messageId": message.to_string()}))],
        Notice::MessageDeleted { message, .. } => {
            let conversation = message.chat.to_string();
            vec![("message:deleted", json!({"messageId": message.to_string(), "conversationId": conversation}))]
        }
        Notice::Notified { id, text, kind, at } => {
            vec![(NOTIFICATION, json!({"id": id, "message": text, "type": kind, "createdAt": at.iso()}))]
        }
        Notice::Online { user, status, .. } => {
            vec![("user:online", json!({"userId": user.to_string(), "status": status.name()}))]
        }
        Notice::Offline { user, .. } => vec![("user:offline", json!({"userId": user.to_string()}))],
        // The dialect has no list of who is online. Its clients are told when people come and go.
        Notice::OnlineUsers(_) => Vec::new(),
        Notice::Read(reading) => read(reading, viewer),
        Notice::Sent { chat, message } => sent(chat, message, viewer),
        Notice::Typing { chat, user, active } => {
            vec![(if *active { "typing:start" } else { "typing:stop" }, actor(chat, user))]
        }
    }
}

const NOTIFICATION: &str = "notification:new";

/// The events for the sender. If a whole conversation was read, one event with the newest message of the sender and the
/// number of all messages that were newly marked; otherwise one for each of the sender's messages.
fn read(reading: &Reading, viewer: &Viewer<'_>) -> Vec<Event> {
    let told = |message: &Message| {
        json!({
            "messageId": message.id.to_string(),
            "userId": reading.reader.to_string(),
            "readAt": reading.at.iso(),
        })
    };
    if !reading.whole {
        let own = reading.messages.iter().filter(|message| message.sender == *viewer.user);
        return own.map(|message| ("message:read", told(message))).collect();
    }
    let newest = reading.newest_by(viewer.user).map(|message| {
        let mut said = told(message);
        if let Value::Object(fields) = &mut said {
            fields.insert("markedCount".to_owned(), reading.marked.into());
        }
        ("message:read", said)
    });
    newest.into_iter().collect()
}

/// The events about a new message: the message for all sockets but the one that sent it, the conversation for all, and
/// a notification for the sockets of a recipient that do not have the conversation open.
fn sent(chat: &Chat, message: &Message, viewer: &Viewer<'_>) -> Vec<Event> {
    let said = shapes::message(message, chat, viewer);
    let notified = (message.sender != *viewer.user && !viewer.joined)
        .then(|| (NOTIFICATION, shapes::notification(message, viewer)));
    let updated = ("conversation:updated", shapes::conversation_with(chat, Some(&said), viewer));
    let new = (!viewer.origin).then_some(("message:new", said));
    new.into_iter().chain([updated]).chain(notified).collect()
}

fn actor(chat: &ChatId, user: &UserId) -> Value {
    json!({"conversationId": chat.to_string(), "userId": user.to_string()})
}
