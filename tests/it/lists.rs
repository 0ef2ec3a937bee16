//! What lists show: the order of `seq`, which is that of live events and of recovery too, and times that never go back
//! (docs/dialects.md, "Pages").

use serde_json::{Value, json};
use world::World;

use crate::worlds::message_id;

/// How a dialect sends, names the time of a message, and lists messages.
struct Words {
    name: &'static str,
    send: fn(chat: &str, text: &str) -> (&'static str, Value),
    time: &'static str,
    list: List,
}

enum List {
    /// REST paths.
    Rest(&'static [fn(chat: &str) -> String]),
    /// An event and its argument.
    Event(&'static str, fn() -> Value),
}

const ALL: &[Words] = &[
    Words {
        name: "recruiting",
        send: |chat, text| ("send_message", json!({"chatId": chat, "content": text})),
        time: "createdAt",
        list: List::Rest(&[
            |chat| format!("/recruiting/api/message/chat/{chat}"),
            |chat| format!("/recruiting/api/message/chat/{chat}/search?searchTerm=number"),
        ]),
    },
    Words {
        name: "marketplace",
        send: |chat, text| ("sendMessage", json!({"chatId": chat, "content": text, "messageType": "text"})),
        time: "createdAt",
        list: List::Rest(&[|chat| format!("/marketplace/api/chat/{chat}/messages")]),
    },
    Words {
        name: "messenger",
        send: |_, text| ("send_message", json!({"receiverId": "ben", "content": text})),
        time: "sentAt",
        list: List::Event("get_message_history", || json!({"otherUserId": "ann"})),
    },
    Words {
        name: "workspace",
        send: |chat, text| ("message:send", json!({"conversationId": chat, "content": text})),
        time: "timestamp",
        list: List::Rest(&[|chat| format!("/workspace/api/conversations/{chat}/messages")]),
    },
    Words {
        name: "classroom",
        send: |chat, text| ("send:message", json!({"conversationId": chat, "text": text})),
        time: "createdAt",
        list: List::Rest(&[|chat| format!("/classroom/api/chat/conversation/{chat}/messages")]),
    },
];

/// The number and the time of each message with a `seq` that a value holds, in its order, each once.
fn messages(value: &Value, time: &str) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) if fields.contains_key("seq") => {
            found.push((fields["seq"].as_u64().unwrap(), fields[time].as_str().unwrap().to_owned()));
        }
        Value::Object(fields) => found.extend(fields.values().flat_map(|field| messages(field, time))),
        Value::Array(values) => found.extend(values.iter().flat_map(|value| messages(value, time))),
        _ => {}
    }
    found
}

/// The messages that a label hears, each once: some dialects tell of each twice.
fn heard(transcript: &str, label: &str, time: &str) -> Vec<(u64, String)> {
    let frames = transcript.lines().filter_map(|line| line.strip_prefix(label)?.strip_prefix(" hears 42"));
    let events = frames.filter_map(|frame| serde_json::from_str::<Value>(frame.split_at(frame.find('[')?).1).ok());
    let mut told: Vec<(u64, String)> = events.flat_map(|event| messages(&event, time)).collect();
    told.dedup();
    told
}

#[tokio::test(start_paused = true)]
async fn lists_live_events_and_recovery_have_one_order_and_times_never_go_back() {
    for words in ALL {
        let mut world = World::new().await;
        let namespace = format!("/{}", words.name);
        world.join_namespace("ann", "ann", &namespace).await;
        world.join_namespace("ben", "ben", &namespace).await;
        // The second time the same people begin anew.
        for again in [false, true] {
            let chat = world.chat("ann", "ben").await;
            let mut live = Vec::new();
            // Instances whose clocks disagree, first with the one that made the chat.
            for (number, moved) in [-1_000, 700, -1_000, 1_500, -900].into_iter().enumerate() {
                world.clock.advance(moved);
                let (event, argument) = (words.send)(&chat, &format!("number {number}"));
                live.extend(heard(&world.emit("ann", event, argument).await, "ben", words.time));
            }
            let numbers: Vec<u64> = live.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, [1, 2, 3, 4, 5], "{}", words.name);
            assert!(live.is_sorted_by_key(|(_, time)| time.clone()), "{}: {live:?}", words.name);
            for listed in lists(&mut world, words, &chat).await {
                assert_eq!(listed, live, "{}", words.name);
            }
            let missed = recovered(&mut world, words, &chat).await;
            let listed = lists(&mut world, words, &chat).await;
            assert_eq!(&listed[0][5..], missed, "{}", words.name);
            assert!(listed[0].is_sorted_by_key(|(_, time)| time.clone()), "{}: {listed:?}", words.name);
            if !again {
                world.rest("ann", "DELETE", &format!("/recruiting/api/chat/{chat}"), Value::Null).await;
            }
        }
    }
}

