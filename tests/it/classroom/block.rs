//! Blocking, for which classroom has no event or route of its own: what it hears of it, and what it may not do
//! meanwhile.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{CLASSROOM, brief, chats_of, marking, message_path, messages_of, text};

#[tokio::test(start_paused = true)]
async fn both_sides_hear_of_a_block_and_of_its_end() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let heard = |said: String| said.lines().skip(1).collect::<Vec<_>>().join("\n");
    let block = format!("/recruiting/api/chat/{chat}/block");
    assert_snapshot!(heard(world.rest("bob", "POST", &block, Value::Null).await), @r#"
    alice hears 42["conversation:blocked",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"bob"}]
    alice2 hears 42["conversation:blocked",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"bob"}]
    bob hears 42["conversation:blocked",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"bob"}]
    bob2 hears 42["conversation:blocked",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"bob"}]
    "#);
    assert_snapshot!(heard(world.rest("bob", "POST", &block, Value::Null).await), @"");
    let unblock = format!("/recruiting/api/chat/{chat}/unblock");
    assert_snapshot!(brief(&heard(world.rest("bob", "POST", &unblock, Value::Null).await)), @r#"alice+alice2+bob+bob2 hears 42["conversation:unblocked",{"conversationId":"alice+bob","userId":"bob"}]"#);
    assert_snapshot!(heard(world.rest("bob", "POST", &unblock, Value::Null).await), @"");
}

#[tokio::test(start_paused = true)]
async fn while_anyone_blocks_nobody_sends() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.rest("bob", "POST", &format!("/recruiting/api/chat/{chat}/block"), Value::Null).await;
    assert_snapshot!(world.ask("alice", "send:message", text(&chat, "hello")).await, @r#"alice hears 430[{"error":{"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"},"success":false}]"#);
    assert_snapshot!(world.emit("bob", "send:message", text(&chat, "hello")).await, @r#"bob hears 42["error",{"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"}]"#);
    assert_snapshot!(world.rest("alice", "POST", "/api/chat/message", text(&chat, "hello")).await, @r#"alice gets 403 {"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked","success":false}"#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r#"alice gets 200 {"data":[],"pagination":{"limit":50,"page":1,"total":0},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn reading_and_deleting_go_on() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.rest("bob", "POST", &format!("/recruiting/api/chat/{chat}/block"), Value::Null).await;
    assert_snapshot!(brief(&world.ask("bob", "message:read", marking(&chat, &[1])).await), @r#"
    alice+alice2 hears 42["messages:read",{"conversationId":"alice+bob","messageIds":["alice+bob #1"],"readBy":"bob"}]
    bob hears 430[{"markedCount":1,"success":true}]
    bob hears 42["messages:read",{"conversationId":"alice+bob","messageIds":["alice+bob #1"],"readBy":"bob"}]
    bob2 hears 42["messages:read",{"conversationId":"alice+bob","messageIds":["alice+bob #1"],"readBy":"bob"}]
    "#);
    let gone = world.rest("alice", "DELETE", &message_path(&chat, 2), json!({"deleteForEveryone": true})).await;
    assert!(gone.starts_with("alice gets 200"), "{gone}");
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":["alice+bob (#2 by alice, delivered, deleted; unread 0)"],"success":true}"#);
    assert_snapshot!(brief(&world.ask("bob", "join:conversation", super::of(&chat)).await), @r#"bob hears 431[{"success":true}]"#);
}
