//! Secrets that functions read from Secrets Manager (docs/tokens.md): when they are read, and what happens if they cannot
//! be.

use std::collections::BTreeMap;

use chat::Chat;
use local::cloud::{BootError, Options, PocketCloud};
use local::code::of_chat;
use local::faults::{Effect, Rule};
use local::token;
use relay::cached::{KEPT_MILLIS, RETRY_MILLIS};
use relay::clock::{Clock, Timestamp};
use serde_json::json;
use world::World;

use crate::log::Log;

const PRESENT: &str = "the secret that signs tokens at present";
const NEXT: &str = "the secret that will sign tokens from now on";
const PASSWORD: &str = "correct horse battery staple";

/// A token of alice, signed with a secret.
fn signed(world: &World, secret: &str) -> String {
    let claims = token::claims("alice", serde_json::Map::new(), world.clock.now(), Some(86_400));
    token::sign_with(secret, &claims).unwrap()
}

/// Whether alice may join with a token of a secret, over each function that verifies tokens.
async fn is_taken(world: &mut World, secret: &str) -> bool {
    let token = signed(world, secret);
    let heard = world.join_with("client", &token).await;
    world.close("client").await;
    let joined = heard.contains("\"sid\"");
    assert_eq!(joined, !heard.contains("invalid token"), "{heard}");
    for (path, taken) in [("/api/message/unread-count", 200), ("/moderation/users", 403)] {
        let (status, answer) = world.request_with(&token, "GET", path, "").await;
        assert_eq!(status, if joined { taken } else { 401 }, "{path}: {answer}");
    }
    joined
}

/// Gives the secret of a world these lines.
fn put(world: &World, lines: &[&str]) {
    world.cloud.services.secrets.put(&world.cloud.template.secrets["JwtSecrets"].arn, &lines.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_replaced_without_a_deployment_and_logs_nobody_out() {
    let mut world = World::with(&[("JwtSecret", PRESENT)]).await;
    assert!(is_taken(&mut world, PRESENT).await && !is_taken(&mut world, NEXT).await);
    put(&world, &[NEXT, PRESENT]);
    assert!(is_taken(&mut world, PRESENT).await && !is_taken(&mut world, NEXT).await, "it is not read again yet");
    world.clock.advance(KEPT_MILLIS);
    assert!(is_taken(&mut world, PRESENT).await && is_taken(&mut world, NEXT).await);
    put(&world, &[NEXT]);
    world.clock.advance(KEPT_MILLIS);
    assert!(!is_taken(&mut world, PRESENT).await && is_taken(&mut world, NEXT).await);
}

#[tokio::test(start_paused = true)]
async fn no_event_reads_a_secret_while_it_is_recent() {
    let mut world = World::with(&[("JwtSecret", PRESENT), ("AdminPassword", PASSWORD)]).await;
    world.cloud.faults.inject(Rule::secrets(), Effect::internal_error());
    for _ in 0..3 {
        assert!(is_taken(&mut world, PRESENT).await);
    }
    world.open("page").await;
    let auth = json!({"username": "admin", "password": PASSWORD});
    assert!(world.send("page", &format!("40/admin,{auth}")).await.contains("all_sockets"));
    world.close("page").await;
    assert_eq!(world.cloud.faults.injected(), [""; 0], "no request was there to fail");
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_cannot_be_read_again_stays_in_use() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(move || writer.clone());
    let logging = tracing::subscriber::set_default(subscriber.finish());
    let mut world = World::with(&[("JwtSecret", PRESENT)]).await;
    put(&world, &[NEXT]);
    world.cloud.faults.inject(Rule::secrets(), Effect::internal_error());
    world.clock.advance(KEPT_MILLIS);
    assert!(is_taken(&mut world, PRESENT).await);
    let asked = world.cloud.faults.injected().len();
    assert!(is_taken(&mut world, PRESENT).await);
    assert_eq!(world.cloud.faults.injected().len(), asked, "it is not tried again at once");
    world.cloud.faults.clear();
    world.clock.advance(RETRY_MILLIS);
    assert!(is_taken(&mut world, NEXT).await);
    drop(logging);
    let text = log.text();
    assert!(text.contains("the former value stays in use") && text.contains("JWT_SECRET_ARN"), "{text}");
    assert!(!text.contains(PRESENT) && !text.contains(NEXT), "{text}");
}

fn clock() -> Clock {
    Clock::manual(Timestamp::from_millis(1_767_323_045_006))
}

/// A system with these parameters, in which each read of a secret has this fault.
async fn booted(clock: &Clock, parameters: &[(&str, &str)], fault: Option<Effect>) -> Result<PocketCloud, BootError> {
    let options = Options::<Chat>::in_memory("http://127.0.0.1:3000".to_owned(), clock.clone(), of_chat);
    let parameters: BTreeMap<_, _> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if let Some(effect) = fault {
        options.faults.inject(Rule::secrets(), effect);
    }
    PocketCloud::boot(Options { parameters, ..options }).await
}

#[tokio::test(start_paused = true)]
async fn a_function_whose_secret_can_never_be_read_does_not_start() {
    let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:chat-Ab1Cd2";
    for (parameter, setting) in [("JwtSecretArn", "JWT_SECRET_ARN"), ("AdminPasswordArn", "ADMIN_PASSWORD_ARN")] {
        let problem = booted(&clock(), &[(parameter, arn)], None).await.err().unwrap().to_string();
        let expected = format!(
            "the function connect cannot start: the setting {setting} names what cannot be used: Secrets Manager refuses \
             GetSecretValue: 400 ResourceNotFoundException, Secrets Manager can't find the specified secret."
        );
        assert_eq!(problem, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_starts_while_secrets_manager_does_not_answer_and_its_clients_try_again() {
    let clock = clock();
    let cloud = booted(&clock, &[("JwtSecret", PRESENT)], Some(Effect::internal_error())).await.unwrap();
    let request = || {
        let claims = json!({"sub": "alice", "iat": 1_767_323_045, "exp": 1_767_400_000});
        let token = token::sign_with(PRESENT, &claims).unwrap();
        let request = http::Request::builder().uri("/api/message/unread-count");
        request.header("authorization", format!("Bearer {token}")).body(axum::body::Body::empty()).unwrap()
    };
    let status = async || {
        let answer = tower::ServiceExt::oneshot(cloud.http.clone(), request()).await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(status().await, 500, "a server's error, after which a client tries again");
    cloud.faults.clear();
    assert_eq!(status().await, 500, "it is not tried again at once");
    clock.advance(1_000);
    assert_eq!(status().await, 200);
}
