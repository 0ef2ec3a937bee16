//! Deleting, which is asked for in other dialects and told here.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{WORKSPACE, brief, conversations_of, message, text};
use crate::worlds::message_id;

#[tokio::test(start_paused = true)]
async fn a_deleted_message_is_told_and_leaves_a_placeholder() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one"]).await;
    let image = json!({"conversationId": conversation, "type": "image", "mediaUrl": "https://media.example/one"});
    world.emit("alice", "message:send", image).await;
    world.clock.advance(1_000);
    let path = format!("/recruiting/api/message/{}", message_id(&conversation, 2));
    assert_snapshot!(world.rest("alice", "DELETE", &path, Value::Null).await, @r#"
    alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000002","chatId":"e70c08a3288036ef87ef9f6e","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":true,"isRead":false,"mediaUrl":null,"messageType":"image","receiverId":"bob","senderId":"alice","seq":2,"updatedAt":"2026-01-02T03:04:06.006Z"},"message":"Message deleted","success":true}
    alice hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    alice2 hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    bob hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    bob2 hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    "#);
    let again = world.rest("alice", "DELETE", &path, Value::Null).await;
    assert_eq!(again.lines().count(), 1, "{again}");
    assert_snapshot!(world.get("bob", &format!("/api/conversations/{conversation}/messages?afterSeq=1")).await, @r#"bob gets 200 {"data":[{"content":null,"conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000002","isDeleted":true,"mediaUrl":null,"senderId":"alice","seq":2,"timestamp":"2026-01-02T03:04:05.006Z","type":"image"}],"pagination":{"hasMore":false,"limit":50,"total":2},"success":true}"#);
    assert_snapshot!(conversations_of(&mut world, "bob").await, @r#"bob gets 200 {"data":["alice+bob (#2 by alice, image, isDeleted; unread 1)"],"pagination":{"limit":20,"page":1,"total":1},"success":true}"#);
    // What is gone cannot be read any more, and nobody is told that it was.
    assert_snapshot!(brief(&world.ask("bob", "message:read", message(&conversation, 2)).await), @r#"bob hears 430[{"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_conversation_is_told_and_gone() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one"]).await;
    world.ask("bob", "conversation:join", json!(conversation)).await;
    let path = format!("/recruiting/api/chat/{conversation}");
    assert_snapshot!(world.rest("bob", "DELETE", &path, Value::Null).await, @r#"
    bob gets 200 {"data":null,"message":"Chat deleted","success":true}
    alice hears 42["conversation:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e"}]
    alice2 hears 42["conversation:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e"}]
    bob hears 42["conversation:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e"}]
    bob2 hears 42["conversation:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e"}]
    "#);
    let again = world.rest("bob", "DELETE", &path, Value::Null).await;
    assert_eq!(again.lines().count(), 1, "{again}");
    assert_snapshot!(conversations_of(&mut world, "alice").await, @r#"alice gets 200 {"data":[],"pagination":{"limit":20,"page":1,"total":0},"success":true}"#);
    let mut said = String::new();
    said += &brief(&world.get("alice", &format!("/api/conversations/{conversation}/messages")).await);
    for (event, argument) in [
        ("message:send", text(&conversation, "hello")),
        ("message:read", message(&conversation, 1)),
        ("typing:start", json!({"conversationId": conversation})),
        ("conversation:join", json!(conversation)),
    ] {
        said += "\n";
        said += &brief(&world.ask("alice", event, argument).await);
    }
    assert_snapshot!(said, @r#"
    alice gets 404 {"code":"NOT_FOUND","message":"conversation not found","success":false}
    alice hears 430[{"error":"NOT_FOUND: conversation not found","success":false}]
    alice hears 431[{"error":"NOT_FOUND: message not found","success":false}]
    alice hears 432[{"error":"NOT_FOUND: conversation not found","success":false}]
    alice hears 433[{"error":"NOT_FOUND: conversation not found","success":false}]
    "#);
    let made = world.rest("alice", "POST", "/api/conversations", json!({"participantId": "bob"})).await;
    assert_snapshot!(brief(&made), @r#"
    alice gets 201 {"data":"alice+bob (nothing; unread 0)","success":true}
    bob+bob2 hears 42["conversation:updated","alice+bob (nothing; unread 0)"]
    "#);
}
