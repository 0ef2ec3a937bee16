//! People who poll among people on WebSockets: nobody can tell the difference.

use insta::assert_snapshot;
use serde_json::json;
use world::World;

use super::alice_and_polling_bob;

#[tokio::test(start_paused = true)]
async fn joining_and_leaving_are_heard_both_ways() {
    let mut world = World::new().await;
    world.join("bob").await;
    assert_snapshot!(world.poll_join("alice").await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":2,"onlineUsers":["alice","bob"]}]
    bob hears 42["user_online",{"userId":"alice"}]
    "#);
    assert_snapshot!(world.close("bob").await, @r#"alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"bob"}]"#);
    world.join("bob").await;
    assert_snapshot!(world.send("alice", "41").await, @r#"bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"alice"}]"#);
}

#[tokio::test(start_paused = true)]
async fn what_one_hears_by_polling_is_what_one_hears_by_websocket() {
    let mut all = Vec::new();
    for polls in [[false, false], [true, false], [false, true], [true, true]] {
        let mut world = World::new().await;
        for (label, polls) in ["alice", "bob"].into_iter().zip(polls) {
            if polls {
                world.poll_join(label).await
            } else {
                world.join(label).await
            };
        }
        let chat = world.chat("alice", "bob").await;
        let mut said = String::new();
        for (who, event) in [
            ("alice", "typing_start"),
            ("alice", "send_message"),
            ("bob", "send_message"),
            ("bob", "mark_messages_read"),
            ("alice", "block_user"),
            ("bob", "send_message"),
            ("alice", "unblock_user"),
            ("bob", "get_online_users"),
            ("bob", "unheard_of"),
            ("alice", "manual_disconnect"),
        ] {
            said += &world.ask(who, event, json!({"chatId": chat, "content": "hello"})).await;
        }
        all.push(said.lines().filter(|line| !line.contains("closed")).map(str::to_owned).collect::<Vec<_>>());
    }
    for polled in &all[1..] {
        assert_eq!(polled, &all[0]);
    }
    assert!(all[0].len() > 20, "{:#?}", all[0]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_fetched_in_order() {
    let (mut world, chat) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    let frames: Vec<(&str, String)> = (0..50)
        .map(|n| ("alice", format!("42{}", json!(["send_message", {"chatId": chat, "content": format!("<{n}>")}]))))
        .collect();
    let mut heard = String::new();
    for pair in frames {
        heard += &world.send_all(&[pair]).await;
    }
    let numbers: Vec<&str> = heard
        .lines()
        .filter(|line| line.starts_with("bob hears 42[\"new_message\""))
        .filter_map(|line| line.split_once('<')?.1.split('>').next())
        .collect();
    assert_eq!(numbers, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_fetches_nothing_is_closed_once_too_much_waits() {
    let (mut world, chat) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    world.vanish("bob").await;
    let text = "x".repeat(4_000);
    let mut heard = String::new();
    for _ in 0..20 {
        heard += &world.ask("alice", "send_message", json!({"chatId": chat, "content": text})).await;
    }
    assert_eq!(heard.matches("user_offline").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_namespaces_live_on_one_polling_connection() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    assert_snapshot!(world.also_join("alice", "alice", "/recruiting").await, @r#"
    alice hears 40/recruiting,{"sid":"…"}
    alice hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42/recruiting,["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
    assert_snapshot!(world.ask_in("alice", "/recruiting", "ping", json!({})).await, @r#"alice hears 43/recruiting,0[{"success":true,"timestamp":1767323045006}]"#);
    assert_eq!(world.send("alice", "41/recruiting,").await, "");
    assert_snapshot!(world.ask_in("alice", "/", "ping", json!({})).await, @r#"alice hears 431[{"success":true,"timestamp":1767323045006}]"#);
}