async fn lists(world: &mut World, words: &Words, chat: &str) -> Vec<Vec<(u64, String)>> {
    let mut lists = Vec::new();
    match words.list {
        List::Rest(paths) => {
            for path in paths {
                let (status, answer) = world.request("ben", "GET", &path(chat), "").await;
                assert_eq!(status, 200, "{answer}");
                lists.push(messages(&answer, words.time));
            }
        }
        List::Event(event, argument) => {
            lists.push(heard(&world.emit("ben", event, argument()).await, "ben", words.time))
        }
    }
    lists
}

/// What Ben is told when he comes back from where he missed three messages, while the clock went back.
async fn recovered(world: &mut World, words: &Words, chat: &str) -> Vec<(u64, String)> {
    world.close("ben").await;
    for moved in [-1_000, 300, -800] {
        world.clock.advance(moved);
        let (event, argument) = (words.send)(chat, "number missed");
        world.emit("ann", event, argument).await;
    }
    world.clock.advance(10_000);
    let back = world.come_back("ben", "ben", &format!("/{}", words.name)).await;
    assert!(back.contains("has recovered"), "{back}");
    heard(&back, "ben", words.time)
}

/// Messages sent at the same time from two sides, by instances whose clocks disagree.
#[tokio::test(start_paused = true)]
async fn messages_sent_at_once_are_listed_as_they_were_heard() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    for label in ["ann", "ben"] {
        world.join(label).await;
    }
    let chat = world.chat("ann", "ben").await;
    let mut live = Vec::new();
    for moved in [0, -1_000, 500, -1_000] {
        world.clock.advance(moved);
        let frame = format!("42{}", json!(["send_message", {"chatId": chat, "content": "at once"}]));
        let frames: Vec<(&str, String)> =
            (0..10).map(|turn| (if turn % 2 == 0 { "ann" } else { "ben" }, frame.clone())).collect();
        live.extend(heard(&world.send_all(&frames).await, "ben", "createdAt"));
    }
    live.dedup();
    let (_, answer) = world.request("ben", "GET", &format!("/api/message/chat/{chat}"), "").await;
    assert_eq!(messages(&answer, "createdAt"), live);
    assert_eq!(live.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
    assert!(live.is_sorted_by_key(|(_, time)| time.clone()), "{live:?}");
}

/// Puts messages into a chat below everything, as they are stored: copies of its first one.
async fn fill(world: &World, chat: &str, count: u64) {
    let dynamodb = &world.cloud.services.dynamodb;
    let key = json!({"chatId": {"S": chat}, "seq": {"N": "1"}});
    let (_, answer) = dynamodb.call("GetItem", json!({"TableName": "Messages", "Key": key})).await;
    let first = serde_json::from_slice::<Value>(&answer).unwrap()["Item"].take();
    let numbers: Vec<u64> = (2..=count).collect();
    for some in numbers.chunks(25) {
        let puts = some.iter().map(|number| {
            let mut copy = first.clone();
            copy["seq"] = json!({"N": number.to_string()});
            json!({"PutRequest": {"Item": copy}})
        });
        let request = json!({"RequestItems": {"Messages": puts.collect::<Vec<_>>()}});
        let (status, answer) = dynamodb.call("BatchWriteItem", request).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    }
    let update = json!({
        "TableName": "Chats",
        "Key": {"chatId": {"S": chat}},
        "UpdateExpression": "SET seq = :seq, told = :seq + rev",
        "ExpressionAttributeValues": {":seq": {"N": count.to_string()}},
    });
    let (status, answer) = dynamodb.call("UpdateItem", update).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
}

