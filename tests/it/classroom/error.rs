//! Errors: an ack carries one or else the `error` event does, and what nobody knows is told like anything else.

use axum::body::Body;
use chat::dialect;
use chat::error::Error;
use http::Request;
use insta::assert_snapshot;
use relay::clock::Timestamp;
use serde_json::json;

use super::{CLASSROOM, brief};

#[tokio::test(start_paused = true)]
async fn an_error_goes_to_the_ack_or_else_is_an_event() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let wrong = json!({"conversationId": chat, "text": "hello", "messageType": "sticker"});
    assert_snapshot!(world.ask("alice", "send:message", wrong.clone()).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"messageType must be one of text, image, video, audio, file"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "send:message", wrong).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","message":"messageType must be one of text, image, video, audio, file"}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_event_is_refused_and_the_connection_stays() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    assert_snapshot!(world.ask("alice", "no:such:event", json!({})).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"event is not one that this namespace knows"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","message":"event is not one that this namespace knows; did you mean send:message?"}]"#);
    assert_snapshot!(world.ask("alice", "leave:conversation", super::of(&chat)).await, @r#"alice hears 431[{"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_argument_must_be_an_object() {
    let (mut world, _) = CLASSROOM.two_clients().await;
    for event in
        ["join:conversation", "leave:conversation", "send:message", "typing:start", "typing:stop", "message:read"]
    {
        let mut said = String::new();
        for frame in
            [format!(r#"427["{event}"]"#), format!(r#"42["{event}","text"]"#), format!(r#"42["{event}",null,{{}}]"#)]
        {
            said += &brief(&world.send("alice", &frame).await);
            said += "\n";
        }
        assert_eq!(
            said,
            "alice hears 437[{\"error\":\"VALIDATION_ERROR: data must be an object\",\"success\":false}]\n\
             alice hears 42[\"error\",\"VALIDATION_ERROR: data must be an object\"]\n\
             alice hears 42[\"error\",\"VALIDATION_ERROR: data must be an object\"]\n"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_json_object_is_refused() {
    let (world, _) = CLASSROOM.two_clients().await;
    let mut said = String::new();
    for (method, path) in [
        ("POST", "/api/chat/message"),
        ("POST", "/api/chat/messages/read"),
        ("DELETE", "/api/chat/message/e70c08a3288036ef87ef9f6e000000000001"),
    ] {
        for body in ["{", "[]", "\"text\""] {
            let (status, answer) = world.request("alice", method, path, body).await;
            said += &format!("{status} {answer}\n");
        }
    }
    assert_snapshot!(said, @r#"
    400 {"code":"VALIDATION_ERROR","message":"body is not valid JSON","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body is not valid JSON","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body is not valid JSON","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn what_no_route_answers_to_is_told_in_the_same_shape() {
    let (mut world, _) = CLASSROOM.two_clients().await;
    assert_snapshot!(world.get("alice", "/api/chat/nothing/here").await, @r#"alice gets 404 {"code":"NOT_FOUND","message":"route not found","success":false}"#);
    assert_snapshot!(world.get("alice", "/classroom/api/chat/my-chats").await, @r#"alice gets 404 {"code":"NOT_FOUND","message":"route not found","success":false}"#);
    assert_snapshot!(world.rest("alice", "PUT", "/api/chat/message", json!({})).await, @r#"alice gets 405 {"code":"VALIDATION_ERROR","message":"this method is not allowed here","success":false}"#);
    let request = Request::builder().uri("/classroom/api/chat/unread-count").header("authorization", "Bearer nonsense");
    let (status, _, answer) = world.respond(request.body(Body::empty()).unwrap()).await;
    assert_snapshot!(format!("{status} {answer}"), @r#"401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error: Invalid token","reason":"invalid token","success":false}"#);
}

#[test]
fn what_went_wrong_on_our_side_is_not_told() {
    let (error, now) = (Error::internal("a table that nobody should know of"), Timestamp::from_millis(0));
    let classroom = dialect::named("classroom").unwrap();
    assert_snapshot!((classroom.error)(&error, now), @r#"{"code":"INTERNAL_ERROR","message":"something went wrong on our side"}"#);
    assert_snapshot!((classroom.rest_error)(&error, now), @r#"{"code":"INTERNAL_ERROR","message":"something went wrong on our side","success":false}"#);
}
