//! The events that a messenger client emits and receives.

use serde_json::{Map, Value};

use crate::dialect::envelope::{NoFields, Success, success};
use crate::dialect::fields::Fields;
use crate::dialect::json::{Always, IsoTime};
use crate::dialect::messenger::heard::{
    BlockChanged, Confirmation, Connection, Heard, History, MessageNamed, MessageRead, Notification, Sent, Typing,
    Unread, User, UserOnline,
};
use crate::dialect::messenger::shapes::{self, Message, OnlineUser, Person};
use crate::dialect::shapes::{ErrorObject, Terms, UserOffline};
use crate::dialect::{Event, Family};
use crate::domain::chat::{Chat, Place};
use crate::domain::command::{Command, Posting};
use crate::domain::id::UserId;
use crate::domain::message::{Content, Message as DomainMessage, MessageKind, TEXT_MAX_CHARACTERS};
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
    match answer {
        Answer::Messages { chat, messages, paging } => success(history(chat, messages, paging, viewer)),
        Answer::Read(reading) => success(confirmation(reading, reading.messages.last(), viewer)),
        Answer::Sent { chat, message, .. } => success(Sent { message: Message::new(message, chat, viewer) }),
        Answer::Unread(count) => success(Unread { count: *count }),
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
        | Answer::User(_) => success(NoFields {}),
    }
}

pub(super) fn answer_event(answer: &Answer, viewer: &Viewer<'_>) -> Option<Event> {
    let heard = match answer {
        Answer::Messages { chat, messages, paging } => Heard::MessageHistory(history(chat, messages, paging, viewer)),
        // A notice tells about messages that were newly marked.
        Answer::Read(reading) if reading.marked == 0 => read_confirmed(reading, reading.messages.last(), viewer),
        // A notice tells about a message that was newly stored.
        Answer::Sent { chat, message, repeated: true } => message_sent(message, chat, viewer),
        Answer::Unread(count) => Heard::UnreadCount(Unread { count: *count }),
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
        | Answer::User(_) => return None,
    };
    Some(heard.event())
}

pub(super) fn notice_events(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Event> {
    heard(notice, viewer).iter().map(Heard::event).collect()
}

fn heard(notice: &Notice, viewer: &Viewer<'_>) -> Vec<Heard> {
    let heard = match notice {
        Notice::Blocked { view, by } => return block(view, by, viewer).map(Heard::UserBlocked).into_iter().collect(),
        Notice::Unblocked { view, by } => {
            return block(view, by, viewer).map(Heard::UserUnblocked).into_iter().collect();
        }
        // The dialect has no events about chats.
        Notice::ChatCreated(_) | Notice::ChatDeleted(_) | Notice::Online { became_online: false, .. } => {
            return Vec::new();
        }
        Notice::Connected { user, .. } => {
            Heard::Connection(Connection { success: Always, user: User::new(&viewer.directory.user(user)) })
        }
        Notice::Delivered(message) => Heard::MessageDelivered(MessageNamed { message_id: message.to_string() }),
        Notice::MessageDeleted { message, .. } => {
            Heard::MessageDeleted(MessageNamed { message_id: message.to_string() })
        }
        Notice::Notified { text, kind, at, .. } => Heard::MessageNotification(Notification {
            kind: kind.clone(),
            from: None,
            message: text.clone(),
            timestamp: IsoTime(*at),
        }),
        Notice::Online { user, .. } => Heard::UserOnline(UserOnline::new(&viewer.directory.user(user))),
        Notice::Offline { user, last_seen } => Heard::UserOffline(UserOffline::new(user, *last_seen)),
        Notice::OnlineUsers(users) => {
            let listed = users.iter().take(viewer.extent.people_max);
            Heard::OnlineUsers(listed.map(|user| OnlineUser::new(user, viewer)).collect())
        }
        Notice::Read(reading) => return read(reading, viewer),
        Notice::Sent { chat, message } if message.sender == *viewer.user => message_sent(message, chat, viewer),
        Notice::Sent { chat, message } => {
            let notification = Notification {
                kind: "new_message".to_owned(),
                from: Some(Person::new(&message.sender, viewer)),
                message: shapes::preview(message, viewer),
                timestamp: IsoTime(message.created_at),
            };
            let received = Message::new(message, chat, viewer);
            return vec![Heard::ReceiveMessage(received), Heard::MessageNotification(notification)];
        }
        Notice::Typing { user, active, .. } => Heard::TypingIndicator(Typing {
            user_id: user.to_string(),
            user_name: viewer.directory.user(user).display_name(),
            is_typing: *active,
        }),
    };
    vec![heard]
}

/// A block between two people. The block of a chat about a listing does not decide what these two may send each other,
/// so it gives no event.
fn block(view: &ChatView, by: &UserId, viewer: &Viewer<'_>) -> Option<BlockChanged> {
    let plain = view.chat.about.is_none();
    let other = view.chat.other(viewer.user).filter(|_| plain)?;
    Some(BlockChanged { user_id: other.to_string(), by_me: by == viewer.user })
}

/// The events for the reader and for the senders: one for each message that was marked, or for a whole chat only for
/// the newest.
fn read(reading: &Reading, viewer: &Viewer<'_>) -> Vec<Heard> {
    if reading.reader == *viewer.user {
        let newest = reading.messages.last();
        let told = reading.messages.iter().filter(|message| !reading.whole || newest == Some(*message));
        return told.map(|message| read_confirmed(reading, Some(message), viewer)).collect();
    }
    let newest = reading.newest_by(viewer.user);
    let mine = reading.messages.iter().filter(|message| message.sender == *viewer.user);
    let told = mine.filter(|message| !reading.whole || newest == Some(*message));
    let by = Person::new(&reading.reader, viewer);
    let said = told.map(|message| {
        Heard::MessageRead(MessageRead {
            message_id: message.id.to_string(),
            read_by: by.clone(),
            read_at: IsoTime(reading.at),
            marked_count: marked_count(reading),
        })
    });
    said.collect()
}

fn message_sent(message: &DomainMessage, chat: &Chat, viewer: &Viewer<'_>) -> Heard {
    Heard::MessageSent(Success::with(Sent { message: Message::new(message, chat, viewer) }))
}

fn read_confirmed(reading: &Reading, message: Option<&DomainMessage>, viewer: &Viewer<'_>) -> Heard {
    Heard::MessageReadConfirmed(Success::with(confirmation(reading, message, viewer)))
}

/// The reader's confirmation.
fn confirmation(reading: &Reading, message: Option<&DomainMessage>, viewer: &Viewer<'_>) -> Confirmation {
    let message = message.map(|message| Message::new(message, &reading.chat, viewer));
    Confirmation { message, marked_count: marked_count(reading) }
}

/// The number of messages that were marked, where it is not just the named message.
fn marked_count(reading: &Reading) -> Option<u64> {
    (reading.whole || reading.marked == 0).then_some(reading.marked)
}

fn history(chat: &Chat, messages: &[DomainMessage], paging: &Paging, viewer: &Viewer<'_>) -> History {
    History {
        messages: messages.iter().map(|message| Message::new(message, chat, viewer)).collect(),
        other_user: chat.other(viewer.user).map(|other| Person::new(other, viewer)),
        pagination: shapes::pagination(paging),
    }
}

/// An error in answer to an event.
pub(super) fn error(event: &str, error: &Error) -> ErrorObject {
    match (event, error) {
        (SEND, Error::Internal(_)) => shapes::unsent(error),
        (HISTORY, _) => shapes::error_in(&HISTORY_TERMS, error),
        _ => shapes::error(error),
    }
}
