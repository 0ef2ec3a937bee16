//! Sending: who hears a message and how, what it may contain, and answering one.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief, messages_of, text};
use crate::worlds::{event_frame, message_id, unknown_chat_id};

#[tokio::test(start_paused = true)]
async fn a_message_is_heard_by_every_socket_of_everybody_in_the_chat() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let message = json!({
        "chatId": chat, "content": "hello", "messageType": "text", "mediaUrl": null, "parentMessageId": null,
    });
    assert_snapshot!(world.ask("alice", "sendMessage", message).await, @r#"
    alice hears 430[{"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":null,"messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 42["newMessage",{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":null,"messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["messageDelivered",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    alice2 hears 42["newMessage",{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":null,"messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice2 hears 42["messageDelivered",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob hears 42["newMessage",{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":null,"messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob2 hears 42["newMessage",{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":null,"messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_an_ack_is_heard_by_the_same() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    assert_snapshot!(brief(&world.emit("bob2", "sendMessage", text(&chat, "hello")).await), @r##"
    alice+alice2 hears 42["newMessage","#1 by bob: hello"]
    bob+bob2 hears 42["newMessage","#1 by bob: hello"]
    bob+bob2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_message_over_rest_is_heard_by_the_same() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let path = format!("/api/chat/{chat}/send");
    let message = json!({"content": "hello", "messageType": "text"});
    let said = world.rest("alice", "POST", &path, message).await;
    assert_snapshot!(said.lines().next().unwrap(), @r#"alice gets 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":"hello","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isEdited":false,"mediaUrl":null,"messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"sent","updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Message sent","success":true}"#);
    assert_snapshot!(brief(&said), @r##"
    alice gets 201 {"data":"#1 by alice: hello","message":"Message sent","success":true}
    alice hears 42["newMessage","#1 by alice: hello"]
    alice hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    alice2 hears 42["newMessage","#1 by alice: hello"]
    alice2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob+bob2 hears 42["newMessage","#1 by alice: hello"]
    "##);
    // The path says where, whatever the body says.
    let message = json!({"content": "again", "chatId": unknown_chat_id()});
    assert_snapshot!(brief(world.rest("alice", "POST", &path, message).await.lines().next().unwrap()), @r##"alice gets 201 {"data":"#2 by alice: again","message":"Message sent","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn whether_a_room_was_joined_makes_no_difference() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.ask("bob", "join-chat", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.emit("alice", "sendMessage", text(&chat, "hello")).await), @r##"
    alice+alice2 hears 42["newMessage","#1 by alice: hello"]
    alice+alice2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob+bob2 hears 42["newMessage","#1 by alice: hello"]
    "##);
}

#[tokio::test(start_paused = true)]
async fn the_type_is_text_unless_said() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let said = world.ask("alice", "sendMessage", json!({"chatId": chat, "content": "hello"})).await;
    assert!(said.contains(r#""messageType":"text""#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_chat_of_others_looks_like_one_that_does_not_exist() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    assert_snapshot!(world.ask("carol", "sendMessage", text(&chat, "hello")).await, @r#"carol hears 430[{"error":{"code":"NOT_FOUND","message":"chat not found"},"success":false}]"#);
    let foreign = world.emit("carol", "sendMessage", text(&chat, "hello")).await;
    assert_snapshot!(foreign, @r#"carol hears 42["error",{"code":"NOT_FOUND","message":"chat not found"}]"#);
    assert_eq!(world.emit("carol", "sendMessage", text(&unknown_chat_id(), "hello")).await, foreign);
    assert_eq!(world.emit("carol", "sendMessage", text("no chat at all", "hello")).await, foreign);
}

#[tokio::test(start_paused = true)]
async fn text_is_returned_as_sent() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    for content in ["  <b>&amp; \"quoted\"</b>\n\t", "\u{feff}e\u{301}\u{1f469}\u{200d}\u{1f680}\u{0}"] {
        let said = world.ask("alice", "sendMessage", text(&chat, content)).await;
        let (_, ack) = said.lines().next().unwrap().split_once(" hears 43").unwrap();
        let sent: Value = serde_json::from_str(ack.trim_start_matches(char::is_numeric)).unwrap();
        assert_eq!(sent[0]["data"]["content"], content);
        let (_, answer) = world.request("bob", "GET", &format!("/api/chat/{chat}/messages?limit=1"), "").await;
        assert_eq!(answer["data"]["messages"][0]["content"], content);
    }
}

#[tokio::test(start_paused = true)]
async fn only_white_space_is_empty() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let mut said = String::new();
    for message in [
        text(&chat, ""),
        text(&chat, " \t\n\u{a0}\u{2003}"),
        json!({"chatId": chat, "messageType": "text"}),
        json!({"chatId": chat, "content": null}),
    ] {
        said += &brief(&world.ask("alice", "sendMessage", message).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 430[{"error":"VALIDATION_ERROR: content must not be empty","success":false}]
    alice hears 431[{"error":"VALIDATION_ERROR: content must not be empty","success":false}]
    alice hears 432[{"error":"VALIDATION_ERROR: content must not be empty","success":false}]
    alice hears 433[{"error":"VALIDATION_ERROR: content must not be empty","success":false}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_text_has_at_most_1000_characters_however_many_bytes_they_take() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let path = format!("/api/chat/{chat}/send");
    for character in ["a", "é", "\u{1f680}"] {
        let longest = character.repeat(1_000);
        let said = world.ask("alice", "sendMessage", text(&chat, &longest)).await;
        assert!(said.contains(&longest) && said.contains("\"success\":true"), "1,000 times {character}");
        let said = world.rest("alice", "POST", &path, json!({"content": longest})).await;
        assert!(said.starts_with("alice gets 201"), "1,000 times {character}");
        let longer = character.repeat(1_001);
        let mut said = world.ask("alice", "sendMessage", text(&chat, &longer)).await;
        said += &world.rest("alice", "POST", &path, json!({"content": longer})).await;
        assert_eq!(said.matches("content must be at most 1000 characters").count(), 2, "{said}");
    }
    // What is longer in another dialect is shown whole.
    let longest = "a".repeat(4_000);
    let elsewhere = json!({"chatId": chat, "content": longest});
    let said = world.rest("alice", "POST", "/recruiting/api/message/send", elsewhere).await;
    assert!(super::heard_by("bob", &said).contains(&longest), "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_named_as_it_was_sent() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let url = "https://media.example/one";
    let mut said = String::new();
    for message in [
        json!({"content": "hello"}),
        json!({"chatId": 1, "content": "hello"}),
        json!({"chatId": "", "content": "hello"}),
        json!({"chatId": chat, "content": 1}),
        json!({"chatId": chat, "messageType": "TEXT", "content": "hello"}),
        json!({"chatId": chat, "messageType": 1, "content": "hello"}),
        json!({"chatId": chat, "messageType": "file", "mediaUrl": url}),
        json!({"chatId": chat, "messageType": "audio", "mediaUrl": url}),
        json!({"chatId": chat, "messageType": "image", "content": "a caption"}),
        json!({"chatId": chat, "messageType": "video", "mediaUrl": null}),
        json!({"chatId": chat, "messageType": "text", "mediaUrl": url}),
        json!({"chatId": chat, "messageType": "image", "mediaUrl": "http://media.example/one"}),
        json!({"chatId": chat, "messageType": "image", "mediaUrl": 7}),
        json!({"chatId": chat, "content": "hello", "parentMessageId": 7}),
        json!({"chatId": chat, "content": "hello", "clientMessageId": "a".repeat(65)}),
    ] {
        said += &brief(&world.emit("alice", "sendMessage", message).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: chatId is required"]
    alice hears 42["error","VALIDATION_ERROR: chatId must be a string"]
    alice hears 42["error","VALIDATION_ERROR: chatId must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: content must be a string"]
    alice hears 42["error","VALIDATION_ERROR: messageType must be one of text, image, video"]
    alice hears 42["error","VALIDATION_ERROR: messageType must be a string"]
    alice hears 42["error","VALIDATION_ERROR: messageType must be one of text, image, video"]
    alice hears 42["error","VALIDATION_ERROR: messageType must be one of text, image, video"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl is required for messageType image"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl is required for messageType video"]
    alice hears 42["error","VALIDATION_ERROR: content must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be an https address of at most 2048 characters"]
    alice hears 42["error","VALIDATION_ERROR: mediaUrl must be a string"]
    alice hears 42["error","VALIDATION_ERROR: parentMessageId must be a string"]
    alice hears 42["error","VALIDATION_ERROR: clientMessageId must be a string of 1 to 64 characters"]
    "#);
}

#[tokio::test(start_paused = true)]
async fn every_validation_of_a_send_holds_over_rest_too() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let mut said = String::new();
    for body in [
        json!({}),
        json!({"content": " "}),
        json!({"content": "hello", "messageType": "audio"}),
        json!({"content": "hello", "messageType": "image"}),
        json!({"messageType": "image", "mediaUrl": "http://media.example/one"}),
        json!({"content": "hello", "parentMessageId": message_id(&chat, 1)}),
    ] {
        said += &brief(&world.rest("alice", "POST", &format!("/api/chat/{chat}/send"), body).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice gets 400 "VALIDATION_ERROR: content must not be empty"
    alice gets 400 "VALIDATION_ERROR: content must not be empty"
    alice gets 400 "VALIDATION_ERROR: messageType must be one of text, image, video"
    alice gets 400 "VALIDATION_ERROR: mediaUrl is required for messageType image"
    alice gets 400 "VALIDATION_ERROR: mediaUrl must be an https address of at most 2048 characters"
    alice gets 404 "NOT_FOUND: message not found"
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_reply_names_the_message_it_answers() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "bob", &chat, &["a question"]).await;
    let answer = |content: &str| json!({"chatId": chat, "content": content, "parentMessageId": message_id(&chat, 1)});
    let said = world.ask("alice", "sendMessage", answer("an answer")).await;
    assert!(said.contains(&format!(r#""parentMessage":"{}""#, message_id(&chat, 1))), "{said}");
    assert_snapshot!(brief(&said), @r##"
    alice hears 430[{"data":"#2 by alice: an answer, to #1","success":true}]
    alice hears 42["newMessage","#2 by alice: an answer, to #1"]
    alice hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    alice2 hears 42["newMessage","#2 by alice: an answer, to #1"]
    alice2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    bob+bob2 hears 42["newMessage","#2 by alice: an answer, to #1"]
    "##);
    let path = format!("/api/chat/{chat}/send");
    assert_snapshot!(brief(world.rest("alice", "POST", &path, answer("another")).await.lines().next().unwrap()), @r##"alice gets 201 {"data":"#3 by alice: another, to #1","message":"Message sent","success":true}"##);
    // What was deleted since is still what was answered.
    let delete = format!("/api/chat/message/{}", message_id(&chat, 1));
    world.rest("bob", "DELETE", &delete, Value::Null).await;
    assert_snapshot!(brief(&world.emit("alice", "sendMessage", answer("a third")).await), @r##"
    alice+alice2 hears 42["newMessage","#4 by alice: a third, to #1"]
    alice+alice2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #4"}]
    bob+bob2 hears 42["newMessage","#4 by alice: a third, to #1"]
    "##);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by bob, delivered, isDeleted","#2 by alice: an answer, delivered, to #1","#3 by alice: another, delivered, to #1","#4 by alice: a third, delivered, to #1"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":4,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_the_chat_cannot_be_answered() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let other = world.chat("alice", "carol").await;
    MARKETPLACE.send_texts(&mut world, "carol", &other, &["elsewhere"]).await;
    let mut said = String::new();
    for parent in
        [message_id(&chat, 1), message_id(&other, 1), message_id(&unknown_chat_id(), 1), "no message".to_owned()]
    {
        let reply = json!({"chatId": chat, "content": "an answer", "parentMessageId": parent});
        said += &brief(&world.ask("alice", "sendMessage", reply).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 430[{"error":"NOT_FOUND: message not found","success":false}]
    alice hears 431[{"error":"NOT_FOUND: message not found","success":false}]
    alice hears 432[{"error":"NOT_FOUND: message not found","success":false}]
    alice hears 433[{"error":"NOT_FOUND: message not found","success":false}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn messages_sent_at_once_have_numbers_without_gaps() {
    let (mut world, chat) = MARKETPLACE.two_clients_with(&[("RateLimits", "off")]).await;
    let sends: Vec<(&str, String)> = (0..30)
        .map(|index| (["alice", "bob"][index % 2], event_frame("sendMessage", &text(&chat, &index.to_string()))))
        .collect();
    let said = world.send_all(&sends).await;
    assert_eq!(said.matches("\"newMessage\"").count(), 60, "{said}");
    let (_, answer) = world.request("bob", "GET", &format!("/api/chat/{chat}/messages?afterSeq=0"), "").await;
    let numbers = answer["data"]["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap());
    assert_eq!(numbers.collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
}
