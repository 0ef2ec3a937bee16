//! Chats: making, finding, listing and deleting them.

use insta::assert_snapshot;
use serde_json::{Value, json};
use world::World;

use super::{RECRUITING, brief, chats_of, text};
use crate::worlds::{message_id, unknown_chat_id};

fn with(other: &str) -> Value {
    json!({"otherUserId": other})
}

#[tokio::test(start_paused = true)]
async fn a_chat_is_made_once_and_its_other_person_told() {
    let mut world =
        RECRUITING.connected(&[("alice", "alice"), ("bob", "bob"), ("bob2", "bob"), ("carol", "carol")]).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.rest("alice", "POST", "/api/chat/create-or-get", with("bob")).await, @r#"
    alice gets 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":null,"createdAt":"2026-01-02T03:04:06.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]},"message":"Chat created","success":true}
    bob hears 42["chat_updated",{"chatId":"e70c08a3288036ef87ef9f6e","latestMessage":null,"updatedAt":"2026-01-02T03:04:06.006Z"}]
    bob2 hears 42["chat_updated",{"chatId":"e70c08a3288036ef87ef9f6e","latestMessage":null,"updatedAt":"2026-01-02T03:04:06.006Z"}]
    "#);
    world.clock.advance(1_000);
    let found = world.rest("alice", "POST", "/api/chat/create-or-get", with("bob")).await;
    assert_snapshot!(found, @r#"alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":null,"createdAt":"2026-01-02T03:04:06.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]},"message":"Chat","success":true}"#);
    let by_bob = world.rest("bob", "POST", "/api/chat/create-or-get", with("alice")).await;
    assert_eq!(found.replace("alice gets", ""), by_bob.replace("bob gets", ""));
}

