//! A client as socket.io-client is, that lives by itself: it connects, comes back with its session's id and the last
//! offset whenever its connection ends, and notes everything that it hears.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::gateway::{ConnectRequest, Gateway, Outbound, Peer};
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::recovery::words::{Told, Words};

/// How long the stock client waits for an open packet (`timeout`).
const OPEN_MAX: Duration = Duration::from_secs(20);
/// How long the stock client waits before it connects again, at first and at most (`reconnectionDelay`,
/// `reconnectionDelayMax`).
const DELAY_FIRST: Duration = Duration::from_secs(1);
const DELAY_MAX: Duration = Duration::from_secs(5);
/// Engine.IO gives a client that is not told otherwise so long to hear a ping.
const PING_MAX: Duration = Duration::from_secs(600);

/// What became of an event that asked for an ack.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answered {
    /// Its ack.
    Acked(Value),
    /// Its connection ended first, or there was none.
    Disconnected,
}

/// A message that a client heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Its id, which begins with its chat's.
    pub(super) id: String,
    /// On which of the client's connections.
    pub(super) connection: usize,
}

/// What a client has heard so far.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The messages heard since the session began, in order. A new session, which was not recovered, begins a new list.
    pub(super) sessions: Vec<Vec<Message>>,
    /// The sockets it ever had, so the number of its sessions and recoveries.
    pub(super) connections: usize,
    /// Whether it has a socket now.
    pub(super) joined: bool,
    /// Refusals, and events named `error`.
    pub(super) complaints: Vec<String>,
    /// Everything, for a run that fails.
    pub(super) lines: Vec<String>,
}

enum Order {
    Ask { event: String, argument: Value, ack: oneshot::Sender<Answered> },
    Cut,
}

/// A client that runs until it is dropped.
pub(super) struct Client {
    pub(super) log: Arc<Mutex<Log>>,
    orders: mpsc::UnboundedSender<Order>,
    running: JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Client {
    /// Begins to connect to the dialect's namespace with this token.
    pub(super) fn new(gateway: &Arc<Gateway>, request: ConnectRequest, words: &'static Words, token: String) -> Self {
        let (orders, ordered) = mpsc::unbounded_channel();
        let log = Arc::new(Mutex::new(Log::default()));
        let socket = Socket {
            gateway: Arc::clone(gateway),
            request,
            words,
            token,
            log: Arc::clone(&log),
            pid: None,
            offset: None,
            next_ack: 0,
            waiting: BTreeMap::new(),
        };
        Self { log, orders, running: tokio::spawn(socket.run(ordered)) }
    }

    /// Emits an event that asks for an ack, and gives what became of it once that is known.
    pub(super) fn ask(&self, (event, argument): (&str, Value)) -> oneshot::Receiver<Answered> {
        let (ack, answered) = oneshot::channel();
        let _ = self.orders.send(Order::Ask { event: event.to_owned(), argument, ack });
        answered
    }

    /// Cuts the connection without a word.
    pub(super) fn cut(&self) {
        let _ = self.orders.send(Order::Cut);
    }

    /// Whether it has a socket.
    pub(super) fn is_joined(&self) -> bool {
        self.log.lock().unwrap().joined
    }
}

struct Socket {
    gateway: Arc<Gateway>,
    request: ConnectRequest,
    words: &'static Words,
    token: String,
    log: Arc<Mutex<Log>>,
    pid: Option<String>,
    offset: Option<String>,
    next_ack: u64,
    waiting: BTreeMap<u64, oneshot::Sender<Answered>>,
}

impl Socket {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut delay = DELAY_FIRST;
        loop {
            if let Ok(peer) = self.gateway.connect(self.request.clone()).await {
                self.connected(peer, &mut orders).await;
            }
            if std::mem::take(&mut self.log.lock().unwrap().joined) {
                delay = DELAY_FIRST;
            }
            for (_, ack) in std::mem::take(&mut self.waiting) {
                let _ = ack.send(Answered::Disconnected);
            }
            tokio::time::sleep(delay).await;
            delay = delay.saturating_mul(2).min(DELAY_MAX);
        }
    }

