//! What each dialect's events tell, as far as recovery promises to tell it again.

use chat::domain::chat::plain_chat_id;
use chat::domain::id::{MessageId, UserId};
use serde_json::{Value, json};

/// Whose client is cut.
pub(crate) const ME: &str = "alice";

/// What an event tells. Chats and messages are named by their ids: that of a message begins with its chat's, and the
/// ids of a chat's messages sort as they were stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A message, or its placeholder.
    Message { id: String, gone: bool, read: bool },
    /// A message of this very socket, beside the event that tells everybody of it.
    Confirmed(String),
    /// A reader has read.
    Read { reader: String, what: Reading },
    /// A message became a placeholder, or is hidden from this user.
    Deleted(String),
    /// Somebody blocks.
    Blocked { chat: String, by: String },
    /// Somebody blocks no more.
    Unblocked { chat: String, by: String },
    /// A chat is gone.
    ChatDeleted(String),
    /// Something else, or what follows from another event.
    Other,
}

/// Which messages a reader has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// These.
    These(Vec<String>),
    /// This one, and all of its chat before it.
    UpTo(String),
    /// All that were there.
    All(String),
}

/// An event and its argument.
type Emits = (&'static str, Value);

/// How one dialect speaks.
pub(crate) struct Words {
    /// Its name.
    pub(crate) name: &'static str,
    /// The events that may be missed and carry no offset.
    pub(crate) volatile: &'static [&'static str],
    /// Whether it tells that a chat was deleted.
    pub(crate) tells_of_deleted_chats: bool,
    /// Whether its read events name messages.
    pub(crate) names_what_is_read: bool,
    /// A send: to a chat, to its other person, of a text.
    pub(crate) send: fn(&str, &str, &str) -> Emits,
    /// Reading: a chat, its newest message by the other.
    pub(crate) read: fn(&str, &str) -> Emits,
    /// Joining a chat's room, where there are any.
    pub(crate) join: Option<fn(&str) -> Emits>,
    /// Typing, in a chat to its other person.
    pub(crate) typing: fn(&str, &str) -> Emits,
    /// What an event tells.
    pub(crate) told: fn(&str, &Value) -> Told,
}

pub(crate) const ALL: [&Words; 5] = [&RECRUITING, &MARKETPLACE, &MESSENGER, &WORKSPACE, &CLASSROOM];

pub(crate) const RECRUITING: Words = Words {
    name: "recruiting",
    volatile: &["user_typing", "user_stopped_typing", "user_online", "user_offline", "online_users"],
    tells_of_deleted_chats: true,
    names_what_is_read: false,
    send: |chat, _, text| ("send_message", json!({"chatId": chat, "content": text})),
    read: |chat, _| ("mark_messages_read", json!({"chatId": chat})),
    join: None,
    typing: |chat, _| ("typing_start", json!({"chatId": chat})),
    told: |event, said| match event {
        "message_sent" | "new_message" => message(&said["message"]),
        "messages_marked_read" => read(ME, Reading::All(text(&said["chatId"]))),
        "messages_read_by_other" => read(&text(&said["readByUserId"]), Reading::All(text(&said["chatId"]))),
        "message_deleted" => Told::Deleted(id(&said["messageId"])),
        "user_blocked" => blocked(&said["chat"]["_id"], &json!(ME)),
        "you_were_blocked" => blocked(&said["chatId"], &said["blockedByUserId"]),
        "user_unblocked" => unblocked(&said["chat"]["_id"], &json!(ME)),
        "you_were_unblocked" => unblocked(&said["chatId"], &said["unblockedByUserId"]),
        "chat_deleted" => Told::ChatDeleted(text(&said["chatId"])),
        _ => Told::Other,
    },
};

pub(crate) const MARKETPLACE: Words = Words {
    name: "marketplace",
    volatile: &["typing", "userOnline", "userOffline"],
    tells_of_deleted_chats: true,
    names_what_is_read: true,
    send: |chat, _, text| ("sendMessage", json!({"chatId": chat, "content": text, "messageType": "text"})),
    read: |chat, message| ("markAsRead", json!({"chatId": chat, "messageId": message})),
    join: Some(|chat| ("join-chat", json!({"chatId": chat}))),
    typing: |chat, _| ("typing", json!({"chatId": chat, "isTyping": true})),
    told: |event, said| match event {
        "newMessage" => message(said),
        "messageRead" => read_one(&said["userId"], said),
        "messageDeleted" => Told::Deleted(id(&said["messageId"])),
        "chatBlocked" => blocked(&said["chatId"], &said["blockedBy"]),
        "chatUnblocked" => unblocked(&said["chatId"], &said["unblockedBy"]),
        "chatDeleted" => Told::ChatDeleted(text(&said["chatId"])),
        _ => Told::Other,
    },
};

