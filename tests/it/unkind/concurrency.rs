//! Functions that run as often as they may: what more is refused, waits, or is given up (docs/api-gateway.md, "Lambda").

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use futures_util::future::{BoxFuture, join, join_all};
use http::{HeaderMap, Request, StatusCode};
use local::faults::{Effect, Faults, Rule, RunEffect, RunRule, Service, Trigger};
use local::gateway::Integration as _;
use local::lambda::{Handler, Invoked, Lambda};
use local::latency::Latency;
use local::watch::Watch;
use serde_json::json;
use tower::ServiceExt as _;
use world::World;

/// How long an invocation is kept from ending while another one comes.
const BUSY: Duration = Duration::from_millis(1_500);

/// Alice and Bob, who have a chat, where each function may run once at a time.
async fn one_at_a_time() -> (World, String) {
    let mut world = World::with(&[("HandlerIsolation", "separate"), ("ConcurrencyPerFunction", "1")]).await;
    world.join("alice").await;
    world.join("bob").await;
    let chat = world.chat("alice", "bob").await;
    (world, chat)
}

/// A send of both at the same time.
fn both_send(chat: &str) -> [(&'static str, String); 2] {
    let send = |text: &str| format!("421{}", json!(["send_message", {"chatId": chat, "content": text}]));
    [("alice", send("from alice")), ("bob", send("from bob"))]
}

async fn texts(world: &World, chat: &str) -> Vec<String> {
    let (_, page) = world.request("alice", "GET", &format!("/api/message/chat/{chat}?limit=100"), "").await;
    let mut texts: Vec<String> = page["data"]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].as_str().unwrap().to_owned())
        .collect();
    texts.sort();
    texts
}

#[tokio::test(start_paused = true)]
async fn a_frame_above_the_reserved_concurrency_is_an_error_frame() {
    let (mut world, chat) = one_at_a_time().await;
    let of_switchboard = Rule::service(Service::Lambda).function("switchboard");
    world.cloud.faults.inject(of_switchboard.once(), Effect::Delayed(BUSY));
    let heard = world.send_all(&both_send(&chat)).await;
    // A gateway that hands on several frames at once hands on either first.
    let (first, other) = if heard.contains("alice hears 431[") { ("alice", "bob") } else { ("bob", "alice") };
    assert!(heard.contains(&format!("{first} hears 431[")), "{heard}");
    assert!(heard.contains(&format!("{other} hears {{\"message\": \"Internal server error\"")), "{heard}");
    assert!(!heard.contains(&format!("{other} hears 431[")), "{heard}");
    assert_eq!(world.cloud.lambda.throttles("switchboard"), 1);
    assert_eq!(texts(&world, &chat).await, [format!("from {first}")]);
}

/// The registry with one function, which has a reserved concurrency of two and takes a while, and how many of its
/// invocations ran at the same time at most.
fn deployed(world: &World) -> (Arc<Lambda>, Arc<AtomicUsize>) {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let handler: Handler = Arc::new(move |_| -> BoxFuture<'static, _> {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        Box::pin(async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(BUSY).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(json!(null))
        })
    });
    let mut function = world.cloud.template.functions["message"].clone();
    function.concurrency = Some(2);
    let functions = vec![(Arc::new(function), handler)];
    (Lambda::new(functions, 1.0, Faults::default(), Latency::default(), Watch::default()), seen)
}

#[tokio::test(start_paused = true)]
async fn asynchronous_events_above_the_reserved_concurrency_wait_and_are_all_handled() {
    let world = World::new().await;
    let (lambda, most) = deployed(&world);
    let name = &world.cloud.template.functions["message"].name;
    for _ in 0..6 {
        lambda.invoke_later(name, b"{}").unwrap();
    }
    lambda.settled().await;
    assert_eq!(lambda.invocations("message"), 6);
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert!(lambda.throttles("message") >= 4, "{}", lambda.throttles("message"));
}

#[tokio::test(start_paused = true)]
async fn a_synchronous_invocation_above_the_reserved_concurrency_is_refused_and_has_not_failed() {
    let world = World::new().await;
    let (lambda, most) = deployed(&world);
    let name = &world.cloud.template.functions["message"].name;
    let invoked = Invoked(Arc::clone(&lambda));
    let answers = join_all((0..5).map(|_| invoked.invoke(name, json!({})))).await;
    let refused: Vec<String> = answers.into_iter().filter_map(|answer| Some(answer.err()?.0)).collect();
    assert_eq!(refused, vec![format!("{name}: TooManyRequestsException: Rate Exceeded."); 3]);
    assert_eq!((lambda.invocations("message"), most.load(Ordering::SeqCst), lambda.failures()), (2, 2, 0));
    assert!(invoked.invoke(name, json!({})).await.is_ok(), "there is room again");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_event_that_is_older_than_its_maximum_age_goes_to_its_destination() {
    let (mut world, chat) = one_at_a_time().await;
    let rule = RunRule::function("message").trigger(Trigger::Asynchronous);
    world.cloud.faults.inject_run(rule, RunEffect::Throttled);
    let invocations = world.cloud.lambda.invocations("followup");
    let heard = world.ask("alice", "send_message", json!({"chatId": chat, "content": "late"})).await;
    // After 0, 1, 3, 7, 15 and 31 seconds; its maximum age is a minute.
    assert_eq!(world.cloud.lambda.throttles("message"), 6, "{heard}");
    assert_eq!(world.cloud.lambda.invocations("followup"), invocations + 1, "it hears of the event that was given up");
    assert!(heard.starts_with("alice is closed"), "{heard}");
    assert!(texts(&world, &chat).await.is_empty());
    assert_eq!(world.cloud.lambda.failures(), 0, "what did not begin has not failed");
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_is_throttled_is_refused_as_one_that_fails() {
    let mut world = World::new().await;
    let rule = RunRule::function("connect").trigger(Trigger::Synchronous);
    world.cloud.faults.inject_run(rule.once(), RunEffect::Throttled);
    let refused = world.upgrade("alice", "EIO=4&transport=websocket", HeaderMap::new()).await;
    assert_eq!(refused, Err(StatusCode::BAD_GATEWAY));
    assert_eq!(world.cloud.lambda.throttles("connect"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_http_request_above_the_reserved_concurrency_is_a_503() {
    let world = World::with(&[("PollingConcurrency", "1")]).await;
    let open = || world.engine("GET", "EIO=4&transport=polling", HeaderMap::new(), "");
    let answers = join(open(), open()).await;
    let (status, _, body) = answers.1;
    assert_eq!((status, body.as_str()), (503, r#"{"message":"Service Unavailable"}"#));
    assert_eq!(answers.0.0, 200);
    assert_eq!(open().await.0, 200, "there is room again");
}

#[tokio::test(start_paused = true)]
async fn the_routes_of_all_stages_share_the_concurrency_of_a_function() {
    let world = World::with(&[("PollingConcurrency", "1")]).await;
    let stage = local::cloud::stage_variables("messenger");
    let other = world.cloud.http_for(&stage);
    let request = Request::get("/socket.io/?EIO=4&transport=polling").body(Body::empty());
    let elsewhere = other.oneshot(request.unwrap());
    let here = world.engine("GET", "EIO=4&transport=polling", HeaderMap::new(), "");
    let (here, elsewhere) = join(here, elsewhere).await;
    assert_eq!((here.0, elsewhere.unwrap().status().as_u16()), (200, 503));
}
