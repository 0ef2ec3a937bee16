//! Faults from a seed.

use serde_json::json;
use world::World;

use crate::worlds::connect_alice_and_bob;

/// Two people write to each other for a while. What everybody heard, and what was injected.
async fn conversation(seed: u64, rate: f64) -> (String, Vec<String>) {
    let mut world = World::with_flowing_clock(&[("RateLimits", "off")]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.cloud.faults.randomize(seed, rate);
    let mut heard = String::new();
    for number in 0..20 {
        let who = if number % 2 == 0 { "alice" } else { "bob" };
        if !world.is_closed(who) {
            heard += &world.ask(who, "send_message", json!({"chatId": chat, "content": number.to_string()})).await;
        }
    }
    // What still runs would log its errors into the next conversation.
    world.quiet().await;
    assert_eq!(world.cloud.faults.seed(), Some(seed));
    (heard, world.cloud.faults.injected())
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_faults_and_another_one_gives_others() {
    let one = conversation(7, 0.1).await;
    assert!(one.1.len() > 5, "{:?}", one.1);
    assert_eq!(conversation(7, 0.1).await.1, one.1);
    assert_ne!(conversation(8, 0.1).await.1, one.1);
}

#[tokio::test(start_paused = true)]
async fn a_rate_of_zero_is_no_faults_and_one_of_one_is_nothing_else() {
    assert_eq!(conversation(7, 0.0).await.1, [""; 0]);
    let (heard, injected) = conversation(7, 1.0).await;
    assert!(injected.len() >= 20 && !heard.contains("message_delivered"), "{injected:#?}");
}
