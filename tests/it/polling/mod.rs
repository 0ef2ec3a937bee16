//! Engine.IO over HTTP long-polling, and the move to a WebSocket (docs/protocol.md, "Long-polling" and "Upgrade").

mod chat;
mod end;
mod handshake;
mod request;
mod upgrade;

use http::HeaderMap;
use serde_json::Value;
use world::World;

const BAD_REQUEST: &str = r#"{"code":3,"message":"Bad request"}"#;
const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

/// Alice on a WebSocket, Bob polling, and the id of their chat.
async fn alice_and_polling_bob(parameters: &[(&str, &str)]) -> (World, String) {
    let mut world = World::with(parameters).await;
    world.join("alice").await;
    world.poll_join("bob").await;
    let chat = world.chat("alice", "bob").await;
    (world, chat)
}

/// Opens a connection with one GET and nothing more, and gives its session id.
async fn opened(world: &World) -> String {
    let (status, _, body) = world.engine("GET", "EIO=4&transport=polling", HeaderMap::new(), "").await;
    assert_eq!(status, 200, "{body}");
    let open: Value = serde_json::from_str(body.strip_prefix('0').unwrap()).unwrap();
    open["sid"].as_str().unwrap().to_owned()
}

/// Opens a connection, joins the root namespace and fetches the greeting, and gives its session id.
async fn joined(world: &World, user: &str) -> String {
    let sid = opened(world).await;
    let payload = serde_json::json!({"token": world.token(user)});
    assert_eq!(post(world, &sid, &format!("40{payload}")).await, ok());
    let (status, heard) = get(world, &sid).await;
    assert!(status == 200 && heard.starts_with("40{"), "{heard}");
    sid
}

fn query(sid: &str) -> String {
    format!("EIO=4&transport=polling&sid={sid}")
}

async fn get(world: &World, sid: &str) -> (u16, String) {
    let (status, _, body) = world.engine("GET", &query(sid), HeaderMap::new(), "").await;
    (status, body)
}

async fn post(world: &World, sid: &str, body: &str) -> (u16, String) {
    let (status, _, body) = world.engine("POST", &query(sid), HeaderMap::new(), body).await;
    (status, body)
}

fn refused(body: &str) -> (u16, String) {
    (400, body.to_owned())
}

fn ok() -> (u16, String) {
    (200, "ok".to_owned())
}