#[tokio::test(start_paused = true)]
async fn both_who_make_the_chat_at_once_get_the_same_one() {
    let mut world = World::new().await;
    world.know(&["alice", "bob"]).await;
    let (alice, bob) = (with("bob").to_string(), with("alice").to_string());
    let (one, other) = tokio::join!(
        world.request("alice", "POST", "/api/chat/create-or-get", &alice),
        world.request("bob", "POST", "/api/chat/create-or-get", &bob)
    );
    assert_eq!(one.1["data"]["_id"], other.1["data"]["_id"]);
    assert_eq!(one.0 + other.0, 401, "one 201 and one 200");
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+bob (nothing; unread 0)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_chat_with_oneself_or_somebody_unknown_is_refused() {
    let mut world = World::new().await;
    let path = "/api/chat/create-or-get";
    assert_snapshot!(world.rest("alice", "POST", path, with("alice")).await, @r#"alice gets 400 {"error":{"code":"VALIDATION_ERROR","details":{"field":"otherUserId"},"message":"otherUserId must be somebody else","timestamp":1767323045006},"message":"otherUserId must be somebody else","success":false}"#);
    assert_snapshot!(world.rest("alice", "POST", path, with("bob")).await, @r#"alice gets 404 {"error":{"code":"NOT_FOUND","details":{"field":"otherUserId"},"message":"user not found","timestamp":1767323045006},"message":"user not found","success":false}"#);
    world.know(&["bob"]).await;
    assert_snapshot!(brief(&world.rest("alice", "POST", path, with("bob")).await), @r#"alice gets 201 {"data":"alice+bob (nothing; unread 0)","message":"Chat created","success":true}"#);
    assert_snapshot!(brief(&world.rest("alice", "POST", path, json!({})).await), @r#"alice gets 400 {"error":"VALIDATION_ERROR (field otherUserId): otherUserId is required","message":"otherUserId is required","success":false}"#);
    assert_snapshot!(brief(&world.rest("alice", "POST", path, json!({"otherUserId": 7})).await), @r#"alice gets 400 {"error":"VALIDATION_ERROR (field otherUserId): otherUserId must be a string","message":"otherUserId must be a string","success":false}"#);
    assert_snapshot!(brief(&world.rest("alice", "POST", path, with("")).await), @r#"alice gets 400 {"error":"VALIDATION_ERROR (field otherUserId): otherUserId must not be empty","message":"otherUserId must not be empty","success":false}"#);
    assert_snapshot!(brief(&world.rest("alice", "POST", path, with(&"é".repeat(129))).await), @r#"alice gets 400 {"error":"VALIDATION_ERROR (field otherUserId): otherUserId must be at most 128 characters","message":"otherUserId must be at most 128 characters","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn a_user_is_known_from_their_first_socket() {
    let mut world = World::new().await;
    world.join("bob").await;
    world.close("bob").await;
    assert_snapshot!(brief(&world.rest("alice", "POST", "/api/chat/create-or-get", with("bob")).await), @r#"alice gets 201 {"data":"alice+bob (nothing; unread 0)","message":"Chat created","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn one_chat_is_shown_as_its_viewer_sees_it() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let path = format!("/api/chat/{chat}");
    assert_snapshot!(world.get("alice", &path).await, @r#"alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]},"message":"Chat","success":true}"#);
    world.clock.advance(1_000);
    RECRUITING.send_texts(&mut world, "alice", &chat, &["hello"]).await;
    assert_snapshot!(world.get("bob", &path).await, @r#"bob gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:06.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:06.006Z"},"unreadCount":1,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]},"message":"Chat","success":true}"#);
    assert_snapshot!(brief(&world.get("alice", &path).await), @r#"alice gets 200 {"data":"alice+bob (#1 by alice: hello; unread 0)","message":"Chat","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_chat_of_others_and_one_that_does_not_exist_look_the_same() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.know(&["carol"]).await;
    let unknown = world.get("carol", &format!("/api/chat/{}", unknown_chat_id())).await;
    assert_snapshot!(unknown, @r#"carol gets 404 {"error":{"code":"NOT_FOUND","details":{"field":"chatId"},"message":"chat not found","timestamp":1767323045006},"message":"chat not found","success":false}"#);
    assert_eq!(world.get("carol", &format!("/api/chat/{chat}")).await, unknown);
    assert_eq!(world.get("carol", "/api/chat/nothing-like-an-id").await, unknown);
    let deleted = world.rest("carol", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    assert_eq!(deleted, unknown);
    assert_eq!(world.rest("carol", "DELETE", &format!("/api/chat/{}", unknown_chat_id()), Value::Null).await, unknown);
    assert_eq!(world.get("carol", &format!("/api/message/chat/{chat}")).await, unknown);
    assert_eq!(world.get("carol", &format!("/api/message/chat/{chat}/search?searchTerm=a")).await, unknown);
}

#[tokio::test(start_paused = true)]
async fn chats_are_listed_with_the_most_recent_activity_first() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    assert_snapshot!(world.get("carol", "/api/chat/my-chats").await, @r#"carol gets 200 {"data":{"chats":[],"pagination":{"limit":20,"page":1,"total":0,"totalPages":0}},"message":"Chats","success":true}"#);
    world.know(&["carol", "dave"]).await;
    world.clock.advance(1_000);
    world.chat("alice", "carol").await;
    // Days are where the list is cut into pieces.
    world.clock.advance(86_400_000);
    world.chat("dave", "alice").await;
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+dave (nothing; unread 0)","alice+carol (nothing; unread 0)","alice+bob (nothing; unread 0)"],"pagination":{"limit":20,"page":1,"total":3,"totalPages":1}},"message":"Chats","success":true}"#);
    world.clock.advance(1_000);
    RECRUITING.send_texts(&mut world, "bob", &chat, &["hello"]).await;
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+bob (#1 by bob: hello; unread 1)","alice+dave (nothing; unread 0)","alice+carol (nothing; unread 0)"],"pagination":{"limit":20,"page":1,"total":3,"totalPages":1}},"message":"Chats","success":true}"#);
    let mut pages = String::new();
    for page in 1..=3 {
        pages += &brief(&world.get("alice", &format!("/api/chat/my-chats?page={page}&limit=2")).await);
        pages += "\n";
    }
    assert_snapshot!(pages, @r#"
    alice gets 200 {"data":{"chats":["alice+bob (#1 by bob: hello; unread 1)","alice+dave (nothing; unread 0)"],"pagination":{"limit":2,"page":1,"total":3,"totalPages":2}},"message":"Chats","success":true}
    alice gets 200 {"data":{"chats":["alice+carol (nothing; unread 0)"],"pagination":{"limit":2,"page":2,"total":3,"totalPages":2}},"message":"Chats","success":true}
    alice gets 200 {"data":{"chats":[],"pagination":{"limit":2,"page":3,"total":3,"totalPages":2}},"message":"Chats","success":true}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_chats_has_bounds() {
    let (mut world, _) = RECRUITING.two_clients().await;
    assert_snapshot!(world.get("alice", "/api/chat/my-chats?page=1&limit=100").await, @r#"alice gets 200 {"data":{"chats":[{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]}],"pagination":{"limit":100,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
    for query in ["page=0", "page=-1", "page=one", "page=", "limit=0", "limit=101", "limit=1.5"] {
        let said = brief(&world.get("alice", &format!("/api/chat/my-chats?{query}")).await);
        let field = query.split('=').next().unwrap();
        assert!(said.contains(&format!("400 {{\"error\":\"VALIDATION_ERROR (field {field})")), "{query}: {said}");
    }
    assert_snapshot!(brief(&world.get("alice", "/api/chat/my-chats?limit=101").await), @r#"alice gets 400 {"error":"VALIDATION_ERROR (field limit): limit must be a whole number from 1 to 100","message":"limit must be a whole number from 1 to 100","success":false}"#);
    assert_snapshot!(brief(&world.get("alice", "/api/chat/my-chats?page=18446744073709551615").await), @r#"alice gets 200 {"data":{"chats":[],"pagination":{"limit":20,"page":18446744073709551615,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_chat_is_gone_for_both_and_both_are_told() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    assert_snapshot!(world.rest("bob", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await, @r#"
    bob gets 200 {"data":null,"message":"Chat deleted","success":true}
    alice hears 42["chat_deleted",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    alice2 hears 42["chat_deleted",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    bob hears 42["chat_deleted",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    bob2 hears 42["chat_deleted",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    "#);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":[],"pagination":{"limit":20,"page":1,"total":0,"totalPages":0}},"message":"Chats","success":true}"#);
    assert_snapshot!(brief(&world.get("alice", "/api/message/unread-count").await), @r#"alice gets 200 {"data":{"unreadCount":0},"message":"Unread messages","success":true}"#);
    assert_snapshot!(brief(&world.get("bob", "/api/message/unread-count").await), @r#"bob gets 200 {"data":{"unreadCount":0},"message":"Unread messages","success":true}"#);
    assert_snapshot!(brief(&world.get("alice", &format!("/api/chat/{chat}")).await), @r#"alice gets 404 {"error":"NOT_FOUND (field chatId): chat not found","message":"chat not found","success":false}"#);
    assert_snapshot!(brief(&world.get("alice", &format!("/api/message/chat/{chat}")).await), @r#"alice gets 404 {"error":"NOT_FOUND (field chatId): chat not found","message":"chat not found","success":false}"#);
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "hello")).await), @r#"alice hears 430[{"error":"NOT_FOUND (field chatId): chat not found","success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", "mark_messages_read", json!({"chatId": chat})).await), @r#"alice hears 431[{"error":"NOT_FOUND (field chatId): chat not found","success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", "typing_start", json!({"chatId": chat})).await), @r#"alice hears 432[{"error":"NOT_FOUND (field chatId): chat not found","success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", "block_user", json!({"chatId": chat})).await), @r#"alice hears 433[{"error":"NOT_FOUND (field chatId): chat not found","success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn deleting_a_chat_twice_is_success_and_tells_nobody() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let path = format!("/api/chat/{chat}");
    world.rest("bob", "DELETE", &path, Value::Null).await;
    assert_snapshot!(world.rest("bob", "DELETE", &path, Value::Null).await, @r#"bob gets 200 {"data":null,"message":"Chat deleted","success":true}"#);
    assert_snapshot!(world.rest("alice", "DELETE", &path, Value::Null).await, @r#"alice gets 200 {"data":null,"message":"Chat deleted","success":true}"#);
    assert_snapshot!(brief(&world.rest("carol", "DELETE", &path, Value::Null).await), @r#"carol gets 404 {"error":"NOT_FOUND (field chatId): chat not found","message":"chat not found","success":false}"#);
    world.heartbeat().await;
    assert_snapshot!(world.rest("alice", "DELETE", &path, Value::Null).await, @r#"alice gets 200 {"data":null,"message":"Chat deleted","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_chat_made_anew_starts_empty() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.emit("bob", "block_user", json!({"chatId": chat})).await;
    world.rest("bob", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.rest("bob", "POST", "/api/chat/create-or-get", with("alice")).await, @r#"
    bob gets 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":null,"createdAt":"2026-01-02T03:04:06.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]},"message":"Chat created","success":true}
    alice hears 42["chat_updated",{"chatId":"e70c08a3288036ef87ef9f6e","latestMessage":null,"updatedAt":"2026-01-02T03:04:06.006Z"}]
    "#);
    assert_snapshot!(brief(&world.get("bob", "/api/chat/blocked").await), @r#"bob gets 200 {"data":{"chats":[]},"message":"Blocked chats","success":true}"#);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r#"bob gets 200 {"data":{"messages":[],"pagination":{"limit":50,"page":1,"total":0,"totalPages":0}},"message":"Messages","success":true}"#);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}?afterSeq=0")).await), @r#"bob gets 200 {"data":{"messages":[],"pagination":{"hasMore":false,"limit":50,"total":0}},"message":"Messages","success":true}"#);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}/search?searchTerm=o")).await), @r#"bob gets 200 {"data":{"messages":[],"pagination":{"limit":50,"page":1,"total":0,"totalPages":0}},"message":"Messages found","success":true}"#);
    let said = world.ask("alice", "send_message", text(&chat, "new")).await;
    assert!(said.contains("\"seq\":1,"), "{said}");
    assert!(!said.contains(&message_id(&chat, 1)), "its id is not the first one's: {said}");
    for seq in [1, 2] {
        let former = format!("/api/message/{}", message_id(&chat, seq));
        let said = brief(&world.rest("alice", "DELETE", &former, Value::Null).await);
        assert!(said.starts_with("alice gets 404") && said.contains("NOT_FOUND (field messageId)"), "{said}");
    }
    let page = format!("/api/message/chat/{chat}");
    assert_snapshot!(brief(&world.get("bob", &page).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice: new"],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages","success":true}"##);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#1 by alice: new; unread 1)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn what_a_deleted_chat_left_is_erased_by_the_sweep() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    assert_eq!(stored(&world, &chat).await, 2);
    world.rest("bob", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    world.chat("alice", "bob").await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["new"]).await;
    assert_eq!(stored(&world, &chat).await, 3);
    world.heartbeat().await;
    assert_eq!(stored(&world, &chat).await, 1);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice: new"],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages","success":true}"##);
    world.heartbeat().await;
    assert_eq!(stored(&world, &chat).await, 1);
}

/// How many of a chat's messages are in the table.
async fn stored(world: &World, chat: &str) -> u64 {
    let query = json!({
        "TableName": "Messages",
        "Select": "COUNT",
        "KeyConditionExpression": "chatId = :chat",
        "ExpressionAttributeValues": {":chat": {"S": chat}},
    });
    let (status, answer) = world.cloud.services.dynamodb.call("Query", query).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    serde_json::from_slice::<Value>(&answer).unwrap()["Count"].as_u64().unwrap()
}
