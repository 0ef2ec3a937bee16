//! Limits: ten events per second of a socket, and how the others are told.

use axum::body::Body;
use http::Request;
use insta::assert_snapshot;
use serde_json::json;

use super::{WORKSPACE, brief, text};

#[tokio::test(start_paused = true)]
async fn a_socket_has_ten_events_per_second() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let typing = json!({"conversationId": conversation});
    for _ in 0..10 {
        let said = world.ask("alice", "typing:start", typing.clone()).await;
        assert!(said.contains("\"success\":true"), "{said}");
    }
    assert_snapshot!(world.ask("alice", "typing:stop", typing.clone()).await, @r#"alice hears 4310[{"error":{"code":"RATE_LIMIT","message":"too many events, try again in 1 s","retryAfter":1},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "no:such:event", json!({})).await, @r#"alice hears 42["error",{"code":"RATE_LIMIT","message":"too many events, try again in 1 s","retryAfter":1}]"#);
    // Her other socket has its own, and one in recruiting has that dialect's.
    assert_snapshot!(brief(&world.ask("alice2", "typing:stop", typing.clone()).await), @r#"alice2 hears 430[{"success":true}]"#);
    world.join_namespace("alice3", "alice", "/recruiting").await;
    for _ in 0..50 {
        let said = world.ask("alice3", "ping", json!({})).await;
        assert!(said.contains("\"success\":true"), "{said}");
    }
    world.clock.advance(1_000);
    assert_snapshot!(brief(&world.ask("alice", "typing:stop", typing).await), @r#"alice hears 4311[{"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_is_not_stored_and_says_when_to_try_again() {
    let (mut world, conversation) = WORKSPACE.five_clients_with(&[("MessagesPerMinute", "2")]).await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one", "two"]).await;
    assert_snapshot!(world.ask("alice", "message:send", text(&conversation, "three")).await, @r#"alice hears 430[{"error":{"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55},"success":false}]"#);
    assert_snapshot!(world.emit("alice2", "message:send", text(&conversation, "three")).await, @r#"alice2 hears 42["error",{"code":"RATE_LIMIT","message":"too many messages, try again in 55 s","retryAfter":55}]"#);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/conversations/{conversation}/messages")).await), @r##"bob gets 200 {"data":["#1 by alice: one","#2 by alice: two"],"pagination":{"limit":50,"page":1,"total":2},"success":true}"##);
    world.clock.advance(55_000);
    let said = world.ask("alice", "message:send", text(&conversation, "three")).await;
    assert!(said.contains("\"success\":true"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn one_count_per_user_across_dialects() {
    let (mut world, conversation) = WORKSPACE.two_clients_with(&[("MessagesPerMinute", "1")]).await;
    let body = json!({"chatId": conversation, "content": "one"});
    world.rest("alice", "POST", "/recruiting/api/message/send", body).await;
    let said = world.ask("alice", "message:send", text(&conversation, "two")).await;
    assert!(said.contains("RATE_LIMIT"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn new_conversations_are_limited_and_the_header_says_when_to_try_again() {
    let world = WORKSPACE.world_with(&[("ChatsPerHour", "1")]).await;
    world.know(&["bob", "carol"]).await;
    let make = |other: &str| {
        let request = Request::builder().method("POST").uri("/api/conversations");
        let request = request.header("authorization", world.token("alice"));
        world.respond(request.body(Body::from(json!({"participantId": other}).to_string())).unwrap())
    };
    let (status, headers, _) = make("bob").await;
    assert_eq!((status, headers.get("retry-after")), (201, None));
    let (status, headers, answer) = make("carol").await;
    let retry_after = headers.get("retry-after").map(|value| value.to_str().unwrap());
    assert_snapshot!(format!("{status} {retry_after:?} {answer}"), @r#"429 Some("3355") {"code":"RATE_LIMIT","message":"too many new chats, try again in 3355 s","retryAfter":3355,"success":false}"#);
}
