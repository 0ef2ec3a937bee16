//! Typing: heard in the rooms, by the others.

use insta::assert_snapshot;
use serde_json::json;

use super::{WORKSPACE, brief};
use crate::worlds::unknown_chat_id;

#[tokio::test(start_paused = true)]
async fn typing_is_heard_by_sockets_of_the_others_that_joined() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let typing = json!({"conversationId": conversation});
    assert_snapshot!(world.ask("alice", "typing:start", typing.clone()).await, @r#"alice hears 430[{"success":true}]"#);
    for label in ["alice2", "bob"] {
        world.ask(label, "conversation:join", json!(conversation)).await;
    }
    // The typist has not joined; the typist's own devices are not told.
    assert_snapshot!(world.ask("alice", "typing:start", typing.clone()).await, @r#"
    alice hears 431[{"success":true}]
    bob hears 42["typing:start",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    "#);
    assert_snapshot!(world.ask("alice", "typing:stop", typing.clone()).await, @r#"
    alice hears 432[{"success":true}]
    bob hears 42["typing:stop",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    "#);
    assert_snapshot!(world.emit("alice", "typing:start", typing.clone()).await, @r#"bob hears 42["typing:start",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]"#);
    world.ask("bob", "conversation:leave", json!(conversation)).await;
    assert_snapshot!(world.emit("alice", "typing:stop", typing).await, @"");
}

#[tokio::test(start_paused = true)]
async fn typing_ends_with_the_typists_socket() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    for label in ["bob", "bob2"] {
        world.ask(label, "conversation:join", json!(conversation)).await;
    }
    world.emit("alice", "typing:start", json!({"conversationId": conversation})).await;
    assert_snapshot!(brief(&world.close("alice").await), @r#"bob+bob2 hears 42["typing:stop",{"conversationId":"alice+bob","userId":"alice"}]"#);
    assert_snapshot!(brief(&world.close("alice2").await), @r#"bob+bob2+carol hears 42["user:offline",{"userId":"alice"}]"#);
}

#[tokio::test(start_paused = true)]
async fn typing_is_told_to_nobody_while_anyone_blocks() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    world.ask("bob", "conversation:join", json!(conversation)).await;
    world.rest("bob", "POST", &format!("/recruiting/api/chat/{conversation}/block"), json!({})).await;
    assert_snapshot!(world.ask("alice", "typing:start", json!({"conversationId": conversation})).await, @r#"alice hears 430[{"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn typing_in_a_conversation_of_others_is_refused() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let foreign = world.ask("carol", "typing:start", json!({"conversationId": conversation})).await;
    assert_snapshot!(foreign, @r#"carol hears 430[{"error":{"code":"NOT_FOUND","message":"conversation not found"},"success":false}]"#);
    let unknown = world.ask("carol", "typing:start", json!({"conversationId": unknown_chat_id()})).await;
    assert_eq!(unknown.replace("431", "430"), foreign);
    assert_snapshot!(brief(&world.emit("alice", "typing:stop", json!({})).await), @r#"alice hears 42["error","VALIDATION_ERROR: conversationId is required"]"#);
    assert_snapshot!(brief(&world.emit("alice", "typing:stop", json!(conversation)).await), @r#"alice hears 42["error","VALIDATION_ERROR: data must be an object"]"#);
}

#[tokio::test(start_paused = true)]
async fn typing_in_recruiting_is_heard_in_the_room() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    world.ask("bob", "conversation:join", json!(conversation)).await;
    world.join_namespace("alice3", "alice", "/recruiting").await;
    assert_snapshot!(brief(&world.ask("alice3", "typing_start", json!({"chatId": conversation})).await), @r#"
    alice3 hears 43/recruiting,0[{"success":true}]
    bob hears 42["typing:start",{"conversationId":"alice+bob","userId":"alice"}]
    "#);
    world.join_namespace("bob3", "bob", "/recruiting").await;
    // recruiting has no rooms: every socket of the receiver hears it there.
    assert_snapshot!(brief(&world.ask("alice", "typing:start", json!({"conversationId": conversation})).await), @r#"
    alice hears 430[{"success":true}]
    bob hears 42["typing:start",{"conversationId":"alice+bob","userId":"alice"}]
    bob3 hears 42/recruiting,["user_typing",{"chatId":"alice+bob","userId":"alice"}]
    "#);
}
