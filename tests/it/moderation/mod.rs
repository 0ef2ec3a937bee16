//! Moderation: what services read about users and chats, and what they do to users (docs/moderation.md).

mod deletion;
mod revocation;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use world::World;

use crate::log::Log;

/// Each route, with ids of users and chats that do not exist where it takes some.
const ROUTES: [(&str, &str); 9] = [
    ("GET", "users"),
    ("GET", "users/nobody"),
    ("GET", "users/nobody/chats"),
    ("GET", "users/nobody/sockets"),
    ("POST", "users/nobody/disconnect"),
    ("GET", "users/nobody/export"),
    ("DELETE", "users/nobody"),
    ("GET", "chats/000000000000000000000000"),
    ("GET", "chats/000000000000000000000000/messages"),
];

/// Alice and bob, who chat: alice writes the odd messages, bob the even ones.
pub(crate) async fn chatting(world: &mut World, messages: usize) -> String {
    world.know(&["alice", "bob", "carol"]).await;
    let chat = world.chat("alice", "bob").await;
    for number in 1..=messages {
        let who = if number % 2 == 1 { "alice" } else { "bob" };
        send(world, who, &chat, &format!("text {number}")).await;
    }
    chat
}

/// Uses every route, and at last deletes the user.
pub(crate) async fn every_act(world: &World, user: &str, chat: &str) {
    let of_user = ["", "/chats", "/sockets", "/export"].map(|part| format!("users/{user}{part}"));
    let of_chat = ["", "/messages"].map(|part| format!("chats/{chat}{part}"));
    for path in ["users".to_owned()].iter().chain(&of_user).chain(&of_chat) {
        assert_eq!(world.moderate("GET", path).await.0, 200, "{path}");
    }
    for act in ["disconnect", "revoke"] {
        assert_eq!(world.moderate("POST", &format!("users/{user}/{act}")).await.0, 200, "{act}");
    }
    delete(world, user).await;
}

async fn send(world: &mut World, who: &str, chat: &str, text: &str) -> String {
    let answer = world.rest(who, "POST", "/api/message/send", json!({"chatId": chat, "content": text})).await;
    assert!(answer.contains("gets 201"), "{answer}");
    answer
}

/// The entries of all pages of a list, and how many pages there are.
async fn pages(world: &World, path: &str) -> (Vec<Value>, usize) {
    let (mut entries, mut cursor, mut count) = (Vec::new(), String::new(), 0);
    loop {
        let (status, page) = world.moderate("GET", &format!("{path}{cursor}")).await;
        assert_eq!(status, 200, "{page}");
        entries.extend(page["data"].as_array().unwrap().iter().cloned());
        count += 1;
        match page["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (entries, count),
        }
    }
}

fn all<'a>(entries: &'a [Value], field: &str) -> Vec<&'a str> {
    entries.iter().map(|entry| entry[field].as_str().unwrap()).collect()
}

/// Deletes a user's data, however many calls it takes. Returns what each call answers.
async fn delete(world: &World, user: &str) -> Vec<Value> {
    let mut calls = Vec::new();
    for _ in 0..100 {
        let (status, answer) = world.moderate("DELETE", &format!("users/{user}")).await;
        let is_done = answer["data"]["done"] == true;
        assert_eq!(status, if is_done { 200 } else { 202 }, "{answer}");
        calls.push(answer["data"].clone());
        if is_done {
            return calls;
        }
    }
    panic!("the deletion does not end: {calls:?}");
}

