//! Least privilege, both ways: the local system refuses what a role does not allow, so every other test shows that the
//! roles suffice; this one shows that they allow nothing that is not made use of.

use std::collections::{BTreeMap, BTreeSet};

use local::connector::Permission;
use local::faults::{Effect, Rule};
use local::gateway::DisconnectFault;
use local::template::{Function, Template};
use serde_json::json;
use world::World;
use world::receiver::Reply;

use crate::log::Log;

/// What is allowed although the acts below do not need it.
const FOR_RARE_CASES: &[(&str, &str)] = &[
    // Whoever posts closes a socket that takes nothing more: see faults.rs.
    ("block", "DELETE of connections"),
    ("connect", "DELETE of connections"),
    ("disconnect", "DELETE of connections"),
    ("rest", "DELETE of connections"),
    ("message", "DELETE of connections"),
    ("presence", "DELETE of connections"),
    ("typing", "DELETE of connections"),
    // The client left between its question and the answer.
    ("handshake", "the function disconnect"),
    ("presence", "the function disconnect"),
    // A client has stopped answering, or is met gone: see heartbeat.rs and polling/end.rs.
    ("heartbeat", "DELETE of connections"),
    ("heartbeat", "the function disconnect"),
    // The chat changed between its read and its block.
    ("block", "the table Chats"),
    // What a client missed was stored a moment before it came back.
    ("connect", "the table Chats"),
    // What nobody told is told by followup, and all of this goes well.
    ("followup", "the table Connections"),
    ("followup", "the table Users"),
    ("followup", "the table Chats"),
    ("followup", "the table Messages"),
    ("followup", "POST of connections"),
    ("followup", "DELETE of connections"),
    ("followup", "the function disconnect"),
    // Somebody who polls hears of a status.
    ("presence", "the table Connections"),
];

