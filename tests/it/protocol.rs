//! The wire: when a connection is opened, refused, closed (docs/protocol.md, "Engine.IO" and "Socket.IO"). Each test is
//! one duty.

use http::{HeaderMap, HeaderValue, StatusCode};
use insta::assert_snapshot;
use serde_json::json;
use world::World;

const CLOSED: &str = "alice is closed: 1000 Connection Closed Normally\n";

async fn joined() -> World {
    let mut world = World::new().await;
    world.join("alice").await;
    world
}

#[tokio::test(start_paused = true)]
async fn the_open_packet_comes_once_even_if_its_invocation_is_doubled() {
    let mut world = World::new().await;
    world.cloud.lambda.double();
    assert_snapshot!(world.open("alice").await, @"alice hears open, ping every 300000 ms, timeout 120000 ms, at most 32768 bytes");
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_needs_eio_4_and_websocket_and_no_session_id() {
    let mut world = World::new().await;
    for query in ["", "EIO=4", "transport=websocket", "EIO=3&transport=websocket", "EIO=4&transport=polling"] {
        let refused = world.upgrade("alice", query, HeaderMap::new()).await;
        assert_eq!(refused, Err(StatusCode::BAD_REQUEST), "{query}");
    }
    let query = "EIO=4&transport=websocket&sid=abc";
    assert_eq!(world.upgrade("alice", query, HeaderMap::new()).await, Err(StatusCode::BAD_REQUEST));
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_foreign_origin_is_refused() {
    let mut world = World::with(&[("AllowedOrigins", "https://chat.example")]).await;
    let origin =
        |origin: &'static str| HeaderMap::from_iter([(http::header::ORIGIN, HeaderValue::from_static(origin))]);
    let query = "EIO=4&transport=websocket";
    let foreign = world.upgrade("alice", query, origin("https://elsewhere.example")).await;
    assert_eq!(foreign, Err(StatusCode::FORBIDDEN));
    assert_eq!(world.upgrade("alice", query, origin("https://chat.example")).await, Ok(()));
    assert_eq!(world.upgrade("no browser", query, HeaderMap::new()).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_decode_closes_the_connection() {
    let frames = [
        // Engine.IO.
        "",
        "2abc",
        "3junk",
        "1x",
        "junk",
        "{\"message\":\"x\"}",
        "\u{e9}",
        // Socket.IO.
        "4",
        "49",
        "4\u{e9}",
        "40[]",
        "40\"token\"",
        "401",
        "41{}",
        "42",
        "42{}",
        "42[]",
        "42[{}]",
        "42[\"connect\"]",
        "42[\"newListener\"]",
        "42abc[\"ping\"]",
        "43[]",
        "431{}",
        "45-[\"ping\"]",
        "4511-[\"ping\"]",
        "451-[\"ping\"]",
        "461-[{\"_placeholder\":true,\"num\":0}]",
    ];
    for frame in frames {
        let mut world = joined().await;
        assert_eq!(world.send("alice", frame).await, CLOSED, "{frame:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_pings_opens_upgrades_or_closes_is_closed() {
    for frame in [
        "2",
        "2probe",
        "3probe",
        "5",
        "1",
        "0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":1,\"maxPayload\":1}",
    ] {
        let mut world = joined().await;
        assert_eq!(world.send("alice", frame).await, CLOSED, "{frame:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pong_and_a_noop_are_heard_in_silence() {
    let mut world = joined().await;
    for frame in ["3", "6"] {
        assert_eq!(world.send("alice", frame).await, "", "{frame:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn anything_but_connect_for_a_namespace_not_joined_closes_the_connection() {
    for frame in [
        "42/recruiting,[\"ping\"]",
        "42/nowhere,[\"ping\"]",
        "41/recruiting,",
        "43/recruiting,1[]",
        "42/recruiting,[\"unheard of\"]",
    ] {
        let mut world = joined().await;
        assert_eq!(world.send("alice", frame).await, CLOSED, "{frame:?}");
    }
    let mut world = World::new().await;
    world.open("alice").await;
    assert_eq!(world.send("alice", "42[\"ping\"]").await, CLOSED, "before any CONNECT");
}

#[tokio::test(start_paused = true)]
async fn joining_a_namespace_twice_closes_the_connection() {
    let mut world = joined().await;
    let token = world.token("alice");
    assert_eq!(world.send("alice", &format!("40{}", json!({"token": token}))).await, CLOSED);
    for frame in ["40", "40{}", "40{\"token\":\"nonsense\"}"] {
        assert_eq!(joined().await.send("alice", frame).await, CLOSED, "{frame}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connect_error_from_a_client_closes_the_connection() {
    let mut world = joined().await;
    assert_eq!(world.send("alice", "44{\"message\":\"no\"}").await, CLOSED);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_asked_for_is_passed_over() {
    let mut world = joined().await;
    assert_eq!(world.send("alice", "437[]").await, "");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_namespace_is_refused_and_the_connection_stays() {
    let mut world = joined().await;
    assert_snapshot!(world.send("alice", "40/nowhere,{}").await, @r#"alice hears 44/nowhere,{"message":"Invalid namespace"}"#);
    assert_snapshot!(world.send("alice", "420[\"ping\"]").await, @r#"alice hears 430[{"success":true,"timestamp":1767323045006}]"#);
}

#[tokio::test(start_paused = true)]
async fn two_namespaces_live_on_one_connection_and_are_left_one_by_one() {
    let mut world = joined().await;
    let token = world.token("alice");
    assert_snapshot!(world.send("alice", &format!("40/recruiting,{}", json!({"token": token}))).await, @r#"
    alice hears 40/recruiting,{"sid":"…"}
    alice hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42/recruiting,["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
    assert_snapshot!(world.send("alice", "42/recruiting,5[\"ping\"]").await, @r#"alice hears 43/recruiting,5[{"success":true,"timestamp":1767323045006}]"#);
    assert_eq!(world.send("alice", "41/recruiting,").await, "");
    assert_snapshot!(world.send("alice", "426[\"ping\"]").await, @r#"alice hears 436[{"success":true,"timestamp":1767323045006}]"#);
    // Left, it may be joined again.
    assert_snapshot!(world.send("alice", &format!("40/recruiting,{}", json!({"token": token}))).await, @r#"
    alice hears 40/recruiting,{"sid":"…"}
    alice hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42/recruiting,["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_root_speaks_the_dialect_that_the_stage_names() {
    let mut world = World::new().await;
    assert_snapshot!(world.join_on("alice", "alice", "recruiting").await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
    assert_snapshot!(world.ask("alice", "ping", json!({})).await, @r#"alice hears 430[{"success":true,"timestamp":1767323045006}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_names_no_dialect_leaves_the_root_to_the_default() {
    let mut world = World::new().await;
    for name in ["nobody", "", "/recruiting"] {
        let label = format!("alice on {name:?}");
        assert!(world.join_on(&label, "alice", name).await.contains("Connected successfully"), "{name:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_namespace_of_a_connection_answers_for_itself() {
    let mut world = World::new().await;
    assert_snapshot!(world.join_namespace("alice", "alice", "/recruiting").await, @r#"
    alice hears 40/recruiting,{"sid":"…"}
    alice hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42/recruiting,["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
    assert_snapshot!(world.ask("alice", "ping", json!({})).await, @r#"alice hears 43/recruiting,0[{"success":true,"timestamp":1767323045006}]"#);
    assert_snapshot!(world.also_join("alice", "alice", "/").await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
    assert_snapshot!(world.ask_in("alice", "/", "ping", json!({})).await, @r#"alice hears 431[{"success":true,"timestamp":1767323045006}]"#);
    assert_snapshot!(world.ask("alice", "ping", json!({})).await, @r#"alice hears 43/recruiting,2[{"success":true,"timestamp":1767323045006}]"#);
    assert_snapshot!(world.emit("alice", "get_online_users", json!({})).await, @r#"alice hears 42/recruiting,["online_users",{"count":1,"onlineUsers":["alice"]}]"#);
}

#[tokio::test(start_paused = true)]
async fn an_ack_id_comes_back_as_it_was_sent() {
    let mut world = joined().await;
    assert_snapshot!(world.send("alice", "42000123456789012345678901234567890[\"ping\"]").await, @r#"alice hears 43000123456789012345678901234567890[{"success":true,"timestamp":1767323045006}]"#);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_before_the_open_packet_is_answered() {
    for (token, reply) in [("", "alice hears 44{"), ("alice", "alice hears 40{")] {
        for _ in 0..8 {
            let mut world = World::new().await;
            let token = if token.is_empty() { "wrong".to_owned() } else { world.token(token) };
            // As socket.io-client-cpp does: as soon as the WebSocket is open.
            world.upgrade("alice", "EIO=4&transport=websocket", HeaderMap::new()).await.unwrap();
            let heard = world.send("alice", &format!("40{}", json!({"token": token}))).await;
            assert!(heard.contains(reply) && heard.contains("alice hears open,"), "{heard}");
            assert!(!world.is_closed("alice"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_namespace_is_closed_after_the_connect_timeout() {
    let mut world = World::new().await;
    world.open("alice").await;
    world.clock.advance(44_000);
    assert_eq!(world.heartbeat().await, "");
    world.clock.advance(1_000);
    assert_eq!(world.heartbeat().await, CLOSED);
}

#[tokio::test(start_paused = true)]
async fn a_subprotocol_that_is_offered_is_chosen() {
    let mut world = World::new().await;
    let offered =
        HeaderMap::from_iter([(http::header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat, other"))]);
    assert_eq!(world.upgrade("alice", "EIO=4&transport=websocket", offered).await, Ok(()));
    assert_eq!(world.subprotocol("alice").as_deref(), Some("chat"));
}
