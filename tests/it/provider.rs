//! Keys that an identity provider publishes (docs/tokens.md, "An identity provider"): a provider on this machine that
//! changes its keys, breaks, and is asked for keys that nobody has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use relay::cached::{KEPT_MILLIS, RETRY_MILLIS};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use world::World;

const ISSUER: &str = "https://id.example/";

/// What the provider does with a request.
#[derive(Clone)]
enum Mode {
    /// Publishes the keys with these ids.
    Keys(&'static [&'static str]),
    /// Answers with this status and this text.
    Says(u16, String),
    /// Closes the connection.
    Closes,
    /// Never answers.
    Sleeps,
    /// Never ends its answer.
    Floods,
}

/// A provider.
struct Provider {
    port: u16,
    mode: Arc<Mutex<Mode>>,
    asked: Arc<AtomicU64>,
}

impl Provider {
    async fn new(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let provider = Self { port, mode: Arc::new(Mutex::new(mode)), asked: Arc::default() };
        let (mode, asked) = (Arc::clone(&provider.mode), Arc::clone(&provider.asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                asked.fetch_add(1, Ordering::SeqCst);
                let mode = mode.lock().unwrap().clone();
                tokio::spawn(answer(stream, mode));
            }
        });
        provider
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    /// How often the provider was asked since the last call.
    fn asked(&self) -> u64 {
        self.asked.swap(0, Ordering::SeqCst)
    }

    /// A world whose tokens are of this provider.
    async fn world(&self) -> World {
        let url = format!("http://127.0.0.1:{}/keys", self.port);
        World::with(&[("JwtKeysUrl", &url), ("JwtIssuer", ISSUER)]).await
    }
}

async fn answer(mut stream: tokio::net::TcpStream, mode: Mode) {
    let (mut head, mut chunk) = (Vec::new(), [0; 1_024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => head.extend_from_slice(&chunk[..read]),
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("GET /keys HTTP/1.1\r\n") && !head.contains("authorization"), "{head}");
    let (status, text) = match mode {
        Mode::Keys(ids) => (200, set(ids)),
        Mode::Says(status, text) => (status, text),
        Mode::Closes => return,
        Mode::Sleeps => return std::future::pending().await,
        Mode::Floods => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"keys\":[").await;
            while stream.write_all(&[b' '; 1_024]).await.is_ok() {}
            return;
        }
    };
    let location = if status == 302 { "location: /elsewhere\r\n" } else { "" };
    let length = text.len();
    let answer =
        format!("HTTP/1.1 {status} X\r\n{location}content-length: {length}\r\nconnection: close\r\n\r\n{text}");
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// The key set with these keys.
fn set(ids: &[&str]) -> String {
    let mut keys: Vec<Value> = serde_json::from_str(include_str!("keys/set.json")).unwrap();
    keys.retain(|key| ids.contains(&key["kid"].as_str().unwrap()));
    assert_eq!(keys.len(), ids.len());
    json!({"keys": keys}).to_string()
}

/// A token of alice that names a key, signed with the key `signer`.
fn signed(world: &World, signer: &str, id: &str) -> String {
    let (algorithm, key) = match signer {
        "ec" => (Algorithm::ES256, EncodingKey::from_ec_pem(include_bytes!("keys/ec.pem"))),
        _ => (Algorithm::EdDSA, EncodingKey::from_ed_pem(include_bytes!("keys/ed.pem"))),
    };
    let header = Header { kid: Some(id.to_owned()), ..Header::new(algorithm) };
    let claims = json!({"sub": "alice", "iss": ISSUER, "exp": world.clock.now().seconds() + 86_400});
    jsonwebtoken::encode(&header, &claims, &key.unwrap()).unwrap()
}

/// The status of a REST request with a token of this key.
async fn status(world: &World, signer: &str, id: &str) -> u16 {
    world.request_with(&signed(world, signer, id), "GET", "/api/message/unread-count", "").await.0
}

