//! An outbox, asked directly: frames are read first, and then exactly those are taken.

use std::time::Duration;

use local::faults::{Effect, Rule};
use relay::dynamo::{Dynamo, Tables};
use relay::id::ConnectionId;
use relay::store::{Enqueue, Liveness, Store};
use world::World;

/// A world, the store as the polling function has it, and the outbox of a client.
async fn stage() -> (World, Store, ConnectionId, Liveness) {
    let world = World::new().await;
    let aws = world.cloud.aws_of("polling").unwrap();
    let db = Dynamo::new(Tables::new(aws_sdk_dynamodb::Client::new(&aws), None), world.clock.clone());
    let store = Store::new(db, "Connections".to_owned(), &[]);
    let id = ConnectionId::polling(world.clock.random());
    let now = world.clock.now();
    store.open_outbox(&id, now).await.unwrap();
    (world, store, id, Liveness { now, stale_before: now.plus_millis(-60_000) })
}

async fn add(store: &Store, id: &ConnectionId, moments: Liveness, frames: std::ops::Range<u32>) {
    for number in frames {
        assert_eq!(store.add_frame(id, &number.to_string(), moments.stale_before).await.unwrap(), Enqueue::Queued);
    }
}

fn numbers(frames: Vec<String>) -> Vec<u32> {
    frames.iter().map(|frame| frame.parse().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn frames_are_taken_two_hundred_at_a_time_in_order() {
    let (_world, store, id, moments) = stage().await;
    add(&store, &id, moments, 0..450).await;
    let outbox = store.outbox(&id).await.unwrap().unwrap();
    // What comes in between stays where it is.
    add(&store, &id, moments, 450..460).await;
    assert_eq!(numbers(store.fetch(&id, outbox.clone(), moments.now).await.unwrap()), (0..200).collect::<Vec<_>>());
    assert_eq!(numbers(store.fetch(&id, outbox, moments.now).await.unwrap()), [0; 0], "these are taken");
    assert_eq!(numbers(store.flush(&id).await.unwrap()), (200..400).collect::<Vec<_>>());
    assert_eq!(numbers(store.flush(&id).await.unwrap()), (400..460).collect::<Vec<_>>());
    assert_eq!(numbers(store.flush(&id).await.unwrap()), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_frame_whose_answer_is_late_is_added_once_although_it_was_taken_meanwhile() {
    let (world, store, id, moments) = stage().await;
    let rule = Rule::dynamodb("UpdateItem").once();
    world.cloud.faults.inject(rule, Effect::NoAnswer { done: true });
    let (added, taken) = tokio::join!(store.add_frame(&id, "7", moments.stale_before), async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        store.flush(&id).await
    });
    assert_eq!((added.unwrap(), numbers(taken.unwrap())), (Enqueue::Queued, vec![7]));
    assert_eq!(numbers(store.flush(&id).await.unwrap()), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_outbox_forgets_which_frames_came_long_ago() {
    let (world, store, id, moments) = stage().await;
    for _ in 0..3 {
        add(&store, &id, moments, 0..40).await;
        world.clock.advance(20_000);
        assert_eq!(store.flush(&id).await.unwrap().len(), 40);
    }
    let asked = serde_json::json!({
        "TableName": "Connections",
        "Key": {"connectionId": {"S": id.to_string()}, "namespace": {"S": "#outbox"}},
    });
    let (_, answer) = world.cloud.services.dynamodb.call("GetItem", asked).await;
    let row: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(row.pointer("/Item/outboxBytes/N"), Some(&"0".into()), "{row}");
    assert_eq!(row.pointer("/Item/recent"), None, "{row}");
}

#[tokio::test(start_paused = true)]
async fn a_get_ends_before_the_timeout_of_its_function_however_long_each_read_takes() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    world.pause("alice").await;
    let timeout = world.cloud.template.functions["polling"].timeout;
    let query = format!("EIO=4&transport=polling&sid={}", world.connection_id("alice"));
    let slow = Effect::Delayed(Duration::from_millis(300));
    world.cloud.faults.inject(Rule::dynamodb("GetItem").function("polling"), slow);
    // Virtual time.
    let begun = tokio::time::Instant::now();
    let (status, _, body) = world.engine("GET", &query, http::HeaderMap::new(), "").await;
    assert_eq!((status, body.as_str()), (200, "6"));
    assert!(begun.elapsed() < timeout, "{:?} of {timeout:?}", begun.elapsed());
}
