//! Errors: each code's shape, as a failed ack, as the event, and over REST.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::WORKSPACE;

#[tokio::test(start_paused = true)]
async fn an_unknown_event_is_answered() {
    let (mut world, _) = WORKSPACE.two_clients().await;
    assert_snapshot!(world.ask("alice", "message:edit", json!({})).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"event is not one that this namespace knows"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "message:edit", json!({})).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","message":"event is not one that this namespace knows"}]"#);
    // recruiting's words are none of this dialect's.
    assert_snapshot!(world.emit("alice", "send_message", json!({})).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","message":"event is not one that this namespace knows"}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_argument_that_is_no_object_is_refused() {
    let (mut world, _) = WORKSPACE.two_clients().await;
    let mut said = String::new();
    for event in ["message:send", "message:read", "typing:start", "typing:stop", "authenticate"] {
        said += &world.emit("alice", event, Value::Null).await;
        said += &world.emit("alice", event, json!([])).await;
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_said_once_and_heard_by_its_cause_alone() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let wrong = json!({"conversationId": conversation, "content": " "});
    assert_snapshot!(world.ask("alice", "message:send", wrong.clone()).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"content must not be empty"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "message:send", wrong).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","message":"content must not be empty"}]"#);
}

#[tokio::test(start_paused = true)]
async fn what_is_ours_is_said_without_its_cause() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    world.cloud.services.dynamodb.set_down(true);
    let said = world.ask("alice", "conversation:join", json!(conversation)).await;
    let over_rest = world.get("alice", "/api/conversations").await;
    world.cloud.services.dynamodb.set_down(false);
    assert_snapshot!(format!("{said}{over_rest}"), @r#"
    alice hears 430[{"error":{"code":"INTERNAL_ERROR","message":"something went wrong on our side"},"success":false}]
    alice gets 500 {"code":"INTERNAL_ERROR","message":"something went wrong on our side","success":false}
    "#);
}
