//! GETs that wait, and POSTs: one at a time, bounded, in order.

use std::time::Duration;

use http::HeaderMap;
use insta::assert_snapshot;
use serde_json::json;
use world::World;

use super::{BAD_REQUEST, UNKNOWN, get, joined, ok, opened, post, query, refused};

#[tokio::test(start_paused = true)]
async fn a_get_waits_25_seconds_and_says_that_there_is_nothing() {
    let world = World::new().await;
    let sid = joined(&world, "alice").await;
    let start = tokio::time::Instant::now();
    assert_eq!(get(&world, &sid).await, (200, "6".to_owned()));
    assert_eq!(start.elapsed().as_secs(), 25);
    assert_eq!(get(&world, &sid).await, (200, "6".to_owned()), "and again");
}

#[tokio::test(start_paused = true)]
async fn a_get_of_a_client_that_has_joined_nothing_waits_for_an_answer_to_its_connect_and_no_longer() {
    let world = World::new().await;
    let sid = opened(&world).await;
    let start = tokio::time::Instant::now();
    assert_eq!(get(&world, &sid).await, (200, "6".to_owned()));
    assert_eq!(start.elapsed().as_millis(), 300);
    // A refusal joins nothing.
    post(&world, &sid, "40").await;
    assert!(get(&world, &sid).await.1.starts_with("44{"));
    let start = tokio::time::Instant::now();
    assert_eq!(get(&world, &sid).await, (200, "6".to_owned()));
    assert_eq!(start.elapsed().as_millis(), 300);
    let payload = json!({"token": world.token("alice")});
    let packet = format!("40{payload}");
    let (heard, posted) = tokio::join!(get(&world, &sid), post(&world, &sid, &packet));
    assert_eq!(posted, ok());
    assert!(heard.1.starts_with("40{"), "{heard:?}");
    let start = tokio::time::Instant::now();
    while get(&world, &sid).await.1 != "6" {}
    assert_eq!(start.elapsed().as_secs(), 25);
}

