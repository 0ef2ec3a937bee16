//! Chats: making, finding, listing, and what becomes of them when they are deleted.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief, chats_of, create, messages_of, text};
use crate::worlds::{FIVE_CLIENTS, message_id, unknown_chat_id};

fn with(user: &str) -> Value {
    json!({"participantId": user})
}

#[tokio::test(start_paused = true)]
async fn a_chat_is_made_once_and_found_by_both() {
    let mut world = MARKETPLACE.connected(&FIVE_CLIENTS).await;
    assert_snapshot!(world.rest("alice", "POST", "/api/chat/create", with("bob")).await, @r#"
    alice gets 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":[],"chatType":"direct","createdAt":"2026-01-02T03:04:05.006Z","isActive":true,"isBlocked":false,"lastMessage":null,"lastMessageTime":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","email":null,"name":"alice","profilePicture":null},{"_id":"bob","email":null,"name":"bob","profilePicture":null}],"petListing":null,"unreadCount":[{"count":0,"userId":"alice"}],"updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Chat created","success":true}
    bob hears 42["chatCreated",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    bob2 hears 42["chatCreated",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    "#);
    world.clock.advance(1_000);
    assert_snapshot!(brief(&world.rest("alice", "POST", "/api/chat/create", with("bob")).await), @r#"alice gets 200 {"data":"alice+bob (nothing; unread 0)","message":"Chat found","success":true}"#);
    assert_snapshot!(world.rest("bob", "POST", "/api/chat/create", with("alice")).await, @r#"bob gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":[],"chatType":"direct","createdAt":"2026-01-02T03:04:05.006Z","isActive":true,"isBlocked":false,"lastMessage":null,"lastMessageTime":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","email":null,"name":"alice","profilePicture":null},{"_id":"bob","email":null,"name":"bob","profilePicture":null}],"petListing":null,"unreadCount":[{"count":0,"userId":"bob"}],"updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Chat found","success":true}"#);
    // What is null was left out.
    let plain = json!({"participantId": "alice", "petId": null});
    assert_snapshot!(brief(&world.rest("bob", "POST", "/api/chat/create", plain).await), @r#"bob gets 200 {"data":"alice+bob (nothing; unread 0)","message":"Chat found","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn nobody_talks_to_themselves_or_to_someone_unknown() {
    let (mut world, _) = MARKETPLACE.two_clients().await;
    let mut said = String::new();
    for body in [
        with("alice"),
        with("nobody"),
        json!({}),
        with(""),
        json!({"participantId": 7}),
        with(&"é".repeat(129)),
        json!({"participantId": "bob", "petId": "nothing like it"}),
        json!({"petId": "nothing like it"}),
        json!({"participantId": "bob", "petId": 7}),
        json!({"participantId": "alice", "petId": "nothing like it"}),
    ] {
        said += &world.rest("alice", "POST", "/api/chat/create", body).await;
    }
    assert_snapshot!(said, @r#"
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must be somebody else","success":false}
    alice gets 404 {"code":"NOT_FOUND","message":"user not found","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId is required","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must not be empty","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must be a string","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must be at most 128 characters","success":false}
    alice gets 404 {"code":"NOT_FOUND","message":"listing not found","success":false}
    alice gets 404 {"code":"NOT_FOUND","message":"listing not found","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"petId must be a string","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must be somebody else","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_list_shows_what_was_said_last_and_the_callers_own_count() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    assert_snapshot!(world.get("carol", "/api/chat/my-chats").await, @r#"carol gets 200 {"data":{"chats":[],"pagination":{"currentPage":1,"hasMore":false,"totalChats":0,"totalPages":0}},"message":"Chats","success":true}"#);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+bob (nothing; unread 0)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
    world.clock.advance(1_000);
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    assert_snapshot!(world.get("bob", "/api/chat/my-chats").await, @r#"bob gets 200 {"data":{"chats":[{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":[],"chatType":"direct","createdAt":"2026-01-02T03:04:05.006Z","isActive":true,"isBlocked":false,"lastMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000002","content":"two","createdAt":"2026-01-02T03:04:06.006Z","isDeleted":false,"seq":2},"lastMessageTime":"2026-01-02T03:04:06.006Z","participants":[{"_id":"alice","email":null,"name":"alice","profilePicture":null},{"_id":"bob","email":null,"name":"bob","profilePicture":null}],"petListing":null,"unreadCount":[{"count":2,"userId":"bob"}],"updatedAt":"2026-01-02T03:04:06.006Z"}],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+bob (#2: two; unread 0)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn the_most_recent_activity_comes_first() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    world.know(&["carol", "dave"]).await;
    world.clock.advance(1_000);
    create(&mut world, "alice", with("carol")).await;
    // Days are where the list is cut into pieces.
    world.clock.advance(86_400_000);
    create(&mut world, "dave", with("alice")).await;
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+dave (nothing; unread 0)","alice+carol (nothing; unread 0)","alice+bob (nothing; unread 0)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":3,"totalPages":1}},"message":"Chats","success":true}"#);
    world.clock.advance(1_000);
    MARKETPLACE.send_texts(&mut world, "bob", &chat, &["hello"]).await;
    let mut pages = String::new();
    for page in 1..=3 {
        pages += &brief(&world.get("alice", &format!("/api/chat/my-chats?page={page}&limit=2")).await);
        pages += "\n";
    }
    assert_snapshot!(pages, @r#"
    alice gets 200 {"data":{"chats":["alice+bob (#1: hello; unread 1)","alice+dave (nothing; unread 0)"],"pagination":{"currentPage":1,"hasMore":true,"totalChats":3,"totalPages":2}},"message":"Chats","success":true}
    alice gets 200 {"data":{"chats":["alice+carol (nothing; unread 0)"],"pagination":{"currentPage":2,"hasMore":false,"totalChats":3,"totalPages":2}},"message":"Chats","success":true}
    alice gets 200 {"data":{"chats":[],"pagination":{"currentPage":3,"hasMore":false,"totalChats":3,"totalPages":2}},"message":"Chats","success":true}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_chats_has_twenty_unless_said_and_bounds() {
    let (mut world, _) = MARKETPLACE.two_clients().await;
    for index in 0..20 {
        let person = format!("person {index}");
        world.know(&[&person]).await;
        create(&mut world, "alice", with(&person)).await;
    }
    let mut said = String::new();
    for query in ["", "?page=2", "?limit=100", "?limit=1&page=21", "?page=18446744073709551615"] {
        let (status, answer) = world.request("alice", "GET", &format!("/api/chat/my-chats{query}"), "").await;
        let chats = answer["data"]["chats"].as_array().unwrap().len();
        said += &format!("{query}: {status}, {chats} chats, {}\n", answer["data"]["pagination"]);
    }
    assert_snapshot!(said, @r#"
    : 200, 20 chats, {"currentPage":1,"hasMore":true,"totalChats":21,"totalPages":2}
    ?page=2: 200, 1 chats, {"currentPage":2,"hasMore":false,"totalChats":21,"totalPages":2}
    ?limit=100: 200, 21 chats, {"currentPage":1,"hasMore":false,"totalChats":21,"totalPages":1}
    ?limit=1&page=21: 200, 1 chats, {"currentPage":21,"hasMore":false,"totalChats":21,"totalPages":21}
    ?page=18446744073709551615: 200, 0 chats, {"currentPage":18446744073709551615,"hasMore":false,"totalChats":21,"totalPages":2}
    "#);
    let mut said = String::new();
    for query in ["page=0", "page=-1", "page=one", "page=", "limit=0", "limit=101", "limit=1.5"] {
        said += &format!("{query}: {}", world.get("alice", &format!("/api/chat/my-chats?{query}")).await);
    }
    assert_snapshot!(said, @r#"
    page=0: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number from 1","success":false}
    page=-1: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number","success":false}
    page=one: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number","success":false}
    page=: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number","success":false}
    limit=0: alice gets 400 {"code":"VALIDATION_ERROR","message":"limit must be a whole number from 1 to 100","success":false}
    limit=101: alice gets 400 {"code":"VALIDATION_ERROR","message":"limit must be a whole number from 1 to 100","success":false}
    limit=1.5: alice gets 400 {"code":"VALIDATION_ERROR","message":"limit must be a whole number","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_chat_of_others_looks_like_one_that_does_not_exist() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["hello"]).await;
    for (method, path, body) in [
        ("GET", "messages", Value::Null),
        ("GET", "messages?afterSeq=0", Value::Null),
        ("POST", "send", json!({"content": "hello", "messageType": "text"})),
        ("PUT", "mark-read", Value::Null),
        ("PUT", "toggle-block", Value::Null),
    ] {
        let foreign = world.rest("carol", method, &format!("/api/chat/{chat}/{path}"), body.clone()).await;
        assert_eq!(
            foreign, "carol gets 404 {\"code\":\"NOT_FOUND\",\"message\":\"chat not found\",\"success\":false}\n",
            "{method} {path}"
        );
        for id in [unknown_chat_id().as_str(), "nothing-like-an-id"] {
            let unknown = world.rest("carol", method, &format!("/api/chat/{id}/{path}"), body.clone()).await;
            assert_eq!(unknown, foreign, "{method} {path} of {id}");
        }
    }
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: hello, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_chat_deleted_elsewhere_is_told_and_begins_anew() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    let path = format!("/recruiting/api/chat/{chat}");
    assert_snapshot!(world.rest("bob", "DELETE", &path, Value::Null).await, @r#"
    bob gets 200 {"data":null,"message":"Chat deleted","success":true}
    alice hears 42["chatDeleted",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    alice2 hears 42["chatDeleted",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    bob hears 42["chatDeleted",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    bob2 hears 42["chatDeleted",{"chatId":"e70c08a3288036ef87ef9f6e"}]
    "#);
    assert_snapshot!(brief(&world.rest("bob", "DELETE", &path, Value::Null).await), @r#"bob gets 200 {"data":null,"message":"Chat deleted","success":true}"#);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":[],"pagination":{"currentPage":1,"hasMore":false,"totalChats":0,"totalPages":0}},"message":"Chats","success":true}"#);
    let mut said = String::new();
    for (event, argument) in [
        ("sendMessage", text(&chat, "hello")),
        ("markAsRead", super::one(&chat, 1)),
        ("typing", json!({"chatId": chat, "isTyping": true})),
        ("join-chat", json!({"chatId": chat})),
        ("leave-chat", json!({"chatId": chat})),
    ] {
        said += &brief(&world.ask("alice", event, argument).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 430[{"error":"NOT_FOUND: chat not found","success":false}]
    alice hears 431[{"error":"NOT_FOUND: chat not found","success":false}]
    alice hears 432[{"error":"NOT_FOUND: chat not found","success":false}]
    alice hears 433[{"error":"NOT_FOUND: chat not found","success":false}]
    alice hears 434[{"error":"NOT_FOUND: chat not found","success":false}]
    "#);
    world.clock.advance(1_000);
    assert_snapshot!(brief(&world.rest("alice", "POST", "/api/chat/create", with("bob")).await), @r#"
    alice gets 201 {"data":"alice+bob (nothing; unread 0)","message":"Chat created","success":true}
    bob+bob2 hears 42["chatCreated",{"chatId":"alice+bob"}]
    "#);
    let said = world.ask("alice", "sendMessage", text(&chat, "new")).await;
    assert!(said.contains("\"seq\":1,") && !said.contains(&message_id(&chat, 1)), "{said}");
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: new, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#1: new; unread 1)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}
