//! The events that a workspace client emits and receives.

use serde_json::{Map, Value};

use crate::dialect::envelope::{NoFields, success};
use crate::dialect::fields::Fields;
use crate::dialect::json::IsoTime;
use crate::dialect::shapes::{Connected, Notification};
use crate::dialect::workspace::heard::{
    Actor, ConversationNamed, Heard, MessageDeleted, MessageNamed, MessageRead, Sent, UserOffline, UserOnline,
};
use crate::dialect::workspace::shapes::{self, Conversation, Message};
use crate::dialect::{Event, Family};
use crate::domain::chat::{Chat, Place};
use crate::domain::command::{Command, Posting};
use crate::domain::id::ChatId;
use crate::domain::message::{Content, Message as DomainMessage, TEXT_MAX_CHARACTERS};
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
    match answer {
        Answer::Sent { chat, message, .. } => success(Sent { message: Message::new(message, chat, viewer) }),
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

pub(super) fn notice_events(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
    heard(notice, viewer).iter().map(Heard::event).collect()
}

fn heard(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Heard> {
    let heard = match notice {
        Notice::Blocked { view, by } => Heard::ConversationBlocked(Actor::new(&view.chat.id, by)),
        Notice::Unblocked { view, by } => Heard::ConversationUnblocked(Actor::new(&view.chat.id, by)),
        Notice::ChatCreated(view) => Heard::ConversationUpdated(Conversation::new(view, viewer)),
        Notice::ChatDeleted(chat) => {
            Heard::ConversationDeleted(ConversationNamed { conversation_id: chat.to_string() })
        }
        Notice::Connected { user, socket } => {
            Heard::Connected(Connected { user_id: user.to_string(), socket_id: socket.to_string() })
        }
        Notice::Delivered(message) => Heard::MessageDelivered(MessageNamed { message_id: message.to_string() }),
        Notice::MessageDeleted { message, .. } => Heard::MessageDeleted(MessageDeleted {
            message_id: message.to_string(),
            conversation_id: message.chat.to_string(),
        }),
        Notice::Notified { id, text, kind, at } => Heard::NotificationNew(Notification::new(id, text, kind, *at)),
        Notice::Online { user, status, .. } => {
            Heard::UserOnline(UserOnline { user_id: user.to_string(), status: status.name() })
        }
        Notice::Offline { user, .. } => Heard::UserOffline(UserOffline { user_id: user.to_string() }),
        // The dialect has no list of who is online. Its clients are told when people come and go.
        Notice::OnlineUsers(_) => return Vec::new(),
        Notice::Read(reading) => return read(reading, viewer),
        Notice::Sent { chat, message } => return sent(chat, message, viewer),
        Notice::Typing { chat, user, active: true } => Heard::TypingStart(Actor::new(chat, user)),
        Notice::Typing { chat, user, active: false } => Heard::TypingStop(Actor::new(chat, user)),
    };
    vec![heard]
}

/// The events for the sender. If a whole conversation was read, one event with the newest message of the sender and the
/// number of all messages that were newly marked; otherwise one for each of the sender's messages.
fn read(reading: &Reading, viewer: &Viewer<'_>) -> Vec<Heard> {
    let told = |message: &DomainMessage, marked_count| {
        Heard::MessageRead(MessageRead {
            message_id: message.id.to_string(),
            user_id: reading.reader.to_string(),
            read_at: IsoTime(reading.at),
            marked_count,
        })
    };
    if reading.whole {
        let newest = reading.newest_by(viewer.user);
        return newest.map(|message| told(message, Some(reading.marked))).into_iter().collect();
    }
    let own = reading.messages.iter().filter(|message| message.sender == *viewer.user);
    own.map(|message| told(message, None)).collect()
}

/// The events about a new message: the message for all sockets but the one that sent it, the conversation for all, and
/// a notification for the sockets of a recipient that do not have the conversation open.
fn sent(chat: &Chat, message: &DomainMessage, viewer: &Viewer<'_>) -> Vec<Heard> {
    let said = Message::new(message, chat, viewer);
    let notified = (message.sender != *viewer.user && !viewer.joined)
        .then(|| Heard::NotificationNew(shapes::notification(message, viewer)));
    let updated = Heard::ConversationUpdated(Conversation::with(chat, Some(said.clone()), viewer));
    let new = (!viewer.origin).then_some(Heard::MessageNew(said));
    new.into_iter().chain([updated]).chain(notified).collect()
}
