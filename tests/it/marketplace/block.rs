//! Blocking: per chat and per person, toggled; while anyone blocks, nobody sends.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief, chats_of, messages_of, one, text};
use crate::worlds::message_id;

fn toggle(chat: &str) -> String {
    format!("/api/chat/{chat}/toggle-block")
}

#[tokio::test(start_paused = true)]
async fn everybody_in_the_chat_hears_of_a_block_and_of_its_end() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.clock.advance(1_000);
    assert_snapshot!(world.rest("alice", "PUT", &toggle(&chat), Value::Null).await, @r#"
    alice gets 200 {"data":{"blockedBy":["alice"],"isBlocked":true},"message":"Chat blocked","success":true}
    alice hears 42["chatBlocked",{"blockedBy":"alice","chatId":"e70c08a3288036ef87ef9f6e"}]
    alice2 hears 42["chatBlocked",{"blockedBy":"alice","chatId":"e70c08a3288036ef87ef9f6e"}]
    bob hears 42["chatBlocked",{"blockedBy":"alice","chatId":"e70c08a3288036ef87ef9f6e"}]
    bob2 hears 42["chatBlocked",{"blockedBy":"alice","chatId":"e70c08a3288036ef87ef9f6e"}]
    "#);
    assert_snapshot!(world.get("bob", "/api/chat/my-chats").await, @r#"bob gets 200 {"data":{"chats":[{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":["alice"],"chatType":"direct","createdAt":"2026-01-02T03:04:05.006Z","isActive":true,"isBlocked":true,"lastMessage":null,"lastMessageTime":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","email":null,"name":"alice","profilePicture":null},{"_id":"bob","email":null,"name":"bob","profilePicture":null}],"petListing":null,"unreadCount":[{"count":0,"userId":"bob"}],"updatedAt":"2026-01-02T03:04:06.006Z"}],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(world.rest("alice", "PUT", &toggle(&chat), Value::Null).await, @r#"
    alice gets 200 {"data":{"blockedBy":[],"isBlocked":false},"message":"Chat unblocked","success":true}
    alice hears 42["chatUnblocked",{"chatId":"e70c08a3288036ef87ef9f6e","unblockedBy":"alice"}]
    alice2 hears 42["chatUnblocked",{"chatId":"e70c08a3288036ef87ef9f6e","unblockedBy":"alice"}]
    bob hears 42["chatUnblocked",{"chatId":"e70c08a3288036ef87ef9f6e","unblockedBy":"alice"}]
    bob2 hears 42["chatUnblocked",{"chatId":"e70c08a3288036ef87ef9f6e","unblockedBy":"alice"}]
    "#);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (nothing; unread 0)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn nobody_sends_while_anyone_blocks() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.rest("alice", "PUT", &toggle(&chat), Value::Null).await;
    assert_snapshot!(world.ask("alice", "sendMessage", text(&chat, "hello")).await, @r#"alice hears 430[{"error":{"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"},"success":false}]"#);
    assert_snapshot!(world.emit("bob", "sendMessage", text(&chat, "hello")).await, @r#"bob hears 42["error",{"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked"}]"#);
    let body = json!({"content": "hello"});
    assert_snapshot!(world.rest("bob", "POST", &format!("/api/chat/{chat}/send"), body).await, @r#"bob gets 403 {"code":"BLOCKED_USER","message":"cannot send messages while the chat is blocked","success":false}"#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r#"bob gets 200 {"data":{"messages":[],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":0,"totalPages":0}},"message":"Messages","success":true}"#);
    world.rest("alice", "PUT", &toggle(&chat), Value::Null).await;
    assert_snapshot!(brief(&world.emit("bob", "sendMessage", text(&chat, "hello")).await), @r##"
    alice+alice2 hears 42["newMessage","#1 by bob: hello"]
    bob+bob2 hears 42["newMessage","#1 by bob: hello"]
    bob+bob2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn both_may_block_and_each_takes_their_own_back() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.rest("alice", "PUT", &toggle(&chat), Value::Null).await;
    assert_snapshot!(brief(&world.rest("bob", "PUT", &toggle(&chat), Value::Null).await), @r#"
    bob gets 200 {"data":{"blockedBy":["alice","bob"],"isBlocked":true},"message":"Chat blocked","success":true}
    alice+alice2+bob+bob2 hears 42["chatBlocked",{"blockedBy":"bob","chatId":"alice+bob"}]
    "#);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+bob (nothing; unread 0; isBlocked true by alice+bob)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(brief(&world.rest("alice", "PUT", &toggle(&chat), Value::Null).await), @r#"
    alice gets 200 {"data":{"blockedBy":["bob"],"isBlocked":true},"message":"Chat unblocked","success":true}
    alice hears 42["chatUnblocked",{"chatId":"alice+bob","unblockedBy":"alice"}]
    alice2+bob+bob2 hears 42["chatUnblocked",{"chatId":"alice+bob","unblockedBy":"alice"}]
    "#);
    assert_snapshot!(brief(&world.ask("alice", "sendMessage", text(&chat, "hello")).await), @r#"alice hears 430[{"error":"BLOCKED_USER: cannot send messages while the chat is blocked","success":false}]"#);
    assert_snapshot!(brief(&world.rest("bob", "PUT", &toggle(&chat), Value::Null).await), @r#"
    bob gets 200 {"data":{"blockedBy":[],"isBlocked":false},"message":"Chat unblocked","success":true}
    alice+alice2+bob+bob2 hears 42["chatUnblocked",{"chatId":"alice+bob","unblockedBy":"bob"}]
    "#);
    let said = world.ask("alice", "sendMessage", text(&chat, "hello")).await;
    assert!(said.contains("\"success\":true"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_block_set_and_taken_back_in_another_dialect_is_told_here() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.join_namespace("bob3", "bob", "/recruiting").await;
    assert_snapshot!(brief(&world.emit("bob3", "block_user", json!({"chatId": chat})).await), @r#"
    alice+alice2+bob+bob2 hears 42["chatBlocked",{"blockedBy":"bob","chatId":"alice+bob"}]
    bob3 hears 42/recruiting,["user_blocked",{"chat":{"_id":"alice+bob","blockedBy":"bob","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]}}]
    "#);
    assert_snapshot!(brief(&world.emit("bob3", "block_user", json!({"chatId": chat})).await), @"");
    assert_snapshot!(brief(&world.emit("bob3", "unblock_user", json!({"chatId": chat})).await), @r#"
    alice+alice2+bob+bob2 hears 42["chatUnblocked",{"chatId":"alice+bob","unblockedBy":"bob"}]
    bob3 hears 42/recruiting,["user_unblocked",{"chat":{"_id":"alice+bob","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]}}]
    "#);
    world.emit("bob3", "block_user", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.rest("bob", "PUT", &toggle(&chat), Value::Null).await), @r#"
    bob gets 200 {"data":{"blockedBy":[],"isBlocked":false},"message":"Chat unblocked","success":true}
    alice+alice2+bob+bob2 hears 42["chatUnblocked",{"chatId":"alice+bob","unblockedBy":"bob"}]
    bob3 hears 42/recruiting,["user_unblocked",{"chat":{"_id":"alice+bob","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]}}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn reading_and_deleting_go_on_while_blocked() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.rest("alice", "PUT", &toggle(&chat), Value::Null).await;
    assert_snapshot!(brief(&world.ask("bob", "markAsRead", one(&chat, 1)).await), @r#"
    alice+alice2 hears 42["messageRead",{"chatId":"alice+bob","messageId":"alice+bob #1","userId":"bob"}]
    bob hears 430[{"success":true}]
    bob hears 42["messageRead",{"chatId":"alice+bob","messageId":"alice+bob #1","userId":"bob"}]
    bob2 hears 42["messageRead",{"chatId":"alice+bob","messageId":"alice+bob #1","userId":"bob"}]
    "#);
    let delete = format!("/api/chat/message/{}", message_id(&chat, 2));
    assert_snapshot!(brief(&world.rest("alice", "DELETE", &delete, Value::Null).await), @r##"
    alice gets 200 {"data":"#2 by alice, delivered, isDeleted","message":"Message deleted","success":true}
    alice hears 42["messageDeleted",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    alice2+bob+bob2 hears 42["messageDeleted",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    "##);
    assert_snapshot!(brief(&world.ask("bob", "join-chat", json!({"chatId": chat})).await), @r#"bob hears 431[{"success":true}]"#);
}
