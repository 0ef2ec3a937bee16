//! One client through all of its connections, as socket.io-client is: it keeps its session's id and the last offset,
//! and brings both back.

use relay::clock::Timestamp;
use serde_json::{Map, Value, json};
use world::World;

use super::words::{ME, Told, Words, acked};

/// What an ack is noted as.
pub(super) const ACK: &str = "(ack)";

/// How a client connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Polling,
    WebSocket,
}

/// An event or an ack that a client heard.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// On which of its connections, from 0.
    pub(super) connection: usize,
    /// When.
    pub(super) at: Timestamp,
    /// Its name.
    pub(super) event: String,
    /// Its argument.
    pub(super) said: Value,
    /// What it tells.
    pub(super) told: Told,
    /// Its offset.
    pub(super) offset: Option<String>,
}

/// The reply to a CONNECT packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) sid: String,
    pub(super) pid: Option<String>,
}

/// A client and everything it ever heard.
pub(super) struct Ear {
    pub(super) label: String,
    pub(super) words: &'static Words,
    /// Everything heard, on all connections.
    pub(super) heard: Vec<Heard>,
    /// What CONNECT was last answered with.
    pub(super) reply: Option<Reply>,
    /// The pid and the offset that it will bring back. As in the stock client, a new session does not forget the
    /// offset.
    pub(super) pid: Option<String>,
    pub(super) offset: Option<String>,
    /// Whether its last CONNECT recovered its session.
    pub(super) recovered: bool,
    /// How many more frames reach it; all, if none.
    pub(super) reach: Option<usize>,
    /// Refusals and errors, which nobody expects.
    pub(super) complaints: Vec<String>,
    connection: usize,
    next_ack: u64,
}

impl Ear {
    /// A client that is not connected yet.
    pub(super) fn new(label: &str, words: &'static Words) -> Self {
        Self {
            label: label.to_owned(),
            words,
            heard: Vec::new(),
            reply: None,
            pid: None,
            offset: None,
            recovered: false,
            reach: None,
            complaints: Vec::new(),
            connection: 0,
            next_ack: 0,
        }
    }

    /// Connects for the first time.
    pub(super) async fn join(world: &mut World, label: &str, words: &'static Words, transport: Transport) -> Self {
        let mut ear = Self::new(label, words);
        ear.open(world, transport).await;
        ear.connect(world).await;
        ear
    }

    /// Opens a connection.
    pub(super) async fn open(&mut self, world: &mut World, transport: Transport) {
        match transport {
            Transport::Polling => world.poll(&self.label).await,
            Transport::WebSocket => world.open(&self.label).await,
        };
        self.reach = None;
        world.frames(&self.label);
        self.moves_on();
    }

    /// Sends CONNECT on a connection that is open, and hears what follows.
    pub(super) async fn connect(&mut self, world: &mut World) {
        let frame = self.connect_frame(world);
        world.send(&self.label, &frame).await;
        self.listen(world);
    }

    /// The CONNECT packet of the stock client.
    pub(super) fn connect_frame(&self, world: &World) -> String {
        let mut auth = Map::from_iter([("token".to_owned(), json!(world.token(ME)))]);
        if let Some(pid) = &self.pid {
            auth.insert("pid".to_owned(), json!(pid));
            // JSON.stringify leaves out what is undefined.
            auth.extend(self.offset.iter().map(|offset| ("offset".to_owned(), json!(offset))));
        }
        self.connect_with(&auth.into())
    }

    /// A CONNECT packet with any payload.
    pub(super) fn connect_with(&self, auth: &Value) -> String {
        format!("40{}{auth}", self.prefix())
    }

    /// The frame of an event that asks for an ack.
    pub(super) fn ask(&mut self, (event, argument): (&str, Value)) -> String {
        self.next_ack += 1;
        format!("42{}{}{}", self.prefix(), self.next_ack, json!([event, argument]))
    }

    fn prefix(&self) -> String {
        format!("/{},", self.words.name)
    }

    /// Whether anything still reaches it.
    pub(super) fn hears(&self) -> bool {
        self.reach != Some(0)
    }

    /// Takes in what it was sent, as far as it reaches it.
    pub(super) fn listen(&mut self, world: &mut World) {
        self.listen_with(world, None);
    }

    /// As [`Ear::listen`], for somebody else too whose namespace is on the same connection.
    pub(super) fn listen_with(&mut self, world: &mut World, mut beside: Option<&mut Self>) {
        for frame in world.frames(&self.label) {
            match &mut self.reach {
                Some(0) => continue,
                Some(more) => *more -= 1,
                None => {}
            }
            let now = world.clock.now();
            let is_known = self.hear(now, &frame) || beside.as_mut().is_some_and(|beside| beside.hear(now, &frame));
            if !is_known && frame.starts_with('4') {
                self.complaints.push(frame);
            }
        }
    }

    /// Is on another connection from now on.
    pub(super) const fn moves_on(&mut self) {
        self.connection += 1;
    }

    /// Takes a frame in, if it is one of its namespace that it expects.
    fn hear(&mut self, at: Timestamp, frame: &str) -> bool {
        let prefix = self.prefix();
        let packet = |kind: &str| frame.strip_prefix(kind)?.strip_prefix(&prefix);
        if let Some(json) = packet("42") {
            self.hear_event(at, json);
        } else if let Some(ack) = packet("43") {
            let ack: Value = serde_json::from_str(ack.trim_start_matches(|c: char| c.is_ascii_digit())).unwrap();
            let told = acked(&ack[0]).map_or(Told::Other, Told::Confirmed);
            let (event, said) = (ACK.to_owned(), ack[0].clone());
            self.heard.push(Heard { connection: self.connection, at, event, said, told, offset: None });
        } else if let Some(json) = packet("40") {
            let reply: Value = serde_json::from_str(json).unwrap();
            let pid = reply["pid"].as_str().map(str::to_owned);
            self.recovered = pid.is_some() && pid == self.pid;
            self.pid.clone_from(&pid);
            self.reply = Some(Reply { sid: reply["sid"].as_str().unwrap().to_owned(), pid });
        } else {
            return false;
        }
        true
    }

    fn hear_event(&mut self, at: Timestamp, json: &str) {
        let mut arguments: Vec<Value> = serde_json::from_str(json).unwrap();
        let offset = arguments.pop_if(|last| last.is_string()).map(|last| last.as_str().unwrap().to_owned());
        let mut arguments = arguments.into_iter();
        let event = arguments.next().unwrap().as_str().unwrap().to_owned();
        let said = arguments.next().unwrap_or_default();
        assert_eq!(arguments.next(), None, "one argument and the offset: {json}");
        if event == "error" {
            self.complaints.push(json.to_owned());
        }
        if self.pid.is_some() && offset.is_some() {
            self.offset.clone_from(&offset);
        }
        let told = (self.words.told)(&event, &said);
        self.heard.push(Heard { connection: self.connection, at, event, said, told, offset });
    }

    /// What it heard on its present connection.
    pub(super) fn lately(&self) -> impl Iterator<Item = &Heard> {
        self.heard.iter().filter(|heard| heard.connection == self.connection)
    }

    /// What it heard on its present connection and what recovery is about, in its words.
    pub(super) fn told_lately(&self) -> Vec<Told> {
        self.lately().map(|heard| heard.told.clone()).filter(|told| *told != Told::Other).collect()
    }
}
