//! Requests of the HTTP API as the functions get them in the cloud: events of payload format 2.0, through
//! `lambda_http`. A path comes percent-decoded; everything else in an event may be whatever a client sends.

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use insta::assert_snapshot;
use local::http_api::LastSlash;
use proptest::prelude::*;
use relay::edge::Edge;
use relay::http_event::{Malformed, sound_event};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use world::World;

/// An event as API Gateway makes it of a request.
fn event(method: &str, path: &str, query: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "accept": "*/*",
            "content-type": "application/json",
            "host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "x-amzn-trace-id": "Root=1-6a5145a9-1bae89e2512ec92d5d9438a0",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "authentication": {"clientCert": {"clientCertPem": "", "subjectDN": ""}},
            "authorizer": {"jwt": {"claims": null, "scopes": null}},
            "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "curl"},
            "requestId": "ATfSmjLgPHcESJw=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "10/Jul/2026:19:19:05 +0000",
            "timeEpoch": 1_783_711_145_766_i64,
        },
        "pathParameters": null,
        "stageVariables": null,
        "isBase64Encoded": false,
    })
}

/// What a function answers: status and body.
async fn answer(world: &World, function: &str, event: Value) -> (u64, String) {
    let answer = world.cloud.http_function(function).unwrap()(event).await;
    (answer["statusCode"].as_u64().unwrap(), answer["body"].as_str().unwrap_or_default().to_owned())
}

/// The ids of the listings that were stored for each of these paths, as a client would write them.
async fn stored(world: &mut World, paths: &[&str]) -> String {
    let mut said = String::new();
    for path in paths {
        let listing = json!({"title": "Rex"});
        let answer = world.rest("alice", "PUT", &format!("/marketplace/api/listings/{path}"), listing).await;
        said += &format!("{path}: {answer}");
    }
    said
}

