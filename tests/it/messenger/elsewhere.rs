//! What people do in other dialects, heard in this one's words.

use insta::assert_snapshot;
use serde_json::{Value, json};
use world::World;

use super::{MESSENGER, brief, history, message_id};
use crate::worlds::{FIVE_CLIENTS, TWO_CLIENTS};

/// Alice and Bob with a messenger socket each, and the id of the inquiry that Bob makes about Alice's listing, with
/// these others.
async fn inquiry(with: Option<&str>) -> (World, String) {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    world.know(&["carol"]).await;
    world.rest("alice", "PUT", "/api/listings/rex", json!({"title": "Rex"})).await;
    let body = json!({"petId": "rex", "participantId": with});
    let (status, answer) = world.request("bob", "POST", "/marketplace/api/chat/create", &body.to_string()).await;
    assert_eq!(status, 201, "{answer}");
    (world, answer["data"]["_id"].as_str().unwrap().to_owned())
}

async fn inquire(world: &mut World, who: &str, chat: &str, content: &str) -> String {
    let body = json!({"content": content, "messageType": "text"});
    let said = world.rest(who, "POST", &format!("/marketplace/api/chat/{chat}/send"), body).await;
    said.lines().skip(1).collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn an_inquiry_is_heard_but_neither_listed_nor_counted() {
    let (mut world, chat) = inquiry(None).await;
    let said = inquire(&mut world, "bob", &chat, "is he house-trained?").await;
    assert_snapshot!(brief(&said.replace(&chat, "<inquiry>")), @r##"
    alice hears 42["receive_message","#1 bob to alice: is he house-trained?"]
    alice hears 42["message_notification",{"from":{"_id":"bob","name":"bob"},"message":"is he house-trained?","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    bob hears 42["message_sent",{"message":"#1 bob to alice: is he house-trained?","success":true}]
    bob hears 42["message_delivered",{"messageId":"<inquiry>000000000001"}]
    "##);
    assert_snapshot!(history(&mut world, "alice", "bob").await, @r#"alice hears 42["message_history",{"messages":[],"otherUser":{"_id":"bob","name":"bob"},"pagination":{"hasMore":false,"page":1}}]"#);
    assert_snapshot!(world.ask("alice", "get_unread_count", json!({})).await, @r#"alice hears 430[{"count":0,"success":true}]"#);
    // It can be read, and an answer goes to the chat of the two.
    let read = world.ask("alice", "mark_message_read", json!({"messageId": format!("{chat}000000000001")})).await;
    assert_snapshot!(brief(&read.replace(&chat, "<inquiry>")), @r##"
    alice hears 431[{"message":"#1 bob to alice: is he house-trained?, read","success":true}]
    alice hears 42["message_read_confirmed",{"message":"#1 bob to alice: is he house-trained?, read","success":true}]
    bob hears 42["message_read",{"messageId":"<inquiry>000000000001","readAt":"2026-01-02T03:04:05.006Z","readBy":{"_id":"alice","name":"alice"}}]
    "##);
    MESSENGER.send_texts(&mut world, "alice", "bob", &["he is"]).await;
    assert_snapshot!(history(&mut world, "alice", "bob").await, @r##"alice hears 42["message_history",{"messages":["#1 alice to bob: he is"],"otherUser":{"_id":"bob","name":"bob"},"pagination":{"hasMore":false,"page":1}}]"##);
}

#[tokio::test(start_paused = true)]
async fn in_an_inquiry_of_three_each_hears_themselves_as_the_receiver() {
    let (mut world, chat) = inquiry(Some("carol")).await;
    let said = inquire(&mut world, "carol", &chat, "may I come, too?").await;
    assert_snapshot!(brief(&said), @r##"
    alice hears 42["receive_message","#1 carol to alice: may I come, too?"]
    alice hears 42["message_notification",{"from":{"_id":"carol","name":"carol"},"message":"may I come, too?","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    bob hears 42["receive_message","#1 carol to bob: may I come, too?"]
    bob hears 42["message_notification",{"from":{"_id":"carol","name":"carol"},"message":"may I come, too?","timestamp":"2026-01-02T03:04:05.006Z","type":"new_message"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_block_of_an_inquiry_leaves_the_two_free_to_write() {
    let (mut world, chat) = inquiry(None).await;
    let said = world.rest("bob", "PUT", &format!("/marketplace/api/chat/{chat}/toggle-block"), Value::Null).await;
    assert_eq!(said.lines().count(), 1, "{said}");
    let said = world.ask("alice", "send_message", json!({"receiverId": "bob", "content": "hello"})).await;
    assert!(said.contains("\"success\":true"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_read_is_told_message_by_message() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two", "three"]).await;
    let chat = world.chat("alice", "bob").await;
    let ids = [message_id("alice", "bob", 1), message_id("alice", "bob", 3)];
    let read = json!({"conversationId": chat, "messageIds": ids});
    let said = world.rest("bob", "POST", "/classroom/api/chat/messages/read", read).await;
    assert_snapshot!(brief(&said), @r##"
    bob gets 200 {"data":{"markedCount":2},"success":true}
    alice+alice2 hears 42["message_read",{"messageId":"alice+bob #1","readAt":"2026-01-02T03:04:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    alice+alice2 hears 42["message_read",{"messageId":"alice+bob #3","readAt":"2026-01-02T03:04:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    bob+bob2 hears 42["message_read_confirmed",{"message":"#1 alice to bob: one, read","success":true}]
    bob+bob2 hears 42["message_read_confirmed",{"message":"#3 alice to bob: three, read","success":true}]
    "##);
    let rest = json!({"conversationId": chat});
    assert_snapshot!(brief(&world.rest("bob", "POST", "/classroom/api/chat/messages/read", rest).await), @r##"
    bob gets 200 {"data":{"markedCount":1},"success":true}
    alice+alice2 hears 42["message_read",{"markedCount":1,"messageId":"alice+bob #2","readAt":"2026-01-02T03:04:05.006Z","readBy":{"_id":"bob","name":"bob"}}]
    bob+bob2 hears 42["message_read_confirmed",{"markedCount":1,"message":"#2 alice to bob: two, read","success":true}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn sound_and_many_media_are_heard() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    let chat = world.chat("alice", "bob").await;
    let media = json!([
        {"url": "https://media.example/1", "type": "audio/mpeg", "filename": "talk.mp3", "size": 7},
        {"url": "https://media.example/2"},
    ]);
    let message = json!({"conversationId": chat, "messageType": "audio", "media": media});
    let said = world.rest("bob", "POST", "/classroom/api/chat/message", message).await;
    assert_snapshot!(said.lines().find(|line| line.contains("receive_message")).unwrap(), @r#"alice hears 42["receive_message",{"_id":"e70c08a3288036ef87ef9f6e000000000001","content":"talk.mp3","isDeleted":false,"media":[{"filename":"talk.mp3","size":7,"type":"audio/mpeg","url":"https://media.example/1"},{"url":"https://media.example/2"}],"mediaUrl":"https://media.example/1","read":false,"receiverId":"alice","receiverName":"alice","senderId":"bob","senderName":"bob","sentAt":"2026-01-02T03:04:05.006Z","seq":1}]"#);
}

#[tokio::test(start_paused = true)]
async fn what_one_deletes_for_oneself_is_told_to_ones_own_sockets() {
    let mut world = MESSENGER.connected(&FIVE_CLIENTS).await;
    MESSENGER.send_texts(&mut world, "alice", "bob", &["one", "two"]).await;
    let path = format!("/classroom/api/chat/message/{}", message_id("alice", "bob", 1));
    let said = world.rest("bob", "DELETE", &path, json!({"deleteForEveryone": false})).await;
    assert_snapshot!(brief(&said.lines().skip(1).collect::<Vec<_>>().join("\n")), @r#"bob+bob2 hears 42["message_deleted",{"messageId":"alice+bob #1"}]"#);
    assert_snapshot!(history(&mut world, "bob", "alice").await, @r##"bob hears 42["message_history",{"messages":["#2 alice to bob: two"],"otherUser":{"_id":"alice","name":"Alice Adams"},"pagination":{"hasMore":false,"page":1}}]"##);
    assert_snapshot!(history(&mut world, "alice", "bob").await, @r##"alice hears 42["message_history",{"messages":["#1 alice to bob: one","#2 alice to bob: two"],"otherUser":{"_id":"bob","name":"bob"},"pagination":{"hasMore":false,"page":1}}]"##);
    assert_snapshot!(brief(&world.ask("bob", "get_unread_count", json!({})).await), @r#"bob hears 430[{"count":1,"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_status_is_told_only_where_it_is_a_coming_or_a_going() {
    let mut world = MESSENGER.connected(&TWO_CLIENTS).await;
    world.join_namespace("bob2", "bob", "/workspace").await;
    let told =
        |transcript: String| transcript.lines().filter(|line| line.starts_with("alice")).collect::<Vec<_>>().join("\n");
    assert_snapshot!(told(world.ask("bob2", "user:status", json!("away")).await), @"");
    assert_snapshot!(told(world.ask("bob2", "user:status", json!("offline")).await), @r#"alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"bob"}]"#);
    assert_snapshot!(told(world.ask("bob2", "user:status", json!("busy")).await), @r#"alice hears 42["user_online",{"name":"bob","userId":"bob","username":null}]"#);
}
