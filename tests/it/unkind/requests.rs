//! Single requests: done or not done, answered or not.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use chat::domain::id::ConnectionId;
use local::faults::{Effect, Rule};
use world::World;

use super::{FUNCTION, put, stored, tables, text};

type Outcome<E> = Result<(), SdkError<E>>;

async fn transact(client: &Client, token: &str, entries: &[&str]) -> Outcome<TransactWriteItemsError> {
    let items = entries.iter().map(|entry| {
        let put = Put::builder().table_name("Users").item("userId", text("alice")).item("entry", text(entry));
        TransactWriteItem::builder().put(put.item("text", text("here")).build().unwrap()).build()
    });
    let transaction = client.transact_write_items().set_transact_items(Some(items.collect()));
    transaction.client_request_token(token).send().await.map(drop)
}

fn on_put() -> Rule {
    Rule::dynamodb("PutItem").table("Users").function(FUNCTION)
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_is_a_connection_error_and_the_write_is_done() {
    let (world, client) = tables().await;
    world.cloud.faults.inject(on_put().once(), Effect::AnswerLost);
    let error = put(&client, "note").await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
    assert_eq!(stored(&world, "note").await.as_deref(), Some("here"));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_dies_is_a_connection_error_and_nothing_is_done() {
    let (world, client) = tables().await;
    world.cloud.faults.inject(on_put().once(), Effect::ConnectionDied);
    let error = put(&client, "note").await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
    assert_eq!(stored(&world, "note").await, None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_a_time_out_whether_the_write_is_done_or_not() {
    for done in [true, false] {
        let (world, client) = tables().await;
        world.cloud.faults.inject(on_put().once(), Effect::NoAnswer { done });
        let error = put(&client, "note").await.unwrap_err();
        assert!(matches!(error, SdkError::TimeoutError(_)), "{error:?}");
        assert_eq!(stored(&world, "note").await.is_some(), done);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_the_services_own_and_nothing_is_done() {
    let all = [
        (Effect::internal_error(), "InternalServerError"),
        (Effect::unavailable(), "ServiceUnavailable"),
        (Effect::throughput_exceeded(), "ProvisionedThroughputExceededException"),
        (Effect::throttled(), "ThrottlingException"),
        (Effect::request_limit_exceeded(), "RequestLimitExceeded"),
        (Effect::transaction_conflict(), "TransactionConflictException"),
    ];
    for (effect, code) in all {
        let (world, client) = tables().await;
        world.cloud.faults.inject(on_put().once(), effect);
        let error = put(&client, "note").await.unwrap_err();
        let error = error.as_service_error().unwrap();
        assert_eq!(error.code(), Some(code));
        assert!(error.message().is_some_and(|message| !message.is_empty()), "{error:?}");
        match code {
            "TransactionConflictException" => assert!(error.is_transaction_conflict_exception()),
            "RequestLimitExceeded" => assert!(error.is_request_limit_exceeded()),
            "InternalServerError" => assert!(error.is_internal_server_error()),
            "ThrottlingException" => assert!(error.is_throttling_exception()),
            _ => {}
        }
        assert_eq!(stored(&world, "note").await, None);
        put(&client, "note").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_may_be_done_although_it_is_refused() {
    let (world, client) = tables().await;
    world.cloud.faults.inject(on_put().once(), Effect::internal_error().but_done());
    let error = put(&client, "note").await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_internal_server_error());
    assert_eq!(stored(&world, "note").await.as_deref(), Some("here"));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_transaction_says_for_which_item_and_why() {
    for (effect, code) in [
        (Effect::canceled_by_conflict(1), "TransactionConflict"),
        (Effect::canceled_by_throttling(1), "ThrottlingError"),
    ] {
        let (world, client) = tables().await;
        world.cloud.faults.inject(Rule::dynamodb("TransactWriteItems").once(), effect);
        let error = transact(&client, "token", &["one", "two"]).await.unwrap_err();
        let TransactWriteItemsError::TransactionCanceledException(canceled) = error.as_service_error().unwrap() else {
            panic!("{error:?}");
        };
        let reasons = canceled.cancellation_reasons().iter().map(|reason| reason.code().unwrap());
        assert_eq!(reasons.collect::<Vec<_>>(), ["None", code]);
        assert_eq!((stored(&world, "one").await, stored(&world, "two").await), (None, None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_in_progress_may_be_done_and_then_its_token_is_good_for_nothing_more() {
    let (world, client) = tables().await;
    world
        .cloud
        .faults
        .inject(Rule::dynamodb("TransactWriteItems").once(), Effect::transaction_in_progress().but_done());
    let error = transact(&client, "token", &["one"]).await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_transaction_in_progress_exception(), "{error:?}");
    assert_eq!(stored(&world, "one").await.as_deref(), Some("here"));
    transact(&client, "token", &["one"]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_delayed_write_is_done_even_if_nobody_waits_for_it_any_more() {
    let (world, client) = tables().await;
    world.cloud.faults.inject(on_put().once(), Effect::Delayed(Duration::from_secs(5)));
    let error = put(&client, "note").await.unwrap_err();
    assert!(matches!(error, SdkError::TimeoutError(_)), "{error:?}");
    assert_eq!(stored(&world, "note").await, None);
    world.quiet().await;
    assert_eq!(stored(&world, "note").await.as_deref(), Some("here"));
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_for_one_operation_table_function_and_occurrence() {
    let (world, client) = tables().await;
    let other = aws_sdk_dynamodb::Client::new(&world.cloud.aws_of("message").unwrap());
    for rule in [
        Rule::dynamodb("UpdateItem"),
        Rule::dynamodb("PutItem").table("Chats"),
        Rule::dynamodb("PutItem").function("message"),
        on_put().nth(3),
        on_put().index("online"),
    ] {
        world.cloud.faults.inject(rule, Effect::ConnectionDied);
    }
    put(&client, "one").await.unwrap();
    put(&client, "two").await.unwrap();
    put(&client, "three").await.unwrap_err();
    put(&client, "four").await.unwrap();
    put(&other, "five").await.unwrap_err();
    assert_eq!(
        world.cloud.faults.injected()[0],
        "1. switchboard asks DynamoDB PutItem of Users: not done, the connection died"
    );
}

#[tokio::test(start_paused = true)]
async fn occurrences_are_counted_from_when_the_rule_is_injected() {
    let (world, client) = tables().await;
    put(&client, "one").await.unwrap();
    world.cloud.faults.inject(on_put().first(2), Effect::ConnectionDied);
    world.cloud.faults.inject(on_put().from(4), Effect::ConnectionDied);
    let mut outcomes = Vec::new();
    for entry in ["two", "three", "four", "five", "six"] {
        outcomes.push(put(&client, entry).await.is_ok());
    }
    assert_eq!(outcomes, [false, false, true, false, false]);
    world.cloud.faults.clear();
    put(&client, "seven").await.unwrap();
    assert_eq!(world.cloud.faults.injected().len(), 4, "what was injected stays to be read");
}

#[tokio::test(start_paused = true)]
async fn posts_may_be_refused_as_gone_too_many_or_broken_or_go_to_a_dead_peer() {
    for (effect, heard) in [
        (Effect::gone(), false),
        (Effect::limit_exceeded(), false),
        (Effect::unavailable(), false),
        (Effect::Accepted { after: Duration::ZERO }, false),
        (Effect::AnswerLost, true),
    ] {
        let mut world = World::new().await;
        world.join("alice").await;
        let id = world.connection_id("alice");
        // Past the time in which a refusal may be the connection's youth.
        world.later(Duration::from_secs(10)).await;
        world.cloud.faults.inject(Rule::connections("PostToConnection").connection(&id), effect.clone());
        let said = world.send("alice", "42[\"no_such_event\",{}]").await;
        assert_eq!(said.contains("alice hears"), heard, "{effect}: {said}");
        assert!(!world.cloud.faults.injected().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_invocation_may_be_refused_or_taken_without_an_answer() {
    for (effect, taken) in [(Effect::too_many_invocations(), false), (Effect::AnswerLost, true)] {
        let world = World::new().await;
        let aws = world.cloud.aws_of("connect").unwrap();
        let once = aws.to_builder().retry_config(RetryConfig::disabled()).build();
        let client = relay::aws::functions(&once);
        world.cloud.faults.inject(Rule::invoke("disconnect").function("connect").once(), effect);
        let event = relay::invoke::gone_event(&ConnectionId::parse("AAAAAAAAAAAAAAA=").unwrap());
        let name = &world.cloud.template.functions["disconnect"].name;
        let error = relay::lambda::invoke_later(&client, name, event).await.unwrap_err();
        let refused = error.code() == Some("TooManyRequestsException");
        assert_eq!(refused, !taken, "{error:?}");
        assert_eq!(world.cloud.lambda.is_idle(), !taken);
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_may_be_refused_although_the_connection_lives() {
    let mut world = World::new().await;
    world.open("alice").await;
    world.cloud.faults.inject(Rule::connections("DeleteConnection"), Effect::gone());
    world.send("alice", "45nonsense").await;
    assert!(!world.is_closed("alice"));
    assert!(!world.cloud.faults.injected().is_empty());
    world.cloud.faults.clear();
    world.send("alice", "45nonsense").await;
    assert!(world.is_closed("alice"));
}
