//! Connecting: the open packet, joining a namespace, and the greeting.

use std::time::Duration;

use insta::assert_snapshot;
use local::faults::{Effect, Rule};
use serde_json::json;
use world::World;

use super::brief;

#[tokio::test(start_paused = true)]
async fn connecting_greets_and_tells_the_others_once() {
    let mut world = World::new().await;
    assert_snapshot!(world.open("alice").await, @"alice hears open, ping every 300000 ms, timeout 120000 ms, at most 32768 bytes");
    let token = world.token("alice");
    assert_snapshot!(world.send("alice", &format!("40{}", json!({"token": token}))).await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
    assert_snapshot!(world.join("bob").await, @r#"
    alice hears 42["user_online",{"userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
    assert_snapshot!(world.join_as("bob2", "bob").await, @r#"
    bob2 hears 40{"sid":"…"}
    bob2 hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob2 hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_dialect_has_a_namespace_of_its_own_beside_the_root() {
    let mut world = World::new().await;
    world.join("alice").await;
    world.open("bob").await;
    let token = json!({"token": world.token("bob")});
    assert_snapshot!(world.send("bob", &format!("40/recruiting,{token}")).await, @r#"
    alice hears 42["user_online",{"userId":"bob"}]
    bob hears 40/recruiting,{"sid":"…"}
    bob hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob hears 42/recruiting,["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
    let chat = world.chat("alice", "bob").await;
    let hello = json!(["send_message", {"chatId": chat, "content": "hello"}]);
    assert_snapshot!(brief(&world.send("bob", &format!("42/recruiting,0{hello}")).await), @r##"
    alice hears 42["new_message",{"message":"#1 by bob: hello"}]
    alice hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 43/recruiting,0[{"message":"#1 by bob: hello","success":true}]
    bob hears 42/recruiting,["message_sent",{"message":"#1 by bob: hello"}]
    bob hears 42/recruiting,["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.006Z"}]
    bob hears 42/recruiting,["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
    assert_snapshot!(brief(&world.get("bob", "/recruiting/api/chat/my-chats").await), @r#"bob gets 200 {"data":{"chats":["alice+bob (#1 by bob: hello; unread 0)"],"pagination":{"limit":20,"page":1,"total":1,"totalPages":1}},"message":"Chats","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn another_namespace_does_not_exist() {
    let mut world = World::new().await;
    world.open("alice").await;
    let token = json!({"token": world.token("alice")});
    assert_snapshot!(world.send("alice", &format!("40/nowhere,{token}")).await, @r#"alice hears 44/nowhere,{"message":"Invalid namespace"}"#);
    assert_snapshot!(world.send("alice", &format!("40{token}")).await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn one_connection_may_join_both_namespaces_and_counts_as_two_sockets() {
    let mut world = World::new().await;
    world.join("bob").await;
    world.open("alice").await;
    let token = json!({"token": world.token("alice")});
    assert_snapshot!(brief(&world.send("alice", &format!("40{token}")).await), @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    bob hears 42["user_online",{"userId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.send("alice", &format!("40/recruiting,{token}")).await), @r#"
    alice hears 40/recruiting,{"sid":"…"}
    alice hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42/recruiting,["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
    assert_snapshot!(brief(&world.send("alice", "41").await), @"");
    assert_snapshot!(brief(&world.send("alice", "41/recruiting,").await), @r#"bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"alice"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_confirmed_before_it_is_looked_up_who_is_here() {
    let mut world = World::new().await;
    world.join("alice").await;
    world.open("bob").await;
    // Faults that change nothing, for the list of what they befell.
    for rule in [Rule::connections("PostToConnection"), Rule::dynamodb("Query").index("online")] {
        world.cloud.faults.inject(rule, Effect::Delayed(Duration::ZERO));
    }
    let heard = world.also_join("bob", "bob", "/").await;
    assert!(heard.contains("alice hears 42[\"user_online\""), "{heard}");
    let asked = world.cloud.faults.injected();
    let first = |what: &str| asked.iter().position(|asked| asked.contains(what)).unwrap();
    assert!(first("PostToConnection") < first("Query"), "{asked:#?}");
}
