//! Binary packets (docs/protocol.md, "Attachments"): attachments come as frames of their own, `b` and base64 behind API
//! Gateway, and a packet is handled once it is whole. The echo application says what it heard; the chat has no use for
//! any.

use insta::assert_snapshot;
use serde_json::json;
use world::World;

use crate::worlds::echo_with_alice;

const CLOSED: &str = "alice is closed: 1000 Connection Closed Normally\n";
const ONE: &str = "451-[\"message\",{\"_placeholder\":true,\"num\":0}]";
const TWO: &str = "452-[\"message\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";

#[tokio::test(start_paused = true)]
async fn an_event_is_handled_once_its_last_attachment_is_there() {
    let mut world = echo_with_alice().await;
    assert_eq!(world.send("alice", TWO).await, "");
    assert_eq!(world.send("alice", "bAQID").await, "");
    assert_snapshot!(world.send("alice", "bBAUG").await, @r#"
    alice hears 452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]
    alice hears bAQID
    alice hears bBAUG
    "#);
    // Nothing of it is left.
    assert_snapshot!(world.send("alice", "42[\"message\",1]").await, @r#"alice hears 42["message-back",1]"#);
    world.send("alice", ONE).await;
    assert_snapshot!(world.send("alice", "bBw==").await, @r#"
    alice hears 451-["message-back",{"_placeholder":true,"num":0}]
    alice hears bBw==
    "#);
}

#[tokio::test(start_paused = true)]
async fn base64_with_a_line_feed_is_taken_on_either_transport() {
    let mut world = echo_with_alice().await;
    world.send("alice", ONE).await;
    assert!(world.send("alice", "bBw==\n").await.ends_with("alice hears bBw==\n"));
    // As Java's client posts it.
    world.poll("bob").await;
    world.send("bob", "40").await;
    let heard = world.send("bob", &format!("{ONE}\u{1e}bBw==\n")).await;
    assert!(heard.ends_with("bob hears bBw==\n") && !world.is_closed("bob"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn an_ack_carries_attachments_both_ways() {
    let mut world = echo_with_alice().await;
    world.send("alice", "451-7[\"message-with-ack\",{\"_placeholder\":true,\"num\":0}]").await;
    assert_snapshot!(world.send("alice", "bAQID").await, @r#"
    alice hears 461-7[{"_placeholder":true,"num":0}]
    alice hears bAQID
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_announces_no_attachments_is_whole() {
    let mut world = echo_with_alice().await;
    assert_snapshot!(world.send("alice", "450-[\"message\",1]").await, @r#"alice hears 42["message-back",1]"#);
}

#[tokio::test(start_paused = true)]
async fn ten_attachments_are_taken_and_empty_ones_too() {
    let mut world = echo_with_alice().await;
    let places: Vec<_> = (0..10).map(|num| json!({"_placeholder": true, "num": num})).collect();
    let header = format!("4510-[\"message\",{}]", json!(places));
    world.send("alice", &header).await;
    for _ in 0..9 {
        assert_eq!(world.send("alice", "b").await, "");
    }
    assert_eq!(world.send("alice", "b").await.lines().count(), 11);
}

#[tokio::test(start_paused = true)]
async fn more_than_ten_attachments_close_the_connection() {
    let mut world = echo_with_alice().await;
    assert_eq!(world.send("alice", "4511-[\"message\"]").await, CLOSED);
    let mut world = echo_with_alice().await;
    for _ in 0..10 {
        assert_eq!(world.send("alice", "bAQID").await, "");
    }
    assert_eq!(world.send("alice", "bAQID").await, CLOSED, "without a header");
}

#[tokio::test(start_paused = true)]
async fn a_text_frame_while_attachments_are_awaited_closes_the_connection() {
    for frame in ["42[\"message\",1]", "421[\"message-with-ack\",1]", "430[]", "40/custom,", "41", ONE] {
        let mut world = echo_with_alice().await;
        world.send("alice", TWO).await;
        world.send("alice", "bAQID").await;
        assert_eq!(world.send("alice", frame).await, CLOSED, "{frame}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_frame_in_another_namespace_closes_the_connection_too() {
    for frame in ["42/custom,[\"message\",1]", "41/custom"] {
        let mut world = echo_with_alice().await;
        world.send("alice", "40/custom,").await;
        world.send("alice", ONE).await;
        assert_eq!(world.send("alice", frame).await, CLOSED, "{frame}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_heartbeat_goes_on_while_attachments_are_awaited() {
    let mut world =
        World::with_application(echo::events, &[("PingIntervalMinutes", "1"), ("ConnectTimeoutSeconds", "600")]).await;
    world.open("alice").await;
    world.send("alice", "40").await;
    world.send("alice", ONE).await;
    assert_eq!(world.minute().await, "alice hears 2\n");
    assert_eq!(world.send("alice", "3").await, "");
    assert_snapshot!(world.send("alice", "bAQID").await, @r#"
    alice hears 451-["message-back",{"_placeholder":true,"num":0}]
    alice hears bAQID
    "#);
}

#[tokio::test(start_paused = true)]
async fn attachments_that_never_come_close_the_connection_after_the_connect_timeout() {
    let mut world = echo_with_alice().await;
    world.send("alice", ONE).await;
    world.clock.advance(44_000);
    assert_eq!(world.heartbeat().await, "");
    world.clock.advance(1_000);
    assert_eq!(world.heartbeat().await, CLOSED);
    // And that is the end of it.
    world.open("bob").await;
    world.send("bob", "40").await;
    assert_eq!(world.heartbeat().await, "");
}

#[tokio::test(start_paused = true)]
async fn an_attachment_that_comes_too_late_closes_the_connection() {
    let mut world = echo_with_alice().await;
    world.send("alice", ONE).await;
    world.clock.advance(45_000);
    assert_eq!(world.send("alice", "bAQID").await, CLOSED);
}

#[tokio::test(start_paused = true)]
async fn an_attachment_that_was_received_before_its_header_is_none() {
    let mut world = echo_with_alice().await;
    assert_eq!(world.send("alice", "bAQID").await, "");
    world.clock.advance(1);
    assert_eq!(world.send("alice", ONE).await, CLOSED);
}

#[tokio::test(start_paused = true)]
async fn an_attachment_that_overtakes_its_header_waits_for_it() {
    let mut world = echo_with_alice().await;
    assert_eq!(world.send("alice", "bAQID").await, "");
    assert_snapshot!(world.send("alice", ONE).await, @r#"
    alice hears 451-["message-back",{"_placeholder":true,"num":0}]
    alice hears bAQID
    "#);
}

#[tokio::test(start_paused = true)]
async fn attachments_of_more_bytes_than_a_row_holds_close_the_connection() {
    let mut world = echo_with_alice().await;
    let places: Vec<_> = (0..10).map(|num| json!({"_placeholder": true, "num": num})).collect();
    world.send("alice", &format!("4510-[\"message\",{}]", json!(places))).await;
    let attachment = format!("b{}", "AAAA".repeat(8_000));
    let mut heard = String::new();
    for _ in 0..9 {
        heard = world.send("alice", &attachment).await;
    }
    assert_eq!(heard, "", "288,000 bytes");
    assert_eq!(world.send("alice", &attachment).await, CLOSED);
}

#[tokio::test(start_paused = true)]
async fn a_header_for_a_namespace_not_joined_closes_the_connection() {
    let mut world = echo_with_alice().await;
    assert_eq!(world.send("alice", "451-/custom,[\"message\",{\"_placeholder\":true,\"num\":0}]").await, CLOSED);
}

#[tokio::test(start_paused = true)]
async fn frames_that_are_sent_without_waiting_are_one_packet() {
    let mut world = echo_with_alice().await;
    let frames = [("alice", ONE.to_owned()), ("alice", "bAQID".to_owned()), ("alice", "42[\"message\",1]".to_owned())];
    let heard = world.send_all(&frames).await;
    let mut lines: Vec<&str> = heard.lines().collect();
    // A gateway that hands on several frames at once may have them handled in another order.
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "alice hears 42[\"message-back\",1]",
            "alice hears 451-[\"message-back\",{\"_placeholder\":true,\"num\":0}]",
            "alice hears bAQID",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn by_polling_a_packet_may_come_in_one_body_or_in_several() {
    let mut world = World::with_application(echo::events, &[]).await;
    world.poll("alice").await;
    world.send("alice", "40").await;
    assert_snapshot!(world.send("alice", &format!("{ONE}\u{1e}bAQID")).await, @r#"
    alice hears 451-["message-back",{"_placeholder":true,"num":0}]
    alice hears bAQID
    "#);
    assert_eq!(world.send("alice", ONE).await, "");
    assert_snapshot!(world.send("alice", "bAQID").await, @r#"
    alice hears 451-["message-back",{"_placeholder":true,"num":0}]
    alice hears bAQID
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_began_by_polling_ends_over_the_websocket() {
    let mut world = World::with_application(echo::events, &[]).await;
    world.poll("alice").await;
    world.send("alice", "40").await;
    world.send("alice", TWO).await;
    world.send("alice", "bAQID").await;
    world.move_to_websocket("alice").await;
    assert_snapshot!(world.send("alice", "bBAUG").await, @r#"
    alice hears 452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]
    alice hears bAQID
    alice hears bBAUG
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_chat_answers_with_an_error_once_the_packet_is_whole() {
    let mut world = World::new().await;
    world.join("alice").await;
    assert_eq!(world.send("alice", "451-7[\"send_message\",{\"_placeholder\":true,\"num\":0}]").await, "");
    assert_snapshot!(world.send("alice", "bAAEC").await, @r#"alice hears 437[{"error":{"code":"VALIDATION_ERROR","details":{"field":"event"},"message":"event has binary attachments, which are not supported","timestamp":1767323045006},"success":false}]"#);
    assert_eq!(world.send("alice", "451-[\"send_message\",{\"_placeholder\":true,\"num\":0}]").await, "");
    assert_snapshot!(world.send("alice", "bAAEC").await, @r#"alice hears 42["error",{"code":"VALIDATION_ERROR","details":{"field":"event"},"message":"event has binary attachments, which are not supported","timestamp":1767323045006}]"#);
    assert_snapshot!(world.send("alice", "428[\"ping\"]").await, @r#"alice hears 438[{"success":true,"timestamp":1767323045006}]"#);
}

#[tokio::test(start_paused = true)]
async fn events_cost_no_more_for_it_than_they_did() {
    let mut world = echo_with_alice().await;
    world.spent();
    world.send("alice", "42[\"message\",1]").await;
    let (meter, _) = world.spent();
    assert_eq!(meter.requests.values().sum::<u64>(), 1, "the session: {meter:?}");
    world.send("alice", ONE).await;
    let (meter, _) = world.spent();
    assert_eq!(
        meter.requests.values().sum::<u64>(),
        6,
        "connection, sessions; a mark on each, frame, packet: {meter:?}"
    );
    world.send("alice", "bAQID").await;
    let (meter, _) = world.spent();
    // Last of all the session, and that the packet is not awaited any more.
    assert_eq!(meter.requests.get("GetItem"), Some(&5), "connection, two frames, and what the event reads: {meter:?}");
    assert_eq!(meter.requests.get("UpdateItem"), Some(&3), "frame, packet, its end: {meter:?}");
    assert_eq!(meter.requests.values().sum::<u64>(), 8, "{meter:?}");
}
