//! Delivery: the sender hears once a message reached a socket of its recipient, or was fetched.

use insta::assert_snapshot;
use serde_json::Value;

use super::{MARKETPLACE, brief, chats_of, heard_by, messages_of, one, text};

#[tokio::test(start_paused = true)]
async fn a_message_is_delivered_once_it_is_posted() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    let said = world.emit("alice", "sendMessage", text(&chat, "hello")).await;
    assert_snapshot!(heard_by("alice", &said).lines().last().unwrap(), @r#"alice hears 42["messageDelivered",{"chatId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]"#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: hello, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_somebody_offline_is_delivered_once_it_is_fetched() {
    let mut world = MARKETPLACE.world().await;
    world.know(&["bob"]).await;
    world.join("alice").await;
    world.join_as("alice2", "alice").await;
    let chat = world.chat("alice", "bob").await;
    assert_snapshot!(brief(&world.emit("alice", "sendMessage", text(&chat, "one")).await), @r##"alice+alice2 hears 42["newMessage","#1 by alice: one"]"##);
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["two"]).await;
    // Neither the sender's own fetching nor the list of chats is a delivery.
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice: two"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":2,"totalPages":1}},"message":"Messages","success":true}"##);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#2: two; unread 2)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"
    bob gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice: two"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":2,"totalPages":1}},"message":"Messages","success":true}
    alice+alice2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    "##);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: one, delivered","#2 by alice: two, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":2,"totalPages":1}},"message":"Messages","success":true}"##);
    // Fetched is not read.
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":{"chats":["alice+bob (#2: two; unread 2)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_is_delivered_no_more() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    world.close("bob").await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(brief(&world.rest("bob", "PUT", &format!("/api/chat/{chat}/mark-read"), Value::Null).await), @r#"
    bob gets 200 {"data":{"markedCount":1},"message":"Messages marked as read","success":true}
    alice hears 42["messageRead",{"chatId":"alice+bob","markedCount":1,"messageId":"alice+bob #1","userId":"bob"}]
    "#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: one, read, read by bob"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_message_read_by_itself_does_not_deliver_those_before_it() {
    let (mut world, chat) = MARKETPLACE.two_clients().await;
    world.close("bob").await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.join("bob").await;
    assert_snapshot!(brief(&world.emit("bob", "markAsRead", one(&chat, 2)).await), @r#"alice+bob hears 42["messageRead",{"chatId":"alice+bob","messageId":"alice+bob #2","userId":"bob"}]"#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by alice: one","#2 by alice: two, read, read by bob"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":2,"totalPages":1}},"message":"Messages","success":true}"##);
}
