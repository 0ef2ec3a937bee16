//! The lines of invocations: one each, with what it was about, how it ended, and what it cost.

use insta::assert_snapshot;
use local::faults::{Effect, Rule};
use local::gateway::DisconnectFault;
use local::latency::Latency;
use local::standard_hour::{self, Hour};
use relay::clock::Clock;
use relay::config::InvocationLog;
use relay::invocation::{Invoked, Metric, Recorder, note_panic};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use world::World;

use crate::log::Log;
use crate::worlds::connect_alice_and_bob;

/// The lines of invocations, from now until this value is dropped.
pub(crate) struct Lines {
    log: Log,
    taken: usize,
    _logging: DefaultGuard,
}

impl Lines {
    pub(crate) fn begin() -> Self {
        let log = Log::default();
        let writer = log.clone();
        let filter = Targets::new().with_target(relay::invocation::TARGET, LevelFilter::INFO);
        let lines = tracing_subscriber::fmt::layer().without_time().with_level(false).with_target(false);
        let lines = lines.with_ansi(false).with_writer(move || writer.clone()).with_filter(filter);
        let _logging = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines));
        Self { log, taken: 0, _logging }
    }

    /// The lines since the last call.
    pub(crate) fn take(&mut self) -> Vec<Value> {
        let text = self.log.text();
        let lines: Vec<&str> = text.lines().collect();
        let new = lines[self.taken..].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        self.taken = lines.len();
        new
    }

    /// The lines since the last call, each as its function, its event, its outcome and its metrics.
    fn told(&mut self) -> String {
        self.take().iter().map(told).collect::<Vec<_>>().join("\n")
    }

    /// The sum of a metric in the lines since the last call.
    fn sum(&mut self, metric: Metric) -> u64 {
        self.take().iter().filter_map(|line| line[metric.name].as_u64()).sum()
    }
}

fn told(line: &Value) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
    let function = text("function").replace("parlance-", "");
    let status = line["status"].as_u64().map(|status| format!(" {status}")).unwrap_or_default();
    let metrics = metrics().into_iter().filter_map(|metric| {
        let value = line[metric.name].as_u64()?;
        Some(format!(" {}={value}", metric.name))
    });
    let metrics: String = metrics.collect();
    let connection = if line["connectionId"].is_string() { "" } else { ", no connection" };
    format!("{function}: {} in {}: {}{status}{metrics}{connection}", text("event"), text("dialect"), text("outcome"))
}

fn metrics() -> Vec<Metric> {
    relay::invocation::METRICS.into_iter().chain(chat::telemetry::METRICS).collect()
}

/// Each family of events in a function of its own, whatever the other tests have.
const SEPARATE: (&str, &str) = ("HandlerIsolation", "separate");

async fn separate() -> World {
    World::with(&[SEPARATE]).await
}

