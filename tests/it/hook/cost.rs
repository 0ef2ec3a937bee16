//! What hooks cost when they are on: the promises of docs/cost.md. That they cost nothing when they are off is in
//! `events`, and in the tests of all other costs, which have none.

use local::dynamodb::Meter;
use world::World;

use super::{WEBHOOKS, write};

/// What the messages cost that Alice writes to Bob, who is away, after they are stored.
async fn followed_up(parameters: &[(&str, &str)], messages: usize) -> (World, Meter) {
    let mut world = World::with(parameters).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    world.followup().await;
    drop((world.receiver.take(), world.cloud.services.published.take()));
    for number in 0..messages {
        write(&mut world, &chat, &format!("message {number}")).await;
    }
    world.spent();
    world.followup().await;
    let (meter, _) = world.spent();
    (world, meter)
}

fn requests(meter: &Meter) -> Vec<(&str, u64)> {
    meter.requests.iter().map(|(operation, count)| (operation.as_str(), *count)).collect()
}

#[tokio::test(start_paused = true)]
async fn ten_events_of_a_chat_are_one_query_and_one_invocation_that_sends_them() {
    let (world, meter) = followed_up(&WEBHOOKS, 10).await;
    assert_eq!(requests(&meter), [("Query", 1)]);
    assert_eq!((meter.read_units, meter.write_units), (1.0, 0.0));
    assert_eq!(world.receiver.take().len(), 10);
    // One for the chat that was made before.
    assert_eq!(world.cloud.lambda.invocations("webhook"), 2);
    assert_eq!(world.cloud.lambda.invocations("followup"), 2);
}

#[tokio::test(start_paused = true)]
async fn ten_events_for_the_bus_are_one_query() {
    let (world, meter) = followed_up(&[("EventBus", "default")], 10).await;
    assert_eq!(requests(&meter), [("Query", 1)]);
    assert_eq!(world.cloud.services.published.take().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_push_event_is_three_reads_and_three_queries_however_many_messages_there_are() {
    for messages in [1, 10] {
        let (world, meter) = followed_up(&[("PushTopic", "create")], messages).await;
        assert_eq!(requests(&meter), [("BatchGetItem", 2), ("GetItem", 1), ("Query", 3)], "{messages}");
        assert!(meter.read_units <= 6.0, "{meter:?}");
        assert_eq!(world.cloud.services.published.take().len(), messages);
    }
}