    /// One connection, to its end.
    async fn connected(&mut self, mut peer: Peer, orders: &mut mpsc::UnboundedReceiver<Order>) {
        let mut patience = OPEN_MAX;
        loop {
            tokio::select! {
                heard = tokio::time::timeout(patience, peer.next()) => match heard {
                    Ok(Some(Outbound::Text(frame))) => {
                        patience = PING_MAX;
                        self.note(format!("hears {frame}"));
                        if !frame.starts_with(|c: char| c.is_ascii_digit()) {
                            // What is no packet ends the connection, such as an error frame of API Gateway.
                            return;
                        }
                        if let Some(reply) = self.hear(&frame) {
                            peer.send_text(reply).await;
                        }
                    }
                    Ok(Some(_) | None) => return self.note("is closed".to_owned()),
                    Err(_) => return self.note("hears nothing for too long".to_owned()),
                },
                Some(order) = orders.recv() => match order {
                    Order::Cut => return self.note("is cut".to_owned()),
                    Order::Ask { ack, .. } if !self.log.lock().unwrap().joined => drop(ack.send(Answered::Disconnected)),
                    Order::Ask { event, argument, ack } => {
                        self.next_ack += 1;
                        self.waiting.insert(self.next_ack, ack);
                        let frame = format!("42/{},{}{}", self.words.name, self.next_ack, json!([event, argument]));
                        self.note(format!("says {frame}"));
                        peer.send_text(frame).await;
                    }
                },
            }
        }
    }

    fn note(&self, line: String) {
        self.log.lock().unwrap().lines.push(line);
    }

    /// Takes a frame in; what it is replied with.
    fn hear(&mut self, frame: &str) -> Option<String> {
        let prefix = format!("/{},", self.words.name);
        if frame.starts_with('0') {
            return Some(format!("40{prefix}{}", self.auth()));
        }
        if frame == "2" {
            return Some("3".to_owned());
        }
        let packet = |kind: &str| frame.strip_prefix(kind)?.strip_prefix(&prefix).map(str::to_owned);
        if let Some(json) = packet("40") {
            let reply: Value = serde_json::from_str(&json).unwrap();
            let pid = reply["pid"].as_str().map(str::to_owned);
            let recovered = pid.is_some() && pid == self.pid;
            self.pid = pid;
            let mut log = self.log.lock().unwrap();
            log.joined = true;
            log.connections += 1;
            if !recovered {
                log.sessions.push(Vec::new());
            }
        } else if let Some(json) = packet("42") {
            self.hear_event(&json);
        } else if let Some(ack) = packet("43") {
            let digits = ack.chars().take_while(char::is_ascii_digit).count();
            let (id, json) = ack.split_at(digits);
            let answer: Value = serde_json::from_str(json).unwrap();
            if let Some(waiting) = id.parse().ok().and_then(|id: u64| self.waiting.remove(&id)) {
                let _ = waiting.send(Answered::Acked(answer[0].clone()));
            }
        } else {
            self.log.lock().unwrap().complaints.push(frame.to_owned());
        }
        None
    }

    /// What socket.io-client sends as `auth`.
    fn auth(&self) -> Value {
        let mut auth = Map::from_iter([("token".to_owned(), json!(self.token))]);
        if let Some(pid) = &self.pid {
            auth.insert("pid".to_owned(), json!(pid));
            auth.extend(self.offset.iter().map(|offset| ("offset".to_owned(), json!(offset))));
        }
        auth.into()
    }

    fn hear_event(&mut self, json: &str) {
        let mut arguments: Vec<Value> = serde_json::from_str(json).unwrap();
        if let Some(offset) = arguments.pop_if(|last| last.is_string()) {
            self.offset = self.pid.as_ref().and(offset.as_str().map(str::to_owned));
        }
        let mut arguments = arguments.into_iter();
        let event = arguments.next().unwrap_or_default();
        let told = (self.words.told)(event.as_str().unwrap_or_default(), &arguments.next().unwrap_or_default());
        let mut log = self.log.lock().unwrap();
        let connection = log.connections;
        match told {
            _ if event == "error" => log.complaints.push(json.to_owned()),
            Told::Message { id, .. } => {
                if let Some(session) = log.sessions.last_mut() {
                    session.push(Message { id, connection });
                }
            }
            _ => {}
        }
    }
}
