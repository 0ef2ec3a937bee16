//! Limits: events per second of a socket, messages per minute and new chats per hour of a user.

use axum::body::Body;
use http::Request;
use insta::assert_snapshot;
use serde_json::json;

use super::{MARKETPLACE, brief, messages_of, text};

#[tokio::test(start_paused = true)]
async fn a_socket_has_fifty_events_per_second() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    for _ in 0..50 {
        let said = world.ask("alice", "online", json!({})).await;
        assert!(said.contains("\"success\":true"), "{said}");
    }
    assert_snapshot!(world.ask("alice", "sendMessage", text(&chat, "hello")).await, @r#"alice hears 4350[{"error":{"code":"RATE_LIMIT","message":"too many events, try again in 1 s","retryAfter":1},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "no-such-event", json!({})).await, @r#"alice hears 42["error",{"code":"RATE_LIMIT","message":"too many events, try again in 1 s","retryAfter":1}]"#);
    assert_snapshot!(world.ask("alice2", "online", json!({})).await, @r#"alice2 hears 430[{"success":true}]"#);
    world.clock.advance(1_000);
    assert_snapshot!(world.ask("alice", "online", json!({})).await, @r#"alice hears 4351[{"success":true}]"#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r#"bob gets 200 {"data":{"messages":[],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":0,"totalPages":0}},"message":"Messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_user_has_so_many_messages_per_minute_over_all_sockets_and_rest() {
    let (mut world, chat) = MARKETPLACE.five_clients_with(&[("MessagesPerMinute", "3")]).await;
    let path = format!("/api/chat/{chat}/send");
    world.emit("alice", "sendMessage", text(&chat, "one")).await;
    world.emit("alice2", "sendMessage", text(&chat, "two")).await;
    world.rest("alice", "POST", &path, json!({"content": "three"})).await;
    assert_snapshot!(world.ask("alice", "sendMessage", text(&chat, "four")).await, @r#"alice hears 430[{"error":{"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55},"success":false}]"#);
    assert_snapshot!(world.emit("alice2", "sendMessage", text(&chat, "four")).await, @r#"alice2 hears 42["error",{"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55}]"#);
    assert_snapshot!(world.rest("alice", "POST", &path, json!({"content": "four"})).await, @r#"alice gets 429 {"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55,"success":false}"#);
    assert!(world.ask("bob", "sendMessage", text(&chat, "his own")).await.contains("\"success\":true"));
    // The minute began five seconds before the world.
    world.clock.advance(54_994);
    assert!(world.ask("alice", "sendMessage", text(&chat, "four")).await.contains("\"success\":true"));
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: one, delivered","#2 by alice: two, delivered","#3 by alice: three, delivered","#4 by bob: his own, delivered","#5 by alice: four, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":5,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn over_rest_the_header_says_when_to_try_again() {
    let (mut world, chat) = MARKETPLACE.two_clients_with(&[("MessagesPerMinute", "1")]).await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let request = Request::builder().method("POST").uri(format!("/api/chat/{chat}/send"));
    let request = request.header("authorization", world.token("alice"));
    let body = Body::from(json!({"content": "two"}).to_string());
    let (status, headers, answer) = world.respond(request.body(body).unwrap()).await;
    let retry_after = headers.get("retry-after").map(|value| value.to_str().unwrap());
    assert_snapshot!(format!("{status} {retry_after:?} {answer}"), @r#"429 Some("55") {"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55,"success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_or_repeated_does_not_count() {
    let (mut world, chat) = MARKETPLACE.two_clients_with(&[("MessagesPerMinute", "2")]).await;
    let toggle = format!("/api/chat/{chat}/toggle-block");
    for content in [" ", "\n"] {
        world.emit("alice", "sendMessage", text(&chat, content)).await;
    }
    world.rest("bob", "PUT", &toggle, json!(null)).await;
    for _ in 0..3 {
        world.emit("alice", "sendMessage", text(&chat, "blocked")).await;
    }
    world.rest("bob", "PUT", &toggle, json!(null)).await;
    let named = json!({"chatId": chat, "content": "one", "clientMessageId": "first"});
    for _ in 0..3 {
        assert!(world.ask("alice", "sendMessage", named.clone()).await.contains("\"success\":true"));
    }
    assert!(world.ask("alice", "sendMessage", text(&chat, "two")).await.contains("\"success\":true"));
    assert_snapshot!(brief(&world.ask("alice", "sendMessage", text(&chat, "three")).await), @r#"alice hears 434[{"error":"RATE_LIMIT: too many messages, try again in 55 s (retryAfter 55)","success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_user_makes_so_many_chats_per_hour() {
    let mut world = MARKETPLACE.world_with(&[("ChatsPerHour", "2")]).await;
    world.know(&["bob", "carol", "dave"]).await;
    let with = |other: &str| json!({"participantId": other});
    // Neither a refusal nor a chat that is there counts.
    for other in ["alice", "nobody", "bob", "bob", "carol"] {
        world.rest("alice", "POST", "/api/chat/create", with(other)).await;
    }
    assert_snapshot!(world.rest("alice", "POST", "/api/chat/create", with("dave")).await, @r#"alice gets 429 {"code":"RATE_LIMIT","message":"too many new chats, try again in 3355 s","retryAfter":3355,"success":false}"#);
    assert_snapshot!(brief(&world.rest("alice", "POST", "/api/chat/create", with("bob")).await), @r#"alice gets 200 {"data":"alice+bob (nothing; unread 0)","message":"Chat found","success":true}"#);
    // The hour began at three o'clock.
    world.clock.advance(3_600_000 - 245_006);
    assert!(world.rest("alice", "POST", "/api/chat/create", with("dave")).await.starts_with("alice gets 201"));
}

#[tokio::test(start_paused = true)]
async fn the_limits_are_120_messages_and_60_chats_unless_set() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    for index in 0..121 {
        if index % 20 == 0 {
            world.clock.advance(1_000);
        }
        let said = world.ask("alice", "sendMessage", text(&chat, "again")).await;
        assert_eq!(said.contains("\"newMessage\""), index < 120, "{index}: {said}");
    }
    for index in 0..60 {
        let person = format!("person {index}");
        world.know(&[&person]).await;
        let body = json!({"participantId": person}).to_string();
        let (status, _) = world.request("alice", "POST", "/api/chat/create", &body).await;
        // The chat with Bob was the first.
        assert_eq!(status, if index == 59 { 429 } else { 201 }, "{person}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_count_holds_across_dialects() {
    let (mut world, chat) = MARKETPLACE.two_clients_with(&[("MessagesPerMinute", "2")]).await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let elsewhere = json!({"chatId": chat, "content": "two"});
    world.rest("alice", "POST", "/recruiting/api/message/send", elsewhere).await;
    assert_snapshot!(brief(&world.emit("alice", "sendMessage", text(&chat, "three")).await), @r#"alice hears 42["error","RATE_LIMIT: too many messages, try again in 55 s (retryAfter 55)"]"#);
}
