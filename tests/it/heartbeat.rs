//! Who is pinged, and what becomes of those who do not answer (docs/protocol.md, "Heartbeat").

use std::sync::Arc;
use std::time::Duration;

use local::faults::{Effect, Rule, RunEffect, RunRule, Trigger};
use local::schedule;
use serde_json::json;
use world::World;

const CLOSED: &str = "alice is closed: 1000 Connection Closed Normally\n";
const EACH_MINUTE: (&str, &str) = ("PingIntervalMinutes", "1");

#[tokio::test(start_paused = true)]
async fn a_connection_that_may_wait_for_longer_than_an_interval_is_pinged_meanwhile() {
    let mut world = World::with(&[EACH_MINUTE, ("ConnectTimeoutSeconds", "600")]).await;
    world.open("alice").await;
    assert_eq!(world.heartbeat().await, "", "not so early that the ping could come before the open packet");
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
    assert_eq!(world.heartbeat().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_is_new_but_moved_to_is_pinged_when_its_client_expects_it() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    world.clock.advance(5 * 60_000 - 6_000);
    assert_eq!(world.heartbeat().await, "");
    assert_eq!(world.move_to_websocket("alice").await, "");
    world.clock.advance(6_000);
    assert_eq!(world.heartbeat().await, "alice hears 2\n");
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

/// Alice in a world whose heartbeat has had a turn of each slot, in the minute before the one that is hers.
async fn before_her_turn() -> World {
    let mut world = World::new().await;
    world.join("alice").await;
    while world.minute().await.is_empty() {}
    world.send("alice", "3").await;
    for _ in 0..4 {
        assert_eq!(world.minute().await, "", "it is not her turn");
    }
    world
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_was_left_out_is_made_up_for_by_the_next_minute_and_once() {
    let mut world = before_her_turn().await;
    world.cloud.faults.inject_run(RunRule::function("heartbeat").trigger(Trigger::Schedule).once(), RunEffect::LeftOut);
    assert_eq!(world.minute().await, "");
    assert_eq!(world.minute().await, "alice hears 2\n");
    world.send("alice", "3").await;
    assert_eq!([world.minute().await, world.minute().await, world.minute().await], [""; 3]);
    assert_eq!(world.minute().await, "alice hears 2\n", "her own turn");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_failed_is_made_up_for_by_the_next_minute() {
    for (rule, hears_at_once) in [
        (Rule::dynamodb("Query").function("heartbeat").index("slot"), ""),
        // It may have been done, so it is done again.
        (Rule::dynamodb("UpdateItem").function("heartbeat"), "alice hears 2\n"),
    ] {
        let mut world = before_her_turn().await;
        world.cloud.faults.inject(rule, Effect::unavailable());
        assert_eq!(world.minute().await, hears_at_once);
        world.cloud.faults.clear();
        assert_eq!(world.minute().await, "alice hears 2\n");
        assert_eq!(world.minute().await, "");
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_slot_is_pinged_by_several_invocations_each_connection_by_one() {
    let mut world = World::with(&[EACH_MINUTE]).await;
    let labels = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];
    for label in labels {
        world.join(label).await;
        world.also_join(label, label, "/marketplace").await;
    }
    let each: String = labels.iter().map(|label| format!("{label} hears 2\n")).collect();
    // Three rows of each: a page may end between them.
    for rows in [1, 2, 3, 4, 5, 7, 20, 21, 22] {
        let query = Rule::dynamodb("Query").function("heartbeat").index("slot");
        world.cloud.faults.inject(query, Effect::SplitPages(rows));
        let before = world.cloud.lambda.invocations("heartbeat");
        assert_eq!(world.minute().await, each, "{rows} rows a page");
        let invocations = world.cloud.lambda.invocations("heartbeat") - before;
        let pages = 21_u64.div_ceil(rows.into());
        // The last page may turn out to be empty.
        assert!(invocations <= pages + 1 && (rows > 21 || invocations > 1), "{invocations} for {pages} pages");
        for label in labels {
            world.send(label, "3").await;
        }
        world.cloud.faults.clear();
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_turn_that_was_not_done_is_made_up_for() {
    let mut world = World::new().await;
    let labels = ["alice", "bob", "carol", "dave"];
    for label in labels {
        world.join(label).await;
    }
    world.cloud.faults.inject(Rule::dynamodb("Query").function("heartbeat").index("slot"), Effect::SplitPages(2));
    let mut heard = String::new();
    while heard.is_empty() {
        let part = RunRule::function("heartbeat").trigger(Trigger::Asynchronous).nth(2);
        world.cloud.faults.inject_run(part, RunEffect::KilledBefore(1));
        heard = world.minute().await;
    }
    assert!(heard.lines().count() < labels.len(), "{heard}");
    let heard = world.minute().await;
    assert_eq!(heard.lines().count(), labels.len(), "a turn is done again as a whole: {heard}");
    assert_eq!(world.minute().await, "");
}

/// Connections of one slot in the test below. How the system is built makes no difference to them, so there are so many
/// in one way alone.
const MANY: usize = 100_000;
const FEWER: usize = 10_000;

#[tokio::test(start_paused = true)]
async fn a_slot_of_very_many_connections_is_pinged_within_thirty_seconds_and_each_once() {
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|chosen| chosen == value);
    let usual = !is("PARLANCE_ISOLATION", "inline") && !is("PARLANCE_GATEWAY_MODE", "concurrent");
    let many = if usual { MANY } else { FEWER };
    let mut world = World::with(&[EACH_MINUTE]).await;
    let now = world.clock.now().millis();
    let number = |number: i64| json!({"N": number.to_string()});
    let puts: Vec<_> = (0..many)
        .map(|connection| {
            let row = json!({
                "connectionId": {"S": format!("{connection:015}=")}, "namespace": {"S": "#"}, "slot": number(0), "beat": number(0),
                "openedAt": number(now - 3_600_000), "heardAt": number(now + 60_000), "sourceIp": {"S": "192.0.2.1"},
                "v": number(1), "ttl": number(now / 1_000 + 7_200),
            });
            json!({"PutRequest": {"Item": row}})
        })
        .collect();
    for batch in puts.chunks(25) {
        let request = json!({"RequestItems": {"Connections": batch}});
        assert_eq!(world.cloud.services.dynamodb.call("BatchWriteItem", request).await.0, 200);
    }
    let after = Duration::from_millis(20);
    world.cloud.faults.inject(Rule::connections("PostToConnection"), Effect::Accepted { after });
    let start = tokio::time::Instant::now();
    world.minute().await;
    let took = start.elapsed();
    let injected = world.cloud.faults.injected();
    let mut pinged: Vec<&str> = injected
        .iter()
        .filter_map(|fault| Some(fault.split_once("PostToConnection of ")?.1.split_once(':')?.0))
        .collect();
    assert_eq!(pinged.len(), many, "{:?}", injected.first());
    pinged.sort_unstable();
    pinged.dedup();
    assert_eq!(pinged.len(), many, "each once");
    assert!(took < Duration::from_secs(30), "virtual time: {took:?}");
    // As many as the pages of a megabyte: what one invocation pings stays the same.
    let invocations = world.cloud.lambda.invocations("heartbeat");
    assert!(invocations > u64::try_from(many / 15_000).unwrap(), "{invocations}");
}
