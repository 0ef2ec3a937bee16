//! The order of telling: what happens in one chat, each socket hears in the order in which it was stored, whoever tells
//! it.

use std::sync::Arc;
use std::time::Duration;

use local::connector::Services;
use serde_json::json;
use world::World;

use crate::worlds::connect_alice_and_bob;

/// Two people of whom one has said something that was told, and the chat.
async fn chatting() -> (World, String) {
    let mut world = World::new().await;
    let chat = said_in(&mut world).await;
    (world, chat)
}

async fn said_in(world: &mut World) -> String {
    let chat = connect_alice_and_bob(world).await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "first"})).await;
    chat
}

/// A time of the test.
const NOW: &str = "2026-01-02T03:04:05.006Z";

/// Says how many events of a chat have been told.
async fn note_told(services: &Services, chat: &str, told: u64) {
    let note = json!({
        "TableName": "Chats",
        "Key": {"chatId": {"S": chat}},
        "UpdateExpression": "SET told = :told",
        "ExpressionAttributeValues": {":told": {"N": told.to_string()}},
    });
    let (status, answer) = services.dynamodb.call("UpdateItem", note).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test(start_paused = true)]
async fn an_event_is_told_once_those_before_it_are() {
    let (mut world, chat) = chatting().await;
    // The chat was made, and a first message sent: as if the second of the two were still being told by somebody slow.
    note_told(&world.cloud.services, &chat, 1).await;
    let bob = world.connection_id("bob");
    let (services, gateway) = (Arc::clone(&world.cloud.services), Arc::clone(&world.cloud.gateway));
    let id = chat.clone();
    let slow = async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let note = json!({"id": "1", "message": "told by somebody slow", "type": "test", "createdAt": NOW});
        gateway.post(&bob, format!("42{}", json!(["notification", note])).into()).unwrap();
        note_told(&services, &id, 2).await;
    };
    let send = world.ask("alice", "send_message", json!({"chatId": chat, "content": "second"}));
    let (heard, ()) = tokio::join!(send, slow);
    let events: Vec<&str> = heard.lines().filter(|line| line.starts_with("bob hears")).collect();
    assert!(events[0].contains("told by somebody slow") && events[1].contains("new_message"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_nobody_delivers_holds_up_nobody_for_good() {
    let mut world = World::with_flowing_clock(&[]).await;
    let chat = said_in(&mut world).await;
    note_told(&world.cloud.services, &chat, 1).await;
    world.later(Duration::from_secs(6)).await;
    let heard = world.ask("alice", "send_message", json!({"chatId": chat, "content": "second"})).await;
    assert!(heard.contains("\"success\":true") && !heard.contains("bob hears"), "it waits for the one before: {heard}");
    world.followup().await;
    assert!(world.is_closed("bob"), "nobody knows whether bob heard the one before");
    world.lose("bob");
    let heard = world.come_back("bob", "bob", "/").await;
    assert!(heard.starts_with("bob has recovered") && heard.contains("\"second\""), "{heard}");
    assert!(!heard.contains("\"first\""), "bob had heard it, and his offset says so: {heard}");
    assert_eq!(world.rows("Chats").await[0]["told"]["N"], "3", "and from here on all is in order again");
}
