//! One client of a system: it joins, sends messages, and passes on what it hears.

use serde_json::json;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::ear::{Ear, Event};
use crate::failure::Failure;
use crate::system::System;
use crate::{polling, websocket};

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
        let ear = Ear::new(joining.tag, joining.with_offsets, inbox.clone());
        let packet = joining.connect_packet()?;
        let (outgoing, to_send) = unbounded_channel();
        let pid = match joining.transport {
            Transport::WebSocket => websocket::open(system, packet, ear, to_send).await?,
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
