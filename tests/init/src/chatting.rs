//! What the functions are measured with.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use chat::Chat;
use local::bootstraps::Bootstraps;
use local::cloud::{Options, PocketCloud, template};
use local::code::of_chat;
use local::schedule;
use relay::clock::Clock;
use serde_json::{Value, json};
use world::World;

use crate::Failure;

/// The events of each kind in one round.
const EVENTS: usize = 10;

/// Runs a program that does nothing in place of a function, several times.
pub(crate) async fn bare(program: &Path) -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("parlance-bare-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    for package in template(&BTreeMap::new())?.functions.keys() {
        let link = folder.join(package);
        if !link.exists() {
            symlink(program, link)?;
        }
    }
    let clock = Clock::system();
    let options = Options::<Chat>::in_memory("http://127.0.0.1:3000".to_owned(), clock.clone(), of_chat);
    let cloud = PocketCloud::boot(Options { bootstraps: Some(Bootstraps::in_folder(&folder)), ..options }).await?;
    let schedules = cloud.schedules();
    let (_, name) = schedules.first().ok_or("template.yaml has no schedule")?;
    for _ in 0..EVENTS {
        cloud.lambda.run_scheduled(name, schedule::event(clock.now())).await;
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Two people chat: every function handles some events.
pub(crate) async fn chat() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    world.join_on("alice", "alice", "recruiting").await;
    world.join_on("bob", "bob", "workspace").await;
    let chat = world.chat("alice", "bob").await;
    for number in 0..EVENTS {
        world.ask("alice", "send_message", json!({"chatId": chat, "content": format!("message {number}")})).await;
        world.emit("alice", "typing", json!({"chatId": chat, "receiverId": "bob"})).await;
        world.ask("bob", "message:read", json!({"conversationId": chat})).await;
        world.ask("bob", "user:status", json!({"status": "away"})).await;
        world.ask("alice", if number % 2 == 0 { "block_user" } else { "unblock_user" }, json!({"chatId": chat})).await;
        world.rest("alice", "GET", "/recruiting/api/message/unread-count", Value::Null).await;
        let label = format!("carol-{number}");
        world.join_as(&label, "carol").await;
        world.close(&label).await;
        world.minute().await;
    }
    world.poll_join_as("dave", "dave").await;
    world.close("dave").await;
}
