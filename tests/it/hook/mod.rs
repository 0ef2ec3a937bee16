//! What other systems hear of (docs/hooks.md).

mod bus;
mod cost;
mod events;
mod push;
mod webhook;

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};
use world::World;

/// The parameters with which webhooks are sent.
pub(crate) const WEBHOOKS: [(&str, &str); 2] =
    [("WebhookUrl", "https://example.com/hook"), ("WebhookSecret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];

/// Alice and Bob, who know each other, in a world with webhooks. The events of that have been sent.
async fn world() -> (World, String) {
    let mut world = World::with(&WEBHOOKS).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    world.followup().await;
    drop(world.receiver.take());
    (world, chat)
}

/// Alice writes to Bob, over REST.
async fn write(world: &mut World, chat: &str, text: &str) -> String {
    world.rest("alice", "POST", "/api/message/send", json!({"chatId": chat, "content": text})).await
}

/// The schema of all events, for those who receive them.
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/hooks.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

/// The same event, which must be as the schema says.
pub(crate) fn valid(event: Value) -> Value {
    let problems: Vec<String> = SCHEMA.iter_errors(&event).map(|problem| problem.to_string()).collect();
    assert_eq!(problems, [""; 0], "{event:#}");
    event
}

/// The events of chats that were sent since the last call: type and position, in their order.
fn sent(world: &World) -> Vec<(String, u64)> {
    let event =
        |event: Value| (event["type"].as_str().unwrap().to_owned(), event["data"]["position"].as_u64().unwrap());
    let mut sent: Vec<_> = world.receiver.take().iter().map(|post| event(valid(post.event()))).collect();
    sent.sort_by_key(|(_, position)| *position);
    sent
}
