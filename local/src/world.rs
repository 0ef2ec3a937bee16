//! The whole system for a test: started from template.yaml in memory, with clients that need no sockets and a clock
//! that the test moves.
//!
//! Each call does one thing, waits until nothing runs any more, and returns a transcript of everything that any client
//! received because of it. So a test asserts who receives nothing as well as who receives something.
//! `PARLANCE_ISOLATION` and `PARLANCE_GATEWAY_MODE` choose how the system is built.
#![expect(clippy::expect_used, clippy::panic, reason = "for tests: what is not as expected ends the test")]

mod poller;
mod recover;
mod transcript;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use shared::ctx::Ctx;
use shared::domain::clock::{Clock, Timestamp};
use tower::ServiceExt as _;

use crate::cloud::{self, Options, PocketCloud, Storage, stage_variables};
use crate::connector::Permission;
use crate::dynamodb::Meter;
use crate::faults::Faults;
use crate::gateway::{ConnectRequest, DisconnectFault, Mode, Peer, Settings};
use crate::template::Template;
use crate::{errors, schedule, token};
use poller::Poller;
pub use recover::Former;

/// The time at which a world begins: 2026-01-02T03:04:05.006Z.
const BEGINNING: Timestamp = Timestamp::from_millis(1_767_323_045_006);

/// The query with which a stock client connects.
const QUERY: &str = "EIO=4&transport=websocket";

/// The origin at which a world would be reached over HTTP.
const ORIGIN: &str = "http://127.0.0.1:3000";

/// The templates that were read, by parameters. Reading one takes four times as long as the rest of creating a world.
static TEMPLATES: Mutex<BTreeMap<BTreeMap<String, String>, Template>> = Mutex::new(BTreeMap::new());
/// How long a client that polls may take to receive what waits for it.
const POLL_PATIENCE: Duration = Duration::from_millis(600);
/// For how many rounds functions may write something because of the records of what they wrote because of records.
const STREAM_ROUNDS: usize = 100;
/// How long a GET may wait.
const POLL_MAX: Duration = Duration::from_secs(26);

/// The system and its clients, by label.
pub struct World {
    /// The system.
    pub cloud: PocketCloud,
    /// The clock of the system.
    pub clock: Clock,
    clients: BTreeMap<String, Client>,
    sessions: BTreeMap<String, Former>,
    posts: u64,
    flowing: bool,
    expects_errors: bool,
}

/// The settings of time in a world.
struct Time {
    clock: Clock,
    /// Whether the clock moves with tokio's time.
    is_flowing: bool,
    /// The largest difference between the clocks of two functions, in milliseconds.
    skew_millis: i64,
}

struct Client {
    way: Way,
    namespace: String,
    next_ack: u64,
    /// The frames that the client received and that no call has returned yet.
    frames: Vec<String>,
}

/// How a client is connected.
enum Way {
    WebSocket(Peer),
    Polling(Poller),
}

impl Client {
    fn new(way: Way) -> Self {
        Self { way, namespace: "/".to_owned(), next_ack: 0, frames: Vec::new() }
    }

    /// Sends a frame, or by polling a body. Returns the refusal, if it is refused.
    async fn send(&self, frame: &str) -> Option<String> {
        match &self.way {
            Way::WebSocket(peer) => {
                peer.send_text(frame).await;
                None
            }
            Way::Polling(poller) => match poller.post(frame).await {
                (200, ok) if ok == "ok" => None,
                (status, body) => Some(format!("{status} {body}")),
            },
        }
    }
}

impl World {
    /// Creates a world with template.yaml's own parameters.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Creates a world with some other parameters.
    pub async fn with(parameters: &[(&str, &str)]) -> Self {
        Self::with_disconnects(DisconnectFault::None, parameters).await
    }

    /// Creates a world with some other parameters, whose clock moves with tokio's time: leases and timeouts end by
    /// themselves in virtual time. [`World::later`] lets time pass.
    pub async fn with_flowing_clock(parameters: &[(&str, &str)]) -> Self {
        let time = Time { clock: Clock::flowing(BEGINNING), is_flowing: true, skew_millis: 0 };
        Self::boot_by(time, DisconnectFault::None, parameters, |_| {}).await
    }

