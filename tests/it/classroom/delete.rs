//! Deleting: for everyone, which leaves a placeholder, and for oneself, which nobody else notices.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{CLASSROOM, brief, chats_of, message_path, messages_of, waiting};
use crate::worlds::{message_id, unknown_chat_id};

fn for_everyone() -> Value {
    json!({"deleteForEveryone": true})
}

#[tokio::test(start_paused = true)]
async fn for_everyone_everybody_is_told() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.rest("alice", "DELETE", &message_path(&chat, 2), for_everyone()).await, @r#"
    alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000002","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":"2026-01-02T03:04:06.006Z","media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":2,"status":"delivered","text":null,"updatedAt":"2026-01-02T03:04:06.006Z"},"success":true}
    alice hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","deletedForEveryone":true,"messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    alice2 hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","deletedForEveryone":true,"messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    bob hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","deletedForEveryone":true,"messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    bob2 hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","deletedForEveryone":true,"messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    "#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":["#1 by alice: one, delivered","#2 by alice, delivered, deleted"],"pagination":{"limit":50,"page":1,"total":2},"success":true}"##);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":["alice+bob (#2 by alice, delivered, deleted; unread 1)"],"success":true}"#);
    assert_eq!(waiting(&world, "bob").await, 1);
}

#[tokio::test(start_paused = true)]
async fn for_me_only_own_sockets_are_told() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two", "three"]).await;
    world.clock.advance(1_000);
    assert_snapshot!(world.rest("bob", "DELETE", &message_path(&chat, 2), json!({"deleteForEveryone": false})).await, @r#"
    bob gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000002","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":"2026-01-02T03:04:06.006Z","media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":2,"status":"delivered","text":null,"updatedAt":"2026-01-02T03:04:06.006Z"},"success":true}
    bob hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","deletedForEveryone":false,"messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    bob2 hears 42["message:deleted",{"conversationId":"e70c08a3288036ef87ef9f6e","deletedForEveryone":false,"messageId":"e70c08a3288036ef87ef9f6e000000000002"}]
    "#);
    assert_eq!(waiting(&world, "bob").await, 2);
    // Left out is for me.
    assert_snapshot!(brief(&world.rest("bob", "DELETE", &message_path(&chat, 3), Value::Null).await), @r##"
    bob gets 200 {"data":"#3 by alice, delivered, deleted","success":true}
    bob hears 42["message:deleted",{"conversationId":"alice+bob","deletedForEveryone":false,"messageId":"alice+bob #3"}]
    bob2 hears 42["message:deleted",{"conversationId":"alice+bob","deletedForEveryone":false,"messageId":"alice+bob #3"}]
    "##);
    assert_snapshot!(brief(&world.rest("alice", "DELETE", &message_path(&chat, 1), json!({})).await), @r##"
    alice gets 200 {"data":"#1 by alice, delivered, deleted","success":true}
    alice hears 42["message:deleted",{"conversationId":"alice+bob","deletedForEveryone":false,"messageId":"alice+bob #1"}]
    alice2 hears 42["message:deleted",{"conversationId":"alice+bob","deletedForEveryone":false,"messageId":"alice+bob #1"}]
    "##);
    // Left out of one's own pages, still in the totals, and a placeholder where it is the last; for the other as it
    // was.
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":["#1 by alice: one, delivered"],"pagination":{"limit":50,"page":1,"total":3},"success":true}"##);
    assert_snapshot!(chats_of(&mut world, "bob").await, @r#"bob gets 200 {"data":["alice+bob (#3 by alice, delivered, deleted; unread 1)"],"success":true}"#);
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":["#2 by alice: two, delivered","#3 by alice: three, delivered"],"pagination":{"limit":50,"page":1,"total":3},"success":true}"##);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":["alice+bob (#3 by alice: three, delivered; unread 0)"],"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn media_go_with_the_message() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    let media = json!([{"url": "https://media.example/one", "type": "image"}]);
    let message = json!({"conversationId": chat, "messageType": "image", "media": media, "text": "a caption"});
    world.emit("alice", "send:message", message).await;
    let said = world.rest("alice", "DELETE", &message_path(&chat, 1), for_everyone()).await;
    assert_snapshot!(said.lines().next().unwrap(), @r#"alice gets 200 {"data":{"_id":"e70c08a3288036ef87ef9f6e000000000001","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":"2026-01-02T03:04:05.006Z","media":[],"messageType":"image","replyTo":null,"senderId":{"_id":"alice","firstName":null,"lastName":null,"name":"alice","profileImage":null},"seq":1,"status":"delivered","text":null,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn twice_is_success_and_tells_nobody() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    for (number, user, body) in [(1, "alice", for_everyone()), (2, "bob", Value::Null)] {
        let first = world.rest(user, "DELETE", &message_path(&chat, number), body.clone()).await;
        world.clock.advance(1_000);
        let second = world.rest(user, "DELETE", &message_path(&chat, number), body).await;
        assert_eq!(first.lines().next().unwrap(), second.trim_end());
    }
}

#[tokio::test(start_paused = true)]
async fn one_for_oneself_may_still_go_for_everyone() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    world.rest("alice", "DELETE", &message_path(&chat, 1), Value::Null).await;
    assert_snapshot!(brief(&world.rest("alice", "DELETE", &message_path(&chat, 1), for_everyone()).await), @r##"
    alice gets 200 {"data":"#1 by alice, delivered, deleted","success":true}
    alice hears 42["message:deleted",{"conversationId":"alice+bob","deletedForEveryone":true,"messageId":"alice+bob #1"}]
    alice2+bob+bob2 hears 42["message:deleted",{"conversationId":"alice+bob","deletedForEveryone":true,"messageId":"alice+bob #1"}]
    "##);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":["#1 by alice, delivered, deleted"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn for_everyone_only_the_sender_may() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    assert_snapshot!(world.rest("bob", "DELETE", &message_path(&chat, 1), for_everyone()).await, @r#"bob gets 403 {"code":"FORBIDDEN","message":"only the sender can delete a message for everyone","success":false}"#);
    assert_snapshot!(world.rest("bob", "DELETE", &message_path(&chat, 1), json!({"deleteForEveryone": "true"})).await, @r#"bob gets 400 {"code":"VALIDATION_ERROR","message":"deleteForEveryone must be true or false","success":false}"#);
    let mut said = String::new();
    for body in [for_everyone(), Value::Null] {
        let foreign = world.rest("carol", "DELETE", &message_path(&chat, 1), body.clone()).await;
        said += &foreign;
        for unknown in [message_id(&chat, 2), message_id(&unknown_chat_id(), 1), "nothing-like-an-id".to_owned()] {
            let path = format!("/api/chat/message/{unknown}");
            assert_eq!(foreign, world.rest("carol", "DELETE", &path, body.clone()).await);
        }
    }
    assert_snapshot!(said, @r#"
    carol gets 404 {"code":"NOT_FOUND","message":"message not found","success":false}
    carol gets 404 {"code":"NOT_FOUND","message":"message not found","success":false}
    "#);
    assert_snapshot!(messages_of(&mut world, "bob", &chat).await, @r##"bob gets 200 {"data":["#1 by alice: one, delivered"],"pagination":{"limit":50,"page":1,"total":1},"success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_in_another_dialect_is_told_here_and_the_other_way_round() {
    let (mut world, _) = CLASSROOM.five_clients().await;
    world.join_namespace("dave", "dave", "/recruiting").await;
    let chat = world.chat("alice", "dave").await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    world.emit("dave", "send_message", json!({"chatId": chat, "content": "two"})).await;
    let path = format!("/recruiting/api/message/{}", message_id(&chat, 2));
    assert_snapshot!(transcript_of(&world.rest("dave", "DELETE", &path, Value::Null).await), @r#"
    alice+alice2 hears 42["message:deleted",{"conversationId":"alice+dave","deletedForEveryone":true,"messageId":"alice+dave #2"}]
    dave hears 42/recruiting,["message_deleted",{"chatId":"alice+dave","messageId":"alice+dave #2"}]
    "#);
    assert_snapshot!(transcript_of(&world.rest("alice", "DELETE", &message_path(&chat, 1), for_everyone()).await), @r#"
    alice+alice2 hears 42["message:deleted",{"conversationId":"alice+dave","deletedForEveryone":true,"messageId":"alice+dave #1"}]
    dave hears 42/recruiting,["message_deleted",{"chatId":"alice+dave","messageId":"alice+dave #1"}]
    "#);
    assert_snapshot!(brief(&world.rest("dave", "DELETE", &format!("/classroom{}", message_path(&chat, 1)), Value::Null).await), @r##"
    dave gets 200 {"data":"#1 by alice, delivered, deleted","success":true}
    dave hears 42/recruiting,["message_deleted",{"chatId":"alice+dave","messageId":"alice+dave #1"}]
    "##);
}

/// What was heard, without the answer.
fn transcript_of(said: &str) -> String {
    brief(&said.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>())
}
