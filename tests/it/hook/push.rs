//! Push events: who is told of which message.

use local::faults::{Effect, Rule, RunEffect, RunRule, Service, Trigger};
use serde_json::{Value, json};
use world::World;

use super::{valid, write};

/// Alice and Bob, who know each other and are away, and their chat.
async fn away() -> (World, String) {
    away_with(&[]).await
}

async fn away_with(parameters: &[(&str, &str)]) -> (World, String) {
    let mut world = World::with(&[&[("PushTopic", "create")], parameters].concat()).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    world.followup().await;
    assert_eq!(world.cloud.services.published.take(), [], "a new chat is no message");
    (world, chat)
}

/// The events that were published since the last call.
async fn pushed(world: &mut World) -> Vec<Value> {
    world.followup().await;
    world.cloud.services.published.take().into_iter().map(|message| valid(message.body)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_recipient_who_is_away_is_told_with_this_event() {
    let (mut world, chat) = away().await;
    write(&mut world, &chat, "hello  Bob,\n\nare you there?").await;
    world.followup().await;
    let published = world.cloud.services.published.take();
    assert_eq!(published[0].target, "arn:aws:sns:us-east-1:000000000000:parlance-push");
    insta::assert_snapshot!(format!("{:#}", published[0].body).replace(&chat, "CHAT"), @r#"
    {
      "data": {
        "chatId": "CHAT",
        "collapseKey": "CHAT",
        "listingId": null,
        "messageId": "CHAT000000000001",
        "messageType": "text",
        "preview": "hello Bob, are you there?",
        "recipient": "bob",
        "sender": {
          "id": "alice",
          "name": "alice"
        },
        "unreadInChat": 1,
        "unreadTotal": 1
      },
      "id": "CHAT000000000001-bob",
      "timestamp": "2026-01-02T03:04:10.006Z",
      "type": "push.message"
    }
    "#);
    assert_eq!(published.len(), 1, "the sender is not told");
}

#[tokio::test(start_paused = true)]
async fn a_preview_is_as_long_as_the_parameter_says() {
    for (characters, preview) in [("5", json!("hello…")), ("0", Value::Null)] {
        let (mut world, chat) = away_with(&[("PushPreviewCharacters", characters)]).await;
        write(&mut world, &chat, "hello Bob").await;
        assert_eq!(pushed(&mut world).await[0]["data"]["preview"], preview);
    }
}

#[tokio::test(start_paused = true)]
async fn the_unread_total_counts_all_chats() {
    let (mut world, chat) = away().await;
    world.know(&["carol"]).await;
    let other = world.chat("alice", "carol").await;
    write(&mut world, &other, "to Carol").await;
    let own = world.chat("bob", "carol").await;
    world.rest("carol", "POST", "/api/message/send", json!({"chatId": own, "content": "from Carol"})).await;
    pushed(&mut world).await;
    write(&mut world, &chat, "one").await;
    write(&mut world, &chat, "two").await;
    let events = pushed(&mut world).await;
    let counts = |event: &Value| (event["data"]["unreadInChat"].clone(), event["data"]["unreadTotal"].clone());
    assert_eq!(events.iter().map(counts).collect::<Vec<_>>(), [(json!(2), json!(3)), (json!(2), json!(3))]);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_of_what_has_reached_them_or_is_gone() {
    // Bob has a socket.
    let (mut world, chat) = away().await;
    world.join("bob").await;
    write(&mut world, &chat, "there").await;
    assert_eq!(pushed(&mut world).await, [Value::Null; 0]);

    // Bob comes and fetches the message, or reads the chat.
    let (mut world, chat) = away().await;
    write(&mut world, &chat, "fetched").await;
    world.get("bob", &format!("/api/message/chat/{chat}")).await;
    assert_eq!(pushed(&mut world).await, [Value::Null; 0]);
    write(&mut world, &chat, "read").await;
    world.rest("bob", "POST", &format!("/api/message/chat/{chat}/mark-read"), Value::Null).await;
    assert_eq!(pushed(&mut world).await, [Value::Null; 0]);

    // The message is deleted, for everyone or for Bob, the chat is blocked, the chat is deleted.
    for (who, method, path) in [
        ("alice", "DELETE", format!("/api/message/{chat}000000000003")),
        ("bob", "POST", format!("/api/chat/{chat}/block")),
    ] {
        write(&mut world, &chat, "never mind").await;
        world.rest(who, method, &path, Value::Null).await;
        assert_eq!(pushed(&mut world).await, [Value::Null; 0], "{method} {path}");
    }
    world.rest("bob", "POST", &format!("/api/chat/{chat}/unblock"), Value::Null).await;
    write(&mut world, &chat, "the last").await;
    world.rest("bob", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    assert_eq!(pushed(&mut world).await, [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_recipient_who_was_lost_and_comes_back_to_the_message_is_not_told() {
    let (mut world, chat) = away().await;
    world.join("bob").await;
    world.close("bob").await;
    write(&mut world, &chat, "missed").await;
    let back = world.come_back("bob", "bob", "/").await;
    assert!(back.contains("missed"), "{back}");
    assert_eq!(pushed(&mut world).await, [Value::Null; 0]);
    world.close("bob").await;
    write(&mut world, &chat, "missed again").await;
    assert_eq!(pushed(&mut world).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_fails_or_comes_twice_is_told_again_with_the_same_id() {
    let (mut world, chat) = away().await;
    world.expect_errors();
    let requests = Rule::service(Service::Sns).first(3);
    world.cloud.faults.inject(requests, Effect::unavailable());
    write(&mut world, &chat, "hello").await;
    assert_eq!(pushed(&mut world).await.len(), 1);
    world.cloud.faults.inject_run(RunRule::function("followup").trigger(Trigger::Stream).once(), RunEffect::Twice);
    write(&mut world, &chat, "hello again").await;
    let events = pushed(&mut world).await;
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], events[1]);
    for request in 1..=5 {
        let kill = RunRule::function("followup").trigger(Trigger::Stream).once();
        world.cloud.faults.clear();
        world.cloud.faults.inject_run(kill, RunEffect::KilledAfter(request));
        write(&mut world, &chat, "and again").await;
        assert!((1..=2).contains(&pushed(&mut world).await.len()), "killed after request {request}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_is_not_kept_is_noticed() {
    let (mut world, chat) = away().await;
    write(&mut world, &chat, "hello").await;
    let mut event = pushed(&mut world).await.remove(0);
    event["data"]["further"] = json!(1);
    assert!(std::panic::catch_unwind(|| valid(event)).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_topic_of_ones_own_is_published_to() {
    let topic = "arn:aws:sns:us-east-1:123456789012:mine";
    let mut world = World::with(&[("PushTopic", topic)]).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    write(&mut world, &chat, "hello").await;
    world.followup().await;
    let targets: Vec<String> = world.cloud.services.published.take().into_iter().map(|one| one.target).collect();
    assert_eq!(targets, [topic]);
}