    /// Creates a world as [`World::with_flowing_clock`] does, with functions whose clocks differ by up to a second.
    pub async fn with_clocks_that_disagree(parameters: &[(&str, &str)]) -> Self {
        let time = Time { clock: Clock::flowing(BEGINNING), is_flowing: true, skew_millis: 1_000 };
        Self::boot_by(time, DisconnectFault::None, parameters, |_| {}).await
    }

    /// Creates a world with some other parameters, and with a fault of each `$disconnect`.
    pub async fn with_disconnects(disconnect_fault: DisconnectFault, parameters: &[(&str, &str)]) -> Self {
        Self::boot(disconnect_fault, parameters, |_| {}).await
    }

    /// Creates a world whose functions have a context that no setting can make, for example with another application.
    pub async fn adapted(adapt: fn(&mut Ctx), parameters: &[(&str, &str)]) -> Self {
        Self::boot(DisconnectFault::None, parameters, adapt).await
    }

    async fn boot(disconnect_fault: DisconnectFault, parameters: &[(&str, &str)], adapt: fn(&mut Ctx)) -> Self {
        let time = Time { clock: Clock::manual(BEGINNING), is_flowing: false, skew_millis: 0 };
        Self::boot_by(time, disconnect_fault, parameters, adapt).await
    }

    async fn boot_by(
        Time { clock, is_flowing: flowing, skew_millis: clock_skew_millis }: Time,
        disconnect_fault: DisconnectFault,
        parameters: &[(&str, &str)],
        adapt: fn(&mut Ctx),
    ) -> Self {
        errors::note();
        // The errors of a world before this one in the same test are not this one's.
        drop(errors::take());
        let chosen = |name: &str| std::env::var(name).ok();
        let mut all = BTreeMap::new();
        if let Some(isolation) = chosen("PARLANCE_ISOLATION") {
            all.insert("HandlerIsolation".to_owned(), isolation);
        }
        all.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mode = match chosen("PARLANCE_GATEWAY_MODE").as_deref() {
            None | Some("serial") => Mode::Serial,
            Some("concurrent") => Mode::Concurrent,
            Some(other) => panic!("PARLANCE_GATEWAY_MODE is {other}, but must be serial or concurrent"),
        };
        // The SDK's waits before retries are drawn from this generator, and a run must be repeatable.
        fastrand::seed(0);
        let gateway = Settings { mode, disconnect_fault, ..Settings::default() };
        let template = template(&all);
        let options = Options {
            storage: Storage::Memory,
            media: None,
            origin: ORIGIN.to_owned(),
            parameters: all,
            gateway,
            clock: clock.clone(),
            clock_skew_millis,
            retry_scale: 0.0,
            faults: Faults::default(),
            adapt,
        };
        let cloud = PocketCloud::boot_from(template, options).await.expect("the system boots");
        let (clients, sessions) = (BTreeMap::new(), BTreeMap::new());
        Self { cloud, clock, clients, sessions, posts: 0, flowing, expects_errors: false }
    }

    /// Opens a connection without joining a namespace.
    pub async fn open(&mut self, label: &str) -> String {
        self.upgrade(label, QUERY, HeaderMap::new()).await.expect("the upgrade is accepted");
        self.transcript(String::new()).await
    }

    /// Opens a connection as a client with this query and these headers would.
    ///
    /// # Errors
    /// The HTTP status that refuses the upgrade.
    pub async fn upgrade(&mut self, label: &str, query: &str, headers: HeaderMap) -> Result<(), StatusCode> {
        self.enter(label, ConnectRequest { query: Some(query.to_owned()), headers, ..stock_request() }).await
    }

    async fn enter(&mut self, label: &str, request: ConnectRequest) -> Result<(), StatusCode> {
        let peer = self.cloud.gateway.connect(request).await?;
        self.admit(label, Client::new(Way::WebSocket(peer)));
        Ok(())
    }

    fn admit(&mut self, label: &str, client: Client) {
        assert!(self.clients.insert(label.to_owned(), client).is_none(), "{label} is connected already");
    }

    /// Opens a connection by long-polling without joining a namespace. From here on the client always has a GET
    /// waiting, and what it sends is the body of a POST.
    pub async fn poll(&mut self, label: &str) -> String {
        self.poll_with(label, HeaderMap::new()).await
    }

    /// Opens a connection by long-polling as [`World::poll`] does, with these headers.
    pub async fn poll_with(&mut self, label: &str, headers: HeaderMap) -> String {
        let poller = Poller::open(self.cloud.http.clone(), headers).await.expect("the connection is opened");
        self.admit(label, Client::new(Way::Polling(poller)));
        self.transcript(String::new()).await
    }

