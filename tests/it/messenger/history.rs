//! The history of two people: pages, what follows a message, and who it is with.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MESSENGER, brief, history, message_id};
use crate::worlds::TWO_CLIENTS;

const HISTORY: &str = "get_message_history";

#[tokio::test(start_paused = true)]
async fn a_history_goes_to_the_ack_or_else_comes_as_an_event() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["hello"]).await;
    world.clock.advance(1_000);
    world.emit("bob", "mark_message_read", json!({"messageId": message_id("alice", "bob", 1)})).await;
    MESSENGER.send_texts(&mut world, "bob", "alice", &["hello yourself"]).await;
    let asked = json!({"otherUserId": "bob", "page": 1, "limit": 50});
    assert_snapshot!(world.ask("alice", HISTORY, asked.clone()).await, @r#"alice hears 430[{"messages":[{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"hello","isDeleted":false,"read":true,"readAt":"2026-01-02T03:04:06.006Z","receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1},{"_id":"e70c08a3288036ef87ef9f6e000000000002","content":"hello yourself","isDeleted":false,"read":false,"receiverId":"alice","receiverName":"Alice Adams","senderId":"bob","senderName":"Bob Brown","sentAt":"2026-01-02T03:04:06.006Z","seq":2}],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"page":1},"success":true}]"#);
    assert_snapshot!(world.emit("alice", HISTORY, asked).await, @r#"alice hears 42["message_history",{"messages":[{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"hello","isDeleted":false,"read":true,"readAt":"2026-01-02T03:04:06.006Z","receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1},{"_id":"e70c08a3288036ef87ef9f6e000000000002","content":"hello yourself","isDeleted":false,"read":false,"receiverId":"alice","receiverName":"Alice Adams","senderId":"bob","senderName":"Bob Brown","sentAt":"2026-01-02T03:04:06.006Z","seq":2}],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"page":1}}]"#);
}

#[tokio::test(start_paused = true)]
async fn page_1_holds_the_newest_and_each_page_is_oldest_first() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two", "three", "four", "five"]).await;
    let mut said = String::new();
    for page in 1..=4 {
        said += &brief(&world.ask("bob", HISTORY, json!({"otherUserId": "alice", "page": page, "limit": 2})).await);
        said += "\n";
    }
    assert_snapshot!(said, @r##"
    bob hears 430[{"messages":["#4 alice to bob: four","#5 alice to bob: five"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":true,"page":1},"success":true}]
    bob hears 431[{"messages":["#2 alice to bob: two","#3 alice to bob: three"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":true,"page":2},"success":true}]
    bob hears 432[{"messages":["#1 alice to bob: one"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"page":3},"success":true}]
    bob hears 433[{"messages":[],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"page":4},"success":true}]
    "##);
    // Of fifty where the client does not say, and numbers may come as text.
    assert_snapshot!(history(&mut world, "alice", "bob").await, @r##"alice hears 42["message_history",{"messages":["#1 alice to bob: one","#2 alice to bob: two","#3 alice to bob: three","#4 alice to bob: four","#5 alice to bob: five"],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"page":1}}]"##);
    assert_snapshot!(brief(&world.emit("alice", HISTORY, json!({"otherUserId": "bob", "page": "2", "limit": "4"})).await), @r##"alice hears 42["message_history",{"messages":["#1 alice to bob: one"],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"page":2}}]"##);
}

#[tokio::test(start_paused = true)]
async fn fifty_is_the_limit_unless_said() {
    let mut world = MESSENGER.connected_with(&TWO_CLIENTS, &[("RateLimits", "off")]).await;
    for number in 0..51 {
        MESSENGER.send_texts(&mut world, "alice", "bob", &[&number.to_string()]).await;
    }
    let said = history(&mut world, "bob", "alice").await;
    assert_eq!(said.matches("alice to bob").count(), 50, "{said}");
    assert!(said.contains(r#""pagination":{"hasMore":true,"page":1}"#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_message() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two", "three"]).await;
    let mut said = String::new();
    for more in [
        json!({"afterSeq": 1}),
        json!({"afterSeq": 0, "limit": 2}),
        json!({"afterSeq": 3}),
        json!({"afterSeq": 99}),
        json!({"afterSeq": 1, "page": 1}),
        json!({"afterSeq": -1}),
        json!({"afterSeq": "x"}),
    ] {
        let mut asked = more;
        asked["otherUserId"] = "alice".into();
        said += &brief(&world.ask("bob", HISTORY, asked).await);
        said += "\n";
    }
    assert_snapshot!(said, @r##"
    bob hears 430[{"messages":["#2 alice to bob: two","#3 alice to bob: three"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"limit":50,"total":3},"success":true}]
    bob hears 431[{"messages":["#1 alice to bob: one","#2 alice to bob: two"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":true,"limit":2,"total":3},"success":true}]
    bob hears 432[{"messages":[],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"limit":50,"total":3},"success":true}]
    bob hears 433[{"messages":[],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"limit":50,"total":3},"success":true}]
    bob hears 434[{"error":"VALIDATION_ERROR: afterSeq cannot be combined with page","success":false}]
    bob hears 435[{"error":"VALIDATION_ERROR: afterSeq must be a whole number","success":false}]
    bob hears 436[{"error":"VALIDATION_ERROR: afterSeq must be a whole number","success":false}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn bounds_of_pages() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let mut said = String::new();
    for more in [
        json!({"page": 0}),
        json!({"page": -1}),
        json!({"page": 1.5}),
        json!({"page": "first"}),
        json!({"limit": 0}),
        json!({"limit": 101}),
        json!({"limit": 100, "page": 7}),
    ] {
        let mut asked = more;
        asked["otherUserId"] = "alice".into();
        said += &brief(&world.emit("bob", HISTORY, asked).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    bob hears 42["error","VALIDATION_ERROR: page must be a whole number from 1"]
    bob hears 42["error","VALIDATION_ERROR: page must be a whole number"]
    bob hears 42["error","VALIDATION_ERROR: page must be a whole number"]
    bob hears 42["error","VALIDATION_ERROR: page must be a whole number"]
    bob hears 42["error","VALIDATION_ERROR: limit must be a whole number from 1 to 100"]
    bob hears 42["error","VALIDATION_ERROR: limit must be a whole number from 1 to 100"]
    bob hears 42["message_history",{"messages":[],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"page":7}}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn with_whom() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    assert_snapshot!(brief(&world.ask("alice", HISTORY, json!({"otherUserId": "nobody"})).await), @r#"alice hears 430[{"error":"NOT_FOUND: Receiver not found","success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", HISTORY, json!({"otherUserId": "alice"})).await), @r#"alice hears 431[{"error":"VALIDATION_ERROR: otherUserId must be somebody else","success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", HISTORY, json!({})).await), @r#"alice hears 432[{"error":"VALIDATION_ERROR: otherUserId is required","success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", HISTORY, json!({"otherUserId": 7})).await), @r#"alice hears 433[{"error":"VALIDATION_ERROR: otherUserId must be a string","success":false}]"#);
    assert_snapshot!(world.send("alice", &format!("42[\"{HISTORY}\"]")).await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","message":"data must be an object"}]"#);
    // Known, but nothing was ever said.
    assert_snapshot!(world.ask("alice", HISTORY, json!({"otherUserId": "bob"})).await, @r#"alice hears 434[{"messages":[],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"page":1},"success":true}]"#);
    assert_snapshot!(brief(&world.ask("alice", HISTORY, json!({"otherUserId": "bob", "afterSeq": 0})).await), @r#"alice hears 435[{"messages":[],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"limit":50,"total":0},"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn fetching_is_receiving() {
    let mut world = MESSENGER.world().await;
    world.know(&["bob"]).await;
    MESSENGER.join(&mut world, "alice").await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two"]).await;
    MESSENGER.join(&mut world, "bob").await;
    let two = json!({"otherUserId": "alice", "limit": 1});
    assert_snapshot!(brief(&world.ask("bob", HISTORY, two.clone()).await), @r##"
    alice hears 42["message_delivered",{"messageId":"alice+bob #2"}]
    bob hears 430[{"messages":["#2 alice to bob: two"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":true,"page":1},"success":true}]
    "##);
    assert_snapshot!(brief(&world.ask("bob", HISTORY, two).await), @r##"bob hears 431[{"messages":["#2 alice to bob: two"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":true,"page":1},"success":true}]"##);
}

#[tokio::test(start_paused = true)]
async fn a_history_is_of_the_two_and_no_one_else() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.join(&mut world, "carol").await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["to Bob"]).await;
    MESSENGER.send_texts(&mut world, "alice", "carol", &["to Carol"]).await;
    assert_snapshot!(history(&mut world, "carol", "alice").await, @r##"carol hears 42["message_history",{"messages":["#1 alice to carol: to Carol"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"page":1}}]"##);
    assert_snapshot!(history(&mut world, "carol", "bob").await, @r#"carol hears 42["message_history",{"messages":[],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"page":1}}]"#);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_for_one_event_is_shortened_and_comes_whole_in_smaller_parts() {
    let mut world = MESSENGER.connected_with(&TWO_CLIENTS, &[("RateLimits", "off")]).await;
    for _ in 0..12 {
        MESSENGER.send_texts(&mut world, "alice", "bob", &[&"\u{1f680}".repeat(4_000)]).await;
    }
    MESSENGER.send_texts(&mut world, "alice", "bob", &["short"]).await;
    for asked in [false, true] {
        let wanted = json!({"otherUserId": "alice"});
        let said =
            if asked { world.ask("bob", HISTORY, wanted).await } else { world.emit("bob", HISTORY, wanted).await };
        let frame = said.strip_prefix("bob hears ").unwrap().trim_end();
        assert!((130_000..=131_072).contains(&frame.len()), "as much as there is room for: {}", frame.len());
        let said: Value = serde_json::from_str(frame.split_at(frame.find('[').unwrap()).1).unwrap();
        let messages = said.as_array().unwrap().last().unwrap()["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 13);
        let (last, long) = messages.split_last().unwrap();
        assert_eq!((&last["content"], last.get("truncated")), (&json!("short"), None));
        let length = |message: &Value| message["content"].as_str().unwrap().chars().count();
        for message in long {
            assert_eq!((length(message), &message["truncated"]), (length(&long[0]), &json!(true)));
        }
    }
    let said = world.ask("bob", HISTORY, json!({"otherUserId": "alice", "limit": 6})).await;
    assert_eq!(said.matches("\u{1f680}").count(), 5 * 4_000);
    assert!(!said.contains("truncated"), "whole");
}

#[tokio::test(start_paused = true)]
async fn a_history_of_many_long_addresses_and_names_is_shortened_too() {
    let mut world = MESSENGER.connected_with(&TWO_CLIENTS, &[("RateLimits", "off")]).await;
    let claims = json!({"sub": "alice", "exp": world.clock.now().seconds() + 60, "name": "\u{1}".repeat(512)});
    world.join_with("alice2", &local::token::sign(&claims).unwrap()).await;
    let chat = world.chat("alice", "bob").await;
    let address = |number: usize| json!({"url": format!("https://media.example/{}/{number}", "x".repeat(2_000))});
    let media: Vec<Value> = (0..10).map(address).collect();
    for _ in 0..100 {
        let message = json!({"conversationId": chat, "text": "", "messageType": "image", "media": media});
        let said = world.rest("alice", "POST", "/classroom/api/chat/message", message).await;
        assert!(said.starts_with("alice gets 201"), "{said}");
    }
    let said = world.ask("bob", HISTORY, json!({"otherUserId": "alice", "limit": 100})).await;
    assert_eq!(said.matches("\"truncated\":true").count(), 100, "{said}");
    let whole = world.ask("bob", HISTORY, json!({"otherUserId": "alice", "limit": 1})).await;
    assert!(whole.contains(&address(9)["url"].to_string()) && !whole.contains("truncated"), "{whole}");
}