#[tokio::test(start_paused = true)]
async fn only_services_may_use_a_route() {
    let world = World::new().await;
    let mut said = String::new();
    for (method, path) in ROUTES {
        let path = format!("/moderation/{path}");
        let (none, _) = world.request("", method, &path, "").await;
        let (user, refused) = world.request("alice", method, &path, "").await;
        assert_eq!(refused, json!({"success": false, "message": "only a service may do this", "code": "FORBIDDEN"}));
        let (service, _) = world.moderate(method, path.trim_start_matches("/moderation/")).await;
        writeln!(said, "{method} {path}: {none} {user} {service}").unwrap();
    }
    insta::assert_snapshot!(said, @"
    GET /moderation/users: 401 403 200
    GET /moderation/users/nobody: 401 403 404
    GET /moderation/users/nobody/chats: 401 403 404
    GET /moderation/users/nobody/sockets: 401 403 404
    POST /moderation/users/nobody/disconnect: 401 403 404
    GET /moderation/users/nobody/export: 401 403 404
    DELETE /moderation/users/nobody: 401 403 200
    GET /moderation/chats/000000000000000000000000: 401 403 404
    GET /moderation/chats/000000000000000000000000/messages: 401 403 404
    ");
    assert!(world.rows("Users").await.is_empty(), "neither the user nor the service is stored");
}

#[tokio::test(start_paused = true)]
async fn pages_of_allowed_origins_may_call_and_read_the_cursor_of_an_export() {
    let world = World::with(&[("AllowedOrigins", "https://desk.example.com")]).await;
    for (origin, allowed) in [("https://desk.example.com", true), ("https://elsewhere.example.com", false)] {
        for (method, header, value) in [
            ("OPTIONS", "access-control-allow-methods", "GET,POST,DELETE"),
            ("GET", "access-control-expose-headers", "x-next-cursor"),
        ] {
            let request = Request::builder().method(method).uri("/moderation/users").header("origin", origin);
            let request = request.header("access-control-request-method", "GET").body(Body::empty()).unwrap();
            let (_, headers, _) = world.respond(request).await;
            assert_eq!(headers[header], value, "{method}");
            assert_eq!(headers.contains_key("access-control-allow-origin"), allowed, "{method} from {origin}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_parameter_is_named() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 3).await;
    let (_, page) = world.moderate("GET", &format!("chats/{chat}/messages?limit=1")).await;
    let foreign = page["pagination"]["nextCursor"].as_str().unwrap();
    let mut said = String::new();
    for path in [
        "users?limit=0",
        "users?limit=101",
        "users?limit=x",
        "users?cursor=x",
        &format!("users?cursor={foreign}"),
        &format!("users/alice/chats?cursor={foreign}"),
        &format!("users/alice/export?cursor={foreign}"),
        &format!("chats/{chat}/messages?order=up"),
        &format!("chats/{chat}/messages?cursor="),
    ] {
        let (status, answer) = world.moderate("GET", path).await;
        writeln!(said, "{}: {status} {}", path.replace(&chat, "CHAT"), answer["message"].as_str().unwrap()).unwrap();
    }
    insta::assert_snapshot!(said, @"
    users?limit=0: 400 limit must be a whole number from 1 to 100
    users?limit=101: 400 limit must be a whole number from 1 to 100
    users?limit=x: 400 limit must be a whole number
    users?cursor=x: 400 cursor must be the nextCursor of a page of this list
    users?cursor=WyJtZXNzYWdlcyIsIjMiXQ: 400 cursor must be the nextCursor of a page of this list
    users/alice/chats?cursor=WyJtZXNzYWdlcyIsIjMiXQ: 400 cursor must be the nextCursor of a page of this list
    users/alice/export?cursor=WyJtZXNzYWdlcyIsIjMiXQ: 400 cursor must be the nextCursor of a page of this list
    chats/CHAT/messages?order=up: 400 order must be one of newest, oldest
    chats/CHAT/messages?cursor=: 400 cursor must be the nextCursor of a page of this list
    ");
    assert_eq!(world.moderate("PUT", "users/alice").await.0, 405);
    assert_eq!(world.moderate("GET", "nothing").await.0, 404);
    assert_eq!(world.moderate("GET", "Users/alice/").await.0, 200, "as elsewhere, case and a last slash are ignored");
}

#[tokio::test(start_paused = true)]
async fn pages_of_users_have_everybody_once() {
    let mut world = World::new().await;
    let names: Vec<String> = (0..23).map(|number| format!("user{number:02}")).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    world.know(&known).await;
    // Rows that are no profiles lie in between.
    for other in &known[1..9] {
        world.chat("user00", other).await;
    }
    for limit in [1, 5, 22, 23, 100] {
        let (users, count) = pages(&world, &format!("users?limit={limit}")).await;
        assert_eq!(all(&users, "userId").into_iter().collect::<BTreeSet<_>>(), known.iter().copied().collect());
        assert_eq!((users.len(), count), (23, 23_usize.div_ceil(limit)), "limit {limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_leads_only_into_the_list_of_the_path() {
    let mut world = World::new().await;
    world.know(&["alice", "bob", "carol", "dora"]).await;
    let (one, two) = (world.chat("alice", "bob").await, world.chat("alice", "carol").await);
    let other = world.chat("carol", "dora").await;
    let (_, page) = world.moderate("GET", "users/alice/chats?limit=1").await;
    let cursor = page["pagination"]["nextCursor"].as_str().unwrap();
    // With a cursor of alice's chats, dora's list has nothing that is not dora's.
    let (_, page) = world.moderate("GET", &format!("users/dora/chats?cursor={cursor}")).await;
    assert!(all(page["data"].as_array().unwrap(), "chatId").iter().all(|chat| *chat == other), "{page}");
    let (chats, count) = pages(&world, "users/alice/chats?limit=1").await;
    assert_eq!(all(&chats, "chatId").into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([one.as_str(), &two]));
    assert_eq!(count, 2);
}

#[tokio::test(start_paused = true)]
async fn pages_of_messages_have_each_once_in_both_orders() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 7).await;
    world.rest("alice", "DELETE", &format!("/api/message/{chat}000000000003"), Value::Null).await;
    for limit in [1, 3, 7, 100] {
        for (order, first) in [("newest", 7), ("oldest", 1)] {
            let (messages, count) = pages(&world, &format!("chats/{chat}/messages?limit={limit}&order={order}")).await;
            let numbers: Vec<u64> = messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
            let expected: Vec<u64> = if first == 7 { (1..=7).rev().collect() } else { (1..=7).collect() };
            assert_eq!((numbers, count), (expected, 7_usize.div_ceil(limit)), "limit {limit}, {order}");
        }
    }
    let (_, page) = world.moderate("GET", &format!("chats/{chat}/messages?order=oldest")).await;
    assert_eq!((&page["data"][1]["text"], &page["data"][1]["deletedAt"]), (&json!("text 2"), &Value::Null));
    assert_eq!(page["data"][2]["text"], Value::Null);
    assert_eq!(page["data"][2]["deletedAt"], "2026-01-02T03:04:05.006Z");
}

#[tokio::test(start_paused = true)]
async fn a_user_and_a_chat_are_shown_as_they_are() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 3).await;
    world.rest("bob", "POST", &format!("/api/chat/{chat}/block"), Value::Null).await;
    world.join("alice").await;
    let (_, user) = world.moderate("GET", "users/alice").await;
    insta::assert_snapshot!(user["data"], @r#"{"chats":1,"email":null,"firstName":null,"lastName":null,"lastSeen":null,"name":null,"online":true,"picture":null,"profileAt":"2026-01-02T03:04:05.000Z","role":null,"sockets":1,"status":"online","userId":"alice","username":null}"#);
    let (_, shown) = world.moderate("GET", &format!("chats/{chat}")).await;
    insta::assert_snapshot!(shown["data"], @r#"{"activeAt":"2026-01-02T03:04:05.006Z","blocked":true,"chatId":"e70c08a3288036ef87ef9f6e","createdAt":"2026-01-02T03:04:05.006Z","deletedAt":null,"members":[{"blocks":false,"gone":false,"unread":1,"userId":"alice"},{"blocks":true,"gone":false,"unread":2,"userId":"bob"}],"messages":3,"petId":null}"#);
    world.rest("alice", "DELETE", &format!("/api/chat/{chat}"), Value::Null).await;
    let (status, shown) = world.moderate("GET", &format!("chats/{chat}")).await;
    assert_eq!((status, &shown["data"]["deletedAt"]), (200, &json!("2026-01-02T03:04:05.006Z")));
    let (status, messages) = world.moderate("GET", &format!("chats/{chat}/messages")).await;
    assert_eq!((status, &messages["data"]), (200, &json!([])));
}

#[tokio::test(start_paused = true)]
async fn sockets_are_listed_without_what_their_clients_prove_themselves_with() {
    let mut world = World::new().await;
    world.join_namespace("alice", "alice", "/workspace").await;
    world.poll_join_as("alice2", "alice").await;
    let (_, sockets) = world.moderate("GET", "users/alice/sockets").await;
    let sockets = sockets["data"].as_array().unwrap();
    let mut kinds: Vec<(&str, &str)> = sockets
        .iter()
        .map(|socket| (socket["transport"].as_str().unwrap(), socket["dialect"].as_str().unwrap()))
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [("polling", "recruiting"), ("websocket", "workspace")]);
    let secret =
        [world.connection_id("alice2"), world.former("alice").pid.unwrap(), world.former("alice2").pid.unwrap()];
    let said = json!(sockets).to_string();
    assert!(secret.iter().all(|secret| !said.contains(secret)), "{said}");
}

/// What clients heard of an act by a service.
async fn heard(world: &mut World) -> String {
    world.send_all(&[]).await
}

#[tokio::test(start_paused = true)]
async fn disconnecting_ends_every_socket_on_both_transports_and_none_is_recovered() {
    let mut world = World::new().await;
    world.join("bob").await;
    world.join_namespace("alice", "alice", "/workspace").await;
    world.also_join("alice", "alice", "/classroom").await;
    world.poll_join_as("alice2", "alice").await;
    let (status, answer) = world.moderate("POST", "users/alice/disconnect").await;
    assert_eq!((status, &answer["data"]), (200, &json!({"disconnected": 3})));
    let heard = heard(&mut world).await;
    for line in ["alice hears 41/workspace,\n", "alice hears 41/classroom,\n", "alice2 hears 41\n"] {
        assert_eq!(heard.matches(line).count(), 1, "{heard}");
    }
    assert_eq!(heard.matches("\"user_offline\"").count(), 1, "{heard}");
    assert!(world.is_closed("alice") && world.is_closed("alice2") && !world.is_closed("bob"), "{heard}");
    let (_, user) = world.moderate("GET", "users/alice").await;
    assert_eq!((&user["data"]["sockets"], &user["data"]["online"]), (&json!(0), &json!(false)));
    assert_eq!(world.moderate("GET", "users/alice/sockets").await.1["data"], json!([]));
    assert_eq!(world.moderate("POST", "users/alice/disconnect").await.1["data"], json!({"disconnected": 0}));
}

#[tokio::test(start_paused = true)]
async fn as_after_a_disconnect_by_any_server_a_client_that_connects_again_has_a_new_session() {
    for disconnects in [false, true] {
        let mut world = World::new().await;
        world.join("alice").await;
        if disconnects {
            assert_eq!(world.moderate("POST", "users/alice/disconnect").await.0, 200);
        }
        world.close("alice").await;
        let back = world.come_back("alice", "alice", "/").await;
        assert_eq!(back.starts_with("alice has a new session"), disconnects, "{back}");
    }
}

/// All lines of an export, part after part, and how many parts there are.
async fn export(world: &World, user: &str) -> (Vec<Value>, usize) {
    let (mut all, mut cursor, mut count) = (Vec::new(), String::new(), 0);
    loop {
        let (mut lines, next) = world.export_part(&format!("users/{user}/export{cursor}")).await;
        let last = lines.pop().unwrap();
        all.append(&mut lines);
        count += 1;
        match next {
            Some(next) => {
                assert_eq!(last, json!({"type": "next", "data": {"cursor": next}}));
                cursor = format!("?cursor={next}");
            }
            None => {
                assert_eq!(last, json!({"type": "end"}));
                return (all, count);
            }
        }
    }
}

fn texts(lines: &[Value]) -> Vec<&str> {
    let messages = lines.iter().filter(|line| line["type"] == "message");
    messages.map(|line| line["data"]["text"].as_str().unwrap_or("(deleted)")).collect()
}

#[tokio::test(start_paused = true)]
async fn an_export_has_everything_that_the_user_wrote_and_nothing_that_others_did() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 6).await;
    let other = world.chat("alice", "carol").await;
    send(&mut world, "alice", &other, "to carol").await;
    send(&mut world, "carol", &other, "from carol").await;
    world.rest("alice", "DELETE", &format!("/api/message/{chat}000000000003"), Value::Null).await;
    world.rest("alice", "POST", &format!("/api/chat/{other}/block"), Value::Null).await;
    world.join("alice").await;
    let (lines, parts) = export(&world, "alice").await;
    assert_eq!(parts, 1);
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..2], ["profile", "socket"]);
    let mut written = texts(&lines);
    written.sort_unstable();
    assert_eq!(written, ["(deleted)", "text 1", "text 5", "to carol"]);
    let chats: Vec<&Value> = lines.iter().filter(|line| line["type"] == "chat").map(|line| &line["data"]).collect();
    assert_eq!(chats.len(), 2);
    let blocks = chats.iter().find(|one| one["chatId"] == other.as_str()).unwrap();
    assert_eq!(blocks["members"][0], json!({"userId": "alice", "unread": 1, "blocks": true, "gone": false}));
    assert!(lines.iter().all(|line| line["type"] != "message" || line["data"]["senderId"] == "alice"));
}