    /// Opens a connection by long-polling and joins the root namespace, as the user with the same name as the label.
    pub async fn poll_join(&mut self, label: &str) -> String {
        self.poll_join_as(label, label).await
    }

    /// Opens a connection by long-polling and joins the root namespace as `user`.
    pub async fn poll_join_as(&mut self, label: &str, user: &str) -> String {
        self.poll(label).await;
        self.also_join(label, user, "/").await
    }

    /// Opens a connection by long-polling with a header and no payload, and joins the root namespace with it.
    pub async fn poll_join_by_header(&mut self, label: &str, user: &str) -> String {
        let headers = self.authorization(user);
        self.poll_with(label, headers).await;
        self.send(label, "40").await
    }

    /// Offers a WebSocket to the session of a polling client. The WebSocket is a client of its own until the session
    /// moves.
    ///
    /// # Errors
    /// The HTTP status that refuses it.
    pub async fn offer_websocket(&mut self, polling: &str, websocket: &str) -> Result<(), StatusCode> {
        let query = format!("{QUERY}&sid={}", self.connection_id(polling));
        self.upgrade(websocket, &query, HeaderMap::new()).await
    }

    /// Moves a polling client to a WebSocket, step by step as the stock client does.
    pub async fn move_to_websocket(&mut self, label: &str) -> String {
        let websocket = format!("{label} by WebSocket");
        self.offer_websocket(label, &websocket).await.expect("the WebSocket is accepted");
        let probed = self.send(&websocket, "2probe").await;
        let answer = format!("{websocket} hears 3probe\n");
        assert!(probed.contains(&answer), "the probe is answered: {probed}");
        let moved = self.finish_move(label, &websocket).await;
        probed.replace(&answer, "") + &moved
    }

    /// Makes a polling client whose WebSocket answered the probe wait for its last GET, and then move. From here on the
    /// label belongs to the WebSocket.
    pub async fn finish_move(&mut self, label: &str, websocket: &str) -> String {
        self.pause(label).await;
        let before = self.heard_by_all();
        let mut polling = self.clients.remove(label).expect("the client is connected");
        let moved = self.clients.remove(websocket).expect("the WebSocket is connected");
        polling.way = moved.way;
        self.clients.insert(label.to_owned(), polling);
        before + &self.send(label, "5").await
    }

    /// Makes a polling client's waiting GET its last one, and waits for its end.
    pub async fn pause(&mut self, label: &str) {
        match &mut self.client(label).way {
            Way::Polling(poller) => poller.pause().await,
            Way::WebSocket(_) => panic!("{label} does not poll"),
        }
    }

    /// Makes a polling client leave without telling the server. The GET that it leaves waiting ends.
    pub async fn vanish(&mut self, label: &str) {
        match self.clients.remove(label).expect("the client is connected").way {
            Way::Polling(poller) => poller.vanish(),
            Way::WebSocket(_) => panic!("{label} does not poll"),
        }
        tokio::time::sleep(POLL_MAX).await;
    }

    /// Makes one request to the Engine.IO path, and returns status, headers and body.
    pub async fn engine(&self, method: &str, query: &str, headers: HeaderMap, body: &str) -> (u16, HeaderMap, String) {
        poller::request(&self.cloud.http, method, query, headers, body.to_owned()).await
    }

    fn authorization(&self, user: &str) -> HeaderMap {
        let authorization = format!("Bearer {}", self.token(user));
        let value = HeaderValue::from_str(&authorization).expect("a token is a header");
        HeaderMap::from_iter([(http::header::AUTHORIZATION, value)])
    }

    /// Opens a connection with a header and no payload, and joins the root namespace with it.
    pub async fn join_by_header(&mut self, label: &str, user: &str) -> String {
        let headers = self.authorization(user);
        self.upgrade(label, QUERY, headers).await.expect("the upgrade is accepted");
        self.quiet().await;
        self.heard_by_all();
        self.send(label, "40").await
    }

    /// Opens a connection and joins the root namespace, as the user with the same name as the label.
    pub async fn join(&mut self, label: &str) -> String {
        self.join_as(label, label).await
    }

    /// Opens a connection and joins the root namespace as `user`.
    pub async fn join_as(&mut self, label: &str, user: &str) -> String {
        let token = self.token(user);
        self.join_with(label, &token).await
    }

