//! Each row of what a cloud does (docs/guarantees.md), in every dialect, over the common path: connect, send, deliver,
//! read, recover, disconnect.

use std::time::Duration;

use local::faults::{Effect, Faults, Rule, RunEffect, RunRule, Service, Trigger};

use super::crowd::Crowd;
use crate::recovery::words;

/// What fails: a name, and how it is injected.
type Row = (&'static str, fn(&Faults));

/// Every few requests of a service meet an effect, so that different requests of the path meet it.
fn requests(faults: &Faults, rule: fn() -> Rule, effect: &Effect) {
    for nth in [2, 5, 9, 14, 20, 27, 35, 44, 54, 65, 77, 90] {
        faults.inject(rule().nth(nth), effect.clone());
    }
}

fn runs(faults: &Faults, rule: fn() -> RunRule, effect: &RunEffect) {
    for nth in [1, 4, 8, 13] {
        faults.inject_run(rule().nth(nth), *effect);
    }
}

fn tables() -> Rule {
    Rule::service(Service::DynamoDb)
}

fn posts() -> Rule {
    Rule::connections("PostToConnection")
}

fn any() -> RunRule {
    RunRule::any().trigger(Trigger::Asynchronous)
}

const ROWS: &[Row] = &[
    ("DynamoDB: 500", |faults| requests(faults, tables, &Effect::internal_error())),
    ("DynamoDB: 503", |faults| requests(faults, tables, &Effect::unavailable())),
    ("DynamoDB: throughput exceeded", |faults| requests(faults, tables, &Effect::throughput_exceeded())),
    ("DynamoDB: throttled", |faults| requests(faults, tables, &Effect::throttled())),
    ("DynamoDB: request limit exceeded", |faults| requests(faults, tables, &Effect::request_limit_exceeded())),
    ("DynamoDB: the connection dies", |faults| requests(faults, tables, &Effect::ConnectionDied)),
    ("DynamoDB: no answer", |faults| requests(faults, tables, &Effect::NoAnswer { done: false })),
    ("DynamoDB: done, and the answer lost", |faults| requests(faults, tables, &Effect::AnswerLost)),
    ("DynamoDB: done, and no answer", |faults| requests(faults, tables, &Effect::NoAnswer { done: true })),
    ("DynamoDB: a transaction in progress", |faults| {
        requests(faults, || Rule::dynamodb("TransactWriteItems"), &Effect::transaction_in_progress());
    }),
    ("DynamoDB: a transaction cancelled by a conflict", |faults| {
        requests(faults, || Rule::dynamodb("TransactWriteItems"), &Effect::canceled_by_conflict(0));
    }),
    ("DynamoDB: a transaction cancelled by throttling", |faults| {
        requests(faults, || Rule::dynamodb("TransactWriteItems"), &Effect::canceled_by_throttling(1));
    }),
    ("DynamoDB: a write beside a transaction", |faults| {
        requests(faults, || Rule::dynamodb("UpdateItem"), &Effect::transaction_conflict());
        requests(faults, || Rule::dynamodb("PutItem"), &Effect::transaction_conflict());
    }),
    ("DynamoDB: short pages", |faults| faults.inject(Rule::dynamodb("Query"), Effect::SplitPages(1))),
    ("DynamoDB: empty pages", |faults| requests(faults, || Rule::dynamodb("Query"), &Effect::SplitPages(0))),
    ("DynamoDB: an index that lags behind", |faults| {
        faults.inject(Rule::dynamodb("Query"), Effect::StaleIndex(Duration::from_secs(2)));
    }),
    ("streams: a record twice", |faults| {
        faults.inject_run(RunRule::function("followup").trigger(Trigger::Stream), RunEffect::Twice);
    }),
    ("posts: 429", |faults| requests(faults, posts, &Effect::limit_exceeded())),
    ("posts: 500", |faults| requests(faults, posts, &Effect::internal_error())),
    ("posts: done, and the answer lost", |faults| requests(faults, posts, &Effect::AnswerLost)),
    ("posts: no answer", |faults| requests(faults, posts, &Effect::NoAnswer { done: false })),
    ("posts: 410 for what lives, at first", |faults| faults.inject(posts().first(2), Effect::gone())),
    ("closes: 500", |faults| {
        requests(faults, posts, &Effect::ConnectionDied);
        requests(faults, || Rule::connections("DeleteConnection"), &Effect::internal_error());
    }),
    ("Lambda: an event twice", |faults| runs(faults, any, &RunEffect::Twice)),
    ("Lambda: an event late", |faults| runs(faults, any, &RunEffect::Late(Duration::from_secs(9)))),
    ("Lambda: an event once more, later", |faults| runs(faults, any, &RunEffect::Again(Duration::from_secs(7)))),
    ("Lambda: killed before a request", |faults| runs(faults, any, &RunEffect::KilledBefore(3))),
    ("Lambda: killed after a request", |faults| runs(faults, any, &RunEffect::KilledAfter(3))),
    ("Lambda: out of time", |faults| runs(faults, any, &RunEffect::TimedOut)),
    ("Lambda: thawed, and its connections dead", |faults| runs(faults, RunRule::any, &RunEffect::Thawed)),
    ("Lambda: throttled", |faults| runs(faults, any, &RunEffect::Throttled)),
    ("Lambda: no capacity for an invocation", |faults| {
        requests(faults, || Rule::service(Service::Lambda), &Effect::too_many_invocations());
    }),
    ("Lambda: killed while API Gateway waits", |faults| {
        runs(faults, || RunRule::any().trigger(Trigger::Synchronous), &RunEffect::KilledBefore(2));
    }),
    ("API Gateway: $disconnect lost", |faults| {
        faults.inject_run(RunRule::any().trigger(Trigger::Disconnect), RunEffect::LeftOut);
    }),
    ("API Gateway: $disconnect twice", |faults| {
        faults.inject_run(RunRule::any().trigger(Trigger::Disconnect), RunEffect::Twice);
    }),
    ("API Gateway: $disconnect late", |faults| {
        let late = RunEffect::Late(Duration::from_secs(20));
        faults.inject_run(RunRule::any().trigger(Trigger::Disconnect), late);
    }),
    ("schedule: a minute left out", |faults| {
        faults.inject_run(RunRule::any().trigger(Trigger::Schedule).first(2), RunEffect::LeftOut);
    }),
    ("schedule: a minute twice", |faults| {
        faults.inject_run(RunRule::any().trigger(Trigger::Schedule), RunEffect::Twice);
    }),
];

fn is_other_build() -> bool {
    let chosen = |name: &str, usual: &str| std::env::var(name).is_ok_and(|value| value != usual);
    chosen("PARLANCE_ISOLATION", "separate") || chosen("PARLANCE_GATEWAY_MODE", "serial")
}

#[tokio::test(start_paused = true)]
async fn whatever_row_of_faults_the_common_path_meets_every_dialect_comes_through() {
    for (number, (row, inject)) in ROWS.iter().enumerate() {
        for (of, words) in words::ALL.into_iter().enumerate() {
            // All of them as the system is built by default, one for each row otherwise.
            if is_other_build() && of != number % words::ALL.len() {
                continue;
            }
            let mut crowd = Crowd::pair(words).await;
            inject(&crowd.world.cloud.faults);
            for round in 0..3 {
                for side in [0, 1] {
                    crowd.say(0, side);
                    tokio::time::sleep(Duration::from_millis(700)).await;
                    crowd.say(0, side);
                    tokio::time::sleep(Duration::from_millis(700)).await;
                    crowd.read(0, 1 - side);
                }
                crowd.cut(0, round % 2);
                crowd.say(0, 1 - round % 2);
                tokio::time::sleep(Duration::from_secs(3)).await;
            }
            crowd.minute().await;
            assert!(!crowd.world.cloud.faults.injected().is_empty(), "{row} took place");
            crowd.settle().await;
            crowd.check_and_tell(&format!("{row}, {}", words.name)).await;
        }
    }
}
