//! What is stored is delivered, or the sockets that would miss it are closed and recover it (docs/delivery-order.md).

use std::time::Duration;

use local::faults::{Effect, Rule, RunEffect, RunRule};
use local::gateway::DisconnectFault;
use serde_json::json;
use world::World;

use super::{heard_by, pair_in, say};
use crate::recovery::words::{self, Words};
use crate::worlds::connect_alice_and_bob;

/// With separate handlers the function that delivers is `message`.
const SEPARATE: [(&str, &str); 2] = [("HandlerIsolation", "separate"), ("RateLimits", "off")];
/// Longer than a lease and its margin.
const LEASE: Duration = Duration::from_secs(6);

/// A pair whose first message is delivered to everybody.
async fn pair(words: &Words) -> (World, String) {
    let (mut world, chat) = pair_in(words, &SEPARATE).await;
    world.followup().await;
    (world, chat)
}

async fn back(world: &mut World, words: &Words, user: &str) -> String {
    let heard = world.come_back(user, user, &format!("/{}", words.name)).await;
    assert!(heard.starts_with(&format!("{user} has recovered\n")), "{}: {heard}", words.name);
    heard
}

/// How many of the chat's events have been delivered, and how many there are.
async fn delivered(world: &World) -> (u64, u64) {
    let row = &world.rows("Chats").await[0];
    let number = |name: &str| row[name]["N"].as_str().map_or(0, |digits| digits.parse::<u64>().unwrap());
    (number("told"), number("seq") + number("rev"))
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_sender_s_invocation_was_killed_after_storing_is_recovered_by_everybody() {
    for words in words::ALL {
        let (mut world, chat) = pair(words).await;
        // Session and chat are read, then the message is stored.
        world.cloud.faults.inject_run(RunRule::function("message").once(), RunEffect::KilledAfter(3));
        let heard = say(&mut world, words, &chat, "lost?").await;
        assert_eq!(heard_by("bob", &heard, "lost?"), 0, "{}: {heard}", words.name);
        world.later(LEASE).await;
        world.followup().await;
        assert!(world.is_closed("alice") && world.is_closed("bob"), "{}: nobody knows who heard it", words.name);
        for user in ["alice", "bob"] {
            world.lose(user);
            let heard = back(&mut world, words, user).await;
            assert!(heard_by(user, &heard, "lost?") >= 1, "{}: {heard}", words.name);
        }
        let (told, events) = delivered(&world).await;
        assert_eq!(told, events, "{}", words.name);
        let heard = say(&mut world, words, &chat, "on").await;
        assert!(heard_by("bob", &heard, "on") >= 1 && heard_by("bob", &heard, "lost?") == 0, "{}: {heard}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sender_whose_invocation_was_killed_before_storing_is_disconnected() {
    for words in words::ALL {
        let (mut world, chat) = pair(words).await;
        world.cloud.faults.inject_run(RunRule::function("message").once(), RunEffect::KilledBefore(2));
        say(&mut world, words, &chat, "never stored").await;
        assert!(world.is_closed("alice"), "{}: instead of waiting for an ack for ever", words.name);
        assert!(!world.is_closed("bob"), "{}", words.name);
        world.lose("alice");
        back(&mut world, words, "alice").await;
        let heard = say(&mut world, words, &chat, "stored").await;
        assert!(
            heard.contains("\"success\":true") && heard_by("bob", &heard, "stored") >= 1,
            "{}: {heard}",
            words.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_recipients_could_not_be_looked_up_is_delivered_by_followup() {
    for words in words::ALL {
        let (mut world, chat) = pair(words).await;
        let undisturbed = say(&mut world, words, &chat, "second").await;
        world.followup().await;
        let look_up = Rule::dynamodb("Query").table("Users").function("message");
        world.cloud.faults.inject(look_up, Effect::internal_error());
        let heard = say(&mut world, words, &chat, "third").await;
        world.cloud.faults.clear();
        assert!(heard.contains("alice hears 43") && heard.contains("\"success\":true"), "{}: {heard}", words.name);
        assert_eq!(heard_by("bob", &heard, "third"), 0, "{}: {heard}", words.name);
        let heard = world.followup().await;
        assert_eq!(
            heard_by("bob", &heard, "third"),
            heard_by("bob", &undisturbed, "second"),
            "{}: {heard}",
            words.name
        );
        assert!(
            !world.is_closed("alice") && !world.is_closed("bob"),
            "{}: it was certain that nobody had heard it",
            words.name
        );
        let (told, events) = delivered(&world).await;
        assert_eq!(told, events, "{}", words.name);
        assert_eq!(world.followup().await, "", "{}: once", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn the_events_after_one_that_was_not_delivered_come_after_it() {
    let words = &words::RECRUITING;
    let (mut world, chat) = pair(words).await;
    let look_up = Rule::dynamodb("Query").table("Users").function("message").first(12);
    world.cloud.faults.inject(look_up, Effect::internal_error());
    say(&mut world, words, &chat, "second").await;
    world.cloud.faults.clear();
    // It waits for its turn, until followup has delivered the one before.
    let sending = async {
        let (event, argument) = (words.send)(&chat, "bob", "third");
        world.ask("alice", event, argument).await
    };
    let heard = sending.await;
    assert_eq!(heard_by("bob", &heard, "third"), 0, "{heard}");
    let heard = world.followup().await;
    let texts: Vec<&str> = heard
        .lines()
        .filter(|line| line.starts_with("bob hears 42/recruiting,[\"new_message\""))
        .map(|line| if line.contains("\"second\"") { "second" } else { "third" })
        .collect();
    assert_eq!(texts, ["second", "third"], "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_could_not_be_recorded_is_heard_once() {
    for words in words::ALL {
        let (mut world, chat) = pair(words).await;
        world
            .cloud
            .faults
            .inject(Rule::dynamodb("UpdateItem").table("Chats").function("message"), Effect::internal_error());
        let heard = say(&mut world, words, &chat, "heard").await;
        world.cloud.faults.clear();
        let times = heard_by("bob", &heard, "heard");
        assert!(times > 0, "{}: {heard}", words.name);
        world.later(LEASE).await;
        world.followup().await;
        for user in ["alice", "bob"] {
            assert!(world.is_closed(user), "{}", words.name);
            world.lose(user);
            let heard = back(&mut world, words, user).await;
            assert_eq!(
                heard_by(user, &heard, "heard"),
                0,
                "{}: its offset says that it has heard it: {heard}",
                words.name
            );
        }
        let (told, events) = delivered(&world).await;
        assert_eq!(told, events, "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_that_may_have_been_heard_is_not_made_again() {
    for words in words::ALL {
        for (effect, is_heard) in [
            (Effect::AnswerLost, true),
            (Effect::NoAnswer { done: true }, true),
            (Effect::NoAnswer { done: false }, false),
            (Effect::ConnectionDied, false),
            (Effect::internal_error(), false),
            (Effect::internal_error().but_done(), true),
            (Effect::unavailable(), false),
        ] {
            let what = format!("{} under {effect:?}", words.name);
            let (mut world, chat) = pair(words).await;
            let bob = world.connection_id("bob");
            world.cloud.faults.inject(Rule::connections("PostToConnection").connection(&bob).once(), effect);
            let heard = say(&mut world, words, &chat, "second").await;
            assert_eq!(heard_by("bob", &heard, "second"), usize::from(is_heard), "{what}: {heard}");
            assert!(world.is_closed("bob"), "{what}: so that its offset decides");
            world.lose("bob");
            let again = back(&mut world, words, "bob").await;
            let all = if is_heard { heard } else { String::new() } + &again;
            let messages = all.lines().filter(|line| line.starts_with("bob hears 42") && line.contains("\"second\""));
            let events: Vec<&str> = messages.map(|line| line.split('"').nth(1).unwrap()).collect();
            let mut once = events.clone();
            once.dedup();
            assert!(!events.is_empty() && events == once, "{what}: each event once: {events:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_that_is_refused_for_now_is_made_again() {
    for words in words::ALL {
        let (mut world, chat) = pair(words).await;
        let undisturbed = say(&mut world, words, &chat, "second").await;
        let bob = world.connection_id("bob");
        let rule = Rule::connections("PostToConnection").connection(&bob).first(3);
        world.cloud.faults.inject(rule, Effect::limit_exceeded());
        let heard = say(&mut world, words, &chat, "third").await;
        let times = heard_by("bob", &undisturbed, "second");
        assert_eq!(heard_by("bob", &heard, "third"), times, "{}: {heard}", words.name);
        assert!(!world.is_closed("bob"), "{}", words.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_cannot_be_closed_hears_nothing_more() {
    let words = &words::RECRUITING;
    let (mut world, chat) = pair(words).await;
    let bob = world.connection_id("bob");
    world.cloud.faults.inject(Rule::connections("PostToConnection").connection(&bob).once(), Effect::ConnectionDied);
    world.cloud.faults.inject(Rule::connections("DeleteConnection").connection(&bob), Effect::internal_error());
    say(&mut world, words, &chat, "second").await;
    let heard = say(&mut world, words, &chat, "third").await;
    assert_eq!(heard_by("bob", &heard, "third"), 0, "a hole would be before it: {heard}");
    world.cloud.faults.clear();
    world.later(Duration::from_secs(1)).await;
    let heard = world.ask("bob", "ping", json!({})).await;
    assert!(heard.contains("bob is closed"), "the next frame of a connection without a session closes it: {heard}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_so_young_that_it_is_not_known_everywhere_is_replied_to() {
    let mut world = World::with_flowing_clock(&SEPARATE).await;
    for (label, token, reply) in [("alice", world.token("alice"), "40{"), ("bob", "wrong".to_owned(), "44{")] {
        world.open(label).await;
        let id = world.connection_id(label);
        world.cloud.faults.inject(Rule::connections("PostToConnection").connection(&id).first(4), Effect::gone());
        let heard = world.send(label, &format!("40{}", json!({"token": token}))).await;
        assert!(heard.contains(&format!("{label} hears {reply}")), "{heard}");
    }
    world.open("carol").await;
    let id = world.connection_id("carol");
    world.cloud.faults.inject(Rule::connections("DeleteConnection").connection(&id).first(3), Effect::gone());
    let heard = world.send("carol", "nonsense").await;
    assert!(heard.contains("carol is closed"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_comes_and_goes_holds_up_nobody() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.join_as("bob2", "bob").await;
    world.close("bob2").await;
    let start = tokio::time::Instant::now();
    let heard = world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    assert!(heard.contains("bob hears 42[\"new_message\""), "{heard}");
    // Its connection is young, but posts to it have succeeded before: the first 410 is its end.
    assert!(start.elapsed() < Duration::from_millis(100), "virtual time: {:?}", start.elapsed());
}
