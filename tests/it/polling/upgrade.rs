//! The move from polling to a WebSocket: nothing lost, doubled or reordered; the old transport refused; a failed probe
//! without harm.

use http::StatusCode;
use insta::assert_snapshot;
use local::gateway::DisconnectFault;
use serde_json::json;
use world::World;

use super::{BAD_REQUEST, alice_and_polling_bob, get, post, refused};

fn send(chat: &str, content: &str) -> String {
    format!("42{}", json!(["send_message", {"chatId": chat, "content": content}]))
}

/// The numbers in angle brackets of the messages that somebody heard of, in order.
fn numbers(heard: &str, label: &str) -> Vec<u32> {
    let start = format!("{label} hears 42[\"new_message\"");
    let new = heard.lines().filter(|line| line.starts_with(&start));
    new.filter_map(|line| line.split_once('<')?.1.split('>').next()?.parse().ok()).collect()
}

/// The `seq` of each new message that `label` hears, in order.
fn seqs(heard: &str, label: &str) -> Vec<u32> {
    let start = format!("{label} hears 42[\"new_message\"");
    let new = heard.lines().filter(|line| line.starts_with(&start));
    new.filter_map(|line| line.split_once("\"seq\":")?.1.split(',').next()?.parse().ok()).collect()
}

/// Whether the frames of one client are handled one after another. Separate handlers handle several at once, and so does
/// a concurrent gateway.
fn frames_are_in_order() -> bool {
    let is = |name: &str, value: &str| std::env::var(name).as_deref() == Ok(value);
    is("PARLANCE_ISOLATION", "inline") && !is("PARLANCE_GATEWAY_MODE", "concurrent")
}

