//! messenger, row by row (docs/dialects.md, "messenger"), and the rules of all dialects as it shows them: what is
//! answered, who hears, and who does not. Each shape is pinned in full where it belongs; elsewhere [`brief`] says the
//! same in fewer words.

mod block;
mod connect;
mod delete;
mod elsewhere;
mod errors;
mod history;
mod limit;
mod message;
mod presence;
mod read;
mod repeat;
mod rest;
mod typing;
mod unread;
mod words;

use chat::domain::chat::plain_chat_id;
use chat::domain::id::UserId;
use local::token;
use serde_json::{Map, Value, json};
use world::World;

use crate::transcript::{self, plain};
use crate::worlds::{self, TestDialect};

/// How the tests speak this dialect. Its worlds begin without chats, because the first message creates one.
const MESSENGER: TestDialect =
    TestDialect { parameters: &[("DefaultDialect", "messenger")], token: token_of, send_event: "send_message", text };

/// A token with all that is known of a user: of Carol nothing but her id.
fn token_of(world: &World, user: &str) -> String {
    let now = world.clock.now().seconds();
    let mut claims = json!({"sub": user, "iat": now, "exp": now + 86_400});
    let profile = match user {
        "alice" => {
            json!({"name": "Alice Adams", "username": "ally", "email": "alice@example.com", "role": "customer"})
        }
        "bob" => json!({"firstName": "Bob", "lastName": "Brown", "email": "bob@example.com"}),
        _ => json!({}),
    };
    claims.as_object_mut().unwrap().extend(profile.as_object().unwrap().clone());
    token::sign(&claims).unwrap()
}

/// A send of text.
fn text(receiver: &str, content: &str) -> Value {
    json!({"receiverId": receiver, "content": content})
}

/// The history that somebody has with another.
async fn history(world: &mut World, label: &str, other: &str) -> String {
    brief(&world.emit(label, "get_message_history", json!({"otherUserId": other})).await)
}

/// The id of a message of two people whose chat was never deleted.
fn message_id(one: &str, other: &str, seq: u64) -> String {
    let chat = plain_chat_id(&UserId::parse(one).unwrap(), &UserId::parse(other).unwrap());
    worlds::message_id(&chat.to_string(), seq)
}

/// A transcript in fewer words: messages and errors by what matters of them, ids by their meaning.
fn brief(transcript: &str) -> String {
    transcript::brief(transcript, short)
}

/// What matters of a message or an error.
fn short(fields: &Map<String, Value>) -> Option<String> {
    if fields.contains_key("receiverName") {
        Some(short_message(fields))
    } else if fields.contains_key("code") && !fields.contains_key("success") {
        Some(short_error(fields))
    } else {
        None
    }
}

fn short_message(message: &Map<String, Value>) -> String {
    let mut words = format!("#{} {} to {}", message["seq"], plain(&message["senderId"]), plain(&message["receiverId"]));
    for (field, before) in [("content", ": "), ("mediaUrl", ", ")] {
        if let Some(text) = message.get(field).and_then(Value::as_str) {
            words.push_str(&format!("{before}{text}"));
        }
    }
    for flag in ["read", "isDeleted"] {
        if message[flag] == true {
            words.push_str(&format!(", {flag}"));
        }
    }
    words
}

fn short_error(error: &Map<String, Value>) -> String {
    let retry_after = error.get("retryAfter").map_or_else(String::new, |after| format!(" (retryAfter {after})"));
    format!("{}{retry_after}: {}", plain(&error["code"]), plain(&error["message"]))
}
