//! workspace, row by row (docs/dialects.md, "workspace"): what is answered, who hears, and who does not. Each shape is pinned in full where
//! it belongs; elsewhere [`brief`] says the same in fewer words. What other dialects cause is caused through their own paths.

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

use crate::transcript::{self, plain, short_id};

/// A world whose root namespace and plain paths speak workspace.
async fn world() -> World {
    world_with(&[]).await
}

/// The same with some parameters different.
async fn world_with(parameters: &[(&str, &str)]) -> World {
    let all: Vec<(&str, &str)> =
        [("DefaultDialect", "workspace")].into_iter().chain(parameters.iter().copied()).collect();
    World::with(&all).await
}

/// Alice with two devices, Bob with two, and Carol, who shares no conversation with them. The id is that of Alice's and Bob's conversation.
async fn stage() -> (World, String) {
    stage_with(&[]).await
}

/// The same with some parameters different.
async fn stage_with(parameters: &[(&str, &str)]) -> (World, String) {
    let mut world = world_with(parameters).await;
    for (label, user) in [("alice", "alice"), ("alice2", "alice"), ("bob", "bob"), ("bob2", "bob"), ("carol", "carol")]
    {
        world.join_as(label, user).await;
    }
    let conversation = world.chat("alice", "bob").await;
    (world, conversation)
}

/// Alice and Bob with one device each, and nobody else.
async fn pair() -> (World, String) {
    pair_with(&[]).await
}

/// The same with some parameters different.
async fn pair_with(parameters: &[(&str, &str)]) -> (World, String) {
    let mut world = world_with(parameters).await;
    world.join("alice").await;
    world.join("bob").await;
    let conversation = world.chat("alice", "bob").await;
    (world, conversation)
}

/// A send of text.
fn text(conversation: &str, content: &str) -> Value {
    json!({"conversationId": conversation, "content": content, "type": "text"})
}

/// What names a message.
fn message(conversation: &str, number: u64) -> Value {
    json!({"messageId": message_id(conversation, number)})
}

/// The id of a message of a conversation that was never deleted.
fn message_id(conversation: &str, number: u64) -> String {
    format!("{conversation}{number:012x}")
}

/// The id of a conversation that does not exist.
fn nowhere() -> String {
    "f".repeat(24)
}

/// Sends texts one after the other, and says nothing of it.
async fn say(world: &mut World, label: &str, conversation: &str, texts: &[&str]) {
    for content in texts {
        world.emit(label, "message:send", text(conversation, content)).await;
    }
}

/// What a user's conversations look like to them, most recent activity first.
async fn conversations_of(world: &mut World, user: &str) -> String {
    brief(&world.get(user, "/api/conversations").await)
}

/// A transcript in fewer words: messages, conversations and errors by what matters of them, ids by their meaning, and labels that hear the
/// same on one line.
fn brief(transcript: &str) -> String {
    transcript::brief(transcript, short)
}

fn short(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(short).collect(),
        Value::Object(fields) if fields.contains_key("senderId") => short_message(&fields).into(),
        Value::Object(fields) if fields.contains_key("participants") => short_conversation(&fields).into(),
        Value::Object(fields) if fields.len() == 2 && fields.contains_key("code") && fields.contains_key("message") => {
            format!("{}: {}", plain(&fields["code"]), plain(&fields["message"])).into()
        }
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, short(value))).collect::<Map<_, _>>().into()
        }
        Value::String(text) => short_id(text).into(),
        other => other,
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
