//! Errors: each code in this dialect's shape, as a failed ack and as the event.

use insta::assert_snapshot;
use serde_json::json;

use super::{MESSENGER, text};
use crate::worlds::TWO_CLIENTS;

#[tokio::test(start_paused = true)]
async fn an_unknown_event_is_answered() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    assert_snapshot!(world.ask("alice", "send-message", text("bob", "hello")).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"event is not one that this namespace knows; did you mean send_message?"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "get_online_users", json!({})).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","message":"event is not one that this namespace knows"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_fails_within_says_just_that() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    world.cloud.services.dynamodb.set_down(true);
    assert_snapshot!(world.ask("alice", "send_message", text("bob", "hello")).await, @r#"alice hears 430[{"error":{"code":"INTERNAL_ERROR","message":"Failed to send message"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "send_message", text("bob", "hello")).await, @r#"alice hears 42["error",{"code":"INTERNAL_ERROR","message":"Failed to send message"}]"#);
    assert_snapshot!(world.ask("alice", "get_unread_count", json!({})).await, @r#"alice hears 431[{"error":{"code":"INTERNAL_ERROR","message":"something went wrong on our side"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "typing_start", json!({"receiverId": "bob"})).await, @r#"alice hears 42["error",{"code":"INTERNAL_ERROR","message":"something went wrong on our side"}]"#);
    world.cloud.services.dynamodb.set_down(false);
    let said = world.ask("alice", "send_message", text("bob", "hello")).await;
    assert!(said.contains("\"success\":true"), "{said}");
}
