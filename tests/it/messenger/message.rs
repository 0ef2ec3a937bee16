//! Sending: the chat that the first message makes, who hears, and what a message may contain.

use insta::assert_snapshot;
use serde_json::{Value, json};
use world::World;

use super::{MESSENGER, brief, history, message_id, text};
use crate::worlds::{FIVE_CLIENTS, TWO_CLIENTS, event_frame};

#[tokio::test(start_paused = true)]
async fn the_first_message_makes_the_chat_and_is_heard_by_both() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    assert_snapshot!(world.ask("alice", "send_message", text("bob", "hello")).await, @r#"
    alice hears 430[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"hello","isDeleted":false,"read":false,"receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1},"success":true}]
    alice hears 42["message_sent",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"hello","isDeleted":false,"read":false,"receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1},"success":true}]
    alice hears 42["message_delivered",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    alice2 hears 42["message_sent",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"hello","isDeleted":false,"read":false,"receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1},"success":true}]
    alice2 hears 42["message_delivered",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob hears 42["receive_message",{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"hello","isDeleted":false,"read":false,"receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1}]
    bob hears 42["message_notification",{"from":{"_id":"alice","name":"Alice Adams"},"message":"hello","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    bob2 hears 42["receive_message",{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"hello","isDeleted":false,"read":false,"receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1}]
    bob2 hears 42["message_notification",{"from":{"_id":"alice","name":"Alice Adams"},"message":"hello","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn without_an_ack_the_same_is_heard() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    assert_snapshot!(brief(&world.emit("bob2", "send_message", text("alice", "hello")).await), @r##"
    alice+alice2 hears 42["receive_message","#1 bob to alice: hello"]
    alice+alice2 hears 42["message_notification",{"from":{"_id":"bob","name":"Bob Brown"},"message":"hello","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    bob+bob2 hears 42["message_sent",{"message":"#1 bob to alice: hello","success":true}]
    bob+bob2 hears 42["message_delivered",{"messageId":"alice+bob #1"}]
    "##);
    assert_snapshot!(brief(&world.emit("alice", "send_message", text("bob", "hello yourself")).await), @r##"
    alice+alice2 hears 42["message_sent",{"message":"#2 alice to bob: hello yourself","success":true}]
    alice+alice2 hears 42["message_delivered",{"messageId":"alice+bob #2"}]
    bob+bob2 hears 42["receive_message","#2 alice to bob: hello yourself"]
    bob+bob2 hears 42["message_notification",{"from":{"_id":"alice","name":"Alice Adams"},"message":"hello yourself","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn the_chat_is_the_one_of_all_dialects() {
    let mut world = World::new().await;
    world.join_namespace("alice", "alice", "/messenger").await;
    world.join("bob").await;
    let said = world.ask("alice", "send_message", text("bob", "hello")).await;
    assert_snapshot!(brief(&said), @r##"
    alice hears 43/messenger,0[{"message":"#1 alice to bob: hello","success":true}]
    alice hears 42/messenger,["message_sent",{"message":"#1 alice to bob: hello","success":true}]
    alice hears 42/messenger,["message_delivered",{"messageId":"alice+bob #1"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":null,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 42["new_message",{"message":{"_id":"alice+bob #1","chatId":"alice+bob","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":{"_id":"alice+bob #1","chatId":"alice+bob","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    "##);
    let chat = world.chat("bob", "alice").await;
    let hello = json!({"chatId": chat, "content": "hello yourself"});
    assert_snapshot!(brief(&world.emit("bob", "send_message", hello).await.lines().filter(|line| line.starts_with("alice")).collect::<Vec<_>>().join("\n")), @r##"
    alice hears 42/messenger,["receive_message","#2 bob to alice: hello yourself"]
    alice hears 42/messenger,["message_notification",{"from":{"_id":"bob","name":"bob"},"message":"hello yourself","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn two_who_write_first_at_once_share_one_chat() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let (hers, his) =
        (event_frame("send_message", &text("bob", "hers")), event_frame("send_message", &text("alice", "his")));
    let said = world.send_all(&[("alice", hers), ("bob", his)]).await;
    assert_eq!(said.matches("\"message_sent\"").count(), 2, "{said}");
    let kept = history(&mut world, "alice", "bob").await;
    assert!(
        kept.contains("#1 ") && kept.contains("#2 ") && kept.contains(": hers") && kept.contains(": his"),
        "{kept}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_notification_holds_the_first_100_characters() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    for (content, preview) in [
        ("x".repeat(100), "x".repeat(100)),
        ("x".repeat(101), "x".repeat(100)),
        ("é🚀".repeat(60), "é🚀".repeat(50)),
        (" <b>\n ".to_owned(), " <b>\n ".to_owned()),
    ] {
        let said = world.emit("alice", "send_message", text("bob", &content)).await;
        let line = said.lines().find(|line| line.contains("\"message_notification\"")).unwrap();
        let event: Value = serde_json::from_str(line.split_once(" hears 42").unwrap().1).unwrap();
        assert_eq!(event[1]["message"], preview);
        assert!(said.contains(&json!(content).to_string()), "the message itself is whole: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_nobody_has_seen_is_not_found() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    assert_snapshot!(world.ask("alice", "send_message", text("nobody", "hello")).await, @r#"alice hears 430[{"error":{"code":"NOT_FOUND","message":"Receiver not found"},"success":false}]"#);
    assert_snapshot!(world.emit("alice", "send_message", text("nobody", "hello")).await, @r#"alice hears 42["error",{"code":"NOT_FOUND","message":"Receiver not found"}]"#);
}

#[tokio::test(start_paused = true)]
async fn somebody_known_need_not_be_here() {
    let mut world = MESSENGER.world().await;
    world.know(&["bob"]).await;
    MESSENGER.join(&mut world, "alice").await;
    assert_snapshot!(brief(&world.ask("alice", "send_message", text("bob", "hello")).await), @r##"
    alice hears 430[{"message":"#1 alice to bob: hello","success":true}]
    alice hears 42["message_sent",{"message":"#1 alice to bob: hello","success":true}]
    "##);
    // What he fetches is delivered.
    assert_snapshot!(brief(&MESSENGER.join(&mut world, "bob").await).lines().last().unwrap().to_owned(), @r#"bob hears 42["online_users",[{"_id":"alice","email":"alice@example.com","lastSeen":"2026-01-02T03:04:05.006Z","name":"Alice Adams","role":"customer","userId":"alice","username":"ally"},{"_id":"bob","email":"bob@example.com","lastSeen":"2026-01-02T03:04:05.006Z","name":"Bob Brown","role":null,"userId":"bob","username":null}]]"#);
    assert_snapshot!(history(&mut world, "bob", "alice").await, @r##"
    alice hears 42["message_delivered",{"messageId":"alice+bob #1"}]
    bob hears 42["message_history",{"messages":["#1 alice to bob: hello"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"page":1}}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_is_refused_with_a_plain_description() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let mut said = String::new();
    for message in [
        text("alice", "hello"),
        json!({"content": "hello"}),
        json!({"receiverId": "", "content": "hello"}),
        json!({"receiverId": 7, "content": "hello"}),
        json!({"receiverId": "é".repeat(129), "content": "hello"}),
        json!({"receiverId": "bob"}),
        json!({"receiverId": "bob", "content": null}),
        json!({"receiverId": "bob", "content": ["hello"]}),
        text("bob", ""),
        text("bob", " \t\n\u{a0}\u{2003}"),
        text("bob", &"é".repeat(4_001)),
        json!("hello"),
        Value::Null,
    ] {
        said += &brief(&world.emit("alice", "send_message", message).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: receiverId must be somebody else"]
    alice hears 42["error","VALIDATION_ERROR: receiverId is required"]
    alice hears 42["error","VALIDATION_ERROR: receiverId must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: receiverId must be a string"]
    alice hears 42["error","VALIDATION_ERROR: receiverId must be at most 128 characters"]
    alice hears 42["error","VALIDATION_ERROR: content must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: content must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: content must be a string"]
    alice hears 42["error","VALIDATION_ERROR: content must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: content must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: content must be at most 4000 characters"]
    alice hears 42["error","VALIDATION_ERROR: data must be an object"]
    alice hears 42["error","VALIDATION_ERROR: data must be an object"]
    "#);
    assert_snapshot!(history(&mut world, "alice", "bob").await, @r#"alice hears 42["message_history",{"messages":[],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"page":1}}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_text_has_at_most_4000_characters_and_is_kept_as_sent() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    for content in ["é".repeat(4_000), "\u{1f680}".repeat(4_000), "  <script>&amp;\u{0}\n ".to_owned()] {
        let said = world.ask("alice", "send_message", text("bob", &content)).await;
        let exactly = json!(content).to_string();
        assert!(said.matches(&exactly).count() >= 3, "ack, message_sent and receive_message hold it: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_has_the_time_at_which_the_gateway_received_it() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    world.clock.advance(1_234);
    let said = world.ask("alice", "send_message", text("bob", "hello")).await;
    assert_eq!(said.matches(r#""sentAt":"2026-01-02T03:04:06.240Z""#).count(), 3, "{said}");
    assert!(said.contains(r#""timestamp":"2026-01-02T03:04:06.240Z""#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn media_of_another_dialect_show_their_caption_or_their_name() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let chat = world.chat("alice", "bob").await;
    let url = "https://media.example/some%20film.mp4?size=large";
    let mut said = String::new();
    for (kind, content) in
        [("image", json!("a caption")), ("video", Value::Null), ("file", json!("")), ("text", json!("words"))]
    {
        let message = json!({"chatId": chat, "messageType": kind, "content": content, "mediaUrl": url});
        said += &world
            .rest("bob", "POST", "/recruiting/api/message/send", message)
            .await
            .lines()
            .filter(|line| line.contains("receive_message") || line.contains("message_notification"))
            .collect::<Vec<_>>()
            .join("\n");
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["receive_message",{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"a caption","isDeleted":false,"mediaUrl":"https://media.example/some%20film.mp4?size=large","read":false,"receiverId":"alice","receiverName":"alice","senderId":"bob","senderName":"bob","sentAt":"2026-01-02T03:04:05.006Z","seq":1}]
    alice hears 42["message_notification",{"from":{"_id":"bob","name":"bob"},"message":"a caption","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    alice hears 42["receive_message",{"_id":"e70c08a3288036ef87ef9f6e000000000002","content":"some%20film.mp4","isDeleted":false,"mediaUrl":"https://media.example/some%20film.mp4?size=large","read":false,"receiverId":"alice","receiverName":"alice","senderId":"bob","senderName":"bob","sentAt":"2026-01-02T03:04:05.006Z","seq":2}]
    alice hears 42["message_notification",{"from":{"_id":"bob","name":"bob"},"message":"some%20film.mp4","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    alice hears 42["receive_message",{"_id":"e70c08a3288036ef87ef9f6e000000000003","content":"some%20film.mp4","isDeleted":false,"mediaUrl":"https://media.example/some%20film.mp4?size=large","read":false,"receiverId":"alice","receiverName":"alice","senderId":"bob","senderName":"bob","sentAt":"2026-01-02T03:04:05.006Z","seq":3}]
    alice hears 42["message_notification",{"from":{"_id":"bob","name":"bob"},"message":"some%20film.mp4","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    alice hears 42["receive_message",{"_id":"e70c08a3288036ef87ef9f6e000000000004","content":"words","isDeleted":false,"mediaUrl":"https://media.example/some%20film.mp4?size=large","read":false,"receiverId":"alice","receiverName":"alice","senderId":"bob","senderName":"bob","sentAt":"2026-01-02T03:04:05.006Z","seq":4}]
    alice hears 42["message_notification",{"from":{"_id":"bob","name":"bob"},"message":"words","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn names_are_those_of_the_newest_token() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["before"]).await;
    let now = world.clock.now().seconds();
    let renamed = json!({"sub": "alice", "iat": now + 1, "exp": now + 60, "name": "Alice Brown"});
    world.join_with("alice2", &local::token::sign(&renamed).unwrap()).await;
    let kept = world.emit("bob", "get_message_history", json!({"otherUserId": "alice"})).await;
    assert!(kept.contains(r#""otherUser":{"_id":"alice","name":"Alice Brown"}"#), "{kept}");
    assert!(kept.contains(r#""senderName":"Alice Brown""#), "{kept}");
    assert!(kept.contains(&message_id("alice", "bob", 1)), "{kept}");
}
