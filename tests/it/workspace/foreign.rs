//! What only other dialects can make, as this one says it: conversations of more than two, sound, several media, lists
//! of read messages, messages that one person deleted for themselves, and conversations that begin with a message.

use insta::assert_snapshot;
use serde_json::json;
use world::World;

use super::{WORKSPACE, brief, conversations_of, message, text};
use crate::worlds::message_id;

/// Alice, Bob with two devices and Carol in a conversation about Carol's bicycle, which Alice made. The id, and what
/// was heard of it.
async fn inquiry() -> (World, String, String) {
    let mut world =
        WORKSPACE.connected(&[("alice", "alice"), ("bob", "bob"), ("bob2", "bob"), ("carol", "carol")]).await;
    world.rest("carol", "PUT", "/api/listings/bicycle", json!({"title": "A bicycle"})).await;
    let inquiry = json!({"petId": "bicycle", "participantId": "bob"});
    let heard = world.rest("alice", "POST", "/marketplace/api/chat/create", inquiry).await;
    let (_, answer) = world.request("alice", "GET", "/api/conversations", "").await;
    let conversation = answer["data"][0]["id"].as_str().unwrap().to_owned();
    (world, conversation, heard)
}

#[tokio::test(start_paused = true)]
async fn a_conversation_of_three_lists_them_all() {
    let (mut world, conversation, heard) = inquiry().await;
    let (answer, heard) = heard.split_once('\n').unwrap();
    assert!(answer.starts_with("alice gets 201"), "{answer}");
    assert_snapshot!(brief(heard), @r#"bob+bob2+carol hears 42["conversation:updated","alice+bob+carol (nothing; unread 0)"]"#);
    let said = world.ask("bob", "message:send", text(&conversation, "hello")).await.replace(&conversation, "…");
    assert_snapshot!(brief(&said), @r##"
    alice hears 42["message:new","#1 by bob: hello"]
    alice hears 42["conversation:updated","alice+bob+carol (#1 by bob: hello; unread 1)"]
    alice hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"…000000000001","message":"hello","type":"message"}]
    bob hears 430[{"message":"#1 by bob: hello","success":true}]
    bob hears 42["conversation:updated","alice+bob+carol (#1 by bob: hello; unread 0)"]
    bob hears 42["message:delivered",{"messageId":"…000000000001"}]
    bob2 hears 42["message:new","#1 by bob: hello"]
    bob2 hears 42["conversation:updated","alice+bob+carol (#1 by bob: hello; unread 0)"]
    bob2 hears 42["message:delivered",{"messageId":"…000000000001"}]
    carol hears 42["message:new","#1 by bob: hello"]
    carol hears 42["conversation:updated","alice+bob+carol (#1 by bob: hello; unread 1)"]
    carol hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"…000000000001","message":"hello","type":"message"}]
    "##);
    assert_snapshot!(conversations_of(&mut world, "carol").await, @r#"carol gets 200 {"data":["alice+bob+carol (#1 by bob: hello; unread 1)"],"pagination":{"limit":20,"page":1,"total":1},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn in_a_conversation_of_three_each_reading_is_told_to_the_sender() {
    let (mut world, conversation, _) = inquiry().await;
    world.close("carol").await;
    world.emit("bob", "message:send", text(&conversation, "hello")).await;
    let said = world.ask("alice", "message:read", message(&conversation, 1)).await.replace(&conversation, "…");
    assert_snapshot!(said, @r#"
    alice hears 430[{"success":true}]
    bob hears 42["message:read",{"messageId":"…000000000001","readAt":"2026-01-02T03:04:05.006Z","userId":"alice"}]
    bob2 hears 42["message:read",{"messageId":"…000000000001","readAt":"2026-01-02T03:04:05.006Z","userId":"alice"}]
    "#);
    // Delivered is told once the last one has it.
    let path = format!("/api/conversations/{conversation}/messages");
    let said = world.get("carol", &path).await.replace(&conversation, "…");
    assert_snapshot!(brief(&said), @r##"
    carol gets 200 {"data":["#1 by bob: hello"],"pagination":{"limit":50,"page":1,"total":1},"success":true}
    bob+bob2 hears 42["message:delivered",{"messageId":"…000000000001"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn sound_is_a_file_and_several_media_are_listed() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    for label in ["alice2", "bob2", "carol"] {
        world.close(label).await;
    }
    let sound = json!({"url": "https://media.example/1", "type": "audio/ogg", "filename": "song.ogg", "size": 12});
    let cover = json!({"url": "https://media.example/cover.png"});
    let body = json!({"conversationId": conversation, "messageType": "audio", "media": [sound, cover]});
    let said = world.rest("bob", "POST", "/classroom/api/chat/message", body).await;
    assert_snapshot!(said.lines().filter(|line| line.starts_with("alice")).collect::<Vec<_>>().join("\n"), @r#"
    alice hears 42["message:new",{"content":"song.ogg","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"media":[{"filename":"song.ogg","size":12,"type":"audio/ogg","url":"https://media.example/1"},{"url":"https://media.example/cover.png"}],"mediaUrl":"https://media.example/1","senderId":"bob","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"file"}]
    alice hears 42["conversation:updated",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e","lastMessage":{"content":"song.ogg","conversationId":"e70c08a3288036ef87ef9f6e","id":"e70c08a3288036ef87ef9f6e000000000001","isDeleted":false,"media":[{"filename":"song.ogg","size":12,"type":"audio/ogg","url":"https://media.example/1"},{"url":"https://media.example/cover.png"}],"mediaUrl":"https://media.example/1","senderId":"bob","seq":1,"timestamp":"2026-01-02T03:04:05.006Z","type":"file"},"participants":["alice","bob"],"unreadCount":1,"updatedAt":"2026-01-02T03:04:05.006Z"}]
    alice hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"e70c08a3288036ef87ef9f6e000000000001","message":"song.ogg","type":"message"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn of_a_list_that_was_read_the_sender_hears_each() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "alice", &conversation, &["one", "two", "three"]).await;
    let read = [1, 3].map(|number| message_id(&conversation, number));
    let body = json!({"conversationId": conversation, "messageIds": read});
    assert_snapshot!(brief(&world.rest("bob", "POST", "/classroom/api/chat/messages/read", body.clone()).await), @r#"
    bob gets 200 {"data":{"markedCount":2},"success":true}
    alice+alice2 hears 42["message:read",{"messageId":"alice+bob #1","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    alice+alice2 hears 42["message:read",{"messageId":"alice+bob #3","readAt":"2026-01-02T03:04:05.006Z","userId":"bob"}]
    "#);
    assert_snapshot!(brief(&world.rest("bob", "POST", "/classroom/api/chat/messages/read", body).await), @r#"bob gets 200 {"data":{"markedCount":0},"success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_deleted_for_themselves_is_gone_for_them_alone() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    WORKSPACE.send_texts(&mut world, "bob", &conversation, &["one", "two"]).await;
    let path = format!("/classroom/api/chat/message/{}", message_id(&conversation, 2));
    let said = world.rest("alice", "DELETE", &path, json!({"deleteForEveryone": false})).await;
    let (answer, heard) = said.split_once('\n').unwrap();
    assert!(answer.starts_with("alice gets 200"), "{answer}");
    assert_snapshot!(brief(heard), @r#"alice+alice2 hears 42["message:deleted",{"conversationId":"alice+bob","messageId":"alice+bob #2"}]"#);
    let mut said = String::new();
    for user in ["alice", "bob"] {
        said += &world.get(user, &format!("/api/conversations/{conversation}/messages")).await;
        said += &world.get(user, "/api/conversations").await;
    }
    assert_snapshot!(brief(&said), @r##"
    alice gets 200 {"data":["#1 by bob: one"],"pagination":{"limit":50,"page":1,"total":2},"success":true}
    alice gets 200 {"data":["alice+bob (#2 by bob, isDeleted; unread 1)"],"pagination":{"limit":20,"page":1,"total":1},"success":true}
    bob gets 200 {"data":["#1 by bob: one","#2 by bob: two"],"pagination":{"limit":50,"page":1,"total":2},"success":true}
    bob gets 200 {"data":["alice+bob (#2 by bob: two; unread 0)"],"pagination":{"limit":20,"page":1,"total":1},"success":true}
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_may_begin_with_a_message() {
    let (mut world, _) = WORKSPACE.five_clients().await;
    world.join_namespace("dave", "dave", "/messenger").await;
    let said = world.emit("dave", "send_message", json!({"receiverId": "carol", "content": "hello"})).await;
    let heard: Vec<&str> = said.lines().filter(|line| line.starts_with("carol")).collect();
    assert_snapshot!(brief(&heard.join("\n")), @r##"
    carol hears 42["conversation:updated","carol+dave (nothing; unread 0)"]
    carol hears 42["message:new","#1 by dave: hello"]
    carol hears 42["conversation:updated","carol+dave (#1 by dave: hello; unread 1)"]
    carol hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"carol+dave #1","message":"hello","type":"message"}]
    "##);
}
