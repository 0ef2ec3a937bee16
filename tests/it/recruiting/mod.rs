//! recruiting, row by row (docs/dialects.md, "recruiting"), and the rules of all dialects as it shows them: what is
//! answered, who hears, and who does not. Each shape is pinned in full where it belongs; elsewhere [`brief`] says the
//! same in fewer words.

mod authenticate;
mod block;
mod chat;
mod connect;
mod delete;
mod deliver;
mod expire;
mod limit;
mod message;
mod page;
mod presence;
mod read;
mod repeat;
mod reply;
mod search;
mod typing;

use serde_json::{Map, Value, json};
use world::World;

use crate::transcript::{self, plain, without_pings};
use crate::worlds::TestDialect;

/// How the tests speak this dialect. It is the default, so no parameter says so.
const RECRUITING: TestDialect = TestDialect { parameters: &[], token: World::token, send_event: "send_message", text };

/// A send of text.
fn text(chat: &str, content: &str) -> Value {
    json!({"chatId": chat, "content": content, "messageType": "text"})
}

/// What a user's chats look like to them, most recent activity first.
async fn chats_of(world: &mut World, user: &str) -> String {
    brief(&world.get(user, "/api/chat/my-chats").await)
}

/// A transcript in fewer words: messages, chats and errors by what matters of them, ids by their meaning, and labels
/// that hear the same on one line.
fn brief(transcript: &str) -> String {
    transcript::brief(transcript, short)
}

/// What matters of a message, a chat or an error.
fn short(fields: &Map<String, Value>) -> Option<String> {
    if fields.contains_key("senderId") {
        Some(short_message(fields))
    } else if fields.contains_key("users") {
        Some(short_chat(fields))
    } else if fields.contains_key("code") && fields.contains_key("details") {
        Some(short_error(fields))
    } else {
        None
    }
}

fn short_message(message: &Map<String, Value>) -> String {
    let mut words = format!("#{} by {}", message["seq"], plain(&message["senderId"]));
    for (field, value) in [("content", ": "), ("mediaUrl", ", ")] {
        if let Some(text) = message[field].as_str() {
            words.push_str(&format!("{value}{text}"));
        }
    }
    for flag in ["isRead", "isDeleted"] {
        if message[flag] == true {
            words.push_str(&format!(", {flag}"));
        }
    }
    words
}

fn short_chat(chat: &Map<String, Value>) -> String {
    let latest = chat["latestMessage"].as_object().map_or_else(|| "nothing".to_owned(), short_message);
    let blocked = match (&chat["isBlocked"], &chat["blockedBy"]) {
        (Value::Bool(false), Value::Null) => String::new(),
        (is, by) => format!(", isBlocked {is} by {}", plain(by)),
    };
    let users = chat["users"].as_array().map(|users| users.iter().map(plain).collect::<Vec<_>>().join("+"));
    format!("{} ({latest}; unread {}{blocked})", users.unwrap_or_default(), chat["unreadCount"])
}

fn short_error(error: &Map<String, Value>) -> String {
    let details = error["details"].as_object().into_iter().flatten();
    let details: Vec<String> = details.map(|(name, value)| format!("{name} {}", plain(value))).collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    format!("{}{details}: {}", plain(&error["code"]), plain(&error["message"]))
}
