//! The Admin UI: who is admitted, what a page is told, and what it may do (docs/admin-ui.md). The page itself is in
//! tests/clients/admin.test.mjs.

use std::time::Duration;

use chat::dialect;
use frame::{engine, socket};
use http::{HeaderMap, HeaderValue};
use local::faults::{Effect, Rule, RunEffect, RunRule, Trigger};
use relay::store::ADMIN_NAMESPACE;
use serde_json::{Value, json};
use world::World;

const PASSWORD: &str = "correct horse battery staple";
const ON: (&str, &str) = ("AdminPassword", PASSWORD);
const NO_SUCH_NAMESPACE: &str = "page hears 44/admin,{\"message\":\"Invalid namespace\"}\n";
const INVALID: &str = "page hears 44/admin,{\"message\":\"invalid credentials\"}\n";
const TOO_MANY: &str = "page hears 44/admin,{\"message\":\"too many wrong passwords: try again in ten minutes\"}\n";

/// Asks to join the Admin UI with this payload.
async fn join(world: &mut World, label: &str, auth: Value) -> String {
    world.send(label, &format!("40/admin,{auth}")).await
}

fn with_password() -> Value {
    json!({"username": "admin", "password": PASSWORD})
}

/// Opens a connection and joins the Admin UI with the password.
async fn admin(world: &mut World, label: &str) -> String {
    world.open(label).await;
    join(world, label, with_password()).await
}

/// The events in a transcript that this client heard in the namespace: name and first argument.
fn events(heard: &str, label: &str) -> Vec<(String, Value)> {
    let frames = heard.lines().filter_map(|line| line.strip_prefix(&format!("{label} hears ")));
    let decoded = frames.filter_map(|frame| match engine::decode(frame).ok()? {
        engine::Packet::Message(text) => socket::decode(&text).ok(),
        _ => None,
    });
    let of_admin = decoded.filter(|packet| packet.namespace.as_str() == ADMIN_NAMESPACE);
    let event = of_admin.filter_map(|packet| match packet.body {
        socket::Body::Event { name, arguments, .. } => {
            Some((name.as_str().to_owned(), arguments.into_iter().next().unwrap_or_default()))
        }
        _ => None,
    });
    event.collect()
}

/// The argument of the only event of this name.
fn one(heard: &str, name: &str) -> Value {
    let found: Vec<Value> =
        events(heard, "page").into_iter().filter(|(event, _)| event == name).map(|(_, argument)| argument).collect();
    let [argument] = found.as_slice() else { panic!("{} times {name}: {heard}", found.len()) };
    argument.clone()
}

/// Namespace, user, transport, address and rooms of the sockets that a page is shown; of the rooms all but the first,
/// which must be the socket's own id.
fn sockets(heard: &str) -> Vec<String> {
    let shown = one(heard, "all_sockets");
    let line = |socket: &Value| {
        let text = |pointer: &str| socket.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = text("/id");
        let rooms: Vec<String> = socket["rooms"].as_array().unwrap().iter().map(|room| room.to_string()).collect();
        assert!(rooms[0] == format!("\"{id}\"") && id.len() == 24, "{socket}");
        let (nsp, user, transport) = (text("/nsp"), text("/data/user"), text("/transport"));
        format!("{nsp} {user} {transport} [{}] {}", text("/handshake/address"), rooms[1..].join(" "))
            .trim_end()
            .to_owned()
    };
    shown.as_array().unwrap().iter().map(line).collect()
}

