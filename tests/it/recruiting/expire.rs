//! The end of a token on a live socket (docs/dialects.md, "Expired tokens").

use insta::assert_snapshot;
use local::token;
use serde_json::json;
use world::World;

use super::{brief, text, without_pings};
use crate::worlds::event_frame;

/// What is heard, with the time of errors left out.
fn said(heard: &str) -> String {
    let mut parts = heard.split(r#","timestamp":"#);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}

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
    assert_snapshot!(said(&world.ask("alice", "send_message", text(&chat, "hello")).await), @r#"
    alice hears 430[{"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"expired token"},"message":"Authentication error: Invalid token"},"success":false}]
    alice hears 42["error",{"code":"AUTHENTICATION_ERROR","details":{"reason":"expired token"},"message":"Authentication error: Invalid token"}]
    alice is closed: 1000 Connection Closed Normally
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    "#);
    assert!(world.is_closed("alice"));
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r#"bob gets 200 {"data":{"messages":[],"pagination":{"limit":50,"page":1,"total":0,"totalPages":0}},"message":"Messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn of_events_sent_at_once_after_the_end_none_gets_through() {
    let (mut world, chat) = short_lived().await;
    world.clock.advance(9_994);
    let frame = event_frame("send_message", &text(&chat, "hello"));
    let said = world.send_all(&vec![("alice", frame); 5]).await;
    assert_eq!(said.matches("user_offline").count(), 1, "{said}");
    assert!(said.contains("alice is closed") && !said.contains("hello") && !said.contains("alice hears 41"), "{said}");
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r#"bob gets 200 {"data":{"messages":[],"pagination":{"limit":50,"page":1,"total":0,"totalPages":0}},"message":"Messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_event_after_the_end_ends_the_socket_too() {
    let (mut world, _) = short_lived().await;
    world.clock.advance(9_994);
    assert_snapshot!(said(&world.emit("alice", "no_such_event", json!({})).await), @r#"
    alice hears 42["error",{"code":"AUTHENTICATION_ERROR","details":{"reason":"expired token"},"message":"Authentication error: Invalid token"}]
    alice is closed: 1000 Connection Closed Normally
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    "#);
    assert!(world.is_closed("alice"));
}

#[tokio::test(start_paused = true)]
async fn the_next_heartbeat_after_the_end_ends_the_socket() {
    let (mut world, chat) = short_lived().await;
    world.emit("alice", "typing_start", json!({"chatId": chat})).await;
    world.clock.advance(9_993);
    assert_snapshot!(without_pings(&world.heartbeat().await), @"");
    world.clock.advance(1);
    assert_snapshot!(said(&without_pings(&world.heartbeat().await)), @r#"
    alice hears 42["error",{"code":"AUTHENTICATION_ERROR","details":{"reason":"expired token"},"message":"Authentication error: Invalid token"}]
    alice is closed: 1000 Connection Closed Normally
    bob hears 42["user_stopped_typing",{"chatId":"e70c08a3288036ef87ef9f6e","userId":"alice"}]
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_next_thing_that_a_socket_would_hear_after_the_end_ends_it() {
    let (mut world, chat) = short_lived().await;
    world.clock.advance(9_994);
    assert_snapshot!(said(&brief(&world.ask("bob", "send_message", text(&chat, "hello")).await)), @r##"
    alice hears 42["error","AUTHENTICATION_ERROR (reason expired token): Authentication error: Invalid token"]
    alice is closed: 1000 Connection Closed Normally
    bob hears 430[{"message":"#1 by bob: hello","success":true}]
    bob hears 42["message_sent",{"message":"#1 by bob: hello"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:15.000Z"}]
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    "##);
    // What lasts no longer than a moment is something to hear too.
    let (mut world, chat) = short_lived().await;
    world.clock.advance(9_994);
    assert_snapshot!(said(&brief(&world.emit("bob", "typing_start", json!({"chatId": chat})).await)), @r#"
    alice hears 42["error","AUTHENTICATION_ERROR (reason expired token): Authentication error: Invalid token"]
    alice is closed: 1000 Connection Closed Normally
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    "#);
    let (mut world, _) = short_lived().await;
    world.clock.advance(9_994);
    assert_snapshot!(said(&brief(&world.join("carol").await)), @r#"
    alice hears 42["error","AUTHENTICATION_ERROR (reason expired token): Authentication error: Invalid token"]
    alice is closed: 1000 Connection Closed Normally
    bob hears 42["user_online",{"userId":"carol"}]
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    carol hears 40{"sid":"…"}
    carol hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"carol"}]
    carol hears 42["online_users",{"count":3,"onlineUsers":["alice","bob","carol"]}]
    carol hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:15.000Z","userId":"alice"}]
    "#);
    // What is not for it is nothing to hear.
    let (mut world, _) = short_lived().await;
    world.know(&["carol"]).await;
    let others = world.chat("bob", "carol").await;
    world.clock.advance(9_994);
    let heard = world.ask("bob", "send_message", text(&others, "hello")).await;
    assert!(!heard.contains("alice") && !world.is_closed("alice"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_polling_client_is_told_of_the_end_and_closed_as_others_are() {
    for hears in [false, true] {
        let mut world = World::new().await;
        world.know(&["alice"]).await;
        world.join("bob").await;
        let chat = world.chat("alice", "bob").await;
        world.poll("alice").await;
        let token = token::sign(&json!({"sub": "alice", "exp": NOW + 10})).unwrap();
        world.send("alice", &format!("40{}", json!({"token": token}))).await;
        world.clock.advance(9_994);
        let heard = if hears {
            world.ask("bob", "send_message", text(&chat, "hello")).await
        } else {
            world.ask("alice", "send_message", text(&chat, "hello")).await
        };
        assert!(heard.contains(r#"alice hears 42["error",{"code":"AUTHENTICATION_ERROR""#), "{heard}");
        assert_eq!(heard.contains("alice hears 430[{\"error\""), !hears, "{heard}");
        assert!(world.is_closed("alice"), "{heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_token_comes_back_to_the_session_and_an_old_one_is_refused() {
    let (mut world, chat) = short_lived().await;
    world.clock.advance(9_994);
    let heard = world.ask("bob", "send_message", text(&chat, "missed")).await;
    assert!(heard.contains("alice is closed"), "{heard}");
    world.rename("alice", "before");
    let old = token::sign(&json!({"sub": "alice", "exp": NOW + 10})).unwrap();
    let refused = world.join_with("late", &old).await;
    assert!(refused.starts_with("late hears 44{") && refused.lines().count() == 1, "{refused}");
    let back = world.come_back("alice", "alice", "/").await;
    assert!(back.starts_with("alice has recovered\n"), "{back}");
    assert_eq!(back.matches(r#"alice hears 42["new_message""#).count(), 1, "{back}");
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
    assert_snapshot!(world.ask("alice", "authenticate", json!({"token": foreign})).await, @r#"alice hears 430[{"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"invalid token"},"message":"Authentication error: Invalid token","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(world.ask("alice", "authenticate", json!({})).await, @r#"alice hears 431[{"error":{"code":"VALIDATION_ERROR","details":{"field":"token"},"message":"token is required","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(world.ask("alice", "authenticate", json!({"token": format!("Bearer {later}")})).await, @r#"alice hears 432[{"success":true}]"#);
    world.clock.advance(120_000);
    let heard = world.ask("bob", "send_message", json!({"chatId": chat, "content": "still there?"})).await;
    assert!(heard.contains("alice hears 42[\"new_message\""), "{heard}");
    world.clock.advance(600_000);
    assert_snapshot!(said(&world.ask("alice", "ping", json!({})).await), @r#"
    alice hears 433[{"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"expired token"},"message":"Authentication error: Invalid token"},"success":false}]
    alice hears 42["error",{"code":"AUTHENTICATION_ERROR","details":{"reason":"expired token"},"message":"Authentication error: Invalid token"}]
    alice is closed: 1000 Connection Closed Normally
    bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:16:05.006Z","userId":"alice"}]
    "#);
}
