//! Rooms: joining and leaving, which only typing depends on.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief};
use crate::worlds::{fill_rooms, unknown_chat_id};

fn typing(chat: &str) -> Value {
    json!({"chatId": chat, "isTyping": true})
}

#[tokio::test(start_paused = true)]
async fn joining_and_leaving_are_answered_and_heard_by_nobody() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let room = json!({"chatId": chat});
    assert_snapshot!(world.ask("alice", "join-chat", room.clone()).await, @r#"alice hears 430[{"success":true}]"#);
    assert_snapshot!(world.ask("alice", "join-chat", room.clone()).await, @r#"alice hears 431[{"success":true}]"#);
    assert_snapshot!(world.emit("alice", "join-chat", room.clone()).await, @"");
    assert_snapshot!(world.ask("alice", "leave-chat", room.clone()).await, @r#"alice hears 432[{"success":true}]"#);
    // Leaving what was never joined, or was left, is success.
    assert_snapshot!(world.ask("alice", "leave-chat", room.clone()).await, @r#"alice hears 433[{"success":true}]"#);
    assert_snapshot!(world.emit("bob", "leave-chat", room).await, @"");
}

#[tokio::test(start_paused = true)]
async fn a_room_is_the_sockets_and_not_the_users() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.ask("bob", "join-chat", json!({"chatId": chat})).await;
    assert_snapshot!(world.emit("alice", "typing", typing(&chat)).await, @r#"bob hears 42["typing",{"chatId":"e70c08a3288036ef87ef9f6e","isTyping":true,"userId":"alice"}]"#);
    world.ask("bob2", "join-chat", json!({"chatId": chat})).await;
    world.ask("bob", "leave-chat", json!({"chatId": chat})).await;
    assert_snapshot!(world.emit("alice", "typing", typing(&chat)).await, @r#"bob2 hears 42["typing",{"chatId":"e70c08a3288036ef87ef9f6e","isTyping":true,"userId":"alice"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_room_is_of_one_chat() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let other = world.chat("bob", "carol").await;
    world.ask("bob", "join-chat", json!({"chatId": other})).await;
    assert_snapshot!(world.emit("alice", "typing", typing(&chat)).await, @"");
    assert_snapshot!(brief(&world.emit("carol", "typing", typing(&other)).await), @r#"bob hears 42["typing",{"chatId":"bob+carol","isTyping":true,"userId":"carol"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_room_is_left_with_the_socket() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    world.ask("bob", "join-chat", json!({"chatId": chat})).await;
    world.close("bob").await;
    world.join("bob").await;
    assert_snapshot!(world.emit("alice", "typing", typing(&chat)).await, @"");
}

#[tokio::test(start_paused = true)]
async fn only_a_participant_joins() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    assert_snapshot!(world.ask("carol", "join-chat", json!({"chatId": chat})).await, @r#"carol hears 430[{"error":{"code":"NOT_FOUND","message":"chat not found"},"success":false}]"#);
    for event in ["join-chat", "leave-chat"] {
        let foreign = world.emit("carol", event, json!({"chatId": chat})).await;
        assert_eq!(brief(&foreign), r#"carol hears 42["error","NOT_FOUND: chat not found"]"#, "{event}");
        assert_eq!(world.emit("carol", event, json!({"chatId": unknown_chat_id()})).await, foreign);
        assert_eq!(world.emit("carol", event, json!({"chatId": "no chat"})).await, foreign);
    }
    let mut said = String::new();
    for argument in [json!({}), json!({"chatId": null}), json!({"chatId": 7}), json!({"chatId": ""}), json!(chat)] {
        said += &brief(&world.emit("alice", "join-chat", argument).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: chatId is required"]
    alice hears 42["error","VALIDATION_ERROR: chatId is required"]
    alice hears 42["error","VALIDATION_ERROR: chatId must be a string"]
    alice hears 42["error","VALIDATION_ERROR: chatId must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: data must be an object"]
    "#);
    assert_snapshot!(world.emit("alice", "typing", typing(&chat)).await, @"");
}

#[tokio::test(start_paused = true)]
async fn a_room_too_many_names_the_field_that_was_sent() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    world.know(&["carol"]).await;
    let other = world.chat("alice", "carol").await;
    world.ask("alice", "join-chat", json!({"chatId": chat})).await;
    fill_rooms(&world).await;
    assert_snapshot!(world.ask("alice", "join-chat", json!({"chatId": other})).await, @r#"alice hears 431[{"error":{"code":"VALIDATION_ERROR","message":"chatId is one too many: a socket may be in 500 at a time"},"success":false}]"#);
}
