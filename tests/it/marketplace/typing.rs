//! Typing: told to the sockets that joined the chat's room, and ended when the typist's socket goes.

use insta::assert_snapshot;
use serde_json::{Value, json};
use world::World;

use super::{MARKETPLACE, brief};
use crate::worlds::unknown_chat_id;

fn typing(chat: &str, active: bool) -> Value {
    json!({"chatId": chat, "isTyping": active})
}

/// The stage with every socket of the chat in its room.
async fn joined() -> (World, String) {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    for label in ["alice", "alice2", "bob", "bob2"] {
        world.emit(label, "join-chat", json!({"chatId": chat})).await;
    }
    (world, chat)
}

#[tokio::test(start_paused = true)]
async fn typing_is_told_to_joined_sockets_of_the_others() {
    let (mut world, chat) = joined().await;
    assert_snapshot!(world.ask("alice", "typing", typing(&chat, true)).await, @r#"
    alice hears 430[{"success":true}]
    bob hears 42["typing",{"chatId":"e70c08a3288036ef87ef9f6e","isTyping":true,"userId":"alice"}]
    bob2 hears 42["typing",{"chatId":"e70c08a3288036ef87ef9f6e","isTyping":true,"userId":"alice"}]
    "#);
    assert_snapshot!(world.ask("alice", "typing", typing(&chat, false)).await, @r#"
    alice hears 431[{"success":true}]
    bob hears 42["typing",{"chatId":"e70c08a3288036ef87ef9f6e","isTyping":false,"userId":"alice"}]
    bob2 hears 42["typing",{"chatId":"e70c08a3288036ef87ef9f6e","isTyping":false,"userId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.emit("alice2", "typing", typing(&chat, true)).await), @r#"bob+bob2 hears 42["typing",{"chatId":"alice+bob","isTyping":true,"userId":"alice"}]"#);
    world.emit("bob2", "leave-chat", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.emit("alice2", "typing", typing(&chat, false)).await), @r#"bob hears 42["typing",{"chatId":"alice+bob","isTyping":false,"userId":"alice"}]"#);
}

#[tokio::test(start_paused = true)]
async fn the_typist_need_not_have_joined() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.emit("bob", "join-chat", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.ask("alice", "typing", typing(&chat, true)).await), @r#"
    alice hears 430[{"success":true}]
    bob hears 42["typing",{"chatId":"alice+bob","isTyping":true,"userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_goes_types_no_more() {
    let (mut world, chat) = joined().await;
    world.emit("alice", "typing", typing(&chat, true)).await;
    assert_snapshot!(world.close("alice").await, @r#"
    bob hears 42["typing",{"chatId":"e70c08a3288036ef87ef9f6e","isTyping":false,"userId":"alice"}]
    bob2 hears 42["typing",{"chatId":"e70c08a3288036ef87ef9f6e","isTyping":false,"userId":"alice"}]
    "#);
    world.emit("alice2", "typing", typing(&chat, true)).await;
    assert_snapshot!(brief(&world.send("alice2", "41").await), @r#"
    bob+bob2 hears 42["typing",{"chatId":"alice+bob","isTyping":false,"userId":"alice"}]
    bob+bob2 hears 42["userOffline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"alice"}]
    carol hears 42["userOffline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"alice"}]
    "#);
    // Who stopped has nothing to end.
    world.emit("bob", "typing", typing(&chat, true)).await;
    world.emit("bob", "typing", typing(&chat, false)).await;
    assert_snapshot!(world.close("bob").await, @"");
}

#[tokio::test(start_paused = true)]
async fn typing_is_told_to_nobody_while_anyone_blocks() {
    let (mut world, chat) = joined().await;
    world.rest("bob", "PUT", &format!("/api/chat/{chat}/toggle-block"), Value::Null).await;
    assert_snapshot!(world.ask("alice", "typing", typing(&chat, true)).await, @r#"alice hears 430[{"success":true}]"#);
    assert_snapshot!(world.ask("bob", "typing", typing(&chat, true)).await, @r#"bob hears 430[{"success":true}]"#);
    assert_snapshot!(world.emit("alice", "typing", typing(&chat, false)).await, @"");
    assert_snapshot!(world.close("bob").await, @"");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_typing_is_refused() {
    let (mut world, chat) = joined().await;
    let mut said = String::new();
    for argument in [
        json!({"chatId": chat}),
        json!({"chatId": chat, "isTyping": null}),
        json!({"chatId": chat, "isTyping": "true"}),
        json!({"chatId": chat, "isTyping": 1}),
        json!({"isTyping": true}),
        json!({"chatId": 7, "isTyping": true}),
        typing("no chat", true),
        typing(&unknown_chat_id(), true),
    ] {
        said += &brief(&world.emit("alice", "typing", argument).await);
        said += "\n";
    }
    said += &brief(&world.emit("carol", "typing", typing(&chat, true)).await);
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: isTyping is required"]
    alice hears 42["error","VALIDATION_ERROR: isTyping is required"]
    alice hears 42["error","VALIDATION_ERROR: isTyping must be true or false"]
    alice hears 42["error","VALIDATION_ERROR: isTyping must be true or false"]
    alice hears 42["error","VALIDATION_ERROR: chatId is required"]
    alice hears 42["error","VALIDATION_ERROR: chatId must be a string"]
    alice hears 42["error","NOT_FOUND: chat not found"]
    alice hears 42["error","NOT_FOUND: chat not found"]
    carol hears 42["error","NOT_FOUND: chat not found"]
    "#);
}

#[tokio::test(start_paused = true)]
async fn typing_goes_to_and_fro_between_dialects() {
    let (mut world, chat) = joined().await;
    world.join_namespace("bob3", "bob", "/recruiting").await;
    world.join_namespace("bob4", "bob", "/messenger").await;
    assert_snapshot!(brief(&world.emit("alice", "typing", typing(&chat, true)).await), @r#"
    bob+bob2 hears 42["typing",{"chatId":"alice+bob","isTyping":true,"userId":"alice"}]
    bob3 hears 42/recruiting,["user_typing",{"chatId":"alice+bob","userId":"alice"}]
    bob4 hears 42/messenger,["typing_indicator",{"isTyping":true,"userId":"alice","userName":"alice"}]
    "#);
    assert_snapshot!(brief(&world.emit("bob3", "typing_start", json!({"chatId": chat})).await), @r#"alice+alice2 hears 42["typing",{"chatId":"alice+bob","isTyping":true,"userId":"bob"}]"#);
    assert_snapshot!(brief(&world.emit("bob4", "typing_stop", json!({"receiverId": "alice"})).await), @r#"alice+alice2 hears 42["typing",{"chatId":"alice+bob","isTyping":false,"userId":"bob"}]"#);
}
