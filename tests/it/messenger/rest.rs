//! REST: this dialect documents none of its own; what every dialect answers has its error shape.

use insta::assert_snapshot;
use serde_json::json;
use world::World;

use super::MESSENGER;
use crate::worlds::{FIVE_CLIENTS, TWO_CLIENTS, unknown_chat_id};

#[tokio::test(start_paused = true)]
async fn errors_have_a_message_and_a_code() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    assert_snapshot!(world.get("", "/api/listings/one").await, @r#" gets 401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error: No token provided","reason":"no token","success":false}"#);
    assert_snapshot!(world.get("alice", "/api/listings/one").await, @r#"alice gets 404 {"code":"NOT_FOUND","message":"listing not found","success":false}"#);
    assert_snapshot!(world.get("alice", "/api/message/unread-count").await, @r#"alice gets 404 {"code":"NOT_FOUND","message":"route not found","success":false}"#);
    assert_snapshot!(world.get("alice", "/messenger/api/nothing").await, @r#"alice gets 404 {"code":"NOT_FOUND","message":"route not found","success":false}"#);
    assert_snapshot!(world.rest("alice", "POST", "/api/listings/one", json!({})).await, @r#"alice gets 405 {"code":"VALIDATION_ERROR","message":"this method is not allowed here","success":false}"#);
    let (status, answer) = world.request("alice", "PUT", "/api/listings/one", "{").await;
    assert_snapshot!(format!("{status} {answer}"), @r#"400 {"code":"VALIDATION_ERROR","message":"body is not valid JSON","success":false}"#);
    assert_snapshot!(world.rest("alice", "PUT", "/api/users/bob", json!({"name": "Bobby"})).await, @r#"alice gets 403 {"code":"FORBIDDEN","message":"Access denied","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn a_path_with_the_dialects_name_speaks_it_wherever_it_is_not_the_default() {
    let mut world = World::new().await;
    assert_snapshot!(world.get("", "/messenger/api/listings/one").await, @r#" gets 401 {"code":"AUTHENTICATION_ERROR","message":"Authentication error: No token provided","reason":"no token","success":false}"#);
    assert!(world.get("", "/api/listings/one").await.contains("timestamp"), "the default is recruiting");
}

#[tokio::test(start_paused = true)]
async fn listings_are_there_under_every_prefix() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let listing =
        json!({"title": "Rex", "images": [{"url": "https://media.example/rex"}], "price": 12.5, "address": "Here"});
    assert_snapshot!(world.rest("alice", "PUT", "/api/listings/one", listing).await, @r#"alice gets 200 {"data":{"_id":"one","address":"Here","images":[{"url":"https://media.example/rex"}],"price":12.5,"title":"Rex"},"message":"Listing","success":true}"#);
    assert_eq!(
        world.get("bob", "/messenger/api/listings/one").await,
        world.get("bob", "/recruiting/api/listings/one").await
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_makes_somebody_known_who_can_then_be_written_to() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let dora = json!({"name": "Dora Dean", "username": "dd"});
    assert_snapshot!(world.as_service("PUT", "/api/users/dora", dora).await, @r#"service gets 200 {"data":{"_id":"dora","email":null,"firstName":null,"lastName":null,"name":"Dora Dean","picture":null,"role":null,"userId":"dora","username":"dd"},"success":true}"#);
    let said = world.ask("alice", "send_message", json!({"receiverId": "dora", "content": "hello"})).await;
    assert!(said.contains(r#""receiverId":"dora","receiverName":"Dora Dean""#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_a_service_tells_reaches_every_device() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    let news = json!({"message": "Your order is on its way", "type": "order"});
    assert_snapshot!(world.as_service("POST", "/api/users/bob/notifications", news.clone()).await, @r#"
    service gets 200 {"data":null,"message":"Done","success":true}
    bob hears 42["message_notification",{"from":null,"message":"Your order is on its way","timestamp":"2026-01-02T03:04:05.006Z","type":"order"}]
    bob2 hears 42["message_notification",{"from":null,"message":"Your order is on its way","timestamp":"2026-01-02T03:04:05.006Z","type":"order"}]
    "#);
    assert_snapshot!(world.as_service("POST", "/api/users/nobody/notifications", news).await, @r#"service gets 404 {"code":"NOT_FOUND","message":"Receiver not found","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_yours_looks_like_what_is_not_there() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    let chat = world.chat("alice", "bob").await;
    let upload = |chat: &str| json!({"chatId": chat, "contentType": "image/png", "size": 7});
    let mut said = Vec::new();
    for chat in [&chat, &unknown_chat_id(), "nothing-like-an-id"] {
        said.push(world.rest("carol", "POST", "/api/media/uploads", upload(chat)).await);
    }
    let foreign = format!("{chat}-{}.png", "0".repeat(32));
    for name in [&foreign, "nothing-like-a-name"] {
        said.push(world.get("carol", &format!("/api/media/{name}/link")).await);
    }
    assert_snapshot!(said[0], @r#"carol gets 404 {"code":"NOT_FOUND","message":"Access denied","success":false}"#);
    assert!(said.iter().all(|other| *other == said[0]), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_one_count_whatever_is_spoken() {
    let mut world = MESSENGER.world_with(&[("ChatsPerHour", "1")]).await;
    world.know(&["bob", "carol"]).await;
    world.chat("alice", "bob").await;
    MESSENGER.join(&mut world, "alice").await;
    assert_snapshot!(world.emit("alice", "send_message", json!({"receiverId": "carol", "content": "hello"})).await, @r#"alice hears 42["error",{"code":"RATE_LIMIT","message":"too many new chats, try again in 3355 s","retryAfter":3355}]"#);
}
