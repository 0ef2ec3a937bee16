//! Sending: who hears a message and how, and what a message may contain.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{RECRUITING, brief, text};
use crate::worlds::{event_frame, message_id};

#[tokio::test(start_paused = true)]
async fn a_message_is_heard_by_everybody_in_the_chat() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let message = json!({"chatId": chat, "receiverId": "bob", "content": "hello", "messageType": "text"});
    assert_snapshot!(world.ask("alice", "send_message", message).await, @r#"
    alice hears 430[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 42["message_sent",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    alice hears 42["chat_updated",{"chatId":"e70c08a3288036ef87ef9f6e","latestMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["message_delivered",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    alice2 hears 42["new_message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    alice2 hears 42["chat_updated",{"chatId":"e70c08a3288036ef87ef9f6e","latestMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice2 hears 42["message_delivered",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob hears 42["new_message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    bob hears 42["chat_updated",{"chatId":"e70c08a3288036ef87ef9f6e","latestMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob2 hears 42["new_message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    bob2 hears 42["chat_updated",{"chatId":"e70c08a3288036ef87ef9f6e","latestMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_an_ack_is_heard_by_the_same() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    assert_snapshot!(brief(&world.emit("bob2", "send_message", text(&chat, "hello")).await), @r##"
    alice+alice2 hears 42["new_message",{"message":"#1 by bob: hello"}]
    alice+alice2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 42["new_message",{"message":"#1 by bob: hello"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob2 hears 42["message_sent",{"message":"#1 by bob: hello"}]
    bob2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob2 hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_message_over_rest_has_no_origin() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let message = json!({"chatId": chat, "receiverId": "bob", "content": "hello", "messageType": "text"});
    let said = world.rest("alice", "POST", "/api/message/send", message).await;
    assert_snapshot!(said.lines().next().unwrap(), @r#"alice gets 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Message sent","success":true}"#);
    assert_snapshot!(brief(&said), @r##"
    alice gets 201 {"data":"#1 by alice: hello","message":"Message sent","success":true}
    alice hears 42["new_message",{"message":"#1 by alice: hello"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    alice2 hears 42["new_message",{"message":"#1 by alice: hello"}]
    alice2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice2 hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob+bob2 hears 42["new_message",{"message":"#1 by alice: hello"}]
    bob+bob2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by alice: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn type_and_receiver_may_be_left_out() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let least = json!({"chatId": chat, "content": "hello"});
    assert_snapshot!(world.ask("alice", "send_message", least).await.lines().next().unwrap(), @r#"alice hears 430[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_who_is_not_the_other_is_refused() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    for receiver in ["alice", "carol", "nobody"] {
        let message = json!({"chatId": chat, "receiverId": receiver, "content": "hello"});
        let said = brief(&world.ask("alice", "send_message", message).await);
        assert!(
            said.ends_with(r#""success":false}]"#) && said.contains("VALIDATION_ERROR (field receiverId)"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_chat_of_others_looks_like_one_that_does_not_exist() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let foreign = world.ask("carol", "send_message", text(&chat, "hello")).await;
    assert_snapshot!(foreign, @r#"carol hears 430[{"error":{"code":"NOT_FOUND","details":{"field":"chatId"},"message":"chat not found","timestamp":1767323045006},"success":false}]"#);
    let unknown = world.ask("carol", "send_message", text("0123456789abcdef01234567", "hello")).await;
    let malformed = world.ask("carol", "send_message", text("no chat at all", "hello")).await;
    assert_eq!(foreign.replace("430[", ""), unknown.replace("431[", ""));
    assert_eq!(foreign.replace("430[", ""), malformed.replace("432[", ""));
    let foreign = world.rest("carol", "POST", "/api/message/send", text(&chat, "hello")).await;
    assert_snapshot!(foreign, @r#"carol gets 404 {"error":{"code":"NOT_FOUND","details":{"field":"chatId"},"message":"chat not found","timestamp":1767323045006},"message":"chat not found","success":false}"#);
    let unknown = world.rest("carol", "POST", "/api/message/send", text("0123456789abcdef01234567", "hello")).await;
    assert_eq!(foreign, unknown);
}

#[tokio::test(start_paused = true)]
async fn text_is_returned_as_sent() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    for content in ["  <b>&amp; \"quoted\"</b>\n\t", "\u{feff}e\u{301}\u{1f469}\u{200d}\u{1f680}\u{0}"] {
        let said = world.ask("alice", "send_message", text(&chat, content)).await;
        let (_, ack) = said.lines().next().unwrap().split_once(" hears 43").unwrap();
        let sent: Value = serde_json::from_str(ack.trim_start_matches(char::is_numeric)).unwrap();
        assert_eq!(sent[0]["message"]["content"], content);
        let (_, answer) = world.request("bob", "GET", &format!("/api/message/chat/{chat}?limit=1"), "").await;
        assert_eq!(answer["data"]["messages"][0]["content"], content);
    }
}

#[tokio::test(start_paused = true)]
async fn only_white_space_is_empty() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    assert_snapshot!(world.ask("alice", "send_message", text(&chat, "")).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","details":{"field":"content"},"message":"content must not be empty","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, " \t\n\u{a0}\u{2003}")).await), @r#"alice hears 431[{"error":"VALIDATION_ERROR (field content): content must not be empty","success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", "send_message", json!({"chatId": chat})).await), @r#"alice hears 432[{"error":"VALIDATION_ERROR (field content): content must not be empty","success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", "send_message", json!({"chatId": chat, "content": null})).await), @r#"alice hears 433[{"error":"VALIDATION_ERROR (field content): content must not be empty","success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_text_has_at_most_4000_characters_however_many_bytes_they_take() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    for character in ["a", "é", "\u{1f680}"] {
        let longest = character.repeat(4_000);
        let said = world.ask("alice", "send_message", text(&chat, &longest)).await;
        assert!(said.contains(&longest) && said.contains("\"success\":true"), "4,000 times {character}");
        let said = world.rest("alice", "POST", "/api/message/send", text(&chat, &longest)).await;
        assert!(said.starts_with("alice gets 201"), "4,000 times {character}");
        let said = brief(&world.ask("alice", "send_message", text(&chat, &character.repeat(4_001))).await);
        assert!(said.contains("VALIDATION_ERROR (field content): content must be at most 4000 characters"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn media_of_every_type() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let mut said = String::new();
    for (kind, content) in
        [("image", json!("a caption")), ("video", json!("")), ("file", Value::Null), ("text", json!("words"))]
    {
        let media =
            json!({"chatId": chat, "mediaUrl": "https://media.example/one", "messageType": kind, "content": content});
        said += world.ask("alice", "send_message", media).await.lines().next().unwrap();
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 430[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"a caption","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":"https://media.example/one","messageType":"image","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 431[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000002","chatId":"e70c08a3288036ef87ef9f6e","content":"","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":"https://media.example/one","messageType":"video","receiverId":"bob","senderId":"alice","seq":2,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 432[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000003","chatId":"e70c08a3288036ef87ef9f6e","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":"https://media.example/one","messageType":"file","receiverId":"bob","senderId":"alice","seq":3,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 433[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000004","chatId":"e70c08a3288036ef87ef9f6e","content":"words","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":"https://media.example/one","messageType":"text","receiverId":"bob","senderId":"alice","seq":4,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_type_wants_what_it_is_of() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let url = "https://media.example/one";
    let mut said = String::new();
    for message in [
        json!({"chatId": chat, "messageType": "image", "content": "a caption"}),
        json!({"chatId": chat, "messageType": "video"}),
        json!({"chatId": chat, "messageType": "file", "content": "a caption", "mediaUrl": null}),
        json!({"chatId": chat, "messageType": "text", "mediaUrl": url}),
        json!({"chatId": chat, "messageType": "audio", "mediaUrl": url}),
        json!({"chatId": chat, "messageType": "TEXT", "content": "hello"}),
        json!({"chatId": chat, "messageType": 1, "content": "hello"}),
        json!({"chatId": chat, "content": 1}),
        json!({"chatId": 1, "content": "hello"}),
        json!({"chatId": "", "content": "hello"}),
        json!({"content": "hello"}),
        json!({"chatId": chat, "content": "hello", "receiverId": 1}),
    ] {
        said += &brief(&world.emit("alice", "send_message", message).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR (field mediaUrl): mediaUrl is required for messageType image"]
    alice hears 42["error","VALIDATION_ERROR (field mediaUrl): mediaUrl is required for messageType video"]
    alice hears 42["error","VALIDATION_ERROR (field mediaUrl): mediaUrl is required for messageType file"]
    alice hears 42["error","VALIDATION_ERROR (field content): content must not be empty"]
    alice hears 42["error","VALIDATION_ERROR (field messageType): messageType must be one of text, image, video, file"]
    alice hears 42["error","VALIDATION_ERROR (field messageType): messageType must be one of text, image, video, file"]
    alice hears 42["error","VALIDATION_ERROR (field messageType): messageType must be a string"]
    alice hears 42["error","VALIDATION_ERROR (field content): content must be a string"]
    alice hears 42["error","VALIDATION_ERROR (field chatId): chatId must be a string"]
    alice hears 42["error","VALIDATION_ERROR (field chatId): chatId must not be empty"]
    alice hears 42["error","VALIDATION_ERROR (field chatId): chatId is required"]
    alice hears 42["error","VALIDATION_ERROR (field receiverId): receiverId must be a string"]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_medium_has_an_https_address_of_at_most_2048_characters() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let image = |url: &str| json!({"chatId": chat, "messageType": "image", "mediaUrl": url});
    let longest = format!("https://media.example/{}", "é".repeat(2_048 - 22));
    let said = world.ask("alice", "send_message", image(&longest)).await;
    assert!(said.contains("\"success\":true"), "{said}");
    let too_long = format!("{longest}é");
    for url in [
        &too_long,
        "http://media.example/one",
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "//media.example",
        "https://",
        "",
    ] {
        let said = brief(&world.ask("alice", "send_message", image(url)).await);
        assert!(said.contains("VALIDATION_ERROR (field mediaUrl)"), "{url}: {said}");
        assert_eq!(said.lines().count(), 1, "{url}: {said}");
    }
    assert_snapshot!(brief(&world.ask("alice", "send_message", image("http://media.example/one")).await), @r#"alice hears 438[{"error":"VALIDATION_ERROR (field mediaUrl): mediaUrl must be an https address of at most 2048 characters","success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_not_stored() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.emit("alice", "send_message", text(&chat, " ")).await;
    world.emit("alice", "send_message", json!({"chatId": chat, "messageType": "image"})).await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["first"]).await;
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice: first"],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_message_has_the_time_at_which_the_gateway_received_it() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.clock.advance(1_234);
    let said = world.ask("alice", "send_message", text(&chat, "hello")).await;
    assert!(said.contains(r#""createdAt":"2026-01-02T03:04:06.240Z""#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn numbers_have_no_gaps_whoever_sends_at_the_same_time() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let sends: Vec<(&str, String)> = (0..40)
        .map(|index| {
            let label = ["alice", "bob", "alice2", "bob2"][index % 4];
            (label, event_frame("send_message", &text(&chat, &format!("{label} {index}"))))
        })
        .collect();
    let said = world.send_all(&sends).await;
    assert!(!said.contains("\"error\""), "{said}");
    let (_, answer) =
        world.request("alice", "GET", &format!("/api/message/chat/{chat}?afterSeq=0&limit=100"), "").await;
    let messages = answer["data"]["messages"].as_array().unwrap();
    let numbers: Vec<u64> = messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    for (label, reader) in [("alice", "bob"), ("bob", "alice")] {
        let heard = |number: u64| {
            said.lines()
                .any(|line| line.starts_with(&format!("{label} hears")) && line.contains(&message_id(&chat, number)))
        };
        assert!((1..=40).all(heard), "{label} hears every message");
        let (_, answer) = world.request(reader, "GET", "/api/message/unread-count", "").await;
        assert_eq!(answer["data"]["unreadCount"], 20, "{reader}");
    }
}
