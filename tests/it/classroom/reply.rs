//! Replies: a message may answer another of the same conversation.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{CLASSROOM, brief, message_path, messages_of};
use crate::worlds::{message_id, unknown_chat_id};

fn answering(chat: &str, message: &str) -> Value {
    json!({"conversationId": chat, "text": "an answer", "replyTo": message})
}

#[tokio::test(start_paused = true)]
async fn a_reply_names_the_message_it_answers() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let first = message_id(&chat, 1);
    assert_snapshot!(brief(&world.ask("bob", "send:message", answering(&chat, &first)).await), @r##"
    alice+alice2 hears 42["new:message",{"message":"#2 by bob: an answer, to alice+bob #1, sent"}]
    bob hears 430[{"message":"#2 by bob: an answer, to alice+bob #1, sent","success":true}]
    bob hears 42["message:sent",{"message":"#2 by bob: an answer, to alice+bob #1, sent","messageId":"alice+bob #2"}]
    bob hears 42["new:message",{"message":"#2 by bob: an answer, to alice+bob #1, sent"}]
    bob hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #2"}]
    bob2 hears 42["new:message",{"message":"#2 by bob: an answer, to alice+bob #1, sent"}]
    bob2 hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #2"}]
    "##);
    // One's own too, over REST, and one that was deleted since.
    world.rest("alice", "DELETE", &message_path(&chat, 1), json!({"deleteForEveryone": true})).await;
    let said = world.rest("alice", "POST", "/api/chat/message", answering(&chat, &first)).await;
    assert_snapshot!(said.lines().next().unwrap(), @r#"alice gets 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000003","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":"e70c08a3288036ef87ef9f6e000000000001","senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":3,"status":"sent","text":"an answer","updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}"#);
    world.emit("bob", "send:message", json!({"conversationId": chat, "text": "none", "replyTo": null})).await;
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":["#1 by alice, delivered, deleted","#2 by bob: an answer, to alice+bob #1, delivered","#3 by alice: an answer, to alice+bob #1, delivered","#4 by bob: none, delivered"],"pagination":{"limit":50,"page":1,"total":4},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_the_conversation_cannot_be_answered() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let other = world.chat("alice", "carol").await;
    CLASSROOM.send_texts(&mut world, "carol", &other, &["elsewhere"]).await;
    let mut said = String::new();
    for message in
        [message_id(&chat, 1), message_id(&other, 1), message_id(&unknown_chat_id(), 1), "nonsense".to_owned()]
    {
        said += &world.emit("alice", "send:message", answering(&chat, &message)).await;
    }
    said += &world.rest("alice", "POST", "/api/chat/message", answering(&chat, &message_id(&other, 1))).await;
    assert_snapshot!(said, @r#"
    alice hears 42["error",{"code":"NOT_FOUND","message":"message not found"}]
    alice hears 42["error",{"code":"NOT_FOUND","message":"message not found"}]
    alice hears 42["error",{"code":"NOT_FOUND","message":"message not found"}]
    alice hears 42["error",{"code":"NOT_FOUND","message":"message not found"}]
    alice gets 404 {"code":"NOT_FOUND","message":"message not found","success":false}
    "#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r#"bob gets 200 {"data":[],"pagination":{"limit":50,"page":1,"total":0},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_reply_from_another_dialect_shows_here() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let answer =
        json!({"chatId": chat, "content": "there", "messageType": "text", "parentMessageId": message_id(&chat, 1)});
    world.join_namespace("bob3", "bob", "/marketplace").await;
    world.ask("bob3", "sendMessage", answer).await;
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#1 by alice: one, delivered","#2 by bob: there, to alice+bob #1, delivered"],"pagination":{"limit":50,"page":1,"total":2},"success":true}"##);
}
