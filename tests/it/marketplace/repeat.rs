//! The client's own name for a send: sending it again stores nothing new.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief, messages_of};
use crate::worlds::{event_frame, message_id};

fn named(chat: &str, content: &str) -> Value {
    json!({"chatId": chat, "content": content, "messageType": "text", "clientMessageId": "a"})
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_with_the_first_message_and_heard_by_nobody() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let first = world.ask("alice", "sendMessage", named(&chat, "first")).await;
    world.clock.advance(1_000);
    let again = world.ask("alice", "sendMessage", named(&chat, "second")).await;
    assert_snapshot!(brief(&first), @r##"
    alice hears 430[{"data":"#1 by alice: first","success":true}]
    alice hears 42["newMessage","#1 by alice: first"]
    alice hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    alice2 hears 42["newMessage","#1 by alice: first"]
    alice2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob+bob2 hears 42["newMessage","#1 by alice: first"]
    "##);
    assert_snapshot!(brief(&again), @r##"alice hears 431[{"data":"#1 by alice: first, delivered","success":true}]"##);
    assert_snapshot!(brief(&world.ask("alice2", "sendMessage", json!({"clientMessageId": "a"})).await), @r##"alice2 hears 430[{"data":"#1 by alice: first, delivered","success":true}]"##);
    assert_snapshot!(world.emit("alice", "sendMessage", named(&chat, "third")).await, @"");
    let path = format!("/api/chat/{chat}/send");
    assert_snapshot!(brief(&world.rest("alice", "POST", &path, named(&chat, "fourth")).await), @r##"alice gets 200 {"data":"#1 by alice: first, delivered","message":"Message sent","success":true}"##);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: first, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn over_rest_the_first_is_201_and_a_repeat_200() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let path = format!("/api/chat/{chat}/send");
    let first = world.rest("alice", "POST", &path, named(&chat, "first")).await;
    assert_snapshot!(brief(&first), @r##"
    alice gets 201 {"data":"#1 by alice: first","message":"Message sent","success":true}
    alice hears 42["newMessage","#1 by alice: first"]
    alice hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    alice2 hears 42["newMessage","#1 by alice: first"]
    alice2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob+bob2 hears 42["newMessage","#1 by alice: first"]
    "##);
    assert_snapshot!(brief(&world.rest("alice", "POST", &path, named(&chat, "second")).await), @r##"alice gets 200 {"data":"#1 by alice: first, delivered","message":"Message sent","success":true}"##);
    assert_snapshot!(brief(&world.rest("alice", "POST", "/api/chat/nowhere/send", named(&chat, "third")).await), @r##"alice gets 200 {"data":"#1 by alice: first, delivered","message":"Message sent","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_name_belongs_to_its_sender_across_dialects() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.emit("alice", "sendMessage", named(&chat, "hers")).await;
    assert_snapshot!(brief(&world.ask("bob", "sendMessage", named(&chat, "his")).await), @r##"
    alice+alice2 hears 42["newMessage","#2 by bob: his"]
    bob hears 430[{"data":"#2 by bob: his","success":true}]
    bob hears 42["newMessage","#2 by bob: his"]
    bob hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    bob2 hears 42["newMessage","#2 by bob: his"]
    bob2 hears 42["messageDelivered",{"chatId":"alice+bob","messageId":"alice+bob #2"}]
    "##);
    let elsewhere = json!({"chatId": chat, "content": "again", "clientMessageId": "a"});
    let said = world.rest("alice", "POST", "/recruiting/api/message/send", elsewhere).await;
    assert!(said.starts_with("alice gets 200") && said.contains(r#""content":"hers""#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_while_blocked_or_limited_and_after_it_was_deleted() {
    let (mut world, chat) = MARKETPLACE.two_clients_with(&[("MessagesPerMinute", "1")]).await;
    world.emit("alice", "sendMessage", named(&chat, "first")).await;
    assert_snapshot!(brief(&world.ask("alice", "sendMessage", named(&chat, "second")).await), @r##"alice hears 430[{"data":"#1 by alice: first, delivered","success":true}]"##);
    world.rest("bob", "PUT", &format!("/api/chat/{chat}/toggle-block"), Value::Null).await;
    assert_snapshot!(brief(&world.ask("alice", "sendMessage", named(&chat, "third")).await), @r##"alice hears 431[{"data":"#1 by alice: first, delivered","success":true}]"##);
    world.rest("alice", "DELETE", &format!("/api/chat/message/{}", message_id(&chat, 1)), Value::Null).await;
    assert_snapshot!(brief(&world.ask("alice", "sendMessage", named(&chat, "fourth")).await), @r##"alice hears 432[{"data":"#1 by alice, delivered, isDeleted","success":true}]"##);
}

#[tokio::test(start_paused = true)]
async fn repeats_sent_at_once_store_one_message() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    let frame = event_frame("sendMessage", &named(&chat, "once"));
    let sends: Vec<(&str, String)> =
        ["alice", "alice2"].into_iter().cycle().take(8).map(|label| (label, frame.clone())).collect();
    let said = world.send_all(&sends).await;
    assert_eq!(said.matches("\"newMessage\"").count(), 4, "{said}");
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":{"messages":["#1 by alice: once, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":1,"totalPages":1}},"message":"Messages","success":true}"##);
}
