//! Presence: the first socket comes, the last one goes, who appears offline, and saying that one is here.

use insta::assert_snapshot;
use serde_json::json;

use super::{MARKETPLACE, brief};

#[tokio::test(start_paused = true)]
async fn only_the_first_socket_and_the_last_are_told() {
    let mut world = MARKETPLACE.world().await;
    world.join("alice").await;
    assert_snapshot!(brief(&world.join("bob").await), @r#"
    alice hears 42["userOnline",{"userId":"bob"}]
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    assert_snapshot!(brief(&world.join_as("bob2", "bob").await), @r#"
    bob2 hears 40{"sid":"…"}
    bob2 hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    world.clock.advance(61_001);
    assert_snapshot!(world.close("bob").await, @"");
    assert_snapshot!(world.close("bob2").await, @r#"alice hears 42["userOffline",{"lastSeen":"2026-01-02T03:05:06.007Z","userId":"bob"}]"#);
}

#[tokio::test(start_paused = true)]
async fn saying_that_one_is_here_is_no_news() {
    let (mut world, _) = MARKETPLACE.five_clients().await;
    assert_snapshot!(world.ask("alice", "online", json!({})).await, @r#"alice hears 430[{"success":true}]"#);
    assert_snapshot!(world.emit("alice2", "online", json!({})).await, @"");
    // As its clients say it: without any argument.
    assert_snapshot!(world.send("carol", r#"427["online"]"#).await, @r#"carol hears 437[{"success":true}]"#);
    assert_snapshot!(world.send("carol", r#"42["online"]"#).await, @"");
}

#[tokio::test(start_paused = true)]
async fn saying_it_is_news_from_who_appeared_offline() {
    let (mut world, _) = MARKETPLACE.five_clients().await;
    world.join_namespace("alice3", "alice", "/workspace").await;
    world.clock.advance(1_000);
    assert_snapshot!(brief(&world.emit("alice3", "user:status", json!("offline")).await), @r#"bob+bob2+carol hears 42["userOffline",{"lastSeen":"2026-01-02T03:04:06.006Z","userId":"alice"}]"#);
    assert_snapshot!(brief(&world.ask("alice", "online", json!({})).await), @r#"
    alice hears 430[{"success":true}]
    bob+bob2+carol hears 42["userOnline",{"userId":"alice"}]
    "#);
    assert_snapshot!(brief(&world.ask("alice", "online", json!({})).await), @r#"alice hears 431[{"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn how_somebody_is_here_has_no_word() {
    let (mut world, _) = MARKETPLACE.five_clients().await;
    world.join_namespace("alice3", "alice", "/workspace").await;
    assert_snapshot!(brief(&world.ask("alice3", "user:status", json!("away")).await), @r#"alice3 hears 43/workspace,0[{"success":true}]"#);
    // Who is away is here: saying so is no news, and they stay away.
    assert_snapshot!(brief(&world.ask("alice", "online", json!({})).await), @r#"alice hears 430[{"success":true}]"#);
    assert_snapshot!(brief(&world.ask("alice3", "user:status", json!("busy")).await), @r#"alice3 hears 43/workspace,1[{"success":true}]"#);
}

#[tokio::test(start_paused = true)]
async fn who_appears_offline_goes_unheard() {
    let (mut world, _) = MARKETPLACE.two_clients().await;
    world.join_namespace("alice2", "alice", "/workspace").await;
    world.emit("alice2", "user:status", json!("offline")).await;
    assert_snapshot!(world.close("alice2").await, @"");
    assert_snapshot!(world.close("alice").await, @"");
    assert_snapshot!(brief(&world.join("alice").await), @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"socketId":"…","userId":"alice"}]
    bob hears 42["userOnline",{"userId":"alice"}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn from_the_bound_on_only_people_who_share_a_chat_are_told() {
    let mut world = MARKETPLACE.world_with(&[("PresenceEveryoneBelow", "0")]).await;
    world.know(&["alice", "bob", "carol"]).await;
    world.chat("alice", "carol").await;
    world.join("alice").await;
    assert_snapshot!(brief(&world.join("bob").await), @r#"
    bob hears 40{"sid":"…"}
    bob hears 42["connected",{"socketId":"…","userId":"bob"}]
    "#);
    assert_snapshot!(brief(&world.join("carol").await), @r#"
    alice hears 42["userOnline",{"userId":"carol"}]
    carol hears 40{"sid":"…"}
    carol hears 42["connected",{"socketId":"…","userId":"carol"}]
    "#);
    assert_snapshot!(world.close("bob").await, @"");
    assert_snapshot!(world.close("carol").await, @r#"alice hears 42["userOffline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"carol"}]"#);
}

#[tokio::test(start_paused = true)]
async fn people_of_other_dialects_come_and_go_too() {
    let mut world = MARKETPLACE.world().await;
    world.join("alice").await;
    for name in ["recruiting", "messenger", "workspace", "classroom"] {
        let said = world.join_namespace(name, "bob", &format!("/{name}")).await;
        assert_eq!(super::heard_by("alice", &said), r#"alice hears 42["userOnline",{"userId":"bob"}]"#, "{name}");
        let offline = r#"42["userOffline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"bob"}]"#;
        assert_eq!(world.close(name).await, format!("alice hears {offline}\n"), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_health_route_counts_sockets_and_rooms_and_asks_for_no_token() {
    let (mut world, chat) = MARKETPLACE.five_clients().await;
    world.ask("alice", "join-chat", json!({"chatId": chat})).await;
    let health = world.get("", "/api/socket/health").await;
    assert_snapshot!(health, @r#" gets 200 {"socket":{"connected":5,"initialized":true,"rooms":1},"status":"ok"}"#);
    assert_eq!(world.get("", "/marketplace/api/socket/health").await, health);
}
