//! A send when DynamoDB is unkind: it is acked and stored once, or answered with an error and not stored.

use local::faults::{Effect, Rule};
use serde_json::{Value, json};
use world::World;

use super::{heard_by, pair_in, say};
use crate::recovery::words;

const WITHOUT_LIMITS: [(&str, &str); 1] = [("RateLimits", "off")];

/// What is stored of a chat: `seq` and text of each message.
async fn stored(world: &World, chat: &str) -> Vec<(u64, String)> {
    let path = format!("/recruiting/api/message/chat/{chat}?afterSeq=0&limit=100");
    let (_, page) = world.request("alice", "GET", &path, "").await;
    let one = |message: &Value| (message["seq"].as_u64().unwrap(), message["content"].as_str().unwrap().to_owned());
    page["data"]["messages"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn a_send_is_acked_and_stored_once_whatever_becomes_of_its_transaction() {
    let effects = || {
        [
            Effect::AnswerLost,
            Effect::ConnectionDied,
            Effect::NoAnswer { done: true },
            Effect::NoAnswer { done: false },
            Effect::transaction_in_progress(),
            Effect::transaction_in_progress().but_done(),
            Effect::canceled_by_conflict(1),
            Effect::canceled_by_throttling(2),
            Effect::internal_error(),
            Effect::internal_error().but_done(),
            Effect::unavailable(),
            Effect::throughput_exceeded(),
            Effect::throttled(),
            Effect::request_limit_exceeded(),
        ]
    };
    for words in words::ALL {
        let (mut world, chat) = pair_in(words, &WITHOUT_LIMITS).await;
        let undisturbed = say(&mut world, words, &chat, "second").await;
        let per_message = heard_by("bob", &undisturbed, "second");
        assert!(per_message > 0, "{undisturbed}");
        let mut expected = vec![(1, "first".to_owned()), (2, "second".to_owned())];
        for (number, effect) in effects().into_iter().enumerate() {
            let text = format!("message {number}");
            let what = format!("{} under {effect:?}", words.name);
            // Once, then as often as the SDK tries, so that its own retries are not enough.
            for times in [1, 3] {
                let text = format!("{text}, {times} times");
                world.cloud.faults.inject(Rule::dynamodb("TransactWriteItems").first(times), effect.clone());
                let heard = say(&mut world, words, &chat, &text).await;
                world.cloud.faults.clear();
                expected.push((expected.len() as u64 + 1, text.clone()));
                assert!(heard.contains("alice hears 43") && heard.contains("\"success\":true"), "{what}: {heard}");
                assert_eq!(heard_by("bob", &heard, &text), per_message, "{what}: {heard}");
                assert_eq!(stored(&world, &chat).await, expected, "{what}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stays_unknown_is_an_error_and_the_message_is_stored_at_most_once() {
    let (mut world, chat) = pair_in(&words::RECRUITING, &WITHOUT_LIMITS).await;
    for (effect, is_stored) in [(Effect::NoAnswer { done: false }, false), (Effect::AnswerLost, true)] {
        world.cloud.faults.inject(Rule::dynamodb("TransactWriteItems").function("message"), effect.clone());
        world.cloud.faults.inject(Rule::dynamodb("TransactWriteItems").function("switchboard"), effect);
        let text = format!("lost for good, stored: {is_stored}");
        let heard = say(&mut world, &words::RECRUITING, &chat, &text).await;
        world.cloud.faults.clear();
        assert!(heard.contains("alice hears 43") && heard.contains("INTERNAL_ERROR"), "{heard}");
        assert_eq!(
            stored(&world, &chat).await.iter().filter(|(_, found)| *found == text).count(),
            usize::from(is_stored)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_delivered_although_the_chat_is_being_written_at_that_moment() {
    for words in words::ALL {
        let (mut world, chat) = pair_in(words, &WITHOUT_LIMITS).await;
        let undisturbed = say(&mut world, words, &chat, "second").await;
        for times in [1, 4] {
            let conflict = Rule::dynamodb("UpdateItem").table("Chats").first(times);
            world.cloud.faults.inject(conflict, Effect::transaction_conflict());
            let heard = say(&mut world, words, &chat, "third").await;
            world.cloud.faults.clear();
            let event =
                |line: &str| line.split(['"', '{', '[']).filter(|part| !part.is_empty()).nth(1).map(str::to_owned);
            let lines = |heard: &str| heard.lines().map(event).collect::<Vec<_>>();
            assert_eq!(lines(&heard), lines(&undisturbed), "{}: delivered as ever", words.name);
            let row = &world.rows("Chats").await[0];
            assert_eq!(row["told"]["N"].as_str(), Some((number(row, "seq") + number(row, "rev")).to_string().as_str()));
        }
    }
}

fn number(row: &Value, name: &str) -> u64 {
    row[name]["N"].as_str().map_or(0, |digits| digits.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_limit_counts_what_is_stored_and_nothing_else() {
    let mut world = World::with(&[]).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    for user in ["alice", "bob"] {
        world.join_namespace(user, user, "/classroom").await;
    }
    world.cloud.faults.inject(Rule::dynamodb("TransactWriteItems").from(1), Effect::canceled_by_conflict(1));
    let mut refused = 0;
    for _ in 0..5 {
        world.clock.advance(100);
        let heard = world.ask("alice", "send:message", json!({"conversationId": chat, "text": "no"})).await;
        refused += usize::from(heard.contains("INTERNAL_ERROR"));
    }
    assert_eq!(refused, 5, "none of them is stored");
    world.cloud.faults.clear();
    world.clock.advance(1_000);
    for _ in 0..30 {
        world.clock.advance(100);
        let heard = world.ask("alice", "send:message", json!({"conversationId": chat, "text": "yes"})).await;
        assert!(heard.contains("\"success\":true"), "classroom allows thirty a minute: {heard}");
    }
    world.clock.advance(1_000);
    let heard = world.ask("alice", "send:message", json!({"conversationId": chat, "text": "too many"})).await;
    assert!(heard.contains("RATE_LIMIT"), "{heard}");
    assert_eq!(stored(&world, &chat).await.len(), 30);
}
