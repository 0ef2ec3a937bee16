//! Opening a connection, and every way to be refused one.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ORIGIN,
};
use http::{HeaderMap, HeaderValue};
use insta::assert_snapshot;
use world::World;

use super::{get, opened, post};

fn from(origin: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))])
}

#[tokio::test(start_paused = true)]
async fn the_open_packet_offers_a_websocket_and_says_what_a_body_may_hold() {
    let world = World::new().await;
    let (status, headers, body) = world.engine("GET", "EIO=4&transport=polling&t=x", HeaderMap::new(), "").await;
    assert_eq!((status, headers[CONTENT_TYPE].to_str().unwrap()), (200, "text/plain; charset=UTF-8"));
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    let sid = body.split('"').find(|word| word.starts_with("p.")).unwrap();
    assert_snapshot!(body.replace(sid, "SID"), @r#"0{"sid":"SID","upgrades":["websocket"],"pingInterval":300000,"pingTimeout":120000,"maxPayload":32768}"#);
    let random = sid.strip_prefix("p.").unwrap();
    assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{sid}");
    assert_ne!(opened(&world).await, opened(&world).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_handshake_is_refused_with_its_code() {
    let world = World::new().await;
    let mut said = String::new();
    for (method, query) in [
        ("GET", ""),
        ("GET", "EIO=4"),
        ("GET", "EIO=4&transport=abc"),
        ("GET", "EIO=4&transport=webtransport"),
        ("GET", "EIO=4&transport=polling&sid=abc"),
        ("GET", "EIO=4&transport=polling&sid=p.00000000000000000000000000000000"),
        ("POST", "EIO=4&transport=polling&sid=p.00000000000000000000000000000000"),
        ("POST", "EIO=4&transport=polling"),
        ("PUT", "EIO=4&transport=polling"),
        ("GET", "EIO=4&transport=websocket"),
        ("GET", "transport=polling"),
        ("GET", "EIO=3&transport=polling"),
        ("GET", "EIO=abc&transport=polling"),
    ] {
        let (status, headers, body) = world.engine(method, query, HeaderMap::new(), "").await;
        assert_eq!(headers[CONTENT_TYPE], "application/json", "{query}");
        said += &format!("{method} {query}: {status} {body}\n");
    }
    assert_snapshot!(said, @r#"
    GET : 400 {"code":0,"message":"Transport unknown"}
    GET EIO=4: 400 {"code":0,"message":"Transport unknown"}
    GET EIO=4&transport=abc: 400 {"code":0,"message":"Transport unknown"}
    GET EIO=4&transport=webtransport: 400 {"code":0,"message":"Transport unknown"}
    GET EIO=4&transport=polling&sid=abc: 400 {"code":1,"message":"Session ID unknown"}
    GET EIO=4&transport=polling&sid=p.00000000000000000000000000000000: 400 {"code":1,"message":"Session ID unknown"}
    POST EIO=4&transport=polling&sid=p.00000000000000000000000000000000: 400 {"code":1,"message":"Session ID unknown"}
    POST EIO=4&transport=polling: 400 {"code":2,"message":"Bad handshake method"}
    PUT EIO=4&transport=polling: 400 {"code":2,"message":"Bad handshake method"}
    GET EIO=4&transport=websocket: 400 {"code":3,"message":"Bad request"}
    GET transport=polling: 400 {"code":5,"message":"Unsupported protocol version"}
    GET EIO=3&transport=polling: 400 {"code":5,"message":"Unsupported protocol version"}
    GET EIO=abc&transport=polling: 400 {"code":5,"message":"Unsupported protocol version"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_websockets_id_is_no_session_id() {
    let mut world = World::new().await;
    world.join("alice").await;
    let id = world.connection_id("alice");
    assert_eq!(get(&world, &id).await.0, 400);
    assert_eq!(post(&world, &id, "41").await.0, 400);
    assert_snapshot!(world.send("alice", "420[\"ping\"]").await, @r#"alice hears 430[{"success":true,"timestamp":1767323045006}]"#);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_foreign_origin_is_refused() {
    let world = World::with(&[("AllowedOrigins", "https://chat.example")]).await;
    let open = async |headers| world.engine("GET", "EIO=4&transport=polling", headers, "").await;
    let (status, headers, body) = open(from("https://elsewhere.example")).await;
    assert_eq!((status, body.as_str()), (403, r#"{"code":4,"message":"Forbidden"}"#));
    assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    let (status, headers, _) = open(from("https://chat.example")).await;
    assert_eq!((status, headers[ACCESS_CONTROL_ALLOW_ORIGIN].to_str().unwrap()), (200, "https://chat.example"));
    assert_eq!(open(HeaderMap::new()).await.0, 200, "no browser");
}

#[tokio::test(start_paused = true)]
async fn any_page_may_poll_where_none_is_named_with_headers_of_its_own_too() {
    let world = World::new().await;
    let (_, headers, _) = world.engine("GET", "EIO=4&transport=polling", from("https://chat.example"), "").await;
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "https://chat.example");
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    let mut asks = from("https://chat.example");
    asks.insert("access-control-request-method", HeaderValue::from_static("POST"));
    asks.insert("access-control-request-headers", HeaderValue::from_static("authorization"));
    let (status, headers, _) = world.engine("OPTIONS", "EIO=4&transport=polling", asks, "").await;
    assert_eq!((status, headers["access-control-allow-headers"].to_str().unwrap()), (200, "authorization"));
    assert_eq!(headers["access-control-allow-methods"], "GET,POST");
}

#[tokio::test(start_paused = true)]
async fn the_handshakes_header_proves_who_it_is() {
    let mut world = World::new().await;
    assert_snapshot!(world.poll_join_by_header("alice", "alice").await, @r#"
    alice hears 40{"sid":"…"}
    alice hears 42["connected",{"message":"Connected successfully","socketId":"…","success":true,"userId":"alice"}]
    alice hears 42["online_users",{"count":1,"onlineUsers":["alice"]}]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_path_may_go_without_its_slash() {
    let world = World::new().await;
    for path in ["/socket.io", "/socket.io/", "/socket.io/anything"] {
        let request = http::Request::get(format!("{path}?EIO=4&transport=polling"));
        let (status, _, _) = world.respond(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(status, 200, "{path}");
    }
}
