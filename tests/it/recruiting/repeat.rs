//! The client's own name for a send: sending it again stores nothing new (docs/dialects.md, "Repeated sends").

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{RECRUITING, brief, text};
use crate::worlds::{event_frame, message_id};

fn named(chat: &str, content: &str, name: &str) -> Value {
    json!({"chatId": chat, "content": content, "clientMessageId": name})
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_with_the_first_message_and_heard_by_nobody() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let first = world.ask("alice", "send_message", named(&chat, "first", "a")).await;
    world.clock.advance(1_000);
    let again = world.ask("alice", "send_message", named(&chat, "second", "a")).await;
    assert_eq!(again.trim_end(), first.lines().next().unwrap().replacen("430", "431", 1));
    assert_snapshot!(brief(&world.ask("alice2", "send_message", named(&chat, "third", "a")).await), @r##"alice2 hears 430[{"message":"#1 by alice: first","success":true}]"##);
    assert_snapshot!(brief(&world.emit("alice", "send_message", named(&chat, "fourth", "a")).await), @"");
    let over_rest = world.rest("alice", "POST", "/api/message/send", named(&chat, "fifth", "a")).await;
    assert_snapshot!(over_rest, @r#"alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","chatId":"e70c08a3288036ef87ef9f6e","content":"first","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"bob","senderId":"alice","seq":1,"updatedAt":"2026-01-02T03:04:05.006Z"},"message":"Message sent","success":true}"#);
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice: first"],"pagination":{"limit":50,"page":1,"total":1,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_name_belongs_to_its_sender() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.emit("alice", "send_message", named(&chat, "hers", "a")).await;
    assert_snapshot!(brief(&world.ask("bob", "send_message", named(&chat, "his", "a")).await), @r##"
    alice hears 42["new_message",{"message":"#2 by bob: his"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#2 by bob: his","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 430[{"message":"#2 by bob: his","success":true}]
    bob hears 42["message_sent",{"message":"#2 by bob: his"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#2 by bob: his","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_name_counts_across_chats() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.know(&["carol"]).await;
    let other = world.chat("alice", "carol").await;
    world.emit("alice", "send_message", named(&chat, "to Bob", "a")).await;
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&other, "to Carol", "a")).await), @r##"alice hears 430[{"message":"#1 by alice: to Bob","success":true}]"##);
    assert_snapshot!(brief(&world.get("carol", &format!("/api/message/chat/{other}")).await), @r#"carol gets 200 {"data":{"messages":[],"pagination":{"limit":50,"page":1,"total":0,"totalPages":0}},"message":"Messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_while_blocked() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.emit("alice", "send_message", named(&chat, "first", "a")).await;
    world.emit("bob", "block_user", json!({"chatId": chat})).await;
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "first", "a")).await), @r##"alice hears 430[{"message":"#1 by alice: first","success":true}]"##);
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "second", "b")).await), @r#"alice hears 431[{"error":"BLOCKED_USER: cannot send messages while the chat is blocked","success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_while_limited() {
    let (mut world, chat) = RECRUITING.two_clients_with(&[("MessagesPerMinute", "1")]).await;
    world.emit("alice", "send_message", named(&chat, "first", "a")).await;
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "first", "a")).await), @r##"alice hears 430[{"message":"#1 by alice: first","success":true}]"##);
    assert_snapshot!(brief(&world.rest("alice", "POST", "/api/message/send", named(&chat, "first", "a")).await), @r##"alice gets 200 {"data":"#1 by alice: first","message":"Message sent","success":true}"##);
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "second", "b")).await), @r#"alice hears 431[{"error":"RATE_LIMIT (retryAfter 55): too many messages, try again in 55 s","success":false}]"#);
    // The name of a send that was refused is free.
    world.clock.advance(60_000);
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "second", "b")).await), @r##"
    alice hears 432[{"message":"#2 by alice: second","success":true}]
    alice hears 42["message_sent",{"message":"#2 by alice: second"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#2 by alice: second","updatedAt":"2026-01-02T03:05:05.006Z"}]
    alice hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    bob hears 42["new_message",{"message":"#2 by alice: second"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#2 by alice: second","updatedAt":"2026-01-02T03:05:05.006Z"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_what_was_taken_back_is_answered_with_the_placeholder() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.emit("alice", "send_message", named(&chat, "first", "a")).await;
    world.rest("alice", "DELETE", &format!("/api/message/{}", message_id(&chat, 1)), Value::Null).await;
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "first", "a")).await), @r##"alice hears 430[{"message":"#1 by alice, isDeleted","success":true}]"##);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_free_again_after_a_day() {
    const DAY_MILLIS: i64 = 24 * 3_600_000;
    let (mut world, chat) = RECRUITING.two_clients().await;
    world.emit("alice", "send_message", named(&chat, "first", "a")).await;
    world.clock.advance(DAY_MILLIS - 1_000);
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "second", "a")).await), @r##"alice hears 430[{"message":"#1 by alice: first","success":true}]"##);
    world.clock.advance(1_000);
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "second", "a")).await), @r##"
    alice hears 431[{"message":"#2 by alice: second","success":true}]
    alice hears 42["message_sent",{"message":"#2 by alice: second"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#2 by alice: second","updatedAt":"2026-01-03T03:04:05.006Z"}]
    alice hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    bob hears 42["new_message",{"message":"#2 by alice: second"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#2 by alice: second","updatedAt":"2026-01-03T03:04:05.006Z"}]
    "##);
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "third", "a")).await), @r##"alice hears 432[{"message":"#2 by alice: second","success":true}]"##);
}