#[tokio::test(start_paused = true)]
async fn each_invocation_leaves_one_line_in_a_deployment_that_separates_the_handlers() {
    let mut world = separate().await;
    let mut lines = Lines::begin();
    let chat = connect_alice_and_bob(&mut world).await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    world.ask("alice", "typing_start", json!({"chatId": chat})).await;
    world.ask("alice", "block_user", json!({"chatId": chat})).await;
    world.ask("alice", "get_online_users", json!({})).await;
    world.ask("bob", "send_message", json!({"chatId": chat, "content": "blocked"})).await;
    world.ask("bob", "unheard_of", json!({})).await;
    world.send("alice", "3").await;
    world.get("bob", "/api/chat/my-chats").await;
    world.get("bob", "/api/nothing/here").await;
    world.moderate("GET", "users/alice").await;
    world.minute().await;
    world.close("bob").await;
    assert_snapshot!(lines.told(), @"
    connect: CONNECT in -: ok
    handshake: open packet in -: ok
    switchboard: CONNECT packet in -: ok
    connect: CONNECT packet in recruiting: ok
    connect: CONNECT in -: ok
    handshake: open packet in -: ok
    switchboard: CONNECT packet in -: ok
    connect: CONNECT packet in recruiting: ok
    rest: POST /api/chat/create-or-get in recruiting: ok 201, no connection
    switchboard: send_message in recruiting: ok
    message: send_message in recruiting: ok FrameToLastPost=0 Messages=1 Deliveries=2
    switchboard: typing_start in recruiting: ok
    typing: typing_start in recruiting: ok FrameToLastPost=0
    switchboard: block_user in recruiting: ok
    block: block_user in recruiting: ok FrameToLastPost=0
    switchboard: get_online_users in recruiting: ok
    presence: get_online_users in recruiting: ok FrameToLastPost=0
    switchboard: send_message in recruiting: ok
    message: send_message in recruiting: BLOCKED_USER FrameToLastPost=0
    switchboard: unknown event in recruiting: UNKNOWN_EVENT
    switchboard: pong in -: ok
    rest: GET /api/chat/my-chats in recruiting: ok, no connection
    rest: GET in -: NOT_FOUND 404, no connection
    moderation: GET /moderation/users/{userId} in -: ok, no connection
    followup: stream in -: ok, no connection
    heartbeat: minute in -: ok, no connection
    sweep: minute in -: ok, no connection
    disconnect: DISCONNECT in -: ok
    ");
}

#[tokio::test(start_paused = true)]
async fn a_switchboard_that_handles_everything_leaves_one_line_per_frame() {
    let mut world = World::with(&[("HandlerIsolation", "inline")]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    let mut lines = Lines::begin();
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    world.ask("alice", "typing_start", json!({"chatId": chat})).await;
    world.send("alice", "41").await;
    assert_snapshot!(lines.told(), @"
    switchboard: send_message in recruiting: ok FrameToLastPost=0 Messages=1 Deliveries=2
    switchboard: typing_start in recruiting: ok FrameToLastPost=0
    switchboard: DISCONNECT packet in -: ok
    ");
}

#[tokio::test(start_paused = true)]
async fn a_polling_client_is_named_by_the_beginning_of_its_session() {
    let mut world = World::new().await;
    let mut lines = Lines::begin();
    world.poll_join("alice").await;
    let id = world.connection_id("alice");
    let all = lines.take();
    let of_posts: Vec<&Value> = all.iter().filter(|line| line["event"] == "CONNECT packet").collect();
    assert_eq!(of_posts.len(), 1, "{all:?}");
    let named = of_posts[0]["connectionId"].as_str().unwrap();
    assert!(id.starts_with(named) && named.len() == 10, "{named} of {id}");
    assert!(!lines.log.text().contains(&id), "nobody who reads the log can act as the client");
}

/// What a message costs in requests and units, by the lines and by the meter of the tables.
#[tokio::test(start_paused = true)]
async fn the_lines_add_up_to_what_the_tables_counted() {
    for isolation in ["separate", "inline"] {
        let mut world = World::with(&[("HandlerIsolation", isolation)]).await;
        let chat = connect_alice_and_bob(&mut world).await;
        let mut lines = Lines::begin();
        world.spent();
        world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
        world.get("bob", "/api/chat/my-chats").await;
        let (meter, posts) = world.spent();
        let all = lines.take();
        let sum = |name: &str| -> f64 { all.iter().map(|line| line[name].as_f64().unwrap()).sum() };
        assert_eq!((sum("readUnits"), sum("writeUnits")), (meter.read_units, meter.write_units), "{isolation}");
        assert_eq!(sum("posts"), posts as f64, "{isolation}");
        let handed_over = if isolation == "separate" { 1 } else { 0 };
        let requests = meter.requests.values().sum::<u64>() + posts + handed_over;
        assert_eq!(sum("awsRequests"), requests as f64, "{isolation}: tables, posts and invocations");
    }
}

#[tokio::test(start_paused = true)]
async fn invocations_at_the_same_time_in_one_process_have_lines_of_their_own() {
    let mut world = World::with(&[("HandlerIsolation", "inline"), ("RateLimits", "off")]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    let mut lines = Lines::begin();
    let one = |number: u32| {
        let who = if number.is_multiple_of(2) { "alice" } else { "bob" };
        (who, format!("42{number}{}", json!(["send_message", {"chatId": chat, "content": format!("{number}")}])))
    };
    let frames: Vec<_> = (0..10).map(one).chain([("alice", "4299[\"unheard_of\"]".to_owned())]).collect();
    world.send_all(&frames).await;
    let ids = [world.connection_id("alice"), world.connection_id("bob")];
    let all = lines.take();
    assert_eq!(all.len(), 11, "{all:?}");
    for (id, refused) in ids.iter().zip([1, 0]) {
        let own: Vec<&Value> = all.iter().filter(|line| line["connectionId"] == **id).collect();
        assert_eq!(own.iter().filter(|line| line["Messages"] == 1 && line["outcome"] == "ok").count(), 5, "{own:?}");
        assert_eq!(own.iter().filter(|line| line["outcome"] == "UNKNOWN_EVENT").count(), refused, "{own:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn tables_that_refuse_everything_are_an_internal_error_of_each_function() {
    for isolation in ["separate", "inline"] {
        let mut world = World::with(&[("HandlerIsolation", isolation)]).await;
        let chat = connect_alice_and_bob(&mut world).await;
        let mut lines = Lines::begin();
        world.cloud.services.dynamodb.set_down(true);
        world.ask("alice", "send_message", json!({"chatId": chat, "content": "lost"})).await;
        world.get("bob", "/api/chat/my-chats").await;
        world.cloud.services.dynamodb.set_down(false);
        let failed: Vec<String> = lines
            .take()
            .iter()
            .filter(|line| line["outcome"] == "internal_error")
            .map(|line| line["function"].as_str().unwrap().to_owned())
            .collect();
        let handler = if isolation == "separate" { "parlance-message" } else { "parlance-switchboard" };
        assert_eq!(failed, [handler, "parlance-rest"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_dynamodb_and_api_gateway_throttle_is_counted_by_attempts() {
    let throttled = [
        ("Query", Effect::throttled()),
        ("Query", Effect::throughput_exceeded()),
        ("Query", Effect::request_limit_exceeded()),
        ("TransactWriteItems", Effect::canceled_by_throttling(0)),
    ];
    for (operation, effect) in throttled {
        let mut world = separate().await;
        let chat = connect_alice_and_bob(&mut world).await;
        let mut lines = Lines::begin();
        world.cloud.faults.inject(Rule::dynamodb(operation).function("message").first(2), effect.clone());
        let text = "\"Code\":\"ThrottlingError\" #ThrottlingException\"";
        world.ask("alice", "send_message", json!({"chatId": chat, "content": text})).await;
        let all = lines.take();
        let line = all.iter().find(|line| line["function"] == "parlance-message").unwrap();
        assert_eq!(line["TableThrottles"], 2, "{operation} {effect:?}: {line}");
        assert_eq!((&line["outcome"], &line["Messages"]), (&json!("ok"), &json!(1)), "{line}");
    }
    let mut world = separate().await;
    let chat = connect_alice_and_bob(&mut world).await;
    let mut lines = Lines::begin();
    let posts = Rule::connections("PostToConnection").function("message").first(3);
    world.cloud.faults.inject(posts, Effect::limit_exceeded());
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    assert_eq!(lines.sum(relay::invocation::POST_THROTTLES), 3);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_not_a_throttle() {
    let mut world = separate().await;
    let chat = connect_alice_and_bob(&mut world).await;
    let mut lines = Lines::begin();
    let conflict = Rule::dynamodb("TransactWriteItems").function("message").once();
    world.cloud.faults.inject(conflict, Effect::canceled_by_conflict(0));
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    let all = lines.take();
    let line = all.iter().find(|line| line["function"] == "parlance-message").unwrap();
    assert_eq!((&line["TableThrottles"], &line["Messages"]), (&Value::Null, &json!(1)), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_is_counted_where_it_is_found() {
    let mut world = World::with_disconnects(DisconnectFault::Lost, &[SEPARATE]).await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.close("bob").await;
    let mut lines = Lines::begin();
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "anybody?"})).await;
    assert_snapshot!(lines.told(), @"
    switchboard: send_message in recruiting: ok
    message: send_message in recruiting: ok Gone=1 FrameToLastPost=0 Messages=1
    disconnect: DISCONNECT in -: ok
    ");
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_counted_on_both_ways_in() {
    let mut world = separate().await;
    world.open("mallory").await;
    let mut lines = Lines::begin();
    world.send("mallory", r#"40{"token":"eyJhbGciOiJIUzI1NiJ9.e30.forged"}"#).await;
    world.get("", "/api/chat/my-chats").await;
    assert_snapshot!(lines.told(), @"
    switchboard: CONNECT packet in -: ok
    connect: CONNECT packet in recruiting: AUTHENTICATION_ERROR AuthenticationFailures=1
    rest: GET /api/chat/my-chats in recruiting: AUTHENTICATION_ERROR 401 AuthenticationFailures=1, no connection
    ");
    assert!(!lines.log.text().contains("forged"));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_returns_is_a_recovery_and_its_missed_events_are_replayed() {
    let mut world = separate().await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "heard"})).await;
    world.lose("bob");
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "missed"})).await;
    let mut lines = Lines::begin();
    world.come_back("bob", "bob", "/").await;
    // The end of the old connection and the beginning of the new one come in any order.
    let told = lines.told();
    let mut told: Vec<&str> = told.lines().collect();
    told.sort_unstable();
    assert_snapshot!(told.join("\n"), @"
    connect: CONNECT in -: ok
    connect: CONNECT packet in recruiting: ok Recoveries=1 Replayed=3
    disconnect: DISCONNECT in -: ok
    handshake: open packet in -: ok
    switchboard: CONNECT packet in -: ok
    ");
}

#[tokio::test(start_paused = true)]
async fn what_followup_delivers_is_late() {
    let mut world = separate().await;
    let chat = connect_alice_and_bob(&mut world).await;
    world.followup().await;
    let look_up = Rule::dynamodb("Query").table("Users").function("message");
    world.cloud.faults.inject(look_up, Effect::internal_error());
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "late"})).await;
    world.cloud.faults.clear();
    let mut lines = Lines::begin();
    world.followup().await;
    assert_snapshot!(lines.told(), @"
    followup: stream in -: ok Deliveries=2 DeliveredLate=1, no connection
    followup: stream in -: ok, no connection
    ");
}

#[tokio::test(start_paused = true)]
async fn the_metadata_of_a_line_names_exactly_its_metrics() {
    let mut world = World::new().await;
    let mut lines = Lines::begin();
    let chat = connect_alice_and_bob(&mut world).await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
    let all = lines.take();
    let mut with_metrics = 0;
    for line in &all {
        let present: Vec<Metric> = metrics().into_iter().filter(|metric| line[metric.name].is_u64()).collect();
        if present.is_empty() {
            assert_eq!(line["_aws"], Value::Null, "{line}");
            continue;
        }
        with_metrics += 1;
        assert!(line["_aws"]["Timestamp"].as_i64().unwrap() >= 1_767_323_045_006, "{line}");
        let [directive] = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().as_slice() else { panic!("{line}") };
        assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("parlance"), &json!([[]])));
        let named = directive["Metrics"].as_array().unwrap();
        assert_eq!(named.len(), present.len(), "{line}");
        for metric in present {
            assert!(named.contains(&serde_json::to_value(metric).unwrap()), "{line}");
        }
    }
    assert_eq!(with_metrics, 1, "only the message has metrics: {all:?}");
}

#[tokio::test(start_paused = true)]
async fn the_parameter_turns_metrics_and_lines_off() {
    for (setting, has_lines) in [("lines", true), ("off", false)] {
        let mut world = World::with(&[("InvocationLog", setting)]).await;
        let mut lines = Lines::begin();
        let chat = connect_alice_and_bob(&mut world).await;
        world.ask("alice", "send_message", json!({"chatId": chat, "content": "hello"})).await;
        let all = lines.take();
        assert_eq!(!all.is_empty(), has_lines, "{setting}");
        assert!(all.iter().all(|line| line["_aws"].is_null()), "{setting}: {all:?}");
        assert_eq!(all.iter().filter(|line| line["Messages"] == 1).count(), usize::from(has_lines), "{setting}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_line_has_a_text_a_token_a_person_or_an_address() {
    let mut world = World::new().await;
    let mut lines = Lines::begin();
    let chat = connect_alice_and_bob(&mut world).await;
    world.ask("alice", "send_message", json!({"chatId": chat, "content": "confidential"})).await;
    world.get("bob", &format!("/api/message/chat/{chat}/search?searchTerm=confidential")).await;
    world.moderate("GET", "users/alice").await;
    let text = lines.log.text();
    assert_eq!(lines.take().iter().filter(|line| line["Messages"] == 1).count(), 1, "{text}");
    for secret in ["confidential", "alice", "bob", "eyJ", "127.0.0.1", &chat] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

/// What CloudWatch stores of a line besides its bytes.
const STORED_BESIDES: usize = 26;

#[tokio::test(start_paused = true)]
async fn the_lines_of_an_hour_have_as_few_bytes_as_the_costs_say() {
    for (isolation, lines_max, bytes_max) in [("separate", 8.1, 3_150.0), ("inline", 5.0, 2_200.0)] {
        let mut lines = Lines::begin();
        let hour = Hour { people: 20, devices: 2, messages: 20 };
        standard_hour::play(hour, isolation, Latency::default()).await.unwrap();
        let messages = f64::from(hour.all_messages());
        let all = lines.log.text();
        let (count, bytes) = (all.lines().count(), all.lines().map(|line| line.len() + STORED_BESIDES).sum::<usize>());
        let (count, bytes) = (count as f64 / messages, bytes as f64 / messages);
        assert_eq!(lines.sum(chat::telemetry::MESSAGES), u64::from(hour.all_messages()), "{isolation}");
        assert!(
            count <= lines_max && bytes <= bytes_max,
            "{isolation}: {count} lines and {bytes} bytes for each message"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_failed_invocation_are_outcomes() {
    let mut lines = Lines::begin();
    let recorder = Recorder::new(Clock::system(), InvocationLog::Lines, "parlance-message".to_owned());
    let invoked = || Invoked {
        request_id: "8f507cfc".to_owned(),
        trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1".to_owned()),
        is_cold: true,
    };
    let answer = recorder.record(invoked, async {
        note_panic();
        json!({"statusCode": 200})
    });
    answer.await;
    let failed: Result<Value, ()> = recorder.record(invoked, async { Err(()) }).await;
    assert!(failed.is_err());
    let text = lines.log.text();
    assert_eq!(lines.take().iter().map(told).collect::<Vec<_>>().len(), 2);
    assert_snapshot!(text, @r#"
    {"level":"INFO","target":"invocation","function":"parlance-message","requestId":"8f507cfc","traceId":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1","outcome":"panic","durationMs":0.0,"cold":true,"awsRequests":0,"readUnits":0.0,"writeUnits":0.0,"posts":0}
    {"level":"INFO","target":"invocation","function":"parlance-message","requestId":"8f507cfc","traceId":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1","outcome":"internal_error","durationMs":0.0,"cold":true,"awsRequests":0,"readUnits":0.0,"writeUnits":0.0,"posts":0}
    "#);
}
