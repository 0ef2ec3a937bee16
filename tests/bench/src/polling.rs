//! A client that stays with HTTP long-polling: one GET that waits, and one POST at a time.

use http::Method;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::ear::Ear;
use crate::failure::Failure;
use crate::rest::{Call, Rest};
use crate::system::System;
use crate::words::{self, Word};

/// Separates the packets of a body.
const SEPARATOR: char = '\u{1e}';

/// The requests of one session in one direction, over a connection of their own.
struct Requests {
    rest: Rest,
    path: String,
}

impl Requests {
    async fn get(&mut self) -> Result<String, Failure> {
        self.send(Method::GET, String::new()).await
    }

    async fn post(&mut self, packets: String) -> Result<(), Failure> {
        self.send(Method::POST, packets).await.map(drop)
    }

    async fn send(&mut self, method: Method, body: String) -> Result<String, Failure> {
        let content_type = "text/plain;charset=UTF-8";
        self.rest.send(Call { method, path: &self.path, token: None, content_type, body }).await
    }
}

/// Joins by polling, and returns the `pid`. Polls and posts until `to_send` has ended.
///
/// # Errors
/// If a request fails, or the server refuses.
pub(crate) async fn open(
    system: &System,
    connect_packet: String,
    ear: Ear,
    to_send: UnboundedReceiver<String>,
) -> Result<Option<String>, Failure> {
    let path = "/socket.io/?EIO=4&transport=polling".to_owned();
    let mut gets = Requests { rest: Rest::new(system), path };
    let opened = gets.get().await?;
    let opened: Value =
        serde_json::from_str(opened.strip_prefix('0').ok_or("the first packet is not the open packet")?)?;
    let sid = opened.get("sid").and_then(Value::as_str).ok_or("the open packet has no sid")?;
    gets.path = format!("{}&sid={sid}", gets.path);
    let mut posts = Requests { rest: Rest::new(system), path: gets.path.clone() };
    posts.post(connect_packet).await?;
    let mut joined = None;
    while joined.is_none() {
        for packet in gets.get().await?.split(SEPARATOR) {
            if packet == "2" {
                posts.post("3".to_owned()).await?;
                continue;
            }
            match words::read(packet) {
                Word::Joined { pid } => joined = Some(pid),
                Word::Refused(why) => return Err(format!("the client may not join: {why}").into()),
                _ => ear.hear(packet),
            }
        }
    }
    let (stop, stopped) = oneshot::channel();
    let (pong, pongs) = unbounded_channel();
    tokio::spawn(async move {
        tokio::select! {
            () = poll(gets, &ear, &pong) => ear.closed(),
            _ = stopped => {}
        }
    });
    tokio::spawn(post(posts, to_send, pongs, stop));
    Ok(joined.flatten())
}

/// Polls until a GET fails.
async fn poll(mut gets: Requests, ear: &Ear, pong: &UnboundedSender<String>) {
    while let Ok(body) = gets.get().await {
        for packet in body.split(SEPARATOR) {
            match packet {
                "2" => drop(pong.send("3".to_owned())),
                "1" => return,
                _ => ear.hear(packet),
            }
        }
    }
}

/// Posts what is to be sent, as many packets at a time as there are. Ends when the client is dropped, and `stop` with it.
async fn post(
    mut posts: Requests,
    mut to_send: UnboundedReceiver<String>,
    mut pongs: UnboundedReceiver<String>,
    stop: oneshot::Sender<()>,
) {
    loop {
        let mut packets = tokio::select! {
            packet = to_send.recv() => match packet {
                Some(packet) => packet,
                None => break,
            },
            Some(packet) = pongs.recv() => packet,
        };
        let mut ends = packets == "41";
        while let Ok(more) = to_send.try_recv() {
            ends = ends || more == "41";
            packets.push(SEPARATOR);
            packets.push_str(&more);
        }
        if ends {
            packets.push(SEPARATOR);
            packets.push('1');
        }
        if posts.post(packets).await.is_err() || ends {
            break;
        }
    }
    drop(stop);
}
