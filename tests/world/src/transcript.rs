//! Transcripts: what all clients received, with frames in a form for tests.

use std::fmt::Write as _;
use std::time::Duration;

use chat::domain::offset::Offset;
use frame::engine;
use local::gateway::Outbound;

use crate::World;
use crate::client::Way;
use crate::contract::{Asked, check_frame};
use crate::poller::Heard;

/// How long a client that polls may take to receive what waits for it.
const POLL_PATIENCE: Duration = Duration::from_millis(600);

impl World {
    /// The answer, followed by what all clients received.
    pub(super) async fn transcript(&mut self, answer: String) -> String {
        self.quiet().await;
        if self.anybody_polls() {
            tokio::time::sleep(POLL_PATIENCE).await;
            self.quiet().await;
        }
        answer + &self.heard_by_all()
    }

    /// Whether a client by long-polling is connected.
    pub(super) fn anybody_polls(&self) -> bool {
        self.clients.values().any(|client| matches!(&client.way, Way::Polling(poller) if !poller.is_closed))
    }

    /// What every client received since the last call, by label.
    pub(super) fn heard_by_all(&mut self) -> String {
        let mut heard = String::new();
        for (label, client) in &mut self.clients {
            let root = self.contract.map(|root| client.stage_dialect.unwrap_or(root));
            let check = |asked: &Asked, frame: &str| root.iter().for_each(|root| check_frame(root, asked, frame));
            match &mut client.way {
                Way::WebSocket(peer) => {
                    while let Some(outbound) = peer.try_next() {
                        self.posts += 1;
                        let _ = match outbound {
                            Outbound::Text(text) => {
                                check(&client.asked, &text);
                                self.sessions.entry(label.clone()).or_default().note(&text);
                                let said = writeln!(heard, "{label} hears {}", readable(&text));
                                client.frames.push(text);
                                said
                            }
                            Outbound::Binary(bytes) => writeln!(heard, "{label} hears {:?}", bytes.as_ref()),
                            Outbound::Close { code, reason } => writeln!(heard, "{label} is closed: {code} {reason}"),
                        };
                    }
                }
                Way::Polling(poller) => {
                    while let Some(told) = poller.try_next() {
                        let _ = match told {
                            Heard::Packet(packet) => {
                                check(&client.asked, &packet);
                                self.sessions.entry(label.clone()).or_default().note(&packet);
                                let said = writeln!(heard, "{label} hears {}", readable(&packet));
                                client.frames.push(packet);
                                said
                            }
                            Heard::End => writeln!(heard, "{label} is told the end"),
                            Heard::Refusal(status, body) => writeln!(heard, "{label} is refused: {status} {body}"),
                        };
                    }
                }
            }
        }
        heard
    }
}

/// A frame without the parts that differ from run to run: the ids of sockets and sessions, and offsets.
fn readable(frame: &str) -> String {
    match engine::decode(frame) {
        Ok(engine::Packet::Open(open)) => {
            let interval = open.ping_interval_millis;
            format!(
                "open, ping every {interval} ms, timeout {} ms, at most {} bytes",
                open.ping_timeout_millis, open.max_payload_bytes
            )
        }
        _ => without_ids(without_offset(frame)),
    }
}

/// An event without its last argument, if that is an offset.
fn without_offset(frame: &str) -> String {
    let event = frame.strip_suffix("\"]").and_then(|event| event.rsplit_once(",\""));
    match event {
        Some((event, last)) if frame.starts_with("42") && Offset::has_form(last) => format!("{event}]"),
        _ => frame.to_owned(),
    }
}

fn without_ids(frame: String) -> String {
    let mut text = frame;
    if let Some(start) = text.find("\"pid\":\"").filter(|_| text.starts_with("40"))
        && let Some(length) = text.get(start + 7..).and_then(|rest| rest.find("\",")).map(|at| at + 9)
    {
        text.replace_range(start..start + length, "");
    }
    for key in ["\"sid\":\"", "\"socketId\":\""] {
        if let Some(start) = text.find(key).map(|at| at + key.len())
            && let Some(length) = text.get(start..).and_then(|rest| rest.find('"'))
        {
            text.replace_range(start..start + length, "…");
        }
    }
    text
}
