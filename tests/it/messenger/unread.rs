//! The count of what waits.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MESSENGER, brief, message_id};
use crate::worlds::TWO_CLIENTS;

#[tokio::test(start_paused = true)]
async fn the_count_goes_to_the_ack_or_else_comes_as_an_event() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two"]).await;
    assert_snapshot!(world.ask("bob", "get_unread_count", json!({})).await, @r#"bob hears 430[{"count":2,"success":true}]"#);
    assert_snapshot!(world.emit("bob", "get_unread_count", json!({})).await, @r#"bob hears 42["unread_count",{"count":2}]"#);
    // Without any argument, too.
    assert_snapshot!(world.send("bob", r#"42["get_unread_count"]"#).await, @r#"bob hears 42["unread_count",{"count":2}]"#);
    assert_snapshot!(world.send("bob", r#"427["get_unread_count"]"#).await, @r#"bob hears 437[{"count":2,"success":true}]"#);
    assert_snapshot!(world.emit("alice", "get_unread_count", Value::Null).await, @r#"alice hears 42["unread_count",{"count":0}]"#);
}

#[tokio::test(start_paused = true)]
async fn the_count_is_over_everybody_and_falls_by_what_was_marked_or_taken_back() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.join(&mut world, "carol").await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two"]).await;
    MESSENGER.send_texts(&mut world, "carol", "bob", &["three"]).await;
    let mut said = world.ask("bob", "get_unread_count", json!({})).await;
    world.emit("bob", "mark_message_read", json!({"messageId": message_id("bob", "carol", 1)})).await;
    said += &world.ask("bob", "get_unread_count", json!({})).await;
    let path = format!("/recruiting/api/message/{}", message_id("alice", "bob", 2));
    world.rest("alice", "DELETE", &path, Value::Null).await;
    said += &world.ask("bob", "get_unread_count", json!({})).await;
    assert_snapshot!(brief(&said), @r#"
    bob hears 430[{"count":3,"success":true}]
    bob hears 431[{"count":2,"success":true}]
    bob hears 432[{"count":1,"success":true}]
    "#);
}
