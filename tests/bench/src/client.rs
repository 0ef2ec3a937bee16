//! One client of a system: it joins, sends messages, and passes on what it hears.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::Failure;
use crate::polling;
use crate::system::System;
use crate::words::{self, Word};

/// The read buffer of one WebSocket, in bytes. Thousands of clients share the machine with the server.
const READ_BUFFER_BYTES: usize = 4_096;

/// What one client heard.
#[derive(Debug)]
pub(crate) struct Event {
    /// The client's tag.
    pub(crate) tag: usize,
    /// When its frame had arrived.
    pub(crate) at: Instant,
    /// What was said.
    pub(crate) what: What,
}

/// What a client can pass on.
#[derive(Debug)]
pub(crate) enum What {
    /// A packet that matters to a scenario.
    Word(Word),
    /// The offset of an event, if the client was asked to pass them on.
    Offset(String),
    /// The connection has ended, and the client did not end it.
    Closed,
}

/// How a client connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// A WebSocket from the start.
    WebSocket,
    /// HTTP long-polling, without an upgrade.
    Polling,
}

/// Who joins, and how.
#[derive(Clone, Debug)]
pub(crate) struct Joining {
    /// The user's name.
    pub(crate) user: String,
    /// How the client connects.
    pub(crate) transport: Transport,
    /// The session that the client returns to: its `pid`, and the offset of the last event with one.
    pub(crate) session: Option<(String, Option<String>)>,
    /// Goes into each [`Event`] of this client.
    pub(crate) tag: usize,
    /// Whether the client passes on offsets.
    pub(crate) with_offsets: bool,
}

impl Joining {
    /// A new session of a user over a WebSocket.
    pub(crate) fn new(user: String, tag: usize) -> Self {
        Self { user, transport: Transport::WebSocket, session: None, tag, with_offsets: false }
    }

    /// The CONNECT packet.
    fn connect_packet(&self) -> Result<String, Failure> {
        let mut auth = json!({"token": System::token(&self.user)?});
        if let (Some((pid, offset)), Some(auth)) = (&self.session, auth.as_object_mut()) {
            auth.insert("pid".to_owned(), json!(pid));
            auth.extend(offset.iter().map(|offset| ("offset".to_owned(), json!(offset))));
        }
        Ok(format!("40{auth}"))
    }
}

/// Passes on what a client hears.
#[derive(Clone)]
pub(crate) struct Ear {
    tag: usize,
    with_offsets: bool,
    inbox: UnboundedSender<Event>,
}

impl Ear {
    /// Reads one packet that arrived, and passes on what matters.
    pub(crate) fn hear(&self, packet: &str) {
        let at = Instant::now();
        if self.with_offsets
            && let Some(offset) = words::offset(packet)
        {
            self.pass(at, What::Offset(offset.to_owned()));
        }
        match words::read(packet) {
            Word::Other => {}
            word => self.pass(at, What::Word(word)),
        }
    }

    /// Says that the connection has ended.
    pub(crate) fn closed(&self) {
        self.pass(Instant::now(), What::Closed);
    }

    fn pass(&self, at: Instant, what: What) {
        // Nobody listens any more when the scenario is over.
        let _ = self.inbox.send(Event { tag: self.tag, at, what });
    }
}

/// A client that has joined. When it is dropped, its connection ends without a word.
pub(crate) struct Client {
    /// The private id of its session, if the server gave one.
    pub(crate) pid: Option<String>,
    outgoing: UnboundedSender<String>,
    next_ack: u64,
}

impl Client {
    /// Connects and joins the root namespace. What the client hears from then on goes into `inbox`.
    ///
    /// # Errors
    /// If the connection fails, or the server refuses.
    pub(crate) async fn join(
        system: &System,
        joining: Joining,
        inbox: &UnboundedSender<Event>,
    ) -> Result<Self, Failure> {
        let ear = Ear { tag: joining.tag, with_offsets: joining.with_offsets, inbox: inbox.clone() };
        let packet = joining.connect_packet()?;
        let (outgoing, to_send) = unbounded_channel();
        let pid = match joining.transport {
            Transport::WebSocket => open_websocket(system, packet, ear, to_send).await?,
            Transport::Polling => polling::open(system, packet, ear, to_send).await?,
        };
        Ok(Self { pid, outgoing, next_ack: 0 })
    }

    /// Sends a message to a chat, and returns the ack id.
    pub(crate) fn send(&mut self, chat: &str, number: u64) -> u64 {
        let id = self.next_ack;
        self.next_ack += 1;
        // The length of a usual message.
        let content = format!("{number} is the number of this message in its chat, and here are a few words more");
        let arguments = json!(["send_message", {"chatId": chat, "content": content}]);
        let _ = self.outgoing.send(format!("42{id}{arguments}"));
        id
    }

    /// Leaves as a client does that the user closes.
    pub(crate) fn leave(self) {
        let _ = self.outgoing.send("41".to_owned());
    }
}

/// Joins over a WebSocket, and returns the `pid`.
async fn open_websocket(
    system: &System,
    connect_packet: String,
    ear: Ear,
    to_send: UnboundedReceiver<String>,
) -> Result<Option<String>, Failure> {
    let stream = TcpStream::connect(&system.address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", system.address);
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    let (mut socket, _) = client_async_with_config(url, stream, Some(config)).await?;
    loop {
        let frame = socket.next().await.ok_or("the connection ended before the client had joined")??;
        let Frame::Text(text) = frame else { continue };
        if text.starts_with('0') {
            socket.send(Frame::text(connect_packet.clone())).await?;
            continue;
        }
        match words::read(&text) {
            Word::Joined { pid } => {
                tokio::spawn(run_websocket(socket, ear, to_send));
                return Ok(pid);
            }
            Word::Refused(why) => return Err(format!("the client may not join: {why}").into()),
            // socket.io sends what a returning client missed before it answers CONNECT.
            _ => ear.hear(&text),
        }
    }
}

async fn run_websocket(mut socket: WebSocketStream<TcpStream>, ear: Ear, mut to_send: UnboundedReceiver<String>) {
    loop {
        tokio::select! {
            frame = socket.next() => match frame {
                Some(Ok(Frame::Text(text))) if text.as_str() == "2" => {
                    if socket.send(Frame::text("3")).await.is_err() {
                        return ear.closed();
                    }
                }
                Some(Ok(Frame::Text(text))) => ear.hear(&text),
                Some(Ok(Frame::Binary(_) | Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => {}
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return ear.closed(),
            },
            packet = to_send.recv() => match packet {
                Some(packet) if packet == "41" => {
                    let _ = socket.send(Frame::text(packet)).await;
                    let _ = socket.close(None).await;
                    return;
                }
                Some(packet) => {
                    if socket.send(Frame::text(packet)).await.is_err() {
                        return ear.closed();
                    }
                }
                None => return,
            },
        }
    }
}
