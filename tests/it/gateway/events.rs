//! The events are the exact JSON of API Gateway.

use std::collections::BTreeMap;

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use http::HeaderValue;
use local::gateway::{BinaryFrames, Close, Outbound, Settings};
use serde_json::{Value, json};

use super::stage::{START_MILLIS, Stage, prompt, request, text};

/// An event without its ids and trace, each of which must look like the real one.
fn without_ids(event: &Value) -> Value {
    let mut event = event.clone();
    let context = event["requestContext"].as_object_mut().unwrap();
    assert_eq!(context["requestId"], context["extendedRequestId"]);
    for id in ["connectionId", "requestId", "extendedRequestId", "messageId"] {
        if let Some(Value::String(id)) = context.remove(id) {
            let base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            assert!(id.len() == 16 && id.strip_suffix('=').unwrap().chars().all(base64url), "{id}");
        }
    }
    event
}

#[tokio::test(start_paused = true)]
async fn connect_has_headers_and_query_and_no_body() {
    let stage = Stage::new(prompt());
    let mut handshake = request("/prod");
    handshake.query = Some("EIO=4&transport=websocket&tag=a%20b&tag=c".to_owned());
    handshake.headers.insert("connection", HeaderValue::from_static("Upgrade"));
    handshake.headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
    stage.gateway.connect(handshake).await.unwrap();
    let [event] = stage.events().try_into().unwrap();
    let trace = event["headers"]["X-Amzn-Trace-Id"].clone();
    assert!(trace.as_str().unwrap().starts_with("Root=1-69be"), "{trace}");
    assert_eq!(
        without_ids(&event),
        json!({
            "headers": {
                "Host": "chat.example",
                "User-Agent": "a browser",
                "Sec-WebSocket-Version": "13",
                "X-Amzn-Trace-Id": trace,
                "X-Forwarded-For": "127.0.0.1",
                "X-Forwarded-Port": "443",
                "X-Forwarded-Proto": "https",
            },
            "multiValueHeaders": {
                "Host": ["chat.example"],
                "User-Agent": ["a browser"],
                "Sec-WebSocket-Version": ["13"],
                "X-Amzn-Trace-Id": [trace],
                "X-Forwarded-For": ["127.0.0.1"],
                "X-Forwarded-Port": ["443"],
                "X-Forwarded-Proto": ["https"],
            },
            "queryStringParameters": { "EIO": "4", "transport": "websocket", "tag": "c" },
            "multiValueQueryStringParameters": { "EIO": ["4"], "transport": ["websocket"], "tag": ["a b", "c"] },
            "requestContext": {
                "routeKey": "$connect",
                "eventType": "CONNECT",
                "requestTime": "21/Mar/2026:09:05:59 +0000",
                "messageDirection": "IN",
                "stage": "prod",
                "connectedAt": START_MILLIS,
                "requestTimeEpoch": START_MILLIS,
                "identity": { "sourceIp": "127.0.0.1", "userAgent": "a browser" },
                "domainName": "parlance00.execute-api.localhost",
                "apiId": "parlance00",
            },
            "isBase64Encoded": false,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn connect_without_query_or_user_agent_has_no_such_members() {
    let stage = Stage::new(prompt());
    for query in [None, Some(String::new())] {
        let mut handshake = request("/prod");
        handshake.headers.remove("user-agent");
        handshake.query = query;
        stage.gateway.connect(handshake).await.unwrap();
    }
    for event in stage.events() {
        assert_eq!(event.get("queryStringParameters"), None);
        assert_eq!(event.get("multiValueQueryStringParameters"), None);
        assert_eq!(event["requestContext"]["identity"], json!({ "sourceIp": "127.0.0.1" }));
    }
}

#[tokio::test(start_paused = true)]
async fn message_has_a_body_and_nothing_of_the_handshake() {
    let stage = Stage::new(prompt());
    let client = stage.client().await;
    stage.clock.advance(1_500);
    client.send_text("42[\"hi\"]").await;
    stage.gateway.settled().await;
    let events = stage.events();
    assert_eq!(events[1]["requestContext"]["connectionId"], client.connection_id());
    assert!(events[1]["requestContext"]["messageId"].is_string());
    assert_eq!(
        without_ids(&events[1]),
        json!({
            "requestContext": {
                "routeKey": "$default",
                "eventType": "MESSAGE",
                "requestTime": "21/Mar/2026:09:06:00 +0000",
                "messageDirection": "IN",
                "stage": "prod",
                "connectedAt": START_MILLIS,
                "requestTimeEpoch": START_MILLIS + 1_500,
                "identity": { "sourceIp": "127.0.0.1", "userAgent": "a browser" },
                "domainName": "parlance00.execute-api.localhost",
                "apiId": "parlance00",
            },
            "body": "42[\"hi\"]",
            "isBase64Encoded": false,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn disconnect_has_code_and_reason() {
    let stage = Stage::new(prompt());
    let client = stage.client().await;
    stage.clock.advance(60_000);
    client.close(None);
    stage.gateway.settled().await;
    assert_eq!(
        without_ids(&stage.events()[1]),
        json!({
            "requestContext": {
                "routeKey": "$disconnect",
                "disconnectStatusCode": 1005,
                "eventType": "DISCONNECT",
                "disconnectReason": "Client-side close frame status not set",
                "requestTime": "21/Mar/2026:09:06:59 +0000",
                "messageDirection": "IN",
                "stage": "prod",
                "connectedAt": START_MILLIS,
                "requestTimeEpoch": START_MILLIS + 60_000,
                "identity": { "sourceIp": "127.0.0.1", "userAgent": "a browser" },
                "domainName": "parlance00.execute-api.localhost",
                "apiId": "parlance00",
            },
            "isBase64Encoded": false,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn every_event_carries_the_stages_variables() {
    let stage = Stage::new(prompt());
    let mut handshake = request("/prod");
    let variables = [("defaultDialect", "recruiting"), ("colour", "blue")];
    handshake.stage_variables =
        BTreeMap::from(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).into();
    let client = stage.gateway.connect(handshake).await.unwrap();
    client.send_text("hello").await;
    client.close(None);
    stage.gateway.settled().await;
    let events = stage.events();
    assert_eq!(events.len(), 3);
    for event in &events {
        assert_eq!(event["stageVariables"], json!({ "defaultDialect": "recruiting", "colour": "blue" }));
        let read: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event.clone()).unwrap();
        assert_eq!(read.stage_variables["colour"], "blue");
    }
}

#[tokio::test(start_paused = true)]
async fn without_stage_variables_no_event_has_such_a_member() {
    let stage = Stage::new(prompt());
    let client = stage.client().await;
    client.send_text("hello").await;
    client.close(None);
    stage.gateway.settled().await;
    let events = stage.events();
    assert_eq!(events.len(), 3);
    for event in &events {
        assert_eq!(event.get("stageVariables"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn lambda_reads_every_event() {
    let stage = Stage::new(prompt());
    let mut handshake = request("/prod");
    handshake.query = Some("EIO=4".to_owned());
    let client = stage.gateway.connect(handshake).await.unwrap();
    let id = client.connection_id().to_owned();
    client.send_text("hello").await;
    client.close(Some(Close { code: 1001, reason: "" }));
    stage.gateway.settled().await;
    let read = |event: &Value| serde_json::from_value::<ApiGatewayWebsocketProxyRequest>(event.clone()).unwrap();
    let events: Vec<_> = stage.events().iter().map(read).collect();
    let [connect, message, disconnect] = events.try_into().unwrap();
    assert_eq!(connect.headers["user-agent"], "a browser");
    assert_eq!(connect.query_string_parameters.first("EIO"), Some("4"));
    assert_eq!(connect.request_context.connection_id.as_deref(), Some(id.as_str()));
    assert_eq!(message.body.as_deref(), Some("hello"));
    assert_eq!(message.request_context.event_type.as_deref(), Some("MESSAGE"));
    assert!(message.headers.is_empty());
    assert_eq!(disconnect.request_context.disconnect_status_code, Some(1001));
    assert_eq!(disconnect.request_context.disconnect_reason.as_deref(), Some(""));
    assert_eq!(disconnect.request_context.connected_at, START_MILLIS);
}

#[tokio::test(start_paused = true)]
async fn connection_ids_differ() {
    let stage = Stage::new(prompt());
    let clients = futures_util::future::join_all((0..200).map(|_| stage.client())).await;
    let ids: std::collections::HashSet<_> = clients.iter().map(local::gateway::Peer::connection_id).collect();
    assert_eq!(ids.len(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_passes_binary_frames_on_says_so_and_sends_them_where_they_are_marked() {
    let stage = Stage::new(Settings { binary_frames: BinaryFrames::PassedOn, ..prompt() });
    let mut client = stage.client().await;
    client.send_binary(vec![1, 2, 3]).await;
    client.send_text("AQID").await;
    stage.gateway.settled().await;
    let bodies: Vec<_> =
        stage.events().iter().skip(1).map(|event| (event["body"].clone(), event["isBase64Encoded"].clone())).collect();
    assert_eq!(bodies, [(json!("AQID"), json!(true)), (json!("AQID"), json!(false))]);
    let id = client.connection_id().to_owned();
    assert_eq!(stage.gateway.post_binary(&id, vec![0xff].into()), Ok(()));
    assert_eq!(stage.gateway.post(&id, "text".into()), Ok(()));
    assert_eq!(client.try_next(), Some(Outbound::Binary(vec![0xff].into())));
    assert_eq!(client.try_next(), text("text"));
}

#[tokio::test(start_paused = true)]
async fn api_gateway_makes_text_of_a_post_that_is_marked_as_binary() {
    let stage = Stage::new(prompt());
    let mut client = stage.client().await;
    assert_eq!(stage.gateway.post_binary(client.connection_id(), "text".into()), Ok(()));
    assert_eq!(client.try_next(), text("text"));
}
