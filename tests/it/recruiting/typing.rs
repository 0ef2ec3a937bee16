//! Typing: told to the receiver's sockets, and ended when the typist's socket goes.

use insta::assert_snapshot;
use local::gateway::DisconnectFault;
use serde_json::json;
use world::World;

use super::{RECRUITING, brief, text};
use crate::worlds::{connect_alice_and_bob, unknown_chat_id};

#[tokio::test(start_paused = true)]
async fn typing_is_told_to_the_receiver_and_not_to_own_devices() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let typing = json!({"chatId": chat, "receiverId": "bob"});
    assert_snapshot!(world.ask("alice", "typing_start", typing.clone()).await, @r#"
    alice hears 430[{"success":true}]
    bob hears 42["user_typing",{"chatId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    bob2 hears 42["user_typing",{"chatId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    "#);
    assert_snapshot!(world.ask("alice", "typing_stop", typing.clone()).await, @r#"
    alice hears 431[{"success":true}]
    bob hears 42["user_stopped_typing",{"chatId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    bob2 hears 42["user_stopped_typing",{"chatId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.emit("alice", "typing_start", typing.clone()).await), @r#"bob+bob2 hears 42["user_typing",{"chatId":"alice+bob","userId":"alice"}]"#);
    assert_snapshot!(brief(&world.emit("alice", "typing_stop", json!({"chatId": chat})).await), @r#"bob+bob2 hears 42["user_stopped_typing",{"chatId":"alice+bob","userId":"alice"}]"#);
}

#[tokio::test(start_paused = true)]
async fn typing_is_told_to_nobody_while_anyone_blocks() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    world.emit("bob", "block_user", json!({"chatId": chat})).await;
    assert_snapshot!(world.ask("alice", "typing_start", json!({"chatId": chat})).await, @r#"alice hears 430[{"success":true}]"#);
    assert_snapshot!(world.ask("bob", "typing_start", json!({"chatId": chat})).await, @r#"bob hears 430[{"success":true}]"#);
    assert_snapshot!(world.emit("alice", "typing_stop", json!({"chatId": chat})).await, @"");
    assert_snapshot!(brief(&world.close("bob").await), @"");
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_closes_types_no_more() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    world.emit("alice", "typing_start", json!({"chatId": chat})).await;
    assert_snapshot!(world.close("alice").await, @r#"
    bob hears 42["user_stopped_typing",{"chatId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    bob2 hears 42["user_stopped_typing",{"chatId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_leaves_types_no_more() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    world.emit("alice", "typing_start", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.send("alice", "41").await), @r#"bob+bob2 hears 42["user_stopped_typing",{"chatId":"alice+bob","userId":"alice"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_stopped_has_nothing_to_end() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    world.emit("alice", "typing_start", json!({"chatId": chat})).await;
    world.emit("alice", "typing_stop", json!({"chatId": chat})).await;
    assert_snapshot!(world.close("alice").await, @"");
}

#[tokio::test(start_paused = true)]
async fn a_typist_whose_connection_was_lost_is_found_by_the_next_post() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.emit("alice", "typing_start", json!({"chatId": chat})).await;
    assert_snapshot!(world.close("alice").await, @"");
    assert_snapshot!(brief(&world.ask("bob", "send_message", text(&chat, "still there?")).await), @r##"
    bob hears 430[{"message":"#1 by bob: still there?","success":true}]
    bob hears 42["message_sent",{"message":"#1 by bob: still there?"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: still there?","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 42["user_stopped_typing",{"chatId":"alice+bob","userId":"alice"}]
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"alice"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn typing_in_a_chat_of_others_or_to_somebody_else_is_refused() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    assert_snapshot!(brief(&world.ask("carol", "typing_start", json!({"chatId": chat, "receiverId": "bob"})).await), @r#"carol hears 430[{"error":"NOT_FOUND (field chatId): chat not found","success":false}]"#);
    assert_snapshot!(brief(&world.emit("carol", "typing_stop", json!({"chatId": unknown_chat_id()})).await), @r#"carol hears 42["error","NOT_FOUND (field chatId): chat not found"]"#);
    assert_snapshot!(brief(&world.emit("alice", "typing_start", json!({"chatId": chat, "receiverId": "carol"})).await), @r#"alice hears 42["error","VALIDATION_ERROR (field receiverId): receiverId must be the other participant of the chat"]"#);
    assert_snapshot!(brief(&world.emit("alice", "typing_start", json!({"receiverId": "bob"})).await), @r#"alice hears 42["error","VALIDATION_ERROR (field chatId): chatId is required"]"#);
}
