//! What may come twice and what may not.

use serde_json::Value;

use super::Pair;
use super::ear::Transport;
use super::words;

/// What Alice hears again who heard Carol's message and, so many milliseconds later, Bob's, and then was cut.
async fn repeated(words: &'static words::Words, millis: i64) -> Vec<String> {
    let mut pair = Pair::new(words, Transport::WebSocket).await;
    let carols = pair.world.chat("alice", "carol").await;
    pair.say_in(&carols, "carol", "one").await;
    pair.world.clock.advance(millis);
    pair.say("bob", "one").await;
    pair.say("bob", "two").await;
    pair.cut();
    pair.world.clock.advance(1_000);
    pair.back(Transport::WebSocket).await;
    assert!(pair.ear.recovered);
    pair.heard()
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_chat_last_heard_of_comes_twice() {
    for words in words::ALL {
        assert!(!repeated(words, 0).await.iter().any(|line| line.starts_with("alice+bob")), "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_another_chat_comes_twice_within_5_seconds_at_most() {
    for words in words::ALL {
        for millis in [0, 4_999] {
            let heard = repeated(words, millis).await;
            assert!(heard.is_empty() || heard == ["alice+carol #1"], "{}: {heard:?}", words.name);
        }
        assert_eq!(repeated(words, 5_001).await, Vec::<String>::new(), "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_heard_of_a_chat_beside_its_messages_does_not_come_twice() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        let hers = pair.say("alice", "hers").await;
        let chat = pair.chat.clone();
        pair.must("bob", "POST", &format!("/recruiting/api/message/chat/{chat}/mark-read"), Value::Null).await;
        pair.must("alice", "DELETE", &format!("/recruiting/api/message/{hers}"), Value::Null).await;
        pair.must("bob", "POST", &format!("/recruiting/api/chat/{chat}/block"), Value::Null).await;
        pair.world.clock.advance(10_000);
        pair.must("bob", "POST", &format!("/recruiting/api/chat/{chat}/unblock"), Value::Null).await;
        pair.say("bob", "last").await;
        pair.cut();
        pair.world.clock.advance(10_000);
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered);
        assert_eq!(pair.heard(), Vec::<String>::new(), "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_between_two_events_of_one_message_does_not_repeat_the_message() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.ear.reach = Some(1);
        pair.say("bob", "one").await;
        pair.cut();
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered);
        assert_eq!(pair.heard(), Vec::<String>::new(), "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_replayed_is_not_replayed_again_at_the_next_cut() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.cut();
        pair.say("bob", "one").await;
        pair.say("bob", "two").await;
        pair.back(Transport::WebSocket).await;
        assert_eq!(pair.heard(), ["alice+bob #1", "alice+bob #2"], "{}", words.name);
        pair.cut();
        pair.back(Transport::WebSocket).await;
        assert!(pair.ear.recovered);
        assert_eq!(pair.heard(), Vec::<String>::new(), "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_is_cut_goes_on_where_it_was_cut() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.cut();
        for number in 0..5 {
            pair.say("bob", &format!("{number}")).await;
        }
        // The reply, a greeting or two, and a part of what was missed.
        pair.ear.open(&mut pair.world, Transport::WebSocket).await;
        pair.ear.reach = Some(4);
        pair.ear.connect(&mut pair.world).await;
        let mut heard = pair.heard();
        assert!(heard.len() < 5, "{}: {heard:?}", words.name);
        pair.cut();
        pair.back(Transport::WebSocket).await;
        heard.extend(pair.heard());
        let expected: Vec<String> = (1..=5).map(|n| format!("alice+bob #{n}")).collect();
        assert_eq!(heard, expected, "{}", words.name);
    }
}
