//! What becomes of a client's frames: routes, order, and the frames with which the gateway complains.

use std::sync::Arc;
use std::time::Duration;

use local::gateway::{FunctionError, Mode, Outbound, Routes, Settings};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::stage::{Call, Stage, fine, prompt, text};

/// The gateway's complaint, with the ids that it must carry.
async fn complaint(stage: &Stage) -> String {
    let mut client = stage.client().await;
    client.send_text("hello").await;
    stage.gateway.settled().await;
    let Some(Outbound::Text(frame)) = client.try_next() else { panic!("no frame") };
    let frame: Value = serde_json::from_str(&frame).unwrap();
    assert_eq!(frame["connectionId"], client.connection_id());
    assert_eq!(frame["requestId"].as_str().unwrap().len(), 16);
    assert_eq!(frame.as_object().unwrap().len(), 3);
    assert_eq!(stage.gateway.post(client.connection_id(), "still here".into()), Ok(()));
    assert_eq!(client.next().await, text("still here"));
    frame["message"].as_str().unwrap().to_owned()
}

/// 200 for `$connect`, something else for messages.
fn then(answer: Result<Value, FunctionError>) -> Stage {
    Stage::with(prompt(), move |call: Call| {
        let answer = if call.function == "switchboard" { answer.clone() } else { fine() };
        async { answer }
    })
}

#[tokio::test(start_paused = true)]
async fn a_failed_function_is_an_internal_server_error_and_the_connection_stays_open() {
    assert_eq!(complaint(&then(Err(FunctionError("no".to_owned())))).await, "Internal server error");
}

