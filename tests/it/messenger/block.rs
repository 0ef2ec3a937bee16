//! Blocking, which this dialect has no word for asking: it hears of it, and cannot send.

use insta::assert_snapshot;
use serde_json::{Value, json};
use world::World;

use super::{MESSENGER, brief, history, text};
use crate::worlds::{FIVE_CLIENTS, TWO_CLIENTS};

async fn block(world: &mut World, who: &str, chat: &str, what: &str) -> String {
    brief(&world.rest(who, "POST", &format!("/recruiting/api/chat/{chat}/{what}"), Value::Null).await)
        .lines()
        .skip(1)
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test(start_paused = true)]
async fn both_sides_hear_of_the_other_person() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    let chat = world.chat("alice", "bob").await;
    assert_snapshot!(block(&mut world, "alice", &chat, "block").await, @r#"
    alice hears 42["user_blocked",{"byMe":true,"userId":"bob"}]
    alice2 hears 42["user_blocked",{"byMe":true,"userId":"bob"}]
    bob+bob2 hears 42["user_blocked",{"byMe":false,"userId":"alice"}]
    "#);
    assert_snapshot!(block(&mut world, "alice", &chat, "block").await, @"");
    assert_snapshot!(block(&mut world, "bob", &chat, "block").await, @r#"
    alice+alice2 hears 42["user_blocked",{"byMe":false,"userId":"bob"}]
    bob+bob2 hears 42["user_blocked",{"byMe":true,"userId":"alice"}]
    "#);
    // Told although Bob still blocks.
    assert_snapshot!(block(&mut world, "alice", &chat, "unblock").await, @r#"
    alice hears 42["user_unblocked",{"byMe":true,"userId":"bob"}]
    alice2 hears 42["user_unblocked",{"byMe":true,"userId":"bob"}]
    bob+bob2 hears 42["user_unblocked",{"byMe":false,"userId":"alice"}]
    "#);
    assert_snapshot!(block(&mut world, "bob", &chat, "unblock").await, @r#"
    alice+alice2 hears 42["user_unblocked",{"byMe":false,"userId":"bob"}]
    bob+bob2 hears 42["user_unblocked",{"byMe":true,"userId":"alice"}]
    "#);
    assert_snapshot!(block(&mut world, "bob", &chat, "unblock").await, @"");
}

#[tokio::test(start_paused = true)]
async fn nobody_sends_while_anyone_blocks() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["before"]).await;
    let chat = world.chat("alice", "bob").await;
    block(&mut world, "alice", &chat, "block").await;
    assert_snapshot!(world.ask("alice", "send_message", text("bob", "hello")).await, @r#"alice hears 430[{"error":{"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"},"success":false}]"#);
    assert_snapshot!(world.emit("bob", "send_message", text("alice", "hello")).await, @r#"bob hears 42["error",{"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"}]"#);
    assert_snapshot!(world.ask("alice", "typing_start", json!({"receiverId": "bob"})).await, @r#"alice hears 431[{"success":true}]"#);
    assert_snapshot!(world.emit("bob", "typing_start", json!({"receiverId": "alice"})).await, @"");
    // Reading goes on.
    assert_snapshot!(brief(&world.emit("bob", "mark_message_read", json!({"messageId": format!("{chat}000000000001")})).await), @r##"
    alice+alice2 hears 42["message_read",{"messageId":"alice+bob #1","readAt":"2026-01-02T03:04:05.006Z","readBy":{"_id":"bob","name":"Bob Brown"}}]
    bob+bob2 hears 42["message_read_confirmed",{"message":"#1 alice to bob: before, read","success":true}]
    "##);
    assert_snapshot!(history(&mut world, "bob", "alice").await, @r##"bob hears 42["message_history",{"messages":["#1 alice to bob: before, read"],"otherUser":{"_id":"alice","name":"alice"},"pagination":{"hasMore":false,"page":1}}]"##);
    // So does writing to others.
    let said = brief(&world.ask("bob", "send_message", text("carol", "hello")).await);
    assert!(said.contains("message_sent"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn after_the_block_everything_is_as_before() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let chat = world.chat("alice", "bob").await;
    block(&mut world, "alice", &chat, "block").await;
    block(&mut world, "alice", &chat, "unblock").await;
    assert_snapshot!(brief(&world.emit("bob", "send_message", text("alice", "hello")).await), @r##"
    alice hears 42["receive_message","#1 bob to alice: hello"]
    alice hears 42["message_notification",{"from":{"_id":"bob","name":"Bob Brown"},"message":"hello","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    bob hears 42["message_sent",{"message":"#1 bob to alice: hello","success":true}]
    bob hears 42["message_delivered",{"messageId":"alice+bob #1"}]
    "##);
}
