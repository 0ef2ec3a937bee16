//! marketplace, row by row (docs/dialects.md, "marketplace"): what is answered, who hears, and who does not. Each shape
//! is pinned in full where it belongs; elsewhere [`brief`] says the same in fewer words. What only other dialects have
//! words for is caused through theirs.

mod block;
mod chat;
mod connect;
mod delete;
mod deliver;
mod foreign;
mod inquiry;
mod limit;
mod listing;
mod media;
mod message;
mod page;
mod presence;
mod profile;
mod read;
mod repeat;
mod reply;
mod room;
mod typing;

use ::chat::domain::id::MessageId;
use serde_json::{Map, Value, json};
use world::World;

use crate::transcript::{self, plain};
use crate::worlds::{TestDialect, message_id};

/// How the tests speak this dialect.
const MARKETPLACE: TestDialect = TestDialect {
    parameters: &[("DefaultDialect", "marketplace")],
    token: World::token,
    send_event: "sendMessage",
    text,
};

/// A send of text.
fn text(chat: &str, content: &str) -> Value {
    json!({"chatId": chat, "content": content, "messageType": "text"})
}

/// What reads one message of a chat.
fn one(chat: &str, number: u64) -> Value {
    json!({"chatId": chat, "messageId": message_id(chat, number)})
}

/// What a user's chats look like to them, most recent activity first.
async fn chats_of(world: &mut World, user: &str) -> String {
    brief(&world.get(user, "/api/chat/my-chats").await)
}

/// What a chat's newest messages look like to a user.
async fn messages_of(world: &mut World, user: &str, chat: &str) -> String {
    brief(&world.get(user, &format!("/api/chat/{chat}/messages")).await)
}

/// Makes or finds a chat, and gives its id.
async fn create(world: &mut World, user: &str, body: Value) -> String {
    let said = world.rest(user, "POST", "/api/chat/create", body).await;
    let answer = said.lines().next().unwrap().splitn(4, ' ').nth(3).unwrap();
    serde_json::from_str::<Value>(answer).unwrap()["data"]["_id"].as_str().unwrap().to_owned()
}

/// What one label heard of a transcript.
fn heard_by(label: &str, transcript: &str) -> String {
    let begins = format!("{label} hears ");
    transcript.lines().filter(|line| line.starts_with(&begins)).collect::<Vec<_>>().join("\n")
}

/// A transcript in fewer words: messages, chats and errors by what matters of them, ids by their meaning, and labels
/// that hear the same on one line.
fn brief(transcript: &str) -> String {
    transcript::brief(transcript, short)
}

/// What matters of a message, a chat or an error.
fn short(fields: &Map<String, Value>) -> Option<String> {
    if fields.contains_key("reactions") {
        Some(short_message(fields))
    } else if fields.contains_key("participants") {
        Some(short_chat(fields))
    } else if fields.contains_key("code") && fields.contains_key("message") {
        Some(short_error(fields))
    } else {
        None
    }
}

fn short_message(message: &Map<String, Value>) -> String {
    let mut words = format!("#{} by {}", message["seq"], plain(&message["sender"]["_id"]));
    for (field, before) in [("content", ": "), ("mediaUrl", ", ")] {
        if let Some(text) = message[field].as_str() {
            words.push_str(&format!("{before}{text}"));
        }
    }
    for (field, usual) in [("messageType", "text"), ("status", "sent")] {
        if message[field] != usual {
            words.push_str(&format!(", {}", plain(&message[field])));
        }
    }
    let readers: Vec<String> = message["readBy"].as_array().unwrap().iter().map(plain).collect();
    if !readers.is_empty() {
        words.push_str(&format!(", read by {}", readers.join("+")));
    }
    if let Some(answered) = message["parentMessage"].as_str() {
        words.push_str(&format!(", to #{}", MessageId::parse(answered).unwrap().seq));
    }
    if message["isDeleted"] == true {
        words.push_str(", isDeleted");
    }
    words
}

fn short_chat(chat: &Map<String, Value>) -> String {
    let people: Vec<String> = chat["participants"].as_array().unwrap().iter().map(|one| plain(&one["_id"])).collect();
    let last = match &chat["lastMessage"] {
        Value::Null => "nothing".to_owned(),
        last if last["isDeleted"] == true => format!("#{}, isDeleted", last["seq"]),
        last => format!("#{}: {}", last["seq"], plain(&last["content"])),
    };
    let unread: Vec<String> =
        chat["unreadCount"].as_array().unwrap().iter().map(|one| one["count"].to_string()).collect();
    let mut words = format!("{} ({last}; unread {}", people.join("+"), unread.join(", "));
    let blockers: Vec<String> = chat["blockedBy"].as_array().unwrap().iter().map(plain).collect();
    if !blockers.is_empty() || chat["isBlocked"] == true {
        words.push_str(&format!("; isBlocked {} by {}", chat["isBlocked"], blockers.join("+")));
    }
    if chat["chatType"] != "direct" {
        words.push_str(&format!("; {} about {}", plain(&chat["chatType"]), plain(&chat["petListing"]["title"])));
    }
    words + ")"
}

fn short_error(error: &Map<String, Value>) -> String {
    let mut words = format!("{}: {}", plain(&error["code"]), plain(&error["message"]));
    for field in ["retryAfter", "reason"] {
        if let Some(value) = error.get(field) {
            words.push_str(&format!(" ({field} {})", plain(value)));
        }
    }
    words
}
