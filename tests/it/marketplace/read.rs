//! Reading: one message, a list of them, a whole chat; again, one's own, and what is not there.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief, chats_of, messages_of, one};
use crate::worlds::{event_frame, message_id, unknown_chat_id};

fn whole(chat: &str) -> String {
    format!("/api/chat/{chat}/mark-read")
}

#[tokio::test(start_paused = true)]
async fn everybody_in_the_chat_hears_of_a_message_that_was_read() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    assert_snapshot!(world.ask("bob", "markAsRead", one(&chat, 2)).await, @r#"
    alice hears 42["messageRead",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002","userId":"bob"}]
    alice2 hears 42["messageRead",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002","userId":"bob"}]
    bob hears 430[{"success":true}]
    bob hears 42["messageRead",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002","userId":"bob"}]
    bob2 hears 42["messageRead",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002","userId":"bob"}]
    "#);
    assert_snapshot!(brief(&world.emit("bob2", "markAsRead", one(&chat, 1)).await), @r#"alice+alice2+bob+bob2 hears 42["messageRead",{"chatId":"alice+bob","messageId":"alice+bob #1","userId":"bob"}]"#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: one, read, read by bob","#2 by alice: two, read, read by bob","#3 by alice: three, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":3,"totalPages":1}},"message":"Messages","success":true}"##);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#3: three; unread 1)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_confirmed_to_the_calling_socket_alone() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.emit("bob", "markAsRead", one(&chat, 1)).await;
    assert_snapshot!(world.ask("bob", "markAsRead", one(&chat, 1)).await, @r#"bob hears 430[{"success":true}]"#);
    assert_snapshot!(world.emit("bob2", "markAsRead", one(&chat, 1)).await, @r#"bob2 hears 42["messageRead",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":0,"messageId":"e70c08a3288036ef87ef9f6e000000000001","userId":"bob"}]"#);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#2: two; unread 1)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_whole_chat_is_told_by_its_newest_message() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    MARKETPLACE.send_texts(&mut world, "bob", &chat, &["his"]).await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["four"]).await;
    world.emit("bob", "markAsRead", one(&chat, 2)).await;
    assert_snapshot!(world.rest("bob", "PUT", &whole(&chat), Value::Null).await, @r#"
    bob gets 200 {"data":{"markedCount":2},"message":"Messages marked as read","success":true}
    alice hears 42["messageRead",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":2,"messageId":"e70c08a3288036ef87ef9f6e000000000004","userId":"bob"}]
    alice2 hears 42["messageRead",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":2,"messageId":"e70c08a3288036ef87ef9f6e000000000004","userId":"bob"}]
    bob hears 42["messageRead",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":2,"messageId":"e70c08a3288036ef87ef9f6e000000000004","userId":"bob"}]
    bob2 hears 42["messageRead",{"chatId":"e70c08a3288036ef87ef9f6e","markedCount":2,"messageId":"e70c08a3288036ef87ef9f6e000000000004","userId":"bob"}]
    "#);
    assert_snapshot!(brief(&world.rest("bob", "PUT", &whole(&chat), Value::Null).await), @r#"bob gets 200 {"data":{"markedCount":0},"message":"Messages marked as read","success":true}"#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: one, read, read by bob","#2 by alice: two, read, read by bob","#3 by bob: his, delivered","#4 by alice: four, read, read by bob"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":4,"totalPages":1}},"message":"Messages","success":true}"##);
    // She marks his, and once.
    world.rest("alice", "PUT", &whole(&chat), Value::Null).await;
    assert_snapshot!(brief(&world.rest("alice", "PUT", &whole(&chat), Value::Null).await), @r#"alice gets 200 {"data":{"markedCount":0},"message":"Messages marked as read","success":true}"#);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#4: four; unread 0)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_whole_chat_of_more_than_a_hundred_counts_them_all() {
    let (mut world, chat) = MARKETPLACE.two_clients_with(&[("RateLimits", "off")]).await;
    for index in 0..120 {
        MARKETPLACE.send_texts(&mut world, "alice", &chat, &[&index.to_string()]).await;
    }
    assert_snapshot!(brief(&world.rest("bob", "PUT", &whole(&chat), Value::Null).await), @r#"
    bob gets 200 {"data":{"markedCount":120},"message":"Messages marked as read","success":true}
    alice+bob hears 42["messageRead",{"chatId":"alice+bob","markedCount":120,"messageId":"alice+bob #120","userId":"bob"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_empty_chat_has_nothing_to_mark() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    assert_snapshot!(world.rest("bob", "PUT", &whole(&chat), Value::Null).await, @r#"bob gets 200 {"data":{"markedCount":0},"message":"Messages marked as read","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn ones_own_message_is_not_ones_own_to_mark() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(world.ask("alice", "markAsRead", one(&chat, 1)).await, @r#"alice hears 430[{"error":{"code":"FORBIDDEN","message":"only a recipient can mark a message as read"},"success":false}]"#);
    assert_snapshot!(brief(&world.emit("alice", "markAsRead", one(&chat, 1)).await), @r#"alice hears 42["error","FORBIDDEN: only a recipient can mark a message as read"]"#);
    assert_snapshot!(brief(&world.rest("alice", "PUT", &whole(&chat), Value::Null).await), @r#"alice gets 200 {"data":{"markedCount":0},"message":"Messages marked as read","success":true}"#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: one, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_or_elsewhere_cannot_be_marked() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let other = world.chat("bob", "carol").await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one"]).await;
    MARKETPLACE.send_texts(&mut world, "carol", &other, &["elsewhere"]).await;
    let mut said = String::new();
    for (label, argument) in [
        ("bob", one(&chat, 2)),
        ("bob", json!({"chatId": chat, "messageId": message_id(&other, 1)})),
        ("bob", json!({"chatId": chat, "messageId": "no message"})),
        ("bob", json!({"chatId": unknown_chat_id(), "messageId": message_id(&chat, 1)})),
        ("bob", json!({"chatId": "no chat", "messageId": message_id(&chat, 1)})),
        ("bob", json!({"chatId": chat})),
        ("bob", json!({"messageId": message_id(&chat, 1)})),
        ("bob", json!({"chatId": chat, "messageId": 7})),
        ("carol", one(&chat, 1)),
        ("carol", one(&unknown_chat_id(), 1)),
    ] {
        said += &brief(&world.emit(label, "markAsRead", argument).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    bob hears 42["error","NOT_FOUND: message not found"]
    bob hears 42["error","NOT_FOUND: message not found"]
    bob hears 42["error","NOT_FOUND: message not found"]
    bob hears 42["error","NOT_FOUND: chat not found"]
    bob hears 42["error","NOT_FOUND: chat not found"]
    bob hears 42["error","VALIDATION_ERROR: messageId is required"]
    bob hears 42["error","VALIDATION_ERROR: chatId is required"]
    bob hears 42["error","VALIDATION_ERROR: messageId must be a string"]
    carol hears 42["error","NOT_FOUND: chat not found"]
    carol hears 42["error","NOT_FOUND: chat not found"]
    "#);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["bob+carol (#1: elsewhere; unread 1)","alice+bob (#1: one; unread 1)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":2,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_needs_no_marking() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.rest("alice", "DELETE", &format!("/api/chat/message/{}", message_id(&chat, 1)), Value::Null).await;
    assert_snapshot!(brief(&world.ask("bob", "markAsRead", one(&chat, 1)).await), @r#"bob hears 430[{"success":true}]"#);
    assert_snapshot!(brief(&world.emit("bob", "markAsRead", one(&chat, 1)).await), @r#"bob hears 42["messageRead",{"chatId":"alice+bob","markedCount":0,"messageId":"alice+bob #1","userId":"bob"}]"#);
    assert_snapshot!(brief(&world.rest("bob", "PUT", &whole(&chat), Value::Null).await), @r#"
    bob gets 200 {"data":{"markedCount":1},"message":"Messages marked as read","success":true}
    alice+alice2+bob+bob2 hears 42["messageRead",{"chatId":"alice+bob","markedCount":1,"messageId":"alice+bob #2","userId":"bob"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn reading_in_other_dialects_is_told_here() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.join_namespace("bob3", "bob", "/recruiting").await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two", "three", "four"]).await;
    let list = json!({"conversationId": chat, "messageIds": [message_id(&chat, 3), message_id(&chat, 1)]});
    assert_snapshot!(brief(&world.rest("bob", "POST", "/classroom/api/chat/messages/read", list.clone()).await), @r#"
    bob gets 200 {"data":{"markedCount":2},"success":true}
    alice+alice2+bob+bob2 hears 42["messageRead",{"chatId":"alice+bob","messageId":"alice+bob #1","userId":"bob"}]
    alice+alice2+bob+bob2 hears 42["messageRead",{"chatId":"alice+bob","messageId":"alice+bob #3","userId":"bob"}]
    bob3 hears 42/recruiting,["messages_marked_read",{"chatId":"alice+bob","markedCount":2}]
    "#);
    assert_snapshot!(brief(&world.rest("bob", "POST", "/classroom/api/chat/messages/read", list).await), @r#"bob gets 200 {"data":{"markedCount":0},"success":true}"#);
    assert_snapshot!(brief(&world.emit("bob3", "mark_messages_read", json!({"chatId": chat})).await), @r#"
    alice+alice2+bob+bob2 hears 42["messageRead",{"chatId":"alice+bob","markedCount":2,"messageId":"alice+bob #4","userId":"bob"}]
    bob3 hears 42/recruiting,["messages_marked_read",{"chatId":"alice+bob","markedCount":2}]
    "#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: one, read, read by bob","#2 by alice: two, read, read by bob","#3 by alice: three, read, read by bob","#4 by alice: four, read, read by bob"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":4,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn devices_that_mark_at_once_mark_once() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    world.join_as("bob2", "bob").await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    let frame = event_frame("markAsRead", &one(&chat, 2));
    let said = world.send_all(&[("bob", frame.clone()), ("bob2", frame.clone()), ("bob", frame)]).await;
    assert_eq!(super::heard_by("alice", &said).matches("messageRead").count(), 1, "{said}");
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#2: two; unread 1)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}