/// The id of the first socket of this user.
fn id_of(heard: &str, user: &str) -> String {
    let shown = one(heard, "all_sockets");
    let socket = shown.as_array().unwrap().iter().find(|socket| socket["data"]["user"] == user).unwrap();
    socket["id"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn without_a_password_there_is_no_such_namespace_and_nothing_is_asked_of_the_tables() {
    for parameters in [&[][..], &[("AdminPassword", "none")]] {
        let mut world = World::with(parameters).await;
        world.open("page").await;
        world.spent();
        assert_eq!(join(&mut world, "page", with_password()).await, NO_SUCH_NAMESPACE);
        let elsewhere = world.send("page", "40/nowhere,").await;
        assert_eq!(elsewhere.replace("/nowhere", "/admin"), NO_SUCH_NAMESPACE, "as any other name");
        assert!(world.spent().0.requests.is_empty());
        let closed = world.send("page", "42/admin,[\"_disconnect\",\"/\",true,\"x\"]").await;
        assert_eq!(closed, "page is closed: 1000 Connection Closed Normally\n");
    }
}

#[test]
fn no_dialect_has_the_name_of_the_admin_ui() {
    assert!(dialect::ALL.iter().all(|dialect| format!("/{}", dialect.name) != ADMIN_NAMESPACE));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_the_password_is_told_a_session_the_features_the_numbers_and_the_sockets() {
    let mut world = World::with(&[ON]).await;
    world.join("alice").await;
    world.join_namespace("grace", "grace", "/workspace").await;
    let chat = world.chat("alice", "grace").await;
    world.ask("grace", "conversation:join", json!(chat)).await;
    world.poll_join("bob").await;
    let heard = admin(&mut world, "page").await;
    let names: Vec<String> = events(&heard, "page").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["session", "config", "server_stats", "all_sockets"]);
    assert!(heard.starts_with("page hears 40/admin,{\"sid\":"), "{heard}");
    assert!(!heard.contains("\"pid\":\""), "a page is not recovered: {heard}");
    assert_eq!(one(&heard, "session").as_str().unwrap().len(), 64);
    assert_eq!(one(&heard, "config"), json!({"supportedFeatures": ["DISCONNECT"]}));
    let stats = one(&heard, "server_stats");
    assert_eq!((&stats["clientsCount"], &stats["pollingClientsCount"]), (&json!(4), &json!(1)));
    let namespaces =
        stats["namespaces"].as_array().unwrap().iter().map(|one| format!("{} {}", one["name"], one["socketsCount"]));
    insta::assert_snapshot!(namespaces.collect::<Vec<_>>().join(" · "), @r#""/" 2 · "/admin" 1 · "/classroom" 0 · "/marketplace" 0 · "/messenger" 0 · "/recruiting" 0 · "/workspace" 1"#);
    // All connections are opened at the same time of the test's clock.
    let mut shown = sockets(&heard);
    shown.sort();
    let shown = shown.join("\n").replace(&chat, "CHAT");
    insta::assert_snapshot!(shown, @r#"
    / alice websocket [127.0.0.1] "user:alice"
    / bob polling [] "user:bob"
    /admin admin websocket [127.0.0.1]
    /workspace grace websocket [127.0.0.1] "user:grace" "CHAT"
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_page_receives_no_token_no_text_and_no_whole_id_of_a_polling_connection() {
    let mut world = World::with(&[ON]).await;
    world.join("alice").await;
    world.poll_join("bob").await;
    let chat = world.chat("alice", "bob").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "between us"})).await;
    let mut heard = admin(&mut world, "page").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "between us"})).await;
    heard += &world.minute().await;
    let said: String = heard.lines().filter(|line| line.starts_with("page hears")).collect();
    let polling = world.connection_id("bob");
    for secret in ["between us", "eyJ", PASSWORD, polling.as_str(), "\"pid\":\"", "joinedBy"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
    assert!(said.contains(polling.get(..10).unwrap()), "the beginning tells clients apart: {said}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_another_name_or_nothing_at_all_is_refused_and_the_connection_stays() {
    let mut world = World::with(&[ON]).await;
    world.open("page").await;
    for auth in [
        json!({"username": "admin", "password": "wrong horse battery staple"}),
        json!({"username": "root", "password": PASSWORD}),
        json!({"username": "admin", "password": PASSWORD.to_uppercase()}),
        json!({"username": "admin"}),
        json!({"password": PASSWORD}),
        json!({"username": "admin", "password": [PASSWORD]}),
        json!({"username": "admin", "password": ""}),
        json!({"username": "admin", "password": "x".repeat(10_000)}),
        json!({"sessionId": "0".repeat(64)}),
        json!({"sessionId": null}),
        json!({"token": world.token("alice")}),
        json!({}),
    ] {
        assert_eq!(join(&mut world, "page", auth.clone()).await, INVALID, "{auth}");
    }
    assert_eq!(world.send("page", "40/admin,").await, INVALID);
    assert!(join(&mut world, "page", with_password()).await.contains("server_stats"), "it is still open");
}

#[tokio::test(start_paused = true)]
async fn ten_wrong_passwords_of_an_address_are_compared_in_ten_minutes_and_other_addresses_are_not_concerned() {
    let mut world = World::with(&[ON]).await;
    let wrong = json!({"username": "admin", "password": "wrong horse battery staple"});
    world.open("page").await;
    for number in 0..10 {
        // Right ones do not count, and another connection does not begin anew.
        if number % 3 == 0 {
            let label = format!("other{number}");
            assert!(admin(&mut world, &label).await.contains("all_sockets"));
            world.close("page").await;
            world.open("page").await;
        }
        assert_eq!(join(&mut world, "page", wrong.clone()).await, INVALID);
    }
    assert_eq!(join(&mut world, "page", wrong.clone()).await, TOO_MANY);
    assert_eq!(join(&mut world, "page", with_password()).await, TOO_MANY, "the right one is not told apart");
    // The same address by polling; the last address is the one that API Gateway has seen.
    let forwarded = |address: &'static str| {
        HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), HeaderValue::from_static(address))])
    };
    let try_by_polling = async |world: &World, address: &'static str| {
        let (_, _, open) = world.engine("GET", "EIO=4&transport=polling", forwarded(address), "").await;
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        let query = format!("EIO=4&transport=polling&sid={}", open["sid"].as_str().unwrap());
        world.engine("POST", &query, HeaderMap::new(), &format!("40/admin,{}", with_password())).await;
        world.quiet().await;
        world.engine("GET", &query, HeaderMap::new(), "").await.2
    };
    assert!(try_by_polling(&world, "192.0.2.77, 127.0.0.1").await.contains("too many wrong passwords"));
    assert!(try_by_polling(&world, "127.0.0.1, 192.0.2.77").await.contains("\"session\""));
    world.clock.advance(600_000);
    assert!(join(&mut world, "page", with_password()).await.contains("all_sockets"), "after ten minutes");
}

