//! Reading: one message at a time, and what is heard of reading in other dialects.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{WORKSPACE, brief, conversations_of, message};
use crate::worlds::{message_id, unknown_chat_id};

#[tokio::test(start_paused = true)]
async fn reading_a_message_tells_its_sender_alone() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one", "two"]).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.ask("bob", "message:read", message(&conversation, 2)).await, @r#"
    alice hears 42["message:read",{"messageId":"e70c08a3288036ef87ef9f6e000000000002","readAt":"2026-01-02T03:04:06.006Z","userId":"bob"}]
    alice2 hears 42["message:read",{"messageId":"e70c08a3288036ef87ef9f6e000000000002","readAt":"2026-01-02T03:04:06.006Z","userId":"bob"}]
    bob hears 430[{"success":true}]
    "#);
    assert_snapshot!(brief(&world.emit("bob", "message:read", message(&conversation, 1)).await), @r#"alice+alice2 hears 42["message:read",{"messageId":"alice+bob #1","readAt":"2026-01-02T03:04:06.006Z","userId":"bob"}]"#);
}

#[tokio::test(start_paused = true)]
async fn the_count_falls_by_what_was_marked() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one", "two", "three"]).await;
    let mut said = String::new();
    for number in [2, 2, 1, 3] {
        world.ask("bob", "message:read", message(&conversation, number)).await;
        said += &conversations_of(&mut world, "bob").await;
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    bob gets 200 {"data":["alice+bob (#3 by alice: three; unread 2)"],"pagination":{"limit":20,"page":1,"total":1},"success":true}
    bob gets 200 {"data":["alice+bob (#3 by alice: three; unread 2)"],"pagination":{"limit":20,"page":1,"total":1},"success":true}
    bob gets 200 {"data":["alice+bob (#3 by alice: three; unread 1)"],"pagination":{"limit":20,"page":1,"total":1},"success":true}
    bob gets 200 {"data":["alice+bob (#3 by alice: three; unread 0)"],"pagination":{"limit":20,"page":1,"total":1},"success":true}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_tells_nobody() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one"]).await;
    world.ask("bob", "message:read", message(&conversation, 1)).await;
    assert_snapshot!(world.ask("bob", "message:read", message(&conversation, 1)).await, @r#"bob hears 431[{"success":true}]"#);
    assert_snapshot!(world.emit("bob2", "message:read", message(&conversation, 1)).await, @"");
}

#[tokio::test(start_paused = true)]
async fn two_devices_that_read_at_once_tell_the_sender_once() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one"]).await;
    let frame = format!("42{}", json!(["message:read", message(&conversation, 1)]));
    let said = world.send_all(&[("bob", frame.clone()), ("bob2", frame)]).await;
    assert_eq!(said.matches("message:read").count(), 2, "once for each device of Alice: {said}");
    assert!(conversations_of(&mut world, "bob").await.contains("unread 0"));
}

#[tokio::test(start_paused = true)]
async fn nobody_reads_their_own_message() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one"]).await;
    assert_snapshot!(world.ask("alice", "message:read", message(&conversation, 1)).await, @r#"alice hears 430[{"error":{"code":"FORBIDDEN","message":"only a recipient can mark a message as read"},"success":false}]"#);
    assert_snapshot!(world.emit("alice2", "message:read", message(&conversation, 1)).await, @r#"alice2 hears 42["error",{"code":"FORBIDDEN","message":"only a recipient can mark a message as read"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_others_and_one_that_does_not_exist_look_the_same() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one"]).await;
    let foreign = world.emit("carol", "message:read", message(&conversation, 1)).await;
    assert_snapshot!(foreign, @r#"carol hears 42["error",{"code":"NOT_FOUND","message":"message not found"}]"#);
    for unknown in [message_id(&unknown_chat_id(), 1), message_id(&conversation, 2), "nothing-like-an-id".to_owned()] {
        assert_eq!(world.emit("carol", "message:read", json!({"messageId": unknown})).await, foreign);
    }
    assert_eq!(world.emit("bob", "message:read", message(&conversation, 2)).await.replace("bob", "carol"), foreign);
}

#[tokio::test(start_paused = true)]
async fn which_message_must_be_said() {
    let (mut world, _) = WORKSPACE.two_clients().await;
    let mut said = String::new();
    for argument in [json!({}), json!({"messageId": ""}), json!({"messageId": 7}), json!("7"), Value::Null] {
        said += &brief(&world.emit("bob", "message:read", argument).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    bob hears 42["error","VALIDATION_ERROR: messageId is required"]
    bob hears 42["error","VALIDATION_ERROR: messageId must not be empty"]
    bob hears 42["error","VALIDATION_ERROR: messageId must be a string"]
    bob hears 42["error","VALIDATION_ERROR: data must be an object"]
    bob hears 42["error","VALIDATION_ERROR: data must be an object"]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_whole_chat_read_elsewhere_is_one_event_for_the_newest_of_the_senders() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one", "two", "three"]).await;
    WORKSPACE.send_texts(&mut world, "bob", &conversation, &["mine"]).await;
    world.ask("bob", "message:read", message(&conversation, 1)).await;
    let path = format!("/recruiting/api/message/chat/{conversation}/mark-read");
    assert_snapshot!(world.rest("bob", "POST", &path, Value::Null).await, @r#"
    bob gets 200 {"data":{"markedCount":2},"message":"Messages marked as read","success":true}
    alice hears 42["message:read",{"markedCount":2,"messageId":"e70c08a3288036ef87ef9f6e000000000003","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    alice2 hears 42["message:read",{"markedCount":2,"messageId":"e70c08a3288036ef87ef9f6e000000000003","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    "#);
    assert_snapshot!(world.rest("bob", "POST", &path, Value::Null).await, @r#"bob gets 200 {"data":{"markedCount":0},"message":"Messages marked as read","success":true}"#);
    world.join_namespace("bob3", "bob", "/recruiting").await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["four"]).await;
    assert_snapshot!(brief(&world.ask("bob3", "mark_messages_read", json!({"chatId": conversation})).await), @r#"
    alice+alice2 hears 42["message:read",{"markedCount":1,"messageId":"alice+bob #5","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    bob3 hears 43/recruiting,0[{"chatId":"alice+bob","markedCount":1,"success":true}]
    bob3 hears 42/recruiting,["messages_marked_read",{"chatId":"alice+bob","markedCount":1}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_message_read_here_is_heard_in_recruiting() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    world.join_namespace("alice3", "alice", "/recruiting").await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one", "two"]).await;
    assert_snapshot!(brief(&world.ask("bob", "message:read", message(&conversation, 2)).await), @r#"
    alice+alice2 hears 42["message:read",{"messageId":"alice+bob #2","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    alice3 hears 42/recruiting,["messages_read_by_other",{"chatId":"alice+bob","readAt":"2026-01-02T03:04:05.006Z","readByUserId":"bob"}]
    bob hears 430[{"success":true}]
    "#);
}
