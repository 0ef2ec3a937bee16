//! Connecting: joining a namespace, the greeting, and who is refused.

use insta::assert_snapshot;
use local::token;
use serde_json::json;
use world::World;

use super::{CLASSROOM, brief};

#[tokio::test(start_paused = true)]
async fn connecting_greets_and_tells_the_others_once() {
    let mut world = CLASSROOM.world().await;
    assert_snapshot!(world.join("alice").await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"socketId":"…","userId":"alice"}]
    "#);
    assert_snapshot!(world.join("bob").await, @r#"
    alice hears 42["user:online",{"userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    assert_snapshot!(world.join_as("bob2", "bob").await, @r#"
    bob2 hears 40{"sid":"…"}
    bob2 hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_dialect_has_a_namespace_and_a_prefix_of_its_own_where_another_is_the_default() {
    let mut world = World::new().await;
    world.join("alice").await;
    assert_snapshot!(world.join_namespace("bob", "bob", "/classroom").await, @r#"
    alice hears 42["user_online",{"userId":"bob"}]
    bob hears 40/classroom,{"sid":"…"}
    bob hears 42/classroom,["connected",{"socketId":"…","userId":"bob"}]
    "#);
    let chat = world.chat("alice", "bob").await;
    assert_snapshot!(brief(&world.ask("bob", "send:message", super::text(&chat, "hello")).await), @r##"
    alice hears 42["new_message",{"message":"#1 by bob: hello, in other words"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello, in other words","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 43/classroom,0[{"message":"#1 by bob: hello, sent","success":true}]
    bob hears 42/classroom,["message:sent",{"message":"#1 by bob: hello, sent","messageId":"alice+bob #1"}]
    bob hears 42/classroom,["new:message",{"message":"#1 by bob: hello, sent"}]
    bob hears 42/classroom,["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
    assert_snapshot!(brief(&world.get("bob", "/classroom/api/chat/conversations").await), @r#"bob gets 200 {"data":["alice+bob (#1 by bob: hello, delivered; unread 0)"],"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn the_prefix_is_valid_where_the_dialect_is_the_default() {
    let mut world = CLASSROOM.world().await;
    world.know(&["alice", "bob"]).await;
    world.chat("alice", "bob").await;
    let plain = world.get("alice", "/api/chat/conversations").await;
    assert_eq!(plain, world.get("alice", "/classroom/api/chat/conversations").await);
    assert_snapshot!(world.join_namespace("alice", "alice", "/classroom").await, @r#"
    alice hears 40/classroom,{"sid":"…"}
    alice hears 42/classroom,["connected",{"socketId":"…","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_refused_socket_is_told_why() {
    let mut world = CLASSROOM.world().await;
    let now = world.clock.now().seconds();
    world.open("alice").await;
    assert_snapshot!(world.send("alice", "40").await, @r#"alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error: No token provided"}"#);
    let mut said = String::new();
    for (label, claims) in [
        ("expired", json!({"sub": "alice", "exp": now - 1})),
        ("nobody", json!({"exp": now + 60})),
        ("endless", json!({"sub": "alice"})),
    ] {
        said += &world.join_with(label, &token::sign(&claims).unwrap()).await;
    }
    said += &world.join_with("nonsense", "nonsense").await;
    assert_snapshot!(said, @r#"
    expired hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"expired token"},"message":"Authentication error: Invalid token"}
    nobody hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"unknown user"},"message":"Authentication error: User not found"}
    endless hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"token without expiry"},"message":"Authentication error: Invalid token"}
    nonsense hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"invalid token"},"message":"Authentication error: Invalid token"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_allowed_is_forbidden() {
    let mut world = CLASSROOM.world_with(&[("AllowedRoles", "student,teacher")]).await;
    let of = |role| token::mint("alice", None, Some(role), world.clock.now()).unwrap();
    let (student, parent) = (of("student"), of("parent"));
    assert_snapshot!(world.join_with("student", &student).await, @r#"
    student hears 40{"sid":"…"}
    student hears 42["connected",{"socketId":"…","userId":"alice"}]
    "#);
    assert_snapshot!(world.join_with("parent", &parent).await, @r#"parent hears 44{"data":{"code":"FORBIDDEN","message":"this role may not use the service"},"message":"this role may not use the service"}"#);
}

#[tokio::test(start_paused = true)]
async fn rest_without_a_token_is_refused_in_the_same_words() {
    let mut world = CLASSROOM.world().await;
    assert_snapshot!(world.get("", "/api/chat/conversations").await, @r#" gets 401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error: No token provided","reason":"no token","success":false}"#);
    assert_snapshot!(world.get("", "/classroom/api/chat/unread-count").await, @r#" gets 401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error: No token provided","reason":"no token","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_on_a_live_socket() {
    let mut world = CLASSROOM.world().await;
    world.join("alice").await;
    let (own, other) = (world.token("alice"), world.token("bob"));
    assert_snapshot!(world.ask("alice", "authenticate", json!({"token": own})).await, @r#"alice hears 430[{"success":true}]"#);
    assert_snapshot!(world.ask("alice", "authenticate", json!({"token": other})).await, @r#"alice hears 431[{"error":{"code":"AUTHENTICATION_ERROR","message":"Authentication error: Invalid token","reason":"invalid token"},"success":false}]"#);
}
