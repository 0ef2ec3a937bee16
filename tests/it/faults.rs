//! What goes wrong in a cloud: events that come twice, peers that are gone, posts that are not taken, ends that nobody
//! is told of.

use insta::assert_snapshot;
use local::gateway::DisconnectFault;
use serde_json::{Value, json};
use world::World;

use crate::worlds::connect_alice_and_bob;

async fn contents(world: &World, chat: &str) -> Vec<(u64, String)> {
    let (_, page) = world.request("alice", "GET", &format!("/api/message/chat/{chat}?limit=100"), "").await;
    let messages = page["data"]["messages"].as_array().unwrap().iter();
    let one = |message: &Value| (message["seq"].as_u64().unwrap(), message["content"].as_str().unwrap().to_owned());
    messages.map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_comes_twice_stores_one_message() {
    let mut world = World::new().await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.cloud.lambda.double();
    for text in ["one", "two"] {
        world.ask("alice", "send_message", json!({"chatId": chat, "content": text})).await;
    }
    assert_eq!(contents(&world, &chat).await, [(1, "one".to_owned()), (2, "two".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn invocations_that_come_twice_join_leave_and_mark_once() {
    let mut world = World::new().await;
    world.cloud.lambda.double();
    let chat = connect_alice_and_bob(&mut world).await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "one"})).await;
    let heard = world.ask("bob", "mark_messages_read", json!({"chatId": chat})).await;
    assert_eq!(heard.matches("messages_read_by_other").count(), 1, "{heard}");
    let heard = world.close("bob").await;
    assert_eq!(heard.matches("user_offline").count(), 1, "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_gone_is_found_by_the_first_post_and_buried() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    assert_eq!(world.close("bob").await, "", "nobody is told that bob went");
    let heard = world.ask("alice", "send_message", json!({"chatId": chat, "content": "anybody?"})).await;
    assert!(heard.contains("user_offline") && !heard.contains("message_delivered"), "{heard}");
    assert!(!world.get("alice", "/api/socket/health").await.contains("\"connected\":2"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_gone_is_found_by_the_heartbeat() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[]).await;
    connect_alice_and_bob(&mut world).await;
    world.close("bob").await;
    let mut heard = String::new();
    for _ in 0..5 {
        heard += &world.minute().await;
    }
    assert_eq!(heard.matches("user_offline").count(), 1, "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_doubled_disconnect_counts_once() {
    let mut world = World::with_disconnects(DisconnectFault::Doubled, &[]).await;
    world.join("alice").await;
    world.join("bob").await;
    world.join_as("bob2", "bob").await;
    assert_eq!(world.close("bob2").await, "", "bob is still here");
    let heard = world.close("bob").await;
    assert_eq!(heard.matches("user_offline").count(), 1, "{heard}");
    let heard = world.join("bob").await;
    assert_eq!(heard.matches("user_online").count(), 1, "{heard}");
}

#[tokio::test(start_paused = true)]
async fn messages_sent_at_once_from_both_sides_are_all_stored_without_gaps() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    let mut frames = Vec::new();
    for number in 0..40 {
        let text = format!("{number}");
        let who = if number % 2 == 0 { "alice" } else { "bob" };
        frames.push((who, format!("42{number}{}", json!(["send_message", {"chatId": chat, "content": text}]))));
    }
    let heard = world.send_all(&frames).await;
    let acked = (0..40).filter(|number| heard.contains(&format!(" hears 43{number}["))).count();
    assert_eq!(acked, 40, "{heard}");
    let (_, page) = world.request("alice", "GET", &format!("/api/message/chat/{chat}?afterSeq=0&limit=100"), "").await;
    let messages = page["data"]["messages"].as_array().unwrap();
    let numbers: Vec<u64> = messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<u64>>());
    let mut contents: Vec<u64> =
        messages.iter().map(|message| message["content"].as_str().unwrap().parse().unwrap()).collect();
    contents.sort_unstable();
    assert_eq!(contents, (0..40).collect::<Vec<u64>>());
    assert_snapshot!(world.get("bob", "/api/message/unread-count").await, @r#"bob gets 200 {"data":{"unreadCount":20},"message":"Unread messages","success":true}"#);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_takes_nothing_more_is_closed_so_that_its_client_comes_back() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    let text = "x".repeat(4_000);
    let mut heard = String::new();
    for _ in 0..400 {
        heard += &world.ask_unheard("bob", "alice", "send_message", json!({"chatId": chat, "content": text})).await;
    }
    assert!(world.is_closed("bob"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_down_is_an_error_and_nothing_is_stored() {
    let mut world = World::new().await;
    let chat = connect_alice_and_bob(&mut world).await;
    let message = json!({"chatId": chat, "content": "lost?"});
    world.cloud.services.dynamodb.set_down(true);
    let heard = world.ask("alice", "send_message", message.clone()).await;
    assert!(heard.starts_with("alice hears 430[{\"error\":{\"code\":\"INTERNAL_ERROR\""), "{heard}");
    assert_eq!(heard.lines().count(), 1, "{heard}");
    let heard = world.emit("alice", "mark_messages_read", message.clone()).await;
    assert!(heard.starts_with("alice hears 42[\"error\",{\"code\":\"INTERNAL_ERROR\""), "{heard}");
    let (status, said) = world.request("alice", "POST", "/api/message/send", &message.to_string()).await;
    assert_eq!((status, &said["error"]["code"]), (500, &json!("INTERNAL_ERROR")));
    assert!(!said.to_string().contains("down"), "the cause stays inside: {said}");
    world.cloud.services.dynamodb.set_down(false);
    assert!(contents(&world, &chat).await.is_empty());
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "there"})).await;
    assert_eq!(contents(&world, &chat).await, [(1, "there".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_joins_while_the_database_is_down_is_closed_and_comes_back_by_itself() {
    let mut world = World::new().await;
    world.open("alice").await;
    world.cloud.services.dynamodb.set_down(true);
    let token = world.token("alice");
    let heard = world.send("alice", &format!("40{}", json!({"token": token}))).await;
    assert_eq!(
        heard, "alice is closed: 1000 Connection Closed Normally\n",
        "a refusal would keep the stock client away"
    );
    world.cloud.services.dynamodb.set_down(false);
    world.lose("alice");
    assert!(world.join("alice").await.starts_with("alice hears 40{\"sid\""));
}
