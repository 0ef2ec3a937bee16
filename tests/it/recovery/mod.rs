//! Connection state recovery, held to its contract on the wire (docs/protocol.md, "Connection state recovery"): nothing
//! here knows how it is done.
//!
//! A client is an [`ear::Ear`], which keeps what the stock client keeps and brings it back; what a dialect's events
//! tell is in [`words`].

mod again;
mod connection;
mod ear;
mod missed;
mod offsets;
mod order;
mod picture;
mod property;
mod refusal;
mod reply;
mod rooms;
mod stage;
pub(crate) mod words;

use serde_json::{Value, json};
use world::World;

use crate::transcript::short_id;
use ear::{Ear, Transport};
use words::{Reading, Told, Words};

const TRANSPORTS: [Transport; 2] = [Transport::Polling, Transport::WebSocket];

/// Alice's client, and her chat with Bob, who has none.
struct Pair {
    world: World,
    ear: Ear,
    chat: String,
}

impl Pair {
    async fn new(words: &'static Words, transport: Transport) -> Self {
        Self::with(words, transport, &[]).await
    }

    async fn with(words: &'static Words, transport: Transport, parameters: &[(&str, &str)]) -> Self {
        let all: Vec<_> = [("RateLimits", "off")].into_iter().chain(parameters.iter().copied()).collect();
        let mut world = World::with(&all).await;
        world.know(&["alice", "bob", "carol", "mallory"]).await;
        let chat = world.chat("alice", "bob").await;
        let ear = Ear::join(&mut world, "ear", words, transport).await;
        Self { world, ear, chat }
    }

    /// A message of Alice's chat with Bob that one of them sends over REST; its id.
    async fn say(&mut self, user: &str, text: &str) -> String {
        let chat = self.chat.clone();
        self.say_in(&chat, user, text).await
    }

    async fn say_in(&mut self, chat: &str, user: &str, text: &str) -> String {
        let body = json!({"chatId": chat, "content": text});
        let sent = self.must(user, "POST", "/recruiting/api/message/send", body).await;
        sent["data"]["_id"].as_str().unwrap().to_owned()
    }

    /// A request that succeeds, and what is heard of it.
    async fn must(&mut self, user: &str, method: &str, path: &str, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.world.request(user, method, path, &body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        self.world.send_all(&[]).await;
        answer
    }

    /// The client hears what it was sent and is lost without a word.
    fn cut(&mut self) {
        self.ear.listen(&mut self.world);
        self.world.lose("ear");
    }

    /// The client comes back, on the transport that it has.
    async fn back(&mut self, transport: Transport) {
        self.ear.open(&mut self.world, transport).await;
        self.ear.connect(&mut self.world).await;
        assert_eq!(self.ear.complaints, Vec::<String>::new());
    }

    /// The client hears what it was sent. What it heard since it is back, of what recovery is about.
    fn heard(&mut self) -> Vec<String> {
        self.ear.listen(&mut self.world);
        self.ear.told_lately().iter().map(readable).collect()
    }
}

/// What an event tells, in short.
fn readable(told: &Told) -> String {
    match told {
        Told::Message { id, gone: false, .. } => short_id(id.clone()),
        Told::Message { id, .. } => format!("{}, gone", short_id(id.clone())),
        Told::Confirmed(id) => format!("{} confirmed", short_id(id.clone())),
        Told::Read { reader, what: Reading::These(ids) } => {
            format!("{reader} read {}", ids.iter().cloned().map(short_id).collect::<Vec<_>>().join(", "))
        }
        Told::Read { reader, what: Reading::UpTo(id) } => format!("{reader} read up to {}", short_id(id.clone())),
        Told::Read { reader, what: Reading::All(chat) } => format!("{reader} read {}", short_id(chat.clone())),
        Told::Deleted(id) => format!("{} deleted", short_id(id.clone())),
        Told::Blocked { chat, by } => format!("{} blocked by {by}", short_id(chat.clone())),
        Told::Unblocked { chat, by } => format!("{} unblocked by {by}", short_id(chat.clone())),
        Told::ChatDeleted(chat) => format!("{} deleted", short_id(chat.clone())),
        Told::Other => "something else".to_owned(),
    }
}
