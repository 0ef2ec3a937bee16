//! REST as the apps' clients use it: paths as Express takes them, CORS with credentials, text that is cut inside a
//! character.

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request};
use serde_json::json;
use world::World;

/// A request with a token of Alice's.
fn request(world: &World, method: &str, path: &str) -> Request<Body> {
    let token = format!("Bearer {}", world.token("alice"));
    Request::builder().method(method).uri(path).header("authorization", token).body(Body::empty()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_path_takes_a_slash_at_its_end_and_any_case_in_its_fixed_parts() {
    let mut world = World::new().await;
    world.know(&["alice", "Bob", "bob"]).await;
    let chat = world.chat("alice", "Bob").await;
    for (path, other) in [
        ("/api/chat/my-chats?page=1", "/API/Chat/MY-CHATS/?page=1".to_owned()),
        ("/recruiting/api/chat/my-chats", "/Recruiting/api/chat/my-chats/".to_owned()),
        ("/marketplace/api/chat/my-chats", "/MARKETPLACE/API/CHAT/my-chats/".to_owned()),
        ("/workspace/api/conversations", "/workspace/api/Conversations/".to_owned()),
        ("/classroom/api/chat/unread-count", "/classroom/Api/chat/Unread-Count/".to_owned()),
        ("/messenger/api/socket/health", "/Messenger/API/Socket/Health/".to_owned()),
        (&format!("/api/message/chat/{chat}?limit=5"), format!("/Api/Message/CHAT/{chat}/?limit=5")),
        ("/classroom/api/chat/conversation/Bob", "/classroom/api/CHAT/conversation/Bob/".to_owned()),
    ] {
        let (expected, _, answer) = world.respond(request(&world, "GET", path)).await;
        assert_eq!(expected, 200, "{path}: {answer}");
        let found = world.respond(request(&world, "GET", &other)).await;
        assert_eq!((found.0, found.2), (expected, answer), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_in_a_path_keeps_its_case_and_a_path_of_no_route_stays_one() {
    let mut world = World::new().await;
    world.know(&["alice", "Bob"]).await;
    world.chat("alice", "Bob").await;
    let status = async |method, path| world.respond(request(&world, method, path)).await.0;
    assert_eq!(status("GET", "/classroom/api/chat/conversation/Bob").await, 200);
    assert_eq!(status("GET", "/classroom/api/chat/conversation/bOB/").await, 404);
    for path in ["/api/chat/my-chats//", "/api//chat/my-chats", "/api/chat/", "/api/nothing/", "/", "//"] {
        assert_eq!(status("GET", path).await, 404, "{path}");
    }
    assert_eq!(status("PATCH", "/API/chat/my-chats/").await, 405);
    let (_, _, answer) = world.respond(request(&world, "GET", "/Marketplace/API/nothing")).await;
    assert_eq!(answer, json!({"code": "NOT_FOUND", "message": "route not found", "success": false}));
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    headers
}

#[tokio::test(start_paused = true)]
async fn rest_answers_foreign_pages_as_polling_does_by_name_and_with_credentials() {
    const NAMES: [&str; 3] =
        ["access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-headers"];
    for (parameters, origin) in [
        (vec![], "https://chat.example"),
        (vec![("AllowedOrigins", "https://chat.example")], "https://chat.example"),
        (vec![("AllowedOrigins", "https://chat.example")], "https://elsewhere.example"),
    ] {
        let world = World::with(&parameters).await;
        for method in ["GET", "OPTIONS"] {
            let mut asks = headers(&[("origin", origin)]);
            if method == "OPTIONS" {
                asks.extend(headers(&[
                    ("access-control-request-method", "GET"),
                    ("access-control-request-headers", "authorization"),
                ]));
            }
            let shown = |answer: HeaderMap| NAMES.map(|name| answer.get(name).cloned());
            let (_, polled, _) = world.engine(method, "EIO=4&transport=polling", asks.clone(), "").await;
            for path in ["/api/chat/my-chats", "/workspace/api/nothing/"] {
                let mut request = request(&world, method, path);
                request.headers_mut().extend(asks.clone());
                let (_, answered, _) = world.respond(request).await;
                assert_eq!(shown(answered), shown(polled.clone()), "{method} {path} {origin}");
            }
            let allowed = origin == "https://chat.example";
            assert_eq!(polled.get(NAMES[0]).map(|name| name.to_str().unwrap()), allowed.then_some(origin));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_emoji_becomes_the_replacement_character_over_sockets_and_rest() {
    let mut world = World::new().await;
    world.join("alice").await;
    world.know(&["bob"]).await;
    let chat = world.chat("alice", "bob").await;
    let body = format!(r#"{{"chatId":"{chat}","content":"hi \ud83e"}}"#);
    let said = world.send("alice", &format!(r#"420["send_message",{body}]"#)).await;
    assert!(said.contains("\"success\":true") && said.contains("\"content\":\"hi \u{fffd}\""), "{said}");
    let (status, answer) = world.request("alice", "POST", "/api/message/send", &body).await;
    assert_eq!((status, &answer["data"]["content"]), (201, &"hi \u{fffd}".into()), "{answer}");
    assert!(!world.is_closed("alice"));
}
