//! How long the SDK waits and how often it tries again, and the clock that moves with its time.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::{Client, Config};
use local::faults::{Effect, Rule};
use tokio::time::Instant;
use world::World;

use super::{FUNCTION, inline, put, stored};

#[tokio::test(start_paused = true)]
async fn a_single_fault_is_overcome_by_the_second_attempt() {
    for effect in [
        Effect::AnswerLost,
        Effect::ConnectionDied,
        Effect::NoAnswer { done: false },
        Effect::internal_error(),
        Effect::throttled(),
    ] {
        let world = inline().await;
        let client = Client::new(&world.cloud.aws_of(FUNCTION).unwrap());
        world.cloud.faults.inject(Rule::dynamodb("PutItem").once(), effect);
        put(&client, "note").await.unwrap();
        assert_eq!(world.cloud.faults.injected().len(), 1);
        assert_eq!(stored(&world, "note").await.as_deref(), Some("here"));
    }
}

#[tokio::test(start_paused = true)]
async fn after_three_attempts_in_vain_an_operation_is_given_up_within_six_seconds() {
    let world = inline().await;
    let client = Client::new(&world.cloud.aws_of(FUNCTION).unwrap());
    world.cloud.faults.inject(Rule::dynamodb("PutItem"), Effect::NoAnswer { done: false });
    let start = Instant::now();
    let error = put(&client, "note").await.unwrap_err();
    assert!(matches!(error, SdkError::TimeoutError(_)), "{error:?}");
    assert_eq!(world.cloud.faults.injected().len(), 3);
    assert!(start.elapsed() >= Duration::from_millis(4_500) && start.elapsed() <= Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn every_function_has_more_time_than_an_operation_may_take() {
    let world = inline().await;
    for function in world.cloud.template.functions.values() {
        let aws = world.cloud.aws_of(&function.package).unwrap();
        let longest = Config::new(&aws).timeout_config().and_then(|all| all.operation_timeout()).unwrap();
        assert!(longest + Duration::from_secs(2) < function.timeout, "{}", function.package);
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_is_never_tried_again_by_the_sdk() {
    let mut world = World::new().await;
    world.join("alice").await;
    let id = world.connection_id("alice");
    let posts = Rule::connections("PostToConnection").connection(&id);
    world.cloud.faults.inject(posts.once(), Effect::AnswerLost);
    let heard = world.send("alice", "42[\"no_such_event\",{}]").await;
    assert_eq!(world.cloud.faults.injected().len(), 1);
    assert_eq!(heard.matches("alice hears").count(), 1, "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_flowing_clock_moves_with_virtual_time_and_another_one_does_not() {
    let (flowing, manual) = (World::with_flowing_clock(&[]).await, World::new().await);
    let before = (flowing.clock.now().millis(), manual.clock.now().millis());
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(flowing.clock.now().millis() - before.0, 90_000);
    assert_eq!(manual.clock.now().millis() - before.1, 0);
}