#[tokio::test(start_paused = true)]
async fn a_malformed_answer_is_an_internal_server_error() {
    for answer in [Value::Null, json!("fine"), json!({ "ok": true }), json!({ "statusCode": 200, "headers": [] })] {
        assert_eq!(complaint(&then(Ok(answer))).await, "Internal server error");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_slower_than_29_seconds_times_out_and_runs_on() {
    let stage = Stage::with(prompt(), |call| async move {
        if call.function == "switchboard" {
            tokio::time::sleep(Duration::from_secs(30)).await;
            call.gateway.post(call.connection_id(), "late".into()).unwrap();
        }
        fine()
    });
    let mut client = stage.client().await;
    client.send_text("hello").await;
    let Some(Outbound::Text(frame)) = client.next().await else { panic!("no frame") };
    assert!(frame.starts_with(r#"{"message": "Endpoint request timed out", "connectionId":""#), "{frame}");
    assert_eq!(client.next().await, text("late"));
}

#[tokio::test(start_paused = true)]
async fn no_route_and_no_default_is_forbidden() {
    let stage = Stage::routed(prompt(), &[("$connect", "connect"), ("ping", "ping")], |_| async { fine() });
    assert_eq!(complaint(&stage).await, "Forbidden");
}

#[tokio::test(start_paused = true)]
async fn what_a_function_returns_to_a_message_is_ignored() {
    let stage = then(Ok(json!({ "statusCode": 500, "body": "for nobody" })));
    let mut client = stage.client().await;
    client.send_text("hello").await;
    stage.gateway.settled().await;
    assert_eq!(client.try_next(), None);
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_rate_reaches_no_function() {
    let stage = Stage::new(Settings { requests_per_second: 1, requests_burst: 1, ..prompt() });
    let mut client = stage.client().await;
    client.send_text("one").await;
    client.send_text("two").await;
    stage.gateway.settled().await;
    assert_eq!(stage.told(), ["$connect", "$default one"]);
    let Some(Outbound::Text(frame)) = client.try_next() else { panic!("no frame") };
    assert!(frame.starts_with(r#"{"message": "Too Many Requests""#), "{frame}");
}

#[tokio::test(start_paused = true)]
async fn the_selection_expression_chooses_the_route_and_the_rest_goes_to_default() {
    let routes = [("$connect", "connect"), ("$default", "switchboard"), ("send", "message")];
    let stage = Stage::routed(prompt(), &routes, |_| async { fine() });
    let client = stage.client().await;
    let bodies = [
        r#"{"action":"send"}"#,
        r#"{"action":"other"}"#,
        r#"{"action":"$connect"}"#,
        r#"{"action":7}"#,
        r#"["send"]"#,
        "send",
        "",
    ];
    for body in bodies {
        client.send_text(body).await;
    }
    stage.gateway.settled().await;
    let told = stage.told().split_off(1);
    assert_eq!(told[0], format!("send {}", bodies[0]));
    assert_eq!(told[1..], bodies[1..].iter().map(|body| format!("$default {body}")).collect::<Vec<_>>());
}

#[test]
fn a_selection_expression_of_another_kind_is_refused() {
    for expression in ["$request.header.action", "$context.routeKey", "action", "$request.body.", "$request.body.a[0]"]
    {
        assert!(Routes::new(expression, []).is_err(), "{expression}");
    }
    for expression in ["$request.body.action", "${request.body.action}", "$request.body.data.kind"] {
        assert!(Routes::new(expression, []).is_ok(), "{expression}");
    }
}

#[tokio::test(start_paused = true)]
async fn serial_mode_handles_one_frame_after_the_other_and_disconnect_last() {
    let stage = Stage::with(prompt(), |call| async move {
        // The earlier a frame, the longer it takes.
        let pause = match call.body() {
            "one" => 3,
            "two" => 2,
            _ => 0,
        };
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let _gone = call.gateway.post(call.connection_id(), call.body().to_owned().into());
        fine()
    });
    let mut client = stage.client().await;
    for body in ["one", "two", "three"] {
        client.send_text(body).await;
    }
    assert_eq!(client.next().await, text("one"));
    assert_eq!(client.next().await, text("two"));
    assert_eq!(client.next().await, text("three"));
    client.send_text("two").await;
    client.close(None);
    stage.gateway.settled().await;
    assert_eq!(stage.told()[4..], ["$default two", "$disconnect 1005 Client-side close frame status not set"]);
}

#[tokio::test(start_paused = true)]
async fn concurrent_mode_runs_two_frames_at_once() {
    let both = Arc::new(Barrier::new(2));
    let stage = Stage::with(Settings { mode: Mode::Concurrent, ..prompt() }, move |call| {
        let both = Arc::clone(&both);
        async move {
            if call.function == "switchboard" {
                both.wait().await;
                call.gateway.post(call.connection_id(), call.body().to_owned().into()).unwrap();
            }
            fine()
        }
    });
    let mut client = stage.client().await;
    client.send_text("one").await;
    client.send_text("two").await;
    let heard = [client.next().await, client.next().await];
    assert!(heard.contains(&text("one")) && heard.contains(&text("two")), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn concurrent_mode_starts_frames_in_any_order() {
    let stage = Stage::new(Settings { mode: Mode::Concurrent, ..prompt() });
    let client = stage.client().await;
    for number in 0..50 {
        client.send_text(format!("{number:02}")).await;
    }
    stage.gateway.settled().await;
    let told = stage.told();
    assert_eq!(told.len(), 51);
    assert!(!told.is_sorted(), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn concurrent_mode_lets_disconnect_overtake_a_running_message() {
    let stage = Stage::with(Settings { mode: Mode::Concurrent, ..prompt() }, |call| async move {
        if call.function == "switchboard" {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        if call.function == "disconnect" {
            tokio::time::sleep(Duration::from_secs(1)).await;
            return Err(FunctionError("nobody is told".to_owned()));
        }
        fine()
    });
    let client = stage.client().await;
    client.send_text("slow").await;
    client.close(None);
    let begun = tokio::time::Instant::now();
    stage.gateway.settled().await;
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert_eq!(stage.told().len(), 3);
}