#[tokio::test(start_paused = true)]
async fn roles_allow_nothing_that_is_not_made_use_of() {
    let separate = ("HandlerIsolation", "separate");
    let mut used = everything(World::with(&[separate, ("PresenceEveryoneBelow", "0")]).await).await;
    used.extend(everything(World::with(&[separate]).await).await);
    used.extend(losing_people(separate).await);
    used.extend(crowding(separate).await);
    used.extend(attaching(separate).await);
    used.extend(moderating(&[separate, ("PresenceEveryoneBelow", "0")]).await);
    used.extend(moderating(&[separate]).await);
    used.extend(polling(World::with(&[separate]).await).await);
    let mut functions = template(separate).functions;
    functions.remove("polling");
    assert_eq!(functions.values().flat_map(|function| unused(function, &used)).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_wider_roles_of_switchboard_and_polling_allow_nothing_that_is_not_made_use_of() {
    let inline = ("HandlerIsolation", "inline");
    let mut used = everything(World::with(&[inline, ("PresenceEveryoneBelow", "0")]).await).await;
    used.extend(everything(World::with(&[inline]).await).await);
    used.extend(losing_people(inline).await);
    used.extend(crowding(inline).await);
    used.extend(polling(World::with(&[inline]).await).await);
    let functions = template(inline).functions;
    assert_eq!(unused(&functions["switchboard"], &used), [""; 0]);
    // The same handlers run by polling: what they need of one role they need of the other.
    let handlers = used.iter().filter(|(package, ..)| package == "switchboard");
    let handlers: Vec<Permission> =
        handlers.map(|(_, action, resource)| ("polling".to_owned(), action.clone(), resource.clone())).collect();
    used.extend(handlers);
    assert_eq!(unused(&functions["polling"], &used), [""; 0]);
}

/// The statements that the Admin UI adds to the roles.
#[tokio::test(start_paused = true)]
async fn the_admin_ui_adds_nothing_to_the_roles_that_it_does_not_make_use_of() {
    let password = ("AdminPassword", "correct horse battery staple");
    let mut added = Vec::new();
    for isolation in ["separate", "inline"] {
        let parameters = [("HandlerIsolation", isolation), password];
        let mut world = World::with(&parameters).await;
        let auth = json!({"username": "admin", "password": password.1});
        world.open("page").await;
        assert!(world.send("page", &format!("40/admin,{auth}")).await.contains("all_sockets"));
        world.poll("poller").await;
        assert!(world.send("poller", &format!("40/admin,{auth}")).await.contains("all_sockets"));
        world.minute().await;
        let used = world.permissions();
        let without = template(("HandlerIsolation", isolation)).functions;
        let secret = ("JwtSecret", "x".repeat(32));
        let all = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let all = all.into_iter().chain([(secret.0.to_owned(), secret.1)]).collect();
        for (package, mut function) in Template::read(local::cloud::TEMPLATE, &all).unwrap().functions {
            let before: Vec<String> = without[&package].statements.iter().map(|one| format!("{one:?}")).collect();
            function.statements.retain(|statement| !before.contains(&format!("{statement:?}")));
            added.extend(function.statements.iter().map(|_| format!("{isolation} {package}")));
            assert_eq!(unused(&function, &used), [""; 0]);
        }
    }
    let expected = [
        "separate connect",
        "separate heartbeat",
        "separate polling",
        "inline connect",
        "inline heartbeat",
        "inline polling",
        "inline switchboard",
    ];
    assert_eq!(added, expected);
}

/// The function for webhooks, and the statements that hooks add to the roles of others.
#[tokio::test(start_paused = true)]
async fn hooks_add_nothing_to_the_roles_that_they_do_not_make_use_of() {
    let parameters = [&crate::hook::WEBHOOKS[..], &[("PushTopic", "create"), ("EventBus", "default")]].concat();
    let mut world = World::with(&parameters).await;
    world.expect_errors();
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    for reply in [Reply::Status(204), Reply::Status(500), Reply::Status(410)] {
        world.receiver.reply(&[reply; 3]);
        world.rest("alice", "POST", "/api/message/send", json!({"chatId": chat, "content": "hello"})).await;
        world.followup().await;
    }
    let used = world.permissions();
    let mut all: BTreeMap<String, String> = template_parameters(("HandlerIsolation", "separate"));
    all.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let without = template(("HandlerIsolation", "separate")).functions;
    let mut added = BTreeSet::new();
    for (package, mut function) in Template::read(local::cloud::TEMPLATE, &all).unwrap().functions {
        let before = without.get(&package).into_iter().flat_map(|function| &function.statements);
        let before: Vec<String> = before.map(|one| format!("{one:?}")).collect();
        function.statements.retain(|statement| !before.contains(&format!("{statement:?}")));
        added.extend(function.statements.iter().map(|statement| format!("{package} {}", statement.sid)));
        assert_eq!(unused(&function, &used), [""; 0]);
    }
    let expected = [
        "followup EventsForTheBus",
        "followup EventsForWebhooks",
        "followup PushEvents",
        "followup UnreadOfOthers",
        "webhook PutAside",
        "webhook SendAgainLater",
        "webhook WhatSigns",
    ];
    assert_eq!(added.into_iter().collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn opening_connections_asks_for_nothing_that_a_role_does_not_allow() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(move || writer.clone());
    let logging = tracing::subscriber::set_default(subscriber.finish());
    for isolation in ["separate", "inline"] {
        let mut world = World::with(&[("HandlerIsolation", isolation)]).await;
        world.spent();
        world.cloud.warm().await;
        assert!(world.spent().0.requests.is_empty(), "nothing is read or written");
    }
    drop(logging);
    assert_eq!(log.text(), "");
}

fn unused(function: &Function, used: &BTreeSet<Permission>) -> Vec<String> {
    let package = function.package.as_str();
    let mut unused = Vec::new();
    for statement in &function.statements {
        for action in &statement.actions {
            for resource in &statement.resources {
                let rare = FOR_RARE_CASES.contains(&(package, &resource.to_string()));
                if !rare && !used.contains(&(package.to_owned(), action.clone(), resource.clone())) {
                    unused.push(format!("{package}: {action} on {resource}"));
                }
            }
        }
    }
    unused
}

fn template(parameter: (&str, &str)) -> Template {
    Template::read(local::cloud::TEMPLATE, &template_parameters(parameter)).unwrap()
}

fn template_parameters((name, value): (&str, &str)) -> BTreeMap<String, String> {
    BTreeMap::from([("JwtSecret".to_owned(), "x".repeat(32)), (name.to_owned(), value.to_owned())])
}

/// What the acts of the other tests of this file do not need.
#[tokio::test(start_paused = true)]
async fn what_is_needed_in_rare_cases_is_allowed() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[("HandlerIsolation", "separate")]).await;
    // Gina polls, and begins a chat with frank.
    world.join_namespace("frank", "frank", "/messenger").await;
    world.join_namespace("grace", "grace", "/workspace").await;
    world.poll_join("gina").await;
    for namespace in ["/messenger", "/workspace"] {
        world.also_join("gina", "gina", namespace).await;
    }
    let hello = json!(["send_message", {"receiverId": "frank", "content": "hello"}]);
    world.send("gina", &format!("42/messenger,1{hello}")).await;
    world.send("gina", "42/messenger,2[\"get_unread_count\",{}]").await;
    // Frank reads it, and only followup can tell.
    let chat = world.chat("gina", "frank").await;
    world.expect_errors();
    let look_up = Rule::dynamodb("Query").table("Users").function("message");
    world.cloud.faults.inject(look_up, Effect::internal_error());
    world.ask("frank", "mark_message_read", json!({"messageId": format!("{chat}000000000001")})).await;
    world.cloud.faults.clear();
    world.followup().await;
    // Somebody else writes to the chat while it is blocked.
    world.join("heidi").await;
    let with_frank = world.chat("heidi", "frank").await;
    let conflict = Rule::dynamodb("TransactWriteItems").function("block").once();
    world.cloud.faults.inject(conflict, Effect::canceled_by_conflict(0));
    world.ask("heidi", "block_user", json!({"chatId": with_frank})).await;
    // Grace's status reaches gina, who polls, and finds that ivan has gone.
    world.join_namespace("ivan", "ivan", "/workspace").await;
    world.close("ivan").await;
    world.ask("grace", "user:status", json!("away")).await;
    let used = world.permissions();
    let used: BTreeSet<String> =
        used.iter().map(|(package, action, on)| format!("{package}: {action} on {on}")).collect();
    for needed in [
        "block: dynamodb:GetItem on the table Chats",
        "followup: dynamodb:BatchGetItem on the table Messages",
        "followup: dynamodb:UpdateItem on the table Connections",
        "polling: dynamodb:PutItem on the table Chats",
        "polling: dynamodb:Query on the index unread of the table Users",
        "presence: dynamodb:UpdateItem on the table Connections",
        "presence: lambda:InvokeFunction on the function disconnect",
    ] {
        assert!(used.contains(needed), "{needed}: {used:#?}");
    }
}

/// Does everything a client can ask for, well and badly.
async fn everything(mut world: World) -> BTreeSet<Permission> {
    for label in ["alice", "bob"] {
        world.join(label).await;
    }
    let chat = world.chat("alice", "bob").await;
    let there = json!({"chatId": chat});
    for (who, name) in [("alice", "m1"), ("bob", "m2"), ("bob", "m2")] {
        world.ask(who, "send_message", json!({"chatId": chat, "content": "hello", "clientMessageId": name})).await;
        for event in ["typing_start", "typing_stop", "block_user", "block_user"] {
            world.ask(who, event, there.clone()).await;
        }
        world.ask(who, "send_message", json!({"chatId": chat, "content": "blocked", "clientMessageId": "m1"})).await;
        for event in ["unblock_user", "mark_messages_read", "get_online_users", "unheard_of"] {
            world.ask(who, event, there.clone()).await;
        }
    }
    // Without a chat only the session is read.
    world.ask("alice", "block_user", json!({})).await;
    world.get("", "/api/socket/health").await;
    world.join_as("bob2", "bob").await;
    for path in ["my-chats", "blocked", &chat] {
        world.get("alice", &format!("/api/chat/{path}")).await;
    }
    world
        .rest("alice", "POST", "/api/message/send", json!({"chatId": chat, "content": "rest", "clientMessageId": "r"}))
        .await;
    for path in [format!("chat/{chat}"), format!("chat/{chat}/search?searchTerm=e"), "unread-count".to_owned()] {
        world.get("bob", &format!("/api/message/{path}")).await;
    }
    for (method, path) in [("POST", "block"), ("POST", "unblock"), ("DELETE", "")] {
        if method == "DELETE" {
            world.rest("bob", "POST", &format!("/api/message/chat/{chat}/mark-read"), serde_json::Value::Null).await;
            world.rest("alice", "DELETE", &format!("/api/message/{chat}000000000001"), serde_json::Value::Null).await;
        }
        let path = format!("/api/chat/{chat}/{path}");
        world.rest("alice", method, path.trim_end_matches('/'), serde_json::Value::Null).await;
    }
    missing_something(&mut world).await;
    world.open("mallory").await;
    world.send("mallory", "45nonsense").await;
    world.minute().await;
    world.minute().await;
    in_other_dialects(&mut world).await;
    leaving(&mut world).await;
    world.permissions()
}

/// Goes without a word, comes back, and comes back too late.
async fn missing_something(world: &mut World) {
    let chat = world.chat("alice", "bob").await;
    let first = world.ask("alice", "send_message", json!({"chatId": chat, "content": "heard"})).await;
    assert!(first.contains("bob hears"), "{first}");
    world.close("bob").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "missed"})).await;
    world.rest("bob", "POST", &format!("/api/message/chat/{chat}/mark-read"), serde_json::Value::Null).await;
    let block = [format!("/api/chat/{chat}/block"), format!("/api/chat/{chat}/unblock")];
    for path in &block {
        world.rest("alice", "POST", path, serde_json::Value::Null).await;
    }
    let back = world.come_back("bob", "bob", "/").await;
    assert!(back.contains("recovered") && back.contains("missed"), "{back}");
    world.close("bob").await;
    for path in block.iter().cycle().take(60) {
        world.rest("alice", "POST", path, serde_json::Value::Null).await;
    }
    let back = world.come_back("bob", "bob", "/").await;
    assert!(back.contains("a new session"), "{back}");
}