#[tokio::test(start_paused = true)]
async fn a_get_that_waits_hears_what_comes_and_one_that_comes_later_what_waited() {
    let world = World::new().await;
    let sid = joined(&world, "alice").await;
    let later = async {
        tokio::time::sleep(Duration::from_millis(1_010)).await;
        post(&world, &sid, "40/nobody,\u{1e}40/nowhere,").await
    };
    let start = tokio::time::Instant::now();
    let (heard, posted) = tokio::join!(get(&world, &sid), later);
    assert_eq!(posted, ok());
    assert_snapshot!(heard.1.replace('\u{1e}', "\n"), @r#"
    44/nobody,{"message":"Invalid namespace"}
    44/nowhere,{"message":"Invalid namespace"}
    "#);
    assert_eq!(start.elapsed().as_millis(), 1_100, "it looks ten times a second");
    post(&world, &sid, "40/elsewhere,").await;
    let start = tokio::time::Instant::now();
    assert_snapshot!(get(&world, &sid).await.1, @r#"44/elsewhere,{"message":"Invalid namespace"}"#);
    assert_eq!(start.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_second_get_at_the_same_time_ends_the_connection() {
    let world = World::new().await;
    let sid = opened(&world).await;
    let second = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        get(&world, &sid).await
    };
    let (first, second) = tokio::join!(get(&world, &sid), second);
    assert_eq!((first, second), ((200, "1".to_owned()), refused(BAD_REQUEST)));
    assert_eq!(get(&world, &sid).await, refused(UNKNOWN));
    assert_eq!(post(&world, &sid, "3").await, refused(UNKNOWN));
}

#[tokio::test(start_paused = true)]
async fn a_second_post_at_the_same_time_ends_the_connection() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    world.know(&["bob"]).await;
    let chat = world.chat("alice", "bob").await;
    let sid = world.connection_id("alice");
    // The frame of a message that does something, so that both are under way.
    let frame = |id: u8| format!("42{id}{}", json!(["send_message", {"chatId": chat, "content": "hello"}]));
    let (one, two) = (frame(1), frame(2));
    let (one, two) = tokio::join!(post(&world, &sid, &one), post(&world, &sid, &two));
    assert_eq!([one, two].iter().filter(|answer| **answer == refused(BAD_REQUEST)).count(), 1);
    world.send_all(&[]).await;
    assert!(world.is_closed("alice"));
}

#[tokio::test(start_paused = true)]
async fn other_methods_are_refused() {
    let world = World::new().await;
    let sid = opened(&world).await;
    for method in ["PUT", "DELETE", "HEAD"] {
        assert_eq!(world.engine(method, &query(&sid), HeaderMap::new(), "").await.0, 400, "{method}");
    }
    assert_eq!(post(&world, &sid, "3").await, ok(), "the connection stays");
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_is_not_the_sessions_is_refused() {
    let world = World::new().await;
    let sid = opened(&world).await;
    let query = format!("EIO=4&transport=websocket&sid={sid}");
    let (status, _, body) = world.engine("GET", &query, HeaderMap::new(), "").await;
    assert_eq!((status, body.as_str()), (400, BAD_REQUEST));
}

#[tokio::test(start_paused = true)]
async fn a_body_holds_as_much_as_the_open_packet_says() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    let fits = format!("421[\"ping\",\"{}\"]", "x".repeat(32_768 - 14));
    assert_eq!(fits.len(), 32_768);
    assert_snapshot!(world.send("alice", &fits).await, @r#"alice hears 431[{"success":true,"timestamp":1767323045006}]"#);
    assert_snapshot!(world.send("alice", &(fits + "x")).await, @"alice is refused: 413");
    assert_snapshot!(world.send("alice", "421[\"ping\"]").await, @r#"alice hears 431[{"success":true,"timestamp":1767323045006}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_engine_io_ends_the_connection() {
    for body in ["abc", "", "2abc", "4\u{1e}", "\u{1e}", "3\u{1e}\u{1e}3", "{}"] {
        let world = World::new().await;
        let sid = opened(&world).await;
        assert_eq!(post(&world, &sid, body).await.0, 400, "{body:?}");
        world.quiet().await;
        assert_eq!(get(&world, &sid).await, refused(UNKNOWN), "{body:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_a_client_may_not_send_ends_the_connection_and_those_behind_it_are_not_handled() {
    for packet in
        ["2", "2probe", "3probe", "5", "4", "44{\"message\":\"no\"}", "42[\"connect\"]", "42/nowhere,[\"ping\"]"]
    {
        let mut world = World::new().await;
        world.poll_join("alice").await;
        let heard = world.send("alice", &format!("421[\"ping\"]\u{1e}{packet}\u{1e}422[\"ping\"]")).await;
        let pong = r#"alice hears 431[{"success":true,"timestamp":1767323045006}]"#;
        assert_eq!(heard, format!("{pong}\nalice is told the end\n"), "{packet}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_packets_of_a_body_are_handled_in_their_order() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    world.poll_join("alice").await;
    world.know(&["bob"]).await;
    let chat = world.chat("alice", "bob").await;
    let frames: Vec<String> = (0..30)
        .map(|n| format!("42{n}{}", json!(["send_message", {"chatId": chat, "content": format!("{n}")}])))
        .collect();
    let heard = world.send("alice", &frames.join("\u{1e}")).await;
    let acks: Vec<&str> =
        heard.lines().filter_map(|line| line.strip_prefix("alice hears 43")?.split('[').next()).collect();
    assert_eq!(acks, (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
    let (_, page) = world.request("alice", "GET", &format!("/api/message/chat/{chat}?afterSeq=0&limit=100"), "").await;
    let stored: Vec<(u64, String)> = page["data"]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (message["seq"].as_u64().unwrap(), message["content"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(stored, (0..30).map(|n| (n + 1, format!("{n}"))).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_namespace_left_and_joined_again_in_one_body_is_joined() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    let token = world.token("alice");
    let again = format!("41\u{1e}40{}\u{1e}427[\"ping\"]", json!({"token": token}));
    assert_snapshot!(world.send("alice", &again).await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    alice hears 437[{"success":true,"timestamp":1767323045006}]
    "#);
}
