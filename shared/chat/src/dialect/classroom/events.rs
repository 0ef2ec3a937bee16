//! The events that a classroom client emits and receives.

use serde_json::{Map, Value};

use crate::dialect::classroom::heard::{
    Actor, ConversationNamed, ConversationUpdated, Heard, MessageDeleted, MessageNamed, MessageSent, MessagesRead,
    Sent, UserOffline,
};
use crate::dialect::classroom::shapes::Message;
use crate::dialect::envelope::{NoFields, success};
use crate::dialect::fields::Fields;
use crate::dialect::json::IsoTime;
use crate::dialect::shapes::{Connected, Marked, Notification, UserOnline};
use crate::dialect::{Event, Family};
use crate::domain::chat::Place;
use crate::domain::command::{Command, Posting};
use crate::domain::message::{Content, MessageKind, TEXT_MAX_CHARACTERS};
use crate::domain::notice::{Answer, Notice, Reading, Viewer};
use crate::error::Error;

/// The most messages that one request marks as read. The event about them must still fit into one frame.
pub(super) const READ_MAX: usize = 500;

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
    match answer {
        Answer::Read(Reading { marked, .. }) => success(Marked { marked_count: *marked }),
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
        Notice::ChatCreated(view) => Heard::ConversationUpdated(ConversationUpdated {
            conversation_id: view.chat.id.to_string(),
            last_message_at: IsoTime(view.chat.active_at),
        }),
        Notice::ChatDeleted(chat) => {
            Heard::ConversationDeleted(ConversationNamed { conversation_id: chat.to_string() })
        }
        Notice::Connected { user, socket } => {
            Heard::Connected(Connected { user_id: user.to_string(), socket_id: socket.to_string() })
        }
        Notice::Delivered(message) => Heard::MessageDelivered(MessageNamed {
            message_id: message.to_string(),
            conversation_id: message.chat.to_string(),
        }),
        Notice::MessageDeleted { message, for_everyone } => Heard::MessageDeleted(MessageDeleted {
            message_id: message.to_string(),
            conversation_id: message.chat.to_string(),
            deleted_for_everyone: *for_everyone,
        }),
        Notice::Notified { id, text, kind, at } => Heard::NotificationNew(Notification::new(id, text, kind, *at)),
        Notice::Online { became_online: false, .. } | Notice::OnlineUsers(_) => return Vec::new(),
        Notice::Online { user, .. } => Heard::UserOnline(UserOnline { user_id: user.to_string() }),
        Notice::Offline { user, last_seen } => {
            Heard::UserOffline(UserOffline { user_id: user.to_string(), last_seen: last_seen.millis() })
        }
        Notice::Read(reading) => Heard::MessagesRead(MessagesRead::new(reading)),
        Notice::Sent { chat, message } => {
            let said = Message::new(message, chat, viewer);
            let sent = viewer
                .origin
                .then(|| Heard::MessageSent(MessageSent { message_id: message.id.to_string(), message: said.clone() }));
            return sent.into_iter().chain([Heard::NewMessage(Sent { message: said })]).collect();
        }
        Notice::Typing { chat, user, active: true } => Heard::TypingStart(Actor::new(chat, user)),
        Notice::Typing { chat, user, active: false } => Heard::TypingStop(Actor::new(chat, user)),
    };
    vec![heard]
}

/// The event that carries an answer to a client that asked for no ack, if the dialect has one and no notice says the
/// same.
pub(super) fn answer_event(answer: &Answer, _: &Viewer<'_>) -> Option<Event> {
    match answer {
        // A notice tells about messages that were newly marked.
        Answer::Read(reading) if reading.marked == 0 => Some(Heard::MessagesRead(MessagesRead::new(reading)).event()),
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
