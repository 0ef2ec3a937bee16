//! Typing: told to the receiver's sockets, chat or no chat.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MESSENGER, brief};
use crate::worlds::FIVE_CLIENTS;

fn to(receiver: &str) -> Value {
    json!({"receiverId": receiver})
}

#[tokio::test(start_paused = true)]
async fn typing_needs_no_chat_and_is_not_told_to_own_devices() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    assert_snapshot!(world.ask("alice", "typing_start", to("bob")).await, @r#"
    alice hears 430[{"success":true}]
    bob hears 42["typing_indicator",{"isTyping":true,"userId":"alice","userName":"Alice Adams"}]
    bob2 hears 42["typing_indicator",{"isTyping":true,"userId":"alice","userName":"Alice Adams"}]
    "#);
    assert_snapshot!(world.ask("alice", "typing_stop", to("bob")).await, @r#"
    alice hears 431[{"success":true}]
    bob hears 42["typing_indicator",{"isTyping":false,"userId":"alice","userName":"Alice Adams"}]
    bob2 hears 42["typing_indicator",{"isTyping":false,"userId":"alice","userName":"Alice Adams"}]
    "#);
    MESSENGER.send_texts(&mut world, "alice", "bob", &["hello"]).await;
    assert_snapshot!(brief(&world.emit("bob", "typing_start", to("alice")).await), @r#"alice+alice2 hears 42["typing_indicator",{"isTyping":true,"userId":"bob","userName":"Bob Brown"}]"#);
    assert_snapshot!(brief(&world.emit("bob", "typing_stop", to("alice")).await), @r#"alice+alice2 hears 42["typing_indicator",{"isTyping":false,"userId":"bob","userName":"Bob Brown"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_goes_types_no_more() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    world.emit("alice", "typing_start", to("bob")).await;
    assert_snapshot!(brief(&world.close("alice").await), @r#"bob+bob2 hears 42["typing_indicator",{"isTyping":false,"userId":"alice","userName":"Alice Adams"}]"#);
    MESSENGER.send_texts(&mut world, "alice2", "bob", &["hello"]).await;
    world.emit("alice2", "typing_start", to("bob")).await;
    assert_snapshot!(brief(&world.close("alice2").await), @r#"
    bob+bob2 hears 42["typing_indicator",{"isTyping":false,"userId":"alice","userName":"Alice Adams"}]
    bob+bob2 hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"alice"}]
    carol hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn typing_to_nobody_or_oneself_is_refused() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    assert_snapshot!(brief(&world.ask("alice", "typing_start", to("nobody")).await), @r#"alice hears 430[{"error":"NOT_FOUND: Receiver not found","success":false}]"#);
    assert_snapshot!(brief(&world.emit("alice", "typing_start", to("alice")).await), @r#"alice hears 42["error","VALIDATION_ERROR: receiverId must be somebody else"]"#);
    assert_snapshot!(brief(&world.emit("alice", "typing_stop", json!({})).await), @r#"alice hears 42["error","VALIDATION_ERROR: receiverId is required"]"#);
}

#[tokio::test(start_paused = true)]
async fn typing_in_another_dialect_is_told_in_this_one() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    let chat = world.chat("alice", "bob").await;
    world.join_namespace("alice3", "alice", "/recruiting").await;
    assert_snapshot!(brief(&world.emit("alice3", "typing_start", json!({"chatId": chat})).await), @r#"bob+bob2 hears 42["typing_indicator",{"isTyping":true,"userId":"alice","userName":"alice"}]"#);
    assert_snapshot!(brief(&world.emit("bob", "typing_start", to("alice")).await), @r#"
    alice+alice2 hears 42["typing_indicator",{"isTyping":true,"userId":"bob","userName":"Bob Brown"}]
    alice3 hears 42/recruiting,["user_typing",{"chatId":"alice+bob","userId":"bob"}]
    "#);
}
