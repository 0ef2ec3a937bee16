//! Blocking, which is asked for in other dialects and told here.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{WORKSPACE, brief, message, text};

#[tokio::test(start_paused = true)]
async fn a_block_and_its_end_are_told_to_both_sides_once() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let path = |action: &str| format!("/recruiting/api/chat/{conversation}/{action}");
    assert_snapshot!(brief(&world.rest("bob", "POST", &path("block"), Value::Null).await), @r#"
    bob gets 200 {"data":{"_id":"alice+bob","blockedBy":"bob","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]},"message":"Chat","success":true}
    alice+alice2+bob+bob2 hears 42["conversation:blocked",{"conversationId":"alice+bob","userId":"bob"}]
    "#);
    let again = world.rest("bob", "POST", &path("block"), Value::Null).await;
    assert_eq!(again.lines().count(), 1, "{again}");
    assert_snapshot!(brief(&world.rest("bob", "POST", &path("unblock"), Value::Null).await), @r#"
    bob gets 200 {"data":{"_id":"alice+bob","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]},"message":"Chat","success":true}
    alice+alice2+bob+bob2 hears 42["conversation:unblocked",{"conversationId":"alice+bob","userId":"bob"}]
    "#);
    let again = world.rest("bob", "POST", &path("unblock"), Value::Null).await;
    assert_eq!(again.lines().count(), 1, "{again}");
}

#[tokio::test(start_paused = true)]
async fn each_names_who_blocked() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    world.join_namespace("bob3", "bob", "/recruiting").await;
    let there = json!({"chatId": conversation});
    assert_snapshot!(world.emit("bob3", "block_user", there.clone()).await, @r#"
    alice hears 42["conversation:blocked",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"bob"}]
    alice2 hears 42["conversation:blocked",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"bob"}]
    bob hears 42["conversation:blocked",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"bob"}]
    bob2 hears 42["conversation:blocked",{"conversationId":"e70c08a3288036ef87ef9f6e","userId":"bob"}]
    bob3 hears 42/recruiting,["user_blocked",{"chat":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":"bob","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]}}]
    "#);
    let path = format!("/recruiting/api/chat/{conversation}/block");
    assert_snapshot!(brief(&world.rest("alice", "POST", &path, Value::Null).await), @r#"
    alice gets 200 {"data":{"_id":"alice+bob","blockedBy":"alice","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]},"message":"Chat","success":true}
    alice hears 42["conversation:blocked",{"conversationId":"alice+bob","userId":"alice"}]
    alice2+bob+bob2 hears 42["conversation:blocked",{"conversationId":"alice+bob","userId":"alice"}]
    bob3 hears 42/recruiting,["you_were_blocked",{"blockedByUserId":"alice","chatId":"alice+bob"}]
    "#);
    // Alice's own still stands.
    assert_snapshot!(brief(&world.emit("bob3", "unblock_user", there).await), @r#"
    alice+alice2+bob+bob2 hears 42["conversation:unblocked",{"conversationId":"alice+bob","userId":"bob"}]
    bob3 hears 42/recruiting,["user_unblocked",{"chat":{"_id":"alice+bob","blockedBy":"alice","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]}}]
    "#);
    assert_snapshot!(world.ask("bob", "message:send", text(&conversation, "hello")).await, @r#"bob hears 430[{"error":{"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"},"success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn while_anyone_blocks_nobody_sends_and_reading_goes_on() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one"]).await;
    world.rest("bob", "POST", &format!("/recruiting/api/chat/{conversation}/block"), Value::Null).await;
    assert_snapshot!(world.ask("alice", "message:send", text(&conversation, "hello")).await, @r#"alice hears 430[{"error":{"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"},"success":false}]"#);
    assert_snapshot!(world.emit("bob", "message:send", text(&conversation, "hello")).await, @r#"bob hears 42["error",{"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"}]"#);
    assert_snapshot!(brief(&world.ask("bob", "message:read", message(&conversation, 1)).await), @r#"
    alice+alice2 hears 42["message:read",{"messageId":"alice+bob #1","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    bob hears 430[{"success":true}]
    "#);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/conversations/{conversation}/messages")).await), @r##"bob gets 200 {"data":["#1 by alice: one"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
}
