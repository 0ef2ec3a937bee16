//! Every write of a scene meets faults that no client must notice: it is done and its answer is lost, so that the SDK's
//! second attempt meets the first; or it is refused, because a transaction is just writing the same row or there are
//! too many requests.
//!
//! A scene is played once without faults. Then it is played once for each write that it made, which loses its answer,
//! and once for each other fault, which all writes meet. Everybody must hear the same.

use std::collections::{BTreeMap, BTreeSet};

use local::connector::Way;
use local::faults::{Effect, Rule, RunEffect, RunRule};
use local::gateway::DisconnectFault;
use serde_json::json;
use world::World;

/// The operations that write.
const WRITES: [&str; 4] = ["DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"];

/// A scene, what its people hear of it while nothing goes wrong, and how often it writes.
struct Play<M, S> {
    make: M,
    scene: S,
    expected: BTreeMap<String, usize>,
    writes: Vec<(&'static str, u64)>,
    complaints: Vec<String>,
}

impl<M: AsyncFn() -> World, S: AsyncFn(&mut World) -> String> Play<M, S> {
    async fn new(make: M, scene: S) -> Self {
        let mut world = make().await;
        // The same way as with faults, so that the same requests are made.
        world.cloud.services.set_way(Way::Sdk);
        world.spent();
        let expected = by_ear(&scene(&mut world).await);
        let requests = world.spent().0.requests;
        let writes = WRITES.map(|operation| (operation, requests.get(operation).copied().unwrap_or_default()));
        assert!(writes.iter().map(|(_, count)| count).sum::<u64>() > 10, "{writes:?}");
        Self { make, scene, expected, writes: writes.into(), complaints: Vec::new() }
    }

    /// Plays the scene with faults.
    async fn with(&mut self, faults: Vec<(Rule, Effect)>) {
        let mut world = (self.make)().await;
        for (rule, effect) in faults {
            world.cloud.faults.inject(rule, effect);
        }
        let heard = by_ear(&(self.scene)(&mut world).await);
        let injected = world.cloud.faults.injected();
        assert!(!injected.is_empty());
        if heard != self.expected {
            let injected = injected.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("; ");
            self.complaints.push(format!("{injected}:\n{}", difference(&self.expected, &heard)));
        }
    }

    /// Plays the scene once for each of its writes, whose answer never comes. Until it is tried again there is time for
    /// others to write.
    async fn each_answer_lost(&mut self) {
        let stride = stride();
        for (operation, count) in self.writes.clone() {
            for nth in (1..=count).step_by(stride) {
                self.with(vec![(Rule::dynamodb(operation).nth(nth), Effect::NoAnswer { done: true })]).await;
            }
        }
    }

    /// Plays the scene so that this happens to the first attempt of every write; `of_transactions` to transactions.
    async fn all_at_once(&mut self, effect: Effect, of_transactions: Effect) {
        let mut faults = Vec::new();
        for (operation, count) in self.writes.clone() {
            let effect = if operation == "TransactWriteItems" { &of_transactions } else { &effect };
            // The even ones are the second attempts.
            faults.extend((0..2 * count).map(|write| (Rule::dynamodb(operation).nth(2 * write + 1), effect.clone())));
        }
        self.with(faults).await;
    }

