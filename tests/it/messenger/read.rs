//! Reading: one message at a time, and a whole chat where another dialect does so.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MESSENGER, brief, history, message_id};
use crate::worlds::{FIVE_CLIENTS, TWO_CLIENTS, event_frame};

fn mark(seq: u64) -> Value {
    json!({"messageId": message_id("alice", "bob", seq)})
}

#[tokio::test(start_paused = true)]
async fn reading_a_message_is_confirmed_and_told_to_its_sender() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one"]).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.ask("bob", "mark_message_read", mark(1)).await, @r#"
    alice hears 42["message_read",{"messageId":"e70c08a3288036ef87ef9f6e000000000001","readAt":"2026-01-02T03:04:06.006Z","readBy":{"_id":"bob","name":"Bob Brown"}}]
    alice2 hears 42["message_read",{"messageId":"e70c08a3288036ef87ef9f6e000000000001","readAt":"2026-01-02T03:04:06.006Z","readBy":{"_id":"bob","name":"Bob Brown"}}]
    bob hears 430[{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"one","isDeleted":false,"read":true,"readAt":"2026-01-02T03:04:06.006Z","receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1},"success":true}]
    bob hears 42["message_read_confirmed",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"one","isDeleted":false,"read":true,"readAt":"2026-01-02T03:04:06.006Z","receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1},"success":true}]
    bob2 hears 42["message_read_confirmed",{"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"one","isDeleted":false,"read":true,"readAt":"2026-01-02T03:04:06.006Z","receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1},"success":true}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn without_an_ack_the_same_is_heard() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one"]).await;
    assert_snapshot!(brief(&world.emit("bob", "mark_message_read", mark(1)).await), @r##"
    alice+alice2 hears 42["message_read",{"messageId":"alice+bob #1","readAt":"2026-01-02T03:04:05.006Z","readBy":{"_id":"bob","name":"Bob Brown"}}]
    bob+bob2 hears 42["message_read_confirmed",{"message":"#1 alice to bob: one, read","success":true}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn only_that_message_is_read() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two", "three"]).await;
    world.emit("bob", "mark_message_read", mark(2)).await;
    assert_snapshot!(history(&mut world, "alice", "bob").await, @r##"alice hears 42["message_history",{"messages":["#1 alice to bob: one","#2 alice to bob: two, read","#3 alice to bob: three"],"otherUser":{"_id":"bob","name":"Bob Brown"},"pagination":{"hasMore":false,"page":1}}]"##);
    assert_snapshot!(history(&mut world, "bob", "alice").await, @r##"bob hears 42["message_history",{"messages":["#1 alice to bob: one","#2 alice to bob: two, read","#3 alice to bob: three"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"page":1}}]"##);
    assert_snapshot!(world.emit("bob", "get_unread_count", json!({})).await, @r#"bob hears 42["unread_count",{"count":2}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_confirmed_to_the_caller_alone() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one"]).await;
    world.emit("bob", "mark_message_read", mark(1)).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.ask("bob", "mark_message_read", mark(1)).await, @r#"bob hears 430[{"markedCount":0,"message":{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"one","isDeleted":false,"read":true,"readAt":"2026-01-02T03:04:05.006Z","receiverId":"bob","receiverName":"Bob Brown","senderId":"alice","senderName":"Alice Adams","sentAt":"2026-01-02T03:04:05.006Z","seq":1},"success":true}]"#);
    assert_snapshot!(brief(&world.emit("bob2", "mark_message_read", mark(1)).await), @r##"bob2 hears 42["message_read_confirmed",{"markedCount":0,"message":"#1 alice to bob: one, read","success":true}]"##);
}

#[tokio::test(start_paused = true)]
async fn two_devices_that_mark_at_once_mark_once() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one"]).await;
    let frame = event_frame("mark_message_read", &mark(1));
    let said = world.send_all(&[("bob", frame.clone()), ("bob2", frame)]).await;
    assert_eq!(said.matches("\"message_read\"").count(), 2, "once for each device of Alice: {said}");
    assert_eq!(said.matches("\"markedCount\":0").count(), 1, "to the caller that came second: {said}");
}

#[tokio::test(start_paused = true)]
async fn access_is_denied_to_ones_own_message_to_those_of_others_and_to_none_at_all() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one"]).await;
    assert_snapshot!(world.ask("alice", "mark_message_read", mark(1)).await, @r#"alice hears 430[{"error":{"code":"FORBIDDEN","message":"Access denied"},"success":false}]"#);
    assert_snapshot!(world.emit("alice2", "mark_message_read", mark(1)).await, @r#"alice2 hears 42["error",{"code":"FORBIDDEN","message":"Access denied"}]"#);
    let foreign = world.emit("carol", "mark_message_read", mark(1)).await;
    assert_snapshot!(foreign, @r#"carol hears 42["error",{"code":"NOT_FOUND","message":"Access denied"}]"#);
    for unknown in [message_id("alice", "bob", 2), message_id("carol", "bob", 1), "nothing-like-an-id".to_owned()] {
        assert_eq!(world.emit("carol", "mark_message_read", json!({"messageId": unknown})).await, foreign);
    }
    assert_eq!(world.emit("bob", "mark_message_read", mark(2)).await, foreign.replace("carol", "bob"));
}

#[tokio::test(start_paused = true)]
async fn a_message_must_be_named() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    assert_snapshot!(brief(&world.emit("bob", "mark_message_read", json!({})).await), @r#"bob hears 42["error","VALIDATION_ERROR: messageId is required"]"#);
    assert_snapshot!(brief(&world.emit("bob", "mark_message_read", json!({"messageId": 1})).await), @r#"bob hears 42["error","VALIDATION_ERROR: messageId must be a string"]"#);
    assert_snapshot!(brief(&world.emit("bob", "mark_message_read", json!(message_id("alice", "bob", 1))).await), @r#"bob hears 42["error","VALIDATION_ERROR: data must be an object"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_whole_chat_that_is_read_elsewhere_is_told_by_its_newest_message() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two", "three"]).await;
    let chat = world.chat("alice", "bob").await;
    let path = format!("/recruiting/api/message/chat/{chat}/mark-read");
    assert_snapshot!(world.rest("bob", "POST", &path, Value::Null).await, @r#"
    bob gets 200 {"data":{"markedCount":3},"message":"Messages marked as read","success":true}
    alice hears 42["message_read",{"markedCount":3,"messageId":"e70c08a3288036ef87ef9f6e000000000003","readAt":"2026-01-02T03:04:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    alice2 hears 42["message_read",{"markedCount":3,"messageId":"e70c08a3288036ef87ef9f6e000000000003","readAt":"2026-01-02T03:04:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    bob hears 42["message_read_confirmed",{"markedCount":3,"message":{"_id":"e70c08a3288036ef87ef9f6e000000000003","content":"three","isDeleted":false,"read":true,"readAt":"2026-01-02T03:04:05.006Z","receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":3},"success":true}]
    bob2 hears 42["message_read_confirmed",{"markedCount":3,"message":{"_id":"e70c08a3288036ef87ef9f6e000000000003","content":"three","isDeleted":false,"read":true,"readAt":"2026-01-02T03:04:05.006Z","receiverId":"bob","receiverName":"bob","senderId":"alice","senderName":"alice","sentAt":"2026-01-02T03:04:05.006Z","seq":3},"success":true}]
    "#);
    assert_snapshot!(brief(&world.rest("bob", "POST", &path, Value::Null).await), @r#"bob gets 200 {"data":{"markedCount":0},"message":"Messages marked as read","success":true}"#);
    assert_snapshot!(history(&mut world, "alice", "bob").await, @r##"alice hears 42["message_history",{"messages":["#1 alice to bob: one, read","#2 alice to bob: two, read","#3 alice to bob: three, read"],"otherUser":{"_id":"bob","name":"bob"},"pagination":{"hasMore":false,"page":1}}]"##);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_taken_back_is_not_there_to_be_read() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one"]).await;
    let path = format!("/recruiting/api/message/{}", message_id("alice", "bob", 1));
    world.rest("alice", "DELETE", &path, Value::Null).await;
    assert_snapshot!(brief(&world.ask("bob", "mark_message_read", mark(1)).await), @r##"bob hears 430[{"markedCount":0,"message":"#1 alice to bob, isDeleted","success":true}]"##);
}
