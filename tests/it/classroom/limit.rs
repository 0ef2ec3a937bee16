//! Limits: thirty messages per minute, ten conversations per hour, twenty events per second.

use axum::body::Body;
use http::Request;
use insta::assert_snapshot;
use serde_json::json;

use super::{CLASSROOM, brief, text};

#[tokio::test(start_paused = true)]
async fn thirty_messages_per_minute_over_all_sockets_and_rest() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    for _ in 0..10 {
        world.emit("alice", "send:message", text(&chat, "one")).await;
        world.emit("alice2", "send:message", text(&chat, "two")).await;
        world.rest("alice", "POST", "/api/chat/message", text(&chat, "three")).await;
    }
    assert_snapshot!(world.ask("alice", "send:message", text(&chat, "one more")).await, @r#"alice hears 430[{"error":{"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55},"success":false}]"#);
    assert_snapshot!(world.emit("alice2", "send:message", text(&chat, "one more")).await, @r#"alice2 hears 42["error",{"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55}]"#);
    let said = world.ask("bob", "send:message", text(&chat, "from Bob")).await;
    assert!(said.contains("message:sent"), "Bob's count is his own: {said}");
    // The minute began five seconds before the world.
    world.clock.advance(55_000);
    let said = world.ask("alice", "send:message", text(&chat, "one more")).await;
    assert!(said.contains(r#""seq":32"#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_in_another_dialect_counts_here() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.join_namespace("alice3", "alice", "/recruiting").await;
    for second in 0..31 {
        world.clock.advance(if second % 20 == 19 { 1_000 } else { 0 });
        let said = world.ask("alice3", "send_message", json!({"chatId": chat, "content": "there"})).await;
        assert!(said.contains("message_sent"), "recruiting's limit is higher: {said}");
    }
    assert_snapshot!(brief(&world.ask("alice", "send:message", text(&chat, "here")).await), @r#"alice hears 430[{"error":"RATE_LIMIT (retryAfter 54): too many messages, try again in 54 s","success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn ten_conversations_per_hour() {
    let mut world = CLASSROOM.world().await;
    let people: Vec<String> = (0..12).map(|number| format!("person {number}")).collect();
    for person in &people {
        world.know(&[person]).await;
    }
    let path = |person: usize| format!("/api/chat/conversation/person%20{person}");
    // Neither a refusal nor a conversation that is there counts.
    world.get("alice", "/api/chat/conversation/nobody").await;
    for person in 0..10 {
        assert!(world.get("alice", &path(person)).await.starts_with("alice gets 201"));
        assert!(world.get("alice", &path(person)).await.starts_with("alice gets 200"));
    }
    assert_snapshot!(world.get("alice", &path(10)).await, @r#"alice gets 429 {"code":"RATE_LIMIT","message":"too many new chats, try again in 3355 s","retryAfter":3355,"success":false}"#);
    assert!(world.get("alice", &path(0)).await.starts_with("alice gets 200"));
    // The hour began at three o'clock.
    world.clock.advance(3_600_000 - 245_006);
    assert!(world.get("alice", &path(10)).await.starts_with("alice gets 201"));
}

#[tokio::test(start_paused = true)]
async fn over_rest_the_header_says_when_to_try_again() {
    let (world, chat) = CLASSROOM.two_clients_with(&[("MessagesPerMinute", "1")]).await;
    let send = |content: &str| {
        let request = Request::builder().method("POST").uri("/api/chat/message");
        let request = request.header("authorization", world.token("alice"));
        world.respond(request.body(Body::from(text(&chat, content).to_string())).unwrap())
    };
    let (status, headers, _) = send("one").await;
    assert_eq!((status, headers.get("retry-after")), (201, None));
    let (status, headers, answer) = send("two").await;
    let retry_after = headers.get("retry-after").map(|value| value.to_str().unwrap());
    assert_snapshot!(format!("{status} {retry_after:?} {answer}"), @r#"429 Some("55") {"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55,"success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn fifty_events_per_second() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    for _ in 0..50 {
        let said = world.ask("alice", "typing:start", super::of(&chat)).await;
        assert!(said.contains("\"success\":true"), "{said}");
    }
    assert_snapshot!(world.ask("alice", "typing:stop", super::of(&chat)).await, @r#"alice hears 4350[{"error":{"code":"RATE_LIMIT","message":"too many events, try again in 1 s","retryAfter":1},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "message:read", super::marking(&chat, &[1])).await, @r#"alice hears 42["error",{"code":"RATE_LIMIT","message":"too many events, try again in 1 s","retryAfter":1}]"#);
    world.clock.advance(1_000);
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["again"]).await;
}
