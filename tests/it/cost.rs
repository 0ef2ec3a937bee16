//! What the ordinary acts cost, in AWS calls and DynamoDB units: the promises of docs/cost.md.

mod hour;

use local::dynamodb::Meter;
use local::latency::Latency;
use local::standard_hour::{self, Hour};
use serde_json::json;
use world::World;

use crate::worlds::connect_alice_and_bob;

/// A chat of two people with one device each, past its first message of the day and its first unread one.
async fn chatting() -> (World, String) {
    chatting_in(World::new().await).await
}

async fn chatting_in(mut world: World) -> (World, String) {
    let chat = connect_alice_and_bob(&mut world).await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "first"})).await;
    world.spent();
    (world, chat)
}

#[tokio::test(start_paused = true)]
async fn a_message_is_one_transaction_one_query_each_and_one_post_per_event() {
    let (mut world, chat) = chatting().await;
    // With its attributes the message stays below one kilobyte.
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "x".repeat(600)})).await;
    let (meter, posts) = world.spent();
    assert_eq!(meter.requests.get("BatchGetItem"), Some(&1), "session and chat");
    assert_eq!(meter.requests.get("Query"), Some(&2), "the sockets of each participant");
    assert_eq!(meter.requests.get("TransactWriteItems"), Some(&1), "message, chat and count");
    assert_eq!(meter.requests.get("UpdateItem"), Some(&1), "delivered");
    assert_eq!(meter.requests.values().sum::<u64>(), 5, "{meter:?}");
    assert!(meter.write_units <= 7.0, "{meter:?}");
    assert!(meter.read_units <= 4.0, "{meter:?}");
    assert_eq!(posts, 6, "ack, message_sent, chat_updated, message_delivered; new_message, chat_updated");
}

#[tokio::test(start_paused = true)]
async fn typing_that_goes_on_writes_nothing() {
    let (mut world, chat) = chatting().await;
    world.emit("alice", "typing_start", json!({"chatId": chat})).await;
    world.spent();
    world.emit("alice", "typing_start", json!({"chatId": chat})).await;
    let (meter, posts) = world.spent();
    assert_eq!(meter.write_units, 0.0, "{meter:?}");
    assert_eq!(meter.requests.values().sum::<u64>(), 2, "session and chat, the sockets of the other: {meter:?}");
    assert_eq!(posts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_ping_of_the_heartbeat_is_a_post_and_its_pong_one_write_at_most() {
    for (note_pongs, requests, units) in [("on", 1, 2.0), ("off", 0, 0.0)] {
        a_ping_and_its_pong(note_pongs, requests, units).await;
    }
}

async fn a_ping_and_its_pong(note_pongs: &str, requests: u64, units: f64) {
    let (mut world, _) = chatting_in(World::with(&[("NotePongs", note_pongs)]).await).await;
    for _ in 0..5 {
        world.minute().await;
    }
    let (meter, posts) = world.spent();
    assert_eq!((meter.write_units, meter.requests.get("UpdateItem")), (5.0, Some(&5)), "a turn is done: {meter:?}");
    assert_eq!(
        meter.requests.get("Query"),
        Some(&35),
        "heartbeat: the turns and a turn's slot; sweep: those who wait, in four slots, and what is to be erased: {meter:?}"
    );
    assert_eq!(meter.requests.values().sum::<u64>(), 40, "{meter:?}");
    assert_eq!(posts, 2, "each of two connections once in five minutes");
    world.send("alice", "3").await;
    let (meter, _) = world.spent();
    assert_eq!(meter.requests.values().sum::<u64>(), requests, "besides its invocation: {meter:?}");
    assert!(meter.write_units <= units, "the row, and its place in the index: {meter:?}");
}

#[tokio::test(start_paused = true)]
async fn a_get_that_waits_reads_less_and_less_often_and_writes_at_each_end() {
    let mut world = World::new().await;
    world.poll_join("alice").await;
    world.pause("alice").await;
    world.spent();
    let query = format!("EIO=4&transport=polling&sid={}", world.connection_id("alice"));
    let (status, _, body) = world.engine("GET", &query, http::HeaderMap::new(), "").await;
    assert_eq!((status, body.as_str()), (200, "6"));
    let (meter, _) = world.spent();
    assert_eq!(
        meter.requests.get("GetItem"),
        Some(&67),
        "66 looks in 25 seconds, and whether it has joined: {meter:?}"
    );
    assert_eq!(meter.requests.get("UpdateItem"), Some(&2), "{meter:?}");
    assert_eq!(meter.requests.values().sum::<u64>(), 69, "{meter:?}");
    assert!(meter.read_units <= 67.0 && meter.write_units <= 2.0, "{meter:?}");
    world.engine("POST", &query, http::HeaderMap::new(), "3").await;
    let (meter, _) = world.spent();
    assert_eq!(meter.requests.get("UpdateItem"), Some(&2), "{meter:?}");
    assert_eq!(meter.requests.values().sum::<u64>(), 2, "a pong is one POST: {meter:?}");
}

#[tokio::test(start_paused = true)]
async fn a_frame_for_a_polling_client_is_one_write_in_place_of_a_post() {
    let (mut world, chat) = chatting().await;
    world.close("bob").await;
    world.poll_join("bob").await;
    world.pause("bob").await;
    world.spent();
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "x".repeat(600)})).await;
    let (meter, posts) = world.spent();
    assert_eq!(meter.requests.get("UpdateItem"), Some(&3), "delivered, new_message, chat_updated: {meter:?}");
    assert_eq!(meter.requests.values().sum::<u64>(), 7, "{meter:?}");
    assert_eq!(posts, 4, "to alice alone");
}

