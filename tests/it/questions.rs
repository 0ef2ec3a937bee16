//! Server-to-client acks (docs/protocol.md, "Server-to-client acks"): an event with an ack id, and its answer in an
//! invocation of its own. The echo application asks when it is told to, and says what it was answered.

use world::World;

use crate::worlds::echo_with_alice;

const CLOSED: &str = "alice is closed: 1000 Connection Closed Normally\n";

/// Has the application ask, and gives the ack id.
async fn asked(world: &mut World, namespace: &str) -> String {
    let heard = world.send("alice", &format!("42{namespace}[\"ask\",\"why\"]")).await;
    let rest = heard.strip_prefix(&format!("alice hears 42{namespace}")).unwrap();
    let (id, rest) = rest.split_once('[').unwrap();
    assert_eq!(rest, "\"question\",\"why\"]\n");
    assert!(id.len() <= 15 && id.parse::<u64>().is_ok(), "{id} is exact to every client");
    id.to_owned()
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_back_with_what_it_is_about() {
    let mut world = echo_with_alice().await;
    let id = asked(&mut world, "").await;
    let heard = world.send("alice", &format!("43{id}[\"because\",{{\"n\":1}}]")).await;
    assert_eq!(heard, "alice hears 42[\"answered\",\"what was asked\",\"because\",{\"n\":1}]\n");
}

#[tokio::test(start_paused = true)]
async fn an_answer_counts_once() {
    let mut world = echo_with_alice().await;
    let id = asked(&mut world, "").await;
    let answer = format!("43{id}[1]");
    let heard = world.send_all(&[("alice", answer.clone()), ("alice", answer.clone())]).await;
    assert_eq!(heard, "alice hears 42[\"answered\",\"what was asked\",1]\n");
    assert_eq!(world.send("alice", &answer).await, "");
    let mut world = echo_with_alice().await;
    world.cloud.lambda.double();
    let id = asked_twice(&mut world).await;
    assert_eq!(world.send("alice", &format!("43{id}[1]")).await.lines().count(), 1, "although its event comes twice");
}

/// The id of the first of two questions: an event that comes twice is asked about twice.
async fn asked_twice(world: &mut World) -> String {
    let heard = world.send("alice", "42[\"ask\",\"why\"]").await;
    heard.strip_prefix("alice hears 42").unwrap().split_once('[').unwrap().0.to_owned()
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_nothing_or_with_another_id_is_passed_over() {
    let mut world = echo_with_alice().await;
    assert_eq!(world.send("alice", "437[]").await, "");
    let id = asked(&mut world, "").await;
    assert_eq!(world.send("alice", &format!("430{id}[]")).await, "");
    world.send("alice", "40/custom,").await;
    assert_eq!(world.send("alice", &format!("43/custom,{id}[]")).await, "", "in another namespace");
    assert!(!world.send("alice", &format!("43{id}[]")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_too_late_is_passed_over() {
    let mut world = echo_with_alice().await;
    let id = asked(&mut world, "").await;
    world.clock.advance(60_000);
    assert_eq!(world.send("alice", &format!("43{id}[1]")).await, "");
}

#[tokio::test(start_paused = true)]
async fn sixteen_questions_are_open_at_once_and_those_that_are_over_make_room() {
    let mut world = echo_with_alice().await;
    for _ in 0..16 {
        asked(&mut world, "").await;
    }
    assert_eq!(world.send("alice", "42[\"ask\",\"why\"]").await, "", "one more is not asked");
    world.clock.advance(60_000);
    let id = asked(&mut world, "").await;
    assert!(!world.send("alice", &format!("43{id}[1]")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_namespace_asks_for_itself() {
    let mut world = echo_with_alice().await;
    world.send("alice", "40/custom,").await;
    let id = asked(&mut world, "/custom,").await;
    let heard = world.send("alice", &format!("43/custom,{id}[1]")).await;
    assert_eq!(heard, "alice hears 42/custom,[\"answered\",\"what was asked\",1]\n");
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_attachments_is_whole_before_it_counts() {
    let mut world = echo_with_alice().await;
    let id = asked(&mut world, "").await;
    assert_eq!(world.send("alice", &format!("461-{id}[{{\"_placeholder\":true,\"num\":0}}]")).await, "");
    let heard = world.send("alice", "bAQID").await;
    assert_eq!(
        heard,
        "alice hears 451-[\"answered\",\"what was asked\",{\"_placeholder\":true,\"num\":0}]\nalice hears bAQID\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_question_put_by_polling_is_answered_over_the_websocket() {
    let mut world = World::with_application(echo::events, &[]).await;
    world.poll("alice").await;
    world.send("alice", "40").await;
    let id = asked(&mut world, "").await;
    world.move_to_websocket("alice").await;
    let heard = world.send("alice", &format!("43{id}[1]")).await;
    assert_eq!(heard, "alice hears 42[\"answered\",\"what was asked\",1]\n");
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_a_namespace_that_was_left_is_passed_over_and_in_one_never_joined_closes() {
    let mut world = echo_with_alice().await;
    let id = asked(&mut world, "").await;
    world.send("alice", "41").await;
    world.clock.advance(1);
    assert_eq!(world.send("alice", &format!("43{id}[1]")).await, "");
    assert_eq!(world.send("alice", &format!("43/custom,{id}[1]")).await, CLOSED);
}
