//! Presence: the first socket comes, the last one goes, and who hears of it.

use insta::assert_snapshot;
use local::gateway::DisconnectFault;
use serde_json::json;
use world::World;

use super::{RECRUITING, brief, text, without_pings};

#[tokio::test(start_paused = true)]
async fn only_the_first_socket_and_the_last_are_told() {
    let mut world = World::new().await;
    world.join("alice").await;
    assert_snapshot!(brief(&world.join("bob").await), @r#"
    alice hears 42["user_online",{"userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
    assert_snapshot!(brief(&world.join_as("bob2", "bob").await), @r#"
    bob2 hears 40{"sid":"…"}
    bob2 hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob2 hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
    world.clock.advance(61_001);
    assert_snapshot!(world.close("bob").await, @"");
    assert_snapshot!(world.close("bob2").await, @r#"alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:05:06.007Z","userId":"bob"}]"#);
}

#[tokio::test(start_paused = true)]
async fn who_is_here_is_answered_by_ack_or_event() {
    let (mut world, _) = RECRUITING.five_clients().await;
    assert_snapshot!(world.ask("carol", "get_online_users", json!({})).await, @r#"carol hears 430[{"count":3,"onlineUsers":["alice","bob","carol"],"success":true}]"#);
    assert_snapshot!(world.emit("carol", "get_online_users", json!({})).await, @r#"carol hears 42["online_users",{"count":3,"onlineUsers":["alice","bob","carol"]}]"#);
    // Without any argument, too.
    assert_snapshot!(world.send("carol", r#"427["get_online_users"]"#).await, @r#"carol hears 437[{"count":3,"onlineUsers":["alice","bob","carol"],"success":true}]"#);
    world.close("bob").await;
    world.close("bob2").await;
    assert_snapshot!(world.ask("carol", "get_online_users", json!({})).await, @r#"carol hears 431[{"count":2,"onlineUsers":["alice","carol"],"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn leaving_the_namespace_is_going_offline() {
    let (mut world, _) = RECRUITING.two_clients().await;
    assert_snapshot!(world.send("bob", "41").await, @r#"alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"bob"}]"#);
    assert_snapshot!(world.close("bob").await, @"");
    assert_snapshot!(brief(&world.join("bob").await), @r#"
    alice hears 42["user_online",{"userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_manual_disconnect_is_answered_with_the_end_of_the_socket() {
    let (mut world, chat) = RECRUITING.five_clients().await;
    assert_snapshot!(brief(&world.emit("carol", "manual_disconnect", json!({})).await), @r#"
    alice+alice2+bob+bob2 hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"carol"}]
    carol hears 41
    "#);
    assert_snapshot!(world.send("bob", r#"423["manual_disconnect"]"#).await, @r#"
    bob hears 433[{"success":true}]
    bob hears 41
    "#);
    // What is sent on it afterwards is not for anybody.
    world.clock.advance(1);
    assert_snapshot!(world.ask("bob", "send_message", text(&chat, "hello")).await, @"");
    assert_snapshot!(world.ask("bob", "no_such_event", json!({})).await, @"");
    assert_snapshot!(brief(&world.emit("bob2", "send_message", text(&chat, "hello")).await), @r##"
    alice+alice2 hears 42["new_message",{"message":"#1 by bob: hello"}]
    alice+alice2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.007Z"}]
    bob2 hears 42["message_sent",{"message":"#1 by bob: hello"}]
    bob2 hears 42["chat_updated",{"chatId":"alice+bob","latestMessage":"#1 by bob: hello","updatedAt":"2026-01-02T03:04:05.007Z"}]
    bob2 hears 42["message_delivered",{"chatId":"alice+bob","messageId":"alice+bob #1"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_that_comes_twice_counts_once() {
    let mut world = World::with_disconnects(DisconnectFault::Doubled, &[]).await;
    world.join("alice").await;
    for round in 0..3 {
        let second = format!("bob{round}");
        world.join("bob").await;
        world.join_as(&second, "bob").await;
        assert_eq!(world.close(&second).await, "");
        let said = world.close("bob").await;
        assert_eq!(said.matches("user_offline").count(), 1, "{round}: {said}");
    }
    assert_snapshot!(brief(&world.join("bob").await), @r#"
    alice hears 42["user_online",{"userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
    assert_snapshot!(world.close("bob").await, @r#"alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"bob"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_that_never_came_is_made_up_for_by_the_heartbeat() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[("PingIntervalMinutes", "1")]).await;
    world.join("alice").await;
    world.join("bob").await;
    assert_snapshot!(world.close("bob").await, @"");
    assert_snapshot!(without_pings(&world.minute().await), @r#"alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:05:05.006Z","userId":"bob"}]"#);
    assert_snapshot!(world.ask("alice", "get_online_users", json!({})).await, @r#"alice hears 430[{"count":1,"onlineUsers":["alice"],"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn from_the_bound_on_only_people_who_share_a_chat_are_told() {
    let mut world = World::with(&[("PresenceEveryoneBelow", "3")]).await;
    world.know(&["alice", "bob", "carol"]).await;
    world.chat("alice", "carol").await;
    assert_snapshot!(brief(&world.join("alice").await), @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
    assert_snapshot!(brief(&world.join("bob").await), @r#"
    alice hears 42["user_online",{"userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
    // Now three are online: Carol shares a chat with Alice, but not with Bob.
    assert_snapshot!(brief(&world.join("carol").await), @r#"
    alice hears 42["user_online",{"userId":"carol"}]
    carol hears 40{"sid":"…"}
    carol hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"carol"}]
    carol hears 42["online_users",{"count":2,"onlineUsers":["alice","carol"]}]
    "#);
    assert_snapshot!(world.ask("alice", "get_online_users", json!({})).await, @r#"alice hears 430[{"count":2,"onlineUsers":["alice","carol"],"success":true}]"#);
    assert_snapshot!(world.ask("bob", "get_online_users", json!({})).await, @r#"bob hears 430[{"count":1,"onlineUsers":["bob"],"success":true}]"#);
    assert_snapshot!(world.ask("carol", "get_online_users", json!({})).await, @r#"carol hears 430[{"count":2,"onlineUsers":["alice","carol"],"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_hears_of_strangers_those_who_share_a_chat_still_hear() {
    let mut world = World::with(&[("PresenceEveryoneBelow", "0")]).await;
    world.know(&["alice", "bob", "carol"]).await;
    world.chat("alice", "carol").await;
    world.join("alice").await;
    assert_snapshot!(brief(&world.join("bob").await), @r#"
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob hears 42["online_users",{"count":1,"onlineUsers":["bob"]}]
    "#);
    assert_snapshot!(brief(&world.join("carol").await), @r#"
    alice hears 42["user_online",{"userId":"carol"}]
    carol hears 40{"sid":"…"}
    carol hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"carol"}]
    carol hears 42["online_users",{"count":2,"onlineUsers":["alice","carol"]}]
    "#);
    assert_snapshot!(world.close("bob").await, @"");
    assert_snapshot!(world.close("carol").await, @r#"alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"carol"}]"#);
}

#[tokio::test(start_paused = true)]
async fn the_health_route_counts_sockets_and_asks_for_no_token() {
    let (mut world, _) = RECRUITING.five_clients().await;
    assert_snapshot!(world.get("", "/api/socket/health").await, @r#" gets 200 {"socket":{"connected":5,"initialized":true,"rooms":0},"status":"ok"}"#);
    assert_snapshot!(world.get("", "/recruiting/api/socket/health").await, @r#" gets 200 {"socket":{"connected":5,"initialized":true,"rooms":0},"status":"ok"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_process_is_killed_is_offline_at_once() {
    let mut world = World::new().await;
    world.join("alice").await;
    world.join("bob").await;
    assert_snapshot!(world.kill("bob").await, @r#"alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"bob"}]"#);
}
