//! Presence: who comes and goes, and the status people give themselves.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{WORKSPACE, brief, text};

#[tokio::test(start_paused = true)]
async fn only_the_first_socket_and_the_last_are_told() {
    let mut world = WORKSPACE.world().await;
    world.join("alice").await;
    assert_snapshot!(world.join("bob").await, @r#"
    alice hears 42["user:online",{"status":"online","userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    world.join_as("bob2", "bob").await;
    assert_snapshot!(world.close("bob").await, @"");
    assert_snapshot!(world.close("bob2").await, @r#"alice hears 42["user:offline",{"userId":"bob"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_status_is_told_to_the_others_and_twice_is_once() {
    let (mut world, _) = WORKSPACE.five_clients().await;
    assert_snapshot!(world.ask("alice", "user:status", json!("away")).await, @r#"
    alice hears 430[{"success":true}]
    bob hears 42["user:online",{"status":"away","userId":"alice"}]
    bob2 hears 42["user:online",{"status":"away","userId":"alice"}]
    carol hears 42["user:online",{"status":"away","userId":"alice"}]
    "#);
    assert_snapshot!(world.ask("alice2", "user:status", json!("away")).await, @r#"alice2 hears 430[{"success":true}]"#);
    let mut said = String::new();
    for status in ["busy", "offline", "offline", "online", "online"] {
        said += &format!("{status}:\n{}\n", brief(&world.emit("alice", "user:status", json!(status)).await));
    }
    assert_snapshot!(said, @r#"
    busy:
    bob+bob2+carol hears 42["user:online",{"status":"busy","userId":"alice"}]
    offline:
    bob+bob2+carol hears 42["user:offline",{"userId":"alice"}]
    offline:

    online:
    bob+bob2+carol hears 42["user:online",{"status":"online","userId":"alice"}]
    online:
    "#);
}

#[tokio::test(start_paused = true)]
async fn other_statuses_are_refused() {
    let (mut world, _) = WORKSPACE.five_clients().await;
    let mut said = String::new();
    for argument in [json!("invisible"), json!("Online"), json!(""), json!(7), json!({"status": "away"}), Value::Null] {
        said += &brief(&world.emit("alice", "user:status", argument).await);
        said += "\n";
    }
    assert_snapshot!(said, @r#"
    alice hears 42["error","VALIDATION_ERROR: status must be one of online, away, busy, offline"]
    alice hears 42["error","VALIDATION_ERROR: status must be one of online, away, busy, offline"]
    alice hears 42["error","VALIDATION_ERROR: status must not be empty"]
    alice hears 42["error","VALIDATION_ERROR: status must be a string"]
    alice hears 42["error","VALIDATION_ERROR: status must be a string"]
    alice hears 42["error","VALIDATION_ERROR: status is required"]
    "#);
    assert_snapshot!(world.send("alice", r#"427["user:status"]"#).await, @r#"alice hears 437[{"error":{"code":"VALIDATION_ERROR","message":"status is required"},"success":false}]"#);
}

#[tokio::test(start_paused = true)]
async fn who_appears_offline_still_hears_and_says_everything() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    world.ask("alice", "user:status", json!("offline")).await;
    assert_snapshot!(brief(&world.ask("alice", "message:send", text(&conversation, "psst")).await), @r##"
    alice hears 431[{"message":"#1 by alice: psst","success":true}]
    alice hears 42["conversation:updated","alice+bob (#1 by alice: psst; unread 0)"]
    alice hears 42["message:delivered",{"messageId":"alice+bob #1"}]
    alice2 hears 42["message:new","#1 by alice: psst"]
    alice2 hears 42["conversation:updated","alice+bob (#1 by alice: psst; unread 0)"]
    alice2 hears 42["message:delivered",{"messageId":"alice+bob #1"}]
    bob+bob2 hears 42["message:new","#1 by alice: psst"]
    bob+bob2 hears 42["conversation:updated","alice+bob (#1 by alice: psst; unread 1)"]
    bob+bob2 hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"alice+bob #1","message":"psst","type":"message"}]
    "##);
    assert_snapshot!(brief(&world.emit("bob", "message:send", text(&conversation, "heard")).await), @r##"
    alice+alice2 hears 42["message:new","#2 by bob: heard"]
    alice+alice2 hears 42["conversation:updated","alice+bob (#2 by bob: heard; unread 1)"]
    alice+alice2 hears 42["notification:new",{"createdAt":"2026-01-02T03:04:05.006Z","id":"alice+bob #2","message":"heard","type":"message"}]
    bob hears 42["conversation:updated","alice+bob (#2 by bob: heard; unread 1)"]
    bob hears 42["message:delivered",{"messageId":"alice+bob #2"}]
    bob2 hears 42["message:new","#2 by bob: heard"]
    bob2 hears 42["conversation:updated","alice+bob (#2 by bob: heard; unread 1)"]
    bob2 hears 42["message:delivered",{"messageId":"alice+bob #2"}]
    "##);
}

#[tokio::test(start_paused = true)]
async fn who_appears_offline_goes_unnoticed_and_comes_back_online() {
    let (mut world, _) = WORKSPACE.five_clients().await;
    world.ask("alice", "user:status", json!("offline")).await;
    // Another device does not show them.
    world.join_as("alice3", "alice").await;
    let mut said = String::new();
    for label in ["alice", "alice2", "alice3"] {
        said += &world.close(label).await;
    }
    assert_eq!(said, "");
    assert_snapshot!(brief(&world.join("alice").await), @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"socketId":"…","userId":"alice"}]
    bob+bob2+carol hears 42["user:online",{"status":"online","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_status_ends_with_the_last_socket() {
    let (mut world, _) = WORKSPACE.five_clients().await;
    world.ask("alice", "user:status", json!("busy")).await;
    world.close("alice").await;
    world.close("alice2").await;
    assert_snapshot!(brief(&world.join("alice").await), @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"socketId":"…","userId":"alice"}]
    bob+bob2+carol hears 42["user:online",{"status":"online","userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_status_holds_for_all_dialects() {
    let (mut world, _) = WORKSPACE.five_clients().await;
    world.join_namespace("dave", "dave", "/recruiting").await;
    // recruiting has no word for how somebody is here.
    assert_snapshot!(brief(&world.ask("alice", "user:status", json!("away")).await), @r#"
    alice hears 430[{"success":true}]
    bob+bob2+carol hears 42["user:online",{"status":"away","userId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.ask("alice", "user:status", json!("offline")).await), @r#"
    alice hears 431[{"success":true}]
    bob+bob2+carol hears 42["user:offline",{"userId":"alice"}]
    dave hears 42/recruiting,["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"alice"}]
    "#);
    assert_snapshot!(world.ask("dave", "get_online_users", json!({})).await, @r#"dave hears 43/recruiting,0[{"count":3,"onlineUsers":["bob","carol","dave"],"success":true}]"#);
    assert_snapshot!(brief(&world.ask("alice", "user:status", json!("busy")).await), @r#"
    alice hears 432[{"success":true}]
    bob+bob2+carol hears 42["user:online",{"status":"busy","userId":"alice"}]
    dave hears 42/recruiting,["user_online",{"userId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.close("dave").await), @r#"alice+alice2+bob+bob2+carol hears 42["user:offline",{"userId":"dave"}]"#);
}

#[tokio::test(start_paused = true)]
async fn the_health_route_counts_sockets_and_rooms_and_asks_for_no_token() {
    let (mut world, conversation) = WORKSPACE.five_clients().await;
    for label in ["alice", "alice2", "bob"] {
        world.ask(label, "conversation:join", json!(conversation)).await;
    }
    assert_snapshot!(world.get("", "/api/socket/health").await, @r#" gets 200 {"socket":{"connected":5,"initialized":true,"rooms":1},"status":"ok"}"#);
    assert_snapshot!(world.get("", "/workspace/api/socket/health").await, @r#" gets 200 {"socket":{"connected":5,"initialized":true,"rooms":1},"status":"ok"}"#);
}
