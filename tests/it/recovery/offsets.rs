//! Which clients get a `pid` and offsets: not those whose listeners take exactly one argument (docs/protocol.md,
//! "Connection state recovery").

use http::{HeaderMap, HeaderValue};
use serde_json::json;
use world::World;

const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// What Alice's client hears that says this of itself: of its CONNECT, of Bob's message, and of its own.
async fn heard(setting: &str, agent: &str, polls: bool) -> Vec<String> {
    let mut world = World::with(&[("RecoveryOffsets", setting)]).await;
    let mut headers = HeaderMap::new();
    if !agent.is_empty() {
        headers.insert("user-agent", HeaderValue::from_str(agent).unwrap());
    }
    world.join("bob").await;
    if polls {
        world.poll_with("alice", headers).await;
        // A browser's WebSocket, or another library for it, may say something else.
        world.move_to_websocket("alice").await;
    } else {
        world.upgrade("alice", WEBSOCKET, headers).await.unwrap();
    }
    world.quiet().await;
    world.also_join("alice", "alice", "/").await;
    let chat = world.chat("alice", "bob").await;
    for user in ["bob", "alice"] {
        world.ask(user, "send_message", json!({"chatId": chat, "content": "hello"})).await;
    }
    world.frames("alice")
}

/// Whether a client gets a pid and offsets: all of them or none.
async fn gets_them(setting: &str, agent: &str, polls: bool) -> bool {
    let frames = heard(setting, agent, polls).await;
    let what = format!("{setting} {agent} {polls}: {frames:#?}");
    let has_pid = frames.iter().any(|frame| frame.starts_with("40{") && frame.contains("\"pid\""));
    let events = ["connected", "new_message", "message_sent"].map(|event| format!("42[\"{event}\""));
    for event in events {
        let frame = frames.iter().find(|frame| frame.starts_with(&event)).unwrap_or_else(|| panic!("{what}"));
        let arguments: Vec<serde_json::Value> = serde_json::from_str(frame.strip_prefix("42").unwrap()).unwrap();
        assert_eq!(arguments.len(), if has_pid { 3 } else { 2 }, "{what}");
    }
    has_pid
}

#[tokio::test(start_paused = true)]
async fn by_default_clients_whose_listeners_take_one_argument_get_none() {
    for polls in [false, true] {
        for (agent, gets) in [
            ("", true),
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", true),
            ("okhttp/4.12.0", true),
            ("Dart/3.1 (dart:io)", false),
            ("Python/3.12 aiohttp/3.9.5", false),
            ("python-requests/2.32.3", false),
            ("MyApp/1.0 Dart/3.1", false),
        ] {
            assert_eq!(gets_them("auto", agent, polls).await, gets, "{agent} polls: {polls}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_setting_may_decide_for_all() {
    for (agent, polls) in [("Dart/3.1 (dart:io)", false), ("okhttp/4.12.0", true)] {
        assert!(gets_them("on", agent, polls).await);
        assert!(!gets_them("off", agent, polls).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_gets_none_cannot_come_back_to_a_session_either() {
    let mut world = World::new().await;
    world.join("alice").await;
    let pid = world.former("alice").pid.unwrap();
    world.lose("alice");
    let headers = HeaderMap::from_iter([(http::header::USER_AGENT, HeaderValue::from_static("Dart/3.1 (dart:io)"))]);
    world.upgrade("alice", WEBSOCKET, headers).await.unwrap();
    world.quiet().await;
    let heard = world.send("alice", &format!("40{}", json!({"token": world.token("alice"), "pid": pid}))).await;
    assert!(heard.contains("alice hears 40{"), "{heard}");
    let frames = world.frames("alice");
    assert!(frames.iter().all(|frame| !frame.contains("\"pid\"")), "{frames:?}");
}
