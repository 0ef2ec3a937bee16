//! Rooms: joining and leaving with a bare id.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{WORKSPACE, brief};
use crate::worlds::{fill_rooms, unknown_chat_id};

#[tokio::test(start_paused = true)]
async fn joining_and_leaving_are_confirmed_and_told_to_nobody() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let mut said = String::new();
    // Leaving what was never joined, joining twice, leaving.
    for event in ["conversation:leave", "conversation:join", "conversation:join", "conversation:leave"] {
        said += &world.ask("alice", event, json!(conversation)).await;
        said += &world.emit("alice", event, json!(conversation)).await;
    }
    assert_snapshot!(said, @r#"
    alice hears 430[{"success":true}]
    alice hears 431[{"success":true}]
    alice hears 432[{"success":true}]
    alice hears 433[{"success":true}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn only_participants_may_join() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let foreign = world.emit("carol", "conversation:join", json!(conversation)).await;
    assert_snapshot!(foreign, @r#"carol hears 42["error",{"code":"NOT_FOUND","message":"conversation not found"}]"#);
    for unknown in [unknown_chat_id(), "nothing-like-an-id".to_owned()] {
        assert_eq!(world.emit("carol", "conversation:join", json!(unknown)).await, foreign);
        assert_eq!(world.emit("carol", "conversation:leave", json!(unknown)).await, foreign);
    }
    assert_eq!(world.emit("carol", "conversation:leave", json!(conversation)).await, foreign);
    assert_snapshot!(world.ask("carol", "conversation:join", json!(conversation)).await, @r#"carol hears 430[{"error":{"code":"NOT_FOUND","message":"conversation not found"},"success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn the_argument_is_the_id_itself() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let mut said = String::new();
    for argument in [json!({"conversationId": conversation}), json!(""), json!(7), Value::Null] {
        said += &brief(&world.emit("alice", "conversation:join", argument).await);
        said += "\n";
    }
    said += &brief(&world.send("alice", r#"42["conversation:leave"]"#).await);
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: conversationId must be a string"]
    alice hears 42["error","VALIDATION_ERROR: conversationId must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: conversationId must be a string"]
    alice hears 42["error","VALIDATION_ERROR: conversationId is required"]
    alice hears 42["error","VALIDATION_ERROR: conversationId is required"]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_room_is_left_with_the_socket() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    world.ask("bob", "conversation:join", json!(conversation)).await;
    world.close("bob").await;
    world.join("bob").await;
    assert_snapshot!(world.emit("alice", "typing:start", json!({"conversationId": conversation})).await, @"");
}

#[tokio::test(start_paused = true)]
async fn a_socket_may_be_in_so_many_rooms() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    world.know(&["carol"]).await;
    let other = world.chat("alice", "carol").await;
    world.ask("alice", "conversation:join", json!(conversation)).await;
    fill_rooms(&world).await;
    assert_snapshot!(world.ask("alice", "conversation:join", json!(other)).await, @r#"alice hears 431[{"error":{"code":"VALIDATION_ERROR","message":"conversationId is one too many: a socket may be in 500 at a time"},"success":false}]"#);
    // One that is joined already is none too many, and one that is left makes room.
    assert_snapshot!(world.ask("alice", "conversation:join", json!(conversation)).await, @r#"alice hears 432[{"success":true}]"#);
    world.ask("alice", "conversation:leave", json!(conversation)).await;
    assert_snapshot!(world.ask("alice", "conversation:join", json!(other)).await, @r#"alice hears 434[{"success":true}]"#);
}
