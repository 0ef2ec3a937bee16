//! People who chat while everything that can go wrong in a cloud goes wrong at random (docs/guarantees.md). Each seed
//! is one run; what is true afterwards is true after every run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower::ServiceExt as _;
use world::{World, stock_request};

use super::client::{Answered, Client};
use crate::recovery::words::{self, Words};

const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// How long people chat, and how long it may take until everything that was stored is delivered once nothing fails any
/// more.
const CHATTING: Duration = Duration::from_secs(30);
const SETTLING_MINUTES: usize = 3;
/// How long until everybody who has vanished is found: what a client waits for a ping, and an interval.
const CONVERGING_MINUTES: usize = 13;

/// How much goes wrong, of all requests and invocations.
const RATE: f64 = 0.03;

/// `SplitMix64`, so that a seed is a run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % sides).unwrap()
    }
}

/// A send and what its sender was told.
struct Sent {
    text: String,
    answered: oneshot::Receiver<Answered>,
}

/// One run.
pub(super) struct Crowd {
    seed: u64,
    dice: Dice,
    pub(super) world: World,
    people: Vec<(&'static str, &'static Words, Client)>,
    /// Chats, each with two of the people.
    chats: Vec<([usize; 2], String)>,
    sent: Vec<Sent>,
    reading: Vec<oneshot::Receiver<Answered>>,
    posting: Vec<JoinHandle<()>>,
    streams: JoinHandle<()>,
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.streams.abort();
    }
}

impl Crowd {
    async fn gathered(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let count = 2 + dice.below(3);
        let mut pairs = Vec::new();
        for one in 0..count {
            for other in one + 1..count {
                // The first two always have a chat.
                if pairs.is_empty() || dice.below(2) == 0 {
                    pairs.push([one, other]);
                }
            }
        }
        let dialects: Vec<&'static Words> = (0..count).map(|_| words::ALL[dice.below(5)]).collect();
        Self::with(seed, dice, &dialects, &pairs).await
    }

    /// Alice and Bob, who have a chat, in one dialect.
    pub(super) async fn pair(words: &'static Words) -> Self {
        Self::with(0, Dice(0), &[words, words], &[[0, 1]]).await
    }

    async fn with(seed: u64, dice: Dice, dialects: &[&'static Words], pairs: &[[usize; 2]]) -> Self {
        // In every other run the functions' clocks disagree.
        let limits = [("RateLimits", "off")];
        let mut world = if seed.is_multiple_of(2) {
            World::with_flowing_clock(&limits).await
        } else {
            World::with_clocks_that_disagree(&limits).await
        };
        world.expect_errors();
        world.know(&PEOPLE[..dialects.len()]).await;
        let mut chats = Vec::new();
        for [one, other] in pairs {
            chats.push(([*one, *other], world.chat(PEOPLE[*one], PEOPLE[*other]).await));
        }
        let (services, lambda) = (Arc::clone(&world.cloud.services), Arc::clone(&world.cloud.lambda));
        let streams = tokio::spawn(async move { services.streams.run(&lambda, &services.faults).await });
        let mut people = Vec::new();
        for (user, words) in PEOPLE.iter().zip(dialects) {
            let token = world.token(user);
            people.push((*user, *words, Client::new(&world.cloud.gateway, stock_request(), words, token)));
        }
        let (sent, reading, posting) = (Vec::new(), Vec::new(), Vec::new());
        let crowd = Self { seed, dice, world, people, chats, sent, reading, posting, streams };
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(crowd.people.iter().all(|(.., client)| client.is_joined()), "seed {seed}: everybody can join");
        crowd
    }

    /// Somebody says something.
    pub(super) fn say(&mut self, chat: usize, side: usize) {
        let (pair, id) = self.chats[chat].clone();
        let ((user, words, client), other) = (&self.people[pair[side]], self.people[pair[1 - side]].0);
        let text = format!("{} by {user}", self.sent.len());
        let answered = client.ask((words.send)(&id, other, &text));
        self.sent.push(Sent { text, answered });
    }

    /// Somebody reads the newest message that they heard.
    pub(super) fn read(&mut self, chat: usize, side: usize) {
        let (pair, id) = self.chats[chat].clone();
        let (_, words, client) = &self.people[pair[side]];
        if let Some(newest) = self.newest_heard(pair[side], &id) {
            self.reading.push(client.ask((words.read)(&id, &newest)));
        }
    }

    /// Somebody's connection is cut; the client comes back by itself.
    pub(super) fn cut(&self, chat: usize, side: usize) {
        self.people[self.chats[chat].0[side]].2.cut();
    }

    /// Something that somebody does.
    fn act(&mut self) {
        let chat = self.dice.below(self.chats.len() as u64);
        let side = self.dice.below(2);
        let (pair, id) = self.chats[chat].clone();
        let ((user, words, client), other) = (&self.people[pair[side]], self.people[pair[1 - side]].0);
        match self.dice.below(12) {
            0 => self.cut(chat, side),
            1 => self.read(chat, side),
            2 => drop(client.ask((words.typing)(&id, other))),
            3 => {
                let body = json!({"chatId": id, "content": format!("{} by REST", self.posting.len())}).to_string();
                let request = Request::post("/recruiting/api/message/send")
                    .header("authorization", format!("Bearer {}", self.world.token(user)))
                    .body(Body::from(body))
                    .unwrap();
                let answer = self.world.cloud.http.clone().oneshot(request);
                self.posting.push(tokio::spawn(async move { drop(answer.await) }));
            }
            _ => self.say(chat, side),
        }
    }

    /// The newest message of a chat that somebody heard.
    fn newest_heard(&self, person: usize, chat: &str) -> Option<String> {
        let log = self.people[person].2.log.lock().unwrap();
        let heard = log.sessions.iter().flatten().filter(|message| message.id.starts_with(chat));
        heard.map(|message| message.id.clone()).max()
    }

    async fn run(&mut self) {
        self.world.cloud.faults.randomize(self.seed, RATE);
        let until = Instant::now() + CHATTING;
        while Instant::now() < until {
            let pause = self.dice.below(1_500) as u64;
            tokio::time::sleep(Duration::from_millis(pause)).await;
            self.act();
        }
        self.settle().await;
    }

    /// Ends everything that fails, and lets the system come to rest.
    pub(super) async fn settle(&mut self) {
        self.world.cloud.faults.clear();
        for _ in 0..SETTLING_MINUTES {
            self.minute().await;
        }
        tokio::time::sleep(Duration::from_secs(20)).await;
    }

    /// Everything that is stored of a chat, oldest first.
    async fn stored(&self, pair: [usize; 2], chat: &str) -> Vec<Value> {
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let path = format!("/recruiting/api/message/chat/{chat}?afterSeq={}&limit=100", messages.len());
            let (status, page) = self.world.request(self.people[pair[0]].0, "GET", &path, "").await;
            assert_eq!(status, 200, "{page}");
            let found = page["data"]["messages"].as_array().unwrap();
            if found.is_empty() {
                return messages;
            }
            messages.extend(found.iter().cloned());
        }
    }

