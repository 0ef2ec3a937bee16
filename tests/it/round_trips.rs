//! How many requests to the tables wait for each other before somebody hears, and how many there are: the table in
//! docs/cost.md. Each request takes one second of virtual time, and nothing else takes any.

use std::time::Duration;

use local::latency::{Latency, Step};
use serde_json::{Value, json};
use world::World;

use crate::worlds::connect_alice_and_bob;

fn a_second_each(step: Step, _: f64) -> Duration {
    match step {
        Step::GetItem | Step::BatchGetItem | Step::Query | Step::Write | Step::Transaction => Duration::from_secs(1),
        _ => Duration::ZERO,
    }
}

/// An event of a client: who emits it, its name, and its argument for a chat.
type Emitted = (&'static str, &'static str, fn(&str) -> Value);

/// An event that is measured.
struct Act {
    name: &'static str,
    /// The dialect of the root namespace.
    dialect: &'static str,
    /// What happens before.
    before: &'static [Emitted],
    measured: Emitted,
    /// Who hears of it first, apart from the ack. Nobody is asked for one.
    heard_by: &'static str,
    /// The requests until then that wait for each other.
    in_sequence: u64,
    /// All requests.
    requests: u64,
}

const RECRUITING: Emitted = ("alice", "send_message", |chat| json!({"chatId": chat, "content": "hello"}));
const MARKETPLACE: Emitted =
    ("alice", "sendMessage", |chat| json!({"chatId": chat, "content": "hello", "messageType": "text"}));
const MESSENGER: Emitted = ("alice", "send_message", |_| json!({"receiverId": "bob", "content": "hello"}));
const WORKSPACE: Emitted = ("alice", "message:send", |chat| json!({"conversationId": chat, "content": "hello"}));
const CLASSROOM: Emitted =
    ("alice", "send:message", |chat| json!({"conversationId": chat, "text": "hello", "messageType": "text"}));
const TYPING: Emitted = ("alice", "typing_start", |chat| json!({"chatId": chat}));
const TYPING_TO_BOB: Emitted = ("alice", "typing_start", |_| json!({"receiverId": "bob"}));
const READING: Emitted = ("bob", "mark_messages_read", |chat| json!({"chatId": chat}));
const BLOCKING: Emitted = ("alice", "block_user", |chat| json!({"chatId": chat}));
const STATUS: Emitted = ("alice", "user:status", |_| json!("away"));

/// Two messages before: the first of a day and the first unread one write more.
const fn message(dialect: &'static str, before: &'static [Emitted], measured: Emitted) -> Act {
    Act { name: "a message", dialect, before, measured, heard_by: "bob", in_sequence: 3, requests: 5 }
}

const ACTS: &[Act] = &[
    message("recruiting", &[RECRUITING; 2], RECRUITING),
    message("marketplace", &[MARKETPLACE; 2], MARKETPLACE),
    message("messenger", &[MESSENGER; 2], MESSENGER),
    message("workspace", &[WORKSPACE; 2], WORKSPACE),
    message("classroom", &[CLASSROOM; 2], CLASSROOM),
    Act {
        name: "the beginning of typing",
        dialect: "recruiting",
        before: &[RECRUITING],
        measured: TYPING,
        heard_by: "bob",
        in_sequence: 3,
        requests: 3,
    },
    Act {
        name: "typing that goes on",
        dialect: "recruiting",
        before: &[TYPING],
        measured: TYPING,
        heard_by: "bob",
        in_sequence: 2,
        requests: 2,
    },
    Act {
        name: "typing that goes on",
        dialect: "messenger",
        before: &[MESSENGER, TYPING_TO_BOB],
        measured: TYPING_TO_BOB,
        heard_by: "bob",
        in_sequence: 3,
        requests: 3,
    },
    Act {
        name: "reading a chat",
        dialect: "recruiting",
        before: &[RECRUITING],
        measured: READING,
        heard_by: "alice",
        in_sequence: 4,
        requests: 6,
    },
    Act {
        name: "a block",
        dialect: "recruiting",
        before: &[RECRUITING],
        measured: BLOCKING,
        heard_by: "bob",
        in_sequence: 4,
        requests: 6,
    },
    Act {
        name: "a status",
        dialect: "workspace",
        before: &[WORKSPACE],
        measured: STATUS,
        heard_by: "bob",
        in_sequence: 4,
        requests: 4,
    },
];

#[tokio::test(start_paused = true)]
async fn each_act_makes_so_many_requests_and_so_many_wait_for_each_other() {
    let mut wrong = Vec::new();
    for Act { name, dialect, before, measured, heard_by, in_sequence, requests } in ACTS {
        for isolation in ["separate", "inline"] {
            let mut world = World::with(&[("DefaultDialect", dialect), ("HandlerIsolation", isolation)]).await;
            let chat = connect_alice_and_bob(&mut world).await;
            for (label, event, argument) in *before {
                world.emit(label, event, argument(&chat)).await;
            }
            world.spent();
            world.cloud.services.set_latency(Latency::of(a_second_each));
            let (label, event, argument) = measured;
            let frame = format!("42{}", json!([event, argument(&chat)]));
            let waited = world.time_until_heard(label, &frame, heard_by).await;
            let (meter, _) = world.spent();
            let found = (waited.as_secs(), meter.requests.values().sum::<u64>());
            if found != (*in_sequence, *requests) {
                wrong.push(format!("{name} in {dialect}, {isolation}: {found:?}, {meter:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A client that joins a namespace: the requests that wait for each other until it has joined, and until somebody else
/// hears of it; and all requests.
#[tokio::test(start_paused = true)]
async fn joining_makes_so_many_requests_and_so_many_wait_for_each_other() {
    let mut world = World::new().await;
    connect_alice_and_bob(&mut world).await;
    world.close("bob").await;
    world.open("bob").await;
    world.spent();
    world.cloud.services.set_latency(Latency::of(a_second_each));
    let packet = format!("40{}", json!({"token": world.token("bob")}));
    let joined = world.time_until_heard("bob", &packet, "bob").await;
    let (meter, _) = world.spent();
    assert_eq!((joined.as_secs(), meter.requests.values().sum::<u64>()), (3, 6), "{meter:?}");
}
