//! Limits: events per second of a socket, messages per minute and new chats per hour of a user.

use axum::body::Body;
use http::Request;
use insta::assert_snapshot;
use serde_json::{Value, json};
use world::World;

use super::{RECRUITING, brief, text};
use crate::worlds::unknown_chat_id;

#[tokio::test(start_paused = true)]
async fn a_socket_has_fifty_events_per_second() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let typing = json!({"chatId": chat});
    for _ in 0..50 {
        let said = world.ask("alice", "typing_start", typing.clone()).await;
        assert!(said.contains("\"success\":true"), "{said}");
    }
    assert_snapshot!(world.ask("alice", "typing_stop", typing.clone()).await, @r#"alice hears 4350[{"error":{"code":"RATE_LIMIT","details":{"retryAfter":1},"message":"too many events, try again in 1 s","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "no_such_event", json!({})).await, @r#"alice hears 42["error",{"code":"RATE_LIMIT","details":{"retryAfter":1},"message":"too many events, try again in 1 s","timestamp":1767323045006}]"#);
    // Her other socket has its own, and so has everybody else.
    assert_snapshot!(brief(&world.ask("alice2", "ping", json!({})).await), @r#"alice2 hears 430[{"success":true,"timestamp":1767323045006}]"#);
    world.clock.advance(1_000);
    assert_snapshot!(brief(&world.ask("alice", "typing_stop", typing).await), @r#"
    alice hears 4351[{"success":true}]
    bob+bob2 hears 42["user_stopped_typing",{"chatId":"alice+bob","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_user_has_so_many_messages_per_minute_over_all_sockets_and_rest() {
    let (mut world, chat) = RECRUITING.five_clients_with(&[("MessagesPerMinute", "3")]).await;
    world.emit("alice", "send_message", text(&chat, "one")).await;
    world.emit("alice2", "send_message", text(&chat, "two")).await;
    world.rest("alice", "POST", "/api/message/send", text(&chat, "three")).await;
    assert_snapshot!(world.ask("alice", "send_message", text(&chat, "four")).await, @r#"alice hears 430[{"error":{"code":"RATE_LIMIT","details":{"retryAfter":55},"message":"too many messages, try again in 55 s","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(world.emit("alice2", "send_message", text(&chat, "four")).await, @r#"alice2 hears 42["error",{"code":"RATE_LIMIT","details":{"retryAfter":55},"message":"too many messages, try again in 55 s","timestamp":1767323045006}]"#);
    let said = brief(&world.ask("bob", "send_message", text(&chat, "from Bob")).await);
    assert!(said.contains("message_sent"), "Bob's count is his own: {said}");
    // The minute began five seconds before the world.
    world.clock.advance(54_993);
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "four")).await), @r#"alice hears 431[{"error":"RATE_LIMIT (retryAfter 1): too many messages, try again in 1 s","success":false}]"#);
    world.clock.advance(1);
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "four")).await), @r##"
    alice hears 432[{"message":"#5 by alice: four","success":true}]
    alice hears 42["message_sent",{"message":"#5 by alice: four"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#5 by alice: four","updatedAt":"2026-01-02T03:05:00.000Z"}]
    alice hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #5"}]
    alice2 hears 42["new_message",{"message":"#5 by alice: four"}]
    alice2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#5 by alice: four","updatedAt":"2026-01-02T03:05:00.000Z"}]
    alice2 hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #5"}]
    bob+bob2 hears 42["new_message",{"message":"#5 by alice: four"}]
    bob+bob2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#5 by alice: four","updatedAt":"2026-01-02T03:05:00.000Z"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn over_rest_the_header_says_when_to_try_again() {
    let (world, chat) = RECRUITING.two_clients_with(&[("MessagesPerMinute", "1")]).await;
    let send = |content: &str| {
        let request = Request::builder().method("POST").uri("/api/message/send");
        let request = request.header("authorization", world.token("alice"));
        world.respond(request.body(Body::from(text(&chat, content).to_string())).unwrap())
    };
    let (status, headers, _) = send("one").await;
    assert_eq!((status, headers.get("retry-after")), (201, None));
    let (status, headers, answer) = send("two").await;
    let retry_after = headers.get("retry-after").map(|value| value.to_str().unwrap());
    assert_snapshot!(format!("{status} {retry_after:?} {answer}"), @r#"429 Some("55") {"error":{"code":"RATE_LIMIT","details":{"retryAfter":55},"message":"too many messages, try again in 55 s","timestamp":1767323045006},"message":"too many messages, try again in 55 s","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_does_not_count() {
    let (mut world, chat) = RECRUITING.two_clients_with(&[("MessagesPerMinute", "2")]).await;
    for _ in 0..3 {
        world.emit("alice", "send_message", text(&chat, " ")).await;
        world.emit("alice", "send_message", text(&unknown_chat_id(), "nowhere")).await;
    }
    world.emit("bob", "block_user", json!({"chatId": chat})).await;
    for _ in 0..3 {
        world.emit("alice", "send_message", text(&chat, "blocked")).await;
    }
    world.emit("bob", "unblock_user", json!({"chatId": chat})).await;
    for content in ["one", "two"] {
        let said = brief(&world.ask("alice", "send_message", text(&chat, content)).await);
        assert!(said.contains("message_sent"), "{said}");
    }
    // Nor does what is refused for the limit itself.
    for _ in 0..3 {
        let said = brief(&world.ask("alice", "send_message", text(&chat, "three")).await);
        assert!(said.contains("RATE_LIMIT"), "{said}");
    }
    world.clock.advance(60_000);
    RECRUITING.send_texts(&mut world, "alice", &chat, &["three"]).await;
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice: two","#3 by alice: three"],"pagination":{"limit":50,"page":1,"total":3,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn repeats_do_not_count() {
    let (mut world, chat) = RECRUITING.two_clients_with(&[("MessagesPerMinute", "2")]).await;
    let named = json!({"chatId": chat, "content": "one", "clientMessageId": "first"});
    for _ in 0..4 {
        let said = world.ask("alice", "send_message", named.clone()).await;
        assert!(said.contains("\"success\":true"), "{said}");
    }
    let said = brief(&world.ask("alice", "send_message", text(&chat, "two")).await);
    assert!(said.contains("message_sent"), "{said}");
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "three")).await), @r#"alice hears 435[{"error":"RATE_LIMIT (retryAfter 55): too many messages, try again in 55 s","success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_user_makes_so_many_chats_per_hour() {
    let mut world = World::with(&[("ChatsPerHour", "2")]).await;
    world.know(&["bob", "carol", "dave"]).await;
    let path = "/api/chat/create-or-get";
    let with = |other: &str| json!({"otherUserId": other});
    // Neither a refusal nor a chat that is there counts.
    world.rest("alice", "POST", path, with("alice")).await;
    world.rest("alice", "POST", path, with("nobody")).await;
    world.rest("alice", "POST", path, with("bob")).await;
    world.rest("alice", "POST", path, with("bob")).await;
    assert!(world.rest("alice", "POST", path, with("carol")).await.starts_with("alice gets 201"));
    assert_snapshot!(world.rest("alice", "POST", path, with("dave")).await, @r#"alice gets 429 {"error":{"code":"RATE_LIMIT","details":{"retryAfter":3355},"message":"too many new chats, try again in 3355 s","timestamp":1767323045006},"message":"too many new chats, try again in 3355 s","success":false}"#);
    assert_snapshot!(brief(&world.rest("alice", "POST", path, with("bob")).await), @r#"alice gets 200 {"data":"alice+bob (nothing; unread 0)","message":"Chat","success":true}"#);
    assert!(
        world.rest("dave", "POST", path, with("bob")).await.starts_with("dave gets 201"),
        "Dave's count is his own"
    );
    // The hour began at three o'clock.
    world.clock.advance(3_600_000 - 245_006);
    assert!(world.rest("alice", "POST", path, with("dave")).await.starts_with("alice gets 201"));
}

#[tokio::test(start_paused = true)]
async fn the_limits_are_20_120_and_60_unless_set() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    for index in 0..121 {
        if index % 20 == 0 {
            world.clock.advance(1_000);
        }
        let said = brief(&world.ask("alice", "send_message", text(&chat, "again")).await);
        assert_eq!(said.contains("message_sent"), index < 120, "{index}: {said}");
    }
    let people: Vec<String> = (0..60).map(|index| format!("person {index}")).collect();
    for person in &people {
        world.know(&[person]).await;
        let (status, _) = world
            .request("alice", "POST", "/api/chat/create-or-get", &json!({"otherUserId": person}).to_string())
            .await;
        // The chat with Bob was the first.
        assert_eq!(status, if *person == people[59] { 429 } else { 201 }, "{person}");
    }
}

#[tokio::test(start_paused = true)]
async fn limits_may_be_off() {
    let (mut world, chat) = RECRUITING
        .two_clients_with(&[
            ("RateLimits", "off"),
            ("EventsPerSecond", "1"),
            ("MessagesPerMinute", "1"),
            ("ChatsPerHour", "1"),
        ])
        .await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    world.know(&["carol"]).await;
    world.rest("alice", "POST", "/api/chat/create-or-get", json!({"otherUserId": "carol"})).await;
    assert_snapshot!(super::chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+carol (nothing; unread 0)","alice+bob (#3 by alice: three; unread 0)"],"pagination":{"limit":20,"page":1,"total":2,"totalPages":1}},"message":"Chats","success":true}"#);
    let (_, answer) = world.request("bob", "GET", &format!("/api/message/chat/{chat}"), "").await;
    assert_eq!(answer["data"]["pagination"]["total"], Value::from(3));
}
