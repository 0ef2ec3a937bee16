//! Rooms and typing: who joined a conversation hears who types in it, and nothing else depends on it.

use insta::assert_snapshot;
use serde_json::json;

use super::{CLASSROOM, brief, of};
use crate::worlds::unknown_chat_id;

#[tokio::test(start_paused = true)]
async fn typing_is_told_to_joined_sockets_of_the_others() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    assert_snapshot!(world.ask("alice2", "join:conversation", of(&chat)).await, @r#"alice2 hears 430[{"success":true}]"#);
    assert_snapshot!(world.emit("bob", "join:conversation", of(&chat)).await, @"");
    // The typist need not have joined.
    assert_snapshot!(world.ask("alice", "typing:start", of(&chat)).await, @r#"
    alice hears 430[{"success":true}]
    bob hears 42["typing:start",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    "#);
    assert_snapshot!(world.ask("alice", "typing:stop", of(&chat)).await, @r#"
    alice hears 431[{"success":true}]
    bob hears 42["typing:stop",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.emit("alice", "typing:start", of(&chat)).await), @r#"bob hears 42["typing:start",{"conversationId":"alice+bob","userId":"alice"}]"#);
    assert_snapshot!(brief(&world.emit("alice", "typing:stop", of(&chat)).await), @r#"bob hears 42["typing:stop",{"conversationId":"alice+bob","userId":"alice"}]"#);
    assert_snapshot!(brief(&world.emit("bob2", "typing:start", of(&chat)).await), @r#"alice2 hears 42["typing:start",{"conversationId":"alice+bob","userId":"bob"}]"#);
}

#[tokio::test(start_paused = true)]
async fn who_left_hears_no_more_of_it() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.emit("bob", "join:conversation", of(&chat)).await;
    world.emit("bob2", "join:conversation", of(&chat)).await;
    world.emit("bob2", "join:conversation", of(&chat)).await;
    assert_snapshot!(brief(&world.emit("alice", "typing:start", of(&chat)).await), @r#"bob+bob2 hears 42["typing:start",{"conversationId":"alice+bob","userId":"alice"}]"#);
    assert_snapshot!(world.ask("bob", "leave:conversation", of(&chat)).await, @r#"bob hears 430[{"success":true}]"#);
    // Joined twice, left once.
    assert_snapshot!(world.emit("bob2", "leave:conversation", of(&chat)).await, @"");
    assert_snapshot!(world.emit("alice", "typing:stop", of(&chat)).await, @"");
    // Never joined, or left before.
    assert_snapshot!(world.ask("bob", "leave:conversation", of(&chat)).await, @r#"bob hears 431[{"success":true}]"#);
    assert_snapshot!(world.ask("alice", "leave:conversation", of(&chat)).await, @r#"alice hears 430[{"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_room_belongs_to_a_socket_and_not_to_its_user() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.emit("bob", "join:conversation", of(&chat)).await;
    world.close("bob").await;
    world.join("bob").await;
    assert_snapshot!(world.emit("alice", "typing:start", of(&chat)).await, @"");
}

#[tokio::test(start_paused = true)]
async fn joining_wants_an_own_conversation() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let mut said = String::new();
    for name in ["join:conversation", "leave:conversation", "typing:start", "typing:stop"] {
        let foreign = world.ask("carol", name, of(&chat)).await;
        said += &foreign;
        said += &world.emit("carol", name, of(&chat)).await;
        said += &world.emit("carol", name, json!({})).await;
        said += &world.emit("carol", name, json!(chat)).await;
        let unknown = world.ask("carol", name, of(&unknown_chat_id())).await;
        let after_ack = |said: &str| said.split_once('[').map(|(_, error)| error.to_owned());
        assert_eq!(after_ack(&foreign), after_ack(&unknown));
    }
    assert_snapshot!(said, @r#"
    carol hears 430[{"error":{"code":"NOT_FOUND","message":"conversation not found"},"success":false}]
    carol hears 42["error",{"code":"NOT_FOUND","message":"conversation not found"}]
    carol hears 42["error",{"code":"VALIDATION_ERROR","message":"conversationId is required"}]
    carol hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    carol hears 432[{"error":{"code":"NOT_FOUND","message":"conversation not found"},"success":false}]
    carol hears 42["error",{"code":"NOT_FOUND","message":"conversation not found"}]
    carol hears 42["error",{"code":"VALIDATION_ERROR","message":"conversationId is required"}]
    carol hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    carol hears 434[{"error":{"code":"NOT_FOUND","message":"conversation not found"},"success":false}]
    carol hears 42["error",{"code":"NOT_FOUND","message":"conversation not found"}]
    carol hears 42["error",{"code":"VALIDATION_ERROR","message":"conversationId is required"}]
    carol hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    carol hears 436[{"error":{"code":"NOT_FOUND","message":"conversation not found"},"success":false}]
    carol hears 42["error",{"code":"NOT_FOUND","message":"conversation not found"}]
    carol hears 42["error",{"code":"VALIDATION_ERROR","message":"conversationId is required"}]
    carol hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_closes_types_no_more() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.emit("bob", "join:conversation", of(&chat)).await;
    world.emit("alice", "typing:start", of(&chat)).await;
    assert_snapshot!(brief(&world.close("alice").await), @r#"bob hears 42["typing:stop",{"conversationId":"alice+bob","userId":"alice"}]"#);
    world.emit("alice2", "typing:start", of(&chat)).await;
    world.emit("alice2", "typing:stop", of(&chat)).await;
    assert_snapshot!(brief(&world.send("alice2", "41").await), @r#"bob+bob2+carol hears 42["user:offline",{"lastSeen":1767323045006,"userId":"alice"}]"#);
}

#[tokio::test(start_paused = true)]
async fn typing_is_told_to_nobody_while_anyone_blocks() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.emit("bob", "join:conversation", of(&chat)).await;
    world.rest("bob", "POST", &format!("/recruiting/api/chat/{chat}/block"), json!({})).await;
    assert_snapshot!(world.ask("alice", "typing:start", of(&chat)).await, @r#"alice hears 430[{"success":true}]"#);
    assert_snapshot!(world.emit("alice", "typing:stop", of(&chat)).await, @"");
}

#[tokio::test(start_paused = true)]
async fn typing_reaches_other_dialects_and_theirs_joined_sockets() {
    let (mut world, _) = CLASSROOM.five_clients().await;
    world.join_namespace("dave", "dave", "/recruiting").await;
    let chat = world.chat("alice", "dave").await;
    world.emit("alice", "join:conversation", of(&chat)).await;
    assert_snapshot!(brief(&world.emit("alice2", "typing:start", of(&chat)).await), @r#"dave hears 42/recruiting,["user_typing",{"chatId":"alice+dave","userId":"alice"}]"#);
    assert_snapshot!(brief(&world.emit("dave", "typing_start", json!({"chatId": chat})).await), @r#"alice hears 42["typing:start",{"conversationId":"alice+dave","userId":"dave"}]"#);
    assert_snapshot!(brief(&world.close("dave").await), @r#"
    alice hears 42["typing:stop",{"conversationId":"alice+dave","userId":"dave"}]
    alice hears 42["user:offline",{"lastSeen":1767323045006,"userId":"dave"}]
    alice2+bob+bob2+carol hears 42["user:offline",{"lastSeen":1767323045006,"userId":"dave"}]
    "#);
}
