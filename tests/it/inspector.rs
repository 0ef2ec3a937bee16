//! The inspector: what it records and when, that no token is in it, and who may read it (docs/inspector.md).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use local::inspector::{self, Hosts};
use local::token;
use local::watch::{Viewer, log};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use world::{World, stock_request};

use crate::worlds::connect_alice_and_bob;

/// A world that is watched from its beginning.
async fn watched() -> (World, Viewer) {
    watched_with(&[]).await
}

async fn watched_with(parameters: &[(&str, &str)]) -> (World, Viewer) {
    let world = World::with(parameters).await;
    let viewer = world.cloud.watch.view(0);
    (world, viewer)
}

/// The records that are kept.
fn records(world: &World) -> Vec<Value> {
    world.cloud.watch.kept().iter().map(|entry| serde_json::from_str(&entry.json).unwrap()).collect()
}

/// The records of this kind.
fn of_kind(world: &World, kind: &str) -> Vec<Value> {
    records(world).into_iter().filter(|record| record["kind"] == kind).collect()
}

fn text<'a>(record: &'a Value, pointer: &str) -> &'a str {
    record.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What clients do and hear, in a few words per record: user, direction, packet, event or namespace, ack id.
fn brief(records: &[Value]) -> Vec<String> {
    let words = records.iter().filter(|record| !matches!(text(record, "/kind"), "began" | "ended" | "log"));
    let words = words.map(|record| {
        let parts = [
            "/user",
            "/kind",
            "/direction",
            "/packet/type",
            "/packet/namespace",
            "/packet/event",
            "/packet/ack",
            "/reason",
        ];
        parts.map(|part| text(record, part)).into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    });
    words.collect()
}

/// Makes a GET request to the inspector of a server that listens on this machine alone.
async fn get(world: &World, path: &str) -> Response<Body> {
    get_with(world, path, "localhost:3000").await
}

async fn get_with(world: &World, path: &str, host: &str) -> Response<Body> {
    let request = Request::get(path).header(HOST, host).header(ORIGIN, "http://evil.example").body(Body::empty());
    let router = inspector::router(&world.cloud, Hosts::default(), &[]).merge(world.cloud.http.clone());
    router.oneshot(request.unwrap()).await.unwrap()
}

