//! Who is pinged, and what becomes of those who do not answer (socketio.md, "Engine.IO").

use std::sync::Arc;
use std::time::Duration;

use local::schedule;
use local::world::World;

const CLOSED: &str = "alice is closed: 1000 Connection Closed Normally\n";
const EACH_MINUTE: (&str, &str) = ("PingIntervalMinutes", "1");

#[tokio::test(start_paused = true)]
async fn a_connection_that_may_wait_for_longer_than_an_interval_is_pinged_meanwhile() {
    let mut world = World::with(&[EACH_MINUTE, ("ConnectTimeoutSeconds", "600")]).await;
    world.open("alice").await;
    assert_eq!(world.beat().await, "", "not so early that the ping could come before the open packet");
    for _ in 0..9 {
        assert_eq!(world.minute().await, "alice hears 2\n");
        world.send("alice", "3").await;
    }
    assert_eq!(world.minute().await, CLOSED);
}

#[tokio::test(start_paused = true)]
async fn pings_go_on_after_the_last_namespace_was_left() {
    let mut world = World::with(&[EACH_MINUTE]).await;
    world.join("alice").await;
    world.send("alice", "41").await;
    assert_eq!(world.minute().await, "alice hears 2\n");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_left_alone_where_pongs_are_not_noted() {
    let mut world = World::with(&[EACH_MINUTE, ("NotePongs", "off")]).await;
    world.join("alice").await;
    for _ in 0..10 {
        assert_eq!(world.minute().await, "alice hears 2\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_answering_is_closed_and_others_hear_of_it() {
    let mut world = World::with(&[EACH_MINUTE, ("PingTimeoutSeconds", "60")]).await;
    world.join("alice").await;
    world.join("bob").await;
    for _ in 0..5 {
        assert_eq!(world.minute().await, "alice hears 2\nbob hears 2\n");
        world.send("alice", "3").await;
        world.send("bob", "3").await;
    }
    assert_eq!(world.minute().await, "alice hears 2\nbob hears 2\n");
    world.send("bob", "3").await;
    let heard = world.minute().await;
    assert!(heard.starts_with(CLOSED), "{heard}");
    assert!(heard.contains("bob hears 42[\"user_offline\""), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_joined_and_stops_answering_is_closed_too() {
    let parameters = [EACH_MINUTE, ("PingTimeoutSeconds", "60"), ("ConnectTimeoutSeconds", "600")];
    let mut world = World::with(&parameters).await;
    world.open("alice").await;
    assert_eq!(world.minute().await, "alice hears 2\n");
    assert_eq!(world.minute().await, CLOSED);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_polls_is_known_by_its_requests() {
    let mut world = World::with(&[EACH_MINUTE, ("PingTimeoutSeconds", "60")]).await;
    world.poll_join("alice").await;
    for _ in 0..4 {
        assert_eq!(world.minute().await, "alice hears 2\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pong_that_is_noted_is_one_write() {
    let mut world = World::new().await;
    world.join("alice").await;
    world.spent();
    world.send("alice", "3").await;
    let (meter, _) = world.spent();
    assert_eq!(meter.requests.values().sum::<u64>(), 1, "{meter:?}");
    assert!(meter.write_units <= 2.0, "the row, and its place in the index: {meter:?}");
}

#[tokio::test(start_paused = true)]
async fn the_first_ping_comes_an_interval_after_the_opening() {
    let mut world = World::with(&[("ConnectTimeoutSeconds", "600")]).await;
    let mut heard = String::new();
    for label in ["alice", "bob", "carol"] {
        world.open(label).await;
        heard += &world.minute().await;
    }
    assert_eq!(heard, "");
    let minutes = [world.minute().await, world.minute().await, world.minute().await, world.minute().await];
    assert_eq!(minutes, ["", "alice hears 2\n", "bob hears 2\n", "carol hears 2\n"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_comes_late_is_the_turn_that_it_was_to_be() {
    let mut world = World::new().await;
    world.join("alice").await;
    let due = world.clock.now().plus_millis(5 * 60_000);
    world.clock.advance(5 * 60_000 + 59_000);
    for (_, function) in world.cloud.schedules() {
        world.cloud.lambda.run_scheduled(&function, schedule::event(due)).await;
    }
    assert_eq!(world.send_all(&[]).await, "alice hears 2\n");
    assert_eq!(world.beat().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_is_new_but_moved_to_is_pinged_when_its_client_expects_it() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    world.clock.advance(5 * 60_000 - 6_000);
    assert_eq!(world.beat().await, "");
    assert_eq!(world.move_to_websocket("alice").await, "");
    world.clock.advance(6_000);
    assert_eq!(world.beat().await, "alice hears 2\n");
}

#[tokio::test(start_paused = true)]
async fn each_turn_of_a_schedule_is_told_its_own_time() {
    let mut world = World::new().await;
    world.join("alice").await;
    // The clock stands still from here on: by the clock every turn would be hers.
    world.clock.advance(5 * 60_000);
    let schedules = schedule::run(world.cloud.schedules(), Arc::clone(&world.cloud.lambda), world.clock.clone());
    let five_turns = tokio::time::timeout(Duration::from_secs(5 * 60), schedules);
    assert!(five_turns.await.is_err(), "it runs until it is dropped");
    assert_eq!(world.send_all(&[]).await, "alice hears 2\n");
}
