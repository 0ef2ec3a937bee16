//! recruiting, row by row (dialects.md, section 3): what is answered, who hears, and who does not.

use insta::assert_snapshot;
use local::world::World;
use serde_json::json;

/// Alice with two devices, Bob with two, and Carol, who shares no chat with them.
async fn stage() -> (World, String) {
    let mut world = World::new().await;
    for (label, user) in [("alice", "alice"), ("alice2", "alice"), ("bob", "bob"), ("bob2", "bob"), ("carol", "carol")]
    {
        world.join_as(label, user).await;
    }
    let chat = world.chat("alice", "bob").await;
    (world, chat)
}

#[tokio::test(start_paused = true)]
async fn connecting_greets_and_tells_the_others_once() {
    let mut world = World::new().await;
    assert_snapshot!(world.open("alice").await);
    let token = world.token("alice");
    assert_snapshot!(world.send("alice", &format!("40{}", json!({"token": token}))).await);
    assert_snapshot!(world.join("bob").await);
    assert_snapshot!(world.join_as("bob2", "bob").await);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_heard_by_everybody_in_the_chat() {
    let (mut world, chat) = stage().await;
    let message = json!({"chatId": chat, "receiverId": "bob", "content": "hello", "messageType": "text"});
    assert_snapshot!(world.ask("alice", "send_message", message).await);
}
