//! `@connections`, in process.

use bytes::Bytes;
use http::{Method, StatusCode};
use local::gateway::{ManagementError, Settings};
use local::management;
use serde_json::{Value, json};

use super::stage::{START_MILLIS, Stage, prompt, text};

#[tokio::test(start_paused = true)]
async fn posts_to_one_connection_keep_their_order() {
    let stage = Stage::new(prompt());
    let mut client = stage.client().await;
    for number in 0..100 {
        stage.gateway.post(client.connection_id(), number.to_string().into()).unwrap();
    }
    for number in 0..100 {
        assert_eq!(client.next().await, text(&number.to_string()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_410_and_a_malformed_one_400() {
    let stage = Stage::new(prompt());
    assert_eq!(stage.gateway.post("AAAAAAAAAAAAAAA=", "x".into()), Err(ManagementError::Gone));
    for malformed in ["", "AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAA==", "AAAAAAAAAAAA/AA=", "AAAAAAAAAAAAAAAA="] {
        let refused = stage.gateway.get(malformed).unwrap_err();
        assert_eq!(refused, ManagementError::Malformed(malformed.to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_over_131_072_bytes_is_413() {
    let stage = Stage::new(prompt());
    let client = stage.client().await;
    assert_eq!(stage.gateway.post(client.connection_id(), vec![b'a'; 131_072].into()), Ok(()));
    let refused = stage.gateway.post(client.connection_id(), vec![b'a'; 131_073].into());
    assert_eq!(refused, Err(ManagementError::PayloadTooLarge));
}

#[tokio::test(start_paused = true)]
async fn a_client_with_a_mebibyte_waiting_is_429_until_it_reads() {
    let stage = Stage::new(prompt());
    let mut client = stage.client().await;
    let post = |id: &str| stage.gateway.post(id, vec![b'a'; 131_072].into());
    for _ in 0..8 {
        assert_eq!(post(client.connection_id()), Ok(()));
    }
    assert_eq!(post(client.connection_id()), Err(ManagementError::LimitExceeded));
    client.next().await.unwrap();
    assert_eq!(post(client.connection_id()), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn calls_and_messages_share_one_rate() {
    let stage = Stage::new(Settings { requests_per_second: 1, requests_burst: 3, ..prompt() });
    let client = stage.client().await;
    client.send_text("hello").await;
    stage.gateway.settled().await;
    let id = client.connection_id();
    assert_eq!(stage.gateway.post(id, "hello".into()), Ok(()));
    assert!(stage.gateway.get(id).is_ok());
    assert_eq!(stage.gateway.delete(id), Err(ManagementError::LimitExceeded));
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert_eq!(stage.gateway.delete(id), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_post_that_is_not_text_is_refused_loudly() {
    let stage = Stage::new(prompt());
    let client = stage.client().await;
    let post = management::answer(&stage.gateway, &Method::POST, client.connection_id(), Bytes::from_static(&[0xff]));
    assert_eq!(post.status(), StatusCode::NOT_IMPLEMENTED);
    let put = management::answer(&stage.gateway, &Method::PUT, client.connection_id(), Bytes::new());
    assert_eq!(put.status(), StatusCode::NOT_IMPLEMENTED);
}

#[tokio::test(start_paused = true)]
async fn get_tells_when_the_client_came_and_last_spoke() {
    let stage = Stage::new(prompt());
    let client = stage.client().await;
    stage.clock.advance(2_000);
    client.send_text("hello").await;
    stage.clock.advance(2_000);
    let description = stage.gateway.get(client.connection_id()).unwrap();
    assert_eq!(description.connected_at.millis(), START_MILLIS);
    let answer = management::answer(&stage.gateway, &Method::GET, client.connection_id(), Bytes::new());
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        serde_json::from_slice::<Value>(answer.body()).unwrap(),
        json!({
            "connectedAt": "2026-03-21T09:05:59.123Z",
            "lastActiveAt": "2026-03-21T09:06:01.123Z",
            "identity": { "sourceIp": "127.0.0.1", "userAgent": "a browser" },
        })
    );
}

#[tokio::test(start_paused = true)]
async fn each_refusal_has_the_status_and_the_type_that_sdks_read() {
    let refusals = [
        (ManagementError::Gone, 410, "GoneException", "the connection is gone"),
        (ManagementError::Malformed("x".to_owned()), 400, "BadRequestException", "Invalid connectionId: x"),
        (ManagementError::PayloadTooLarge, 413, "PayloadTooLargeException", "the payload is too large"),
        (ManagementError::LimitExceeded, 429, "LimitExceededException", "the limit is exceeded"),
    ];
    for (error, status, kind, message) in refusals {
        let answer = management::refusal(&error);
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["x-amzn-ErrorType"], kind);
        assert_eq!(serde_json::from_slice::<Value>(answer.body()).unwrap(), json!({ "message": message }));
    }
}
