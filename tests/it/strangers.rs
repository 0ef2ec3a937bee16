//! What somebody can make us do who has shown no token, or sends more than anybody needs.

use std::net::IpAddr;

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use local::faults::{Effect, Rule};
use local::gateway::ConnectRequest;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use world::{World, stock_request};

use crate::worlds::connect_alice_and_bob;

/// A handshake from an address.
async fn from(world: &World, address: &str) -> Result<(), StatusCode> {
    let source_ip: IpAddr = address.parse().unwrap();
    world.cloud.gateway.connect(ConnectRequest { source_ip, ..stock_request() }).await.map(std::mem::forget)
}

#[tokio::test(start_paused = true)]
async fn attachments_and_their_headers_are_not_kept_for_who_has_joined_nothing() {
    for frame in
        ["bAQID", "451-[\"send_message\",{\"_placeholder\":true,\"num\":0}]", "461-[{\"_placeholder\":true,\"num\":0}]"]
    {
        let mut world = World::new().await;
        world.open("mallory").await;
        world.spent();
        assert_eq!(world.send("mallory", frame).await, "mallory is closed: 1000 Connection Closed Normally\n");
        let (meter, _) = world.spent();
        assert_eq!(meter.requests.get("UpdateItem"), Some(&1), "its end: {meter:?}");
        assert!(meter.write_units <= 2.0, "{meter:?}");
    }
    // By polling as well.
    let mut world = World::new().await;
    world.poll("mallory").await;
    world.send("mallory", "bAQID").await;
    assert!(world.is_closed("mallory"));
}

#[tokio::test(start_paused = true)]
async fn events_over_the_limit_are_answered_ten_times_as_often_as_taken_and_then_the_connection_is_closed() {
    let mut world = World::new().await;
    world.join("alice").await;
    for _ in 0..50 {
        assert!(world.ask("alice", "ping", json!({})).await.contains("\"success\":true"));
    }
    for _ in 0..500 {
        assert!(world.ask("alice", "ping", json!({})).await.contains("RATE_LIMIT"));
    }
    assert_eq!(world.ask("alice", "ping", json!({})).await, "alice is closed: 1000 Connection Closed Normally\n");
    // Another second is another count.
    world.join_as("again", "alice").await;
    for _ in 0..3 {
        for _ in 0..520 {
            world.ask("again", "ping", json!({})).await;
        }
        world.clock.advance(1_000);
    }
    assert!(!world.is_closed("again"));
}

#[tokio::test(start_paused = true)]
async fn pongs_beyond_the_limit_are_not_noted_and_many_of_them_close_the_connection() {
    let mut world = World::new().await;
    world.join("alice").await;
    world.clock.advance(1_000);
    world.spent();
    for _ in 0..550 {
        world.send("alice", "3").await;
    }
    let (meter, _) = world.spent();
    assert_eq!(meter.requests.get("UpdateItem"), Some(&50), "{meter:?}");
    assert_eq!(world.send("alice", "3").await, "alice is closed: 1000 Connection Closed Normally\n");
}

#[tokio::test(start_paused = true)]
async fn connects_and_attachments_beyond_the_limit_close_the_connection() {
    let mut world = World::new().await;
    world.open("mallory").await;
    for _ in 0..50 {
        assert!(world.send("mallory", "40").await.starts_with("mallory hears 44{"));
    }
    assert_eq!(world.send("mallory", "40").await, "mallory is closed: 1000 Connection Closed Normally\n");
    world.join("alice").await;
    let header = "459-[\"ping\"]";
    let frames: Vec<&str> = std::iter::once(header).chain(["bAQID"; 9]).cycle().take(60).collect();
    for frame in frames {
        if world.is_closed("alice") {
            return;
        }
        world.send("alice", frame).await;
    }
    panic!("54 attachments in one second are taken");
}

#[tokio::test(start_paused = true)]
async fn limits_that_are_off_close_nobody() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    world.join("alice").await;
    for _ in 0..200 {
        world.send("alice", "3").await;
        assert!(world.ask("alice", "ping", json!({})).await.contains("\"success\":true"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_of_which_many_have_joined_nothing_is_refused_until_they_are_closed() {
    let mut world = World::with(&[("StrangersPerAddress", "3")]).await;
    for _ in 0..5 {
        from(&world, "192.0.2.1").await.expect("whoever has just come may still join");
    }
    world.clock.advance(10_000);
    assert_eq!(from(&world, "192.0.2.1").await, Err(StatusCode::TOO_MANY_REQUESTS));
    from(&world, "192.0.2.2").await.expect("others are not concerned");
    world.clock.advance(30_000);
    assert_eq!(from(&world, "192.0.2.1").await, Err(StatusCode::TOO_MANY_REQUESTS));
    world.minute().await;
    from(&world, "192.0.2.1").await.expect("the sweep has closed them");
}

#[tokio::test(start_paused = true)]
async fn an_address_whose_clients_join_has_as_many_as_it_likes() {
    let mut world = World::with(&[("StrangersPerAddress", "3")]).await;
    for number in 0..40 {
        world.join(&format!("user{number}")).await;
        world.clock.advance(1_000);
    }
    for number in 0..20 {
        world.poll_join(&format!("poller{number}")).await;
        world.clock.advance(1_000);
    }
}

#[tokio::test(start_paused = true)]
async fn polling_strangers_are_counted_by_the_last_address_that_forwarded_them() {
    let world = World::with(&[("StrangersPerAddress", "3")]).await;
    let open = async |forwarded: &str| {
        let headers = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), forwarded.parse().unwrap())]);
        world.engine("GET", "EIO=4&transport=polling", headers, "").await.0
    };
    for claimed in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        assert_eq!(open(&format!("{claimed}, 192.0.2.1")).await, 200);
    }
    world.clock.advance(10_000);
    assert_eq!(open("198.51.100.4, 192.0.2.1").await, 429);
    assert_eq!(open("192.0.2.1, 198.51.100.4").await, 200);
}