/// Does what only other dialects have words for.
async fn in_other_dialects(world: &mut World) {
    world.join_namespace("erin", "erin", "/messenger").await;
    world.join_namespace("frank", "frank", "/messenger").await;
    world.join_namespace("grace", "grace", "/workspace").await;
    world.ask("erin", "typing_start", json!({"receiverId": "frank"})).await;
    world.ask("erin", "send_message", json!({"receiverId": "frank", "content": "hello"})).await;
    for event in ["get_unread_count", "get_message_history"] {
        world.ask("frank", event, json!({"otherUserId": "erin"})).await;
    }
    let chat = world.chat("erin", "frank").await;
    world.ask("frank", "mark_message_read", json!({"messageId": format!("{chat}000000000001")})).await;
    let chat = world.chat("erin", "grace").await;
    world.ask("grace", "conversation:join", json!(chat)).await;
    world.ask("grace", "user:status", json!("away")).await;
    world.rest("erin", "PUT", "/marketplace/api/listings/rex", json!({"title": "Rex"})).await;
    world.get("erin", "/marketplace/api/listings/rex").await;
    world.rest("grace", "POST", "/marketplace/api/chat/create", json!({"petId": "rex"})).await;
}

/// Does by polling what a client can ask for, has every function tell those who poll, and moves to WebSockets.
async fn polling(mut world: World) -> BTreeSet<Permission> {
    for label in ["alice", "bob"] {
        world.poll_join(label).await;
    }
    world.join("carol").await;
    let chat = world.chat("alice", "bob").await;
    let there = json!({"chatId": chat});
    for (who, name) in [("alice", "m1"), ("bob", "m2"), ("bob", "m2")] {
        world.ask(who, "send_message", json!({"chatId": chat, "content": "hello", "clientMessageId": name})).await;
        for event in ["typing_start", "typing_stop", "block_user", "unblock_user", "mark_messages_read"] {
            world.ask(who, event, there.clone()).await;
        }
        for event in ["get_online_users", "unheard_of"] {
            world.ask(who, event, there.clone()).await;
        }
    }
    let with_carol = json!({"chatId": world.chat("carol", "alice").await, "content": "hello"});
    for event in ["send_message", "typing_start", "block_user", "unblock_user"] {
        world.ask("carol", event, with_carol.clone()).await;
    }
    world.ask("alice", "send_message", with_carol.clone()).await;
    world.rest("carol", "POST", "/api/message/send", with_carol).await;
    world.close("carol").await;
    world.also_join("bob", "bob", "/recruiting").await;
    world.send("bob", "41/recruiting,").await;
    for _ in 0..5 {
        world.minute().await;
    }
    world.move_to_websocket("bob").await;
    for websocket in ["probe", "another"] {
        world.offer_websocket("alice", websocket).await.unwrap();
    }
    world.close("alice").await;
    world.permissions()
}

