//! classroom, row by row (docs/dialects.md, "classroom"), and the rules of all dialects as it shows them: what is
//! answered, who hears, and who does not. Each shape is pinned in full where it belongs; elsewhere [`brief`] says the
//! same in fewer words.

mod block;
mod connect;
mod conversation;
mod delete;
mod deliver;
mod error;
mod group;
mod limit;
mod media;
mod message;
mod page;
mod presence;
mod profile;
mod read;
mod repeat;
mod reply;
mod room;

use serde_json::{Map, Value, json};
use world::World;

use crate::transcript::{self, plain, short_id};
use crate::worlds::{TestDialect, message_id};

/// How the tests speak this dialect.
const CLASSROOM: TestDialect = TestDialect {
    parameters: &[("DefaultDialect", "classroom")],
    token: World::token,
    send_event: "send:message",
    text,
};

/// What is said of a conversation in which nothing else is to be said.
fn of(chat: &str) -> Value {
    json!({"conversationId": chat})
}

/// A send of text.
fn text(chat: &str, text: &str) -> Value {
    json!({"conversationId": chat, "text": text, "messageType": "text"})
}

/// A marking of messages by their numbers.
fn marking(chat: &str, numbers: &[u64]) -> Value {
    let ids: Vec<String> = numbers.iter().map(|number| message_id(chat, *number)).collect();
    json!({"conversationId": chat, "messageIds": ids})
}

/// What a user's conversations look like to them, most recent activity first.
async fn chats_of(world: &mut World, user: &str) -> String {
    brief(&world.get(user, "/api/chat/conversations").await)
}

/// What a conversation's messages look like to a user.
async fn messages_of(world: &mut World, user: &str, chat: &str) -> String {
    brief(&world.get(user, &format!("/api/chat/conversation/{chat}/messages")).await)
}

/// How many messages wait for a user.
async fn waiting(world: &World, user: &str) -> Value {
    let (_, mut answer) = world.request(user, "GET", "/api/chat/unread-count", "").await;
    answer["data"]["unreadCount"].take()
}

/// The path of a message.
fn message_path(chat: &str, number: u64) -> String {
    format!("/api/chat/message/{}", message_id(chat, number))
}

/// A transcript in fewer words: messages, conversations and errors by what matters of them, ids by their meaning, and
/// labels that hear the same on one line.
fn brief(transcript: &str) -> String {
    transcript::brief(transcript, short)
}

/// What matters of a message, a conversation or an error.
fn short(fields: &Map<String, Value>) -> Option<String> {
    if fields.contains_key("senderId") {
        Some(short_message(fields))
    } else if fields.contains_key("participants") {
        Some(short_conversation(fields))
    } else if fields.contains_key("code") {
        Some(short_error(fields))
    } else {
        None
    }
}

fn short_message(message: &Map<String, Value>) -> String {
    if message["senderId"].is_string() {
        return format!(
            "#{} by {}: {}, in other words",
            message["seq"],
            plain(&message["senderId"]),
            plain(&message["content"])
        );
    }
    let mut words = format!("#{} by {}", message["seq"], plain(&message["senderId"]["_id"]));
    if let Some(text) = message["text"].as_str() {
        words.push_str(&format!(": {text}"));
    }
    for medium in message["media"].as_array().into_iter().flatten() {
        words.push_str(&format!(", {} at {}", plain(&medium["type"]), plain(&medium["url"])));
    }
    if let Some(answered) = message["replyTo"].as_str() {
        words.push_str(&format!(", to {}", short_id(answered.to_owned())));
    }
    words.push_str(&format!(", {}", plain(&message["status"])));
    if message["deletedAt"].is_string() {
        words.push_str(", deleted");
    }
    words
}

fn short_conversation(chat: &Map<String, Value>) -> String {
    let last = chat["lastMessage"].as_object().map_or_else(|| "nothing".to_owned(), short_message);
    let people = chat["participants"].as_array().into_iter().flatten();
    let people: Vec<String> = people.map(|participant| plain(&participant["_id"])).collect();
    format!("{} ({last}; unread {})", people.join("+"), chat["unreadCount"])
}

fn short_error(error: &Map<String, Value>) -> String {
    let retry = error.get("retryAfter").map(|seconds| format!(" (retryAfter {seconds})")).unwrap_or_default();
    format!("{}{retry}: {}", plain(&error["code"]), plain(&error["message"]))
}
