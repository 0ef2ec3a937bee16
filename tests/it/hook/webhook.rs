//! Webhooks: how they are sent, and what happens when the receiver does not accept them.

use std::time::Duration;

use chat::hook::signature::WebhookSecrets;
use chat::hook::webhook::ATTEMPTS_MAX;
use local::faults::{Effect, Rule, RunEffect, RunRule, Service, Trigger};
use relay::cached::KEPT_MILLIS;
use relay::clock::Timestamp;
use world::World;
use world::receiver::Reply;

use super::{WEBHOOKS, world, write};

/// The queues of template.yaml.
const WAITING: &str = "WebhookEvents";
const FAILURES: &str = "WebhookFailures";

/// Longer than the longest wait, with what chance adds. Nine of them are shorter than the queue keeps a message.
const LONGEST_WAIT: Duration = Duration::from_secs(12 * 3_600 + 1);

#[tokio::test(start_paused = true)]
async fn a_webhook_is_signed_for_its_time_and_its_body() {
    let (mut world, chat) = world().await;
    write(&mut world, &chat, "hello").await;
    world.followup().await;
    let posts = world.receiver.take();
    let [post] = posts.as_slice() else { panic!("{posts:?}") };
    assert_eq!(post.url, WEBHOOKS[0].1);
    let at = Timestamp::from_millis(post.timestamp.parse::<i64>().unwrap() * 1_000);
    assert_eq!(at.seconds(), world.clock.now().seconds());
    let secrets = WebhookSecrets::parse(WEBHOOKS[1].1).unwrap();
    assert_eq!(post.signature, secrets.sign(&post.id, at, &post.body));
    assert!(world.cloud.services.queues.bodies(WAITING).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_signs_is_replaced_without_a_deployment() {
    const NEXT: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let (mut world, chat) = world().await;
    let arn = world.cloud.template.secrets["WebhookSigning"].arn.clone();
    world.cloud.services.secrets.put(&arn, NEXT);
    let mut signed_by_next = Vec::new();
    for text in ["at once", "later"] {
        write(&mut world, &chat, text).await;
        world.followup().await;
        let post = world.receiver.take().remove(0);
        let at = Timestamp::from_millis(post.timestamp.parse::<i64>().unwrap() * 1_000);
        signed_by_next.push(post.signature == WebhookSecrets::parse(NEXT).unwrap().sign(&post.id, at, &post.body));
        world.clock.advance(KEPT_MILLIS);
    }
    assert_eq!(signed_by_next, [false, true]);
}

#[tokio::test(start_paused = true)]
async fn what_signs_and_cannot_be_read_again_stays_in_use() {
    let mut world = World::with(&WEBHOOKS).await;
    world.expect_errors();
    world.know(&["alice", "bob"]).await;
    let arn = world.cloud.template.secrets["WebhookSigning"].arn.clone();
    world.cloud.services.secrets.put(&arn, "no secret");
    world.clock.advance(KEPT_MILLIS);
    // What was read before stays in use, as keys of tokens do.
    let chat = world.chat("alice", "bob").await;
    world.followup().await;
    assert_eq!(world.receiver.take().len(), 1);
    write(&mut world, &chat, "still signed").await;
    world.followup().await;
    assert_eq!(world.receiver.take().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_accepted_comes_again_with_the_same_id_after_growing_waits() {
    for reply in [Reply::Status(500), Reply::Status(404), Reply::Status(302), Reply::Nothing, Reply::Refused] {
        let (mut world, chat) = world().await;
        world.receiver.reply(&[reply, reply]);
        write(&mut world, &chat, "hello").await;
        world.followup().await;
        let first = world.receiver.take();
        assert_eq!(first.len(), 1, "{reply:?}");
        // Five seconds, and then five minutes, with up to a quarter by chance each.
        for (seconds, posts) in [(4, 0), (3, 1), (299, 0), (77, 1), (100_000, 0)] {
            world.later(Duration::from_secs(seconds)).await;
            world.followup().await;
            let again = world.receiver.take();
            assert_eq!(again.len(), posts, "{reply:?} after {seconds} s");
            assert!(again.iter().all(|post| (&post.id, &post.body) == (&first[0].id, &first[0].body)));
        }
        assert!(world.cloud.services.queues.bodies(WAITING).is_empty());
        assert!(world.cloud.services.queues.bodies(FAILURES).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_stays_down_leaves_the_event_in_the_queue_of_failures() {
    let (mut world, chat) = world().await;
    world.expect_errors();
    let redrive = world.cloud.template.queues[WAITING].redrive.clone().unwrap();
    assert_eq!(usize::try_from(redrive.receives_max).unwrap(), ATTEMPTS_MAX);
    world.receiver.reply(&[Reply::Status(503); 20]);
    write(&mut world, &chat, "hello").await;
    world.followup().await;
    let mut posts = world.receiver.take();
    // After the last attempt the queue hands the message out once more, if nobody hides it.
    for wait in [[LONGEST_WAIT; 9].as_slice(), &[Duration::from_secs(181); 3]].concat() {
        world.later(wait).await;
        world.followup().await;
        posts.extend(world.receiver.take());
    }
    assert_eq!(posts.len(), ATTEMPTS_MAX);
    assert!(world.cloud.services.queues.bodies(WAITING).is_empty());
    assert_eq!(world.cloud.services.queues.bodies(FAILURES), [posts[0].body.clone()]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_gone_is_asked_once_and_the_event_is_put_aside() {
    let (mut world, chat) = world().await;
    world.expect_errors();
    world.receiver.reply(&[Reply::Status(410)]);
    write(&mut world, &chat, "hello").await;
    world.followup().await;
    world.later(LONGEST_WAIT).await;
    world.followup().await;
    let posts = world.receiver.take();
    assert_eq!(posts.len(), 1);
    assert!(world.cloud.services.queues.bodies(WAITING).is_empty());
    assert_eq!(world.cloud.services.queues.bodies(FAILURES), [posts[0].body.clone()]);
}

#[tokio::test(start_paused = true)]
async fn one_event_that_is_not_accepted_holds_up_no_other() {
    let (mut world, chat) = world().await;
    world.receiver.reply(&[Reply::Nothing]);
    for number in 0..3 {
        write(&mut world, &chat, &format!("message {number}")).await;
    }
    world.followup().await;
    assert_eq!(world.receiver.take().len(), 3);
    world.later(Duration::from_secs(7)).await;
    world.followup().await;
    let again = world.receiver.take();
    assert_eq!(again.len(), 1, "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn an_event_survives_a_sender_that_is_killed_and_queues_that_fail() {
    let killed = |effect| (None, Some(effect));
    let refused = |rule, effect| (Some((rule, effect)), None);
    for (request, run) in [
        killed(RunEffect::TimedOut),
        killed(RunEffect::Twice),
        killed(RunEffect::Throttled),
        refused(Rule::service(Service::Sqs).operation("SendMessageBatch").first(4), Effect::unavailable()),
        refused(Rule::service(Service::Sqs).operation("SendMessageBatch").once(), Effect::AnswerLost),
        refused(Rule::service(Service::Sqs).operation("ChangeMessageVisibility"), Effect::unavailable()),
    ] {
        let (mut world, chat) = world().await;
        world.expect_errors();
        if let Some((rule, effect)) = request {
            world.cloud.faults.inject(rule, effect);
            world.receiver.reply(&[Reply::Status(500)]);
        }
        if let Some(effect) = run {
            world.cloud.faults.inject_run(RunRule::function("webhook").trigger(Trigger::Queue).once(), effect);
        }
        write(&mut world, &chat, "hello").await;
        world.followup().await;
        // The queue hands out again what nobody has hidden for longer.
        world.later(Duration::from_secs(181)).await;
        world.followup().await;
        let posts = world.receiver.take();
        assert!((1..=3).contains(&posts.len()), "{posts:?}");
        assert!(world.cloud.services.queues.bodies(WAITING).is_empty(), "{:?}", world.cloud.faults.injected());
    }
}
