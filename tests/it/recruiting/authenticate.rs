//! Authentication (docs/dialects.md, "Authentication"): where a token may come from, whom it names, and how a refusal
//! is said.

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request};
use insta::assert_snapshot;
use local::token;
use serde_json::{Value, json};
use world::World;

use super::brief;

/// The seconds at which a world begins.
const NOW: i64 = 1_767_323_045;

fn signed(claims: &Value) -> String {
    token::sign(claims).unwrap()
}

/// What a client hears that sends this as its payload.
async fn heard(world: &mut World, label: &str, payload: &str) -> String {
    world.open(label).await;
    world.send(label, &format!("40{payload}")).await
}

/// What a socket with this token hears, the greeting left out.
async fn joined(claims: Value) -> String {
    let mut world = World::new().await;
    let said = world.join_with("client", &signed(&claims)).await;
    said.lines()
        .filter(|line| !line.contains("\"sid\"") && !line.contains("online_users"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What a REST request with this header gets.
async fn asked(world: &World, authorization: Option<&str>) -> String {
    let mut request = Request::builder().uri("/api/message/unread-count");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let (status, _, answer) = world.respond(request.body(Body::empty()).unwrap()).await;
    format!("{status} {answer}")
}

fn header(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_str(value).unwrap())])
}

#[tokio::test(start_paused = true)]
async fn without_a_token_a_socket_is_refused_and_may_try_again() {
    let mut world = World::new().await;
    assert_snapshot!(heard(&mut world, "alice", "").await, @r#"alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error: No token provided"}"#);
    assert_snapshot!(world.send("alice", "40{\"token\":\"\"}").await, @r#"alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error: No token provided"}"#);
    assert_snapshot!(world.send("alice", "40{\"token\":null}").await, @r#"alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error: No token provided"}"#);
    let token = json!({"token": world.token("alice")});
    assert_snapshot!(brief(&world.send("alice", &format!("40{token}")).await), @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_of_ours_is_invalid() {
    let mut world = World::new().await;
    assert_snapshot!(heard(&mut world, "alice", r#"{"token":"gibberish"}"#).await, @r#"alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"invalid token"},"message":"Authentication error: Invalid token"}"#);
    let good = world.token("alice");
    let (signed, _) = good.rsplit_once('.').unwrap();
    let unsigned = json!({"token": format!("{signed}.")});
    let altered = json!({"token": good.replacen('.', ".e", 1)});
    for (index, payload) in [unsigned, altered, json!({"token": 7}), json!({"token": {"a": "b"}})].iter().enumerate() {
        let said = heard(&mut world, &format!("client{index}"), &payload.to_string()).await;
        assert!(said.contains(r#"44{"data":{"code":"AUTHENTICATION_ERROR""#), "{payload}: {said}");
        assert!(said.contains("Authentication error: Invalid token"), "{payload}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_is_refused_for_the_reasons_of_a_payload() {
    let refused = [
        (json!({"sub": "alice"}), "token without expiry"),
        (json!({"sub": "alice", "exp": NOW - 1}), "expired token"),
        (json!({"exp": NOW + 60}), "unknown user"),
    ];
    for (claims, reason) in refused {
        let mut world = World::new().await;
        world.upgrade("alice", "EIO=4&transport=websocket", header(&signed(&claims))).await.unwrap();
        let said = world.send("alice", "40").await;
        assert!(said.contains(&format!(r#""reason":"{reason}""#)), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_an_end_or_beyond_it_is_invalid() {
    assert_snapshot!(joined(json!({"sub": "alice"})).await, @r#"client hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"token without expiry"},"message":"Authentication error: Invalid token"}"#);
    assert_snapshot!(joined(json!({"sub": "alice", "exp": "tomorrow"})).await, @r#"client hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"invalid token"},"message":"Authentication error: Invalid token"}"#);
    assert_snapshot!(joined(json!({"sub": "alice", "exp": NOW})).await, @r#"client hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"expired token"},"message":"Authentication error: Invalid token"}"#);
    assert_snapshot!(joined(json!({"sub": "alice", "exp": NOW + 1})).await, @r#"client hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_end_is_not_required_if_the_deployment_says_so() {
    let mut world = World::with(&[("JwtRequireExp", "false")]).await;
    assert_snapshot!(brief(&world.join_with("alice", &signed(&json!({"sub": "alice"}))).await), @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_user_is_the_first_of_four_claims() {
    let exp = NOW + 60;
    assert_snapshot!(joined(json!({"sub": "one", "userId": "two", "exp": exp})).await, @r#"client hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"one"}]"#);
    assert_snapshot!(joined(json!({"userId": "two", "id": "three", "exp": exp})).await, @r#"client hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"two"}]"#);
    assert_snapshot!(joined(json!({"id": "three", "_id": "four", "exp": exp})).await, @r#"client hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"three"}]"#);
    assert_snapshot!(joined(json!({"_id": "four", "exp": exp})).await, @r#"client hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"four"}]"#);
    assert_snapshot!(joined(json!({"sub": 42, "exp": exp})).await, @r#"client hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"42"}]"#);
    assert_snapshot!(joined(json!({"name": "Nobody", "exp": exp})).await, @r#"client hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"unknown user"},"message":"Authentication error: User not found"}"#);
    assert_snapshot!(joined(json!({"sub": "é".repeat(128), "exp": exp})).await.contains(&"é".repeat(128)), @"true");
    assert_snapshot!(joined(json!({"sub": "é".repeat(129), "exp": exp})).await, @r#"client hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"unknown user"},"message":"Authentication error: User not found"}"#);
}

#[tokio::test(start_paused = true)]
async fn bearer_may_stand_before_a_token_or_not() {
    let mut world = World::new().await;
    let token = world.token("alice");
    for (index, given) in [token.clone(), format!("Bearer {token}"), format!("bearer {token}")].iter().enumerate() {
        let said = heard(&mut world, &format!("payload{index}"), &json!({"token": given}).to_string()).await;
        assert!(said.contains("\"userId\":\"alice\""), "{said}");
        let label = format!("header{index}");
        world.upgrade(&label, "EIO=4&transport=websocket", header(given)).await.unwrap();
        world.quiet().await;
        let said = world.send(&label, "40").await;
        assert!(said.contains("\"userId\":\"alice\""), "{said}");
        assert!(asked(&world, Some(given)).await.starts_with("200"));
    }
    assert_snapshot!(asked(&world, Some(&token)).await, @r#"200 {"data":{"unreadCount":0},"message":"Unread messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn the_payload_beats_the_header() {
    let mut world = World::new().await;
    let (alice, bob) = (world.token("alice"), world.token("bob"));
    for label in ["both", "bad", "empty"] {
        world.upgrade(label, "EIO=4&transport=websocket", header(&format!("Bearer {alice}"))).await.unwrap();
    }
    world.quiet().await;
    let both = world.send("both", &format!("40{}", json!({"token": bob}))).await;
    assert!(both.contains("\"userId\":\"bob\""), "{both}");
    let bad = world.send("bad", r#"40{"token":"gibberish"}"#).await;
    assert!(bad.contains("bad hears 44") && bad.contains("Invalid token"), "{bad}");
    // An empty payload is none.
    let empty = world.send("empty", r#"40{"token":""}"#).await;
    assert!(empty.contains("\"userId\":\"alice\""), "{empty}");
}

#[tokio::test(start_paused = true)]
async fn a_header_that_is_refused_says_why() {
    let mut world = World::new().await;
    let expired = signed(&json!({"sub": "alice", "exp": NOW - 1}));
    let nobody = signed(&json!({"exp": NOW + 60}));
    for (label, given) in [("expired", expired), ("nobody", nobody), ("gibberish", "gibberish".to_owned())] {
        world.upgrade(label, "EIO=4&transport=websocket", header(&given)).await.unwrap();
        world.quiet().await;
    }
    world.open("later").await;
    assert_snapshot!(world.send("expired", "40").await, @r#"expired hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"expired token"},"message":"Authentication error: Invalid token"}"#);
    assert_snapshot!(world.send("nobody", "40").await, @r#"nobody hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"unknown user"},"message":"Authentication error: User not found"}"#);
    assert_snapshot!(world.send("gibberish", "40").await, @r#"gibberish hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"invalid token"},"message":"Authentication error: Invalid token"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_token_in_the_query_is_not_looked_at() {
    let mut world = World::new().await;
    let token = world.token("alice");
    let query = format!("EIO=4&transport=websocket&token={token}&auth={token}&access_token={token}");
    world.upgrade("alice", &query, HeaderMap::new()).await.unwrap();
    world.quiet().await;
    assert_snapshot!(world.send("alice", "40").await, @r#"
    alice hears open, ping every 300000 ms, timeout 120000 ms, at most 32768 bytes
    alice hears 44{"data":{"code":"AUTHENTICATION_ERROR","reason":"no token"},"message":"Authentication error: No token provided"}
    "#);
    let (status, answer) = world.request("", "GET", &format!("/api/message/unread-count?token={token}"), "").await;
    assert_snapshot!(format!("{status} {answer}"), @r#"401 {"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"no token"},"message":"Authentication error: No token provided","timestamp":1767323045006},"message":"Authentication error: No token provided","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn rest_refuses_with_the_same_texts() {
    let world = World::new().await;
    assert_snapshot!(asked(&world, None).await, @r#"401 {"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"no token"},"message":"Authentication error: No token provided","timestamp":1767323045006},"message":"Authentication error: No token provided","success":false}"#);
    assert_snapshot!(asked(&world, Some("Bearer ")).await, @r#"401 {"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"no token"},"message":"Authentication error: No token provided","timestamp":1767323045006},"message":"Authentication error: No token provided","success":false}"#);
    assert_snapshot!(asked(&world, Some("Bearer gibberish")).await, @r#"401 {"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"invalid token"},"message":"Authentication error: Invalid token","timestamp":1767323045006},"message":"Authentication error: Invalid token","success":false}"#);
    assert_snapshot!(asked(&world, Some(&signed(&json!({"sub": "alice", "exp": NOW})))).await, @r#"401 {"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"expired token"},"message":"Authentication error: Invalid token","timestamp":1767323045006},"message":"Authentication error: Invalid token","success":false}"#);
    assert_snapshot!(asked(&world, Some(&signed(&json!({"exp": NOW + 60})))).await, @r#"401 {"error":{"code":"AUTHENTICATION_ERROR","details":{"reason":"unknown user"},"message":"Authentication error: User not found","timestamp":1767323045006},"message":"Authentication error: User not found","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn only_allowed_roles_may_use_the_service() {
    let mut world = World::with(&[("AllowedRoles", "candidate, employer")]).await;
    let token = |role: Option<&str>| token::mint("alice", None, role, world.clock.now()).unwrap();
    let (candidate, employer, admin, none) =
        (token(Some("candidate")), token(Some("employer")), token(Some("admin")), token(None));
    assert_snapshot!(world.join_with("admin", &admin).await, @r#"admin hears 44{"data":{"code":"FORBIDDEN","details":{},"message":"this role may not use the service","timestamp":1767323045006},"message":"this role may not use the service"}"#);
    assert_snapshot!(world.join_with("none", &none).await, @r#"none hears 44{"data":{"code":"FORBIDDEN","details":{},"message":"this role may not use the service","timestamp":1767323045006},"message":"this role may not use the service"}"#);
    assert_snapshot!(asked(&world, Some(&admin)).await, @r#"403 {"error":{"code":"FORBIDDEN","details":{},"message":"this role may not use the service","timestamp":1767323045006},"message":"this role may not use the service","success":false}"#);
    assert_snapshot!(asked(&world, Some(&employer)).await, @r#"200 {"data":{"unreadCount":0},"message":"Unread messages","success":true}"#);
    assert_snapshot!(brief(&world.join_with("candidate", &candidate).await), @r#"
    candidate hears 40{"sid":"…"}
    candidate hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    candidate hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_service_is_not_a_user() {
    let mut world = World::new().await;
    let service = token::mint("backend", None, Some("service"), world.clock.now()).unwrap();
    assert_snapshot!(world.join_with("backend", &service).await, @r#"backend hears 44{"data":{"code":"FORBIDDEN","details":{},"message":"a service token is not a user","timestamp":1767323045006},"message":"a service token is not a user"}"#);
    assert_snapshot!(asked(&world, Some(&service)).await, @r#"403 {"error":{"code":"FORBIDDEN","details":{},"message":"a service token is not a user","timestamp":1767323045006},"message":"a service token is not a user","success":false}"#);
    assert_snapshot!(brief(&world.rest("alice", "POST", "/api/chat/create-or-get", json!({"otherUserId": "backend"})).await), @r#"alice gets 404 {"error":"NOT_FOUND (field otherUserId): user not found","message":"user not found","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn who_was_refused_is_not_known() {
    let mut world = World::with(&[("AllowedRoles", "candidate")]).await;
    let mint = |user, role| token::mint(user, None, Some(role), world.clock.now()).unwrap();
    let (alice, bob) = (mint("alice", "candidate"), mint("bob", "admin"));
    world.join_with("bob", &bob).await;
    world.join_with("alice", &alice).await;
    let request = Request::builder().method("POST").uri("/api/chat/create-or-get").header("authorization", alice);
    let (status, _, answer) = world.respond(request.body(Body::from(r#"{"otherUserId":"bob"}"#)).unwrap()).await;
    assert_snapshot!(format!("{status} {answer}"), @r#"404 {"error":{"code":"NOT_FOUND","details":{"field":"otherUserId"},"message":"user not found","timestamp":1767323045006},"message":"user not found","success":false}"#);
}
