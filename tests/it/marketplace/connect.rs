//! Connecting: the greeting, the namespace and the prefix, refusals, and renewing a token.

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request};
use insta::assert_snapshot;
use local::token;
use serde_json::{Value, json};
use world::World;

use super::{MARKETPLACE, brief, text};

/// The seconds at which a world begins.
const NOW: i64 = 1_767_323_045;

#[tokio::test(start_paused = true)]
async fn connecting_greets_and_tells_the_others_once() {
    let mut world = MARKETPLACE.world().await;
    world.open("alice").await;
    let token = json!({"token": world.token("alice")});
    assert_snapshot!(world.send("alice", &format!("40{token}")).await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"socketId":"…","userId":"alice"}]
    "#);
    assert_snapshot!(world.join("bob").await, @r#"
    alice hears 42["userOnline",{"userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    assert_snapshot!(world.join_as("bob2", "bob").await, @r#"
    bob2 hears 40{"sid":"…"}
    bob2 hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    assert_snapshot!(world.join_by_header("carol", "carol").await, @r#"
    alice hears 42["userOnline",{"userId":"carol"}]
    bob hears 42["userOnline",{"userId":"carol"}]
    bob2 hears 42["userOnline",{"userId":"carol"}]
    carol hears 40{"sid":"…"}
    carol hears 42["connected",{"socketId":"…","userId":"carol"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_dialect_has_a_namespace_and_a_prefix_of_its_own_where_another_is_the_default() {
    let mut world = World::new().await;
    world.join("alice").await;
    assert_snapshot!(world.join_namespace("bob", "bob", "/marketplace").await, @r#"
    alice hears 42["user_online",{"userId":"bob"}]
    bob hears 40/marketplace,{"sid":"…"}
    bob hears 42/marketplace,["connected",{"socketId":"…","userId":"bob"}]
    "#);
    let chat = world.chat("alice", "bob").await;
    assert_snapshot!(brief(&world.ask("bob", "sendMessage", text(&chat, "hello")).await), @r##"
    alice hears 42["new_message",{"message":{"_id":"alice+bob #1","chatId":"alice+bob","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"alice","senderId":"bob","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":{"_id":"alice+bob #1","chatId":"alice+bob","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"alice","senderId":"bob","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 43/marketplace,0[{"data":"#1 by bob: hello","success":true}]
    bob hears 42/marketplace,["newMessage","#1 by bob: hello"]
    bob hears 42/marketplace,["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
    assert_snapshot!(brief(&world.get("bob", "/marketplace/api/chat/my-chats").await), @r#"bob gets 200 {"data":{"chats":["alice+bob (#1: hello; unread 0)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(world.get("bob", "/marketplace/api/nothing/here").await, @r#"bob gets 404 {"code":"NOT_FOUND","message":"route not found","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn the_prefix_is_valid_where_the_dialect_is_the_default() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    assert_snapshot!(world.join_namespace("alice2", "alice", "/marketplace").await, @r#"
    alice2 hears 40/marketplace,{"sid":"…"}
    alice2 hears 42/marketplace,["connected",{"socketId":"…","userId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.ask("alice2", "sendMessage", text(&chat, "hello")).await), @r##"
    alice hears 42["newMessage","#1 by alice: hello"]
    alice hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    alice2 hears 43/marketplace,0[{"data":"#1 by alice: hello","success":true}]
    alice2 hears 42/marketplace,["newMessage","#1 by alice: hello"]
    alice2 hears 42/marketplace,["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob hears 42["newMessage","#1 by alice: hello"]
    "##);
    let (_, plain) = world.request("bob", "GET", "/api/chat/my-chats", "").await;
    let (_, prefixed) = world.request("bob", "GET", "/marketplace/api/chat/my-chats", "").await;
    assert_eq!(plain, prefixed);
    world.open("dave").await;
    assert_snapshot!(world.send("dave", "40/nowhere,").await, @r#"dave hears 44/nowhere,{"message":"Invalid namespace"}"#);
}

#[tokio::test(start_paused = true)]
async fn every_refusal_has_the_text_that_clients_compare_and_says_why_beside_it() {
    let mut world = MARKETPLACE.world().await;
    let signed = |claims: Value| json!({"token": token::sign(&claims).unwrap()}).to_string();
    let payloads = [
        String::new(),
        json!({"token": ""}).to_string(),
        json!({"token": "gibberish"}).to_string(),
        signed(json!({"sub": "alice"})),
        signed(json!({"sub": "alice", "exp": NOW})),
        signed(json!({"name": "Nobody", "exp": NOW + 60})),
    ];
    world.open("alice").await;
    let mut said = String::new();
    for payload in payloads {
        said += &world.send("alice", &format!("40{payload}")).await;
    }
    assert_snapshot!(said, @r#"
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error"}
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error"}
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"invalid token"},"message":"Authentication error"}
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"token without expiry"},"message":"Authentication error"}
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"expired token"},"message":"Authentication error"}
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"unknown user"},"message":"Authentication error"}
    "#);
    // It may try again with a token that is good.
    let good = json!({"token": world.token("alice")});
    assert_snapshot!(world.send("alice", &format!("40{good}")).await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"socketId":"…","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_header_is_refused_in_the_same_words() {
    let mut world = MARKETPLACE.world().await;
    let header = HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer gibberish"))]);
    world.upgrade("alice", "EIO=4&transport=websocket", header).await.unwrap();
    world.quiet().await;
    let said = world.send("alice", "40").await;
    assert_snapshot!(said.lines().last().unwrap(), @r#"alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"invalid token"},"message":"Authentication error"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_allowed_is_forbidden() {
    let mut world = MARKETPLACE.world_with(&[("AllowedRoles", "buyer,seller")]).await;
    let admin = token::mint("alice", None, Some("admin"), world.clock.now()).unwrap();
    assert_snapshot!(world.join_with("alice", &admin).await, @r#"alice hears 44{"data":{"code":"FORBIDDEN","message":"this role may not use the service"},"message":"this role may not use the service"}"#);
    assert_snapshot!(asked(&world, Some(&admin)).await, @r#"403 {"code":"FORBIDDEN","message":"this role may not use the service","success":false}"#);
    let seller = token::mint("alice", None, Some("seller"), world.clock.now()).unwrap();
    assert!(asked(&world, Some(&seller)).await.starts_with("200"));
}

#[tokio::test(start_paused = true)]
async fn rest_refuses_in_the_same_words() {
    let world = MARKETPLACE.world().await;
    let expired = token::sign(&json!({"sub": "alice", "exp": NOW})).unwrap();
    let nobody = token::sign(&json!({"exp": NOW + 60})).unwrap();
    let mut said = String::new();
    for token in [None, Some("gibberish"), Some(expired.as_str()), Some(nobody.as_str())] {
        said += &asked(&world, token).await;
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"no token","success":false}
    401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"invalid token","success":false}
    401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"expired token","success":false}
    401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"unknown user","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_on_a_live_socket() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let soon = token::sign(&json!({"sub": "carol", "exp": NOW + 60})).unwrap();
    world.join_with("carol", &soon).await;
    let renewed = json!({"token": world.token("carol")});
    assert_snapshot!(world.ask("carol", "authenticate", renewed).await, @r#"carol hears 430[{"success":true}]"#);
    world.clock.advance(60_000);
    assert_snapshot!(brief(&world.ask("carol", "join-chat", json!({"chatId": chat})).await), @r#"carol hears 431[{"error":"NOT_FOUND: chat not found","success":false}]"#);
    // Another person's token, or none, changes nothing.
    let foreign = json!({"token": world.token("alice")});
    assert_snapshot!(world.ask("carol", "authenticate", foreign).await, @r#"carol hears 432[{"error":{"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"invalid token"},"success":false}]"#);
    assert_snapshot!(world.emit("carol", "authenticate", json!({"token": "gibberish"})).await, @r#"carol hears 42["error",{"code":"AUTHENTICATION_ERROR","message":"Authentication error","reason":"invalid token"}]"#);
    assert_snapshot!(world.emit("carol", "authenticate", json!({})).await, @r#"carol hears 42["error",{"code":"VALIDATION_ERROR","message":"token is required"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_socket_whose_token_ends_is_ended() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let soon = token::sign(&json!({"sub": "bob", "exp": NOW + 60})).unwrap();
    world.join_with("bob2", &soon).await;
    world.clock.advance(60_000);
    assert_snapshot!(brief(&world.emit("alice", "sendMessage", text(&chat, "hello")).await), @r##"
    alice hears 42["newMessage","#1 by alice: hello"]
    alice hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob hears 42["newMessage","#1 by alice: hello"]
    bob2 hears 42["error","AUTHENTICATION_ERROR: Authentication error (reason expired token)"]
    bob2 is closed: 1000 Connection Closed Normally
    "##);
}

/// What a REST request with this token gets.
async fn asked(world: &World, token: Option<&str>) -> String {
    let mut request = Request::builder().uri("/api/chat/my-chats");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let (status, _, answer) = world.respond(request.body(Body::empty()).unwrap()).await;
    format!("{status} {answer}")
}