    /// Lets a minute pass, at the end of which the schedules have their turn.
    pub(super) async fn minute(&self) {
        tokio::time::sleep(Duration::from_secs(60)).await;
        for (_, name) in self.world.cloud.schedules() {
            let event = local::schedule::event(self.world.clock.now());
            self.world.cloud.lambda.run_scheduled(&name, event).await;
        }
    }

    /// Checks everything that is true after any run.
    pub(super) async fn check(&mut self) {
        for (user, _, client) in &self.people {
            let log = client.log.lock().unwrap();
            assert!(log.joined, "{user} is back");
        }
        let mut texts: BTreeMap<String, usize> = BTreeMap::new();
        let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (pair, chat) in self.chats.clone() {
            let messages = self.stored(pair, &chat).await;
            let numbers: Vec<u64> = messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
            assert_eq!(numbers, (1..=messages.len() as u64).collect::<Vec<_>>(), "no gap in {chat}");
            for message in &messages {
                *texts.entry(message["content"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            all.insert(chat, messages);
        }
        for (text, count) in &texts {
            assert_eq!(*count, 1, "stored more than once: {text}");
        }
        for Sent { text, answered } in &mut self.sent {
            match answered.try_recv() {
                Ok(Answered::Acked(ack)) if ack["success"] == true => {
                    assert!(texts.contains_key(text), "acked and not stored: {text}")
                }
                Ok(_) => {}
                Err(_) => panic!("neither an ack nor the end of the connection: {text}"),
            }
        }
        self.check_heard(&all);
        self.check_rows(&all).await;
    }

    /// Checks a run, and if that fails says which one it was; with `PARLANCE_CROWD_LOG` also what everybody heard and
    /// what failed.
    pub(super) async fn check_and_tell(&mut self, run: &str) {
        let checked = std::panic::AssertUnwindSafe(self.check());
        let Err(panic) = futures_util::FutureExt::catch_unwind(checked).await else { return };
        let mut told = format!("{run} failed\n");
        if std::env::var_os("PARLANCE_CROWD_LOG").is_some() {
            for (user, words, client) in &self.people {
                for line in &client.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).lines {
                    let _ = writeln!(told, "{user} in {}: {line}", words.name);
                }
            }
            told += &self.world.cloud.faults.injected().join("\n");
        }
        std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
        std::panic::resume_unwind(panic);
    }

    /// Everybody heard everything once and in order, as far as each session reaches.
    fn check_heard(&self, all: &BTreeMap<String, Vec<Value>>) {
        for (person, (user, words, client)) in self.people.iter().enumerate() {
            let log = client.log.lock().unwrap();
            for ([one, other], chat) in &self.chats {
                if person != *one && person != *other {
                    continue;
                }
                // In workspace a sender hears of a message by its ack alone.
                let own = |message: &Value| words.name == "workspace" && message["senderId"] == *user;
                let expected: Vec<&str> = all[chat]
                    .iter()
                    .filter(|message| !own(message))
                    .map(|message| message["_id"].as_str().unwrap())
                    .collect();
                let known: BTreeSet<&str> = expected.iter().copied().collect();
                for (number, session) in log.sessions.iter().enumerate() {
                    let mut heard: Vec<&str> = Vec::new();
                    let mut connection = 0;
                    for message in session.iter().filter(|message| known.contains(message.id.as_str())) {
                        // What another chat's events leave open may come twice, after a cut (docs/delivery-order.md).
                        let repeated = heard.contains(&message.id.as_str());
                        if repeated && self.chats.len() > 1 && message.connection > connection {
                            continue;
                        }
                        connection = message.connection;
                        heard.push(&message.id);
                    }
                    let from = match (number, heard.first()) {
                        (0, _) => 0,
                        (_, Some(first)) => expected.iter().position(|id| id == first).unwrap(),
                        (_, None) => continue,
                    };
                    let is_last = number + 1 == log.sessions.len();
                    let to = if is_last { expected.len() } else { (from + heard.len()).min(expected.len()) };
                    assert_eq!(heard, expected[from..to], "{user} in {}, session {number}, chat {chat}", words.name);
                }
            }
        }
    }

    /// Counters are what they count, everybody is here once, and everything has been delivered.
    async fn check_rows(&self, all: &BTreeMap<String, Vec<Value>>) {
        for ([one, other], chat) in &self.chats {
            for person in [one, other] {
                let user = self.people[*person].0;
                let (_, found) = self.world.request(user, "GET", &format!("/recruiting/api/chat/{chat}"), "").await;
                let unread =
                    all[chat].iter().filter(|message| message["senderId"] != user && message["isRead"] != true);
                assert_eq!(found["data"]["unreadCount"], json!(unread.count()), "unread of {user} in {chat}");
            }
        }
        let number =
            |row: &Value, name: &str| row[name]["N"].as_str().map_or(0, |digits| digits.parse::<i64>().unwrap());
        for row in self.world.rows("Chats").await {
            assert_eq!(number(&row, "told"), number(&row, "seq") + number(&row, "rev"), "delivered: {row}");
        }
        let untrue = async || {
            let users = self.world.rows("Users").await.into_iter();
            users.filter(|row| row["entry"]["S"] == "profile").find(|row| {
                let is_here = PEOPLE[..self.people.len()].contains(&row["userId"]["S"].as_str().unwrap());
                number(row, "sockets") != i64::from(is_here)
            })
        };
        // A client that was cut before it knew of its session leaves one that two heartbeats find.
        for _ in SETTLING_MINUTES..CONVERGING_MINUTES {
            if untrue().await.is_none() {
                break;
            }
            self.minute().await;
        }
        assert_eq!(untrue().await, None, "sockets");
    }
}

async fn play(seed: u64) {
    let mut crowd = Crowd::gathered(seed).await;
    crowd.run().await;
    crowd.check_and_tell(&format!("seed {seed}")).await;
}

/// Plays each seed in a runtime of its own, whose time is virtual.
fn play_all(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(seed));
    }
}

