//! The client's own name for a send: sending it again stores nothing new (docs/dialects.md, "Repeated sends").

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{CLASSROOM, brief, message_path, messages_of};
use crate::worlds::event_frame;

fn named(chat: &str, text: &str) -> Value {
    json!({"conversationId": chat, "text": text, "clientMessageId": "a"})
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_with_the_first_message_and_heard_by_nobody() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.ask("alice", "send:message", named(&chat, "first")).await;
    world.clock.advance(1_000);
    assert_snapshot!(brief(&world.ask("alice", "send:message", named(&chat, "second")).await), @r##"alice hears 431[{"message":"#1 by alice: first, delivered","success":true}]"##);
    assert_snapshot!(brief(&world.ask("alice2", "send:message", json!({"clientMessageId": "a"})).await), @r##"alice2 hears 430[{"message":"#1 by alice: first, delivered","success":true}]"##);
    assert_snapshot!(brief(&world.emit("alice", "send:message", named(&chat, "third")).await), @"");
    assert_snapshot!(brief(&world.rest("alice", "POST", "/api/chat/message", named(&chat, "fourth")).await), @r##"alice gets 200 {"data":"#1 by alice: first, delivered","success":true}"##);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":["#1 by alice: first, delivered"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_in_another_dialect_or_of_what_was_deleted() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.ask("alice", "send:message", named(&chat, "first")).await;
    let elsewhere = json!({"chatId": chat, "content": "second", "clientMessageId": "a"});
    let said = world.rest("alice", "POST", "/recruiting/api/message/send", elsewhere).await;
    assert!(said.starts_with("alice gets 200") && said.contains(r#""content":"first""#), "{said}");
    world.rest("alice", "DELETE", &message_path(&chat, 1), json!({"deleteForEveryone": true})).await;
    assert_snapshot!(brief(&world.ask("alice", "send:message", named(&chat, "third")).await), @r##"alice hears 431[{"message":"#1 by alice, delivered, deleted","success":true}]"##);
    let mine = json!({"conversationId": chat, "text": "his", "clientMessageId": "a"});
    assert_snapshot!(brief(&world.ask("bob", "send:message", mine).await), @r##"
    alice+alice2 hears 42["new:message",{"message":"#2 by bob: his, sent"}]
    bob hears 430[{"message":"#2 by bob: his, sent","success":true}]
    bob hears 42["message:sent",{"message":"#2 by bob: his, sent","messageId":"alice+bob #2"}]
    bob hears 42["new:message",{"message":"#2 by bob: his, sent"}]
    bob hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #2"}]
    bob2 hears 42["new:message",{"message":"#2 by bob: his, sent"}]
    bob2 hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #2"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn repeats_sent_at_once_store_one_message() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let frame = event_frame("send:message", &named(&chat, "once"));
    let sends: Vec<(&str, String)> =
        ["alice", "alice2"].into_iter().cycle().take(8).map(|label| (label, frame.clone())).collect();
    let said = world.send_all(&sends).await;
    assert_eq!(said.matches("\"message:sent\"").count(), 1, "{said}");
    assert_eq!(said.matches("\"new:message\"").count(), 4, "{said}");
}
