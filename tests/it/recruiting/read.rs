//! Reading: counts, who is told, and what a repeat does.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{RECRUITING, brief, chats_of};
use crate::worlds::{event_frame, unknown_chat_id};

#[tokio::test(start_paused = true)]
async fn reading_a_chat_tells_both_sides() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.ask("bob", "mark_messages_read", json!({"chatId": chat})).await, @r#"
    alice hears 42["messages_read_by_other",{"chatId":"e70c08a3288036ef87ef9f6e","readAt":"2026-01-02T03:04:06.006Z","readByUserId":"bob"}]
    alice2 hears 42["messages_read_by_other",{"chatId":"e70c08a3288036ef87ef9f6e","readAt":"2026-01-02T03:04:06.006Z","readByUserId":"bob"}]
    bob hears 430[{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":2,"success":true}]
    bob hears 42["messages_marked_read",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":2}]
    bob2 hears 42["messages_marked_read",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":2}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn reading_without_an_ack_is_confirmed_by_the_same_event() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(world.emit("bob", "mark_messages_read", json!({"chatId": chat})).await, @r#"
    alice hears 42["messages_read_by_other",{"chatId":"e70c08a3288036ef87ef9f6e","readAt":"2026-01-02T03:04:05.006Z","readByUserId":"bob"}]
    alice2 hears 42["messages_read_by_other",{"chatId":"e70c08a3288036ef87ef9f6e","readAt":"2026-01-02T03:04:05.006Z","readByUserId":"bob"}]
    bob hears 42["messages_marked_read",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":1}]
    bob2 hears 42["messages_marked_read",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":1}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn reading_over_rest_is_heard_over_sockets() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    let path = format!("/api/message/chat/{chat}/mark-read");
    assert_snapshot!(world.rest("bob", "POST", &path, Value::Null).await, @r#"
    bob gets 200 {"data":{"markedCount":3},"message":"Messages marked as read","success":true}
    alice hears 42["messages_read_by_other",{"chatId":"e70c08a3288036ef87ef9f6e","readAt":"2026-01-02T03:04:05.006Z","readByUserId":"bob"}]
    alice2 hears 42["messages_read_by_other",{"chatId":"e70c08a3288036ef87ef9f6e","readAt":"2026-01-02T03:04:05.006Z","readByUserId":"bob"}]
    bob hears 42["messages_marked_read",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":3}]
    bob2 hears 42["messages_marked_read",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":3}]
    "#);
    assert_snapshot!(world.rest("bob", "POST", &path, Value::Null).await, @r#"bob gets 200 {"data":{"markedCount":0},"message":"Messages marked as read","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_confirmed_to_the_caller_alone() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one"]).await;
    world.emit("bob", "mark_messages_read", json!({"chatId": chat})).await;
    assert_snapshot!(world.ask("bob", "mark_messages_read", json!({"chatId": chat})).await, @r#"bob hears 430[{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":0,"success":true}]"#);
    assert_snapshot!(world.emit("bob2", "mark_messages_read", json!({"chatId": chat})).await, @r#"bob2 hears 42["messages_marked_read",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":0}]"#);
}

#[tokio::test(start_paused = true)]
async fn own_messages_are_never_unread() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    assert_snapshot!(brief(&world.get("alice", "/api/message/unread-count").await), @r#"alice gets 200 {"data":{"unreadCount":0},"message":"Unread messages","success":true}"#);
    assert_snapshot!(brief(&world.ask("alice", "mark_messages_read", json!({"chatId": chat})).await), @r#"alice hears 430[{"chatId":"alice+bob","markedCount":0,"success":true}]"#);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#2 by alice: two; unread 2)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+bob (#2 by alice: two; unread 0)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn the_count_is_over_all_chats_and_falls_by_what_was_marked() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.join("carol").await;
    let other = world.chat("bob", "carol").await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    RECRUITING.send_texts(&mut world, "carol", &other, &["three"]).await;
    assert_snapshot!(world.get("bob", "/api/message/unread-count").await, @r#"bob gets 200 {"data":{"unreadCount":3},"message":"Unread messages","success":true}"#);
    world.emit("bob", "mark_messages_read", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.get("bob", "/api/message/unread-count").await), @r#"bob gets 200 {"data":{"unreadCount":1},"message":"Unread messages","success":true}"#);
    RECRUITING.send_texts(&mut world, "alice", &chat, &["four"]).await;
    assert_snapshot!(brief(&world.get("bob", "/api/message/unread-count").await), @r#"bob gets 200 {"data":{"unreadCount":2},"message":"Unread messages","success":true}"#);
    assert_snapshot!(brief(&world.get("alice", "/api/message/unread-count").await), @r#"alice gets 200 {"data":{"unreadCount":0},"message":"Unread messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_message_shows_whether_its_recipient_has_read_it() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one"]).await;
    RECRUITING.send_texts(&mut world, "bob", &chat, &["two"]).await;
    world.emit("bob", "mark_messages_read", json!({"chatId": chat})).await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["three"]).await;
    let page = format!("/api/message/chat/{chat}");
    assert_snapshot!(brief(&world.get("alice", &page).await), @r##"alice gets 200 {"data":{"messages":["#1 by alice: one, isRead","#2 by bob: two","#3 by alice: three"],"pagination":{"limit":50,"page":1,"total":3,"totalPages":1}},"message":"Messages","success":true}"##);
    assert_snapshot!(brief(&world.get("bob", &page).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice: one, isRead","#2 by bob: two","#3 by alice: three"],"pagination":{"limit":50,"page":1,"total":3,"totalPages":1}},"message":"Messages","success":true}"##);
    world.emit("alice", "mark_messages_read", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.get("alice", &page).await), @r##"alice gets 200 {"data":{"messages":["#1 by alice: one, isRead","#2 by bob: two, isRead","#3 by alice: three"],"pagination":{"limit":50,"page":1,"total":3,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_chat_of_others_cannot_be_marked() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let foreign = world.ask("carol", "mark_messages_read", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&foreign), @r#"carol hears 430[{"error":"NOT_FOUND (field chatId): chat not found","success":false}]"#);
    assert_snapshot!(brief(&world.emit("carol", "mark_messages_read", json!({"chatId": unknown_chat_id()})).await), @r#"carol hears 42["error","NOT_FOUND (field chatId): chat not found"]"#);
    assert_snapshot!(brief(&world.emit("carol", "mark_messages_read", json!({})).await), @r#"carol hears 42["error","VALIDATION_ERROR (field chatId): chatId is required"]"#);
    let foreign = world.rest("carol", "POST", &format!("/api/message/chat/{chat}/mark-read"), Value::Null).await;
    let unknown =
        world.rest("carol", "POST", &format!("/api/message/chat/{}/mark-read", unknown_chat_id()), Value::Null).await;
    assert_eq!(foreign, unknown);
}

#[tokio::test(start_paused = true)]
async fn two_devices_that_mark_at_once_mark_each_message_once() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    let mark = event_frame("mark_messages_read", &json!({"chatId": chat}));
    let said = world.send_all(&[("bob", mark.clone()), ("bob2", mark)]).await;
    assert_eq!(said.matches("messages_read_by_other").count(), 2, "once for each device of Alice: {said}");
    assert_eq!(said.matches("\"markedCount\":3").count(), 2, "once for each device of Bob: {said}");
    assert_eq!(said.matches("\"markedCount\":0").count(), 1, "to the caller that came second: {said}");
}
