//! Replying: the shape of every error, to whom it goes, and what nobody knows.

use axum::body::Body;
use chat::dialect;
use chat::error::{Error, Refusal, Thing};
use http::Request;
use insta::assert_snapshot;
use relay::clock::Timestamp;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief};

#[test]
fn every_error_in_full() {
    let marketplace = dialect::named("marketplace").unwrap();
    let now = Timestamp::from_millis(0);
    let mut said = String::new();
    for error in [
        Error::Authentication(Refusal::NoToken),
        Error::Authentication(Refusal::InvalidToken),
        Error::Authentication(Refusal::ExpiredToken),
        Error::Authentication(Refusal::UnknownUser),
        Error::validation("otherUserId", "is required"),
        Error::validation("content", "must not be empty"),
        Error::NotFound(Thing::Chat),
        Error::NotFound(Thing::Message),
        Error::NotFound(Thing::Listing),
        Error::NotFound(Thing::User),
        Error::Forbidden("only this one may"),
        Error::Blocked,
        Error::RateLimit { what: "messages", retry_after_secs: 7 },
        Error::TooLarge { field: "media", max_bytes: 7 },
        Error::internal("a secret"),
    ] {
        said += &format!(
            "{}\n{} {}\n",
            (marketplace.error)(&error, now),
            error.status(),
            (marketplace.rest_error)(&error, now)
        );
    }
    assert_snapshot!(said, @r#"
    {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"no token"}
    401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"no token","success":false}
    {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"invalid token"}
    401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"invalid token","success":false}
    {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"expired token"}
    401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"expired token","success":false}
    {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"unknown user"}
    401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"unknown user","success":false}
    {"code":"VALIDATION_ERROR","message":"participantId is required"}
    400 {"code":"VALIDATION_ERROR","message":"participantId is required","success":false}
    {"code":"VALIDATION_ERROR","message":"content must not be empty"}
    400 {"code":"VALIDATION_ERROR","message":"content must not be empty","success":false}
    {"code":"NOT_FOUND","message":"chat not found"}
    404 {"code":"NOT_FOUND","message":"chat not found","success":false}
    {"code":"NOT_FOUND","message":"message not found"}
    404 {"code":"NOT_FOUND","message":"message not found","success":false}
    {"code":"NOT_FOUND","message":"listing not found"}
    404 {"code":"NOT_FOUND","message":"listing not found","success":false}
    {"code":"NOT_FOUND","message":"user not found"}
    404 {"code":"NOT_FOUND","message":"user not found","success":false}
    {"code":"FORBIDDEN","message":"only this one may"}
    403 {"code":"FORBIDDEN","message":"only this one may","success":false}
    {"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"}
    403 {"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked","success":false}
    {"code":"RATE_LIMIT","message":"too many messages, try again in 7 s","retryAfter":7}
    429 {"code":"RATE_LIMIT","message":"too many messages, try again in 7 s","retryAfter":7,"success":false}
    {"code":"VALIDATION_ERROR","message":"media is larger than 7 bytes"}
    413 {"code":"VALIDATION_ERROR","message":"media is larger than 7 bytes","success":false}
    {"code":"INTERNAL_ERROR","message":"something went wrong on our side"}
    500 {"code":"INTERNAL_ERROR","message":"something went wrong on our side","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_error_goes_to_the_ack_or_else_is_an_event() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let wrong = json!({"chatId": chat, "content": "hello", "messageType": "audio"});
    assert_snapshot!(world.ask("alice", "sendMessage", wrong.clone()).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"messageType must be one of text, image, video"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "sendMessage", wrong).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","message":"messageType must be one of text, image, video"}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_event_is_refused_and_the_connection_stays() {
    let (mut world, _) = MARKETPLACE.five_clients().await;
    assert_snapshot!(world.ask("alice", "no-such-event", json!({})).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"event is not one that this namespace knows"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "no-such-event", json!({})).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","message":"event is not one that this namespace knows"}]"#);
    // Nor is another dialect's.
    for event in ["message:send", "typing_start", "block_user", "ping"] {
        let said = brief(&world.emit("alice", event, json!({})).await);
        assert_eq!(said, r#"alice hears 42["error","VALIDATION_ERROR: event is not one that this namespace knows"]"#);
    }
    // An event with a similar name is suggested.
    for event in ["send_message", "send:message", "sendmessage"] {
        let said = brief(&world.emit("alice", event, json!({})).await);
        let suggests = "VALIDATION_ERROR: event is not one that this namespace knows; did you mean sendMessage?";
        assert_eq!(said, format!(r#"alice hears 42["error","{suggests}"]"#));
    }
    assert_snapshot!(world.send("alice", r#"42987654321["online"]"#).await, @r#"alice hears 43987654321[{"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_argument_must_be_an_object() {
    let (mut world, _) = MARKETPLACE.two_clients().await;
    for event in ["sendMessage", "markAsRead", "typing", "join-chat", "leave-chat"] {
        let asked = world.send("alice", &format!(r#"427["{event}"]"#)).await;
        assert_eq!(
            asked,
            "alice hears 437[{\"error\":{\"code\":\"VALIDATION_ERROR\",\"message\":\"data must be an object\"},\"success\":false}]\n"
        );
        for frame in [format!(r#"42["{event}","text"]"#), format!(r#"42["{event}",null,{{}}]"#)] {
            let said = brief(&world.send("alice", &frame).await);
            assert_eq!(said, r#"alice hears 42["error","VALIDATION_ERROR: data must be an object"]"#, "{frame}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_json_object_is_refused() {
    let (world, chat) = MARKETPLACE.two_clients().await;
    let mut said = String::new();
    for path in ["/api/chat/create".to_owned(), format!("/api/chat/{chat}/send")] {
        for body in ["{", "[]", r#"{"content":"\ud80"}"#] {
            let (status, answer) = world.request("alice", "POST", &path, body).await;
            said += &format!("{status} {answer}\n");
        }
    }
    assert_snapshot!(said, @r#"
    400 {"code":"VALIDATION_ERROR","message":"body is not valid JSON","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body is not valid JSON","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body is not valid JSON","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    400 {"code":"VALIDATION_ERROR","message":"body is not valid JSON","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn what_no_route_answers_to_is_told_in_the_same_shape() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    assert_snapshot!(world.get("alice", "/api/nothing/here").await, @r#"alice gets 404 {"code":"NOT_FOUND","message":"route not found","success":false}"#);
    assert_snapshot!(world.get("alice", &format!("/api/chat/{chat}/mark-read")).await, @r#"alice gets 405 {"code":"VALIDATION_ERROR","message":"this method is not allowed here","success":false}"#);
    assert_snapshot!(world.get("alice", "/api/message/unread-count").await, @r#"alice gets 404 {"code":"NOT_FOUND","message":"route not found","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_every_route_says_so() {
    let world = MARKETPLACE.world().await;
    let marketplace = dialect::named("marketplace").unwrap();
    let mut routes = 0;
    for route in marketplace.all_routes() {
        for prefix in ["", "/marketplace"] {
            let path = format!("{prefix}{}", route.path.replace(['{', '}'], ""));
            let request = Request::builder().method(route.method).uri(&path).body(Body::empty()).unwrap();
            let (status, _, answer) = world.respond(request).await;
            let refused = json!({
                "success": false, "message": "Authentication error", "code": "AUTHENTICATION_ERROR", "reason": "no token",
            });
            assert_eq!((status, &answer), (401, &refused), "{} {path}", route.method);
            routes += 1;
        }
    }
    assert!(routes >= 2 * 14, "{routes}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_asked_for_is_passed_over() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let more =
        json!({"chatId": chat, "content": "hello", "reactions": [{"emoji": "!"}], "isEdited": true, "sender": "bob"});
    assert_snapshot!(brief(&world.ask("alice", "sendMessage", more).await), @r##"
    alice hears 430[{"data":"#1 by alice: hello","success":true}]
    alice hears 42["newMessage","#1 by alice: hello"]
    alice hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob hears 42["newMessage","#1 by alice: hello"]
    "##);
    let (_, answer) = world.request("bob", "GET", &format!("/api/chat/{chat}/messages"), "").await;
    let message = &answer["data"]["messages"][0];
    assert_eq!((&message["reactions"], &message["isEdited"]), (&json!([]), &Value::Bool(false)));
}
