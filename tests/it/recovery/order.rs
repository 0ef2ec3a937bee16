//! In which order what was missed is told: within a chat as it happened, and all of it before anything new.

use serde_json::{Value, json};

use super::ear::Transport;
use super::words::{self, Words};
use super::{Pair, TRANSPORTS};

/// The lines that tell of a chat with somebody, without its name.
fn of(chat: &str, lines: &[String]) -> Vec<String> {
    lines.iter().filter_map(|line| Some(line.strip_prefix(chat)?.trim().to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn messages_of_several_chats_come_in_the_order_of_each() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        let carols = pair.world.chat("alice", "carol").await;
        pair.say("bob", "heard").await;
        pair.cut();
        pair.world.clock.advance(10_000);
        for number in 0..7 {
            pair.world.clock.advance(500);
            pair.say("bob", &format!("{number}")).await;
            pair.say_in(&carols, "carol", &format!("{number}")).await;
        }
        pair.back(Transport::WebSocket).await;
        pair.say("bob", "new").await;
        let heard = pair.heard();
        let numbers = |range: std::ops::RangeInclusive<u32>| range.map(|n| format!("#{n}")).collect::<Vec<_>>();
        assert_eq!(of("alice+bob", &heard), numbers(2..=9), "{}: {heard:?}", words.name);
        assert_eq!(of("alice+carol", &heard), numbers(1..=7), "{}: {heard:?}", words.name);
        assert_eq!(heard.last().unwrap(), "alice+bob #9", "{}", words.name);
    }
}

/// Whether one line comes before another.
fn comes_before(lines: &[String], one: &str, other: &str) -> bool {
    let at = |what: &str| lines.iter().position(|line| line.contains(what));
    at(one).zip(at(other)).is_some_and(|(one, other)| one < other)
}

async fn read_in_between(words: &'static Words) -> Vec<String> {
    let mut pair = Pair::new(words, Transport::WebSocket).await;
    pair.say("alice", "one").await;
    pair.cut();
    pair.world.clock.advance(10_000);
    pair.say("alice", "two").await;
    pair.world.clock.advance(1_000);
    let path = format!("/recruiting/api/message/chat/{}/mark-read", pair.chat);
    pair.must("bob", "POST", &path, Value::Null).await;
    pair.world.clock.advance(1_000);
    pair.say("alice", "three").await;
    pair.back(Transport::WebSocket).await;
    pair.heard()
}

#[tokio::test(start_paused = true)]
async fn a_chat_read_between_two_messages_is_told_between_them() {
    for words in words::ALL {
        let heard = read_in_between(words).await;
        assert_eq!(heard.len(), 3, "{}: {heard:?}", words.name);
        assert_eq!((heard[0].as_str(), heard[2].as_str()), ("alice+bob #2", "alice+bob #3"), "{}", words.name);
        assert!(heard[1].starts_with("bob read"), "{}: {heard:?}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_came_and_went_is_not_told_to_be_there() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.say("bob", "one").await;
        pair.cut();
        pair.world.clock.advance(10_000);
        let gone = pair.say("bob", "two").await;
        pair.must("bob", "DELETE", &format!("/recruiting/api/message/{gone}"), Value::Null).await;
        pair.say("bob", "three").await;
        pair.back(Transport::WebSocket).await;
        let heard = pair.heard();
        assert!(!heard.contains(&"alice+bob #2".to_owned()), "{}: {heard:?}", words.name);
        assert!(heard.contains(&"alice+bob #3".to_owned()), "{}: {heard:?}", words.name);
        if heard.iter().any(|line| line == "alice+bob #2, gone") {
            let ordered = comes_before(&heard, "#2, gone", "#2 deleted") && comes_before(&heard, "#2, gone", "#3");
            assert!(ordered, "{}: {heard:?}", words.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_chat_deleted_and_made_anew_is_first_gone_and_then_there() {
    for words in words::ALL {
        for transport in TRANSPORTS {
            let mut pair = Pair::new(words, transport).await;
            pair.say("bob", "one").await;
            pair.cut();
            pair.world.clock.advance(10_000);
            pair.say("bob", "two").await;
            pair.must("bob", "DELETE", &format!("/recruiting/api/chat/{}", pair.chat), Value::Null).await;
            let body = json!({"otherUserId": "alice"});
            pair.must("bob", "POST", "/recruiting/api/chat/create-or-get", body).await;
            let anew = pair.say("bob", "anew").await;
            pair.back(transport).await;
            let heard = pair.heard();
            let anew = crate::transcript::short_id(anew);
            let expected =
                if words.tells_of_deleted_chats { vec!["alice+bob deleted".to_owned(), anew] } else { vec![anew] };
            assert_eq!(heard, expected, "{} {transport:?}", words.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_comes_before_what_is_said_at_the_moment_of_the_return() {
    for words in words::ALL {
        let mut pair = Pair::new(words, Transport::WebSocket).await;
        pair.world.join_namespace("bob", "bob", "/recruiting").await;
        pair.say("bob", "heard").await;
        pair.cut();
        pair.world.clock.advance(10_000);
        for number in 0..5 {
            pair.say("bob", &format!("missed {number}")).await;
        }
        pair.ear.open(&mut pair.world, Transport::WebSocket).await;
        let mut frames = vec![("ear", pair.ear.connect_frame(&pair.world))];
        for number in 0..5 {
            let send = json!(["send_message", {"chatId": pair.chat, "content": format!("at once {number}")}]);
            frames.push(("bob", format!("42/recruiting,{send}")));
        }
        pair.world.send_all(&frames).await;
        let heard = pair.heard();
        assert!(pair.ear.recovered);
        let expected: Vec<String> = (2..=11).map(|n| format!("alice+bob #{n}")).collect();
        assert_eq!(heard, expected, "{}", words.name);
    }
}
