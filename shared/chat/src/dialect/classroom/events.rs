//! The events that a classroom client emits and receives.

use serde_json::{Map, Value, json};

use crate::dialect::classroom::shapes;
use crate::dialect::fields::Fields;
use crate::dialect::shapes::success;
use crate::dialect::{Event, Family};
use crate::domain::chat::Place;
use crate::domain::command::{Command, Posting};
use crate::domain::id::{ChatId, UserId};
use crate::domain::message::{Content, MessageKind, TEXT_MAX_CHARACTERS};
use crate::domain::notice::{Answer, Notice, Reading, Viewer};
use crate::error::Error;

/// The most messages that one request marks as read. The event about them must still fit into one frame.
const READ_MAX: usize = 500;

pub(super) const OWNERS: &[(&str, Family)] = &[
    ("join:conversation", Family::Typing),
    ("leave:conversation", Family::Typing),
    ("send:message", Family::Message),
    ("typing:start", Family::Typing),
    ("typing:stop", Family::Typing),
    ("message:read", Family::Message),
];

pub(super) fn command(event: &str, arguments: &[Value]) -> Result<Command, Error> {
    let fields = || Fields::of_arguments(arguments);
    let conversation = || fields()?.chat("conversationId");
    let typing = |active| Ok(Command::Type { place: Place::Chat(conversation()?), receiver: None, active });
    match event {
        "join:conversation" => Ok(Command::JoinRoom(conversation()?)),
        "leave:conversation" => Ok(Command::LeaveRoom(conversation()?)),
        "send:message" => send(&fields()?),
        "typing:start" => typing(true),
        "typing:stop" => typing(false),
        "message:read" => {
            let listed = mark_listed(&fields()?)?;
            listed.ok_or_else(|| Error::validation("messageIds", "is required"))
        }
        _ => Err(Error::validation("event", "is not one that this namespace knows")),
    }
}

/// Parses a send, from the socket or from REST.
pub(super) fn send(fields: &Fields<'_>) -> Result<Command, Error> {
    Ok(Command::Send { client_message_id: fields.client_message_id()?, posting: posting(fields) })
}

fn posting(fields: &Fields<'_>) -> Result<Posting, Error> {
    let place = Place::Chat(fields.chat("conversationId")?);
    let kind = fields.kind("messageType", &MessageKind::ALL)?;
    let text = fields.optional_text("text")?.map(str::to_owned);
    let content = Content::new(kind, text, fields.media("media")?, TEXT_MAX_CHARACTERS)?;
    Ok(Posting { place, receiver: None, content, reply_to: fields.optional_message("replyTo")? })
}

/// Parses the marking of a list of messages, if the fields hold a list.
pub(super) fn mark_listed(fields: &Fields<'_>) -> Result<Option<Command>, Error> {
    let chat = fields.chat("conversationId")?;
    let messages = fields.messages("messageIds", READ_MAX)?;
    Ok(messages.map(|messages| Command::MarkRead { chat: Some(chat), messages, listed: true }))
}

pub(super) fn ack(answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
    success(match answer {
        Answer::Read(Reading { marked, .. }) => json!({"markedCount": marked}),
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
        | Answer::Unread(_)
        | Answer::Upload { .. }
        | Answer::User(_) => json!({}),
    })
}

pub(super) fn notice_events(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
    match notice {
        Notice::Blocked { view, by } => vec![("conversation:blocked", done_by(&view.chat.id, by))],
        Notice::Unblocked { view, by } => vec![("conversation:unblocked", done_by(&view.chat.id, by))],
        Notice::ChatCreated(view) => {
            let (chat, last_message_at) = (&view.chat.id, view.chat.active_at.iso());
            let updated = json!({"conversationId": chat.to_string(), "lastMessageAt": last_message_at});
            vec![("conversation:updated", updated)]
        }
        Notice::ChatDeleted(chat) => vec![("conversation:deleted", json!({"conversationId": chat.to_string()}))],
        Notice::Connected { user, socket } => {
            vec![("connected", json!({"userId": user.to_string(), "socketId": socket.to_string()}))]
        }
        Notice::Delivered(message) => {
            let (id, chat) = (message.to_string(), message.chat.to_string());
            vec![("message:delivered", json!({"messageId": id, "conversationId": chat}))]
        }
        Notice::MessageDeleted { message, for_everyone } => {
            let (id, chat) = (message.to_string(), message.chat.to_string());
            let deleted = json!({"messageId": id, "conversationId": chat, "deletedForEveryone": for_everyone});
            vec![("message:deleted", deleted)]
        }
        Notice::Notified { id, text, kind, at } => {
            vec![("notification:new", json!({"id": id, "message": text, "type": kind, "createdAt": at.iso()}))]
        }
        Notice::Online { became_online: false, .. } | Notice::OnlineUsers(_) => Vec::new(),
        Notice::Online { user, .. } => vec![("user:online", json!({"userId": user.to_string()}))],
        Notice::Offline { user, last_seen } => {
            vec![("user:offline", json!({"userId": user.to_string(), "lastSeen": last_seen.millis()}))]
        }
        Notice::Read(reading) => vec![read(reading)],
        Notice::Sent { chat, message } => {
            let said = shapes::message(message, chat, viewer);
            let sent = viewer.origin.then(|| {
                let sent = json!({"messageId": message.id.to_string(), "message": &said});
                ("message:sent", sent)
            });
            sent.into_iter().chain([("new:message", json!({"message": &said}))]).collect()
        }
        Notice::Typing { chat, user, active } => {
            vec![(if *active { "typing:start" } else { "typing:stop" }, done_by(chat, user))]
        }
    }
}

/// The event that says which messages a user has read. It says how many were newly marked only where the list does not
/// show it: if the list is not complete because a whole chat was read, or if it holds messages that were read before.
pub(super) fn read(reading: &Reading) -> Event {
    let Reading { chat, reader, at: _, marked, messages, whole } = reading;
    let read = messages.iter().filter(|message| message.sender != *reader && message.is_read_by(chat, reader));
    let mut said = Map::from_iter([
        ("messageIds".to_owned(), read.map(|message| message.id.to_string()).collect()),
        ("readBy".to_owned(), reader.to_string().into()),
        ("conversationId".to_owned(), chat.id.to_string().into()),
    ]);
    if *whole || *marked == 0 {
        said.insert("markedCount".to_owned(), (*marked).into());
    }
    ("messages:read", said.into())
}

fn done_by(chat: &ChatId, user: &UserId) -> Value {
    json!({"userId": user.to_string(), "conversationId": chat.to_string()})
}

/// The event that carries an answer to a client that asked for no ack, if the dialect has one and no notice says the
/// same.
pub(super) fn answer_event(answer: &Answer, _: &Viewer<'_>) -> Option<Event> {
    match answer {
        // A notice tells about messages that were newly marked.
        Answer::Read(reading) if reading.marked == 0 => Some(read(reading)),
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
