//! Pages of conversations and of messages, and what follows a number.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{CLASSROOM, brief, message_path};
use crate::worlds::unknown_chat_id;

#[tokio::test(start_paused = true)]
async fn a_page_of_messages_in_full() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    CLASSROOM.send_texts(&mut world, "bob", &chat, &["two"]).await;
    assert_snapshot!(world.get("alice", &format!("/api/chat/conversation/{chat}/messages")).await, @r#"alice gets 200 {"data":[{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"delivered","text":"one","updatedAt":"2026-01-02T03:04:05.006Z"},{"_id":"e70c08a3288036ef87ef9f6e000000000002","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"bob","firstName":null,"lastName":null,"name":"bob","profileImage":null},"seq":2,"status":"delivered","text":"two","updatedAt":"2026-01-02T03:04:05.006Z"}],"pagination":{"limit":50,"page":1,"total":2},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn page_one_is_the_newest_and_oldest_first_inside() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two", "three", "four", "five"]).await;
    world.rest("alice", "DELETE", &message_path(&chat, 2), json!({"deleteForEveryone": true})).await;
    let mut said = String::new();
    for query in ["?limit=2", "?page=2&limit=2", "?page=3&limit=2", "?page=4&limit=2", "?limit=100"] {
        said += &brief(&world.get("bob", &format!("/api/chat/conversation/{chat}/messages{query}")).await);
        said += "\n";
    }
    assert_snapshot!(said, @r##"
    bob gets 200 {"data":["#4 by alice: four, delivered","#5 by alice: five, delivered"],"pagination":{"limit":2,"page":1,"total":5},"success":true}
    bob gets 200 {"data":["#2 by alice, delivered, deleted","#3 by alice: three, delivered"],"pagination":{"limit":2,"page":2,"total":5},"success":true}
    bob gets 200 {"data":["#1 by alice: one, delivered"],"pagination":{"limit":2,"page":3,"total":5},"success":true}
    bob gets 200 {"data":[],"pagination":{"limit":2,"page":4,"total":5},"success":true}
    bob gets 200 {"data":["#1 by alice: one, delivered","#2 by alice, delivered, deleted","#3 by alice: three, delivered","#4 by alice: four, delivered","#5 by alice: five, delivered"],"pagination":{"limit":100,"page":1,"total":5},"success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_number_is_oldest_first() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two", "three", "four", "five"]).await;
    let mut said = String::new();
    for query in ["?afterSeq=0&limit=2", "?afterSeq=2&limit=2", "?afterSeq=4", "?afterSeq=5", "?afterSeq=99"] {
        said += &brief(&world.get("bob", &format!("/api/chat/conversation/{chat}/messages{query}")).await);
        said += "\n";
    }
    assert_snapshot!(said, @r##"
    bob gets 200 {"data":["#1 by alice: one, delivered","#2 by alice: two, delivered"],"pagination":{"hasMore":true,"limit":2,"total":5},"success":true}
    bob gets 200 {"data":["#3 by alice: three, delivered","#4 by alice: four, delivered"],"pagination":{"hasMore":true,"limit":2,"total":5},"success":true}
    bob gets 200 {"data":["#5 by alice: five, delivered"],"pagination":{"hasMore":false,"limit":50,"total":5},"success":true}
    bob gets 200 {"data":[],"pagination":{"hasMore":false,"limit":50,"total":5},"success":true}
    bob gets 200 {"data":[],"pagination":{"hasMore":false,"limit":50,"total":5},"success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn pages_that_cannot_be_are_refused() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    let mut said = String::new();
    for query in [
        "page=0",
        "page=-1",
        "page=one",
        "page=1.5",
        "limit=0",
        "limit=101",
        "afterSeq=-1",
        "afterSeq=x",
        "afterSeq=1&page=1",
    ] {
        said += &brief(&world.get("alice", &format!("/api/chat/conversation/{chat}/messages?{query}")).await);
        said += "\n";
    }
    for query in ["page=0", "limit=101"] {
        said += &brief(&world.get("alice", &format!("/api/chat/conversations?{query}")).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice gets 400 "VALIDATION_ERROR: page must be a whole number from 1"
    alice gets 400 "VALIDATION_ERROR: page must be a whole number"
    alice gets 400 "VALIDATION_ERROR: page must be a whole number"
    alice gets 400 "VALIDATION_ERROR: page must be a whole number"
    alice gets 400 "VALIDATION_ERROR: limit must be a whole number from 1 to 100"
    alice gets 400 "VALIDATION_ERROR: limit must be a whole number from 1 to 100"
    alice gets 400 "VALIDATION_ERROR: afterSeq must be a whole number"
    alice gets 400 "VALIDATION_ERROR: afterSeq must be a whole number"
    alice gets 400 "VALIDATION_ERROR: afterSeq cannot be combined with page"
    alice gets 400 "VALIDATION_ERROR: page must be a whole number from 1"
    alice gets 400 "VALIDATION_ERROR: limit must be a whole number from 1 to 100"
    "#);
}

#[tokio::test(start_paused = true)]
async fn pages_of_conversations() {
    let mut world = CLASSROOM.world().await;
    world.know(&["alice", "bob", "carol", "dave"]).await;
    for other in ["bob", "carol", "dave"] {
        world.chat("alice", other).await;
        world.clock.advance(1_000);
    }
    let mut said = String::new();
    for query in ["", "?limit=2", "?page=2&limit=2", "?page=3&limit=2"] {
        said += &brief(&world.get("alice", &format!("/api/chat/conversations{query}")).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice gets 200 {"data":["alice+dave (nothing; unread 0)","alice+carol (nothing; unread 0)","alice+bob (nothing; unread 0)"],"success":true}
    alice gets 200 {"data":["alice+dave (nothing; unread 0)","alice+carol (nothing; unread 0)"],"success":true}
    alice gets 200 {"data":["alice+bob (nothing; unread 0)"],"success":true}
    alice gets 200 {"data":[],"success":true}
    "#);
}

#[tokio::test(start_paused = true)]
async fn twenty_conversations_and_fifty_messages_unless_said() {
    let mut world = CLASSROOM.world_with(&[("RateLimits", "off")]).await;
    world.join("alice").await;
    for number in 0..21 {
        let other = format!("person {number}");
        world.know(&[&other]).await;
        world.chat("alice", &other).await;
    }
    let (_, answer) = world.request("alice", "GET", "/api/chat/conversations", "").await;
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(20));
    let chat = world.chat("alice", "person 0").await;
    for _ in 0..51 {
        CLASSROOM.send_texts(&mut world, "alice", &chat, &["again"]).await;
    }
    let (_, answer) = world.request("alice", "GET", &format!("/api/chat/conversation/{chat}/messages"), "").await;
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(50));
    assert_eq!(answer["pagination"], json!({"page": 1, "limit": 50, "total": 51}));
}

#[tokio::test(start_paused = true)]
async fn messages_of_others_look_like_those_of_no_conversation() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let foreign = world.get("carol", &format!("/api/chat/conversation/{chat}/messages")).await;
    assert_snapshot!(foreign, @r#"carol gets 404 {"code":"NOT_FOUND","message":"conversation not found","success":false}"#);
    for missing in [unknown_chat_id(), "bob".to_owned(), "a".repeat(200)] {
        assert_eq!(foreign, world.get("carol", &format!("/api/chat/conversation/{missing}/messages")).await);
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_conversation_has_an_empty_page() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    assert_snapshot!(world.get("alice", &format!("/api/chat/conversation/{chat}/messages")).await, @r#"alice gets 200 {"data":[],"pagination":{"limit":50,"page":1,"total":0},"success":true}"#);
    let (_, answer) = world.request("bob", "GET", "/api/chat/conversations", "").await;
    assert_eq!(answer["data"][0]["lastMessage"], Value::Null);
}
