//! Taking a message back: its place stays, its content goes.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{RECRUITING, brief, chats_of};
use crate::worlds::{message_id, unknown_chat_id};

#[tokio::test(start_paused = true)]
async fn a_message_taken_back_leaves_a_placeholder_and_everybody_is_told() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.clock.advance(1_000);
    let second = format!("/api/message/{}", message_id(&chat, 2));
    assert_snapshot!(world.rest("alice", "DELETE", &second, Value::Null).await, @r#"
    alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000002","chatId":"e70c08a3288036ef87ef9f6e","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":true,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":2,"updatedAt":"2026-01-02T03:04:06.006Z"},"message":"Message deleted","success":true}
    alice hears 42["message_deleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    alice2 hears 42["message_deleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    bob hears 42["message_deleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    bob2 hears 42["message_deleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    "#);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice, isDeleted"],"pagination":{"limit":50,"page":1,"total":2,"totalPages":1}},"message":"Messages","success":true}"##);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#2 by alice, isDeleted; unread 1)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn media_go_with_the_message() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let image =
        json!({"chatId": chat, "messageType": "image", "mediaUrl": "https://media.example/one", "content": "me"});
    world.emit("alice", "send_message", image).await;
    let path = format!("/api/message/{}", message_id(&chat, 1));
    assert_snapshot!(world.rest("alice", "DELETE", &path, Value::Null).await, @r#"
    alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":true,"isRead":false,"mediaUrl":null,"messageType":"image","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Message deleted","success":true}
    alice hears 42["message_deleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob hears 42["message_deleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    "#);
    assert_snapshot!(world.get("bob", &format!("/api/message/chat/{chat}")).await, @r#"bob gets 200 {"data":{"messages":[{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":true,"isRead":false,"mediaUrl":null,"messageType":"image","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"}],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn taking_back_twice_is_success_and_tells_nobody() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let path = format!("/api/message/{}", message_id(&chat, 1));
    let first = world.rest("alice", "DELETE", &path, Value::Null).await;
    world.clock.advance(1_000);
    let second = world.rest("alice", "DELETE", &path, Value::Null).await;
    assert_eq!(first.lines().next().unwrap(), second.trim_end());
}

#[tokio::test(start_paused = true)]
async fn only_the_sender_may_take_a_message_back() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let path = format!("/api/message/{}", message_id(&chat, 1));
    assert_snapshot!(world.rest("bob", "DELETE", &path, Value::Null).await, @r#"bob gets 403 {"error":{"code":"FORBIDDEN","details":{},"message":"only the sender can delete a message for everyone","timestamp":1767323045006},"message":"only the sender can delete a message for everyone","success":false}"#);
    let foreign = world.rest("carol", "DELETE", &path, Value::Null).await;
    assert_snapshot!(foreign, @r#"carol gets 404 {"error":{"code":"NOT_FOUND","details":{"field":"messageId"},"message":"message not found","timestamp":1767323045006},"message":"message not found","success":false}"#);
    for unknown in [message_id(&unknown_chat_id(), 1), "nothing-like-an-id".to_owned()] {
        assert_eq!(world.rest("carol", "DELETE", &format!("/api/message/{unknown}"), Value::Null).await, foreign);
    }
    let beyond = world.rest("alice", "DELETE", &format!("/api/message/{}", message_id(&chat, 2)), Value::Null).await;
    assert_eq!(beyond.replace("alice", "carol"), foreign);
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_back_is_no_longer_unread() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    world.rest("alice", "DELETE", &format!("/api/message/{}", message_id(&chat, 2)), Value::Null).await;
    assert_snapshot!(brief(&world.get("bob", "/api/message/unread-count").await), @r#"bob gets 200 {"data":{"unreadCount":2},"message":"Unread messages","success":true}"#);
    assert_snapshot!(brief(&world.ask("bob", "mark_messages_read", json!({"chatId": chat})).await), @r#"
    alice hears 42["messages_read_by_other",{"chatId":"alice+bob","readAt":"2026-01-02T03:04:05.006Z","readByUserId":"bob"}]
    bob hears 430[{"chatId":"alice+bob","markedCount":2,"success":true}]
    bob hears 42["messages_marked_read",{"chatId":"alice+bob","markedCount":2}]
    "#);
    // One that was read already changes no count.
    world.rest("alice", "DELETE", &format!("/api/message/{}", message_id(&chat, 1)), Value::Null).await;
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#3 by alice: three, isRead; unread 0)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
    RECRUITING.send_texts(&mut world, "alice", &chat, &["four"]).await;
    world.rest("alice", "DELETE", &format!("/api/message/{}", message_id(&chat, 4)), Value::Null).await;
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#4 by alice, isDeleted; unread 0)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(brief(&world.ask("bob", "mark_messages_read", json!({"chatId": chat})).await), @r#"bob hears 431[{"chatId":"alice+bob","markedCount":0,"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn numbers_go_on_after_a_placeholder() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.rest("alice", "DELETE", &format!("/api/message/{}", message_id(&chat, 2)), Value::Null).await;
    RECRUITING.send_texts(&mut world, "bob", &chat, &["three"]).await;
    assert_snapshot!(brief(&world.get("alice", &format!("/api/message/chat/{chat}")).await), @r##"alice gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice, isDeleted","#3 by bob: three"],"pagination":{"limit":50,"page":1,"total":3,"totalPages":1}},"message":"Messages","success":true}"##);
}
