//! The events that a messenger client emits and receives.

use serde_json::{Map, Value, json};

use crate::dialect::fields::Fields;
use crate::dialect::messenger::shapes;
use crate::dialect::shapes::{Terms, success};
use crate::dialect::{Event, Family};
use crate::domain::chat::{Chat, Place};
use crate::domain::command::{Command, Posting};
use crate::domain::id::{MessageId, UserId};
use crate::domain::message::{Content, Message, MessageKind, TEXT_MAX_CHARACTERS};
use crate::domain::notice::{Answer, ChatView, Notice, Paging, Reading, Viewer};
use crate::error::Error;

const SEND: &str = "send_message";
const HISTORY: &str = "get_message_history";

pub(super) const OWNERS: &[(&str, Family)] = &[
    (SEND, Family::Message),
    ("mark_message_read", Family::Message),
    (HISTORY, Family::Message),
    ("get_unread_count", Family::Message),
    ("typing_start", Family::Typing),
    ("typing_stop", Family::Typing),
];

/// The name that a history uses for the person whom a send calls the receiver.
const HISTORY_TERMS: Terms = Terms { chat: "chat", fields: &[("receiverId", "otherUserId")] };

pub(super) fn command(event: &str, arguments: &[Value]) -> Result<Command, Error> {
    let fields = || Fields::of_arguments(arguments);
    match event {
        SEND => {
            let fields = fields()?;
            Ok(Command::Send { client_message_id: fields.client_message_id()?, posting: posting(&fields) })
        }
        "mark_message_read" => {
            let message = fields()?.message("messageId")?;
            Ok(Command::MarkRead { chat: None, messages: vec![message], listed: false })
        }
        HISTORY => {
            let fields = fields()?;
            let place = Place::With(fields.user("otherUserId")?);
            Ok(Command::ListMessages { place, window: fields.window()? })
        }
        "get_unread_count" => Ok(Command::CountUnread { plain: true }),
        "typing_start" => typing(&fields()?, true),
        "typing_stop" => typing(&fields()?, false),
        _ => Err(Error::validation("event", "is not one that this namespace knows")),
    }
}

fn posting(fields: &Fields<'_>) -> Result<Posting, Error> {
    let place = Place::With(fields.user("receiverId")?);
    let text = fields.optional_text("content")?.map(str::to_owned);
    let content = Content::new(MessageKind::Text, text, Vec::new(), TEXT_MAX_CHARACTERS)?;
    Ok(Posting { place, receiver: None, content, reply_to: None })
}

fn typing(fields: &Fields<'_>, active: bool) -> Result<Command, Error> {
    Ok(Command::Type { place: Place::With(fields.user("receiverId")?), receiver: None, active })
}

pub(super) fn ack(answer: &Answer, viewer: &Viewer<'_>) -> Map<String, Value> {
    success(match answer {
        Answer::Messages { chat, messages, paging } => history(chat, messages, paging, viewer),
        Answer::Read(reading) => confirmation(reading, reading.messages.last(), viewer),
        Answer::Sent { chat, message, .. } => json!({"message": shapes::message(message, chat, viewer)}),
        Answer::Unread(count) => json!({"count": count}),
        // The other events of this dialect have no fields in their ack. These are only typing events.
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
        | Answer::Online(_)
        | Answer::Pong(_)
        | Answer::Upload { .. }
        | Answer::User(_) => json!({}),
    })
}

pub(super) fn answer_event(answer: &Answer, viewer: &Viewer<'_>) -> Option<Event> {
    match answer {
        Answer::Messages { chat, messages, paging } => {
            Some(("message_history", history(chat, messages, paging, viewer)))
        }
        // A notice tells about messages that were newly marked.
        Answer::Read(reading) if reading.marked == 0 => Some(read_confirmed(reading, reading.messages.last(), viewer)),
        // A notice tells about a message that was newly stored.
        Answer::Sent { chat, message, repeated: true } => Some(message_sent(message, chat, viewer)),
        Answer::Unread(count) => Some(("unread_count", json!({"count": count}))),
        Answer::Sent { repeated: false, .. }
        | Answer::Block(_)
        | Answer::BlockedChats(_)
        | Answer::Chat { .. }
        | Answer::Chats { .. }
        | Answer::Done
        | Answer::Found { .. }
        | Answer::ChatDeleted(_)
        | Answer::Listing(_)
        | Answer::MediaLink { .. }
        | Answer::MessageDeleted { .. }
        | Answer::Online(_)
        | Answer::Pong(_)
        | Answer::Read(_)
        | Answer::Upload { .. }
        | Answer::User(_) => None,
    }
}

