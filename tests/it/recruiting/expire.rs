//! The end of a token on a live socket (dialects.md, section 8).

use insta::assert_snapshot;
use local::token;
use local::world::World;
use serde_json::json;

use super::{brief, event, text, without_pings};

/// The seconds at which a world begins.
const NOW: i64 = 1_767_323_045;

/// Alice with a token that is good for ten seconds, Bob, and their chat.
async fn short_lived() -> (World, String) {
    let mut world = World::with(&[("PingIntervalMinutes", "1")]).await;
    world.know(&["alice"]).await;
    world.join("bob").await;
    let chat = world.chat("alice", "bob").await;
    let token = token::sign(&json!({"sub": "alice", "exp": NOW + 10})).unwrap();
    world.join_with("alice", &token).await;
    (world, chat)
}

#[tokio::test(start_paused = true)]
async fn until_the_end_everything_goes_on() {
    let (mut world, chat) = short_lived().await;
    // The world began six milliseconds into its second.
    world.clock.advance(9_993);
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "hello")).await), @r##"
    alice hears 430[{"message":"#1 by alice: hello","success":true}]
    alice hears 42["message_sent",{"message":"#1 by alice: hello"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: hello","updatedAt":"2026-01-02T03:04:14.999Z"}]
    alice hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob hears 42["new_message",{"message":"#1 by alice: hello"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: hello","updatedAt":"2026-01-02T03:04:14.999Z"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn the_next_event_after_the_end_ends_the_socket_and_does_nothing() {
    let (mut world, chat) = short_lived().await;
    world.clock.advance(9_994);
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "hello")).await), @r#"
    alice hears 41
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    "#);
    // Not even in the same millisecond does another one get through.
    assert_snapshot!(world.ask("alice", "send_message", text(&chat, "hello")).await, @"");
    assert_snapshot!(world.ask("alice", "no_such_event", json!({})).await, @"");
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r#"bob gets 200 {"data":{"messages":[],"pagination":{"limit":50,"page":1,"total":0,"totalPages":0}},"message":"Messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn of_events_sent_at_once_after_the_end_none_gets_through() {
    let (mut world, chat) = short_lived().await;
    world.clock.advance(9_994);
    let frame = event("send_message", &text(&chat, "hello"));
    let said = world.send_all(&vec![("alice", frame); 5]).await;
    assert_eq!(said.matches("user_offline").count(), 1, "{said}");
    assert!(said.contains("alice hears 41") && !said.contains("hello"), "{said}");
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r#"bob gets 200 {"data":{"messages":[],"pagination":{"limit":50,"page":1,"total":0,"totalPages":0}},"message":"Messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_event_after_the_end_ends_the_socket_too() {
    let (mut world, _) = short_lived().await;
    world.clock.advance(9_994);
    assert_snapshot!(world.ask("alice", "no_such_event", json!({})).await, @r#"
    alice hears 41
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    "#);
    assert_snapshot!(world.ask("alice", "no_such_event", json!({})).await, @"");
}

#[tokio::test(start_paused = true)]
async fn the_next_heartbeat_after_the_end_ends_the_socket() {
    let (mut world, chat) = short_lived().await;
    world.emit("alice", "typing_start", json!({"chatId": chat})).await;
    world.clock.advance(9_993);
    assert_snapshot!(without_pings(&world.beat().await), @"");
    world.clock.advance(1);
    assert_snapshot!(without_pings(&world.beat().await), @r#"
    alice hears 41
    bob hears 42["user_stopped_typing",{"chatId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn after_the_end_a_socket_hears_nothing_more() {
    let (mut world, chat) = short_lived().await;
    world.clock.advance(9_994);
    assert_snapshot!(brief(&world.ask("bob", "send_message", text(&chat, "hello")).await), @r##"
    bob hears 430[{"message":"#1 by bob: hello","success":true}]
    bob hears 42["message_sent",{"message":"#1 by bob: hello"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:15.000Z"}]
    "##);
    assert_snapshot!(brief(&world.emit("bob", "typing_start", json!({"chatId": chat})).await), @"");
    assert_snapshot!(brief(&world.join("carol").await), @r#"
    bob hears 42["user_online",{"userId":"carol"}]
    carol hears 40{"sid":"…"}
    carol hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"carol"}]
    carol hears 42["online_users",{"count":3,"onlineUsers":["alice","bob","carol"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_new_token_joins_again_on_the_same_connection() {
    let (mut world, chat) = short_lived().await;
    world.clock.advance(9_994);
    world.emit("alice", "ping", json!({})).await;
    let token = json!({"token": world.token("alice")});
    assert_snapshot!(brief(&world.send("alice", &format!("40{token}")).await), @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    bob hears 42["user_online",{"userId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "back")).await), @r##"
    alice hears 430[{"message":"#1 by alice: back","success":true}]
    alice hears 42["message_sent",{"message":"#1 by alice: back"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: back","updatedAt":"2026-01-02T03:04:15.000Z"}]
    alice hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob hears 42["new_message",{"message":"#1 by alice: back"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: back","updatedAt":"2026-01-02T03:04:15.000Z"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn another_token_of_the_same_user_renews_a_live_socket() {
    let mut world = World::new().await;
    world.join("bob").await;
    let end = |seconds: i64, user: &str, world: &World| {
        token::sign(&json!({"sub": user, "exp": world.clock.now().seconds() + seconds})).unwrap()
    };
    let first = end(60, "alice", &world);
    world.join_with("alice", &first).await;
    let chat = world.chat("alice", "bob").await;
    let (later, foreign) = (end(600, "alice", &world), end(600, "bob", &world));
    assert_snapshot!(world.ask("alice", "authenticate", json!({"token": foreign})).await, @r#"alice hears 430[{"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"invalid token"},"message":"Authentication error: Invalid token","reason":"invalid token","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(world.ask("alice", "authenticate", json!({})).await, @r#"alice hears 431[{"error":{"code":"VALIDATION_ERROR","details":{"field":"token"},"message":"token is required","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(world.ask("alice", "authenticate", json!({"token": format!("Bearer {later}")})).await, @r#"alice hears 432[{"success":true}]"#);
    world.clock.advance(120_000);
    let heard = world.ask("bob", "send_message", json!({"chatId": chat, "content": "still there?"})).await;
    assert!(heard.contains("alice hears 42[\"new_message\""), "{heard}");
    world.clock.advance(600_000);
    assert_snapshot!(world.ask("alice", "ping", json!({})).await, @r#"
    alice hears 41
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:16:05.006Z","userId":"alice"}]
    "#);
}
