//! workspace, row by row (docs/dialects.md, "workspace"): what is answered, who hears, and who does not. Each shape is
//! pinned in full where it belongs; elsewhere [`brief`] says the same in fewer words. What other dialects cause is
//! caused through their own paths.

mod block;
mod connect;
mod conversation;
mod delete;
mod error;
mod foreign;
mod limit;
mod media;
mod message;
mod notification;
mod page;
mod presence;
mod read;
mod renew;
mod repeat;
mod room;
mod typing;

use serde_json::{Map, Value, json};
use world::World;

use crate::transcript::{self, plain};
use crate::worlds::{TestDialect, message_id};

/// How the tests speak this dialect.
const WORKSPACE: TestDialect = TestDialect {
    parameters: &[("DefaultDialect", "workspace")],
    token: World::token,
    send_event: "message:send",
    text,
};

/// A send of text.
fn text(conversation: &str, content: &str) -> Value {
    json!({"conversationId": conversation, "content": content, "type": "text"})
}

/// What names a message.
fn message(conversation: &str, number: u64) -> Value {
    json!({"messageId": message_id(conversation, number)})
}

/// What a user's conversations look like to them, most recent activity first.
async fn conversations_of(world: &mut World, user: &str) -> String {
    brief(&world.get(user, "/api/conversations").await)
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
    } else if fields.len() == 2 && fields.contains_key("code") && fields.contains_key("message") {
        Some(format!("{}: {}", plain(&fields["code"]), plain(&fields["message"])))
    } else {
        None
    }
}

fn short_message(message: &Map<String, Value>) -> String {
    let mut words = format!("#{} by {}", message["seq"], plain(&message["senderId"]));
    for (field, before) in [("content", ": "), ("mediaUrl", ", ")] {
        if let Some(text) = message[field].as_str() {
            words.push_str(&format!("{before}{text}"));
        }
    }
    if message["type"] != "text" {
        words.push_str(&format!(", {}", plain(&message["type"])));
    }
    if message["isDeleted"] == true {
        words.push_str(", isDeleted");
    }
    words
}

fn short_conversation(conversation: &Map<String, Value>) -> String {
    let latest = conversation["lastMessage"].as_object().map_or_else(|| "nothing".to_owned(), short_message);
    let participants = conversation["participants"].as_array().map(|users| users.iter().map(plain).collect::<Vec<_>>());
    format!("{} ({latest}; unread {})", participants.unwrap_or_default().join("+"), conversation["unreadCount"])
}
