//! Blocking, per chat and per person.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{RECRUITING, brief, chats_of, text};
use crate::worlds::{message_id, unknown_chat_id};

#[tokio::test(start_paused = true)]
async fn blocking_and_unblocking_tell_both_sides() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    world.clock.advance(1_000);
    assert_snapshot!(world.ask("alice", "block_user", json!({"chatId": chat})).await, @r#"
    alice hears 430[{"chat":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":"alice","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]},"success":true}]
    alice hears 42["user_blocked",{"chat":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":"alice","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]}}]
    alice2 hears 42["user_blocked",{"chat":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":"alice","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]}}]
    bob hears 42["you_were_blocked",{"blockedByUserId":"alice","chatId":"e70c08a3288036ef87ef9f6e"}]
    bob2 hears 42["you_were_blocked",{"blockedByUserId":"alice","chatId":"e70c08a3288036ef87ef9f6e"}]
    "#);
    assert_snapshot!(world.ask("alice", "unblock_user", json!({"chatId": chat})).await, @r#"
    alice hears 431[{"chat":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]},"success":true}]
    alice hears 42["user_unblocked",{"chat":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]}}]
    alice2 hears 42["user_unblocked",{"chat":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":null,"createdAt":"2026-01-02T03:04:05.006Z","isBlocked":false,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:06.006Z","users":["alice","bob"]}}]
    bob hears 42["you_were_unblocked",{"chatId":"e70c08a3288036ef87ef9f6e","unblockedByUserId":"alice"}]
    bob2 hears 42["you_were_unblocked",{"chatId":"e70c08a3288036ef87ef9f6e","unblockedByUserId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn without_an_ack_the_same_is_heard() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    assert_snapshot!(brief(&world.emit("alice", "block_user", json!({"chatId": chat})).await), @r#"
    alice+alice2 hears 42["user_blocked",{"chat":"alice+bob (nothing; unread 0, isBlocked true by alice)"}]
    bob+bob2 hears 42["you_were_blocked",{"blockedByUserId":"alice","chatId":"alice+bob"}]
    "#);
    assert_snapshot!(brief(&world.emit("alice2", "unblock_user", json!({"chatId": chat})).await), @r#"
    alice+alice2 hears 42["user_unblocked",{"chat":"alice+bob (nothing; unread 0)"}]
    bob+bob2 hears 42["you_were_unblocked",{"chatId":"alice+bob","unblockedByUserId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn over_rest_the_same_is_heard() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["before"]).await;
    let (block, unblock) = (format!("/api/chat/{chat}/block"), format!("/api/chat/{chat}/unblock"));
    let said = world.rest("bob", "POST", &block, Value::Null).await;
    assert_snapshot!(said.lines().next().unwrap(), @r#"bob gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":"bob","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"before","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"unreadCount":1,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]},"message":"Chat","success":true}"#);
    assert_snapshot!(brief(&said), @r#"
    bob gets 200 {"data":"alice+bob (#1 by alice: before; unread 1, isBlocked true by bob)","message":"Chat","success":true}
    alice+alice2 hears 42["you_were_blocked",{"blockedByUserId":"bob","chatId":"alice+bob"}]
    bob+bob2 hears 42["user_blocked",{"chat":"alice+bob (#1 by alice: before; unread 1, isBlocked true by bob)"}]
    "#);
    assert_snapshot!(brief(&world.rest("bob", "POST", &unblock, Value::Null).await), @r#"
    bob gets 200 {"data":"alice+bob (#1 by alice: before; unread 1)","message":"Chat","success":true}
    alice+alice2 hears 42["you_were_unblocked",{"chatId":"alice+bob","unblockedByUserId":"bob"}]
    bob+bob2 hears 42["user_unblocked",{"chat":"alice+bob (#1 by alice: before; unread 1)"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn nobody_sends_while_anyone_blocks() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    world.emit("alice", "block_user", json!({"chatId": chat})).await;
    assert_snapshot!(world.ask("alice", "send_message", text(&chat, "hello")).await, @r#"alice hears 430[{"error":{"code":"BLOCKED_USER","details":{},"message":"cannot send messages while the chat is blocked","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(world.emit("bob", "send_message", text(&chat, "hello")).await, @r#"bob hears 42["error",{"code":"BLOCKED_USER","details":{},"message":"cannot send messages while the chat is blocked","timestamp":1767323045006}]"#);
    assert_snapshot!(world.rest("bob", "POST", "/api/message/send", text(&chat, "hello")).await, @r#"bob gets 403 {"error":{"code":"BLOCKED_USER","details":{},"message":"cannot send messages while the chat is blocked","timestamp":1767323045006},"message":"cannot send messages while the chat is blocked","success":false}"#);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (nothing; unread 0, isBlocked true by alice)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
    world.emit("alice", "unblock_user", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.ask("bob", "send_message", text(&chat, "hello")).await), @r##"
    alice+alice2 hears 42["new_message",{"message":"#1 by bob: hello"}]
    alice+alice2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 430[{"message":"#1 by bob: hello","success":true}]
    bob hears 42["message_sent",{"message":"#1 by bob: hello"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob2 hears 42["new_message",{"message":"#1 by bob: hello"}]
    bob2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob2 hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn blocking_twice_is_success_and_tells_nobody() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    world.emit("alice", "block_user", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.ask("alice", "block_user", json!({"chatId": chat})).await), @r#"alice hears 430[{"chat":"alice+bob (nothing; unread 0, isBlocked true by alice)","success":true}]"#);
    assert_snapshot!(brief(&world.emit("alice2", "block_user", json!({"chatId": chat})).await), @"");
    assert_snapshot!(brief(&world.rest("alice", "POST", &format!("/api/chat/{chat}/block"), Value::Null).await), @r#"alice gets 200 {"data":"alice+bob (nothing; unread 0, isBlocked true by alice)","message":"Chat","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn only_who_blocked_can_unblock() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    world.emit("alice", "block_user", json!({"chatId": chat})).await;
    assert_snapshot!(world.ask("bob", "unblock_user", json!({"chatId": chat})).await, @r#"bob hears 430[{"error":{"code":"FORBIDDEN","details":{},"message":"only who blocked can unblock","timestamp":1767323045006},"success":false}]"#);
    assert_snapshot!(brief(&world.rest("bob", "POST", &format!("/api/chat/{chat}/unblock"), Value::Null).await), @r#"bob gets 403 {"error":"FORBIDDEN: only who blocked can unblock","message":"only who blocked can unblock","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn unblocking_what_nobody_blocks_is_success_and_tells_nobody() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    assert_snapshot!(brief(&world.ask("bob", "unblock_user", json!({"chatId": chat})).await), @r#"bob hears 430[{"chat":"alice+bob (nothing; unread 0)","success":true}]"#);
    assert_snapshot!(brief(&world.emit("bob", "unblock_user", json!({"chatId": chat})).await), @"");
}

#[tokio::test(start_paused = true)]
async fn both_may_block_and_each_sees_themselves_as_the_blocker() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    world.emit("alice", "block_user", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.ask("bob", "block_user", json!({"chatId": chat})).await), @r#"
    alice+alice2 hears 42["you_were_blocked",{"blockedByUserId":"bob","chatId":"alice+bob"}]
    bob hears 430[{"chat":"alice+bob (nothing; unread 0, isBlocked true by bob)","success":true}]
    bob hears 42["user_blocked",{"chat":"alice+bob (nothing; unread 0, isBlocked true by bob)"}]
    bob2 hears 42["user_blocked",{"chat":"alice+bob (nothing; unread 0, isBlocked true by bob)"}]
    "#);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+bob (nothing; unread 0, isBlocked true by alice)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (nothing; unread 0, isBlocked true by bob)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(brief(&world.ask("alice", "unblock_user", json!({"chatId": chat})).await), @r#"
    alice hears 430[{"chat":"alice+bob (nothing; unread 0, isBlocked true by bob)","success":true}]
    alice hears 42["user_unblocked",{"chat":"alice+bob (nothing; unread 0, isBlocked true by bob)"}]
    alice2 hears 42["user_unblocked",{"chat":"alice+bob (nothing; unread 0, isBlocked true by bob)"}]
    bob+bob2 hears 42["you_were_unblocked",{"chatId":"alice+bob","unblockedByUserId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.ask("alice", "send_message", text(&chat, "hello")).await), @r#"alice hears 431[{"error":"BLOCKED_USER: cannot send messages while the chat is blocked","success":false}]"#);
    assert_snapshot!(brief(&world.ask("bob", "unblock_user", json!({"chatId": chat})).await), @r#"
    alice+alice2 hears 42["you_were_unblocked",{"chatId":"alice+bob","unblockedByUserId":"bob"}]
    bob hears 431[{"chat":"alice+bob (nothing; unread 0)","success":true}]
    bob hears 42["user_unblocked",{"chat":"alice+bob (nothing; unread 0)"}]
    bob2 hears 42["user_unblocked",{"chat":"alice+bob (nothing; unread 0)"}]
    "#);
    assert_snapshot!(brief(&world.emit("alice", "send_message", text(&chat, "hello")).await), @r##"
    alice hears 42["message_sent",{"message":"#1 by alice: hello"}]
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
async fn reading_and_deleting_go_on_while_blocked() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    RECRUITING.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.emit("alice", "block_user", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.ask("bob", "mark_messages_read", json!({"chatId": chat})).await), @r#"
    alice+alice2 hears 42["messages_read_by_other",{"chatId":"alice+bob","readAt":"2026-01-02T03:04:05.006Z","readByUserId":"bob"}]
    bob hears 430[{"chatId":"alice+bob","markedCount":2,"success":true}]
    bob hears 42["messages_marked_read",{"chatId":"alice+bob","markedCount":2}]
    bob2 hears 42["messages_marked_read",{"chatId":"alice+bob","markedCount":2}]
    "#);
    let first = message_id(&chat, 1);
    assert_snapshot!(brief(&world.rest("alice", "DELETE", &format!("/api/message/{first}"), Value::Null).await), @r##"
    alice gets 200 {"data":"#1 by alice, isRead, isDeleted","message":"Message deleted","success":true}
    alice hears 42["message_deleted",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    alice2+bob+bob2 hears 42["message_deleted",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice, isRead, isDeleted","#2 by alice: two, isRead"],"pagination":{"limit":50,"page":1,"total":2,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn the_blocked_list_holds_what_the_caller_blocks() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.know(&["carol", "dave"]).await;
    let (carol, dave) = (world.chat("alice", "carol").await, world.chat("alice", "dave").await);
    assert_snapshot!(world.get("alice", "/api/chat/blocked").await, @r#"alice gets 200 {"data":{"chats":[]},"message":"Blocked chats","success":true}"#);
    world.emit("alice", "block_user", json!({"chatId": carol})).await;
    world.emit("alice", "block_user", json!({"chatId": chat})).await;
    world.rest("dave", "POST", &format!("/api/chat/{dave}/block"), Value::Null).await;
    world.emit("bob", "send_message", text(&chat, "refused")).await;
    assert_snapshot!(brief(&world.get("alice", "/api/chat/blocked").await), @r#"alice gets 200 {"data":{"chats":["alice+carol (nothing; unread 0, isBlocked true by alice)","alice+bob (nothing; unread 0, isBlocked true by alice)"]},"message":"Blocked chats","success":true}"#);
    assert_snapshot!(brief(&world.get("bob", "/api/chat/blocked").await), @r#"bob gets 200 {"data":{"chats":[]},"message":"Blocked chats","success":true}"#);
    assert_snapshot!(brief(&world.get("dave", "/api/chat/blocked").await), @r#"dave gets 200 {"data":{"chats":["alice+dave (nothing; unread 0, isBlocked true by dave)"]},"message":"Blocked chats","success":true}"#);
    world.emit("alice", "unblock_user", json!({"chatId": carol})).await;
    assert_snapshot!(world.get("alice", "/api/chat/blocked").await, @r#"alice gets 200 {"data":{"chats":[{"_id":"e70c08a3288036ef87ef9f6e","blockedBy":"alice","createdAt":"2026-01-02T03:04:05.006Z","isBlocked":true,"latestMessage":null,"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z","users":["alice","bob"]}]},"message":"Blocked chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_chat_of_others_cannot_be_blocked() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    assert_snapshot!(brief(&world.ask("carol", "block_user", json!({"chatId": chat})).await), @r#"carol hears 430[{"error":"NOT_FOUND (field chatId): chat not found","success":false}]"#);
    assert_snapshot!(brief(&world.emit("carol", "unblock_user", json!({"chatId": unknown_chat_id()})).await), @r#"carol hears 42["error","NOT_FOUND (field chatId): chat not found"]"#);
    assert_snapshot!(brief(&world.emit("alice", "block_user", json!({})).await), @r#"alice hears 42["error","VALIDATION_ERROR (field chatId): chatId is required"]"#);
    for action in ["block", "unblock"] {
        let foreign = world.rest("carol", "POST", &format!("/api/chat/{chat}/{action}"), Value::Null).await;
        let unknown =
            world.rest("carol", "POST", &format!("/api/chat/{}/{action}", unknown_chat_id()), Value::Null).await;
        assert_eq!(foreign, unknown);
        assert!(foreign.starts_with("carol gets 404"), "{foreign}");
    }
}