/// Runs that failed once. In 18, 21, 23 and 32 recovery posted again what may have been heard; in 16, 99, 107 and 119 a
/// connection that lived was reported gone and stayed mute; in 164, 453 and 215 one that could not be closed was taken
/// for closed, and heard a hole; in 384 a session heard by recovery what was stored before it began.
const FAILED_ONCE: [u64; 12] = [18, 21, 23, 32, 16, 99, 107, 119, 164, 453, 215, 384];

#[test]
fn runs_that_failed_once_pass() {
    play_all(FAILED_ONCE.into_iter());
}

/// Runs in each of the four ways to build the system; `PARLANCE_CROWD_SEEDS=FROM..TO` plays others.
const RUNS: u64 = 125;

#[test]
fn whatever_fails_every_acked_message_is_stored_once_and_heard_once() {
    let chosen = std::env::var("PARLANCE_CROWD_SEEDS").ok();
    let range = chosen.as_deref().and_then(|range| range.split_once(".."));
    // Other runs in each of the four ways to build the system.
    let is = |name: &str, value: &str| u64::from(std::env::var(name).is_ok_and(|chosen| chosen == value));
    let mode = 2 * is("PARLANCE_ISOLATION", "inline") + is("PARLANCE_GATEWAY_MODE", "concurrent");
    let usual = (mode * RUNS, (mode + 1) * RUNS);
    let (from, to) = range.map_or(usual, |(from, to)| (from.parse().unwrap(), to.parse().unwrap()));
    play_all(from..to);
}