    /// Opens a connection and joins the root namespace with this token.
    pub async fn join_with(&mut self, label: &str, token: &str) -> String {
        self.upgrade(label, QUERY, HeaderMap::new()).await.expect("the upgrade is accepted");
        self.quiet().await;
        self.heard_by_all();
        self.send(label, &format!("40{}", json!({"token": token}))).await
    }

    /// Opens a connection where the stage names this dialect, and joins the root namespace as `user`.
    pub async fn join_on(&mut self, label: &str, user: &str, dialect: &str) -> String {
        let request = ConnectRequest { stage_variables: stage_variables(dialect), ..stock_request() };
        self.enter(label, request).await.expect("the upgrade is accepted");
        self.quiet().await;
        self.heard_by_all();
        self.also_join(label, user, "/").await
    }

    /// Opens a connection and joins a namespace as `user`. The events that the client emits from here on go to this
    /// namespace.
    pub async fn join_namespace(&mut self, label: &str, user: &str, namespace: &str) -> String {
        self.upgrade(label, QUERY, HeaderMap::new()).await.expect("the upgrade is accepted");
        self.quiet().await;
        self.heard_by_all();
        self.client(label).namespace = namespace.to_owned();
        self.also_join(label, user, namespace).await
    }

    /// Joins one more namespace as `user`, on a connection that is open: [`World::ask_in`] emits events there. The
    /// transcript has what the client receives under its one label, and the frames themselves name the namespace.
    pub async fn also_join(&mut self, label: &str, user: &str, namespace: &str) -> String {
        let token = self.token(user);
        self.send(label, &format!("40{}{}", prefix(namespace), json!({"token": token}))).await
    }

    /// A token for a user, valid for thirty days of the world's time.
    #[must_use]
    pub fn token(&self, user: &str) -> String {
        token::mint(user, None, None, self.clock.now()).expect("a token can be signed")
    }

    /// Sends a text frame unchanged.
    pub async fn send(&mut self, label: &str, frame: &str) -> String {
        let refused = self.client(label).send(frame).await;
        self.transcript(refused.map(|why| format!("{label} is refused: {why}\n")).unwrap_or_default()).await
    }

    /// Sends text frames without waiting in between.
    pub async fn send_all(&mut self, frames: &[(&str, String)]) -> String {
        let mut refusals = String::new();
        for (label, frame) in frames {
            if let Some(why) = self.client(label).send(frame).await {
                let _ = writeln!(refusals, "{label} is refused: {why}");
            }
        }
        self.transcript(refusals).await
    }

    /// Emits an event without asking for an ack.
    pub async fn emit(&mut self, label: &str, event: &str, argument: Value) -> String {
        let frame = format!("42{}{}", prefix(&self.client(label).namespace), json!([event, argument]));
        self.send(label, &frame).await
    }

    /// Emits an event and asks for an ack.
    pub async fn ask(&mut self, label: &str, event: &str, argument: Value) -> String {
        let namespace = self.client(label).namespace.clone();
        self.ask_in(label, &namespace, event, argument).await
    }

    /// Emits an event in one of the namespaces that the client has joined, and asks for an ack.
    pub async fn ask_in(&mut self, label: &str, namespace: &str, event: &str, argument: Value) -> String {
        let client = self.client(label);
        let id = client.next_ack;
        client.next_ack += 1;
        let frame = format!("42{}{id}{}", prefix(namespace), json!([event, argument]));
        self.send(label, &frame).await
    }

    /// Makes a REST request as a user, or without a token, without a body.
    pub async fn get(&mut self, user: &str, path: &str) -> String {
        self.rest(user, "GET", path, Value::Null).await
    }

    /// Makes a REST request as a user with a JSON body; without a body if it is null.
    pub async fn rest(&mut self, user: &str, method: &str, path: &str, body: Value) -> String {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.request(user, method, path, &body).await;
        self.transcript(format!("{user} gets {status} {answer}\n")).await
    }

    /// Makes a REST request as a service with a JSON body.
    pub async fn as_service(&mut self, method: &str, path: &str, body: Value) -> String {
        let token = token::mint("service", None, Some("service"), self.clock.now()).expect("a token can be signed");
        let (status, answer) = self.request_with(&token, method, path, &body.to_string()).await;
        self.transcript(format!("service gets {status} {answer}\n")).await
    }