#[tokio::test(start_paused = true)]
async fn a_page_costs_the_same_however_deep_it_is() {
    let mut world = World::with(&[("RateLimits", "off")]).await;
    world.join("alice").await;
    world.know(&["bob"]).await;
    let chat = world.chat("alice", "bob").await;
    for number in 0..200 {
        world.ask("alice", "send_message", json!({"chatId": chat, "content": format!("message {number:03}")})).await;
    }
    // The first fetch marks what was waiting as delivered.
    world.get("bob", &format!("/api/message/chat/{chat}")).await;
    let mut costs = Vec::new();
    for page in [2, 3, 20] {
        world.spent();
        world.get("bob", &format!("/api/message/chat/{chat}?page={page}&limit=10")).await;
        costs.push(world.spent().0);
    }
    assert!(costs.windows(2).all(|pair| pair[0] == pair[1]), "{costs:?}");
}

#[tokio::test(start_paused = true)]
async fn a_binary_packet_is_written_once_and_read_once() {
    let mut world = World::with_application(echo::events, &[]).await;
    world.open("alice").await;
    world.send("alice", "40").await;
    for (attachments, kilobytes, writes, reads) in [(1, 1, 11.0, 7.0), (10, 26, 290.0, 90.0)] {
        world.spent();
        let places: Vec<_> = (0..attachments).map(|num| json!({"_placeholder": true, "num": num})).collect();
        world.send("alice", &format!("45{attachments}-[\"unheard of\",{}]", json!(places))).await;
        for _ in 0..attachments {
            world.send("alice", &format!("b{}", "A".repeat(kilobytes * 1_000))).await;
        }
        let (meter, _) = world.spent();
        assert!(meter.write_units <= writes && meter.read_units <= reads, "{attachments}: {meter:?}");
    }
}

/// A person comes, is told of a message, reads it, and goes without a word; then another message finds them away. What
/// each act costs.
async fn coming_and_going(recovery_window: &str) -> Vec<(Meter, u64)> {
    let mut world = World::with(&[("RecoveryWindowSeconds", recovery_window)]).await;
    world.join("alice").await;
    world.know(&["bob"]).await;
    let chat = world.chat("alice", "bob").await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "first"})).await;
    world.spent();
    let mut spent = Vec::new();
    world.join("bob").await;
    spent.push(world.spent());
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "heard"})).await;
    spent.push(world.spent());
    world.ask("bob", "mark_messages_read", json!({"chatId": chat})).await;
    spent.push(world.spent());
    world.close("bob").await;
    spent.push(world.spent());
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "missed"})).await;
    spent.push(world.spent());
    spent
}

