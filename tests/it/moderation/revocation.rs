//! Revoking the tokens of a user (docs/moderation.md, "Revoking tokens"): where a token from before is refused.

use http::{HeaderMap, HeaderValue};
use local::token;
use relay::clock::Timestamp;
use serde_json::{Value, json};
use world::World;

/// A token of alice that was issued at this time; `None` for one that does not say when.
fn issued(at: Option<Timestamp>) -> String {
    let mut claims = json!({"sub": "alice", "exp": 1_767_400_000});
    if let Some(at) = at {
        claims["iat"] = at.seconds().into();
    }
    token::sign(&claims).unwrap()
}

/// Revokes the tokens of alice, and returns how many sockets that ended.
async fn revoke(world: &mut World) -> u64 {
    let (status, answer) = world.moderate("POST", "users/alice/revoke").await;
    assert_eq!((status, &answer["data"]["revokedAt"]), (200, &json!(world.clock.now().iso())), "{answer}");
    answer["data"]["disconnected"].as_u64().unwrap()
}

/// What a client hears that joins with a token.
async fn joined(world: &mut World, token: &str) -> String {
    let heard = world.join_with("client", token).await;
    world.close("client").await;
    heard
}

/// The status of a REST request with a token, and the reason of a refusal.
async fn asked(world: &World, token: &str) -> (u16, Value) {
    let (status, answer) = world.request_with(token, "GET", "/api/message/unread-count", "").await;
    (status, answer["error"]["details"]["reason"].clone())
}

#[tokio::test(start_paused = true)]
async fn tokens_from_before_are_refused_everywhere_and_later_ones_are_taken() {
    let mut world = World::new().await;
    let before = issued(Some(world.clock.now()));
    let silent = issued(None);
    assert!(joined(&mut world, &silent).await.contains("\"sid\""));
    world.join("bob").await;
    world.join_with("alice", &before).await;
    world.poll_join_as("alice2", "alice").await;
    world.clock.advance(10_000);
    assert_eq!(revoke(&mut world).await, 2);
    let heard = world.get("", "/api/socket/health").await;
    assert!(heard.contains("alice hears 41") && heard.contains("bob hears 42[\"user_offline\""), "{heard}");
    let same_second = issued(Some(world.clock.now()));
    for token in [&before, &silent, &same_second] {
        let heard = joined(&mut world, token).await;
        assert!(heard.contains("44{") && heard.contains("expired token"), "{heard}");
        assert_eq!(asked(&world, token).await, (401, json!("expired token")));
        let header = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, header)]);
        world.upgrade("client", "EIO=4&transport=websocket", headers).await.unwrap();
        let heard = world.send("client", "40").await;
        assert!(heard.contains("44{") && heard.contains("expired token"), "{heard}");
        world.close("client").await;
    }
    world.clock.advance(1_000);
    let after = issued(Some(world.clock.now()));
    assert!(joined(&mut world, &after).await.contains("\"sid\""));
    assert_eq!(asked(&world, &after).await.0, 200);
    assert_eq!(asked(&world, &world.token("bob")).await.0, 200, "others are not concerned");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_not_recovered_with_a_token_from_before() {
    for is_noticed in [true, false] {
        let mut world = World::new().await;
        world.join("bob").await;
        world.join("alice").await;
        let chat = world.chat("alice", "bob").await;
        world.ask("bob", "send_message", json!({"chatId": chat, "content": "hello"})).await;
        if is_noticed {
            world.close("alice").await;
        } else {
            world.lose("alice");
        }
        world.clock.advance(1_000);
        revoke(&mut world).await;
        let back = world.come_back_with("alice", &issued(Some(world.clock.now().plus_millis(-5_000))), "/").await;
        assert!(back.contains("expired token"), "{is_noticed}: {back}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_live_session_is_not_renewed_with_a_token_from_before() {
    let mut world = World::new().await;
    let before = issued(Some(world.clock.now()));
    revoke(&mut world).await;
    world.clock.advance(1_000);
    world.join("alice").await;
    for token in [before, issued(None)] {
        let heard = world.ask("alice", "authenticate", json!({"token": token})).await;
        assert!(heard.contains("expired token"), "{heard}");
    }
    let after = issued(Some(world.clock.now()));
    let heard = world.ask("alice", "authenticate", json!({"token": after})).await;
    assert!(!heard.contains("expired token"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_survives_the_deletion_of_a_user_and_needs_no_user() {
    let mut world = World::new().await;
    let before = issued(Some(world.clock.now()));
    // Nobody has seen alice.
    assert_eq!(revoke(&mut world).await, 0);
    assert_eq!(world.moderate("GET", "users/alice").await.0, 404);
    assert_eq!(world.moderate("GET", "users").await.1["data"], json!([]));
    assert_eq!(asked(&world, &before).await.0, 401);
    world.clock.advance(1_000);
    world.join("alice").await;
    assert_eq!(world.moderate("GET", "users/alice").await.0, 200);
    for _ in 0..2 {
        let (status, answer) = world.moderate("DELETE", "users/alice").await;
        assert_eq!((status, &answer["data"]["done"]), (200, &json!(true)), "{answer}");
    }
    assert_eq!(world.moderate("GET", "users/alice").await.0, 404);
    assert_eq!(asked(&world, &before).await, (401, json!("expired token")));
    let (_, rows) = world.cloud.services.dynamodb.call("Scan", json!({"TableName": "Users"})).await;
    let rows: Value = serde_json::from_slice(&rows).unwrap();
    let [row] = rows["Items"].as_array().unwrap().as_slice() else { panic!("{rows}") };
    let mut names: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    names.retain(|name| *name != "nonce");
    assert_eq!(names, ["entry", "revokedAt", "userId", "v"], "nothing else is left of alice");
}

/// As if the tokens were revoked while a client returns: after the function that answers it has read the profile, and
/// before it has moved the session.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_recovered_while_tokens_are_revoked_ends() {
    let mut world = World::new().await;
    world.join("bob").await;
    world.join("alice").await;
    world.lose("alice");
    world.clock.advance(1_000);
    let revoked = json!({
        "TableName": "Users",
        "Key": {"userId": {"S": "alice"}, "entry": {"S": "profile"}},
        "UpdateExpression": "SET revokedAt = :at",
        "ExpressionAttributeValues": {":at": {"N": world.clock.now().millis().to_string()}},
    });
    let (status, _) = world.cloud.services.dynamodb.call("UpdateItem", revoked).await;
    assert_eq!(status, 200);
    let before = issued(Some(world.clock.now().plus_millis(-1_000)));
    let back = world.come_back_with("alice", &before, "/").await;
    assert!(back.contains("expired token") && back.contains("bob hears 42[\"user_offline\""), "{back}");
}
