//! Invocations: twice, late, killed, throttled, left out.

use std::time::Duration;

use local::faults::{RunEffect, RunRule, Trigger};
use serde_json::json;
use world::World;

async fn separate() -> World {
    let mut world = World::with(&[("HandlerIsolation", "separate")]).await;
    world.join("alice").await;
    world.join("bob").await;
    world
}

async fn stored(world: &World, chat: &str) -> usize {
    let (_, page) = world.request("alice", "GET", &format!("/api/message/chat/{chat}?limit=100"), "").await;
    page["data"]["messages"].as_array().unwrap().len()
}

fn message(chat: &str) -> serde_json::Value {
    json!({"chatId": chat, "content": "hello"})
}

#[tokio::test(start_paused = true)]
async fn a_function_killed_before_its_nth_request_does_not_make_that_request() {
    let mut world = separate().await;
    let chat = world.chat("alice", "bob").await;
    let mut made = Vec::new();
    for request in 1..=2 {
        world.spent();
        let rule = RunRule::function("message").trigger(Trigger::Asynchronous);
        world.cloud.faults.clear();
        world.cloud.faults.inject_run(rule, RunEffect::KilledBefore(request));
        // Followup is told of it, and closes the connection.
        assert!(world.ask("alice", "send_message", message(&chat)).await.starts_with("alice is closed"));
        world.lose("alice");
        world.join("alice").await;
        made.push(world.spent().0.requests.values().sum::<u64>());
    }
    assert!(made.windows(2).all(|two| two[0] < two[1]), "{made:?}");
    assert_eq!(stored(&world, &chat).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_function_killed_after_a_request_has_done_it_and_does_nothing_more() {
    let mut world = separate().await;
    let chat = world.chat("alice", "bob").await;
    let mut before = 0;
    let counts = loop {
        before += 1;
        world.cloud.faults.clear();
        let rule = RunRule::function("message").trigger(Trigger::Asynchronous);
        world.cloud.faults.inject_run(rule.once(), RunEffect::KilledAfter(before));
        world.ask("alice", "send_message", message(&chat)).await;
        if world.is_closed("alice") {
            world.lose("alice");
            world.join("alice").await;
        }
        if world.cloud.faults.injected().len() < before as usize {
            break before;
        }
    };
    assert!(counts > 4, "a send makes several requests, and was killed after each of them: {counts}");
}

#[tokio::test(start_paused = true)]
async fn a_synchronous_function_that_is_killed_or_throttled_is_an_error_frame() {
    for effect in [RunEffect::KilledBefore(1), RunEffect::Throttled, RunEffect::TimedOut] {
        let mut world = separate().await;
        let rule = RunRule::function("switchboard").trigger(Trigger::Synchronous).once();
        world.cloud.faults.inject_run(rule, effect);
        let heard = world.ask("alice", "get_online_users", json!({})).await;
        assert!(heard.contains("Internal server error"), "{effect}: {heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_may_come_twice_at_once_or_later() {
    for effect in [RunEffect::Twice, RunEffect::Again(Duration::from_secs(30))] {
        let mut world = separate().await;
        let chat = world.chat("alice", "bob").await;
        world.spent();
        world.cloud.faults.inject_run(RunRule::function("typing").trigger(Trigger::Asynchronous).once(), effect);
        world.emit("alice", "typing_start", json!({"chatId": chat})).await;
        world.later(Duration::from_secs(31)).await;
        let sessions_read = world.spent().0.requests["BatchGetItem"];
        assert!(sessions_read >= 2, "{effect}: {sessions_read}");
        assert_eq!(world.cloud.faults.late(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_event_comes_when_its_time_is_there_and_nobody_waits_for_it() {
    let mut world = separate().await;
    let chat = world.chat("alice", "bob").await;
    let rule = RunRule::function("message").trigger(Trigger::Asynchronous).once();
    world.cloud.faults.inject_run(rule, RunEffect::Late(Duration::from_secs(40)));
    assert_eq!(world.ask("alice", "send_message", message(&chat)).await, "");
    assert_eq!(world.cloud.faults.late(), 1);
    assert!(world.ask("bob", "send_message", message(&chat)).await.contains("bob hears 430["));
    let heard = world.later(Duration::from_secs(40)).await;
    assert!(heard.contains("alice hears 430["), "{heard}");
    assert_eq!((world.cloud.faults.late(), stored(&world, &chat).await), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_event_is_tried_again_until_there_is_capacity() {
    let mut world = separate().await;
    let chat = world.chat("alice", "bob").await;
    let rule = RunRule::function("message").trigger(Trigger::Asynchronous).first(5);
    world.cloud.faults.inject_run(rule, RunEffect::Throttled);
    let before = tokio::time::Instant::now();
    let heard = world.ask("alice", "send_message", message(&chat)).await;
    assert!(heard.contains("alice hears 430["), "{heard}");
    assert!(before.elapsed() >= Duration::from_secs(5), "a second for each time");
    assert_eq!(world.cloud.faults.injected().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_the_schedule_may_be_left_out_twice_or_late() {
    let mut made = Vec::new();
    let effects =
        [None, Some(RunEffect::LeftOut), Some(RunEffect::Twice), Some(RunEffect::Late(Duration::from_secs(20)))];
    for effect in effects {
        let mut world = separate().await;
        if let Some(effect) = effect {
            world.cloud.faults.inject_run(RunRule::function("heartbeat").trigger(Trigger::Schedule).once(), effect);
        }
        world.spent();
        world.minute().await;
        made.push(world.spent().0.requests.get("Query").copied().unwrap_or_default());
        world.later(Duration::from_secs(20)).await;
        made.push(world.spent().0.requests.get("Query").copied().unwrap_or_default());
    }
    // The heartbeat makes two queries, and the sweep five: of the four slots of those who wait, and of what is to be erased.
    assert_eq!(made, [7, 0, 5, 0, 9, 0, 5, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_may_be_lost_doubled_or_late() {
    for effect in [RunEffect::LeftOut, RunEffect::Twice, RunEffect::Late(Duration::from_secs(30))] {
        let mut world = separate().await;
        world.cloud.faults.inject_run(RunRule::any().trigger(Trigger::Disconnect), effect);
        let at_once = world.close("bob").await.matches("user_offline").count();
        let later = world.later(Duration::from_secs(30)).await.matches("user_offline").count();
        let expected = match effect {
            RunEffect::LeftOut => (0, 0),
            RunEffect::Twice => (1, 0),
            _ => (0, 1),
        };
        assert_eq!((at_once, later), expected, "{effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rest_request_whose_function_is_killed_is_a_500() {
    let world = separate().await;
    world.cloud.faults.inject_run(RunRule::function("rest").once(), RunEffect::KilledAfter(1));
    assert_eq!(world.request("alice", "GET", "/api/message/unread-count", "").await.0, 500);
    assert_eq!(world.request("alice", "GET", "/api/message/unread-count", "").await.0, 200);
}
