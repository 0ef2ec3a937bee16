//! Sending: who hears a message and how, and what a message may contain.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{CLASSROOM, brief, messages_of, text};
use crate::worlds::{event_frame, message_id, unknown_chat_id};

#[tokio::test(start_paused = true)]
async fn a_message_is_confirmed_to_its_origin_and_heard_by_every_socket_of_everybody() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    assert_snapshot!(world.ask("alice", "send:message", text(&chat, "hello")).await, @r#"
    alice hears 430[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"sent","text":"hello","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    alice hears 42["message:sent",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"sent","text":"hello","updatedAt":"2026-01-02T03:04:05.006Z"},"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    alice hears 42["new:message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"sent","text":"hello","updatedAt":"2026-01-02T03:04:05.006Z"}}]
    alice hears 42["message:delivered",{"conversationId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    alice2 hears 42["new:message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"sent","text":"hello","updatedAt":"2026-01-02T03:04:05.006Z"}}]
    alice2 hears 42["message:delivered",{"conversationId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob hears 42["new:message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"sent","text":"hello","updatedAt":"2026-01-02T03:04:05.006Z"}}]
    bob2 hears 42["new:message",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"sent","text":"hello","updatedAt":"2026-01-02T03:04:05.006Z"}}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_an_ack_is_heard_by_the_same() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    assert_snapshot!(brief(&world.emit("bob2", "send:message", text(&chat, "hello")).await), @r##"
    alice+alice2 hears 42["new:message",{"message":"#1 by bob: hello, sent"}]
    bob hears 42["new:message",{"message":"#1 by bob: hello, sent"}]
    bob hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #1"}]
    bob2 hears 42["message:sent",{"message":"#1 by bob: hello, sent","messageId":"alice+bob #1"}]
    bob2 hears 42["new:message",{"message":"#1 by bob: hello, sent"}]
    bob2 hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_message_over_rest_has_no_origin() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let said = world.rest("alice", "POST", "/api/chat/message", text(&chat, "hello")).await;
    assert_snapshot!(said.lines().next().unwrap(), @r#"alice gets 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"sent","text":"hello","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}"#);
    assert_snapshot!(brief(&said), @r##"
    alice gets 201 {"data":"#1 by alice: hello, sent","success":true}
    alice hears 42["new:message",{"message":"#1 by alice: hello, sent"}]
    alice hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #1"}]
    alice2 hears 42["new:message",{"message":"#1 by alice: hello, sent"}]
    alice2 hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #1"}]
    bob+bob2 hears 42["new:message",{"message":"#1 by alice: hello, sent"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn the_type_is_text_unless_said() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    let least = json!({"conversationId": chat, "text": "hello"});
    let said = world.rest("alice", "POST", "/api/chat/message", least).await;
    assert!(said.starts_with("alice gets 201") && said.contains(r#""messageType":"text""#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn whether_a_room_was_joined_makes_no_difference() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let before = world.emit("alice", "send:message", text(&chat, "hello")).await;
    world.ask("bob", "join:conversation", super::of(&chat)).await;
    world.ask("alice2", "join:conversation", super::of(&chat)).await;
    let after = world.emit("alice", "send:message", text(&chat, "hello")).await;
    let (first, second) = (message_id(&chat, 1), message_id(&chat, 2));
    assert_eq!(before.replace(&first, &second).replace("\"seq\":1", "\"seq\":2"), after);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_of_others_looks_like_one_that_does_not_exist() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let foreign = world.ask("carol", "send:message", text(&chat, "hello")).await;
    assert_snapshot!(foreign, @r#"carol hears 430[{"error":{"code":"NOT_FOUND","message":"conversation not found"},"success":false}]"#);
    let unknown = world.ask("carol", "send:message", text(&unknown_chat_id(), "hello")).await;
    let malformed = world.ask("carol", "send:message", text("no conversation at all", "hello")).await;
    assert_eq!(foreign.replace("430[", ""), unknown.replace("431[", ""));
    assert_eq!(foreign.replace("430[", ""), malformed.replace("432[", ""));
    let foreign = world.rest("carol", "POST", "/api/chat/message", text(&chat, "hello")).await;
    assert_snapshot!(foreign, @r#"carol gets 404 {"code":"NOT_FOUND","message":"conversation not found","success":false}"#);
    for missing in [unknown_chat_id(), "no conversation at all".to_owned()] {
        assert_eq!(foreign, world.rest("carol", "POST", "/api/chat/message", text(&missing, "hello")).await);
    }
}

#[tokio::test(start_paused = true)]
async fn text_is_returned_as_sent() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    for sent in ["  <b>&amp; \"quoted\"</b>\n\t", "\u{feff}e\u{301}\u{1f469}\u{200d}\u{1f680}\u{0}"] {
        world.emit("alice", "send:message", text(&chat, sent)).await;
        let path = format!("/api/chat/conversation/{chat}/messages?limit=1");
        let (_, answer) = world.request("bob", "GET", &path, "").await;
        assert_eq!(answer["data"][0]["text"], sent);
    }
}

#[tokio::test(start_paused = true)]
async fn only_white_space_is_empty() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    assert_snapshot!(world.ask("alice", "send:message", text(&chat, "")).await, @r#"alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"text must not be empty"},"success":false}]"#);
    let mut said = String::new();
    for message in [
        text(&chat, " \t\n\u{a0}\u{2003}"),
        super::of(&chat),
        json!({"conversationId": chat, "text": null}),
        json!({"conversationId": chat, "media": []}),
        // Which is what a type that is left out means.
        json!({"conversationId": chat, "media": [{"url": "https://media.example/one"}]}),
    ] {
        said += &brief(&world.ask("alice", "send:message", message).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 431[{"error":"VALIDATION_ERROR: text must not be empty","success":false}]
    alice hears 432[{"error":"VALIDATION_ERROR: text must not be empty","success":false}]
    alice hears 433[{"error":"VALIDATION_ERROR: text must not be empty","success":false}]
    alice hears 434[{"error":"VALIDATION_ERROR: text must not be empty","success":false}]
    alice hears 435[{"error":"VALIDATION_ERROR: text must not be empty","success":false}]
    "#);
    assert_snapshot!(world.rest("alice", "POST", "/api/chat/message", text(&chat, " ")).await, @r#"alice gets 400 {"code":"VALIDATION_ERROR","message":"text must not be empty","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn a_text_has_at_most_4000_characters_however_many_bytes_they_take() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    for character in ["a", "é", "\u{1f680}"] {
        let longest = character.repeat(4_000);
        let said = world.ask("alice", "send:message", text(&chat, &longest)).await;
        assert!(said.contains(&longest) && said.contains("\"success\":true"), "4,000 times {character}");
        let said = brief(&world.ask("alice", "send:message", text(&chat, &character.repeat(4_001))).await);
        assert!(said.contains("VALIDATION_ERROR: text must be at most 4000 characters"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_named_as_it_was_sent() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    let mut said = String::new();
    for message in [
        json!({"conversationId": chat, "text": "hello", "messageType": "sticker"}),
        json!({"conversationId": chat, "text": "hello", "messageType": "TEXT"}),
        json!({"conversationId": chat, "text": "hello", "messageType": 1}),
        json!({"conversationId": chat, "messageType": "audio", "text": "a caption"}),
        json!({"conversationId": chat, "messageType": "image", "media": []}),
        json!({"conversationId": chat, "text": 1}),
        json!({"conversationId": chat, "text": "hello", "media": "https://media.example/one"}),
        json!({"conversationId": chat, "text": "hello", "replyTo": 1}),
        json!({"conversationId": chat, "text": "hello", "clientMessageId": ""}),
        json!({"conversationId": 1, "text": "hello"}),
        json!({"conversationId": "", "text": "hello"}),
        json!({"text": "hello"}),
    ] {
        said += &brief(&world.emit("alice", "send:message", message).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: messageType must be one of text, image, video, audio, file"]
    alice hears 42["error","VALIDATION_ERROR: messageType must be one of text, image, video, audio, file"]
    alice hears 42["error","VALIDATION_ERROR: messageType must be a string"]
    alice hears 42["error","VALIDATION_ERROR: media is required for messageType audio"]
    alice hears 42["error","VALIDATION_ERROR: media is required for messageType image"]
    alice hears 42["error","VALIDATION_ERROR: text must be a string"]
    alice hears 42["error","VALIDATION_ERROR: media must be a list"]
    alice hears 42["error","VALIDATION_ERROR: replyTo must be a string"]
    alice hears 42["error","VALIDATION_ERROR: clientMessageId must be a string of 1 to 64 characters"]
    alice hears 42["error","VALIDATION_ERROR: conversationId must be a string"]
    alice hears 42["error","VALIDATION_ERROR: conversationId must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: conversationId is required"]
    "#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r#"bob gets 200 {"data":[],"pagination":{"limit":50,"page":1,"total":0},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn messages_sent_at_once_have_numbers_without_gaps() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let sends: Vec<(&str, String)> = ["alice", "bob", "alice2", "bob2"]
        .into_iter()
        .cycle()
        .take(12)
        .map(|label| (label, event_frame("send:message", &text(&chat, "at once"))))
        .collect();
    let said = world.send_all(&sends).await;
    assert_eq!(said.matches("\"message:sent\"").count(), 12, "{said}");
    assert_eq!(said.matches("\"new:message\"").count(), 48, "{said}");
    let (_, answer) = world.request("alice", "GET", &format!("/api/chat/conversation/{chat}/messages"), "").await;
    let numbers: Vec<&Value> = answer["data"].as_array().unwrap().iter().map(|message| &message["seq"]).collect();
    let mut sorted: Vec<u64> = numbers.iter().map(|number| number.as_u64().unwrap()).collect();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=12).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn messages_of_the_same_device_keep_their_order() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":["#1 by alice: one, delivered","#2 by alice: two, delivered","#3 by alice: three, delivered"],"pagination":{"limit":50,"page":1,"total":3},"success":true}"##);
}