async fn body(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn json_of(world: &World, path: &str) -> (StatusCode, Value) {
    let answer = get(world, path).await;
    let status = answer.status();
    (status, serde_json::from_str(&body(answer).await).unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_way_of_a_stock_client_is_recorded_packet_by_packet() {
    let (mut world, _viewer) = watched().await;
    world.join("alice").await;
    world.ask("alice", "no_such_event", json!({})).await;
    world.close("alice").await;
    let told = brief(&records(&world));
    let part = |from: &str| told.iter().position(|line| line == from).unwrap_or_else(|| panic!("{from} of {told:#?}"));
    let order = [
        "opened",
        "packet out open",
        "alice packet in connect /",
        "alice packet out connect /",
        "alice packet out event / connected",
        "alice packet in event / no_such_event 0",
        "alice packet out ack / 0",
    ];
    let places: Vec<usize> = order.iter().map(|line| part(line)).collect();
    assert!(places.is_sorted(), "{told:#?}");
    assert!(told.contains(&"alice closed".to_owned()), "{told:#?}");
    let answer = of_kind(&world, "packet").into_iter().find(|record| record["packet"]["type"] == "ack").unwrap();
    assert!(!text(&answer, "/packet/error").is_empty(), "the ack tells an error: {answer}");
    let opened = &of_kind(&world, "opened")[0];
    assert_eq!((text(opened, "/transport"), text(opened, "/query")), ("websocket", "EIO=4&transport=websocket"));
}

#[tokio::test(start_paused = true)]
async fn a_client_by_long_polling_is_recorded_as_well() {
    let (mut world, _viewer) = watched().await;
    world.poll_join_as("alice", "alice").await;
    let told = brief(&records(&world));
    for line in ["packet out open", "alice packet in connect /", "alice packet out connect /"] {
        assert!(told.contains(&line.to_owned()), "{line} of {told:#?}");
    }
    let connection = world.connection_id("alice");
    let opened = of_kind(&world, "opened");
    assert_eq!((text(&opened[0], "/transport"), text(&opened[0], "/connection")), ("polling", connection.as_str()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_recorded_while_nobody_watches() {
    let mut world = World::new().await;
    world.join("alice").await;
    assert_eq!(records(&world), [Value::Null; 0]);
    let viewer = world.cloud.watch.view(0);
    world.ask("alice", "get_online_users", json!({})).await;
    assert!(!records(&world).is_empty());
    drop(viewer);
    // A page that is loaded again misses nothing, so recording ends only after a while.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let before = records(&world).len();
    world.ask("alice", "get_online_users", json!({})).await;
    assert_eq!(records(&world).len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_is_recorded_with_the_reason_and_what_its_token_says() {
    let (mut world, _viewer) = watched().await;
    let seconds = world.clock.now().seconds();
    let expired = token::sign(&json!({"sub": "alice", "exp": seconds - 1})).unwrap();
    let endless = token::sign(&json!({"sub": "bob"})).unwrap();
    world.join_with("a", &expired).await;
    world.join_with("b", &endless).await;
    let refusals: Vec<Value> =
        of_kind(&world, "packet").into_iter().filter(|record| record["packet"]["type"] == "connect_error").collect();
    assert_eq!(refusals.len(), 2);
    assert_eq!(text(&refusals[0], "/user"), "alice");
    assert!(text(&refusals[0], "/packet/token").contains("expired at "), "{}", refusals[0]);
    assert!(text(&refusals[0], "/packet/error").contains("Authentication error"), "{}", refusals[0]);
    assert_eq!(text(&refusals[1], "/user"), "bob");
    assert!(text(&refusals[1], "/packet/token").contains("without exp"), "{}", refusals[1]);
    assert_eq!(text(&refusals[1], "/packet/errorCode"), "token without expiry");
}

#[tokio::test(start_paused = true)]
async fn a_refused_handshake_is_recorded_with_what_is_missing() {
    let (mut world, _viewer) = watched().await;
    assert_eq!(world.upgrade("a", "transport=websocket", HeaderMap::new()).await, Err(StatusCode::BAD_REQUEST));
    let wrong_path = local::gateway::ConnectRequest { path: "/wrong".to_owned(), ..stock_request() };
    assert_eq!(world.cloud.gateway.connect(wrong_path).await.err(), Some(StatusCode::FORBIDDEN));
    let refused = of_kind(&world, "refused");
    assert_eq!((&refused[0]["status"], &refused[1]["status"]), (&json!(400), &json!(403)));
    assert!(text(&refused[0], "/why").contains("EIO=4"), "{}", refused[0]);
    assert!(text(&refused[1], "/why").contains("path"), "{}", refused[1]);
}

#[tokio::test(start_paused = true)]
async fn no_record_contains_a_token() {
    let (mut world, _viewer) = watched().await;
    let token = world.token("alice");
    let opaque = "opaque-credential-of-alice";
    world.join("alice").await;
    world.join_by_header("by header", "alice").await;
    world.poll_join_by_header("polling", "alice").await;
    world.ask("alice", "authenticate", json!({"token": token})).await;
    world.ask("alice", "authenticate", json!(opaque)).await;
    world.send("alice", &format!(r#"42["authenticate",{{"token":"{opaque}"#)).await;
    world.join_with("refused", opaque).await;
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(opaque).unwrap());
    let query = format!("EIO=4&transport=websocket&token={token}&access_token={opaque}");
    world.upgrade("by query", &query, headers).await.unwrap();
    world.send("by query", &format!(r#"40{{"auth":{{"secret":"{opaque}"}},"x":"{token}"}}"#)).await;
    world.send("by query", &format!(r#"40{{"token":"{opaque}"#)).await;
    world.rest("alice", "GET", &format!("/recruiting/api/message/unread-count?token={token}"), Value::Null).await;
    let all = world.cloud.watch.kept().iter().map(|entry| entry.json.clone()).collect::<Vec<_>>().join("\n");
    assert!(all.contains("authenticate") && all.contains("unread-count"), "everything is recorded");
    let secrets = token.split('.').filter(|part| part.len() > 10).chain([opaque]);
    for secret in secrets {
        assert!(!all.contains(secret), "{secret} is in a record");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invocation_is_recorded_with_its_requests_and_their_units() {
    let (mut world, _viewer) = watched().await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.spent();
    let before = records(&world).len();
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    let ended: Vec<Value> =
        records(&world).split_off(before).into_iter().filter(|one| one["kind"] == "ended").collect();
    let sent = ended.iter().find(|one| text(one, "/about") == "MESSAGE send_message" && one["callsTotal"] != json!(0));
    let sent = sent.unwrap_or_else(|| panic!("{ended:#?}"));
    assert_eq!((text(sent, "/user"), &sent["status"]), ("alice", &json!(200)));
    assert_eq!(text(sent, "/connection"), world.connection_id("alice"));
    let (meter, _) = world.spent();
    let sum = |units: &str| ended.iter().filter_map(|one| one[units].as_f64()).sum::<f64>();
    assert_eq!((sum("readUnits"), sum("writeUnits")), (meter.read_units, meter.write_units), "{ended:#?}");
    let calls: Vec<&Value> = ended.iter().flat_map(|one| one["calls"].as_array().unwrap()).collect();
    let transaction = calls.iter().find(|call| call["operation"] == "TransactWriteItems").unwrap();
    let targets: BTreeSet<&str> = transaction["targets"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(targets, BTreeSet::from(["Chats", "Messages", "Users"]));
    assert!(
        calls.iter().any(|call| call["operation"] == "PostToConnection" && call["status"] == json!(200)),
        "{calls:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_line_that_a_function_logs_is_recorded_with_its_invocation() {
    let (mut world, _viewer) = watched().await;
    let logging = tracing::subscriber::set_default(tracing_subscriber::registry().with(log::of_functions()));
    world.join_with("alice", "no token").await;
    drop(logging);
    let lines = of_kind(&world, "log");
    let line = lines.iter().find(|line| text(line, "/text").starts_with("a client may not join"));
    let line = line.unwrap_or_else(|| panic!("{lines:#?}"));
    let invocation = of_kind(&world, "began").into_iter().find(|began| began["invocation"] == line["invocation"]);
    assert_eq!(text(&invocation.unwrap(), "/function"), text(line, "/function"));
    assert_eq!(text(line, "/connection"), world.connection_id("alice"));
}

#[tokio::test(start_paused = true)]
async fn functions_are_counted_whether_or_not_somebody_watches() {
    let mut world = World::new().await;
    world.join("alice").await;
    world.rest("alice", "GET", "/recruiting/api/message/unread-count", Value::Null).await;
    let (_, answer) = json_of(&world, "/_local/functions").await;
    let functions = answer["functions"].as_array().unwrap();
    for function in functions {
        let package = text(function, "/function");
        let expected = if package == "rest" { 1 } else { world.cloud.lambda.invocations(package) };
        assert_eq!(function["invocations"], json!(expected), "{package}");
    }
    let totals = &answer["totals"];
    let meter = world.cloud.services.dynamodb.meter();
    assert_eq!(totals["units"], json!({"read": meter.read_units, "write": meter.write_units}));
    assert_eq!(totals["httpRequests"], json!(1));
    assert!(totals["websocketMessages"].as_u64() >= Some(4), "open, CONNECT, its answer, the greeting: {totals}");
    assert!(totals["charges"]["total"].as_f64() > Some(0.0), "{totals}");
    let (status, cost) = json_of(&world, "/_local/cost").await;
    assert_eq!((status, &cost["units"]), (StatusCode::OK, &totals["units"]));
    assert_eq!(cost["charges"]["tables"], totals["charges"]["tables"]);
}

#[tokio::test(start_paused = true)]
async fn the_state_has_each_connection_with_its_sockets() {
    let mut world = World::new().await;
    world.join_namespace("alice", "alice", "/workspace").await;
    world.open("silent").await;
    world.poll_join_as("bob", "bob").await;
    world.join("gone").await;
    world.close("gone").await;
    let (_, state) = json_of(&world, "/_local/state").await;
    let found = |label: String| {
        let all = state["connections"].as_array().unwrap().iter();
        all.filter(|one| text(one, "/connection") == label).cloned().collect::<Vec<_>>()
    };
    let alice = found(world.connection_id("alice"));
    assert_eq!(text(&alice[0], "/transport"), "websocket");
    assert_eq!((text(&alice[0], "/sockets/0/user"), text(&alice[0], "/sockets/0/namespace")), ("alice", "/workspace"));
    assert_eq!(found(world.connection_id("silent"))[0]["sockets"], json!([]));
    let bob = found(world.connection_id("bob"));
    assert_eq!((text(&bob[0], "/transport"), text(&bob[0], "/sockets/0/user")), ("polling", "bob"));
    assert_eq!(state["connections"].as_array().unwrap().len(), 3, "{state}");
}

#[tokio::test(start_paused = true)]
async fn rows_come_page_by_page_and_cost_nothing() {
    let mut world = World::new().await;
    connect_alice_and_bob(&mut world).await;
    world.spent();
    let (_, tables) = json_of(&world, "/_local/tables").await;
    let names: Vec<&str> = tables["tables"].as_array().unwrap().iter().map(|table| text(table, "/name")).collect();
    assert_eq!(names, ["Chats", "Connections", "Listings", "Messages", "Users"]);
    let (_, all) = json_of(&world, "/_local/tables/Users").await;
    let all = all["rows"].as_array().unwrap().clone();
    let (mut rows, mut start) = (Vec::new(), String::new());
    loop {
        let (status, page) = json_of(&world, &format!("/_local/tables/Users?limit=2&start={start}")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page["rows"].as_array().unwrap().len() <= 2);
        rows.extend(page["rows"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => start = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(rows, all);
    assert!(rows.iter().any(|row| row["userId"] == "alice" && row["entry"] == "profile"), "{rows:?}");
    assert_eq!(world.spent().0, local::dynamodb::Meter::default());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_page_of_rows_is_refused_with_what_is_wrong() {
    let world = World::new().await;
    for (path, status, part) in [
        ("/_local/tables/Nothing", 404, "Connections"),
        ("/_local/tables/Users?limit=0", 400, "limit"),
        ("/_local/tables/Users?limit=many", 400, "limit"),
        ("/_local/tables/Users?start=abc", 400, "start"),
    ] {
        let (found, answer) = json_of(&world, path).await;
        assert_eq!(found.as_u16(), status, "{path}");
        assert!(text(&answer, "/message").contains(part), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_stream_begins_with_what_is_kept_and_ends_with_the_system() {
    let (mut world, _viewer) = watched().await;
    world.join("alice").await;
    world.join("bob").await;
    let mut answer = get(&world, "/_local/events?user=bob").await.into_body();
    world.ask("bob", "get_online_users", json!({})).await;
    let mut heard = String::new();
    while !heard.contains("get_online_users") {
        let frame = answer.frame().await.unwrap().unwrap();
        heard.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    assert!(heard.contains("event: totals\n"), "{heard}");
    let told: Vec<Value> = heard
        .lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
        .filter(|data: &Value| data["kind"].is_string())
        .collect();
    assert!(told.iter().all(|record| record["user"] == "bob"), "{told:#?}");
    assert_eq!(brief(&told).first().map(String::as_str), Some("bob packet in connect /"));
    world.cloud.close();
    for _ in 0..100 {
        let Some(frame) = answer.frame().await else { return };
        frame.unwrap();
    }
    panic!("the stream does not end");
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_comes_back_gets_what_is_new_alone() {
    let (mut world, _viewer) = watched().await;
    world.join("alice").await;
    let last = world.cloud.watch.kept().last().unwrap().number;
    world.ask("alice", "get_online_users", json!({})).await;
    let mut again = world.cloud.watch.view(last);
    let seen = again.next().await.unwrap();
    assert_eq!((seen.missed, seen.entries[0].number), (0, last + 1));
}

#[tokio::test(start_paused = true)]
async fn the_export_is_a_line_of_json_for_each_record() {
    let (mut world, _viewer) = watched().await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "a \"quoted\"\nline"})).await;
    let lines = |text: String| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    assert_eq!(lines(body(get(&world, "/_local/export").await).await), records(&world));
    let of_bob = lines(body(get(&world, &format!("/_local/export?user=bob&chat={chat}")).await).await);
    assert!(!of_bob.is_empty() && of_bob.iter().all(|record| record["user"] == "bob"), "{of_bob:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_names_another_host_is_refused_and_no_answer_is_for_other_sites() {
    let world = World::new().await;
    for path in [
        "/_local",
        "/_local/state",
        "/_local/tables",
        "/_local/tables/Users",
        "/_local/functions",
        "/_local/cost",
        "/_local/export",
    ] {
        for host in ["evil.example", "evil.example:3000", "localhost.evil.example:3000", "192.168.1.2:3000"] {
            let answer = get_with(&world, path, host).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} for {host}");
            assert!(body(answer).await.contains(host), "the answer says what is wrong");
        }
        for host in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000"] {
            let answer = get_with(&world, path, host).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path} for {host}");
            assert_eq!(answer.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN), None, "{path}");
            let policy = answer.headers().get("content-security-policy").unwrap().to_str().unwrap();
            assert!(policy.starts_with("default-src 'self'"), "{path}: {policy}");
        }
    }
    let events = get_with(&world, "/_local/events", "evil.example").await;
    assert_eq!(events.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(start_paused = true)]
async fn the_page_loads_nothing_but_files_that_are_there() {
    let world = World::new().await;
    let page = body(get(&world, "/_local").await).await;
    let mut files: Vec<String> = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        files.extend(page.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    assert!(files.len() >= 3, "{files:?}");
    let mut checked = BTreeSet::new();
    while let Some(file) = files.pop() {
        if !checked.insert(file.clone()) {
            continue;
        }
        assert!(file.starts_with("/_local/"), "{file}");
        let answer = get(&world, &file).await;
        assert_eq!(answer.status(), StatusCode::OK, "{file}");
        let kind = answer.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        let text = body(answer).await;
        assert!(!text.contains("innerHTML") && !text.contains("http://") || kind.contains("svg"), "{file}");
        if kind.contains("javascript") {
            let imported = text.lines().filter_map(|line| line.strip_suffix("\";")?.rsplit_once("from \"./"));
            files.extend(imported.map(|(_, name)| format!("/_local/page/{name}")));
        }
    }
    assert!(checked.len() >= 10, "{checked:?}");
}

#[test]
fn no_deployed_crate_depends_on_the_local_system() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut read = 0;
    for group in ["functions", "shared"] {
        for entry in fs::read_dir(root.join(group)).unwrap() {
            let Ok(manifest) = fs::read_to_string(entry.unwrap().path().join("Cargo.toml")) else { continue };
            let of_local = manifest.lines().find(|line| line.starts_with("local") || line.contains("/local\""));
            assert_eq!(of_local, None, "{manifest}");
            read += 1;
        }
    }
    assert!(read > 10, "{read}");
}