    /// Makes a REST request with any body, and returns status and answer. With an empty user name the request has no
    /// token.
    pub async fn request(&self, user: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let token = if user.is_empty() { String::new() } else { self.token(user) };
        self.request_with(&token, method, path, body).await
    }

    async fn request_with(&self, token: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let (status, _, answer) = self.respond(request).await;
        (status, answer)
    }

    /// Makes any REST request, and returns status, headers and answer.
    pub async fn respond(&self, request: Request<Body>) -> (u16, HeaderMap, Value) {
        let answer = self.cloud.http.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.expect("the body is there").to_bytes();
        (parts.status.as_u16(), parts.headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Makes a request to an address that a function signed, as a client that has nothing else. Returns status, headers
    /// and body.
    pub async fn follow(
        &self,
        method: &str,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> (u16, HeaderMap, Vec<u8>) {
        let path = url.strip_prefix(ORIGIN).expect("the address is the world's own");
        let mut request =
            Request::builder().method(method).uri(path).body(Body::from(body.clone())).expect("a request");
        *request.headers_mut() = headers;
        request.headers_mut().insert("host", HeaderValue::from_static("127.0.0.1:3000"));
        if method == "PUT" {
            request.headers_mut().insert("content-length", HeaderValue::from(body.len()));
        }
        let answer = self.cloud.http.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("the body is there").to_bytes();
        (parts.status.as_u16(), parts.headers, body.to_vec())
    }

    /// The id of the plain chat of two users. Creates the chat if it does not exist.
    pub async fn chat(&mut self, one: &str, other: &str) -> String {
        let body = json!({"otherUserId": other}).to_string();
        let (status, answer) = self.request(one, "POST", "/recruiting/api/chat/create-or-get", &body).await;
        assert!(status == 200 || status == 201, "the chat cannot be made: {answer}");
        self.transcript(String::new()).await;
        answer.pointer("/data/_id").and_then(Value::as_str).expect("a chat has an id").to_owned()
    }

    /// Makes users known without connecting them.
    pub async fn know(&self, users: &[&str]) {
        for user in users {
            let (status, _) = self.request(user, "GET", "/recruiting/api/message/unread-count", "").await;
            assert_eq!(status, 200, "{user} is known");
        }
    }

    /// Closes a connection from the client's side.
    pub async fn close(&mut self, label: &str) -> String {
        let client = self.clients.remove(label).expect("the client is connected");
        match client.way {
            Way::WebSocket(peer) => peer.close(Some((1000, ""))),
            Way::Polling(poller) => drop(poller.post("1").await),
        }
        self.transcript(String::new()).await
    }

    /// Sends a frame, and closes the connection before any function can have handled it.
    pub async fn send_and_close(&mut self, label: &str, frame: &str) -> String {
        self.client(label).send(frame).await;
        self.close(label).await
    }

    /// Moves the clock by a minute, and runs every schedule once.
    pub async fn minute(&mut self) -> String {
        if !self.flowing {
            self.clock.advance(60_000);
        }
        if self.flowing || self.anybody_polls() {
            // Clients that are alive make new requests meanwhile.
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        self.hand_over_records().await;
        self.heartbeat().await
    }

    /// Moves the clock by the batching window of the streams if a record waits, and hands over the records until there
    /// are no new ones, except those that the fault layer holds back. It also hands over the records of what a function
    /// writes because of them.
    pub async fn followup(&mut self) -> String {
        let streams = &self.cloud.services.streams;
        let window = streams.window();
        if streams.waiting() > 0 && self.flowing {
            tokio::time::sleep(window).await;
        } else if streams.waiting() > 0 {
            self.clock.advance(i64::try_from(window.as_millis()).unwrap_or(i64::MAX));
        }
        self.hand_over_records().await;
        self.transcript(String::new()).await
    }

    async fn hand_over_records(&self) {
        let PocketCloud { services, lambda, faults, .. } = &self.cloud;
        let ended = services.streams.hand_over(lambda, faults, STREAM_ROUNDS).await;
        assert!(ended, "what a function writes about records makes new records without end");
    }

    /// Lets time pass, and with it the delays of the fault layer that are this long. The clock moves, too.
    pub async fn later(&mut self, time: Duration) -> String {
        if !self.flowing {
            self.clock.advance(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        }
        tokio::time::sleep(time).await;
        // What is due at this same moment begins first.
        tokio::task::yield_now().await;
        self.transcript(String::new()).await
    }

    /// Runs every schedule once.
    pub async fn heartbeat(&mut self) -> String {
        for (_, name) in self.cloud.schedules() {
            self.cloud.lambda.run_scheduled(&name, schedule::event(self.clock.now())).await;
        }
        self.transcript(String::new()).await
    }

    /// The subprotocol that was chosen for a client's connection.
    pub fn subprotocol(&mut self, label: &str) -> Option<String> {
        match &self.client(label).way {
            Way::WebSocket(peer) => peer.subprotocol().map(str::to_owned),
            Way::Polling(_) => None,
        }
    }

    /// Emits as [`World::ask`] does, while the client `deaf` does not read the frames that it is sent.
    pub async fn ask_unheard(&mut self, deaf: &str, label: &str, event: &str, argument: Value) -> String {
        let aside = self.clients.remove(deaf).expect("the client is connected");
        let heard = self.ask(label, event, argument).await;
        self.clients.insert(deaf.to_owned(), aside);
        heard
    }

    /// Whether the gateway does not know a client's connection any more, or a polling client was told that its
    /// connection ended.
    pub fn is_closed(&mut self, label: &str) -> bool {
        if let Way::Polling(poller) = &self.client(label).way {
            return poller.is_closed;
        }
        let id = self.connection_id(label);
        self.cloud.gateway.get(&id).is_err()
    }

    /// The id of a client's connection.
    pub fn connection_id(&mut self, label: &str) -> String {
        match &self.client(label).way {
            Way::WebSocket(peer) => peer.connection_id().to_owned(),
            Way::Polling(poller) => poller.sid.clone(),
        }
    }

    /// The requests to DynamoDB, and the number of posted frames, since the last call.
    pub fn spent(&mut self) -> (Meter, u64) {
        let meter = self.cloud.services.dynamodb.meter();
        self.cloud.services.dynamodb.reset_meter();
        (meter, std::mem::take(&mut self.posts))
    }

    /// All permissions that were used so far.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<Permission> {
        self.cloud.services.used()
    }

    /// Expects from here on that functions log errors, because the test makes something fail.
    pub const fn expect_errors(&mut self) {
        self.expects_errors = true;
    }

    /// Waits until nothing runs. No handler may have panicked, and none may have logged an error, unless the test makes
    /// something fail.
    pub async fn quiet(&self) {
        loop {
            self.cloud.gateway.settled().await;
            self.cloud.lambda.settled().await;
            if self.cloud.lambda.is_idle() {
                break;
            }
        }
        assert_eq!(self.cloud.lambda.panics(), 0, "no handler panics");
        let logged = errors::take();
        let disturbed = self.cloud.services.dynamodb.was_down() || !self.cloud.faults.injected().is_empty();
        let expected = self.expects_errors || disturbed;
        assert!(expected || logged.is_empty(), "errors are logged: {logged:#?}");
    }

    fn client(&mut self, label: &str) -> &mut Client {
        self.clients.get_mut(label).unwrap_or_else(|| panic!("{label} is not connected"))
    }
}

impl Drop for World {
    /// If a test fails, prints the faults that had been injected, and the seed if they were random.
    #[expect(clippy::print_stderr, reason = "what whoever runs the test reads")]
    fn drop(&mut self) {
        let injected = self.cloud.faults.injected();
        if std::thread::panicking() && !injected.is_empty() {
            let seed = self.cloud.faults.seed().map(|seed| format!(" from the seed {seed}")).unwrap_or_default();
            eprintln!("{} faults had been injected{seed}:\n{}", injected.len(), injected.join("\n"));
        }
    }
}

fn template(parameters: &BTreeMap<String, String>) -> Template {
    let mut known = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    let read = || cloud::template(parameters).expect("template.yaml can be read with these parameters");
    known.entry(parameters.clone()).or_insert_with(read).clone()
}

/// The handshake of a stock client by WebSocket.
#[must_use]
pub fn stock_request() -> ConnectRequest {
    ConnectRequest {
        path: "/socket.io/".to_owned(),
        query: Some(QUERY.to_owned()),
        headers: HeaderMap::new(),
        source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        stage_variables: BTreeMap::new(),
    }
}

/// The text with which a packet names its namespace.
fn prefix(namespace: &str) -> String {
    if namespace == "/" { String::new() } else { format!("{namespace},") }
}
