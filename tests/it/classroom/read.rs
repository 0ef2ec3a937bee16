//! Reading: lists of messages, whole conversations, and how much of either is news.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{CLASSROOM, brief, chats_of, marking, messages_of, of, waiting};
use crate::worlds::{event_frame, message_id, unknown_chat_id};

const READ: &str = "/api/chat/messages/read";

#[tokio::test(start_paused = true)]
async fn a_list_is_told_to_every_socket_of_everybody() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.ask("bob", "message:read", marking(&chat, &[1, 3])).await, @r#"
    alice hears 42["messages:read",{"conversationId":"e70c08a3288036ef87ef9f6e","messageIds":["e70c08a3288036ef87ef9f6e000000000001","e70c08a3288036ef87ef9f6e000000000003"],"readBy":"bob"}]
    alice2 hears 42["messages:read",{"conversationId":"e70c08a3288036ef87ef9f6e","messageIds":["e70c08a3288036ef87ef9f6e000000000001","e70c08a3288036ef87ef9f6e000000000003"],"readBy":"bob"}]
    bob hears 430[{"markedCount":2,"success":true}]
    bob hears 42["messages:read",{"conversationId":"e70c08a3288036ef87ef9f6e","messageIds":["e70c08a3288036ef87ef9f6e000000000001","e70c08a3288036ef87ef9f6e000000000003"],"readBy":"bob"}]
    bob2 hears 42["messages:read",{"conversationId":"e70c08a3288036ef87ef9f6e","messageIds":["e70c08a3288036ef87ef9f6e000000000001","e70c08a3288036ef87ef9f6e000000000003"],"readBy":"bob"}]
    "#);
    assert_snapshot!(brief(&world.emit("bob2", "message:read", marking(&chat, &[2])).await), @r#"alice+alice2+bob+bob2 hears 42["messages:read",{"conversationId":"alice+bob","messageIds":["alice+bob #2"],"readBy":"bob"}]"#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#1 by alice: one, read","#2 by alice: two, read","#3 by alice: three, read"],"pagination":{"limit":50,"page":1,"total":3},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_conversation_or_list_is_refused() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let mut said = String::new();
    for argument in [
        of(&chat),
        json!({"conversationId": chat, "messageIds": null}),
        json!({"conversationId": chat, "messageIds": message_id(&chat, 1)}),
        json!({"conversationId": chat, "messageIds": [1]}),
        json!({"messageIds": [message_id(&chat, 1)]}),
        marking(&chat, &(1..=501).collect::<Vec<_>>()),
    ] {
        said += &brief(&world.emit("bob", "message:read", argument).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    bob hears 42["error","VALIDATION_ERROR: messageIds is required"]
    bob hears 42["error","VALIDATION_ERROR: messageIds is required"]
    bob hears 42["error","VALIDATION_ERROR: messageIds must be a list"]
    bob hears 42["error","VALIDATION_ERROR: messageIds must be a list of message ids"]
    bob hears 42["error","VALIDATION_ERROR: conversationId is required"]
    bob hears 42["error","VALIDATION_ERROR: messageIds must be at most 500"]
    "#);
    assert_eq!(waiting(&world, "bob").await, 1);
}

#[tokio::test(start_paused = true)]
async fn only_what_was_newly_marked_is_told_and_counted() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    CLASSROOM.send_texts(&mut world, "bob", &chat, &["four"]).await;
    world.rest("alice", "DELETE", &super::message_path(&chat, 3), json!({"deleteForEveryone": true})).await;
    world.emit("bob", "message:read", marking(&chat, &[1])).await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["five"]).await;
    assert_eq!(waiting(&world, "bob").await, 2);
    // Read before, new, taken back, one's own, and one of them twice.
    assert_snapshot!(brief(&world.ask("bob", "message:read", marking(&chat, &[4, 3, 2, 1, 2])).await), @r#"
    alice+alice2 hears 42["messages:read",{"conversationId":"alice+bob","messageIds":["alice+bob #2"],"readBy":"bob"}]
    bob hears 430[{"markedCount":1,"success":true}]
    bob hears 42["messages:read",{"conversationId":"alice+bob","messageIds":["alice+bob #2"],"readBy":"bob"}]
    bob2 hears 42["messages:read",{"conversationId":"alice+bob","messageIds":["alice+bob #2"],"readBy":"bob"}]
    "#);
    assert_eq!(waiting(&world, "bob").await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_confirmed_to_the_caller_alone() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    CLASSROOM.send_texts(&mut world, "bob", &chat, &["three"]).await;
    world.emit("bob", "message:read", marking(&chat, &[1, 2])).await;
    assert_snapshot!(world.ask("bob", "message:read", marking(&chat, &[1, 2])).await, @r#"bob hears 430[{"markedCount":0,"success":true}]"#);
    assert_snapshot!(brief(&world.emit("bob2", "message:read", marking(&chat, &[1, 2, 3])).await), @r#"bob2 hears 42["messages:read",{"conversationId":"alice+bob","markedCount":0,"messageIds":["alice+bob #1","alice+bob #2"],"readBy":"bob"}]"#);
    // What was deleted unread is not said to be read, and nothing is a list too.
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["four"]).await;
    world.rest("bob", "DELETE", &super::message_path(&chat, 4), Value::Null).await;
    assert_snapshot!(brief(&world.emit("bob", "message:read", marking(&chat, &[1, 4])).await), @r#"bob hears 42["messages:read",{"conversationId":"alice+bob","markedCount":0,"messageIds":["alice+bob #1"],"readBy":"bob"}]"#);
    assert_snapshot!(brief(&world.emit("bob", "message:read", marking(&chat, &[])).await), @r#"bob hears 42["messages:read",{"conversationId":"alice+bob","markedCount":0,"messageIds":[],"readBy":"bob"}]"#);
    assert_snapshot!(brief(&world.rest("bob", "POST", READ, marking(&chat, &[1])).await), @r#"bob gets 200 {"data":{"markedCount":0},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn own_messages_are_passed_over() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(brief(&world.ask("alice", "message:read", marking(&chat, &[1])).await), @r#"alice hears 430[{"markedCount":0,"success":true}]"#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#1 by alice: one, delivered"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_whole_conversation_is_marked_over_rest() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    CLASSROOM.send_texts(&mut world, "bob", &chat, &["three"]).await;
    assert_snapshot!(brief(&world.rest("bob", "POST", READ, of(&chat)).await), @r#"
    bob gets 200 {"data":{"markedCount":2},"success":true}
    alice+alice2+bob+bob2 hears 42["messages:read",{"conversationId":"alice+bob","markedCount":2,"messageIds":["alice+bob #1","alice+bob #2"],"readBy":"bob"}]
    "#);
    assert_snapshot!(world.rest("bob", "POST", READ, of(&chat)).await, @r#"bob gets 200 {"data":{"markedCount":0},"success":true}"#);
    assert_snapshot!(world.rest("bob", "POST", READ, json!({"conversationId": chat, "messageIds": null})).await, @r#"bob gets 200 {"data":{"markedCount":0},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_marked_over_rest() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    assert_snapshot!(brief(&world.rest("bob", "POST", READ, marking(&chat, &[2])).await), @r#"
    bob gets 200 {"data":{"markedCount":1},"success":true}
    alice+alice2+bob+bob2 hears 42["messages:read",{"conversationId":"alice+bob","messageIds":["alice+bob #2"],"readBy":"bob"}]
    "#);
    assert_snapshot!(brief(&world.rest("bob", "POST", READ, marking(&chat, &[])).await), @r#"bob gets 200 {"data":{"markedCount":0},"success":true}"#);
    assert_eq!(waiting(&world, "bob").await, 1, "an empty list is not all");
}

#[tokio::test(start_paused = true)]
async fn of_a_long_conversation_the_hundred_newest_are_listed() {
    let (mut world, chat) = CLASSROOM.two_clients_with(&[("RateLimits", "off")]).await;
    let texts: Vec<String> = (1..=105).map(|number| format!("number {number}")).collect();
    CLASSROOM.send_texts(&mut world, "alice", &chat, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let said = world.rest("bob", "POST", READ, of(&chat)).await;
    let told = said.lines().find_map(|line| line.strip_prefix("alice hears 42")).unwrap();
    let told: Value = serde_json::from_str(told).unwrap();
    let newest: Vec<String> = (6..=105).map(|number| message_id(&chat, number)).collect();
    assert_eq!(told[1]["messageIds"], json!(newest));
    assert_eq!(told[1]["markedCount"], 105);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_five_hundred_is_told_whole() {
    let (mut world, chat) = CLASSROOM.two_clients_with(&[("RateLimits", "off")]).await;
    for _ in 0..25 {
        let sends: Vec<(&str, String)> =
            (0..20).map(|_| ("alice", event_frame("send:message", &super::text(&chat, "one of many")))).collect();
        world.send_all(&sends).await;
    }
    let all: Vec<u64> = (1..=500).rev().collect();
    let said = world.ask("bob", "message:read", marking(&chat, &all)).await;
    assert!(said.contains(r#"{"markedCount":500,"success":true}"#), "{said}");
    let told = said.lines().find_map(|line| line.strip_prefix("alice hears 42")).unwrap();
    let told: Value = serde_json::from_str(told).unwrap();
    let oldest_first: Vec<String> = (1..=500).map(|number| message_id(&chat, number)).collect();
    assert_eq!(told[1]["messageIds"], json!(oldest_first));
    assert_eq!(waiting(&world, "bob").await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_marks_nothing() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let other = world.chat("bob", "carol").await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    CLASSROOM.send_texts(&mut world, "carol", &other, &["elsewhere"]).await;
    let mut said = String::new();
    for second in
        [message_id(&chat, 2), message_id(&other, 1), message_id(&unknown_chat_id(), 1), "nonsense".to_owned()]
    {
        let argument = json!({"conversationId": chat, "messageIds": [message_id(&chat, 1), second]});
        said += &world.emit("bob", "message:read", argument).await;
    }
    assert_snapshot!(said, @r#"
    bob hears 42["error",{"code":"NOT_FOUND","message":"message not found"}]
    bob hears 42["error",{"code":"NOT_FOUND","message":"message not found"}]
    bob hears 42["error",{"code":"NOT_FOUND","message":"message not found"}]
    bob hears 42["error",{"code":"NOT_FOUND","message":"message not found"}]
    "#);
    assert_eq!(waiting(&world, "bob").await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_of_others_cannot_be_marked() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(world.ask("carol", "message:read", marking(&chat, &[1])).await, @r#"carol hears 430[{"error":{"code":"NOT_FOUND","message":"conversation not found"},"success":false}]"#);
    let mut said = String::new();
    for body in [marking(&chat, &[1]), of(&chat)] {
        let foreign = world.rest("carol", "POST", READ, body.clone()).await;
        let missing = body.to_string().replace(&chat, &unknown_chat_id());
        let missing = world.rest("carol", "POST", READ, serde_json::from_str(&missing).unwrap()).await;
        assert_eq!(foreign, missing);
        said += &foreign;
    }
    assert_snapshot!(said, @r#"
    carol gets 404 {"code":"NOT_FOUND","message":"conversation not found","success":false}
    carol gets 404 {"code":"NOT_FOUND","message":"conversation not found","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_count_is_over_all_conversations_and_falls_by_what_was_marked() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let other = world.chat("bob", "carol").await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    CLASSROOM.send_texts(&mut world, "carol", &other, &["three"]).await;
    assert_snapshot!(world.get("bob", "/api/chat/unread-count").await, @r#"bob gets 200 {"data":{"unreadCount":3},"success":true}"#);
    world.emit("bob", "message:read", marking(&chat, &[2])).await;
    assert_eq!(waiting(&world, "bob").await, 2);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":["bob+carol (#1 by carol: three, delivered; unread 1)","alice+bob (#2 by alice: two, read; unread 1)"],"success":true}"#);
    world.rest("bob", "POST", READ, of(&other)).await;
    assert_eq!(waiting(&world, "bob").await, 1);
    assert_eq!(waiting(&world, "alice").await, 0);
}

#[tokio::test(start_paused = true)]
async fn two_devices_that_mark_at_once_mark_each_message_once() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    let mark = event_frame("message:read", &marking(&chat, &[1, 2, 3]));
    let said = world.send_all(&[("bob", mark.clone()), ("bob2", mark)]).await;
    assert_eq!(
        said.matches("messages:read").count(),
        5,
        "four sockets once, and the second caller's confirmation: {said}"
    );
    assert_eq!(said.matches("\"markedCount\":0").count(), 1, "{said}");
}

#[tokio::test(start_paused = true)]
async fn reading_in_another_dialect_is_heard_here() {
    let (mut world, _) = CLASSROOM.five_clients().await;
    world.join_namespace("dave", "dave", "/recruiting").await;
    let chat = world.chat("alice", "dave").await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    assert_snapshot!(brief(&world.emit("dave", "mark_messages_read", json!({"chatId": chat})).await), @r#"
    alice+alice2 hears 42["messages:read",{"conversationId":"alice+dave","markedCount":2,"messageIds":["alice+dave #1","alice+dave #2"],"readBy":"dave"}]
    dave hears 42/recruiting,["messages_marked_read",{"chatId":"alice+dave","markedCount":2}]
    "#);
    world.emit("dave", "send_message", json!({"chatId": chat, "content": "three"})).await;
    assert_snapshot!(brief(&world.emit("alice2", "message:read", marking(&chat, &[3])).await), @r#"
    alice+alice2 hears 42["messages:read",{"conversationId":"alice+dave","messageIds":["alice+dave #3"],"readBy":"alice"}]
    dave hears 42/recruiting,["messages_read_by_other",{"chatId":"alice+dave","readAt":"2026-01-02T03:04:05.006Z","readByUserId":"alice"}]
    "#);
}
