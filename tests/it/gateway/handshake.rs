//! The upgrade waits for `$connect`, and until then there is no connection.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use local::gateway::{FunctionError, ManagementError, Settings};
use serde_json::{Value, json};

use super::stage::{Stage, fine, prompt, request, text};

#[tokio::test(start_paused = true)]
async fn the_stage_and_the_mapping_key_are_paths_with_and_without_a_slash() {
    let stage = Stage::new(prompt());
    for path in ["/prod", "/prod/", "/socket.io", "/socket.io/"] {
        assert!(stage.gateway.connect(request(path)).await.is_ok(), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_path_is_forbidden_and_no_function_hears_of_it() {
    let stage = Stage::new(prompt());
    for path in ["/", "", "/prod/x", "/prod//", "/Prod", "/socket.io/1", "prod"] {
        assert_eq!(stage.refused(request(path)).await, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(stage.told(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn without_a_mapping_key_only_the_stage_is_a_path() {
    let stage = Stage::new(Settings { mapping_key: None, ..prompt() });
    assert_eq!(stage.refused(request("/socket.io/")).await, StatusCode::FORBIDDEN);
    assert_eq!(stage.refused(request("/")).await, StatusCode::FORBIDDEN);
}

#[tokio::test(start_paused = true)]
async fn any_2xx_of_connect_lets_the_client_in() {
    let stage = Stage::with(prompt(), |_| async { Ok(json!({ "statusCode": 204 })) });
    assert!(stage.gateway.connect(request("/prod")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn another_status_of_connect_is_the_status_of_the_handshake_and_no_disconnect_follows() {
    let stage = Stage::with(prompt(), |_| async { Ok(json!({ "statusCode": 401, "body": "no" })) });
    assert_eq!(stage.refused(request("/prod")).await, StatusCode::UNAUTHORIZED);
    stage.gateway.settled().await;
    assert_eq!(stage.told(), ["$connect"]);
    assert_eq!(stage.gateway.open_connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_or_malformed_or_panicking_connect_is_502() {
    let failed = Stage::with(prompt(), |_| async { Err(FunctionError("out of luck".to_owned())) });
    assert_eq!(failed.refused(request("/prod")).await, StatusCode::BAD_GATEWAY);
    let panicking = Stage::with(prompt(), |_| async { panic!("a function panics on purpose") });
    assert_eq!(panicking.refused(request("/prod")).await, StatusCode::BAD_GATEWAY);
    for malformed in [
        Value::Null,
        json!({}),
        json!("200"),
        json!({ "statusCode": "ok" }),
        json!({ "statusCode": 101 }),
        json!({ "statusCode": 200, "body": {} }),
    ] {
        let answer = malformed.clone();
        let stage = Stage::with(prompt(), move |_| std::future::ready(Ok(answer.clone())));
        assert_eq!(stage.refused(request("/prod")).await, StatusCode::BAD_GATEWAY, "{malformed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_takes_longer_than_29_seconds_is_504() {
    let slow = |secs| {
        Stage::with(prompt(), move |_| async move {
            tokio::time::sleep(Duration::from_secs(secs)).await;
            fine()
        })
    };
    assert!(slow(28).gateway.connect(request("/prod")).await.is_ok());
    assert_eq!(slow(30).refused(request("/prod")).await, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn connections_over_the_rate_are_429_until_the_bucket_has_refilled() {
    let stage = Stage::new(Settings { connections_per_second: 2, ..prompt() });
    let _in = (stage.client().await, stage.client().await);
    assert_eq!(stage.refused(request("/prod")).await, StatusCode::TOO_MANY_REQUESTS);
    tokio::time::advance(Duration::from_millis(500)).await;
    let _in = stage.client().await;
    assert_eq!(stage.refused(request("/prod")).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(start_paused = true)]
async fn rate_limits_can_be_switched_off() {
    let stage = Stage::new(Settings { connections_per_second: 0, requests_burst: 0, rate_limits: false, ..prompt() });
    let client = stage.client().await;
    assert_eq!(stage.gateway.post(client.connection_id(), "hello".into()), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn post_get_and_delete_answer_410_until_connect_has_returned() {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&outcomes);
    let stage = Stage::with(prompt(), move |call| {
        let id = call.connection_id();
        let posted = call.gateway.post(id, "hello".into());
        noted.lock().unwrap().extend([posted, call.gateway.get(id).map(|_| ()), call.gateway.delete(id)]);
        async { fine() }
    });
    let mut client = stage.client().await;
    assert_eq!(*outcomes.lock().unwrap(), vec![Err(ManagementError::Gone); 3]);
    assert_eq!(stage.gateway.post(client.connection_id(), "now".into()), Ok(()));
    assert_eq!(client.next().await, text("now"));
}

#[tokio::test(start_paused = true)]
async fn existence_lags_behind_the_result_of_connect() {
    let stage = Stage::new(Settings { existence_lag_millis: 60..=60, ..Settings::default() });
    let client = stage.client().await;
    assert_eq!(stage.gateway.post(client.connection_id(), "early".into()), Err(ManagementError::Gone));
    tokio::time::advance(Duration::from_millis(59)).await;
    assert_eq!(stage.gateway.delete(client.connection_id()), Err(ManagementError::Gone));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(stage.gateway.post(client.connection_id(), "in time".into()), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_lag_is_100_milliseconds_at_most_by_default() {
    let stage = Stage::new(Settings::default());
    let clients: Vec<_> = futures_util::future::join_all((0..50).map(|_| stage.client())).await;
    tokio::time::advance(Duration::from_millis(100)).await;
    for client in clients {
        assert_eq!(stage.gateway.post(client.connection_id(), "hello".into()), Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn the_subprotocol_is_what_connect_returns() {
    let echoing = Stage::with(prompt(), |call| async move {
        let offered = &call.event["headers"]["Sec-WebSocket-Protocol"];
        Ok(json!({ "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": offered } }))
    });
    let mut offer = request("/prod");
    offer.headers.insert("sec-websocket-protocol", HeaderValue::from_static("chat"));
    assert_eq!(echoing.gateway.connect(offer.clone()).await.unwrap().subprotocol(), Some("chat"));
    let silent = Stage::new(prompt());
    assert_eq!(silent.gateway.connect(offer).await.unwrap().subprotocol(), None);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_wait_for_connect_counts_as_lost() {
    for (notices_tcp_ends, open, told) in [(true, 0, "$disconnect 1006 "), (false, 1, "$disconnect 1001 Going away")] {
        let stage = Stage::with(Settings { notices_tcp_ends, ..prompt() }, |_| async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            fine()
        });
        let impatient = tokio::time::timeout(Duration::from_secs(1), stage.gateway.connect(request("/prod"))).await;
        assert!(impatient.is_err());
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(stage.gateway.open_connections(), open);
        tokio::time::sleep(Duration::from_secs(601)).await;
        stage.gateway.settled().await;
        assert_eq!(stage.told(), ["$connect", told]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_without_a_connect_route_lets_everyone_in() {
    let stage = Stage::routed(prompt(), &[("$default", "switchboard")], |_| async { fine() });
    let client = stage.client().await;
    client.send_text("hello").await;
    stage.gateway.settled().await;
    client.close(None);
    stage.gateway.settled().await;
    assert_eq!(stage.told(), ["$default hello"]);
}
