//! Presence: the first socket comes, the last one goes, who hears of it, and what a conversation shows of it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::CLASSROOM;

#[tokio::test(start_paused = true)]
async fn only_the_first_socket_and_the_last_are_told() {
    let mut world = CLASSROOM.world().await;
    world.join("alice").await;
    assert_snapshot!(world.join("bob").await, @r#"
    alice hears 42["user:online",{"userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    assert_snapshot!(world.join_as("bob2", "bob").await, @r#"
    bob2 hears 40{"sid":"…"}
    bob2 hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    world.clock.advance(61_001);
    assert_snapshot!(world.close("bob").await, @"");
    assert_snapshot!(world.close("bob2").await, @r#"alice hears 42["user:offline",{"lastSeen":1767323106007,"userId":"bob"}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_shows_who_is_here_and_when_the_others_were() {
    let (mut world, _) = CLASSROOM.five_clients().await;
    world.know(&["dave"]).await;
    let path = "/api/chat/conversation";
    let seen = |answer: Value| -> Vec<Value> {
        let participants = answer["data"]["participants"].as_array().unwrap().clone();
        participants.iter().map(|one| json!([one["_id"], one["isOnline"], one["lastSeen"]])).collect()
    };
    let now = world.clock.now().millis();
    let (_, answer) = world.request("alice", "GET", &format!("{path}/bob"), "").await;
    assert_eq!(seen(answer), [json!(["alice", true, now]), json!(["bob", true, now])]);
    world.close("bob").await;
    world.close("bob2").await;
    world.clock.advance(5_000);
    let (_, answer) = world.request("alice", "GET", &format!("{path}/bob"), "").await;
    assert_eq!(seen(answer), [json!(["alice", true, now + 5_000]), json!(["bob", false, now])]);
    // Known, but never seen.
    let (_, answer) = world.request("alice", "GET", &format!("{path}/dave"), "").await;
    assert_eq!(seen(answer), [json!(["alice", true, now + 5_000]), json!(["dave", false, null])]);
}

#[tokio::test(start_paused = true)]
async fn from_the_bound_on_only_people_who_share_a_conversation_are_told() {
    let mut world = CLASSROOM.world_with(&[("PresenceEveryoneBelow", "0")]).await;
    world.know(&["alice", "bob", "carol"]).await;
    world.chat("alice", "carol").await;
    world.join("alice").await;
    assert_snapshot!(world.join("bob").await, @r#"
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    assert_snapshot!(world.join("carol").await, @r#"
    alice hears 42["user:online",{"userId":"carol"}]
    carol hears 40{"sid":"…"}
    carol hears 42["connected",{"socketId":"…","userId":"carol"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn people_of_other_dialects_come_and_go_too() {
    let mut world = CLASSROOM.world().await;
    world.join("alice").await;
    assert_snapshot!(world.join_namespace("bob", "bob", "/recruiting").await, @r#"
    alice hears 42["user:online",{"userId":"bob"}]
    bob hears 40/recruiting,{"sid":"…"}
    bob hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob hears 42/recruiting,["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    "#);
    assert_snapshot!(world.close("bob").await, @r#"alice hears 42["user:offline",{"lastSeen":1767323045006,"userId":"bob"}]"#);
}

#[tokio::test(start_paused = true)]
async fn the_health_route_asks_for_no_token() {
    let (mut world, _) = CLASSROOM.five_clients().await;
    assert_snapshot!(world.get("", "/api/socket/health").await, @r#" gets 200 {"socket":{"connected":5,"initialized":true,"rooms":0},"status":"ok"}"#);
    assert_snapshot!(world.get("", "/classroom/api/socket/health").await, @r#" gets 200 {"socket":{"connected":5,"initialized":true,"rooms":0},"status":"ok"}"#);
}
