//! The client's own name for a send: sending it again stores nothing new.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MESSENGER, brief, history, message_id};
use crate::worlds::{FIVE_CLIENTS, TWO_CLIENTS, event_frame};

fn named(receiver: &str, content: &str, name: &str) -> Value {
    json!({"receiverId": receiver, "content": content, "clientMessageId": name})
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_with_the_first_message_and_heard_by_nobody() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    let first = world.ask("alice", "send_message", named("bob", "first", "a")).await;
    world.clock.advance(1_000);
    let again = world.ask("alice", "send_message", named("bob", "second", "a")).await;
    assert_eq!(again.trim_end(), first.lines().next().unwrap().replacen("430", "431", 1));
    // To somebody else, malformed, or on another device: the answer is the same.
    assert_snapshot!(brief(&world.ask("alice", "send_message", named("carol", "third", "a")).await), @r##"alice hears 432[{"message":"#1 alice to bob: first","success":true}]"##);
    assert_snapshot!(brief(&world.ask("alice", "send_message", named("bob", " ", "a")).await), @r##"alice hears 433[{"message":"#1 alice to bob: first","success":true}]"##);
    assert_snapshot!(brief(&world.emit("alice2", "send_message", named("nobody", "fourth", "a")).await), @r##"alice2 hears 42["message_sent",{"message":"#1 alice to bob: first","success":true}]"##);
    assert_snapshot!(history(&mut world, "alice", "bob").await, @r##"alice hears 42["message_history",{"messages":["#1 alice to bob: first"],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"page":1}}]"##);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_while_blocked_or_limited() {
    let mut world = MESSENGER.connected_with(&TWO_CLIENTS, &[("MessagesPerMinute", "1")]).await;
    world.emit("alice", "send_message", named("bob", "first", "a")).await;
    assert_snapshot!(brief(&world.ask("alice", "send_message", named("bob", "first", "a")).await), @r##"alice hears 430[{"message":"#1 alice to bob: first","success":true}]"##);
    let chat = world.chat("alice", "bob").await;
    world.rest("bob", "POST", &format!("/recruiting/api/chat/{chat}/block"), Value::Null).await;
    assert_snapshot!(brief(&world.ask("alice", "send_message", named("bob", "first", "a")).await), @r##"alice hears 431[{"message":"#1 alice to bob: first","success":true}]"##);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_what_was_taken_back_is_answered_with_the_placeholder() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    world.emit("alice", "send_message", named("bob", "first", "a")).await;
    let path = format!("/recruiting/api/message/{}", message_id("alice", "bob", 1));
    world.rest("alice", "DELETE", &path, Value::Null).await;
    assert_snapshot!(brief(&world.ask("alice", "send_message", named("bob", "first", "a")).await), @r##"alice hears 430[{"message":"#1 alice to bob, isDeleted","success":true}]"##);
}

#[tokio::test(start_paused = true)]
async fn repeats_sent_at_once_as_the_first_message_ever_store_one() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    let frame = event_frame("send_message", &named("bob", "once", "a"));
    let sends: Vec<(&str, String)> =
        ["alice", "alice2"].into_iter().cycle().take(10).map(|label| (label, frame.clone())).collect();
    let said = world.send_all(&sends).await;
    assert_eq!(said.matches("\"receive_message\"").count(), 2, "once for each device of Bob: {said}");
    assert!(!said.contains("\"error\""), "{said}");
    assert_snapshot!(history(&mut world, "bob", "alice").await, @r##"bob hears 42["message_history",{"messages":["#1 alice to bob: once"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"page":1}}]"##);
}

#[tokio::test(start_paused = true)]
async fn a_name_has_1_to_64_characters() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    for name in ["", &"é".repeat(65)] {
        let said = brief(&world.ask("alice", "send_message", named("bob", "hello", name)).await);
        assert!(said.contains("VALIDATION_ERROR: clientMessageId must be a string of 1 to 64 characters"), "{said}");
    }
    let said = world.ask("alice", "send_message", named("bob", "hello", &"é".repeat(64))).await;
    assert!(said.contains("\"success\":true"), "{said}");
}
