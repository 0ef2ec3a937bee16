//! Taking a message back: its place stays, its content goes.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief, chats_of, messages_of};
use crate::worlds::{message_id, unknown_chat_id};

fn path(chat: &str, number: u64) -> String {
    format!("/api/chat/message/{}", message_id(chat, number))
}

#[tokio::test(start_paused = true)]
async fn a_message_taken_back_leaves_a_placeholder_and_everybody_is_told() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.rest("alice", "DELETE", &path(&chat, 2), Value::Null).await, @r#"
    alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000002","chat":"e70c08a3288036ef87ef9f6e","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":true,"isEdited":false,"mediaUrl":null,"messageType":"text","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":2,"status":"delivered","updatedAt":"2026-01-02T03:04:06.006Z"},"message":"Message deleted","success":true}
    alice hears 42["messageDeleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    alice2 hears 42["messageDeleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    bob hears 42["messageDeleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    bob2 hears 42["messageDeleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    "#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: one, delivered","#2 by alice, delivered, isDeleted"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":2,"totalPages":1}},"message":"Messages","success":true}"##);
    assert_snapshot!(world.get("bob", "/api/chat/my-chats").await, @r#"bob gets 200 {"data":{"chats":[{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":[],"chatType":"direct","createdAt":"2026-01-02T03:04:05.006Z","isActive":true,"isBlocked":false,"lastMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000002","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":true,"seq":2},"lastMessageTime":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","email":null,"name":"alice","profilePicture":null},{"_id":"bob","email":null,"name":"bob","profilePicture":null}],"petListing":null,"unreadCount":[{"count":1,"userId":"bob"}],"updatedAt":"2026-01-02T03:04:05.006Z"}],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
    MARKETPLACE.send_texts(&mut world, "bob", &chat, &["three"]).await;
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: one, delivered","#2 by alice, delivered, isDeleted","#3 by bob: three, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":3,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn media_go_with_the_message() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let media = json!([{"url": "https://media.example/one", "filename": "one"}]);
    let body = json!({"conversationId": chat, "text": "me", "messageType": "image", "media": media});
    world.rest("alice", "POST", "/classroom/api/chat/message", body).await;
    let said = world.rest("alice", "DELETE", &path(&chat, 1), Value::Null).await;
    assert_snapshot!(said.lines().next().unwrap(), @r#"alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chat":"e70c08a3288036ef87ef9f6e","content":null,"createdAt":"2026-01-02T03:04:05.006Z","isDeleted":true,"isEdited":false,"mediaUrl":null,"messageType":"image","parentMessage":null,"reactions":[],"readBy":[],"sender":{"_id":"alice","name":"alice","profilePicture":null},"seq":1,"status":"delivered","updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Message deleted","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn twice_is_success_and_tells_nobody() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let first = world.rest("alice", "DELETE", &path(&chat, 1), Value::Null).await;
    world.clock.advance(1_000);
    let second = world.rest("alice", "DELETE", &path(&chat, 1), Value::Null).await;
    assert_eq!(first.lines().next().unwrap(), second.trim_end());
}

#[tokio::test(start_paused = true)]
async fn only_the_sender_may_and_what_is_not_there_looks_like_what_is_not_yours() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(world.rest("bob", "DELETE", &path(&chat, 1), Value::Null).await, @r#"bob gets 403 {"code":"FORBIDDEN","message":"only the sender can delete a message for everyone","success":false}"#);
    let foreign = world.rest("carol", "DELETE", &path(&chat, 1), Value::Null).await;
    assert_snapshot!(foreign, @r#"carol gets 404 {"code":"NOT_FOUND","message":"message not found","success":false}"#);
    for unknown in [path(&unknown_chat_id(), 1), "/api/chat/message/nothing-like-an-id".to_owned()] {
        assert_eq!(world.rest("carol", "DELETE", &unknown, Value::Null).await, foreign);
    }
    let beyond = world.rest("alice", "DELETE", &path(&chat, 2), Value::Null).await;
    assert_eq!(beyond.replace("alice", "carol"), foreign);
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_back_is_no_longer_unread() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    world.rest("alice", "DELETE", &path(&chat, 2), Value::Null).await;
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#3: three; unread 2)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(brief(&world.rest("bob", "PUT", &format!("/api/chat/{chat}/mark-read"), Value::Null).await), @r#"
    bob gets 200 {"data":{"markedCount":2},"message":"Messages marked as read","success":true}
    alice+bob hears 42["messageRead",{"chatId":"alice+bob","markedCount":2,"messageId":"alice+bob #3","userId":"bob"}]
    "#);
    // One that was read already changes no count.
    world.rest("alice", "DELETE", &path(&chat, 1), Value::Null).await;
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#3: three; unread 0)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_deleted_for_themselves_is_gone_for_them_alone() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "bob", &chat, &["one", "two"]).await;
    let elsewhere = format!("/classroom/api/chat/message/{}", message_id(&chat, 2));
    let said = world.rest("alice", "DELETE", &elsewhere, json!({"deleteForEveryone": false})).await;
    let (answer, heard) = said.split_once('\n').unwrap();
    assert!(answer.starts_with("alice gets 200"), "{answer}");
    assert_snapshot!(heard, @r#"
    alice hears 42["messageDeleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    alice2 hears 42["messageDeleted",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    "#);
    let mut said = String::new();
    for user in ["alice", "bob"] {
        said += &messages_of(&mut world, user, &chat).await;
        said += "\n";
        said += &chats_of(&mut world, user).await;
        said += "\n";
    }
    assert_snapshot!(said, @r##"
    alice gets 200 {"data":{"messages":["#1 by bob: one, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":2,"totalPages":1}},"message":"Messages","success":true}
    alice gets 200 {"data":{"chats":["alice+bob (#2, isDeleted; unread 1)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}
    bob gets 200 {"data":{"messages":["#1 by bob: one, delivered","#2 by bob: two, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":2,"totalPages":1}},"message":"Messages","success":true}
    bob gets 200 {"data":{"chats":["alice+bob (#2: two; unread 0)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}
    "##);
}