#[tokio::test(start_paused = true)]
async fn a_client_moves_and_its_sockets_with_it() {
    let (mut world, chat) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    world.also_join("bob", "bob", "/recruiting").await;
    let sid = world.connection_id("bob");
    assert_eq!(world.move_to_websocket("bob").await, "");
    assert_ne!(world.connection_id("bob"), sid);
    assert_snapshot!(world.ask_in("bob", "/", "ping", json!({})).await, @r#"bob hears 430[{"success":true,"timestamp":1767323045006}]"#);
    assert_snapshot!(world.ask_in("bob", "/recruiting", "ping", json!({})).await, @r#"bob hears 43/recruiting,1[{"success":true,"timestamp":1767323045006}]"#);
    let heard = world.send("alice", &send(&chat, "<1>")).await;
    assert_eq!(heard.matches("bob hears 42[\"new_message\"").count(), 1, "{heard}");
    assert_eq!(heard.matches("bob hears 42/recruiting,[\"new_message\"").count(), 1, "{heard}");
    // Nothing waits where nobody fetches any more, and nobody is ended twice.
    assert_eq!(get(&world, &sid).await, refused(BAD_REQUEST));
    assert_eq!(post(&world, &sid, "420[\"ping\"]").await, refused(BAD_REQUEST));
    assert_snapshot!(world.close("bob").await, @r#"alice hears 42["user_offline",{"lastSeen":"2026-01-02T03:04:05.006Z","userId":"bob"}]"#);
    assert!(!world.send("alice", &send(&chat, "<2>")).await.contains("message_delivered"));
}

#[tokio::test(start_paused = true)]
async fn a_moved_client_is_pinged_as_before_and_its_old_slot_is_empty() {
    let (mut world, _) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    world.move_to_websocket("bob").await;
    for _ in 0..3 {
        let mut heard = String::new();
        for _ in 0..5 {
            heard += &world.minute().await;
        }
        assert_eq!(heard.matches("bob hears 2\n").count(), 1, "{heard}");
        world.send("bob", "3").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_probe_releases_the_get_that_waits() {
    let (mut world, _) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    let sid = world.connection_id("bob");
    world.pause("bob").await;
    world.offer_websocket("bob", "probe").await.unwrap();
    let start = tokio::time::Instant::now();
    let get = tokio::spawn(waiting_get(world.cloud.http.clone(), sid));
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    world.send("probe", "2probe").await;
    assert_eq!(&get.await.unwrap()[..], b"6");
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_waited_comes_first_and_then_what_comes_straight() {
    let (mut world, chat) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    world.offer_websocket("bob", "probe").await.unwrap();
    world.send("probe", "2probe").await;
    world.pause("bob").await;
    // Nobody fetches now.
    let mut heard = String::new();
    for number in 1..=9 {
        heard += &world.send("alice", &send(&chat, &format!("<{number}>"))).await;
    }
    assert!(numbers(&heard, "bob").is_empty());
    let mut heard = world.finish_move("bob", "probe").await;
    assert_eq!(numbers(&heard, "bob"), (1..=9).collect::<Vec<_>>());
    heard += &world.send("alice", &send(&chat, "<10>")).await;
    assert_eq!(numbers(&heard, "bob"), (1..=10).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn whatever_comes_between_the_steps_is_heard_once_and_in_order() {
    // Which messages are sent at once with which step of the move.
    for at_once in [[3, 0, 0, 0], [0, 3, 0, 0], [0, 0, 3, 0], [0, 0, 0, 3], [1, 2, 3, 4], [5, 5, 5, 5], [0, 1, 0, 7]] {
        let (mut world, chat) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
        world.offer_websocket("bob", "probe").await.unwrap();
        let (mut number, mut heard) = (0, String::new());
        for (step, count) in at_once.into_iter().enumerate() {
            let mut frames = Vec::new();
            for _ in 0..count {
                number += 1;
                frames.push(("alice", send(&chat, &format!("<{number}>"))));
            }
            match step {
                1 => frames.insert(count / 2, ("probe", "2probe".to_owned())),
                3 => {
                    world.pause("bob").await;
                    frames.insert(count / 2, ("probe", "5".to_owned()));
                }
                _ => {}
            }
            heard += &world.send_all(&frames).await;
        }
        heard += &world.send("alice", &send(&chat, "<99>")).await;
        let heard = heard.replace("probe hears", "bob hears");
        let mut all = numbers(&heard, "bob");
        assert_eq!(all.last(), Some(&99), "{heard}");
        assert_eq!(seqs(&heard, "bob"), (1..=number + 1).collect::<Vec<_>>(), "in the order of storage: {heard}");
        if !frames_are_in_order() {
            // Frames that alice sends at once may be stored in either order.
            all.sort_unstable();
        }
        assert_eq!(all, (1..=number).chain([99]).collect::<Vec<_>>(), "{at_once:?}: {heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_right_behind_the_move_is_handled() {
    let (mut world, chat) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    world.offer_websocket("bob", "probe").await.unwrap();
    world.send("probe", "2probe").await;
    world.pause("bob").await;
    let token = world.token("bob");
    let ask = format!("427{}", json!(["send_message", {"chatId": chat, "content": "<1>"}]));
    let join = format!("40/recruiting,{}", json!({"token": token}));
    let heard = world.send_all(&[("probe", "5".to_owned()), ("probe", ask), ("probe", join)]).await;
    assert!(heard.contains("probe hears 437[{\"message\":"), "{heard}");
    assert!(heard.contains("probe hears 40/recruiting,{"), "{heard}");
    assert_eq!(numbers(&heard, "alice"), [1]);
    assert!(!world.is_closed("probe"));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_abandoned_leaves_the_polling_as_it_was() {
    for probed in [false, true] {
        let (mut world, chat) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
        world.offer_websocket("bob", "probe").await.unwrap();
        if probed {
            world.send("probe", "2probe").await;
        }
        assert_eq!(world.close("probe").await, "", "nobody went offline");
        let heard = world.send("alice", &send(&chat, "<1>")).await;
        assert_eq!(numbers(&heard, "bob"), [1]);
        assert!(world.ask("bob", "ping", json!({})).await.starts_with("bob hears 430["));
        // GETs wait again, and there may be another try.
        world.pause("bob").await;
        let sid = world.connection_id("bob");
        let start = tokio::time::Instant::now();
        assert_eq!(get(&world, &sid).await, (200, "6".to_owned()));
        assert_eq!(start.elapsed().as_secs(), 25);
        assert_eq!(world.move_to_websocket("bob").await, "");
        assert!(world.ask("bob", "ping", json!({})).await.starts_with("bob hears 431["));
    }
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_never_proves_to_work_is_closed_and_another_one_let_in() {
    let (mut world, _) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    world.offer_websocket("bob", "silent").await.unwrap();
    world.offer_websocket("bob", "second").await.unwrap();
    assert_eq!(world.send_all(&[]).await, "second is closed: 1000 Connection Closed Normally\n", "one at a time");
    world.clock.advance(10_000);
    world.offer_websocket("bob", "third").await.unwrap();
    assert_eq!(world.send("silent", "2probe").await, "", "its chance has passed");
    world.clock.advance(35_000);
    let heard = world.heartbeat().await;
    assert!(heard.contains("silent is closed: 1000") && world.is_closed("silent"), "{heard}");
    assert!(!world.is_closed("bob"));
}

#[tokio::test(start_paused = true)]
async fn a_second_websocket_is_refused_after_the_move() {
    let (mut world, _) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    let sid = world.connection_id("bob");
    world.move_to_websocket("bob").await;
    world.clock.advance(60_000);
    let query = format!("EIO=4&transport=websocket&sid={sid}");
    world.upgrade("second", &query, http::HeaderMap::new()).await.unwrap();
    assert_eq!(world.send_all(&[]).await, "second is closed: 1000 Connection Closed Normally\n");
    assert_snapshot!(world.ask("bob", "ping", json!({})).await, @r#"bob hears 430[{"success":true,"timestamp":1767323105006}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_websocket_cannot_move_to_itself() {
    let (mut world, _) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    let query = format!("EIO=4&transport=websocket&sid={}", world.connection_id("alice"));
    assert_eq!(world.upgrade("second", &query, http::HeaderMap::new()).await, Err(StatusCode::BAD_REQUEST));
}

#[tokio::test(start_paused = true)]
async fn a_client_may_move_without_a_probe_and_a_get_that_waits_is_released() {
    for waits in [false, true] {
        let (mut world, chat) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
        let sid = world.connection_id("bob");
        world.pause("bob").await;
        world.offer_websocket("bob", "moved").await.unwrap();
        let waiting = waits.then(|| tokio::spawn(waiting_get(world.cloud.http.clone(), sid.clone())));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        // As the .NET client does.
        assert_eq!(world.send("moved", "5").await, "");
        if let Some(waiting) = waiting {
            assert_eq!(&waiting.await.unwrap()[..], b"6");
        }
        assert!(!world.is_closed("moved"));
        assert_eq!(post(&world, &sid, "420[\"ping\"]").await, refused(BAD_REQUEST));
        let heard = world.send("alice", &send(&chat, "<1>")).await;
        assert_eq!(numbers(&heard.replace("moved hears", "bob hears"), "bob"), [1], "{heard}");
        assert!(world.ask("moved", "ping", json!({})).await.starts_with("moved hears 430["));
    }
}

#[tokio::test(start_paused = true)]
async fn a_get_that_overtakes_the_move_is_refused_as_one_that_comes_after_it() {
    let (mut world, _) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    let sid = world.connection_id("bob");
    world.pause("bob").await;
    world.offer_websocket("bob", "moved").await.unwrap();
    world.send("moved", "2probe").await;
    let late = tokio::spawn(waiting_get(world.cloud.http.clone(), sid));
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    world.send("moved", "5").await;
    assert_eq!(&late.await.unwrap()[..], br#"{"code":3,"message":"Bad request"}"#);
    assert!(!world.is_closed("moved"));
}

/// The answer to a GET of a client that polls.
async fn waiting_get(http: axum::Router, sid: String) -> axum::body::Bytes {
    use tower::ServiceExt as _;
    let request = http::Request::get(format!("/socket.io/?EIO=4&transport=polling&sid={sid}"));
    let answer = http.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    axum::body::to_bytes(answer.into_body(), 100).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_client_may_say_everything_of_the_move_in_a_row_and_join_at_once() {
    for joined in [false, true] {
        for _ in 0..8 {
            let mut world = World::new().await;
            world.poll("bob").await;
            let namespace = if joined { "/recruiting," } else { "" };
            if joined {
                world.also_join("bob", "bob", "/").await;
            }
            world.pause("bob").await;
            world.offer_websocket("bob", "moved").await.unwrap();
            // As arduinoWebSockets does.
            let connect = format!("40{namespace}{}", json!({"token": world.token("bob")}));
            let heard = world.send_all(&["2probe", "5", &connect].map(|frame| ("moved", frame.to_owned()))).await;
            assert!(heard.contains(&format!("moved hears 40{namespace}{{")), "{heard}");
            assert!(!heard.contains("closed") && !world.is_closed("moved"), "{heard}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn steps_that_come_twice_are_taken_once() {
    let (mut world, chat) = alice_and_polling_bob(&[("RateLimits", "off")]).await;
    world.cloud.lambda.double();
    world.offer_websocket("bob", "probe").await.unwrap();
    assert_eq!(world.send("probe", "2probe").await, "probe hears 3probe\n");
    world.pause("bob").await;
    for number in 1..=5 {
        world.send("alice", &send(&chat, &format!("<{number}>"))).await;
    }
    let heard = world.finish_move("bob", "probe").await;
    assert_eq!(numbers(&heard, "bob"), (1..=5).collect::<Vec<_>>());
    assert!(world.ask("bob", "ping", json!({})).await.contains("success"));
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_ends_right_after_the_move_takes_its_sockets_with_it() {
    for fault in [DisconnectFault::None, DisconnectFault::Doubled] {
        let mut world = World::with_disconnects(fault, &[]).await;
        world.join("alice").await;
        world.poll_join("bob").await;
        world.offer_websocket("bob", "probe").await.unwrap();
        world.send("probe", "2probe").await;
        world.pause("bob").await;
        let mut heard = world.send_and_close("probe", "5").await;
        // The end may be handled before the move. Then nothing has moved, and the heartbeat finds that nobody polls.
        for _ in 0..10 {
            if frames_are_in_order() || heard.contains("user_offline") {
                break;
            }
            heard += &world.minute().await;
            heard += &world.send("alice", "3").await;
        }
        assert_eq!(heard.matches("user_offline").count(), 1, "{heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_moved_without_a_namespace_may_join_one() {
    let mut world = World::new().await;
    world.poll("bob").await;
    assert_eq!(world.move_to_websocket("bob").await, "");
    assert!(world.also_join("bob", "bob", "/").await.contains("bob hears 40{"));
}

#[tokio::test(start_paused = true)]
async fn the_handshakes_header_still_proves_who_it_is_after_the_move() {
    let mut world = World::new().await;
    world.poll_join_by_header("bob", "bob").await;
    world.move_to_websocket("bob").await;
    assert_snapshot!(world.send("bob", "40/recruiting,").await, @r#"
    bob hears 40/recruiting,{"sid":"…"}
    bob hears 42/recruiting,["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"bob"}]
    bob hears 42/recruiting,["online_users",{"count":1,"onlineUsers":["bob"]}]
    "#);
}
