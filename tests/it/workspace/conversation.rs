//! Conversations over REST: making, finding and listing them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{WORKSPACE, brief, conversations_of};

const PATH: &str = "/api/conversations";

fn with(other: &str) -> Value {
    json!({"participantId": other})
}

#[tokio::test(start_paused = true)]
async fn a_conversation_is_made_once_and_its_other_person_told() {
    let mut world =
        WORKSPACE.connected(&[("alice", "alice"), ("bob", "bob"), ("bob2", "bob"), ("carol", "carol")]).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.rest("alice", "POST", PATH, with("bob")).await, @r#"
    alice gets 201 {"data":{"createdAt":"2026-01-02T03:04:06.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":null,"participants":["alice","bob"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z"},"success":true}
    bob hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:06.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":null,"participants":["alice","bob"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z"}]
    bob2 hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:06.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":null,"participants":["alice","bob"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z"}]
    "#);
    world.clock.advance(1_000);
    let found = world.rest("alice", "POST", PATH, with("bob")).await;
    assert_snapshot!(found, @r#"alice gets 200 {"data":{"createdAt":"2026-01-02T03:04:06.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":null,"participants":["alice","bob"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z"},"success":true}"#);
    assert_eq!(
        found.replace("alice gets", ""),
        world.rest("bob", "POST", PATH, with("alice")).await.replace("bob gets", "")
    );
}

#[tokio::test(start_paused = true)]
async fn a_chat_made_elsewhere_is_the_same_and_is_told() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let found = world.rest("bob", "POST", PATH, with("alice")).await;
    assert!(found.starts_with("bob gets 200") && found.contains(&conversation), "{found}");
    world.know(&["carol"]).await;
    let body = json!({"otherUserId": "alice"});
    assert_snapshot!(brief(&world.rest("carol", "POST", "/recruiting/api/chat/create-or-get", body).await), @r#"
    carol gets 201 {"data":{"_id":"alice+carol","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","carol"]},"message":"Chat created","success":true}
    alice hears 42["conversation:updated","alice+carol (nothing; unread 0)"]
    "#);
}