#[tokio::test(start_paused = true)]
async fn a_name_has_1_to_64_characters() {
    let (mut world, chat) = RECRUITING.two_clients().await;
    let said = world.ask("alice", "send_message", named(&chat, "longest", &"é".repeat(64))).await;
    assert!(said.contains("\"success\":true"), "{said}");
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "longer", &"é".repeat(65))).await), @r#"alice hears 431[{"error":"VALIDATION_ERROR (field clientMessageId): clientMessageId must be a string of 1 to 64 characters","success":false}]"#);
    assert_snapshot!(brief(&world.ask("alice", "send_message", named(&chat, "none", "")).await), @r#"alice hears 432[{"error":"VALIDATION_ERROR (field clientMessageId): clientMessageId must be a string of 1 to 64 characters","success":false}]"#);
    let number = json!({"chatId": chat, "content": "number", "clientMessageId": 7});
    assert_snapshot!(brief(&world.ask("alice", "send_message", number).await), @r#"alice hears 433[{"error":"VALIDATION_ERROR (field clientMessageId): clientMessageId must be a string","success":false}]"#);
    let null = json!({"chatId": chat, "content": "null is none", "clientMessageId": null});
    assert_snapshot!(brief(&world.ask("alice", "send_message", null).await), @r##"
    alice hears 434[{"message":"#2 by alice: null is none","success":true}]
    alice hears 42["message_sent",{"message":"#2 by alice: null is none"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#2 by alice: null is none","updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    bob hears 42["new_message",{"message":"#2 by alice: null is none"}]
    bob hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#2 by alice: null is none","updatedAt":"2026-01-02T03:04:05.006Z"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn repeats_sent_at_once_store_one_message() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    let frame = event_frame("send_message", &named(&chat, "once", "a"));
    let sends: Vec<(&str, String)> =
        ["alice", "alice2"].into_iter().cycle().take(10).map(|label| (label, frame.clone())).collect();
    let said = world.send_all(&sends).await;
    assert_eq!(said.matches("message_sent").count(), 1, "{said}");
    assert_eq!(said.lines().filter(|line| line.contains("new_message")).count(), 3, "{said}");
    world.emit("alice", "send_message", text(&chat, "next")).await;
    assert_snapshot!(brief(&world.get("bob", &format!("/api/message/chat/{chat}")).await), @r##"bob gets 200 {"data":{"messages":["#1 by alice: once","#2 by alice: next"],"pagination":{"limit":50,"page":1,"total":2,"totalPages":1}},"message":"Messages","success":true}"##);
}
