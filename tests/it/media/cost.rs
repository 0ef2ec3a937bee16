//! What media cost, in requests to S3 (docs/media.md).

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::json;
use world::World;

use super::{PNG, get, media_url, name, picture, prepare, put, scene, send};

fn spent(world: &World) -> BTreeMap<&'static str, u64> {
    world.cloud.services.storage.spent()
}

#[tokio::test(start_paused = true)]
async fn each_way_costs_a_known_number_of_requests() {
    let (mut world, chat) = scene().await;
    let (_, answer) = send(&world, "alice", &chat, &[picture(PNG)]).await;
    assert_eq!(spent(&world), BTreeMap::from([("PutObject", 1)]));
    get(&world, "bob", media_url(&answer)).await;
    assert_eq!(spent(&world), BTreeMap::from([("GetObject", 1)]));
    let (_, link) = world.request("bob", "GET", &format!("{}/link", media_url(&answer)), "").await;
    assert_eq!(spent(&world), BTreeMap::from([("HeadObject", 1)]));
    world.follow("GET", link["data"]["url"].as_str().unwrap(), HeaderMap::new(), Vec::new()).await;
    assert_eq!(spent(&world), BTreeMap::from([("GetObject", 1)]));

    let (_, upload) = prepare(&world, "alice", &chat, "image/png", PNG.len()).await;
    assert_eq!(spent(&world), BTreeMap::new(), "signing is not a request");
    put(&world, &upload["data"], PNG).await;
    assert_eq!(spent(&world), BTreeMap::from([("PutObject", 1)]));
    assert_eq!(name(&world, "alice", &chat, &upload["data"]["uploadId"]).await.0, 201);
    assert_eq!(spent(&world), BTreeMap::from([("CopyObject", 1), ("DeleteObject", 1), ("GetObject", 1)]));

    // What is refused before anything is stored costs nothing.
    get(&world, "carol", media_url(&answer)).await;
    send(&world, "carol", &chat, &[picture(PNG)]).await;
    send(&world, "alice", &chat, &[picture(b"words")]).await;
    world.rest("bob", "POST", &format!("/api/chat/{chat}/block"), json!(null)).await;
    send(&world, "alice", &chat, &[picture(PNG)]).await;
    assert_eq!(spent(&world), BTreeMap::new());
}
