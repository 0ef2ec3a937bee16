//! Events on the bus, and presence, which comes from another stream.

use local::faults::{Effect, Rule, RunEffect, RunRule, Service, Trigger};
use serde_json::{Value, json};
use world::World;

use super::{valid, write};

async fn with_bus() -> World {
    World::with(&[("EventBus", "default")]).await
}

/// The events that were put since the last call: type, and what it is about.
async fn put(world: &mut World) -> Vec<(String, Value)> {
    world.followup().await;
    let messages = world.cloud.services.published.take();
    messages
        .into_iter()
        .map(|message| {
            assert_eq!(message.target, "default");
            assert_eq!(message.detail_type.as_deref(), message.body["type"].as_str());
            (message.detail_type.unwrap(), valid(message.body))
        })
        .collect()
}

fn presence(events: &[(String, Value)]) -> Vec<(&str, bool, &str)> {
    let of = events.iter().filter(|(kind, _)| kind == "presence.changed").map(|(_, event)| &event["data"]);
    of.map(|data| {
        (data["userId"].as_str().unwrap(), data["online"].as_bool().unwrap(), data["status"].as_str().unwrap())
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn every_event_of_a_chat_is_put_on_the_bus() {
    let mut world = with_bus().await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    write(&mut world, &chat, "hello").await;
    let events = put(&mut world).await;
    let kinds: Vec<(&str, &Value)> = events.iter().map(|(kind, event)| (kind.as_str(), &event["id"])).collect();
    assert_eq!(
        kinds,
        [("chat.created", &json!(format!("{chat}-1"))), ("message.created", &json!(format!("{chat}-2")))]
    );
}

#[tokio::test(start_paused = true)]
async fn who_comes_goes_and_sets_a_status_is_an_event_and_a_second_socket_is_none() {
    let mut world = with_bus().await;
    world.join_namespace("alice", "alice", "/workspace").await;
    assert_eq!(presence(&put(&mut world).await), [("alice", true, "online")]);
    let before = world.cloud.lambda.invocations("followup");
    world.join_namespace("alice2", "alice", "/workspace").await;
    world.know(&["bob"]).await;
    world.chat("alice", "bob").await;
    assert_eq!(presence(&put(&mut world).await), []);
    // Only the new chat is a reason to look.
    assert_eq!(world.cloud.lambda.invocations("followup"), before + 1);
    world.ask("alice", "user:status", json!("away")).await;
    assert_eq!(presence(&put(&mut world).await), [("alice", true, "away")]);
    // Lambda hands over the records of people with a status, but nothing has changed.
    world.join_namespace("alice3", "alice", "/workspace").await;
    assert_eq!(presence(&put(&mut world).await), []);
    world.close("alice3").await;
    world.ask("alice", "user:status", json!("offline")).await;
    assert_eq!(presence(&put(&mut world).await), [("alice", false, "offline")]);
    world.ask("alice", "user:status", json!("online")).await;
    assert_eq!(presence(&put(&mut world).await), [("alice", true, "online")]);
    world.close("alice").await;
    assert_eq!(presence(&put(&mut world).await), []);
    world.close("alice2").await;
    let events = put(&mut world).await;
    assert_eq!(presence(&events), [("alice", false, "offline")]);
    let mut event = events[0].1.clone();
    // Both depend on what else was written.
    assert!(event["id"].as_str().unwrap().starts_with("presence-0"));
    (event["id"], event["data"]["sequence"]) = (json!("ID"), json!("SEQUENCE"));
    insta::assert_snapshot!(format!("{event:#}"), @r#"
    {
      "data": {
        "online": false,
        "sequence": "SEQUENCE",
        "status": "offline",
        "userId": "alice"
      },
      "id": "ID",
      "timestamp": "2026-01-02T03:04:35.000Z",
      "type": "presence.changed"
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn presence_comes_at_least_once_with_the_same_id() {
    let mut world = with_bus().await;
    world.expect_errors();
    world.cloud.faults.inject_run(RunRule::function("followup").trigger(Trigger::Stream).once(), RunEffect::Twice);
    world.join("alice").await;
    let events = put(&mut world).await;
    assert_eq!(presence(&events), [("alice", true, "online"); 2]);
    assert_eq!(events[0].1["id"], events[1].1["id"]);
    world.cloud.faults.inject(Rule::service(Service::EventBridge).first(4), Effect::unavailable());
    world.close("alice").await;
    assert_eq!(presence(&put(&mut world).await), [("alice", false, "offline")]);
    world.cloud.faults.clear();
    let kill = RunRule::function("followup").trigger(Trigger::Stream).once();
    world.cloud.faults.inject_run(kill, RunEffect::KilledBefore(1));
    world.join("bob").await;
    assert_eq!(presence(&put(&mut world).await), [("bob", true, "online")]);
}

#[tokio::test(start_paused = true)]
async fn presence_is_sent_by_webhook_too() {
    let mut world = World::with(&super::WEBHOOKS).await;
    world.join("alice").await;
    world.followup().await;
    let posts = world.receiver.take();
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert_eq!(posts[0].event()["data"]["userId"], "alice");
}
