//! What was missed is told in the ordinary words of each dialect: those that a client hears that was not away.

use serde_json::{Value, json};

use super::ear::{ACK, Ear, Heard, Transport};
use super::words::{self, ME, Words};
use super::{Pair, TRANSPORTS};

/// What greets a socket, and what nobody promised to tell again.
const ASIDE: [&str; 6] =
    ["connected", "connection", "online_users", "message_delivered", "messageDelivered", "message:delivered"];

/// Something that happens while Alice's client is away. Her chat with Bob has a message by her, `hers`, and one by him,
/// `his`.
#[derive(Clone, Copy, Debug)]
enum Deed {
    AnotherChat,
    Block,
    BlockMine,
    DeleteChat,
    DeleteHers,
    DeleteHis,
    HideHis,
    Read,
    ReadMine,
    ReadOne,
    Send,
    SendMine,
    Unblock,
}

const ALL: [Deed; 13] = [
    Deed::AnotherChat,
    Deed::Block,
    Deed::BlockMine,
    Deed::DeleteChat,
    Deed::DeleteHers,
    Deed::DeleteHis,
    Deed::HideHis,
    Deed::Read,
    Deed::ReadMine,
    Deed::ReadOne,
    Deed::Send,
    Deed::SendMine,
    Deed::Unblock,
];

async fn perform(pair: &mut Pair, deed: Deed, hers: &str, his: &str) {
    let chat = pair.chat.clone();
    let block = format!("/recruiting/api/chat/{chat}/block");
    let read = format!("/recruiting/api/message/chat/{chat}/mark-read");
    match deed {
        Deed::AnotherChat => {
            let body = json!({"otherUserId": ME});
            let made = pair.must("carol", "POST", "/recruiting/api/chat/create-or-get", body).await;
            pair.say_in(made["data"]["_id"].as_str().unwrap(), "carol", "it is me").await;
        }
        Deed::Block => drop(pair.must("bob", "POST", &block, Value::Null).await),
        Deed::BlockMine => drop(pair.must(ME, "POST", &block, Value::Null).await),
        Deed::DeleteChat => {
            drop(pair.must("bob", "DELETE", &format!("/recruiting/api/chat/{chat}"), Value::Null).await)
        }
        Deed::DeleteHers => {
            drop(pair.must(ME, "DELETE", &format!("/recruiting/api/message/{hers}"), Value::Null).await)
        }
        Deed::DeleteHis => {
            drop(pair.must("bob", "DELETE", &format!("/recruiting/api/message/{his}"), Value::Null).await)
        }
        Deed::HideHis => {
            let body = json!({"deleteForEveryone": false});
            pair.must(ME, "DELETE", &format!("/classroom/api/chat/message/{his}"), body).await;
        }
        Deed::Read => drop(pair.must("bob", "POST", &read, Value::Null).await),
        Deed::ReadMine => drop(pair.must(ME, "POST", &read, Value::Null).await),
        Deed::ReadOne => {
            let body = json!({"conversationId": chat, "messageIds": [hers]});
            pair.must("bob", "POST", "/classroom/api/chat/messages/read", body).await;
        }
        Deed::Send => drop(pair.say("bob", "two").await),
        Deed::SendMine => drop(pair.say(ME, "mine").await),
        Deed::Unblock => {
            pair.must("bob", "POST", &format!("/recruiting/api/chat/{chat}/unblock"), Value::Null).await;
        }
    }
}

/// The events that are to be told again, without what may have changed since.
fn lasting<'a>(heard: impl Iterator<Item = &'a Heard>, words: &Words) -> Vec<(String, Value)> {
    let aside = |event: &str| ASIDE.contains(&event) || event == ACK || words.volatile.contains(&event);
    let told = heard.filter(|heard| !aside(&heard.event));
    told.map(|heard| (heard.event.clone(), without_progress(heard.said.clone()))).collect()
}

/// An argument without how far a chat and its messages have come, which is told as it is by now.
fn without_progress(said: Value) -> Value {
    match said {
        Value::Object(fields) => {
            let lasting =
                fields.into_iter().filter(|(name, _)| !matches!(name.as_str(), "status" | "unreadCount" | "updatedAt"));
            lasting.map(|(name, value)| (name, without_progress(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(without_progress).collect(),
        other => other,
    }
}

async fn misses(words: &'static Words, transport: Transport, deed: Deed) {
    let mut pair = Pair::new(words, transport).await;
    let mut uncut = Ear::join(&mut pair.world, "uncut", words, Transport::WebSocket).await;
    let hers = pair.say(ME, "hers").await;
    let his = pair.say("bob", "his").await;
    if matches!(deed, Deed::Unblock) {
        perform(&mut pair, Deed::Block, &hers, &his).await;
    }
    pair.cut();
    uncut.listen(&mut pair.world);
    pair.world.clock.advance(10_000);
    let before = uncut.heard.len();
    perform(&mut pair, deed, &hers, &his).await;
    uncut.listen(&mut pair.world);
    pair.back(transport).await;
    assert!(pair.ear.recovered, "{} {transport:?} {deed:?}", words.name);
    let told = lasting(pair.ear.lately(), words);
    assert_eq!(told, lasting(uncut.heard.iter().skip(before), words), "{} {transport:?} {deed:?}", words.name);
}

async fn misses_all(words: &'static Words) {
    for transport in TRANSPORTS {
        for deed in ALL {
            misses(words, transport, deed).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_recruiting_client_missed_it_is_told_in_its_words() {
    misses_all(&words::RECRUITING).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_marketplace_client_missed_it_is_told_in_its_words() {
    misses_all(&words::MARKETPLACE).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_messenger_client_missed_it_is_told_in_its_words() {
    misses_all(&words::MESSENGER).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_workspace_client_missed_it_is_told_in_its_words() {
    misses_all(&words::WORKSPACE).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_classroom_client_missed_it_is_told_in_its_words() {
    misses_all(&words::CLASSROOM).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_of_ones_own_whose_ack_was_lost_is_told() {
    for words in words::ALL {
        for transport in TRANSPORTS {
            let mut pair = Pair::new(words, transport).await;
            let frame = pair.ear.ask((words.send)(&pair.chat, "bob", "did it arrive?"));
            pair.ear.listen(&mut pair.world);
            pair.ear.reach = Some(0);
            pair.world.send("ear", &frame).await;
            pair.cut();
            pair.back(transport).await;
            assert!(pair.ear.recovered);
            assert_eq!(pair.heard(), ["alice+bob #1"], "{} {transport:?}", words.name);
        }
    }
}
