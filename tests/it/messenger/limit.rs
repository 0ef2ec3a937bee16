//! Limits: events per second of a socket, messages per minute and new chats per hour of a user.

use insta::assert_snapshot;
use serde_json::json;

use super::{MESSENGER, brief, text};
use crate::worlds::{FIVE_CLIENTS, TWO_CLIENTS};

#[tokio::test(start_paused = true)]
async fn a_socket_has_fifty_events_per_second() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    for _ in 0..50 {
        world.ask("alice", "typing_start", json!({"receiverId": "bob"})).await;
    }
    assert_snapshot!(world.ask("alice", "get_unread_count", json!({})).await, @r#"alice hears 4350[{"error":{"code":"RATE_LIMIT","message":"too many events, try again in 1 s","retryAfter":1},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "get_unread_count", json!({})).await, @r#"alice hears 42["error",{"code":"RATE_LIMIT","message":"too many events, try again in 1 s","retryAfter":1}]"#);
    world.clock.advance(1_000);
    assert_snapshot!(world.ask("alice", "get_unread_count", json!({})).await, @r#"alice hears 4351[{"count":0,"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_user_has_so_many_messages_per_minute_over_all_sockets() {
    let mut world = MESSENGER.connected_with(&FIVE_CLIENTS, &[("MessagesPerMinute", "2")]).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one"]).await;
    MESSENGER.send_texts(&mut world, "alice2", "carol", &["two"]).await;
    assert_snapshot!(world.ask("alice", "send_message", text("bob", "three")).await, @r#"alice hears 430[{"error":{"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55},"success":false}]"#);
    assert_snapshot!(world.emit("alice2", "send_message", text("bob", "three")).await, @r#"alice2 hears 42["error",{"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55}]"#);
    world.clock.advance(55_000);
    let said = brief(&world.ask("alice", "send_message", text("bob", "three")).await);
    assert!(said.contains("#2 alice to bob: three"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn there_are_120_messages_in_a_minute_unless_said() {
    let mut world = MESSENGER.connected_with(&TWO_CLIENTS, &[("EventsPerSecond", "1000")]).await;
    for number in 0..120 {
        let said = world.ask("alice", "send_message", text("bob", &number.to_string())).await;
        assert!(said.contains("\"success\":true"), "{said}");
    }
    let said = world.ask("alice", "send_message", text("bob", "one more")).await;
    assert!(said.contains("\"RATE_LIMIT\""), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_a_message_makes_counts_as_a_chat() {
    let mut world = MESSENGER.world_with(&[("ChatsPerHour", "1")]).await;
    world.know(&["bob", "carol"]).await;
    MESSENGER.join(&mut world, "alice").await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one"]).await;
    assert_snapshot!(world.ask("alice", "send_message", text("carol", "one")).await, @r#"alice hears 430[{"error":{"code":"RATE_LIMIT","message":"too many new chats, try again in 3355 s","retryAfter":3355},"success":false}]"#);
    // What was refused left nothing behind, and the chat that is there goes on.
    assert_snapshot!(brief(&world.ask("alice", "get_message_history", json!({"otherUserId": "carol"})).await), @r#"alice hears 431[{"messages":[],"otherUser":{"_id":"carol","name":"carol"},"pagination":{"hasMore":false,"page":1},"success":true}]"#);
    let said = brief(&world.ask("alice", "send_message", text("bob", "two")).await);
    assert!(said.contains("#2 alice to bob: two"), "{said}");
}
