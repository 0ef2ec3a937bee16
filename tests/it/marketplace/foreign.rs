//! What people in other dialects do, as this one hears it, and the other way round.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{MARKETPLACE, brief, chats_of, heard_by, messages_of, text};
use crate::worlds::{TWO_CLIENTS, message_id};

#[tokio::test(start_paused = true)]
async fn messages_go_to_and_fro() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.join_namespace("bob3", "bob", "/recruiting").await;
    world.join_namespace("bob4", "bob", "/messenger").await;
    world.join_namespace("bob5", "bob", "/workspace").await;
    world.join_namespace("bob6", "bob", "/classroom").await;
    let mut said = String::new();
    for (label, event, argument) in [
        ("bob3", "send_message", json!({"chatId": chat, "content": "from recruiting"})),
        ("bob4", "send_message", json!({"receiverId": "alice", "content": "from messenger"})),
        ("bob5", "message:send", json!({"conversationId": chat, "content": "from workspace"})),
        ("bob6", "send:message", json!({"conversationId": chat, "text": "from classroom"})),
    ] {
        said += &brief(&heard_by("alice", &world.ask(label, event, argument).await));
        said += "\n";
    }
    assert_snapshot!(said, @r##"
    alice hears 42["newMessage","#1 by bob: from recruiting"]
    alice hears 42["newMessage","#2 by bob: from messenger"]
    alice hears 42["newMessage","#3 by bob: from workspace"]
    alice hears 42["newMessage","#4 by bob: from classroom"]
    "##);
    let said = world.emit("alice", "sendMessage", text(&chat, "from marketplace")).await;
    for label in ["bob", "bob3", "bob4", "bob5", "bob6"] {
        assert!(heard_by(label, &said).contains("from marketplace"), "{label}: {said}");
    }
    assert_snapshot!(messages_of(&mut world, "alice", &chat).await, @r##"alice gets 200 {"data":{"messages":["#1 by bob: from recruiting, delivered","#2 by bob: from messenger, delivered","#3 by bob: from workspace, delivered","#4 by bob: from classroom, delivered","#5 by alice: from marketplace, delivered"],"pagination":{"currentPage":1,"hasMore":false,"totalMessages":5,"totalPages":1}},"message":"Messages","success":true}"##);
}

#[tokio::test(start_paused = true)]
async fn one_connection_in_two_namespaces_hears_each_in_its_own_words() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    assert_snapshot!(world.also_join("carol", "carol", "/recruiting").await, @r#"
    carol hears 40/recruiting,{"sid":"…"}
    carol hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"carol"}]
    carol hears 42/recruiting,["online_users",{"count":3,"onlineUsers":["alice","bob","carol"]}]
    "#);
    let other = world.chat("alice", "carol").await;
    let said = world.emit("alice", "sendMessage", text(&other, "hello")).await;
    let heard = heard_by("carol", &said);
    assert_eq!(heard.matches(r#"carol hears 42["newMessage""#).count(), 1, "{heard}");
    assert_eq!(heard.matches(r#"carol hears 42/recruiting,["new_message""#).count(), 1, "{heard}");
    // What is asked in one namespace is answered there, and heard in the other as on another device.
    let said = world.ask_in("carol", "/recruiting", "send_message", json!({"chatId": other, "content": "hi"})).await;
    // Each namespace has its own order; between two namespaces there is none.
    let heard = brief(&heard_by("carol", &said)).replace("carol hears", "hears");
    let (in_recruiting, in_marketplace): (Vec<&str>, Vec<&str>) =
        heard.lines().partition(|line| line.contains("/recruiting,"));
    assert_snapshot!(in_recruiting.join("\n"), @r##"
    hears 43/recruiting,0[{"message":{"_id":"alice+carol #2","chatId":"alice+carol","content":"hi","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"alice","senderId":"carol","seq":2,"updatedAt":"2026-01-02T03:04:05.006Z"},"success":true}]
    hears 42/recruiting,["message_sent",{"message":{"_id":"alice+carol #2","chatId":"alice+carol","content":"hi","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"alice","senderId":"carol","seq":2,"updatedAt":"2026-01-02T03:04:05.006Z"}}]
    hears 42/recruiting,["chat_updated",{"chatId":"alice+carol","latestMessage":{"_id":"alice+carol #2","chatId":"alice+carol","content":"hi","createdAt":"2026-01-02T03:04:05.006Z","isDeleted":false,"isRead":false,"mediaUrl":null,"messageType":"text","receiverId":"alice","senderId":"carol","seq":2,"updatedAt":"2026-01-02T03:04:05.006Z"},"updatedAt":"2026-01-02T03:04:05.006Z"}]
    hears 42/recruiting,["message_delivered",{"chatId":"alice+carol","messageId":"alice+carol #2"}]
    "##);
    assert_snapshot!(in_marketplace.join("\n"), @r##"
    hears 42["newMessage","#2 by carol: hi"]
    hears 42["messageDelivered",{"chatId":"alice+carol","messageId":"alice+carol #2"}]
    "##);
    assert_snapshot!(brief(&world.ask("carol", "markAsRead", super::one(&chat, 1)).await), @r#"carol hears 431[{"error":"NOT_FOUND: chat not found","success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_chat_may_begin_with_a_message_elsewhere() {
    let mut world = MARKETPLACE.connected(&[("alice", "alice"), ("alice2", "alice"), ("bob", "bob")]).await;
    world.join_namespace("bob2", "bob", "/messenger").await;
    let said = world.emit("bob2", "send_message", json!({"receiverId": "alice", "content": "hello"})).await;
    for label in ["alice", "alice2", "bob"] {
        let begins = heard_by(label, &said);
        assert_eq!(begins.contains("chatCreated"), label != "bob", "only who did not make it is told: {said}");
    }
    assert_snapshot!(brief(&heard_by("alice", &said)), @r##"
    alice hears 42["chatCreated",{"chatId":"alice+bob"}]
    alice hears 42["newMessage","#1 by bob: hello"]
    "##);
    assert_snapshot!(chats_of(&mut world, "alice").await, @r#"alice gets 200 {"data":{"chats":["alice+bob (#1: hello; unread 1)"],"pagination":{"currentPage":1,"hasMore":false,"totalChats":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn chats_made_elsewhere_are_told_and_are_the_same() {
    let mut world = MARKETPLACE.connected(&TWO_CLIENTS).await;
    let elsewhere =
        world.rest("alice", "POST", "/recruiting/api/chat/create-or-get", json!({"otherUserId": "bob"})).await;
    assert_snapshot!(brief(&heard_by("bob", &elsewhere)), @r#"bob hears 42["chatCreated",{"chatId":"alice+bob"}]"#);
    let found = world.rest("bob", "POST", "/api/chat/create", json!({"participantId": "alice"})).await;
    assert!(found.starts_with("bob gets 200"), "{found}");
    assert!(
        world
            .rest("bob", "GET", "/classroom/api/chat/conversation/alice", Value::Null)
            .await
            .starts_with("bob gets 200")
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_elsewhere_is_told_here_and_the_other_way_round() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.join_namespace("bob3", "bob", "/recruiting").await;
    MARKETPLACE.send_texts(&mut world, "alice", &chat, &["one", "two"]).await;
    let delete = |number: u64, path: &str| format!("{path}/{}", message_id(&chat, number));
    let said = world.rest("alice", "DELETE", &delete(1, "/recruiting/api/message"), Value::Null).await;
    assert_snapshot!(brief(said.split_once('\n').unwrap().1), @r#"
    alice+alice2+bob+bob2 hears 42["messageDeleted",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    bob3 hears 42/recruiting,["message_deleted",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "#);
    let said = world.rest("alice", "DELETE", &delete(2, "/api/chat/message"), Value::Null).await;
    assert_snapshot!(brief(&heard_by("bob3", &said)), @r#"bob3 hears 42/recruiting,["message_deleted",{"chatId":"alice+bob","messageId":"alice+bob #2"}]"#);
}
