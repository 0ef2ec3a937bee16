//! The heartbeat, and how a polling connection ends.

use insta::assert_snapshot;
use local::token;
use serde_json::json;
use world::World;

use super::{UNKNOWN, alice_and_polling_bob, get, opened, post, refused};

#[tokio::test(start_paused = true)]
async fn a_ping_comes_once_per_interval_and_its_pong_is_heard_in_silence() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    for _ in 0..3 {
        let mut heard = String::new();
        for _ in 0..5 {
            heard += &world.minute().await;
        }
        assert_eq!(heard, "alice hears 2\n");
        assert_eq!(world.send("alice", "3").await, "");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_is_met_by_the_heartbeat() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    world.join("bob").await;
    let sid = world.connection_id("alice");
    world.vanish("alice").await;
    let mut heard = String::new();
    for _ in 0..12 {
        heard += &world.minute().await;
        world.send("bob", "3").await;
    }
    assert_eq!(heard.matches("user_offline").count(), 1, "{heard}");
    assert_eq!(get(&world, &sid).await, refused(UNKNOWN));
}

#[tokio::test(start_paused = true)]
async fn a_client_was_there_until_its_request_was_answered() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    let sid = world.connection_id("alice");
    world.pause("alice").await;
    let (waited, ()) = tokio::join!(get(&world, &sid), async {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        world.clock.advance(419_000);
    });
    assert_eq!(waited, (200, "6".to_owned()));
    world.clock.advance(419_000);
    assert_eq!(post(&world, &sid, "3").await, (200, "ok".to_owned()));
    world.clock.advance(420_000);
    assert_eq!(get(&world, &sid).await, refused(UNKNOWN));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_is_met_by_whoever_has_something_to_tell_it() {
    let (mut world, chat) = alice_and_polling_bob(&[]).await;
    world.vanish("bob").await;
    world.clock.advance(420_001);
    let heard = world.ask("alice", "send_message", json!({"chatId": chat, "content": "anybody?"})).await;
    assert!(heard.contains("user_offline") && !heard.contains("message_delivered"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_clients_close_releases_its_get_and_ends_its_sockets() {
    let mut world = World::new().await;
    world.join("bob").await;
    world.poll_join("alice").await;
    let sid = world.connection_id("alice");
    world.pause("alice").await;
    let (waiting, closed) = tokio::join!(get(&world, &sid), async {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        post(&world, &sid, "1\u{1e}421[\"ping\"]").await
    });
    assert_eq!((waiting, closed), ((200, "6".to_owned()), (200, "ok".to_owned())));
    assert_snapshot!(world.send_all(&[]).await, @r#"bob hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"alice"}]"#);
    assert_eq!(get(&world, &sid).await, refused(UNKNOWN));
    assert_eq!(post(&world, &sid, "3").await, refused(UNKNOWN));
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_namespace_is_closed_after_the_connect_timeout() {
    let mut world = World::new().await;
    world.poll("alice").await;
    world.clock.advance(44_000);
    assert_eq!(world.heartbeat().await, "");
    world.clock.advance(1_000);
    assert_eq!(world.heartbeat().await, "alice is told the end\n");
}

#[tokio::test(start_paused = true)]
async fn a_connection_lives_two_hours() {
    let world = World::new().await;
    let sid = opened(&world).await;
    for _ in 0..23 {
        world.clock.advance(300_000);
        assert_eq!(post(&world, &sid, "3").await.0, 200);
    }
    world.clock.advance(300_000);
    assert_eq!(get(&world, &sid).await, (200, "1".to_owned()));
    assert_eq!(get(&world, &sid).await, refused(UNKNOWN));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_token_ends_the_connection() {
    let mut world = World::with(&[("PingIntervalMinutes", "1")]).await;
    world.join("bob").await;
    world.poll("alice").await;
    let token = token::sign(&json!({"sub": "alice", "exp": world.clock.now().seconds() + 10})).unwrap();
    world.send("alice", &format!("40{}", json!({"token": token}))).await;
    world.clock.advance(10_000);
    let heard = world.ask("alice", "ping", json!({})).await;
    for said in ["alice hears 430[{\"error\"", "alice hears 42[\"error\"", "alice is told the end", "user_offline"] {
        assert!(heard.contains(said), "{heard}");
    }
    assert!(world.is_closed("alice") && !heard.contains("alice hears 41"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn what_still_waited_is_heard_with_the_end() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    assert_snapshot!(world.send("alice", "421[\"ping\"]\u{1e}2").await, @r#"
    alice hears 431[{"success":true,"timestamp":1767323045006}]
    alice is told the end
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_down_is_an_error_that_tells_nothing() {
    let world = World::new().await;
    let sid = opened(&world).await;
    world.cloud.services.dynamodb.set_down(true);
    let down = (500, r#"{"message":"something went wrong on our side"}"#.to_owned());
    assert_eq!(get(&world, &sid).await, down);
    assert_eq!(post(&world, &sid, "3").await, down);
    world.cloud.services.dynamodb.set_down(false);
    assert_eq!(post(&world, &sid, "3").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn what_a_client_hears_last_comes_in_an_answer_before_the_close_packet() {
    // The stock client drops what comes in one answer with the close packet. It may have a GET waiting, or not.
    for waits in [false, true] {
        let world = World::new().await;
        world.know(&["alice"]).await;
        let sid = opened(&world).await;
        let claims = json!({"sub": "alice", "exp": world.clock.now().seconds() + 10});
        let packet = format!("40{}", json!({"token": token::sign(&claims).unwrap()}));
        assert_eq!(post(&world, &sid, &packet).await.0, 200);
        while get(&world, &sid).await.1 != "6" {}
        world.clock.advance(10_000);
        let (last, posted) = if waits {
            tokio::join!(get(&world, &sid), post(&world, &sid, "420[\"ping\",{}]"))
        } else {
            let posted = post(&world, &sid, "420[\"ping\",{}]").await;
            (get(&world, &sid).await, posted)
        };
        assert_eq!(posted.0, 200);
        let mut frames: Vec<String> = last.1.split('\u{1e}').map(str::to_owned).collect();
        let close = loop {
            let (_, next) = get(&world, &sid).await;
            if next == "1" {
                break next;
            }
            frames.extend(next.split('\u{1e}').map(str::to_owned));
        };
        assert_eq!(close, "1");
        assert!(frames.iter().any(|frame| frame.starts_with("430[")), "the ack: {frames:?}");
        assert!(frames.iter().any(|frame| frame.starts_with("42[\"error\"")), "{frames:?}");
        assert!(!frames.contains(&"1".to_owned()), "{frames:?}");
        assert_eq!(get(&world, &sid).await, refused(UNKNOWN));
    }
}