/// Lets sockets end in every way: by an event while typing, by a token that expires, by never joining a namespace.
async fn leaving(world: &mut World) {
    let chat = world.chat("alice", "bob").await;
    world.emit("bob", "typing_start", json!({"chatId": chat})).await;
    world.emit("bob", "manual_disconnect", json!({})).await;
    world.send("bob2", "451-[\"send_message\",{\"_placeholder\":true,\"num\":0}]").await;
    world.send("bob2", "bAQID").await;
    world.emit("bob2", "typing_start", json!({"chatId": chat})).await;
    world.send("bob2", "41").await;
    // What was not delivered stays behind what is.
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "later"})).await;
    world.join_as("bob3", "bob").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "now"})).await;
    world.open("nobody").await;
    world.join("henry").await;
    world.send("henry", "451-[\"send_message\",{\"_placeholder\":true,\"num\":0}]").await;
    let claims = json!({"sub": "dora", "exp": world.clock.now().seconds() + 60});
    world.join_with("dora", &local::token::sign(&claims).unwrap()).await;
    for _ in 0..6 {
        world.minute().await;
    }
}

/// Attaches files in every way, more of them than the limit allows.
async fn attaching(isolation: (&str, &str)) -> BTreeSet<Permission> {
    let mut world = World::with(&[isolation, ("MessagesPerMinute", "2")]).await;
    world.know(&["alice", "bob"]).await;
    let chat = world.chat("alice", "bob").await;
    crate::media::every_act(&world, &chat).await;
    world.permissions()
}

