//! Conversations: getting or making one, and the list of one's own.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{CLASSROOM, brief, chats_of, message_path};
use crate::worlds::FIVE_CLIENTS;

#[tokio::test(start_paused = true)]
async fn a_conversation_is_made_once_and_found_by_both() {
    let mut world = CLASSROOM.connected(&FIVE_CLIENTS).await;
    assert_snapshot!(world.get("alice", "/api/chat/conversation/bob").await, @r#"
    alice gets 201 {"data":{"_id":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","isGroup":false,"lastMessage":null,"lastMessageAt":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","firstName":null,"isOnline":true,"lastName":null,"lastSeen":1767323045006,"name":"alice","profileImage":null},{"_id":"bob","firstName":null,"isOnline":true,"lastName":null,"lastSeen":1767323045006,"name":"bob","profileImage":null}],"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}
    bob hears 42["conversation:updated",{"conversationId":"e70c08a3288036ef87ef9f6e","lastMessageAt":"2026-01-02T03:04:05.006Z"}]
    bob2 hears 42["conversation:updated",{"conversationId":"e70c08a3288036ef87ef9f6e","lastMessageAt":"2026-01-02T03:04:05.006Z"}]
    "#);
    world.clock.advance(1_000);
    assert_snapshot!(brief(&world.get("alice", "/api/chat/conversation/bob").await), @r#"alice gets 200 {"data":"alice+bob (nothing; unread 0)","success":true}"#);
    assert_snapshot!(brief(&world.get("bob", "/api/chat/conversation/alice").await), @r#"bob gets 200 {"data":"alice+bob (nothing; unread 0)","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn nobody_talks_to_themselves_or_to_someone_unknown() {
    let mut world = CLASSROOM.world().await;
    world.know(&["alice"]).await;
    let mut said = String::new();
    for participant in ["alice", "nobody", &"a".repeat(129), &"a".repeat(600)] {
        said += &world.get("alice", &format!("/api/chat/conversation/{participant}")).await;
    }
    assert_snapshot!(said, @r#"
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must be somebody else","success":false}
    alice gets 404 {"code":"NOT_FOUND","message":"user not found","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId must be at most 128 characters","success":false}
    alice gets 400 {"code":"VALIDATION_ERROR","message":"participantId is too long for an id","success":false}
    "#);
    assert_snapshot!(world.get("alice", "/api/chat/conversations").await, @r#"alice gets 200 {"data":[],"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_participant_may_have_any_id() {
    let mut world = CLASSROOM.world().await;
    // All but / and ?, which no path of an HTTP API can carry.
    let odd = "Ann#Bo %41é";
    world.know(&["alice", odd]).await;
    let said = world.get("alice", "/api/chat/conversation/Ann%23Bo%20%2541%C3%A9").await;
    assert!(said.starts_with("alice gets 201") && said.contains(odd), "{said}");
    // An id that reads like another route is a participant's too.
    world.know(&["messages"]).await;
    let said = world.get("alice", "/api/chat/conversation/messages").await;
    assert!(said.starts_with("alice gets 201"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn the_list_shows_who_is_here_and_what_was_said_last() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.know(&["dave"]).await;
    world.chat("alice", "dave").await;
    world.clock.advance(1_000);
    CLASSROOM.send_texts(&mut world, "bob", &chat, &["one", "two"]).await;
    world.close("bob").await;
    world.clock.advance(1_000);
    world.close("bob2").await;
    world.clock.advance(1_000);
    assert_snapshot!(world.get("alice", "/api/chat/conversations").await, @r#"alice gets 200 {"data":[{"_id":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","isGroup":false,"lastMessage":{"_id":"e70c08a3288036ef87ef9f6e000000000002","conversationId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:06.006Z","deletedAt":null,"media":[],"messageType":"text","replyTo":null,"senderId":{"_id":"bob","firstName":null,"lastName":null,"name":"bob","profileImage":null},"seq":2,"status":"delivered","text":"two","updatedAt":"2026-01-02T03:04:06.006Z"},"lastMessageAt":"2026-01-02T03:04:06.006Z","participants":[{"_id":"alice","firstName":null,"isOnline":true,"lastName":null,"lastSeen":1767323048006,"name":"alice","profileImage":null},{"_id":"bob","firstName":null,"isOnline":false,"lastName":null,"lastSeen":1767323047006,"name":"bob","profileImage":null}],"unreadCount":2,"updatedAt":"2026-01-02T03:04:06.006Z"},{"_id":"9e7a4599628566df2d0359c6","createdAt":"2026-01-02T03:04:05.006Z","isGroup":false,"lastMessage":null,"lastMessageAt":"2026-01-02T03:04:05.006Z","participants":[{"_id":"alice","firstName":null,"isOnline":true,"lastName":null,"lastSeen":1767323048006,"name":"alice","profileImage":null},{"_id":"dave","firstName":null,"isOnline":false,"lastName":null,"lastSeen":null,"name":"dave","profileImage":null}],"unreadCount":0,"updatedAt":"2026-01-02T03:04:05.006Z"}],"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn the_most_recent_activity_comes_first() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    world.clock.advance(1_000);
    world.get("alice", "/api/chat/conversation/carol").await;
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":["alice+carol (nothing; unread 0)","alice+bob (nothing; unread 0)"],"success":true}"#);
    world.clock.advance(1_000);
    CLASSROOM.send_texts(&mut world, "bob", &chat, &["one"]).await;
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":["alice+bob (#1 by bob: one, delivered; unread 1)","alice+carol (nothing; unread 0)"],"success":true}"#);
    // Deleting and reading are no activity.
    let other = world.chat("alice", "carol").await;
    world.clock.advance(1_000);
    CLASSROOM.send_texts(&mut world, "alice", &other, &["two"]).await;
    world.clock.advance(1_000);
    world.rest("bob", "DELETE", &message_path(&chat, 1), json!({"deleteForEveryone": true})).await;
    world.rest("alice", "POST", "/api/chat/messages/read", super::of(&chat)).await;
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":["alice+carol (#1 by alice: two, delivered; unread 0)","alice+bob (#1 by bob, delivered, deleted; unread 0)"],"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_chat_deleted_elsewhere_is_told_and_begins_anew() {
    let (mut world, chat) = CLASSROOM.five_clients().await;
    CLASSROOM.send_texts(&mut world, "alice", &chat, &["one"]).await;
    let deleted = world.rest("bob", "DELETE", &format!("/recruiting/api/chat/{chat}"), Value::Null).await;
    assert_snapshot!(brief(&deleted.lines().skip(1).collect::<Vec<_>>().join("\n")), @r#"alice+alice2+bob+bob2 hears 42["conversation:deleted",{"conversationId":"alice+bob"}]"#);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":[],"success":true}"#);
    assert_snapshot!(brief(&world.ask("alice", "send:message", super::text(&chat, "two")).await), @r#"alice hears 430[{"error":"NOT_FOUND: conversation not found","success":false}]"#);
    assert_snapshot!(brief(&world.get("alice", "/api/chat/conversation/bob").await), @r#"
    alice gets 201 {"data":"alice+bob (nothing; unread 0)","success":true}
    bob+bob2 hears 42["conversation:updated",{"conversationId":"alice+bob","lastMessageAt":"2026-01-02T03:04:05.006Z"}]
    "#);
    assert_snapshot!(brief(&world.ask("alice", "send:message", super::text(&chat, "two")).await), @r##"
    alice hears 431[{"message":"#1 by alice: two, sent","success":true}]
    alice hears 42["message:sent",{"message":"#1 by alice: two, sent","messageId":"alice+bob #2"}]
    alice hears 42["new:message",{"message":"#1 by alice: two, sent"}]
    alice hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #2"}]
    alice2 hears 42["new:message",{"message":"#1 by alice: two, sent"}]
    alice2 hears 42["message:delivered",{"conversationId":"alice+bob","messageId":"alice+bob #2"}]
    bob+bob2 hears 42["new:message",{"message":"#1 by alice: two, sent"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn one_made_in_another_dialect_is_the_same_and_told() {
    let (mut world, _) = CLASSROOM.five_clients().await;
    world.join_namespace("dave", "dave", "/recruiting").await;
    world.clock.advance(1_000);
    let said = world.rest("dave", "POST", "/recruiting/api/chat/create-or-get", json!({"otherUserId": "alice"})).await;
    assert_snapshot!(brief(&said.lines().skip(1).collect::<Vec<_>>().join("\n")), @r#"alice+alice2 hears 42["conversation:updated",{"conversationId":"alice+dave","lastMessageAt":"2026-01-02T03:04:06.006Z"}]"#);
    assert_snapshot!(brief(&world.get("alice", "/api/chat/conversation/dave").await), @r#"alice gets 200 {"data":"alice+dave (nothing; unread 0)","success":true}"#);
}