#[tokio::test(start_paused = true)]
async fn a_session_brings_a_page_back_without_the_password_for_a_day() {
    let mut world = World::with(&[ON]).await;
    let heard = admin(&mut world, "page").await;
    let session = json!({"sessionId": one(&heard, "session")});
    world.close("page").await;
    world.open("page").await;
    let back = join(&mut world, "page", session.clone()).await;
    let names: Vec<String> = events(&back, "page").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["config", "server_stats", "all_sockets"]);
    world.close("page").await;
    world.clock.advance(86_400_000);
    world.open("page").await;
    assert_eq!(join(&mut world, "page", session).await, INVALID);
}

#[tokio::test(start_paused = true)]
async fn every_minute_a_page_is_shown_the_sockets_again_until_it_leaves() {
    let mut world = World::with(&[ON, ("PingIntervalMinutes", "8")]).await;
    let first = admin(&mut world, "page").await;
    assert_eq!(sockets(&first).len(), 1);
    world.join("alice").await;
    world.poll_join("bob").await;
    let heard = world.minute().await;
    assert_eq!(sockets(&heard).len(), 3, "{heard}");
    assert_eq!(one(&heard, "server_stats")["clientsCount"], 3);
    world.close("alice").await;
    assert_eq!(sockets(&world.minute().await).len(), 2);
    assert_eq!(world.send("page", "41/admin,").await, "");
    assert_eq!(world.minute().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_polls_and_one_that_moves_to_a_websocket_are_shown_the_sockets_again_too() {
    let mut world = World::with(&[ON]).await;
    world.poll("page").await;
    let heard = join(&mut world, "page", with_password()).await;
    assert!(sockets(&heard)[0].starts_with("/admin admin polling"), "{heard}");
    assert_eq!(sockets(&world.minute().await).len(), 1);
    world.move_to_websocket("page").await;
    let heard = world.minute().await;
    assert!(sockets(&heard)[0].starts_with("/admin admin websocket"), "{heard}");
    world.close("page").await;
    world.open("page").await;
    assert_eq!(world.minute().await.matches("all_sockets").count(), 0, "nobody uses it");
}

#[tokio::test(start_paused = true)]
async fn a_page_disconnects_a_socket_which_does_not_come_back_by_itself() {
    let mut world = World::with(&[ON]).await;
    world.join("alice").await;
    world.also_join("alice", "alice", "/workspace").await;
    let heard = admin(&mut world, "page").await;
    let alice = id_of(&heard, "alice");
    let done = world.send("page", &format!("42/admin,{}", json!(["_disconnect", "/", false, alice]))).await;
    assert_eq!(done, "alice hears 41\n");
    let left = sockets(&world.minute().await);
    assert!(!left.iter().any(|socket| socket.starts_with("/ alice")), "{left:?}");
    assert!(left.iter().any(|socket| socket.starts_with("/workspace alice")), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_page_disconnects_a_client_with_all_its_sockets() {
    let mut world = World::with(&[ON]).await;
    world.join("alice").await;
    world.also_join("alice", "alice", "/workspace").await;
    let heard = admin(&mut world, "page").await;
    let done = json!(["_disconnect", "/", true, id_of(&heard, "alice")]);
    let done = world.send("page", &format!("42/admin,7{done}")).await;
    insta::assert_snapshot!(done, @r#"
    alice hears 41
    alice hears 41/workspace,
    alice is closed: 1000 Connection Closed Normally
    page hears 43/admin,7[{"disconnected":2}]
    "#);
    assert_eq!(sockets(&world.minute().await).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_asks_for_what_there_is_not_is_told_so_and_nothing_happens() {
    let mut world = World::with(&[ON]).await;
    world.join("alice").await;
    let heard = admin(&mut world, "page").await;
    let alice = id_of(&heard, "alice");
    let mut answers = String::new();
    for (ack, event) in [
        ("", json!(["_disconnect", "/", false, "none"])),
        ("1", json!(["_disconnect", "/nowhere", false, alice])),
        ("2", json!(["_disconnect", "/", false])),
        ("3", json!(["_disconnect", 7, false, alice])),
        ("4", json!(["_disconnect", "/", "no", alice])),
        ("5", json!(["join", "/", "room", alice])),
        ("6", json!(["emit", "/", null, "hello"])),
    ] {
        answers += &world.send("page", &format!("42/admin,{ack}{event}")).await.replace(&alice, "ALICE");
    }
    insta::assert_snapshot!(answers, @r#"
    page hears 42/admin,["error",{"message":"there is no socket none in the namespace /"}]
    page hears 43/admin,1[{"error":{"message":"there is no socket ALICE in the namespace /nowhere"}}]
    page hears 43/admin,2[{"error":{"message":"the id of the socket must be a text of 1 to 256 characters"}}]
    page hears 43/admin,3[{"error":{"message":"the namespace must be a text of 1 to 256 characters"}}]
    page hears 43/admin,4[{"error":{"message":"close, the second argument, must be true or false"}}]
    page hears 43/admin,5[{"error":{"message":"event is not one that this namespace knows"}}]
    page hears 43/admin,6[{"error":{"message":"event is not one that this namespace knows"}}]
    "#);
    let mut answers = String::new();
    for _ in 0..11 {
        answers += &world.send("page", "42/admin,[\"_disconnect\",\"/\",false,\"none\"]").await;
    }
    assert!(answers.contains("too many events, try again in 1 s"), "{answers}");
    assert!(!world.is_closed("alice") && !world.is_closed("page"));
}

#[tokio::test(start_paused = true)]
async fn the_socket_of_a_dialect_can_do_nothing_in_the_admin_ui() {
    let mut world = World::with(&[ON]).await;
    let heard = admin(&mut world, "page").await;
    let page = id_of(&heard, "admin");
    world.join("mallory").await;
    let event = format!("42/admin,{}", json!(["_disconnect", "/admin", true, page]));
    assert_eq!(world.send("mallory", &event).await, "mallory is closed: 1000 Connection Closed Normally\n");
    assert!(!world.is_closed("page"));
    // Nor by the same name in its own namespace.
    world.join("oscar").await;
    let event = json!(["_disconnect", "/admin", true, page]);
    let said = world.send("oscar", &format!("421{event}")).await;
    assert!(said.contains("oscar hears 431["), "{said}");
    assert!(!world.is_closed("page"));
}

#[tokio::test(start_paused = true)]
async fn a_connect_packet_whose_event_comes_twice_joins_once() {
    for effect in [RunEffect::Twice, RunEffect::Again(Duration::from_secs(30))] {
        let mut world = World::with(&[ON]).await;
        world.open("page").await;
        world.cloud.faults.inject_run(RunRule::function("connect").trigger(Trigger::Asynchronous).once(), effect);
        let mut heard = join(&mut world, "page", with_password()).await;
        heard += &world.later(Duration::from_secs(31)).await;
        assert_eq!(world.cloud.faults.late(), 0);
        assert!(!world.is_closed("page"), "{heard}");
        assert_eq!(heard.matches("40/admin").count(), 1, "{heard}");
        assert_eq!(sockets(&heard).len(), 1);
        assert_eq!(sockets(&world.minute().await).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_minute_in_which_the_sockets_cannot_be_read_is_left_out_and_everybody_is_pinged() {
    let mut world = World::with(&[ON, ("PingIntervalMinutes", "1")]).await;
    admin(&mut world, "page").await;
    world.cloud.faults.inject(Rule::dynamodb("Query").function("connect").first(20), Effect::internal_error());
    assert_eq!(world.minute().await, "page hears 2\n");
    world.cloud.faults.clear();
    world.send("page", "3").await;
    assert_eq!(sockets(&world.minute().await).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn joining_twice_closes_the_connection_and_events_after_leaving_do_nothing() {
    let mut world = World::with(&[ON]).await;
    admin(&mut world, "page").await;
    let twice = join(&mut world, "page", with_password()).await;
    assert_eq!(twice, "page is closed: 1000 Connection Closed Normally\n");
    world.join("alice").await;
    let heard = admin(&mut world, "again").await.replace("again hears", "page hears");
    world.send("again", "41/admin,").await;
    world.clock.advance(1);
    let event = json!(["_disconnect", "/", true, id_of(&heard, "alice")]);
    assert_eq!(world.send("again", &format!("42/admin,{event}")).await, "");
    assert!(!world.is_closed("alice"));
}

#[tokio::test(start_paused = true)]
async fn a_page_is_shown_five_hundred_sockets_and_never_more_than_a_frame_holds() {
    let mut world = World::with(&[ON, ("RateLimits", "off")]).await;
    let name = "n".repeat(110);
    for number in 0..510 {
        world.join(&format!("{name}{number}")).await;
    }
    let heard = admin(&mut world, "page").await;
    let stats = one(&heard, "server_stats");
    assert!(stats["hostname"].as_str().unwrap().ends_with(" (the first 500 sockets)"), "{stats}");
    assert_eq!(stats["clientsCount"], 500);
    let shown = one(&heard, "all_sockets").as_array().unwrap().len();
    let frame = heard.lines().find(|line| line.contains("all_sockets")).unwrap();
    assert!((200..500).contains(&shown) && frame.len() <= 131_072 + 20, "{shown} sockets, {} bytes", frame.len());
}

/// What was asked of DynamoDB and posted since the last call, in a line.
fn spent(world: &mut World, act: &str) -> String {
    let (meter, posts) = world.spent();
    let requests: u64 = meter.requests.values().sum();
    format!(
        "{act}: {requests} requests, {} read units, {} write units, {posts} posts\n",
        meter.read_units, meter.write_units
    )
}

/// The numbers are those of docs/cost.md, "The Admin UI".
#[tokio::test(start_paused = true)]
async fn what_the_admin_ui_costs() {
    let mut world = World::with(&[ON]).await;
    let mut costs = String::new();
    world.spent();
    world.minute().await;
    costs += &spent(&mut world, "a minute without anybody");
    world.open("page").await;
    world.spent();
    join(&mut world, "page", json!({"username": "admin", "password": "wrong horse battery staple"})).await;
    costs += &spent(&mut world, "a wrong password");
    let heard = join(&mut world, "page", with_password()).await;
    costs += &spent(&mut world, "joining with the password");
    world.close("page").await;
    world.open("page").await;
    world.spent();
    join(&mut world, "page", json!({"sessionId": one(&heard, "session")})).await;
    costs += &spent(&mut world, "joining with the session");
    world.minute().await;
    costs += &spent(&mut world, "a minute with one page");
    for number in 0..100 {
        world.join(&format!("user{number}")).await;
    }
    world.spent();
    world.minute().await;
    costs += &spent(&mut world, "a minute with one page and a hundred others");
    insta::assert_snapshot!(costs, @"
    a minute without anybody: 9 requests, 5 read units, 1 write units, 0 posts
    a wrong password: 2 requests, 1 read units, 1 write units, 1 posts
    joining with the password: 11 requests, 4.5 read units, 12 write units, 5 posts
    joining with the session: 9 requests, 5.5 read units, 9 write units, 4 posts
    a minute with one page: 16 requests, 9.5 read units, 1 write units, 2 posts
    a minute with one page and a hundred others: 17 requests, 111 read units, 1 write units, 2 posts
    ");
}
