//! The fault layer itself: what the SDK and the functions see of each fault.

mod batches;
mod client;
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
use aws_sdk_dynamodb::types::AttributeValue;
use world::World;

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
