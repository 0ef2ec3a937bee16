//! Sending: who hears a message and how, and what a message may contain.

use insta::assert_snapshot;
use serde_json::json;

use super::{WORKSPACE, brief, conversations_of, text};
use crate::worlds::unknown_chat_id;

#[tokio::test(start_paused = true)]
async fn a_message_is_heard_by_everybody_in_the_conversation_but_the_socket_that_sent_it() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    assert_snapshot!(world.ask("alice", "message:send", text(&conversation, "hello")).await, @r#"
    alice hears 430[{"message":{"content":"hello","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"},"success":true}]
    alice hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":{"content":"hello","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"},"participants":["alice","bob"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["message:delivered",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    alice2 hears 42["message:new",{"content":"hello","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"}]
    alice2 hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":{"content":"hello","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"},"participants":["alice","bob"],"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice2 hears 42["message:delivered",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    bob hears 42["message:new",{"content":"hello","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"}]
    bob hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":{"content":"hello","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"},"participants":["alice","bob"],"unreadCount":1,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e000000000001","message":"hello","type":"message"}]
    bob2 hears 42["message:new",{"content":"hello","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"}]
    bob2 hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":{"content":"hello","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"mediaUrl":null,"senderId":"alice","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"text"},"participants":["alice","bob"],"unreadCount":1,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob2 hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e000000000001","message":"hello","type":"message"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn without_an_ack_the_origin_hears_of_its_message_as_the_conversations_last() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    assert_snapshot!(brief(&world.emit("bob", "message:send", text(&conversation, "hello")).await), @r##"
    alice+alice2 hears 42["message:new","#1 by bob: hello"]
    alice+alice2 hears 42["conversation:updated","alice+bob (#1 by bob: hello; unread 1)"]
    alice+alice2 hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"alice+bob #1","message":"hello","type":"message"}]
    bob hears 42["conversation:updated","alice+bob (#1 by bob: hello; unread 0)"]
    bob hears 42["message:delivered",{"messageId":"alice+bob #1"}]
    bob2 hears 42["message:new","#1 by bob: hello"]
    bob2 hears 42["conversation:updated","alice+bob (#1 by bob: hello; unread 0)"]
    bob2 hears 42["message:delivered",{"messageId":"alice+bob #1"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn text_is_the_type_unless_said() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let said = world.ask("alice", "message:send", json!({"conversationId": conversation, "content": "hello"})).await;
    assert!(said.contains(r#""type":"text""#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn content_is_kept_as_sent() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let content = " <b>ünïcödé</b> & \"quotes\"\n\t\u{1f980} ";
    let said = world.ask("alice", "message:send", text(&conversation, content)).await;
    let as_json = json!({ "content": content }).to_string();
    let kept = as_json.trim_matches(['{', '}']);
    // The ack; the message and the conversation; the conversation alone.
    assert_eq!(said.matches(kept).count(), 4, "{said}");
}

#[tokio::test(start_paused = true)]
async fn content_has_between_1_and_4000_characters_that_are_not_all_white_space() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let mut said = String::new();
    for content in ["", " \n\t", &"é".repeat(4_001)] {
        said += &world.ask("alice", "message:send", text(&conversation, content)).await;
    }
    said += &world.ask("alice", "message:send", json!({"conversationId": conversation})).await;
    said += &world.ask("alice", "message:send", json!({"conversationId": conversation, "content": 7})).await;
    assert_snapshot!(said, @r#"
    alice hears 430[{"error":{"code":"VALIDATION_ERROR","message":"content must not be empty"},"success":false}]
    alice hears 431[{"error":{"code":"VALIDATION_ERROR","message":"content must not be empty"},"success":false}]
    alice hears 432[{"error":{"code":"VALIDATION_ERROR","message":"content must be at most 4000 characters"},"success":false}]
    alice hears 433[{"error":{"code":"VALIDATION_ERROR","message":"content must not be empty"},"success":false}]
    alice hears 434[{"error":{"code":"VALIDATION_ERROR","message":"content must be a string"},"success":false}]
    "#);
    let longest = world.ask("alice", "message:send", text(&conversation, &"é".repeat(4_000))).await;
    assert!(longest.contains("\"success\":true"), "{longest}");
}

#[tokio::test(start_paused = true)]
async fn a_notification_previews_a_hundred_characters() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let said = world.ask("alice", "message:send", text(&conversation, &"é".repeat(101))).await;
    let preview = format!(r#""message":"{}""#, "é".repeat(100));
    assert_eq!(said.matches(&preview).count(), 1, "{said}");
}

#[tokio::test(start_paused = true)]
async fn who_has_the_conversation_open_is_not_notified_and_hears_the_rest() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    world.ask("bob", "conversation:join", json!(conversation)).await;
    assert_snapshot!(brief(&world.ask("alice", "message:send", text(&conversation, "one")).await), @r##"
    alice hears 430[{"message":"#1 by alice: one","success":true}]
    alice hears 42["conversation:updated","alice+bob (#1 by alice: one; unread 0)"]
    alice hears 42["message:delivered",{"messageId":"alice+bob #1"}]
    alice2 hears 42["message:new","#1 by alice: one"]
    alice2 hears 42["conversation:updated","alice+bob (#1 by alice: one; unread 0)"]
    alice2 hears 42["message:delivered",{"messageId":"alice+bob #1"}]
    bob hears 42["message:new","#1 by alice: one"]
    bob hears 42["conversation:updated","alice+bob (#1 by alice: one; unread 1)"]
    bob2 hears 42["message:new","#1 by alice: one"]
    bob2 hears 42["conversation:updated","alice+bob (#1 by alice: one; unread 1)"]
    bob2 hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"alice+bob #1","message":"one","type":"message"}]
    "##);
    world.ask("bob", "conversation:leave", json!(conversation)).await;
    let said = brief(&world.ask("alice", "message:send", text(&conversation, "two")).await);
    assert!(said.contains(r#"bob+bob2 hears 42["notification:new""#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn another_room_is_not_this_one() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let other = world.chat("bob", "carol").await;
    world.ask("bob", "conversation:join", json!(other)).await;
    let said = brief(&world.ask("alice", "message:send", text(&conversation, "one")).await);
    assert!(said.contains(r#"bob+bob2 hears 42["notification:new""#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_conversation_of_others_and_one_that_does_not_exist_look_the_same() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    let foreign = world.emit("carol", "message:send", text(&conversation, "hello")).await;
    assert_snapshot!(foreign, @r#"carol hears 42["error",{"code":"NOT_FOUND","message":"conversation not found"}]"#);
    assert_eq!(world.emit("carol", "message:send", text(&unknown_chat_id(), "hello")).await, foreign);
    assert_eq!(world.emit("carol", "message:send", text("nothing-like-an-id", "hello")).await, foreign);
    assert_snapshot!(conversations_of(&mut world, "bob").await, @r#"bob gets 200 {"data":["alice+bob (nothing; unread 0)"],"pagination":{"limit":20,"page":1,"total":1},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn unread_counts_are_each_viewers_own() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one", "two"]).await;
    assert_snapshot!(brief(&world.emit("alice", "message:send", text(&conversation, "three")).await), @r##"
    alice hears 42["conversation:updated","alice+bob (#3 by alice: three; unread 0)"]
    alice hears 42["message:delivered",{"messageId":"alice+bob #3"}]
    bob hears 42["message:new","#3 by alice: three"]
    bob hears 42["conversation:updated","alice+bob (#3 by alice: three; unread 3)"]
    bob hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"alice+bob #3","message":"three","type":"message"}]
    "##);
    assert_snapshot!(brief(&world.emit("bob", "message:send", text(&conversation, "four")).await), @r##"
    alice hears 42["message:new","#4 by bob: four"]
    alice hears 42["conversation:updated","alice+bob (#4 by bob: four; unread 1)"]
    alice hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"alice+bob #4","message":"four","type":"message"}]
    bob hears 42["conversation:updated","alice+bob (#4 by bob: four; unread 3)"]
    bob hears 42["message:delivered",{"messageId":"alice+bob #4"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn numbers_have_no_gaps() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one", " ", "two"]).await;
    WORKSPACE.send_texts(&mut world, "bob", &conversation, &["three"]).await;
    assert_snapshot!(brief(&world.get("bob", &format!("/api/conversations/{conversation}/messages")).await), @r##"bob gets 200 {"data":["#1 by alice: one","#2 by alice: two","#3 by bob: three"],"pagination":{"limit":50,"page":1,"total":3},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_somebody_offline_is_delivered_once_they_fetch_it() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    world.close("bob").await;
    world.close("bob2").await;
    assert_snapshot!(brief(&world.emit("alice", "message:send", text(&conversation, "hello")).await), @r##"
    alice hears 42["conversation:updated","alice+bob (#1 by alice: hello; unread 0)"]
    alice2 hears 42["message:new","#1 by alice: hello"]
    alice2 hears 42["conversation:updated","alice+bob (#1 by alice: hello; unread 0)"]
    "##);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/conversations/{conversation}/messages")).await), @r##"
    bob gets 200 {"data":["#1 by alice: hello"],"pagination":{"limit":50,"page":1,"total":1},"success":true}
    alice+alice2 hears 42["message:delivered",{"messageId":"alice+bob #1"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn delivered_in_full() {
    let (mut world, conversation) = WORKSPACE.two_clients().await;
    let said = world.emit("alice", "message:send", text(&conversation, "hello")).await;
    assert_snapshot!(said.lines().filter(|line| line.contains("message:delivered")).collect::<String>(), @r#"alice hears 42["message:delivered",{"messageId":"e70c08a3288036ef87ef9f6e000000000001"}]"#);
}