#[tokio::test(start_paused = true)]
async fn recovery_costs_no_request_and_no_unit_until_somebody_comes_back() {
    let (with, without) = (coming_and_going("120").await, coming_and_going("0").await);
    assert_eq!(with, without);
}

#[tokio::test(start_paused = true)]
async fn coming_back_is_a_bounded_number_of_reads_and_a_few_writes() {
    let (mut world, chat) = chatting_in(World::with(&[("RateLimits", "off")]).await).await;
    world.close("bob").await;
    for number in 0..100 {
        world.ask("alice", "send_message", json!({"chatId": chat, "content": format!("missed {number}")})).await;
    }
    world.upgrade("bob", "EIO=4&transport=websocket", http::HeaderMap::new()).await.unwrap();
    world.quiet().await;
    world.spent();
    let former = world.former("bob");
    let payload = json!({"token": world.token("bob"), "pid": former.pid, "offset": former.offset});
    let heard = world.send("bob", &format!("40{payload}")).await;
    assert_eq!(heard.matches("new_message").count(), 100);
    let (meter, posts) = world.spent();
    assert_eq!(meter.requests.get("BatchGetItem"), Some(&1), "the chats: {meter:?}");
    assert_eq!(meter.requests.get("TransactWriteItems"), Some(&1), "session, socket, connection, count: {meter:?}");
    assert_eq!(meter.requests.get("PutItem"), Some(&1), "what holds frames back: {meter:?}");
    assert_eq!(meter.requests.get("UpdateItem"), Some(&2), "and lets them go: {meter:?}");
    assert_eq!(meter.requests.get("GetItem"), Some(&2), "connection, session: {meter:?}");
    assert_eq!(
        meter.requests.get("Query"),
        Some(&6),
        "bob's profile, chats, the messages, bob's rooms; who is online, alice's sockets: {meter:?}"
    );
    assert_eq!(
        posts, 205,
        "100 messages in two events each, CONNECT, connected, online_users, user_online, and the open packet"
    );
}

/// The hour that `parlance cost` plays, with few people.
#[tokio::test(start_paused = true)]
async fn an_hour_counts_what_is_played() {
    let hour = Hour { people: 4, devices: 2, messages: 2 };
    assert_eq!(hour.all_messages(), 8);
    let separate = standard_hour::play(hour, "separate", Latency::default()).await.unwrap();
    let inline = standard_hour::play(hour, "inline", Latency::default()).await.unwrap();
    for totals in [&separate, &inline] {
        // Eight connections for sixty minutes.
        assert!((totals.connection_minutes - 480.0).abs() < 0.1, "{totals:?}");
        // A pair makes its chat.
        assert_eq!(totals.http_requests, 2);
        let charged = totals.charges;
        let parts = charged.websocket_messages + charged.connection_minutes + charged.http_requests;
        assert!((charged.total - parts - charged.functions - charged.tables).abs() < 1e-9, "{charged:?}");
    }
    // The same is stored and heard; what separate handlers add are invocations.
    assert_eq!(inline.websocket_messages, separate.websocket_messages);
    assert!((inline.units.write - separate.units.write).abs() < 1e-9, "{inline:?} {separate:?}");
    // Each of eight messages is typed, sent and read, and each event is one invocation more.
    assert_eq!(separate.invocations - inline.invocations, 24 + 8, "the joins of eight devices, too");
    let more = Hour { messages: 4, ..hour };
    let more = standard_hour::play(more, "separate", Latency::default()).await.unwrap();
    assert!(more.websocket_messages > separate.websocket_messages && more.units.write > separate.units.write);
}