/// A chat in which Ben has said one thing, and then Ann so many things that she has not read it.
async fn talked(world: &mut World, count: u64) -> String {
    world.join_namespace("ann", "ann", "/classroom").await;
    world.join_namespace("ben", "ben", "/classroom").await;
    let chat = world.chat("ann", "ben").await;
    world.emit("ann", "send:message", json!({"conversationId": chat, "text": "by Ann"})).await;
    world
        .emit("ben", "message:read", json!({"conversationId": chat, "messageIds": [format!("{chat}000000000001")]}))
        .await;
    fill(world, &chat, 100).await;
    world.emit("ben", "send:message", json!({"conversationId": chat, "text": "by Ben"})).await;
    fill_above(world, &chat, count).await;
    chat
}

/// Puts as many messages by Ann above Ben's.
async fn fill_above(world: &World, chat: &str, count: u64) {
    let dynamodb = &world.cloud.services.dynamodb;
    let key = json!({"chatId": {"S": chat}, "seq": {"N": "101"}});
    let (_, answer) = dynamodb.call("GetItem", json!({"TableName": "Messages", "Key": key})).await;
    let bens = serde_json::from_slice::<Value>(&answer).unwrap()["Item"].take();
    fill(world, chat, 101 + count).await;
    let (status, _) = dynamodb.call("PutItem", json!({"TableName": "Messages", "Item": bens})).await;
    assert_eq!(status, 200);
}

#[tokio::test(start_paused = true)]
async fn marking_a_chat_as_read_looks_at_a_bounded_part_of_it() {
    // Below the bound everything is found; beyond it what was marked is counted, and single messages are not told of.
    for (above, told) in [(5, true), (150, true), (899, true), (1_000, false), (4_000, false)] {
        let mut world = World::new().await;
        let chat = talked(&mut world, above).await;
        world.spent();
        let path = "/classroom/api/chat/messages/read";
        let heard = world.rest("ann", "POST", path, json!({"conversationId": chat})).await;
        let (meter, _) = world.spent();
        assert!(heard.contains("\"markedCount\":1"), "{heard}");
        let listed = heard.lines().find(|line| line.starts_with("ben hears")).unwrap_or_default();
        assert_eq!(listed.contains(&message_id(&chat, 101)), told, "{above}: {heard}");
        // Two for the sockets of two people, and at most two for what waited.
        assert!(meter.requests["Query"] <= 4, "{above}: {meter:?}");
        assert!(meter.read_units <= 100.0, "{above}: {meter:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_those_online_is_cut_to_what_fits_and_counts_them_all() {
    for (namespace, listed) in [("/recruiting", 500..520), ("/messenger", 140..160)] {
        let mut world = World::with(&[("PresenceEveryoneBelow", "1000")]).await;
        for number in 0..990 {
            let id = format!("{number:0>4}{}", "é".repeat(124));
            let profile = json!({
                "userId": {"S": id},
                "entry": {"S": "profile"},
                "v": {"N": "1"},
                "online": {"S": "1"},
                "sockets": {"N": "1"},
            });
            let request = json!({"TableName": "Users", "Item": profile});
            let (status, answer) = world.cloud.services.dynamodb.call("PutItem", request).await;
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        }
        let mut said = vec![world.join_namespace("ann", "ann", namespace).await];
        if namespace == "/recruiting" {
            said.push(world.emit("ann", "get_online_users", json!({})).await);
            said.push(world.ask("ann", "get_online_users", json!({})).await);
        }
        for said in said {
            let line = said.lines().find(|line| line.contains("online_users") || line.contains("onlineUsers")).unwrap();
            let frame = line.strip_prefix("ann hears ").unwrap();
            assert!((129_000..=131_072).contains(&frame.len()), "as many as there is room for: {}", frame.len());
            let count = frame.matches("éééé\"").count() / if namespace == "/messenger" { 3 } else { 1 };
            assert!(listed.contains(&count), "{count}");
            assert!(namespace == "/messenger" || frame.contains("\"count\":991"), "{}", frame.len());
        }
    }
}
