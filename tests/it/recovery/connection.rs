//! The connection that was lost, when its client is back on another one.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use local::gateway::DisconnectFault;
use world::World;

use super::ear::{Ear, Transport};
use super::words::{self, Told};
use super::{Pair, TRANSPORTS};

#[tokio::test(start_paused = true)]
async fn a_client_recovers_while_its_old_connection_looks_alive() {
    for words in words::ALL {
        for before in TRANSPORTS {
            for after in TRANSPORTS {
                let mut pair = Pair::new(words, before).await;
                let sid = pair.ear.reply.as_ref().unwrap().sid.clone();
                pair.world.rename("ear", "old");
                pair.say("bob", "missed").await;
                pair.back(after).await;
                assert!(pair.ear.recovered, "{}", words.name);
                assert_eq!(pair.ear.reply.as_ref().unwrap().sid, sid);
                assert_eq!(pair.heard(), ["alice+bob #1"], "{}", words.name);
                // The end of the old one ends nothing of the new one.
                pair.world.close("old").await;
                pair.say("bob", "live").await;
                assert_eq!(pair.heard(), ["alice+bob #1", "alice+bob #2"], "{}", words.name);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_that_is_told_late_or_twice_or_never_changes_nothing() {
    for fault in [DisconnectFault::Lost, DisconnectFault::Doubled, DisconnectFault::LateMillis(30_000)] {
        let mut world = World::with_disconnects(fault, &[("RateLimits", "off")]).await;
        world.join("bob").await;
        let chat = world.chat("alice", "bob").await;
        let ear = Ear::join(&mut world, "ear", &words::RECRUITING, Transport::WebSocket).await;
        let mut pair = Pair { world, ear, chat };
        pair.ear.listen(&mut pair.world);
        pair.world.rename("ear", "old");
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered);
        assert_eq!(pair.world.close("old").await.matches("user_offline").count(), 0, "{fault:?}: she is here");
        pair.say("bob", "live").await;
        assert_eq!(pair.heard(), ["alice+bob #1"], "{fault:?}");
        pair.cut();
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_went_and_is_back_is_online_once_and_goes_once() {
    let mut pair = Pair::new(&words::RECRUITING, Transport::WebSocket).await;
    pair.world.join_namespace("bob", "bob", "/recruiting").await;
    let heard = pair.world.close("ear").await;
    assert_eq!(heard.matches("bob hears 42/recruiting,[\"user_offline\"").count(), 1, "{heard}");
    pair.ear.open(&mut pair.world, Transport::WebSocket).await;
    let frame = pair.ear.connect_frame(&pair.world);
    let heard = pair.world.send("ear", &frame).await;
    assert_eq!(heard.matches("bob hears 42/recruiting,[\"user_online\"").count(), 1, "{heard}");
    pair.ear.listen(&mut pair.world);
    assert!(pair.ear.recovered);
    let heard = pair.world.close("ear").await;
    assert_eq!(heard.matches("bob hears 42/recruiting,[\"user_offline\"").count(), 1, "{heard}");
    let heard = pair.world.get("", "/api/socket/health").await;
    assert!(heard.contains("\"connected\":1"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_cut_that_nobody_noticed_leaves_one_socket_and_not_two() {
    let mut pair = Pair::new(&words::RECRUITING, Transport::WebSocket).await;
    pair.world.join_namespace("bob", "bob", "/recruiting").await;
    for _ in 0..3 {
        pair.cut();
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered);
    }
    let heard = pair.world.get("", "/api/socket/health").await;
    assert!(heard.contains("\"connected\":2"), "{heard}");
    let heard = pair.world.close("ear").await;
    assert_eq!(heard.matches("bob hears 42/recruiting,[\"user_offline\"").count(), 1, "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_comes_twice_recovers_once() {
    let mut pair = Pair::new(&words::RECRUITING, Transport::WebSocket).await;
    pair.world.cloud.lambda.double();
    pair.say("bob", "heard").await;
    pair.cut();
    pair.world.clock.advance(10_000);
    pair.say("bob", "missed").await;
    pair.back(Transport::WebSocket).await;
    assert!(pair.ear.recovered);
    assert_eq!(pair.heard(), ["alice+bob #2"]);
    assert!(!pair.world.is_closed("ear"));
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_was_left_is_joined_again_on_the_same_connection() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.say("bob", "heard").await;
        pair.ear.listen(&mut pair.world);
        let leave = format!("41/{},", words.name);
        pair.world.send("ear", &leave).await;
        let missed = pair.say("bob", "missed").await;
        let before = pair.ear.heard.len();
        pair.ear.connect(&mut pair.world).await;
        assert_eq!(pair.ear.complaints, Vec::<String>::new());
        pair.say("bob", "live").await;
        pair.ear.listen(&mut pair.world);
        let told: Vec<_> = pair.ear.heard.iter().skip(before).map(|heard| heard.told.clone()).collect();
        let messages = told.iter().filter(|told| matches!(told, Told::Message { .. })).count();
        let recovered = usize::from(pair.ear.recovered);
        assert_eq!(messages, 1 + recovered, "{} {missed}: {told:?}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_polled_recovers_on_a_websocket_and_moves_after_it() {
    let mut pair = Pair::new(&words::RECRUITING, Transport::Polling).await;
    pair.say("bob", "heard").await;
    pair.cut();
    pair.world.clock.advance(10_000);
    pair.say("bob", "missed").await;
    pair.back(Transport::Polling).await;
    assert!(pair.ear.recovered);
    pair.world.move_to_websocket("ear").await;
    pair.say("bob", "moved").await;
    assert_eq!(pair.heard(), ["alice+bob #2", "alice+bob #3"]);
    pair.cut();
    pair.back(Transport::WebSocket).await;
    assert!(pair.ear.recovered);
}

#[tokio::test(start_paused = true)]
async fn two_namespaces_of_one_connection_recover_each_on_its_own() {
    let mut orders = BTreeSet::new();
    for skipped in 0..32 {
        orders.insert(recover_two_namespaces(skipped).await);
    }
    assert_eq!(orders.len(), 2, "whichever of the two sessions has the lesser id, and is found first");
}

/// Recovers both of two namespaces on one connection, and gives which session has the lesser id. It depends on how many
/// random bytes are skipped.
async fn recover_two_namespaces(skipped: usize) -> Ordering {
    let mut pair = Pair::new(&words::RECRUITING, Transport::WebSocket).await;
    for _ in 0..skipped {
        let _ = pair.world.clock.random::<1>();
    }
    let token = pair.world.token("alice");
    let mut second = Ear::new("ear", &words::CLASSROOM);
    let frame = second.connect_with(&serde_json::json!({"token": token}));
    pair.ear.listen(&mut pair.world);
    pair.world.send("ear", &frame).await;
    second.listen(&mut pair.world);
    let first = pair.ear.pid.clone();
    assert!(second.pid.is_some() && second.pid != first);
    pair.world.lose("ear");
    pair.world.clock.advance(10_000);
    pair.say("bob", "missed").await;
    pair.back(Transport::WebSocket).await;
    assert!(pair.ear.recovered);
    assert_eq!(pair.heard(), ["alice+bob #1"]);
    let frame = second.connect_frame(&pair.world);
    pair.world.send("ear", &frame).await;
    second.listen(&mut pair.world);
    assert!(second.recovered);
    assert_eq!(second.told_lately().iter().map(super::readable).collect::<Vec<_>>(), ["alice+bob #1"]);
    first.cmp(&second.pid)
}