#[tokio::test]
async fn a_new_key_is_taken_at_once_and_one_that_was_removed_is_refused() {
    let provider = Provider::new(Mode::Keys(&["ed"])).await;
    let mut world = provider.world().await;
    assert!(world.join_with("alice", &signed(&world, "ed", "ed")).await.contains("\"sid\""));
    assert_eq!(status(&world, "ed", "ed").await, 200);
    provider.set(Mode::Keys(&["ec"]));
    assert_eq!(status(&world, "ec", "ec").await, 401, "the keys were read a moment ago");
    world.clock.advance(RETRY_MILLIS);
    provider.asked();
    assert_eq!(status(&world, "ed", "ed").await, 200, "a known key");
    assert_eq!(provider.asked(), 0);
    assert_eq!(status(&world, "ec", "ec").await, 200);
    assert_eq!(status(&world, "ed", "ed").await, 401);
    provider.set(Mode::Keys(&["ed"]));
    world.clock.advance(KEPT_MILLIS);
    assert_eq!(status(&world, "ec", "ec").await, 401, "also if nobody asked for another key");
    assert_eq!(status(&world, "ed", "ed").await, 200);
}

#[tokio::test]
async fn a_flood_of_tokens_with_unknown_keys_causes_one_request_in_thirty_seconds() {
    let provider = Provider::new(Mode::Keys(&["ed"])).await;
    let world = provider.world().await;
    provider.asked();
    for _ in 0..3 {
        world.clock.advance(RETRY_MILLIS);
        let ids: Vec<String> = (0..50).map(|number| format!("nobody's key {number}")).collect();
        let statuses = join_all(ids.iter().map(|id| status(&world, "ed", id))).await;
        assert_eq!(statuses, [401; 50]);
        assert_eq!(provider.asked(), 1);
    }
}

#[tokio::test]
async fn the_keys_stay_while_the_provider_is_broken_slow_or_says_something_else() {
    let provider = Provider::new(Mode::Keys(&["ed"])).await;
    let world = provider.world().await;
    provider.asked();
    let elsewhere = Mode::Says(302, String::new());
    let too_many = Mode::Says(200, json!({"keys": vec![json!({}); 65]}).to_string());
    for (name, mode) in [
        ("a closed connection", Mode::Closes),
        ("an error", Mode::Says(500, set(&["ec"]))),
        ("a redirection", elsewhere),
        ("no JSON", Mode::Says(200, "<html>".to_owned())),
        ("no set", Mode::Says(200, "{}".to_owned())),
        ("too many keys", too_many),
        ("an answer without end", Mode::Floods),
        ("no answer", Mode::Sleeps),
    ] {
        provider.set(mode);
        world.clock.advance(KEPT_MILLIS);
        let statuses = [status(&world, "ed", "ed").await, status(&world, "ed", "ed").await];
        assert_eq!((statuses, provider.asked()), ([200; 2], 1), "{name}");
        assert_eq!(status(&world, "ec", "ec").await, 401, "{name}");
        assert_eq!(provider.asked(), 0, "{name}: not again at once");
    }
    provider.set(Mode::Keys(&["ec"]));
    world.clock.advance(RETRY_MILLIS);
    assert_eq!(status(&world, "ec", "ec").await, 200);
}

#[tokio::test]
async fn a_system_starts_without_its_provider_and_needs_it_only_for_its_tokens() {
    let provider = Provider::new(Mode::Closes).await;
    let mut world = provider.world().await;
    world.expect_errors();
    let own = json!({"sub": "alice", "iss": ISSUER, "exp": world.clock.now().seconds() + 60});
    let own = local::token::sign(&own).unwrap();
    let (with_own, _) = world.request_with(&own, "GET", "/api/message/unread-count", "").await;
    assert_eq!((with_own, status(&world, "ed", "ed").await), (200, 500));
    provider.set(Mode::Keys(&["ed"]));
    world.clock.advance(1_000);
    assert_eq!(status(&world, "ed", "ed").await, 200);
}
