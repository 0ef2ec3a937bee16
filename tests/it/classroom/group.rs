//! Conversations of more than two, which come from another dialect: an inquiry about a listing with a third person.

use insta::assert_snapshot;
use serde_json::{Value, json};
use world::World;

use super::{CLASSROOM, brief, chats_of, marking, messages_of};
use crate::worlds::message_id;

/// Carol's listing, and the conversation about it of Alice, Bob and her.
async fn inquiry() -> (World, String) {
    let mut world = CLASSROOM.world().await;
    for label in ["alice", "bob", "carol"] {
        world.join(label).await;
    }
    let listing = json!({"title": "A cat", "images": [], "price": 10, "address": "Here"});
    world.rest("carol", "PUT", "/api/listings/cat", listing).await;
    let about = json!({"petId": "cat", "participantId": "bob"});
    let said = world.rest("alice", "POST", "/marketplace/api/chat/create", about).await;
    let answer = said.lines().next().and_then(|line| line.strip_prefix("alice gets 201 ")).unwrap();
    let answer: Value = serde_json::from_str(answer).unwrap();
    let chat = answer["data"]["_id"].as_str().unwrap().to_owned();
    assert_eq!(said.matches("conversation:updated").count(), 2, "Bob and Carol are told: {said}");
    (world, chat)
}

#[tokio::test(start_paused = true)]
async fn it_says_that_it_is_a_group_and_shows_everybody() {
    let (mut world, chat) = inquiry().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["is it still there?"]).await;
    let (_, answer) = world.request("bob", "GET", "/api/chat/conversations", "").await;
    let conversation = &answer["data"][0];
    assert_eq!(conversation["isGroup"], true);
    let people: Vec<&Value> = conversation["participants"].as_array().unwrap().iter().map(|one| &one["_id"]).collect();
    assert_eq!(people, ["alice", "bob", "carol"]);
    assert_eq!(conversation["_id"], chat.as_str());
    // The plain conversation of two of them is another.
    assert_snapshot!(brief(&world.get("alice", "/api/chat/conversation/bob").await), @r#"
    alice gets 201 {"data":"alice+bob (nothing; unread 0)","success":true}
    bob hears 42["conversation:updated",{"conversationId":"alice+bob","lastMessageAt":"2026-01-02T03:04:05.006Z"}]
    "#);
    assert_eq!(chats_of(&mut world, "alice").await.matches("unread").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_has_come_as_far_as_with_the_last_of_its_recipients() {
    let (mut world, chat) = inquiry().await;
    world.close("carol").await;
    let said = world.ask("alice", "send:message", super::text(&chat, "hello")).await;
    assert_snapshot!(brief(&said).replace(&chat, "cat"), @r##"
    alice hears 430[{"message":"#1 by alice: hello, sent","success":true}]
    alice hears 42["message:sent",{"message":"#1 by alice: hello, sent","messageId":"cat000000000001"}]
    alice hears 42["new:message",{"message":"#1 by alice: hello, sent"}]
    bob hears 42["new:message",{"message":"#1 by alice: hello, sent"}]
    "##);
    let said = world.get("carol", &format!("/api/chat/conversation/{chat}/messages")).await;
    assert_snapshot!(brief(&said).replace(&chat, "cat"), @r##"
    carol gets 200 {"data":["#1 by alice: hello, sent"],"pagination":{"limit":50,"page":1,"total":1},"success":true}
    alice hears 42["message:delivered",{"conversationId":"cat","messageId":"cat000000000001"}]
    "##);
    let said = world.emit("bob", "message:read", marking(&chat, &[1])).await;
    assert_snapshot!(brief(&said).replace(&chat, "cat"), @r#"alice+bob hears 42["messages:read",{"conversationId":"cat","messageIds":["cat000000000001"],"readBy":"bob"}]"#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#1 by alice: hello, delivered"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
    world.rest("carol", "POST", "/api/chat/messages/read", marking(&chat, &[1])).await;
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#1 by alice: hello, read"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn typing_and_deleting_reach_everybody() {
    let (mut world, chat) = inquiry().await;
    for label in ["bob", "carol"] {
        world.ask(label, "join:conversation", super::of(&chat)).await;
    }
    let said = world.emit("alice", "typing:start", super::of(&chat)).await;
    assert_snapshot!(brief(&said).replace(&chat, "cat"), @r#"bob+carol hears 42["typing:start",{"conversationId":"cat","userId":"alice"}]"#);
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let path = format!("/api/chat/message/{}", message_id(&chat, 1));
    let said = world.rest("bob", "DELETE", &path, Value::Null).await;
    assert_snapshot!(brief(&said).replace(&chat, "cat"), @r##"
    bob gets 200 {"data":"#1 by alice, delivered, deleted","success":true}
    bob hears 42["message:deleted",{"conversationId":"cat","deletedForEveryone":false,"messageId":"cat000000000001"}]
    "##);
    let said = world.rest("alice", "DELETE", &path, json!({"deleteForEveryone": true})).await;
    assert_snapshot!(brief(&said).replace(&chat, "cat"), @r##"
    alice gets 200 {"data":"#1 by alice, delivered, deleted","success":true}
    alice hears 42["message:deleted",{"conversationId":"cat","deletedForEveryone":true,"messageId":"cat000000000001"}]
    bob+carol hears 42["message:deleted",{"conversationId":"cat","deletedForEveryone":true,"messageId":"cat000000000001"}]
    "##);
}