pub(super) fn notice_events(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
    match notice {
        Notice::Blocked { view, by } => block("user_blocked", view, by, viewer),
        Notice::Unblocked { view, by } => block("user_unblocked", view, by, viewer),
        // The dialect has no events about chats.
        Notice::ChatCreated(_) | Notice::ChatDeleted(_) | Notice::Online { became_online: false, .. } => Vec::new(),
        Notice::Connected { user, .. } => {
            let profile = viewer.directory.user(user);
            let (name, username) = (profile.display_name(), &profile.claims.username);
            let user = json!({"_id": user.to_string(), "name": name, "username": username});
            vec![("connection", json!({"success": true, "user": user}))]
        }
        Notice::Delivered(message) => vec![("message_delivered", named(message))],
        Notice::MessageDeleted { message, .. } => vec![("message_deleted", named(message))],
        Notice::Notified { text, kind, at, .. } => {
            vec![("message_notification", json!({"type": kind, "from": null, "message": text, "timestamp": at.iso()}))]
        }
        Notice::Online { user, .. } => {
            let profile = viewer.directory.user(user);
            let (name, username) = (profile.display_name(), &profile.claims.username);
            vec![("user_online", json!({"userId": user.to_string(), "name": name, "username": username}))]
        }
        Notice::Offline { user, last_seen } => {
            vec![("user_offline", json!({"userId": user.to_string(), "lastSeen": last_seen.iso()}))]
        }
        Notice::OnlineUsers(users) => {
            let listed = users.iter().take(viewer.extent.people_max);
            vec![("online_users", listed.map(|user| shapes::online_user(user, viewer)).collect())]
        }
        Notice::Read(reading) => read(reading, viewer),
        Notice::Sent { chat, message } if message.sender == *viewer.user => vec![message_sent(message, chat, viewer)],
        Notice::Sent { chat, message } => {
            let notification = json!({
                "type": "new_message",
                "from": shapes::person(&message.sender, viewer),
                "message": shapes::preview(message, viewer),
                "timestamp": message.created_at.iso(),
            });
            let received = shapes::message(message, chat, viewer);
            vec![("receive_message", received), ("message_notification", notification)]
        }
        Notice::Typing { user, active, .. } => {
            let name = viewer.directory.user(user).display_name();
            vec![("typing_indicator", json!({"userId": user.to_string(), "userName": name, "isTyping": active}))]
        }
    }
}

/// A block between two people. The block of a chat about a listing does not decide what these two may send each other,
/// so it gives no event.
fn block(name: &'static str, view: &ChatView, by: &UserId, viewer: &Viewer<'_>) -> Vec<Event> {
    let plain = view.chat.about.is_none();
    let other = view.chat.other(viewer.user).filter(|_| plain);
    let by_me = by == viewer.user;
    other.map(|other| (name, json!({"userId": other.to_string(), "byMe": by_me}))).into_iter().collect()
}

/// The events for the reader and for the senders: one for each message that was marked, or for a whole chat only for
/// the newest.
fn read(reading: &Reading, viewer: &Viewer<'_>) -> Vec<Event> {
    if reading.reader == *viewer.user {
        let newest = reading.messages.last();
        let told = reading.messages.iter().filter(|message| !reading.whole || newest == Some(*message));
        return told.map(|message| read_confirmed(reading, Some(message), viewer)).collect();
    }
    let newest = reading.newest_by(viewer.user);
    let mine = reading.messages.iter().filter(|message| message.sender == *viewer.user);
    let told = mine.filter(|message| !reading.whole || newest == Some(*message));
    let by = shapes::person(&reading.reader, viewer);
    let said = told.map(|message| {
        let said = json!({"messageId": message.id.to_string(), "readBy": by, "readAt": reading.at.iso()});
        ("message_read", counted(said, reading))
    });
    said.collect()
}

fn message_sent(message: &Message, chat: &Chat, viewer: &Viewer<'_>) -> Event {
    ("message_sent", json!({"success": true, "message": shapes::message(message, chat, viewer)}))
}

fn read_confirmed(reading: &Reading, message: Option<&Message>, viewer: &Viewer<'_>) -> Event {
    ("message_read_confirmed", success(confirmation(reading, message, viewer)).into())
}

/// The reader's confirmation.
fn confirmation(reading: &Reading, message: Option<&Message>, viewer: &Viewer<'_>) -> Value {
    let message = message.map(|message| shapes::message(message, &reading.chat, viewer));
    counted(json!({"message": message}), reading)
}

/// Adds the number of messages that were marked, where it is not just the named message.
fn counted(mut said: Value, reading: &Reading) -> Value {
    if let (true, Value::Object(fields)) = (reading.whole || reading.marked == 0, &mut said) {
        fields.insert("markedCount".to_owned(), reading.marked.into());
    }
    said
}

fn history(chat: &Chat, messages: &[Message], paging: &Paging, viewer: &Viewer<'_>) -> Value {
    json!({
        "messages": messages.iter().map(|message| shapes::message(message, chat, viewer)).collect::<Vec<_>>(),
        "otherUser": chat.other(viewer.user).map(|other| shapes::person(other, viewer)),
        "pagination": shapes::pagination(paging),
    })
}

fn named(message: &MessageId) -> Value {
    json!({"messageId": message.to_string()})
}

/// An error in answer to an event.
pub(super) fn error(event: &str, error: &Error) -> Map<String, Value> {
    match (event, error) {
        (SEND, Error::Internal(_)) => shapes::unsent(error),
        (HISTORY, _) => shapes::error_in(&HISTORY_TERMS, error),
        _ => shapes::error(error),
    }
}