#[tokio::test(start_paused = true)]
async fn a_long_export_comes_in_parts_that_have_each_message_once() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    let chat = chatting(&mut world, 0).await;
    // In JSON each character takes six bytes: 24 KB a message.
    let long = "\u{1}".repeat(3_990);
    for number in 0..100 {
        let who = if number % 3 == 2 { "bob" } else { "alice" };
        let body = json!({"chatId": chat, "content": format!("{number:03}{long}")});
        assert_eq!(world.request(who, "POST", "/api/message/send", &body.to_string()).await.0, 201);
    }
    let (lines, parts) = export(&world, "alice").await;
    let numbers: Vec<usize> = texts(&lines).iter().map(|text| text.split_at(3).0.parse().unwrap()).collect();
    assert_eq!(numbers, (0..100).filter(|number| number % 3 != 2).collect::<Vec<_>>());
    assert_eq!(parts, 2, "67 messages of 24 KB are more than a megabyte");
    assert_eq!(lines.iter().filter(|line| line["type"] != "message").count(), 2, "one profile and one chat");
}

#[tokio::test(start_paused = true)]
async fn each_call_leaves_one_line_in_the_audit_without_texts_or_names() {
    let log = Log::default();
    let writer = log.clone();
    let filter = Targets::new().with_target(relay::telemetry::AUDIT, LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer().json().without_time().with_writer(move || writer.clone());
    let logging = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines.with_filter(filter)));
    let mut world = World::new().await;
    let chat = chatting(&mut world, 2).await;
    world.request("", "GET", "/moderation/users", "").await;
    world.request("bob", "GET", "/moderation/users/alice", "").await;
    for path in ["users?limit=0", "users", "users/alice", "users/nobody", "users/alice/export"] {
        world.moderate("GET", path).await;
    }
    world.moderate("GET", &format!("chats/{chat}/messages")).await;
    delete(&world, "alice").await;
    drop(logging);
    let text = log.text();
    assert!(!text.contains("text 1") && !text.contains("eyJ"), "{text}");
    let line = |line: &str| {
        let fields = &serde_json::from_str::<Value>(line).unwrap()["fields"];
        let of = |name: &str| fields[name].as_str().unwrap().replace(&chat, "CHAT");
        assert!(of("request.id").len() > 10, "{line}");
        let whose = format!("{}{}", of("user.id"), of("chat.id"));
        format!("{}: {} of {whose}: {}", of("actor.id"), of("action"), fields["status"])
    };
    insta::assert_snapshot!(text.lines().map(line).collect::<Vec<_>>().join("\n"), @"
    bob: show user of alice: 403
    service: malformed of : 400
    service: list users of : 200
    service: show user of alice: 200
    service: show user of nobody: 404
    service: export user of alice: 200
    service: list messages of CHAT: 200
    service: delete user of alice: 200
    ");
}

