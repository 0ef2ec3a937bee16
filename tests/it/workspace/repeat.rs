//! The client's own name for a send: sending it again stores nothing new.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{WORKSPACE, brief};
use crate::worlds::message_id;

fn named(conversation: &str, content: &str, name: &str) -> Value {
    json!({"conversationId": conversation, "content": content, "clientMessageId": name})
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_with_the_first_message_and_heard_by_nobody() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let first = world.ask("alice", "message:send", named(&conversation, "first", "a")).await;
    world.clock.advance(1_000);
    let again = world.ask("alice", "message:send", named(&conversation, "second", "a")).await;
    assert_eq!(again.trim_end(), first.lines().next().unwrap().replacen("430", "431", 1));
    assert_snapshot!(brief(&world.ask("alice2", "message:send", named(&conversation, " ", "a")).await), @r##"alice2 hears 430[{"message":"#1 by alice: first","success":true}]"##);
    assert_snapshot!(world.emit("alice", "message:send", named(&conversation, "third", "a")).await, @"");
    assert_snapshot!(brief(&world.get("bob", &format!("/api/conversations/{conversation}/messages")).await), @r##"bob gets 200 {"data":["#1 by alice: first"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn over_rest_a_repeat_is_200() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    world.emit("alice", "message:send", named(&conversation, "first", "a")).await;
    let path = format!("/api/chat/{conversation}/send-media");
    assert_snapshot!(brief(&world.rest("alice", "POST", &path, json!({"clientMessageId": "a"})).await), @r##"alice gets 200 {"data":"#1 by alice: first","success":true}"##);
    assert_snapshot!(brief(&world.rest("alice", "POST", &path, json!({"clientMessageId": "b"})).await), @r#"alice gets 400 {"code":"VALIDATION_ERROR","message":"media is required","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn a_name_holds_across_dialects() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    world.emit("alice", "message:send", named(&conversation, "first", "a")).await;
    let body = json!({"chatId": conversation, "content": "second", "clientMessageId": "a"});
    let said = world.rest("alice", "POST", "/recruiting/api/message/send", body).await;
    assert!(said.starts_with("alice gets 200") && said.contains(r#""content":"first""#), "{said}");
    let body = json!({"chatId": conversation, "content": "third", "clientMessageId": "b"});
    world.rest("alice", "POST", "/recruiting/api/message/send", body).await;
    assert_snapshot!(brief(&world.ask("alice", "message:send", named(&conversation, "fourth", "b")).await), @r##"alice hears 430[{"message":"#2 by alice: third","success":true}]"##);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_what_was_deleted_since_is_answered_with_its_placeholder() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    world.emit("alice", "message:send", named(&conversation, "first", "a")).await;
    let path = format!("/recruiting/api/message/{}", message_id(&conversation, 1));
    world.rest("alice", "DELETE", &path, Value::Null).await;
    assert_snapshot!(brief(&world.ask("alice", "message:send", named(&conversation, "again", "a")).await), @r##"alice hears 430[{"message":"#1 by alice, isDeleted","success":true}]"##);
}

#[tokio::test(start_paused = true)]
async fn a_name_has_bounds() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let mut said = String::new();
    for name in [json!(""), json!("x".repeat(65)), json!(7)] {
        let message = json!({"conversationId": conversation, "content": "hello", "clientMessageId": name});
        said += &brief(&world.emit("alice", "message:send", message).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: clientMessageId must be a string of 1 to 64 characters"]
    alice hears 42["error","VALIDATION_ERROR: clientMessageId must be a string of 1 to 64 characters"]
    alice hears 42["error","VALIDATION_ERROR: clientMessageId must be a string"]
    "#);
}
