//! Replying: an ack carries the result or the error, and without one an error is an event; the same for what nobody
//! knows.

use axum::body::Body;
use http::Request;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{RECRUITING, brief, text};

#[tokio::test(start_paused = true)]
async fn an_error_goes_to_the_ack_or_else_is_an_event() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let wrong = json!({"chatId": chat, "content": "hello", "messageType": "audio"});
    assert_snapshot!(world.ask("alice", "send_message", wrong.clone()).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","details":{"field":"messageType"},"message":"messageType must be one of text, image, video, file","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "send_message", wrong).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","details":{"field":"messageType"},"message":"messageType must be one of text, image, video, file","timestamp":1767323045006}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_event_is_refused_and_the_connection_stays() {
    let (mut world, _) = RECRUITING.five_clients().await;
    assert_snapshot!(world.ask("alice", "no_such_event", json!({})).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","details":{"field":"event"},"message":"event is not one that this namespace knows","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "no_such_event", json!({})).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","details":{"field":"event"},"message":"event is not one that this namespace knows","timestamp":1767323045006}]"#);
    assert_snapshot!(brief(&world.ask("alice", "sendMessage", json!({})).await), @r#"alice hears 431[{"error":"VALIDATION_ERROR (field event): event is not one that this namespace knows; did you mean send_message?","success":false}]"#);
    assert_snapshot!(world.ask("alice", "ping", json!({})).await, @r#"alice hears 432[{"success":true,"timestamp":1767323045006}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_argument_must_be_an_object() {
    let (mut world, _) = RECRUITING.two_clients().await;
    let mut said = String::new();
    for event in ["send_message", "mark_messages_read", "typing_start", "typing_stop", "block_user", "unblock_user"] {
        for frame in
            [format!(r#"427["{event}"]"#), format!(r#"42["{event}","text"]"#), format!(r#"42["{event}",null,{{}}]"#)]
        {
            said += &brief(&world.send("alice", &frame).await);
            said += "\n";
        }
        world.clock.advance(1_000);
    }
    assert_snapshot!(said, @r#"
    alice hears 437[{"error":"VALIDATION_ERROR (field data): data must be an object","success":false}]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 437[{"error":"VALIDATION_ERROR (field data): data must be an object","success":false}]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 437[{"error":"VALIDATION_ERROR (field data): data must be an object","success":false}]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 437[{"error":"VALIDATION_ERROR (field data): data must be an object","success":false}]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 437[{"error":"VALIDATION_ERROR (field data): data must be an object","success":false}]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 437[{"error":"VALIDATION_ERROR (field data): data must be an object","success":false}]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    alice hears 42["error","VALIDATION_ERROR (field data): data must be an object"]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_with_the_time() {
    let (mut world, _) = RECRUITING.five_clients().await;
    assert_snapshot!(world.ask("alice", "ping", json!({})).await, @r#"alice hears 430[{"success":true,"timestamp":1767323045006}]"#);
    assert_snapshot!(world.send("alice", r#"427["ping"]"#).await, @r#"alice hears 437[{"success":true,"timestamp":1767323045006}]"#);
    // There is nothing to say to who asks for no ack.
    assert_snapshot!(world.emit("alice", "ping", json!({})).await, @"");
}

#[tokio::test(start_paused = true)]
async fn an_ack_id_is_echoed_as_it_came() {
    let (mut world, _) = RECRUITING.two_clients().await;
    assert_snapshot!(world.send("alice", r#"42987654321["ping"]"#).await, @r#"alice hears 43987654321[{"success":true,"timestamp":1767323045006}]"#);
}

#[tokio::test(start_paused = true)]
async fn malformed_json_over_rest_is_a_validation_error() {
    let (world, _) = RECRUITING.two_clients().await;
    for (body, problem) in [
        ("{", "body is not valid JSON"),
        ("[]", "body must be a JSON object"),
        (r#"{"content":"\ud80"}"#, "body is not valid JSON"),
    ] {
        let (status, answer) = world.request("alice", "POST", "/api/message/send", body).await;
        assert_eq!(
            (status, &answer["error"]["code"], &answer["message"]),
            (400, &"VALIDATION_ERROR".into(), &problem.into())
        );
    }
    let (status, answer) = world.request("alice", "POST", "/api/message/send", "{").await;
    assert_snapshot!(format!("{status} {answer}"), @r#"400 {"error":{"code":"VALIDATION_ERROR","details":{"field":"body"},"message":"body is not valid JSON","timestamp":1767323045006},"message":"body is not valid JSON","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn every_validation_of_a_send_holds_over_rest_too() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let mut said = String::new();
    for body in [
        json!({}),
        json!({"chatId": chat}),
        json!({"chatId": chat, "content": " "}),
        json!({"chatId": chat, "content": "hello", "receiverId": "carol"}),
        json!({"chatId": chat, "content": "hello", "messageType": "audio"}),
        json!({"chatId": chat, "messageType": "image", "mediaUrl": "http://media.example/one"}),
        text(&chat, &"a".repeat(4_001)),
    ] {
        said += &brief(&world.rest("alice", "POST", "/api/message/send", body).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice gets 400 {"error":"VALIDATION_ERROR (field chatId): chatId is required","message":"chatId is required","success":false}
    alice gets 400 {"error":"VALIDATION_ERROR (field content): content must not be empty","message":"content must not be empty","success":false}
    alice gets 400 {"error":"VALIDATION_ERROR (field content): content must not be empty","message":"content must not be empty","success":false}
    alice gets 400 {"error":"VALIDATION_ERROR (field receiverId): receiverId must be the other participant of the chat","message":"receiverId must be the other participant of the chat","success":false}
    alice gets 400 {"error":"VALIDATION_ERROR (field messageType): messageType must be one of text, image, video, file","message":"messageType must be one of text, image, video, file","success":false}
    alice gets 400 {"error":"VALIDATION_ERROR (field mediaUrl): mediaUrl must be an https address of at most 2048 characters","message":"mediaUrl must be an https address of at most 2048 characters","success":false}
    alice gets 400 {"error":"VALIDATION_ERROR (field content): content must be at most 4000 characters","message":"content must be at most 4000 characters","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_route_is_said_in_the_same_shape() {
    let (mut world, _) = RECRUITING.two_clients().await;
    assert_snapshot!(world.get("alice", "/api/nothing/here").await, @r#"alice gets 404 {"error":{"code":"NOT_FOUND","details":{},"message":"route not found","timestamp":1767323045006},"message":"route not found","success":false}"#);
    assert_snapshot!(brief(&world.rest("alice", "DELETE", "/api/message/send", Value::Null).await), @r#"alice gets 405 {"error":"VALIDATION_ERROR: this method is not allowed here","message":"this method is not allowed here","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn a_user_without_a_token_is_told_so_on_every_route() {
    let (world, chat) = RECRUITING.two_clients().await;
    for (method, path) in [
        ("POST", "/api/chat/create-or-get".to_owned()),
        ("GET", "/api/chat/my-chats".to_owned()),
        ("GET", "/api/chat/blocked".to_owned()),
        ("GET", format!("/api/chat/{chat}")),
        ("DELETE", format!("/api/chat/{chat}")),
        ("POST", format!("/api/chat/{chat}/block")),
        ("POST", format!("/api/chat/{chat}/unblock")),
        ("POST", "/api/message/send".to_owned()),
        ("GET", format!("/api/message/chat/{chat}")),
        ("POST", format!("/api/message/chat/{chat}/mark-read")),
        ("GET", "/api/message/unread-count".to_owned()),
        ("GET", format!("/api/message/chat/{chat}/search?searchTerm=a")),
        ("DELETE", format!("/api/message/{chat}000000000001")),
    ] {
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
        let (status, _, answer) = world.respond(request).await;
        assert_eq!((status, &answer["error"]["code"]), (401, &"AUTHENTICATION_ERROR".into()), "{method} {path}");
        let (status, _) = world.request("", method, &format!("/recruiting{path}"), "").await;
        assert_eq!(status, 401, "{method} /recruiting{path}");
    }
}