/// The requests and units of an act by a service.
async fn cost(world: &mut World, method: &str, path: &str) -> String {
    world.spent();
    world.moderate(method, path).await;
    let (meter, _) = world.spent();
    let requests: Vec<String> = meter.requests.iter().map(|(name, count)| format!("{count} {name}")).collect();
    format!("{method} {path}: {}, {} + {} units\n", requests.join(" "), meter.read_units, meter.write_units)
}

#[tokio::test(start_paused = true)]
async fn each_route_costs_a_known_number_of_requests() {
    let mut world = World::new().await;
    let chat = chatting(&mut world, 4).await;
    let mut said = String::new();
    for path in ["users", "users/alice", "users/alice/chats", "users/alice/sockets", "users/alice/export"] {
        said += &cost(&mut world, "GET", path).await;
    }
    for path in [format!("chats/{chat}"), format!("chats/{chat}/messages")] {
        said += &cost(&mut world, "GET", &path).await.replace(&chat, "CHAT");
    }
    said += &cost(&mut world, "DELETE", "users/alice").await;
    insta::assert_snapshot!(said, @"
    GET users: 1 Scan, 0.5 + 0 units
    GET users/alice: 1 GetItem, 1 + 0 units
    GET users/alice/chats: 1 BatchGetItem 1 GetItem 1 Query, 3 + 0 units
    GET users/alice/sockets: 1 GetItem 1 Query, 2 + 0 units
    GET users/alice/export: 1 BatchGetItem 1 GetItem 3 Query, 5 + 0 units
    GET chats/CHAT: 1 GetItem, 1 + 0 units
    GET chats/CHAT/messages: 1 GetItem 1 Query, 2 + 0 units
    DELETE users/alice: 3 DeleteItem 6 GetItem 9 Query 3 TransactWriteItems 3 UpdateItem, 15 + 27 units
    ");
}
