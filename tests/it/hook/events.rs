//! The events themselves.

use local::faults::{RunEffect, RunRule, Trigger};
use serde_json::{Value, json};
use world::World;

use super::{WEBHOOKS, sent, valid, world, write};

#[tokio::test(start_paused = true)]
async fn every_act_in_a_chat_is_an_event_with_the_next_position() {
    let mut world = World::with(&WEBHOOKS).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    write(&mut world, &chat, "hello").await;
    let mark = format!("/api/message/chat/{chat}/mark-read");
    world.rest("bob", "POST", &mark, Value::Null).await;
    for act in ["block", "unblock"] {
        world.rest("bob", "POST", &format!("/api/chat/{chat}/{act}"), Value::Null).await;
    }
    world.rest("alice", "DELETE", &format!("/api/message/{chat}000000000001"), Value::Null).await;
    world.rest("bob", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    world.followup().await;
    let kinds = [
        "chat.created",
        "message.created",
        "message.read",
        "chat.blocked",
        "chat.unblocked",
        "message.deleted",
        "chat.deleted",
    ];
    let expected: Vec<(String, u64)> = kinds.into_iter().map(str::to_owned).zip(1..).collect();
    assert_eq!(sent(&world), expected);
}

#[tokio::test(start_paused = true)]
async fn an_event_has_this_form() {
    let (mut world, chat) = world().await;
    write(&mut world, &chat, "hello \"Bob\"").await;
    world.rest("bob", "POST", &format!("/api/message/chat/{chat}/mark-read"), Value::Null).await;
    world.followup().await;
    let posts = world.receiver.take();
    assert_eq!(
        posts.iter().map(|post| post.id.clone()).collect::<Vec<_>>(),
        [format!("{chat}-2"), format!("{chat}-3")]
    );
    assert!(posts.iter().all(|post| post.event()["id"] == post.id));
    let shown: Vec<String> = posts.iter().map(|post| format!("{:#}", post.event()).replace(&chat, "CHAT")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    {
      "data": {
        "chatId": "CHAT",
        "message": {
          "createdAt": "2026-01-02T03:04:10.006Z",
          "deletedAt": null,
          "id": "CHAT000000000001",
          "media": [],
          "messageType": "text",
          "replyTo": null,
          "sender": "alice",
          "text": "hello \"Bob\""
        },
        "participants": [
          "alice",
          "bob"
        ],
        "position": 2
      },
      "id": "CHAT-2",
      "timestamp": "2026-01-02T03:04:10.006Z",
      "type": "message.created"
    }
    {
      "data": {
        "by": "bob",
        "chatId": "CHAT",
        "count": 1,
        "participants": [
          "alice",
          "bob"
        ],
        "position": 3,
        "upTo": "CHAT000000000001"
      },
      "id": "CHAT-3",
      "timestamp": "2026-01-02T03:04:10.006Z",
      "type": "message.read"
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_message_with_characters_that_sqs_refuses_is_sent_unchanged() {
    let (mut world, chat) = world().await;
    let text = "\u{0}\u{1b}\u{7f}\u{fffe}\u{ffff}\u{1ffff} \u{10ffff}\u{2028}\\ufffe";
    write(&mut world, &chat, text).await;
    world.followup().await;
    let posts = world.receiver.take();
    assert_eq!(posts[0].event()["data"]["message"]["text"], text);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_deleted_meanwhile_is_announced_without_its_text() {
    let (mut world, chat) = world().await;
    write(&mut world, &chat, "a mistake").await;
    world.rest("alice", "DELETE", &format!("/api/message/{chat}000000000001"), Value::Null).await;
    world.followup().await;
    let posts = world.receiver.take();
    assert!(posts.iter().all(|post| !post.body.contains("mistake")), "{posts:?}");
    let created = valid(posts[0].event());
    assert_eq!((&created["type"], &created["data"]["message"]["text"]), (&json!("message.created"), &Value::Null));
    assert!(created["data"]["message"]["deletedAt"].is_string(), "{created}");
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_chat_that_was_deleted_meanwhile_has_only_its_id() {
    let (mut world, chat) = world().await;
    write(&mut world, &chat, "soon gone").await;
    world.rest("alice", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    for _ in 0..3 {
        world.heartbeat().await;
    }
    world.followup().await;
    let posts = world.receiver.take();
    let event = valid(posts[0].event());
    assert_eq!(&event["data"]["message"], &json!({"id": format!("{chat}000000000001"), "erased": true}));
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_records_that_comes_twice_makes_events_with_the_same_ids() {
    let (mut world, chat) = world().await;
    world.cloud.faults.inject_run(RunRule::function("followup").trigger(Trigger::Stream).once(), RunEffect::Twice);
    write(&mut world, &chat, "hello").await;
    world.followup().await;
    world.followup().await;
    let posts = world.receiver.take();
    assert_eq!(posts.len(), 2, "{posts:?}");
    assert_eq!((&posts[0].id, &posts[0].body), (&posts[1].id, &posts[1].body));
}

/// Killed before, and after, each of its requests.
#[tokio::test(start_paused = true)]
async fn an_event_is_sent_although_followup_was_killed_between_two_requests() {
    for request in 1..=4 {
        for effect in [RunEffect::KilledBefore(request), RunEffect::KilledAfter(request)] {
            let (mut world, chat) = world().await;
            world.cloud.faults.inject_run(RunRule::function("followup").trigger(Trigger::Stream).once(), effect);
            write(&mut world, &chat, "hello").await;
            world.followup().await;
            let sent = sent(&world);
            assert!(sent.contains(&("message.created".to_owned(), 2)), "{effect}: {sent:?}");
            assert!(sent.len() <= 2, "{effect}: {sent:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_hooks_nobody_hears_of_anything_and_nothing_is_asked_for() {
    let mut world = World::new().await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    write(&mut world, &chat, "hello").await;
    world.spent();
    world.followup().await;
    let (meter, _) = world.spent();
    assert!(meter.requests.is_empty(), "{meter:?}");
    assert_eq!(world.receiver.take(), []);
    assert!(!world.cloud.template.functions.contains_key("webhook"));
}
