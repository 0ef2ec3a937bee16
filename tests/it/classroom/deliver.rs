//! How far a message has come: sent, delivered, read, and who is told.

use insta::assert_snapshot;

use super::{CLASSROOM, brief, marking, messages_of};
use crate::worlds::message_id;

#[tokio::test(start_paused = true)]
async fn a_message_is_delivered_once_it_was_posted_to_a_recipient() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let said = world.emit("alice", "send:message", super::text(&chat, "hello")).await;
    let delivered: Vec<&str> = said.lines().filter(|line| line.contains("message:delivered")).collect();
    assert_snapshot!(delivered.join("\n"), @r#"
    alice hears 42["message:delivered",{"conversationId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    alice2 hears 42["message:delivered",{"conversationId":"e70c08a3288036ef87ef9f6e","messageId":"e70c08a3288036ef87ef9f6e000000000001"}]
    "#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#1 by alice: hello, delivered"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
    world.emit("bob", "message:read", marking(&chat, &[1])).await;
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#1 by alice: hello, read"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn fetching_marks_what_was_waiting_as_delivered_and_not_as_read() {
    let mut world = CLASSROOM.world().await;
    world.join("alice").await;
    world.join_as("alice2", "alice").await;
    world.know(&["bob"]).await;
    let chat = world.chat("alice", "bob").await;
    assert_snapshot!(brief(&world.ask("alice", "send:message", super::text(&chat, "one")).await), @r##"
    alice hears 430[{"message":"#1 by alice: one, sent","success":true}]
    alice hears 42["message:sent",{"message":"#1 by alice: one, sent","messageId":"alice+bob #1"}]
    alice hears 42["new:message",{"message":"#1 by alice: one, sent"}]
    alice2 hears 42["new:message",{"message":"#1 by alice: one, sent"}]
    "##);
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["two"]).await;
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#1 by alice: one, sent","#2 by alice: two, sent"],"pagination":{"limit":50,"page":1,"total":2},"success":true}"##);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"
    bob gets 200 {"data":["#1 by alice: one, sent","#2 by alice: two, sent"],"pagination":{"limit":50,"page":1,"total":2},"success":true}
    alice+alice2 hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #2"}]
    "##);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":["#1 by alice: one, delivered","#2 by alice: two, delivered"],"pagination":{"limit":50,"page":1,"total":2},"success":true}"##);
    assert_eq!(super::waiting(&world, "bob").await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_read_before_it_was_delivered_is_read() {
    let (mut world, chat) = CLASSROOM.two_clients().await;
    world.close("bob").await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.rest("bob", "POST", "/api/chat/messages/read", marking(&chat, &[2])).await;
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#1 by alice: one, sent","#2 by alice: two, read"],"pagination":{"limit":50,"page":1,"total":2},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn a_message_delivered_in_another_dialect_is_told_here() {
    let (mut world, _) = CLASSROOM.five_clients().await;
    world.join_namespace("dave", "dave", "/recruiting").await;
    let chat = world.chat("alice", "dave").await;
    assert_snapshot!(brief(&world.emit("alice", "send:message", super::text(&chat, "hello")).await), @r##"
    alice hears 42["message:sent",{"message":"#1 by alice: hello, sent","messageId":"alice+dave #1"}]
    alice hears 42["new:message",{"message":"#1 by alice: hello, sent"}]
    alice hears 42["message:delivered",{"conversationId":"alice+dave","messageId":"alice+dave #1"}]
    alice2 hears 42["new:message",{"message":"#1 by alice: hello, sent"}]
    alice2 hears 42["message:delivered",{"conversationId":"alice+dave","messageId":"alice+dave #1"}]
    dave hears 42/recruiting,["new_message",{"message":"#1 by alice: hello, in other words"}]
    dave hears 42/recruiting,["chat_updated",{"chatId":"alice+dave","latestMessage":"#1 by alice: hello, in other words","updatedAt":"2026-01-02T03:04:05.006Z"}]
    "##);
    let (_, answer) = world.request("alice", "GET", "/api/chat/conversation/dave", "").await;
    assert_eq!(answer["data"]["lastMessage"]["_id"], message_id(&chat, 1));
    assert_eq!(answer["data"]["lastMessage"]["status"], "delivered");
}