pub(crate) const MESSENGER: Words = Words {
    name: "messenger",
    volatile: &["typing_indicator", "user_online", "user_offline", "online_users"],
    tells_of_deleted_chats: false,
    names_what_is_read: true,
    send: |_, other, text| ("send_message", json!({"receiverId": other, "content": text})),
    read: |_, message| ("mark_message_read", json!({"messageId": message})),
    join: None,
    typing: |_, other| ("typing_start", json!({"receiverId": other})),
    told: |event, said| match event {
        "message_sent" => message(&said["message"]),
        "receive_message" => message(said),
        "message_read" => read_one(&said["readBy"]["_id"], said),
        "message_read_confirmed" if said["message"].is_null() => Told::Other,
        "message_read_confirmed" => {
            read_one(&json!(ME), &json!({"messageId": said["message"]["_id"], "markedCount": said["markedCount"]}))
        }
        "message_deleted" => Told::Deleted(id(&said["messageId"])),
        "user_blocked" => blocked(&json!(chat_with(&said["userId"])), &actor(said)),
        "user_unblocked" => unblocked(&json!(chat_with(&said["userId"])), &actor(said)),
        _ => Told::Other,
    },
};

pub(crate) const WORKSPACE: Words = Words {
    name: "workspace",
    volatile: &["typing:start", "typing:stop", "user:online", "user:offline"],
    tells_of_deleted_chats: true,
    names_what_is_read: true,
    send: |chat, _, text| ("message:send", json!({"conversationId": chat, "content": text})),
    read: |_, message| ("message:read", json!({"messageId": message})),
    join: Some(|chat| ("conversation:join", json!(chat))),
    typing: |chat, _| ("typing:start", json!({"conversationId": chat})),
    told: |event, said| match event {
        "message:new" => message(said),
        "message:read" => read_one(&said["userId"], said),
        "message:deleted" => Told::Deleted(id(&said["messageId"])),
        "conversation:blocked" => blocked(&said["conversationId"], &said["userId"]),
        "conversation:unblocked" => unblocked(&said["conversationId"], &said["userId"]),
        "conversation:deleted" => Told::ChatDeleted(text(&said["conversationId"])),
        _ => Told::Other,
    },
};

pub(crate) const CLASSROOM: Words = Words {
    name: "classroom",
    volatile: &["typing:start", "typing:stop", "user:online", "user:offline"],
    tells_of_deleted_chats: true,
    names_what_is_read: true,
    send: |chat, _, text| ("send:message", json!({"conversationId": chat, "text": text})),
    read: |chat, message| ("message:read", json!({"conversationId": chat, "messageIds": [message]})),
    join: Some(|chat| ("join:conversation", json!({"conversationId": chat}))),
    typing: |chat, _| ("typing:start", json!({"conversationId": chat})),
    told: |event, said| match event {
        "new:message" => message(&said["message"]),
        "message:sent" => Told::Confirmed(id(&said["messageId"])),
        "messages:read" => {
            let ids = said["messageIds"].as_array().unwrap().iter().map(id).collect();
            read(&text(&said["readBy"]), Reading::These(ids))
        }
        "message:deleted" => Told::Deleted(id(&said["messageId"])),
        "conversation:blocked" => blocked(&said["conversationId"], &said["userId"]),
        "conversation:unblocked" => unblocked(&said["conversationId"], &said["userId"]),
        "conversation:deleted" => Told::ChatDeleted(text(&said["conversationId"])),
        _ => Told::Other,
    },
};

/// The message that an ack of a send carries.
pub(crate) fn acked(ack: &Value) -> Option<String> {
    let message = [&ack["message"], &ack["data"]].into_iter().find(|found| found.is_object())?;
    (!content(message).is_null()).then(|| message_id(message))
}

fn message(message: &Value) -> Told {
    let gone = message["isDeleted"] == true || !message["deletedAt"].is_null() || content(message).is_null();
    let readers = message["readBy"].as_array().is_some_and(|readers| !readers.is_empty());
    let read = readers || message["isRead"] == true || message["read"] == true || message["status"] == "read";
    Told::Message { id: message_id(message), gone, read }
}

fn content(message: &Value) -> &Value {
    if message["content"].is_null() { &message["text"] } else { &message["content"] }
}

fn message_id(message: &Value) -> String {
    id(if message["_id"].is_null() { &message["id"] } else { &message["_id"] })
}

/// A read event that names one message, which stands for the whole chat if it counts.
fn read_one(reader: &Value, said: &Value) -> Told {
    let one = id(&said["messageId"]);
    let whole = said["markedCount"].as_u64().is_some_and(|marked| marked > 0);
    read(&text(reader), if whole { Reading::UpTo(one) } else { Reading::These(vec![one]) })
}

fn read(reader: &str, what: Reading) -> Told {
    Told::Read { reader: reader.to_owned(), what }
}

fn blocked(chat: &Value, by: &Value) -> Told {
    Told::Blocked { chat: text(chat), by: text(by) }
}

fn unblocked(chat: &Value, by: &Value) -> Told {
    Told::Unblocked { chat: text(chat), by: text(by) }
}

fn actor(said: &Value) -> Value {
    if said["byMe"] == true { json!(ME) } else { said["userId"].clone() }
}

fn chat_with(other: &Value) -> String {
    plain_chat_id(&UserId::parse(ME).unwrap(), &UserId::parse(&text(other)).unwrap()).to_string()
}

fn id(value: &Value) -> String {
    let id = text(value);
    assert!(MessageId::parse(&id).is_ok(), "not a message's id: {value}");
    id
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
