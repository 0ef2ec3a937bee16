//! Connecting: who one is, who is here, and how a socket is refused.

use insta::assert_snapshot;
use local::token;
use serde_json::{Value, json};
use world::World;

use super::{MESSENGER, brief, token_of};
use crate::worlds::TWO_CLIENTS;

#[tokio::test(start_paused = true)]
async fn connecting_tells_who_one_is_and_who_is_here() {
    let mut world = MESSENGER.world().await;
    assert_snapshot!(MESSENGER.join(&mut world, "alice").await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connection",{"success":true,"user":{"_id":"alice","name":"Alice Adams","username":"ally"}}]
    alice hears 42["online_users",[{"_id":"alice","email":"alice@example.com","lastSeen":"2026-01-02T03:04:05.006Z","name":"Alice Adams","role":"customer","userId":"alice","username":"ally"}]]
    "#);
    world.clock.advance(1_000);
    assert_snapshot!(MESSENGER.join(&mut world, "bob").await, @r#"
    alice hears 42["user_online",{"name":"Bob Brown","userId":"bob","username":null}]
    bob hears 40{"sid":"…"}
    bob hears 42["connection",{"success":true,"user":{"_id":"bob","name":"Bob Brown","username":null}}]
    bob hears 42["online_users",[{"_id":"alice","email":null,"lastSeen":"2026-01-02T03:04:06.006Z","name":"Alice Adams","role":"customer","userId":"alice","username":"ally"},{"_id":"bob","email":"bob@example.com","lastSeen":"2026-01-02T03:04:06.006Z","name":"Bob Brown","role":null,"userId":"bob","username":null}]]
    "#);
    assert_snapshot!(MESSENGER.join_as(&mut world, "bob2", "bob").await, @r#"
    bob2 hears 40{"sid":"…"}
    bob2 hears 42["connection",{"success":true,"user":{"_id":"bob","name":"Bob Brown","username":null}}]
    bob2 hears 42["online_users",[{"_id":"alice","email":null,"lastSeen":"2026-01-02T03:04:06.006Z","name":"Alice Adams","role":"customer","userId":"alice","username":"ally"},{"_id":"bob","email":"bob@example.com","lastSeen":"2026-01-02T03:04:06.006Z","name":"Bob Brown","role":null,"userId":"bob","username":null}]]
    "#);
    assert_snapshot!(MESSENGER.join(&mut world, "carol").await, @r#"
    alice hears 42["user_online",{"name":"carol","userId":"carol","username":null}]
    bob hears 42["user_online",{"name":"carol","userId":"carol","username":null}]
    bob2 hears 42["user_online",{"name":"carol","userId":"carol","username":null}]
    carol hears 40{"sid":"…"}
    carol hears 42["connection",{"success":true,"user":{"_id":"carol","name":"carol","username":null}}]
    carol hears 42["online_users",[{"_id":"alice","email":null,"lastSeen":"2026-01-02T03:04:06.006Z","name":"Alice Adams","role":"customer","userId":"alice","username":"ally"},{"_id":"bob","email":null,"lastSeen":"2026-01-02T03:04:06.006Z","name":"Bob Brown","role":null,"userId":"bob","username":null},{"_id":"carol","email":null,"lastSeen":"2026-01-02T03:04:06.006Z","name":"carol","role":null,"userId":"carol","username":null}]]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_address_of_somebody_is_shown_once_they_have_written_in_a_chat_that_is_shared() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let emails = |transcript: &str| {
        let line = transcript.lines().find(|line| line.contains("\"online_users\"")).unwrap();
        let users: Value = serde_json::from_str(line.split_once(" hears 42").unwrap().1).unwrap();
        let users = users[1].as_array().unwrap().iter();
        users.map(|user| format!("{} {}", user["userId"], user["email"])).collect::<Vec<_>>().join(", ")
    };
    assert_snapshot!(emails(&MESSENGER.join_as(&mut world, "alice2", "alice").await), @r#""alice" "alice@example.com", "bob" null"#);
    MESSENGER.send_texts(&mut world, "alice", "bob", &["hello"]).await;
    assert_snapshot!(emails(&MESSENGER.join_as(&mut world, "alice3", "alice").await), @r#""alice" "alice@example.com", "bob" null"#);
    assert_snapshot!(emails(&MESSENGER.join_as(&mut world, "bob2", "bob").await), @r#""alice" "alice@example.com", "bob" "bob@example.com""#);
    MESSENGER.send_texts(&mut world, "bob", "alice", &["hello"]).await;
    assert_snapshot!(emails(&MESSENGER.join_as(&mut world, "alice4", "alice").await), @r#""alice" "alice@example.com", "bob" "bob@example.com""#);
    assert_snapshot!(emails(&MESSENGER.join(&mut world, "carol").await), @r#""alice" null, "bob" null, "carol" null"#);
}

#[tokio::test(start_paused = true)]
async fn the_dialect_has_a_namespace_of_its_own() {
    let mut world = World::new().await;
    world.join("alice").await;
    assert_snapshot!(brief(&world.join_namespace("bob", "bob", "/messenger").await), @r#"
    alice hears 42["user_online",{"userId":"bob"}]
    bob hears 40/messenger,{"sid":"…"}
    bob hears 42/messenger,["connection",{"success":true,"user":{"_id":"bob","name":"bob","username":null}}]
    bob hears 42/messenger,["online_users",[{"_id":"alice","email":null,"lastSeen":"2026-01-02T03:04:05.006Z","name":"alice","role":null,"userId":"alice","username":null},{"_id":"bob","email":null,"lastSeen":"2026-01-02T03:04:05.006Z","name":"bob","role":null,"userId":"bob","username":null}]]
    "#);
    assert_snapshot!(brief(&world.ask("bob", "send_message", json!({"receiverId": "alice", "content": "hello"})).await), @r##"
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":null,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["new_message",{"message":{"_id":"alice+bob #1","chatId":"alice+bob","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"alice","senderId":"bob","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":{"_id":"alice+bob #1","chatId":"alice+bob","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"alice","senderId":"bob","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 43/messenger,0[{"message":"#1 bob to alice: hello","success":true}]
    bob hears 42/messenger,["message_sent",{"message":"#1 bob to alice: hello","success":true}]
    bob hears 42/messenger,["message_delivered",{"messageId":"alice+bob #1"}]
    "##);
    world.open("carol").await;
    let token = json!({"token": world.token("carol")});
    assert_snapshot!(world.send("carol", &format!("40/messengers,{token}")).await, @r#"carol hears 44/messengers,{"message":"Invalid namespace"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_refused_socket_is_told_why_and_may_try_again() {
    let mut world = MESSENGER.world().await;
    world.open("alice").await;
    let now = world.clock.now().seconds();
    let expired = token::sign(&json!({"sub": "alice", "exp": now})).unwrap();
    let nobody = token::sign(&json!({"name": "Nobody", "exp": now + 60})).unwrap();
    let mut said = String::new();
    for payload in [String::new(), json!({"token": "gibberish"}).to_string(), json!({"token": expired}).to_string()] {
        said += &world.send("alice", &format!("40{payload}")).await;
    }
    said += &world.send("alice", &format!("40{}", json!({"token": nobody}))).await;
    assert_snapshot!(said, @r#"
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error: No token provided"}
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"invalid token"},"message":"Authentication error: Invalid token"}
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"expired token"},"message":"Authentication error: Invalid token"}
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"unknown user"},"message":"Authentication error: User not found"}
    "#);
    let token = token_of(&world, "alice");
    let said = world.send("alice", &format!("40{}", json!({"token": format!("Bearer {token}")}))).await;
    assert!(said.contains("\"connection\""), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_may_not_connect_is_refused() {
    let mut world = MESSENGER.world_with(&[("AllowedRoles", "customer")]).await;
    assert_snapshot!(MESSENGER.join(&mut world, "bob").await, @r#"bob hears 44{"data":{"code":"FORBIDDEN","message":"Access denied"},"message":"this role may not use the service"}"#);
    let said = MESSENGER.join(&mut world, "alice").await;
    assert!(said.contains("\"connection\""), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_as_everywhere() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let (hers, his) = (token_of(&world, "alice"), token_of(&world, "bob"));
    assert_snapshot!(world.ask("alice", "authenticate", json!({"token": hers})).await, @r#"alice hears 430[{"success":true}]"#);
    assert_snapshot!(world.ask("alice", "authenticate", json!({"token": his})).await, @r#"alice hears 431[{"error":{"code":"AUTHENTICATION_ERROR","message":"Authentication error: Invalid token","reason":"invalid token"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "authenticate", json!({"token": "gibberish"})).await, @r#"alice hears 42["error",{"code":"AUTHENTICATION_ERROR","message":"Authentication error: Invalid token","reason":"invalid token"}]"#);
}