#[tokio::test(start_paused = true)]
async fn an_id_in_a_path_is_stored_as_the_client_meant_it() {
    let mut world = World::new().await;
    let paths = ["a%23b", "%2541", "100%25", "a%20b", "a+b", "a;b=c", "r%C3%A9x", "a%5Cb", "a%09b", "a%22b", "a%2526b"];
    let said = stored(&mut world, &paths).await;
    let ids: Vec<&str> = said.lines().map(|line| line.split("\"_id\":").nth(1).unwrap_or(line)).collect();
    let ids: Vec<&str> = ids.iter().map(|rest| rest.split(",\"address\"").next().unwrap()).collect();
    assert_eq!(
        ids,
        [
            r##""a#b""##,
            r#""%41""#,
            r#""100%""#,
            r#""a b""#,
            r#""a+b""#,
            r#""a;b=c""#,
            r#""réx""#,
            r#""a\\b""#,
            r#""a\tb""#,
            r#""a\"b""#,
            r#""a%26b""#
        ]
    );
    for (path, id) in [("a%23b", "a#b"), ("%2541", "%41")] {
        let (status, answer) = world.request("alice", "GET", &format!("/marketplace/api/listings/{path}"), "").await;
        assert_eq!((status, &answer["data"]["_id"]), (200, &Value::from(id)));
    }
    for path in ["a", "A", "%41"] {
        let (status, _) = world.request("alice", "GET", &format!("/marketplace/api/listings/{path}"), "").await;
        assert_eq!(status, 404, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_does_not_survive_a_path_is_refused() {
    let mut world = World::new().await;
    assert_snapshot!(stored(&mut world, &["a%2Fb", "%FF", "..", "%2E%2E", "."]).await, @r#"
    a%2Fb: alice gets 404 {"code":"NOT_FOUND","message":"route not found","success":false}
    %FF: alice gets 400 {"code":"VALIDATION_ERROR","message":"path must be percent-encoded UTF-8 without the segments . and ..","success":false}
    ..: alice gets 400 {"code":"VALIDATION_ERROR","message":"path must be percent-encoded UTF-8 without the segments . and ..","success":false}
    %2E%2E: alice gets 400 {"code":"VALIDATION_ERROR","message":"path must be percent-encoded UTF-8 without the segments . and ..","success":false}
    .: alice gets 400 {"code":"VALIDATION_ERROR","message":"path must be percent-encoded UTF-8 without the segments . and ..","success":false}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_not_encoded_is_refused_with_or_without_a_token() {
    let world = World::new().await;
    let mut said = String::new();
    for query in ["a=\"b\"", "a=<b", "a=b c", "a=b#c", "a=\u{7f}", "a=\n"] {
        let (status, body) = answer(&world, "rest", event("GET", "/workspace/api/conversations", query)).await;
        said += &format!("{query:?} {status} {body}\n");
        let (status, body) = answer(&world, "polling", event("GET", "/socket.io/", query)).await;
        assert_eq!((status, body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
    }
    assert_snapshot!(said, @r##"
    "a=\"b\"" 400 {"code":"VALIDATION_ERROR","message":"query must be percent-encoded","success":false}
    "a=<b" 400 {"code":"VALIDATION_ERROR","message":"query must be percent-encoded","success":false}
    "a=b c" 400 {"code":"VALIDATION_ERROR","message":"query must be percent-encoded","success":false}
    "a=b#c" 400 {"code":"VALIDATION_ERROR","message":"query must be percent-encoded","success":false}
    "a=\u{7f}" 400 {"code":"VALIDATION_ERROR","message":"query must be percent-encoded","success":false}
    "a=\n" 400 {"code":"VALIDATION_ERROR","message":"query must be percent-encoded","success":false}
    "##);
    // What is not ASCII stands for itself.
    let (status, _) = answer(&world, "rest", event("GET", "/api/socket/health", "a=é")).await;
    assert_eq!(status, 200);
}

#[tokio::test(start_paused = true)]
async fn no_host_header_method_or_body_is_too_odd_to_be_answered() {
    let world = World::new().await;
    let with = |pointer: &str, value: Value| {
        let mut event = event("GET", "/api/socket/health", "");
        *event.pointer_mut(pointer).unwrap() = value;
        event
    };
    for host in ["", "a b", "[", "1.2.3.4.5", "xn--a", "a/b?c#d", "é", "a:b:c"] {
        assert_eq!(answer(&world, "rest", with("/headers/host", host.into())).await.0, 200, "{host:?}");
        assert_eq!(answer(&world, "rest", with("/headers/x-forwarded-proto", host.into())).await.0, 200, "{host:?}");
        assert_eq!(answer(&world, "rest", with("/headers/accept", host.into())).await.0, 200, "{host:?}");
    }
    for method in ["", "G T", "é", "GET\n"] {
        assert_eq!(
            answer(&world, "rest", with("/requestContext/http/method", method.into())).await.0,
            400,
            "{method:?}"
        );
    }
    let mut broken = event("POST", "/api/chat/create-or-get", "");
    broken["body"] = "not base64!".into();
    broken["isBase64Encoded"] = true.into();
    assert_eq!(answer(&world, "rest", broken.clone()).await.0, 400);
    assert_eq!(answer(&world, "polling", broken).await.0, 400);
    for nothing in [Value::Null, json!({}), json!([]), json!({"headers": 7, "rawPath": {}, "cookies": "a"})] {
        assert_eq!(answer(&world, "rest", nothing).await.0, 400);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_be_read_is_refused_in_the_words_of_its_dialect_and_a_page_may_read_why() {
    let world = World::new().await;
    let function = world.cloud.http_function("rest").unwrap();
    let mut cross = event("GET", "/workspace/api/conversations", "a=\"b\"");
    cross["headers"]["origin"] = "https://app.example.com".into();
    let answer = function(cross).await;
    assert_eq!(answer["headers"]["access-control-allow-origin"], "https://app.example.com");
    assert_eq!(answer["headers"]["access-control-allow-credentials"], "true");
    assert_snapshot!(answer["body"].as_str().unwrap(), @r#"{"code":"VALIDATION_ERROR","message":"query must be percent-encoded","success":false}"#);
}

#[tokio::test(start_paused = true)]
async fn bytes_survive_both_ways() {
    let mut world = World::new().await;
    world.know(&["bob"]).await;
    let chat = world.chat("alice", "bob").await;
    let bytes: Vec<u8> = b"\x89PNG\r\n\x1a\n".iter().copied().chain(0..=255).collect();
    let mut form = b"--edge\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\r\n".to_vec();
    form.extend_from_slice(&bytes);
    form.extend_from_slice(b"\r\n--edge--\r\n");
    let request = Request::post(format!("/recruiting/api/chat/{chat}/send-media"))
        .header("authorization", format!("Bearer {}", world.token("alice")))
        .header("content-type", "multipart/form-data; boundary=edge");
    let (status, _, message) = world.respond(request.body(Body::from(form)).unwrap()).await;
    assert_eq!(status, 201, "{message}");
    let request = Request::get(message["data"]["mediaUrl"].as_str().unwrap())
        .header("authorization", format!("Bearer {}", world.token("bob")));
    let response = world.cloud.http.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), bytes);
}

#[tokio::test(start_paused = true)]
async fn values_of_one_header_are_joined_and_cookies_stay_apart() {
    let answering = async || {
        let headers = [("vary", "origin"), ("vary", "accept"), ("set-cookie", "a=1"), ("set-cookie", "b=2")];
        let headers = headers.map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()));
        // By content type it is text, but no UTF-8.
        let latin = ("content-type".parse().unwrap(), "text/plain; charset=iso-8859-1".parse().unwrap());
        let headers = headers.into_iter().chain([latin]).fold(HeaderMap::new(), |mut all, (name, value)| {
            all.append(name, value);
            all
        });
        (headers, vec![0xe9_u8])
    };
    let router = axum::Router::new().fallback(answering);
    let function = relay::http_event::function(Edge::default(), router, |_| axum::Router::new());
    let answer = function(event("GET", "/", "")).await;
    assert_eq!(answer["headers"]["vary"], "origin, accept");
    assert_eq!(answer["cookies"], json!(["a=1", "b=2"]));
    assert_eq!((&answer["body"], &answer["isBase64Encoded"]), (&json!("6Q=="), &json!(true)));
}

#[tokio::test(start_paused = true)]
async fn whichever_route_takes_the_path_with_its_last_slash_a_client_can_poll() {
    for (last_slash, led_on) in [(LastSlash::Greedy, false), (LastSlash::Ignored, false), (LastSlash::Unmatched, true)]
    {
        let world = World::new().await;
        let http = world.cloud.http_with(last_slash);
        let open = "/socket.io/?EIO=4&transport=polling";
        let request = |path: &str| Request::get(path).body(Body::empty()).unwrap();
        let mut response = http.clone().oneshot(request(open)).await.unwrap();
        if led_on {
            assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
            let location = response.headers()["location"].to_str().unwrap().to_owned();
            assert_eq!(location, "/socket.io?EIO=4&transport=polling");
            response = http.clone().oneshot(request(&location)).await.unwrap();
        }
        assert_eq!(response.status(), StatusCode::OK, "{last_slash:?}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(br#"0{"sid":"p."#), "{last_slash:?}: {body:?}");
        // Without the slash nothing is in doubt.
        let response = http.oneshot(request("/socket.io?EIO=4&transport=polling")).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{last_slash:?}");
    }
}

/// Text of all kinds of characters, those that mean something to a URI and those that are none more often than others.
fn odd_text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        '"',
        '<',
        '>',
        ' ',
        '#',
        '?',
        '%',
        '/',
        '\\',
        '.',
        '@',
        ':',
        '[',
        ']',
        '{',
        '}',
        '|',
        '^',
        '`',
        '\0',
        '\t',
        '\r',
        '\n',
        '\u{7f}',
        'é',
        '\u{fffd}',
        '\u{1f600}',
        '&',
        '=',
        '+',
        ';',
        ',',
    ]);
    prop::collection::vec(prop_oneof![2 => odd, 1 => any::<char>(), 1 => prop::char::range('a', 'z')], 0..12)
        .prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every event is answered, whatever is in it: no panic, no 5xx.
    #[test]
    fn any_event_is_answered(
        path in odd_text(), query in odd_text(), host in odd_text(), proto in odd_text(), header in odd_text(), name in odd_text(),
        method in prop_oneof![Just("GET".to_owned()), odd_text()], cookie in odd_text(), body in odd_text(), is_base64: bool,
    ) {
        let mut event = event(&method, &format!("/api/{path}"), &query);
        for (name, value) in [("host", host), ("x-forwarded-proto", proto), ("x-odd", header.clone()), (name.as_str(), header)] {
            event["headers"][name] = value.into();
        }
        event["cookies"] = json!([cookie]);
        event["body"] = body.into();
        event["isBase64Encoded"] = is_base64.into();
        let router = axum::Router::new().fallback(async || "here");
        let refusing = |_| axum::Router::new().fallback(async || StatusCode::BAD_REQUEST);
        let function = relay::http_event::function(Edge::default(), router, refusing);
        let (_, malformed) = sound_event(&event);
        let answer = futures_util::FutureExt::now_or_never(function(event)).unwrap();
        let expected = if malformed.is_some() { 400 } else { 200 };
        prop_assert_eq!(answer["statusCode"].as_u64(), Some(expected));
    }

    /// A path that is taken reaches the router as the client meant it.
    #[test]
    fn a_path_that_is_taken_is_the_one_that_was_asked_for(segment in odd_text()) {
        prop_assume!(!segment.is_empty());
        let event = event("GET", &format!("/api/listings/{segment}"), "a=b");
        let (_, malformed) = sound_event(&event);
        prop_assume!(malformed != Some(Malformed::Path) && !segment.contains('/'));
        let router = axum::Router::new().route(
            "/api/listings/{id}",
            axum::routing::get(async |axum::extract::Path(id): axum::extract::Path<String>| id),
        );
        let refusing = |_| axum::Router::new().fallback(async || StatusCode::BAD_REQUEST);
        let answer = futures_util::FutureExt::now_or_never(relay::http_event::function(Edge::default(), router, refusing)(event)).unwrap();
        prop_assert_eq!(answer["body"].as_str(), Some(segment.as_str()));
    }
}
