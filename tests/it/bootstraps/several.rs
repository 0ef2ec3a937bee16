//! Real bootstraps with several events at once, with dead connections after each thaw, and killed while a client waits.

use std::time::Duration;

use local::faults::{Effect, Rule};
use serde_json::json;
use world::World;

use super::{eventually, processes, state};

/// How long a request is kept from ending while something else happens. The SDK waits for longer.
const BUSY: Duration = Duration::from_millis(1_000);

/// The ids of the processes of this package, in the world with this origin.
fn of_package(origin: &str, package: &str) -> Vec<u32> {
    let name = format!("-{package}");
    let all = processes(origin).into_iter();
    all.filter(|(_, environment)| environment["AWS_LAMBDA_FUNCTION_NAME"].ends_with(&name))
        .map(|(pid, _)| pid)
        .collect()
}

fn send(chat: &str, text: &str) -> String {
    format!("421{}", json!(["send_message", {"chatId": chat, "content": text}]))
}

#[tokio::test]
#[ignore = "needs bootstraps in the folder that PARLANCE_BOOTSTRAPS names"]
async fn one_process_handles_several_events_at_once_and_none_is_lost() {
    let origin = "https://several.example";
    let parameters = [("AllowedOrigins", origin), ("HandlerIsolation", "separate")];
    let mut world = World::with_bootstraps(|bootstraps| bootstraps.events_at_once = 8, &parameters).await;
    world.join("alice").await;
    world.join("bob").await;
    let chat = world.chat("alice", "bob").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "first"})).await;
    world.ask("bob", "send_message", json!({"chatId": chat, "content": "second"})).await;
    world.spent();
    // The transaction of one of two messages takes a while. The other one is stored meanwhile, so it is made once more.
    world.cloud.faults.inject(Rule::dynamodb("TransactWriteItems").function("message").once(), Effect::Delayed(BUSY));
    let heard = world.send_all(&[("alice", send(&chat, "third")), ("bob", send(&chat, "fourth"))]).await;
    assert!(heard.contains("alice hears 431[") && heard.contains("bob hears 431["), "{heard}");
    assert_eq!(world.spent().0.requests["TransactWriteItems"], 3, "two at once, and one once more: {heard}");
    assert_eq!(of_package(origin, "message").len(), 1);
}

#[tokio::test]
#[ignore = "needs bootstraps in the folder that PARLANCE_BOOTSTRAPS names"]
async fn nothing_is_lost_if_all_connections_are_dead_after_each_thaw() {
    let parameters = [("HandlerIsolation", "separate"), ("RateLimits", "off")];
    let mut world = World::with_bootstraps(|bootstraps| bootstraps.thaws_per_cut = 1, &parameters).await;
    world.join("alice").await;
    world.join("bob").await;
    let chat = world.chat("alice", "bob").await;
    for number in 0..10 {
        let text = format!("message {number}");
        let heard = world.ask("alice", "send_message", json!({"chatId": chat, "content": text})).await;
        assert!(heard.contains(&format!("alice hears 43{number}[")), "{heard}");
        assert!(heard.contains("bob hears 42[\"new_message\"") && heard.contains(&text), "{heard}");
    }
}

#[tokio::test]
#[ignore = "needs bootstraps in the folder that PARLANCE_BOOTSTRAPS names"]
async fn a_client_whose_event_is_lost_with_its_process_is_closed_and_may_come_back() {
    let origin = "https://midway.example";
    let parameters = [("AllowedOrigins", origin), ("HandlerIsolation", "separate")];
    let mut world = World::with_bootstraps(|bootstraps| bootstraps.events_at_once = 1, &parameters).await;
    world.join("alice").await;
    world.join("bob").await;
    let chat = world.chat("alice", "bob").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "first"})).await;
    world.expect_errors();
    world.cloud.faults.inject(Rule::dynamodb("BatchGetItem").function("message").once(), Effect::Delayed(BUSY));
    let [pid] = of_package(origin, "message")[..] else { panic!("one process has handled the message") };
    // It goes on when it gets the event.
    eventually(|| state(pid) == "T", || format!("{pid} is {}", state(pid)));
    let killed = std::thread::spawn(move || {
        for _ in 0..500 {
            if state(pid) != "T" {
                let status = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        false
    });
    let heard = world.ask("alice", "send_message", json!({"chatId": chat, "content": "lost"})).await;
    assert!(killed.join().unwrap(), "the process was killed while it handled the event");
    assert!(heard.starts_with("alice is closed"), "{heard}");
    world.lose("alice");
    world.join("alice").await;
    let heard = world.ask("alice", "send_message", json!({"chatId": chat, "content": "again"})).await;
    assert!(heard.contains("bob hears 42[\"new_message\"") && heard.contains("again"), "{heard}");
    assert!(!of_package(origin, "message").contains(&pid));
}