/// Reads what services may read, and deletes a user whom others hear of, on both transports.
async fn moderating(parameters: &[(&str, &str)]) -> BTreeSet<Permission> {
    let mut world = World::with(parameters).await;
    let there = json!({"chatId": crate::moderation::chatting(&mut world, 3).await});
    crate::media::send_picture(&world, "alice", there["chatId"].as_str().unwrap()).await;
    let path = format!("/api/chat/{}/block", there["chatId"].as_str().unwrap());
    world.rest("alice", "POST", &path, serde_json::Value::Null).await;
    world.join("bob").await;
    world.poll_join_as("bob2", "bob").await;
    world.join("alice").await;
    world.poll_join_as("alice2", "alice").await;
    crate::moderation::every_act(&world, "alice", there["chatId"].as_str().unwrap()).await;
    world.permissions()
}

/// Has more sockets than a person may have, and more connections than one page of a slot holds.
async fn crowding(isolation: (&str, &str)) -> BTreeSet<Permission> {
    let parameters = [isolation, ("SocketsPerPerson", "1"), ("PingIntervalMinutes", "1"), ("StrangersPerAddress", "1")];
    let mut world = World::with(&parameters).await;
    for label in ["alice", "bob"] {
        world.join(label).await;
    }
    for _ in 0..2 {
        let headers = http::HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), "192.0.2.1".parse().unwrap())]);
        world.engine("GET", "EIO=4&transport=polling", headers, "").await;
    }
    world.join_as("alice2", "alice").await;
    world.cloud.faults.inject(Rule::dynamodb("Query").index("slot"), Effect::SplitPages(1));
    world.minute().await;
    world.permissions()
}

/// Lets every function meet connections that are gone or do not listen.
async fn losing_people(isolation: (&str, &str)) -> BTreeSet<Permission> {
    let mut used = BTreeSet::new();
    let acts: [(&str, serde_json::Value); 5] = [
        ("send_message", json!({"content": "anybody?"})),
        ("typing_start", json!({})),
        ("block_user", json!({})),
        ("mark_messages_read", json!({})),
        ("ping", json!({})),
    ];
    for (event, argument) in acts {
        let mut world = World::with_disconnects(DisconnectFault::Lost, &[isolation]).await;
        world.join("alice").await;
        world.join("bob").await;
        world.join("carol").await;
        let chat = world.chat("alice", "bob").await;
        world.close("bob").await;
        let mut argument = argument;
        argument["chatId"] = chat.as_str().into();
        if event == "ping" {
            world.join("dora").await;
        } else {
            world.ask("alice", event, argument).await;
        }
        world.close("carol").await;
        world.close("alice").await;
        world.rest("bob", "POST", "/api/chat/create-or-get", json!({"otherUserId": "alice"})).await;
        world.rest("bob", "DELETE", &format!("/api/chat/{chat}"), serde_json::Value::Null).await;
        for _ in 0..6 {
            world.minute().await;
        }
        used.extend(world.permissions());
    }
    used
}
