//! What is cleared away each minute: overdue connections, and what deleted chats left. And that one failure is nobody
//! else's.

use std::sync::Arc;
use std::time::Duration;

use local::gateway::DisconnectFault;
use serde_json::{Value, json};
use world::World;

/// The chats that are still to be erased.
async fn to_erase(world: &World) -> usize {
    world.rows("Chats").await.iter().filter(|chat| chat.get("erasing").is_some()).count()
}

/// Makes a chat with two messages, and deletes it.
async fn delete_chat(world: &mut World, one: &str, other: &str) -> String {
    let chat = world.chat(one, other).await;
    for text in ["one", "two"] {
        world.rest(one, "POST", "/api/message/send", json!({"chatId": chat, "content": text})).await;
    }
    world.rest(one, "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    chat
}

#[tokio::test(start_paused = true)]
async fn what_a_deleted_chat_left_is_erased() {
    let mut world = World::new().await;
    world.know(&["alice", "bob"]).await;
    let chat = delete_chat(&mut world, "alice", "bob").await;
    assert_eq!((world.rows("Messages").await.len(), to_erase(&world).await), (2, 1));
    world.minute().await;
    world.minute().await;
    assert_eq!((world.rows("Messages").await.len(), to_erase(&world).await), (0, 0));
    // Made anew, it counts on from where it was, and that is not erased.
    world.chat("alice", "bob").await;
    world.rest("alice", "POST", "/api/message/send", json!({"chatId": chat, "content": "three"})).await;
    world.minute().await;
    world.minute().await;
    let messages = world.rows("Messages").await;
    assert_eq!((messages.len(), &messages[0]["seq"]["N"], to_erase(&world).await), (1, &json!("3"), 0));
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_cannot_be_erased_keeps_no_other_from_it() {
    let mut world = World::new().await;
    world.know(&["alice", "bob"]).await;
    delete_chat(&mut world, "alice", "bob").await;
    // As many as one run takes, and they sort before it.
    for number in 0..100 {
        let broken = json!({"chatId": {"S": format!("{number:024x}")}, "erasing": {"S": "1"}});
        let (status, _) =
            world.cloud.services.dynamodb.call("PutItem", json!({"TableName": "Chats", "Item": broken})).await;
        assert_eq!(status, 200);
    }
    world.expect_errors();
    for _ in 0..4 {
        world.minute().await;
    }
    assert_eq!((world.rows("Messages").await.len(), to_erase(&world).await), (0, 100));
    assert_eq!(world.cloud.lambda.failures(), 4, "each run says that it failed");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_read_keeps_no_connection_from_being_closed_or_pinged() {
    let mut world = World::with(&[("PingIntervalMinutes", "1")]).await;
    for label in ["alice", "bob", "carol"] {
        world.open(label).await;
    }
    world.join("dora").await;
    for slot in ["-1", "0"] {
        let broken =
            json!({"connectionId": {"S": "a"}, "namespace": {"S": slot}, "slot": {"N": slot}, "openedAt": {"S": "?"}});
        let request = json!({"TableName": "Connections", "Item": broken});
        let (status, answer) = world.cloud.services.dynamodb.call("PutItem", request).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    }
    world.expect_errors();
    let heard = world.minute().await;
    assert_eq!(heard.matches("is closed").count(), 3, "{heard}");
    assert!(heard.contains("dora hears 2\n"), "{heard}");
    assert_eq!(world.cloud.lambda.failures(), 2, "both say that they failed");
}

/// Brings the database up again as soon as an invocation has failed, or else after a minute.
fn up_after_a_failure(world: &World) -> impl Future<Output = ()> + use<> {
    let (lambda, services) = (Arc::clone(&world.cloud.lambda), Arc::clone(&world.cloud.services));
    async move {
        for _ in 0..6_000 {
            if lambda.failures() > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        services.dynamodb.set_down(false);
    }
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_that_meets_a_database_that_is_down_is_tried_again() {
    let mut world = World::new().await;
    world.join("alice").await;
    world.join("bob").await;
    world.cloud.services.dynamodb.set_down(true);
    let up = up_after_a_failure(&world);
    let (heard, ()) = tokio::join!(world.close("bob"), up);
    assert_eq!(heard.matches("user_offline").count(), 1, "{heard}");
    let online = world.ask("alice", "get_online_users", json!({})).await;
    assert!(online.contains("[\"alice\"]"), "{online}");
    assert!(world.get("alice", "/api/socket/health").await.contains("\"connected\":1"));
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_packet_that_meets_a_database_that_is_down_is_tried_again() {
    for isolation in ["inline", "separate"] {
        let mut world = World::with(&[("HandlerIsolation", isolation)]).await;
        world.join("alice").await;
        world.join("bob").await;
        world.cloud.services.dynamodb.set_down(true);
        let up = up_after_a_failure(&world);
        let (heard, ()) = tokio::join!(world.send("bob", "41"), up);
        assert_eq!(heard.matches("user_offline").count(), 1, "{isolation}: {heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_found_gone_while_the_database_is_down_is_ended_in_the_end() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[]).await;
    world.join("alice").await;
    world.join("bob").await;
    world.close("bob").await;
    let disconnect = world.cloud.template.functions["disconnect"].name.clone();
    let connection =
        world.rows("Connections").await.into_iter().map(|row| row["connectionId"]["S"].as_str().unwrap().to_owned());
    let alice = world.connection_id("alice");
    let bob = connection.into_iter().find(|id| *id != alice).unwrap();
    let gone = relay::invoke::gone_event(&chat::domain::id::ConnectionId::parse(&bob).unwrap());
    world.cloud.services.dynamodb.set_down(true);
    let up = up_after_a_failure(&world);
    world.cloud.lambda.invoke_later(&disconnect, &gone).unwrap();
    let (heard, ()) = tokio::join!(world.send_all(&[]), up);
    assert_eq!(heard.matches("user_offline").count(), 1, "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_fails_with_one_connection_pings_the_others() {
    let mut world = World::with(&[("PingIntervalMinutes", "1")]).await;
    for label in ["alice", "bob", "carol"] {
        let claims = json!({"sub": label, "exp": world.clock.now().seconds() + 30});
        world.join_with(label, &local::token::sign(&claims).unwrap()).await;
    }
    let bob = world.connection_id("bob");
    let broken = json!({
        "TableName": "Connections",
        "Key": {"connectionId": {"S": bob}, "namespace": {"S": "/"}},
        "UpdateExpression": "REMOVE userId",
    });
    let (status, _) = world.cloud.services.dynamodb.call("UpdateItem", broken).await;
    assert_eq!(status, 200);
    world.expect_errors();
    let heard = world.minute().await;
    for label in ["alice", "bob", "carol"] {
        assert!(heard.contains(&format!("{label} hears 2\n")), "{heard}");
    }
    for label in ["alice", "carol"] {
        assert!(heard.contains(&format!("{label} is closed: 1000")), "{heard}");
    }
    assert!(world.cloud.lambda.failures() > 0, "the heartbeat, and whatever meets the broken row later");
}