#[tokio::test(start_paused = true)]
async fn with_oneself_or_somebody_unknown_it_is_refused() {
    let mut world = WORKSPACE.world().await;
    let mut said = String::new();
    for body in [
        with("alice"),
        with("bob"),
        json!({}),
        json!({"participantId": 7}),
        with(""),
        with(&"é".repeat(129)),
        json!({"otherUserId": "bob"}),
    ] {
        said += &world.rest("alice", "POST", PATH, body).await;
    }
    assert_snapshot!(said, @r#"
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must be somebody else","success":false}
    alice gets 404 {"code":"NOT_FOUND","message":"user not found","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId is required","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must be a string","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must not be empty","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must be at most 128 characters","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId is required","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_json_object_is_refused() {
    let mut world = WORKSPACE.world().await;
    let mut said = String::new();
    for body in ["{", "[]", "\"bob\"", ""] {
        let (status, answer) = world.request("alice", "POST", PATH, body).await;
        said += &format!("{body}: {status} {answer}\n");
    }
    assert_snapshot!(said, @r#"
    {: 400 {"code":"VALIDATION_ERROR","message":"body is not valid JSON","success":false}
    []: 400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    "bob": 400 {"code":"VALIDATION_ERROR","message":"body must be a JSON object","success":false}
    : 400 {"code":"VALIDATION_ERROR","message":"participantId is required","success":false}
    "#);
    assert_snapshot!(world.rest("alice", "DELETE", PATH, Value::Null).await, @r#"alice gets 405 {"code":"VALIDATION_ERROR","message":"this method is not allowed here","success":false}"#);
    assert_snapshot!(world.get("alice", "/api/nowhere").await, @r#"alice gets 404 {"code":"NOT_FOUND","message":"route not found","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn conversations_are_listed_with_the_most_recent_activity_first() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    assert_snapshot!(world.get("carol", PATH).await, @r#"carol gets 200 {"data":[],"pagination":{"limit":20,"page":1,"total":0},"success":true}"#);
    assert_snapshot!(world.get("alice", PATH).await, @r#"alice gets 200 {"data":[{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":null,"participants":["alice","bob"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z"}],"pagination":{"limit":20,"page":1,"total":1},"success":true}"#);
    world.know(&["dave"]).await;
    world.clock.advance(1_000);
    world.chat("alice", "carol").await;
    world.clock.advance(86_400_000);
    world.chat("dave", "alice").await;
    assert_snapshot!(conversations_of(&mut world, "alice").await, @r#"alice gets 200 {"data":["alice+dave (nothing; unread 0)","alice+carol (nothing; unread 0)","alice+bob (nothing; unread 0)"],"pagination":{"limit":20,"page":1,"total":3},"success":true}"#);
    world.clock.advance(1_000);
    WORKSPACE.send_texts(&mut world, "bob", &conversation, &["hello"]).await;
    assert_snapshot!(conversations_of(&mut world, "alice").await, @r#"alice gets 200 {"data":["alice+bob (#1 by bob: hello; unread 1)","alice+dave (nothing; unread 0)","alice+carol (nothing; unread 0)"],"pagination":{"limit":20,"page":1,"total":3},"success":true}"#);
    let mut pages = String::new();
    for page in 1..=3 {
        pages += &brief(&world.get("alice", &format!("{PATH}?page={page}&limit=2")).await);
        pages += "\n";
    }
    assert_snapshot!(pages, @r#"
    alice gets 200 {"data":["alice+bob (#1 by bob: hello; unread 1)","alice+dave (nothing; unread 0)"],"pagination":{"limit":2,"page":1,"total":3},"success":true}
    alice gets 200 {"data":["alice+carol (nothing; unread 0)"],"pagination":{"limit":2,"page":2,"total":3},"success":true}
    alice gets 200 {"data":[],"pagination":{"limit":2,"page":3,"total":3},"success":true}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_list_entry_in_full() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    world.clock.advance(1_000);
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["hello"]).await;
    assert_snapshot!(world.get("bob", PATH).await, @r#"bob gets 200 {"data":[{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":{"content":"hello","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:06.006Z","type":"text"},"participants":["alice","bob"],"unreadCount":1,"updatedAt":"2026-01-02T03:04:06.006Z"}],"pagination":{"limit":20,"page":1,"total":1},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_page_has_twenty_conversations_unless_asked_for_up_to_a_hundred() {
    let mut world = WORKSPACE.world_with(&[("RateLimits", "off")]).await;
    for index in 0..21 {
        let other = format!("person {index}");
        world.know(&[&other]).await;
        world.chat("alice", &other).await;
    }
    for (query, count) in [("", 20), ("?limit=100", 21), ("?page=2", 1), ("?page=3", 0)] {
        let (status, answer) = world.request("alice", "GET", &format!("{PATH}{query}"), "").await;
        assert_eq!((status, answer["data"].as_array().map(Vec::len)), (200, Some(count)), "{query}");
        assert_eq!(answer["pagination"]["total"], 21, "{query}");
    }
    let mut said = String::new();
    for query in ["page=0", "page=one", "page=", "limit=0", "limit=101", "limit=1.5"] {
        said += &format!("{query}: {}", world.get("alice", &format!("{PATH}?{query}")).await);
    }
    assert_snapshot!(said, @r#"
    page=0: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number from 1","success":false}
    page=one: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number","success":false}
    page=: alice gets 400 {"code":"VALIDATION_ERROR","message":"page must be a whole number","success":false}
    limit=0: alice gets 400 {"code":"VALIDATION_ERROR","message":"limit must be a whole number from 1 to 100","success":false}
    limit=101: alice gets 400 {"code":"VALIDATION_ERROR","message":"limit must be a whole number from 1 to 100","success":false}
    limit=1.5: alice gets 400 {"code":"VALIDATION_ERROR","message":"limit must be a whole number","success":false}
    "#);
}