    fn applause(self) {
        assert!(self.complaints.is_empty(), "{}:\n{}", self.complaints.len(), self.complaints.join("\n"));
    }
}

/// Of the writes of a scene every one is tried in one configuration, and every fourth in each other one.
fn stride() -> usize {
    let is = |name: &str, usual: &str| std::env::var(name).map_or(true, |value| value == usual);
    if is("PARLANCE_ISOLATION", "separate") && is("PARLANCE_GATEWAY_MODE", "serial") { 1 } else { 4 }
}

async fn every_write_meets_its_faults(make: impl AsyncFn() -> World, scene: impl AsyncFn(&mut World) -> String) {
    let mut play = Play::new(make, scene).await;
    play.each_answer_lost().await;
    play.all_at_once(Effect::transaction_conflict(), Effect::canceled_by_conflict(0)).await;
    play.all_at_once(Effect::throttled(), Effect::canceled_by_throttling(1)).await;
    play.applause();
}

/// Who heard what how often. A write that is tried again takes a second, in which others hear something else first.
fn by_ear(transcript: &str) -> BTreeMap<String, usize> {
    let mut heard = BTreeMap::new();
    for line in transcript.lines() {
        *heard.entry(line.to_owned()).or_default() += 1;
    }
    heard
}

fn difference(expected: &BTreeMap<String, usize>, heard: &BTreeMap<String, usize>) -> String {
    let lines = expected.keys().chain(heard.keys()).collect::<BTreeSet<_>>();
    let count = |heard: &BTreeMap<String, usize>, line| heard.get(line).copied().unwrap_or_default();
    let differs = lines.into_iter().filter(|line| count(expected, *line) != count(heard, *line));
    let told = differs.map(|line| format!("  {} instead of {}: {line}", count(heard, line), count(expected, line)));
    told.collect::<Vec<_>>().join("\n")
}

/// Waits until whatever was tried again is heard.
async fn rest(world: &mut World) -> String {
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    world.send_all(&[]).await
}

/// The chat of two people. What is heard of its beginning is left out, now and later.
async fn chat_of(world: &mut World, one: &str, other: &str, heard: &mut String) -> String {
    heard.push_str(&rest(world).await);
    let chat = world.chat(one, other).await;
    rest(world).await;
    chat
}

/// Offers a polling client a WebSocket.
async fn offered(world: &mut World, polling: &str, websocket: &str) -> String {
    match world.offer_websocket(polling, websocket).await {
        Ok(()) => rest(world).await,
        Err(status) => panic!("{polling} is refused a WebSocket with {status}: {:?}", world.cloud.faults.injected()),
    }
}

/// Who is here, and who is not any more.
async fn presence(world: &mut World) -> String {
    rest(world).await + &world.get("alice", "/api/socket/health").await
}

async fn without_limits() -> World {
    World::with(&[("RateLimits", "off")]).await
}

#[tokio::test(start_paused = true)]
async fn polling_and_moving_to_a_websocket() {
    every_write_meets_its_faults(without_limits, async |world| {
        let mut heard = world.join("alice").await;
        heard += &world.poll_join("bob").await;
        let chat = chat_of(world, "alice", "bob", &mut heard).await;
        let typing = json!({"chatId": chat});
        heard += &world.emit("alice", "typing_start", typing.clone()).await;
        heard += &world.emit("bob", "typing_start", typing.clone()).await;
        heard += &world.ask("bob", "ping", json!({})).await;
        heard += &world.also_join("bob", "bob", "/workspace").await;
        heard += &rest(world).await;
        heard += &offered(world, "bob", "probe").await;
        heard += &world.send("probe", "2probe").await;
        heard += &rest(world).await;
        world.pause("bob").await;
        heard += &world.emit("alice", "typing_stop", typing.clone()).await;
        heard += &world.join_as("carol", "carol").await;
        heard += &rest(world).await;
        heard += &world.finish_move("bob", "probe").await;
        heard += &rest(world).await;
        heard += &world.emit("alice", "typing_start", typing.clone()).await;
        heard += &world.emit("bob", "typing_stop", typing.clone()).await;
        heard += &world.ask("bob", "ping", json!({})).await;
        heard += &presence(world).await;
        heard += &world.close("bob").await;
        heard + &presence(world).await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn polling_that_ends() {
    every_write_meets_its_faults(without_limits, async |world| {
        let mut heard = world.join("alice").await;
        for user in ["bob", "carol"] {
            heard += &world.poll_join(user).await;
            heard += &rest(world).await;
        }
        // One that never proves to work, and one that does and is given up.
        heard += &offered(world, "carol", "first").await;
        heard += &world.close("first").await;
        heard += &offered(world, "carol", "second").await;
        heard += &world.send("second", "2probe").await;
        heard += &rest(world).await;
        heard += &world.close("second").await;
        heard += &world.ask("carol", "ping", json!({})).await;
        heard += &rest(world).await;
        // By its client, and by us because it breaks the protocol.
        heard += &world.close("bob").await;
        heard += &rest(world).await;
        heard += &world.send("carol", "junk").await;
        heard + &presence(world).await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn statuses_rooms_and_what_services_put() {
    every_write_meets_its_faults(without_limits, async |world| {
        let mut heard = world.join_namespace("alice", "alice", "/workspace").await;
        heard += &world.join_namespace("bob", "bob", "/workspace").await;
        let chat = chat_of(world, "alice", "bob", &mut heard).await;
        for status in ["away", "busy", "busy", "offline", "online", "offline"] {
            heard += &world.ask("alice", "user:status", json!(status)).await;
        }
        heard += &world.join_namespace("seller", "alice", "/marketplace").await;
        heard += &world.ask("seller", "online", json!({})).await;
        heard += &world.ask("seller", "join-chat", json!({"chatId": chat})).await;
        heard += &world.ask("seller", "leave-chat", json!({"chatId": chat})).await;
        let profile = json!({"name": "Alice", "email": "alice@example.org"});
        heard += &world.as_service("PUT", "/marketplace/api/users/alice", profile).await;
        let listing = json!({"title": "A cat"});
        heard += &world.rest("alice", "PUT", "/marketplace/api/listings/cat", listing).await;
        heard += &world.close("seller").await;
        heard += &world.send("alice", "41/workspace,").await;
        heard + &presence(world).await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn binary_packets_and_questions() {
    let echoed = async || World::with_application(echo::events, &[("RateLimits", "off")]).await;
    every_write_meets_its_faults(echoed, async |world| {
        let mut heard = world.open("alice").await;
        heard += &world.send("alice", "40").await;
        heard += &world.send("alice", "40/custom,").await;
        heard += &world.poll("bob").await;
        heard += &world.send("bob", "40").await;
        for label in ["alice", "bob"] {
            for _ in 0..2 {
                let header = "452-[\"message\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
                for frame in [header, "bAQID", "bBAUG", "42[\"message\",1]"] {
                    heard += &world.send(label, frame).await;
                }
            }
            heard += &rest(world).await;
            world.send(label, "42[\"ask\",\"why\"]").await;
            rest(world).await;
            let frames = world.frames(label);
            let question = frames.iter().find_map(|frame| frame.strip_suffix("[\"question\",\"why\"]"));
            heard += &format!("{label} is asked: {}\n", question.is_some());
            let id = question.and_then(|question| question.strip_prefix("42")).unwrap_or("0").to_owned();
            heard += &world.send(label, &format!("43{id}[\"because\"]")).await;
            heard += &rest(world).await;
        }
        heard
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn leaving_with_doubled_disconnects() {
    let doubled = async || World::with_disconnects(DisconnectFault::Doubled, &[("RateLimits", "off")]).await;
    every_write_meets_its_faults(doubled, async |world| {
        let mut heard = world.join("alice").await;
        for _ in 0..2 {
            heard += &world.join("bob").await;
            heard += &world.join_as("bob2", "bob").await;
            heard += &world.also_join("bob", "bob", "/workspace").await;
            heard += &world.close("bob").await;
            heard += &rest(world).await;
            heard += &world.close("bob2").await;
            heard += &rest(world).await;
        }
        heard + &presence(world).await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn coming_back_to_a_session() {
    every_write_meets_its_faults(without_limits, async |world| {
        let mut heard = world.join("alice").await;
        heard += &world.join("bob").await;
        let chat = chat_of(world, "alice", "bob", &mut heard).await;
        for _ in 0..2 {
            world.lose("bob");
            heard += &rest(world).await;
            heard += &world.come_back("bob", "bob", "/").await;
            heard += &rest(world).await;
            heard += &world.emit("alice", "typing_start", json!({"chatId": chat})).await;
            heard += &world.emit("alice", "typing_stop", json!({"chatId": chat})).await;
        }
        heard += &world.close("bob").await;
        heard + &presence(world).await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn chatting() {
    every_write_meets_its_faults(without_limits, async |world| {
        let mut heard = world.join("alice").await;
        heard += &world.join("bob").await;
        let chat = chat_of(world, "alice", "bob", &mut heard).await;
        for text in ["one", "two"] {
            heard += &world.ask("alice", "send_message", json!({"chatId": chat, "content": text})).await;
            heard += &rest(world).await;
        }
        heard += &world.ask("bob", "mark_messages_read", json!({"chatId": chat})).await;
        heard += &rest(world).await;
        world.know(&["carol"]).await;
        let other = chat_of(world, "alice", "carol", &mut heard).await;
        heard += &world.ask("alice", "send_message", json!({"chatId": other, "content": "three"})).await;
        heard += &world.get("carol", &format!("/api/message/chat/{other}")).await;
        heard += &rest(world).await;
        heard + &world.get("alice", &format!("/api/message/chat/{chat}")).await
    })
    .await;
}

/// Kills the disconnect function at each of its requests, and gives what alice heard until two heartbeats later.
async fn killed_while_leaving(make: impl AsyncFn() -> World, leave: impl AsyncFn(&mut World) -> String) {
    for request in 1..40 {
        let mut world = make().await;
        world.join("alice").await;
        world.join("bob").await;
        world.cloud.faults.inject_run(RunRule::function("disconnect").once(), RunEffect::KilledAfter(request));
        let mut heard = leave(&mut world).await;
        if world.cloud.faults.injected().is_empty() {
            assert!(request > 5, "the function makes more than {request} requests");
            return;
        }
        for _ in 0..10 {
            heard += &world.minute().await;
            heard += &world.send("alice", "3").await;
        }
        let told = heard.matches("alice hears 42[\"user_offline\"").count();
        // Killed after it told and before it noted that, it tells again.
        assert!((1..=2).contains(&told), "killed after request {request}, told {told} times:\n{heard}");
        let health = world.get("alice", "/api/socket/health").await;
        assert!(health.contains("\"connected\":1"), "killed after request {request}: {health}");
    }
    panic!("the function makes too many requests");
}

#[tokio::test(start_paused = true)]
async fn others_hear_of_an_end_whose_function_was_killed() {
    killed_while_leaving(without_limits, async |world| world.close("bob").await).await;
}
