//! The events that a recruiting client emits and receives.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::dialect::envelope::{NoFields, success};
use crate::dialect::fields::Fields;
use crate::dialect::json::{Always, IsoTime};
use crate::dialect::recruiting::heard::{
    BlockedBy, ChatChanged, ChatUpdated, Connected, Heard, MarkedRead, ReadByOther, Sent, Typing, UnblockedBy,
};
use crate::dialect::recruiting::shapes::{self, Chat, Message, OnlineUsers};
use crate::dialect::shapes::{ChatNamed, MessageNamed, Notification, UserOffline, UserOnline};
use crate::dialect::{Event, Family};
use crate::domain::chat::Place;
use crate::domain::command::{Command, Posting};
use crate::domain::id::UserId;
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

/// The fields of an ack of `ping`.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Pong {
    /// The time of the server, in milliseconds since 1970.
    pub(super) timestamp: i64,
}

pub(super) fn ack(answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
    match answer {
        Answer::Block(view) | Answer::Chat { view, .. } => success(ChatChanged { chat: Chat::new(view, viewer) }),
        Answer::Online(users) => success(OnlineUsers::new(users, viewer)),
        Answer::Pong(at) => success(Pong { timestamp: at.millis() }),
        Answer::Read(reading) => success(MarkedRead::new(reading)),
        Answer::Sent { chat, message, .. } => success(Sent { message: Message::new(message, chat, viewer) }),
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
        | Answer::User(_) => success(NoFields {}),
    }
}

pub(super) fn notice_events(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
    heard(notice, viewer).iter().map(Heard::event).collect()
}

fn heard(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Heard> {
    let mine = |by: &UserId| by == viewer.user;
    let heard = match notice {
        Notice::Blocked { view, by } if mine(by) => Heard::UserBlocked(ChatChanged { chat: Chat::new(view, viewer) }),
        Notice::Blocked { view, by } => {
            Heard::YouWereBlocked(BlockedBy { chat_id: view.chat.id.to_string(), blocked_by_user_id: by.to_string() })
        }
        Notice::Unblocked { view, by } if mine(by) => {
            Heard::UserUnblocked(ChatChanged { chat: Chat::new(view, viewer) })
        }
        Notice::Unblocked { view, by } => Heard::YouWereUnblocked(UnblockedBy {
            chat_id: view.chat.id.to_string(),
            unblocked_by_user_id: by.to_string(),
        }),
        Notice::ChatCreated(view) => Heard::ChatUpdated(ChatUpdated {
            chat_id: view.chat.id.to_string(),
            latest_message: None,
            updated_at: IsoTime(view.chat.updated_at),
        }),
        Notice::ChatDeleted(chat) => Heard::ChatDeleted(ChatNamed { chat_id: chat.to_string() }),
        Notice::Connected { user, socket } => Heard::Connected(Connected {
            success: Always,
            user_id: user.to_string(),
            socket_id: socket.to_string(),
            message: "Connected successfully",
        }),
        Notice::Delivered(message) => Heard::MessageDelivered(MessageNamed::new(message)),
        Notice::MessageDeleted { message, .. } => Heard::MessageDeleted(MessageNamed::new(message)),
        Notice::Notified { id, text, kind, at } => Heard::Notification(Notification::new(id, text, kind, *at)),
        Notice::Online { became_online: false, .. } => return Vec::new(),
        Notice::Online { user, .. } => Heard::UserOnline(UserOnline { user_id: user.to_string() }),
        Notice::Offline { user, last_seen } => Heard::UserOffline(UserOffline::new(user, *last_seen)),
        Notice::OnlineUsers(users) => Heard::OnlineUsers(OnlineUsers::new(users, viewer)),
        Notice::Read(reading) if mine(&reading.reader) => Heard::MessagesMarkedRead(MarkedRead::new(reading)),
        Notice::Read(Reading { chat, reader, at, .. }) => Heard::MessagesReadByOther(ReadByOther {
            chat_id: chat.id.to_string(),
            read_by_user_id: reader.to_string(),
            read_at: IsoTime(*at),
        }),
        Notice::Sent { chat, message } => {
            let message = Message::new(message, chat, viewer);
            let updated = ChatUpdated {
                chat_id: chat.id.to_string(),
                latest_message: Some(message.clone()),
                updated_at: IsoTime(chat.updated_at),
            };
            let sent = Sent { message };
            let sent = if viewer.origin { Heard::MessageSent(sent) } else { Heard::NewMessage(sent) };
            return vec![sent, Heard::ChatUpdated(updated)];
        }
        Notice::Typing { chat, user, active: true } => Heard::UserTyping(Typing::new(user, chat)),
        Notice::Typing { chat, user, active: false } => Heard::UserStoppedTyping(Typing::new(user, chat)),
    };
    vec![heard]
}

/// The event that carries an answer to a client that asked for no ack, if the dialect has one and no notice says the
/// same.
pub(super) fn answer_event(answer: &Answer, viewer: &Viewer<'_>) -> Option<Event> {
    match answer {
        Answer::Online(users) => Some(Heard::OnlineUsers(OnlineUsers::new(users, viewer)).event()),
        // A notice tells about messages that were newly marked.
        Answer::Read(reading) if reading.marked == 0 => {
            Some(Heard::MessagesMarkedRead(MarkedRead::new(reading)).event())
        }
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
