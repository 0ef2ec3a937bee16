//! The sockets of one person: how many there may be, what they hear first, and what is left of those that ended.

use std::time::Duration;

use local::faults::{Effect, Rule};
use local::gateway::{DisconnectFault, Outbound};
use serde_json::{Value, json};
use world::{World, stock_request};

const FEW: (&str, &str) = ("SocketsPerPerson", "3");

/// The rows of Users that are sockets.
async fn socket_rows(world: &World) -> usize {
    let rows = world.rows("Users").await;
    let entries = rows.iter().filter_map(|row| row["entry"]["S"].as_str());
    entries.filter(|entry| entry.starts_with("socket#")).count()
}

#[tokio::test(start_paused = true)]
async fn one_more_socket_than_a_person_may_have_closes_the_one_heard_from_longest_ago() {
    let mut world = World::with(&[FEW]).await;
    world.join("bob").await;
    for label in ["first", "second", "third"] {
        world.join_as(label, "alice").await;
        world.clock.advance(1_000);
    }
    world.send("first", "3").await;
    let heard = world.join_as("fourth", "alice").await;
    assert!(heard.contains("second is closed") && heard.matches("is closed").count() == 1, "{heard}");
    assert!(!heard.contains("bob hears"), "nobody came or went: {heard}");
    assert!(world.get("bob", "/api/socket/health").await.contains("\"connected\":4"));
    // Somebody else has sockets of their own.
    let heard = world.join_as("bob2", "bob").await;
    assert!(!heard.contains("is closed"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_polls_was_heard_from_with_its_last_request() {
    let mut world = World::with(&[FEW]).await;
    world.poll_join_as("poller", "alice").await;
    world.clock.advance(1_000);
    for label in ["second", "third"] {
        world.join_as(label, "alice").await;
        world.clock.advance(1_000);
    }
    world.send("poller", "3").await;
    let heard = world.join_as("fourth", "alice").await;
    assert!(heard.contains("second is closed"), "{heard}");
    world.poll_join_as("fifth", "alice").await;
    assert!(world.is_closed("third") && !world.is_closed("poller"));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_comes_back_counts_too_and_two_namespaces_of_a_connection_are_two_sockets() {
    let mut world = World::with(&[FEW]).await;
    world.join_as("first", "alice").await;
    world.clock.advance(1_000);
    world.join_as("second", "alice").await;
    world.also_join("second", "alice", "/marketplace").await;
    world.close("first").await;
    world.clock.advance(1_000);
    world.join_as("third", "alice").await;
    world.clock.advance(1_000);
    let heard = world.come_back("first", "alice", "/").await;
    assert!(heard.contains("first has recovered") && heard.contains("second is closed"), "{heard}");
}

/// What a client has heard so far, without waiting.
fn heard(peer: &mut local::gateway::Peer) -> Vec<String> {
    let frames = std::iter::from_fn(|| peer.try_next());
    frames.filter_map(|frame| if let Outbound::Text(text) = frame { Some(text) } else { None }).collect()
}

#[tokio::test(start_paused = true)]
async fn a_socket_hears_that_it_is_connected_before_anything_else() {
    // Who has to wait: whoever comes, sends, types, or does something over REST.
    for act in ["join", "send", "typing", "rest"] {
        let mut world = World::with_flowing_clock(&[]).await;
        world.join("bob").await;
        world.know(&["alice"]).await;
        let chat = world.chat("alice", "bob").await;
        let token = world.token("alice");
        let mut alice = world.cloud.gateway.connect(stock_request()).await.unwrap();
        world.quiet().await;
        heard(&mut alice);
        let reply = Rule::connections("PostToConnection").connection(alice.connection_id()).once();
        world.cloud.faults.inject(reply, Effect::Delayed(Duration::from_millis(500)));
        alice.send_text(format!("40{}", json!({"token": token}))).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        match act {
            "join" => world.join("carol").await,
            "send" => world.ask("bob", "send_message", json!({"chatId": chat, "content": "hello"})).await,
            "typing" => world.ask("bob", "typing_start", json!({"chatId": chat})).await,
            _ => world.rest("bob", "POST", &format!("/api/chat/{chat}/block"), Value::Null).await,
        };
        let heard = heard(&mut alice);
        assert!(heard[0].starts_with("40{"), "{act}: {heard:?}");
        assert!(heard[1].starts_with("42[\"connected\""), "{act}: {heard:?}");
        assert!(heard.len() > 3, "and what came meanwhile: {act}: {heard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_long_for_a_socket_that_is_never_told() {
    let mut world = World::with_flowing_clock(&[]).await;
    world.join("bob").await;
    world.join("alice").await;
    let chat = world.chat("alice", "bob").await;
    // The function that was to tell was killed before it noted that it had.
    let rows = json!({"TableName": "Users", "FilterExpression": "userId = :alice AND begins_with(entry, :socket)",
        "ExpressionAttributeValues": {":alice": {"S": "alice"}, ":socket": {"S": "socket#"}}});
    let (_, answer) = world.cloud.services.dynamodb.call("Scan", rows).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let mut row = answer["Items"][0].clone();
    row["ungreeted"] = json!({"BOOL": true});
    let (status, _) = world.cloud.services.dynamodb.call("PutItem", json!({"TableName": "Users", "Item": row})).await;
    assert_eq!(status, 200);
    let heard = world.ask("bob", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    assert!(heard.contains("alice hears 42[\"new_message\""), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn sockets_that_nobody_can_come_back_to_are_removed_by_their_users_next_one() {
    let mut world = World::new().await;
    world.join("bob").await;
    for _ in 0..5 {
        world.join("alice").await;
        world.close("alice").await;
    }
    assert_eq!(socket_rows(&world).await, 6, "they may be come back to");
    world.clock.advance(60_000);
    world.join("alice").await;
    assert_eq!(socket_rows(&world).await, 7, "they still may");
    world.clock.advance(70_000);
    world.join_as("alice2", "alice").await;
    assert_eq!(socket_rows(&world).await, 3, "bob and two of alice");
}

#[tokio::test(start_paused = true)]
async fn of_many_who_find_a_connection_gone_one_reports_it() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[("RateLimits", "off")]).await;
    let labels: Vec<String> = (0..20).map(|number| format!("user{number}")).collect();
    for label in &labels {
        world.join(label).await;
    }
    for label in &labels {
        world.close(label).await;
    }
    // Everybody is told of both.
    for label in ["carol", "dave"] {
        world.open(label).await;
    }
    let before = world.cloud.lambda.invocations("disconnect");
    let packet = |world: &World, user: &str| format!("40{}", json!({"token": world.token(user)}));
    let (carol, dave) = (packet(&world, "carol"), packet(&world, "dave"));
    world.send_all(&[("carol", carol), ("dave", dave)]).await;
    let invocations = world.cloud.lambda.invocations("disconnect") - before;
    assert_eq!(invocations, 20, "one for each connection");
}