#[tokio::test(start_paused = true)]
async fn any_frame_of_a_connection_that_was_taken_for_gone_closes_it() {
    for frame in ["3", "42[\"ping\",{}]", "40", "bAQID", "430[]", "41"] {
        let mut world = World::new().await;
        let chat = connect_alice_and_bob(&mut world).await;
        world.clock.advance(60_000);
        let id = world.connection_id("alice");
        world.cloud.faults.inject(Rule::connections("PostToConnection").connection(&id), Effect::gone());
        world.cloud.faults.inject(Rule::connections("DeleteConnection").connection(&id), Effect::unavailable());
        world.ask("bob", "send_message", json!({"chatId": chat, "content": "anybody?"})).await;
        world.cloud.faults.clear();
        assert!(!world.is_closed("alice"), "the scene");
        world.clock.advance(1);
        world.send("alice", frame).await;
        assert!(world.is_closed("alice"), "{frame}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_seventy_fifth_send_of_a_minute_costs_what_the_second_does() {
    let mut world = World::new().await;
    let chat = connect_alice_and_bob(&mut world).await;
    let mut units = Vec::new();
    for _ in 0..75 {
        world.spent();
        world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
        units.push(world.spent().0.write_units);
        world.clock.advance(25);
    }
    // With the first one, both are written that they have spoken.
    assert_eq!(units.get(1), units.last(), "{units:?}");
}

#[tokio::test(start_paused = true)]
async fn a_socket_types_in_twenty_places_at_a_time() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    world.join("alice").await;
    let mut chats = Vec::new();
    for number in 0..25 {
        let other = format!("user{number}");
        world.join(&other).await;
        chats.push(world.chat("alice", &other).await);
    }
    let mut typing = 0;
    for chat in &chats {
        let heard = world.ask("alice", "typing_start", json!({"chatId": chat})).await;
        typing += heard.matches("\"user_typing\"").count();
        typing -= heard.matches("\"user_stopped_typing\"").count();
        assert!(typing <= 20, "{heard}");
    }
    assert_eq!(typing, 20);
    let heard = world.close("alice").await;
    assert_eq!(heard.matches("\"user_stopped_typing\"").count(), 20, "{heard}");
}

/// Alice and Bob meet, chat, type, read and go while minutes pass, and strangers flood the system or not; what the two
/// hear.
async fn a_pair_beside(strangers: usize) -> String {
    let mut world = World::with(&[("PingIntervalMinutes", "1"), ("StrangersPerAddress", "1000000")]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.clock.advance(1_000);
    let mut heard = String::new();
    for round in 0..3 {
        // Some say nothing, some have no token, some send what only members may, and some poll.
        let mut there = Vec::new();
        let mut polls = tokio::task::JoinSet::new();
        for number in 0..strangers {
            let peer = world.cloud.gateway.connect(stock_request()).await.unwrap();
            match number % 4 {
                0 => {}
                1 => peer.send_text("40{\"token\":\"none\"}").await,
                2 => peer.send_text("3").await,
                _ => peer.send_text("bAQID").await,
            }
            there.push(peer);
            let (_, _, open) = world.engine("GET", "EIO=4&transport=polling", HeaderMap::new(), "").await;
            let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
            let uri = format!("/socket.io/?EIO=4&transport=polling&sid={}", open["sid"].as_str().unwrap());
            let http = world.cloud.http.clone();
            polls.spawn(async move {
                for _ in 0..3 {
                    http.clone().oneshot(Request::get(&uri).body(Body::empty()).unwrap()).await.unwrap();
                }
            });
        }
        let say = |text: &str| json!({"chatId": chat, "content": format!("{text} {round}")});
        heard += &world.ask("alice", "typing_start", json!({"chatId": chat})).await;
        heard += &world.ask("alice", "send_message", say("hello")).await;
        heard += &world.ask("bob", "send_message", say("good day")).await;
        heard += &world.ask("bob", "mark_messages_read", json!({"chatId": chat})).await;
        heard += &world.minute().await;
        for label in ["alice", "bob"] {
            heard += &world.send(label, "3").await;
        }
        heard += &world.close("bob").await;
        heard += &world.join("bob").await;
        while polls.join_next().await.is_some() {}
    }
    let health = world.get("alice", "/api/socket/health").await;
    assert!(health.contains("\"connected\":2"), "{health}");
    // Ids of sessions are drawn from what strangers draw from too.
    let lines = heard.lines().filter(|line| !line.contains("hears 40{") && !line.contains("\"connected\""));
    lines.map(|line| line.split("\",\"19").next().unwrap_or(line).to_owned() + "\n").collect()
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_chats_beside_a_flood_of_strangers_hears_what_it_hears_without() {
    assert_eq!(a_pair_beside(100).await, a_pair_beside(0).await);
}

/// What was asked of DynamoDB and posted since the last call, in a line.
fn spent(world: &mut World, act: &str) -> String {
    let (meter, posts) = world.spent();
    let requests: u64 = meter.requests.values().sum();
    format!(
        "{act}: {requests} requests, {} read units, {} write units, {posts} posts\n",
        meter.read_units, meter.write_units
    )
}

/// The numbers are those of docs/cost.md, "What a stranger can make you pay".
#[tokio::test(start_paused = true)]
async fn what_a_stranger_costs() {
    let mut world = World::new().await;
    world.spent();
    let mut costs = String::new();
    world.open("mallory").await;
    costs += &spent(&mut world, "a connection");
    world.send("mallory", "40").await;
    costs += &spent(&mut world, "a CONNECT without a good token");
    world.send("mallory", "40/nowhere,").await;
    costs += &spent(&mut world, "a CONNECT to no namespace");
    world.send("mallory", "3").await;
    costs += &spent(&mut world, "a pong");
    world.send("mallory", "6").await;
    costs += &spent(&mut world, "a noop");
    world.close("mallory").await;
    costs += &spent(&mut world, "its end");
    for (act, frame) in [("an event", "42[\"ping\"]"), ("an attachment", "bAQID"), ("nonsense", "9")] {
        world.open("mallory").await;
        world.spent();
        world.send("mallory", frame).await;
        costs += &spent(&mut world, &format!("{act}, and the end that follows"));
        world.close("mallory").await;
        world.spent();
    }
    world.open("mallory").await;
    world.spent();
    world.minute().await;
    costs += &spent(&mut world, "a minute whose sweep closes it");
    world.minute().await;
    costs += &spent(&mut world, "a minute without anybody");
    let (_, _, open) = world.engine("GET", "EIO=4&transport=polling", HeaderMap::new(), "").await;
    costs += &spent(&mut world, "a connection by polling");
    let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
    let query = format!("EIO=4&transport=polling&sid={}", open["sid"].as_str().unwrap());
    world.engine("GET", &query, HeaderMap::new(), "").await;
    costs += &spent(&mut world, "a poll");
    world.engine("POST", &query, HeaderMap::new(), "40").await;
    costs += &spent(&mut world, "a CONNECT by polling without a good token");
    world.engine("GET", "EIO=4&transport=polling&sid=none", HeaderMap::new(), "").await;
    costs += &spent(&mut world, "a poll of no connection");
    world.get("", "/api/message/unread-count").await;
    costs += &spent(&mut world, "a REST request without a good token");
    world.get("", "/api/socket/health").await;
    costs += &spent(&mut world, "a health check of an empty system");
    insta::assert_snapshot!(costs, @"
    a connection: 2 requests, 0 read units, 3 write units, 1 posts
    a CONNECT without a good token: 1 requests, 1 read units, 0 write units, 1 posts
    a CONNECT to no namespace: 0 requests, 0 read units, 0 write units, 1 posts
    a pong: 1 requests, 0 read units, 2 write units, 0 posts
    a noop: 0 requests, 0 read units, 0 write units, 0 posts
    its end: 2 requests, 1 read units, 2 write units, 0 posts
    an event, and the end that follows: 4 requests, 3 read units, 2 write units, 1 posts
    an attachment, and the end that follows: 3 requests, 2 read units, 2 write units, 1 posts
    nonsense, and the end that follows: 2 requests, 1 read units, 2 write units, 1 posts
    a minute whose sweep closes it: 12 requests, 6 read units, 3 write units, 1 posts
    a minute without anybody: 8 requests, 4 read units, 1 write units, 0 posts
    a connection by polling: 2 requests, 0 read units, 3 write units, 0 posts
    a poll: 6 requests, 4 read units, 2 write units, 0 posts
    a CONNECT by polling without a good token: 4 requests, 1 read units, 3 write units, 0 posts
    a poll of no connection: 0 requests, 0 read units, 0 write units, 0 posts
    a REST request without a good token: 0 requests, 0 read units, 0 write units, 0 posts
    a health check of an empty system: 1 requests, 0.5 read units, 0 write units, 0 posts
    ");
}
