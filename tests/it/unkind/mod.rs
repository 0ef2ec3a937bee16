//! The fault layer itself: what the SDK and the functions see of each fault.

mod batches;
mod client;
mod concurrency;
mod crowd;
mod delivery;
mod outbox;
mod random;
mod requests;
mod retry;
mod rows;
mod runs;
mod send;
mod streams;
mod waits;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use world::World;

use crate::recovery::words::Words;

/// A function whose role allows most of what DynamoDB can do.
const FUNCTION: &str = "switchboard";

/// A world, and a client of the tables as a function has it, but without retries.
async fn tables() -> (World, Client) {
    let world = inline().await;
    let aws = world.cloud.aws_of(FUNCTION).unwrap();
    let once = aws_sdk_dynamodb::config::Builder::from(&aws).retry_config(RetryConfig::disabled());
    (world, Client::from_conf(once.build()))
}

async fn inline() -> World {
    World::with(&[("HandlerIsolation", "inline")]).await
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Writes a row of Users, of which [`stored`] reads `here`.
async fn put(client: &Client, entry: &str) -> Result<(), SdkError<PutItemError>> {
    let put = client.put_item().table_name("Users").item("userId", text("alice")).item("entry", text(entry));
    put.item("text", text("here")).send().await.map(drop)
}

/// What stands in a row of Users, read behind the fault layer's back.
async fn stored(world: &World, entry: &str) -> Option<String> {
    let asked = serde_json::json!({
        "TableName": "Users",
        "Key": {"userId": {"S": "alice"}, "entry": {"S": entry}},
    });
    let (_, answer) = world.cloud.services.dynamodb.call("GetItem", asked).await;
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    answer.pointer("/Item/text/S").and_then(serde_json::Value::as_str).map(str::to_owned)
}

/// Alice and Bob in the namespace of a dialect, and the id of their chat, in which Alice has sent one message.
async fn pair_in(words: &Words, parameters: &[(&str, &str)]) -> (World, String) {
    let mut world = World::with_flowing_clock(parameters).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    for user in ["alice", "bob"] {
        world.join_namespace(user, user, &format!("/{}", words.name)).await;
    }
    say(&mut world, words, &chat, "first").await;
    (world, chat)
}

/// Alice sends a text to Bob and asks for an ack.
async fn say(world: &mut World, words: &Words, chat: &str, text: &str) -> String {
    let (event, argument) = (words.send)(chat, "bob", text);
    world.ask("alice", event, argument).await
}

/// How many events tell a user of a text.
fn heard_by(user: &str, heard: &str, text: &str) -> usize {
    let lines = heard.lines().filter(|line| line.starts_with(&format!("{user} hears 42")));
    lines.filter(|line| line.contains(&format!("\"{text}\""))).count()
}
