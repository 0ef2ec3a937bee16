//! Sending frames and emitting events.

use std::fmt::Write as _;

use std::time::Duration;

use local::gateway::Outbound;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::World;
use crate::client::{Way, prefix};

impl World {
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

    /// Sends a frame, and closes the connection before any function can have handled it.
    pub async fn send_and_close(&mut self, label: &str, frame: &str) -> String {
        self.client(label).send(frame).await;
        self.close(label).await
    }

    /// Sends a frame, and returns the time until another client receives its next frame. What the clients received goes
    /// to the next transcript.
    pub async fn time_until_heard(&mut self, from: &str, frame: &str, by: &str) -> Duration {
        let begun = Instant::now();
        self.client(from).send(frame).await;
        let listener = self.client(by);
        let Way::WebSocket(peer) = &mut listener.way else { panic!("{by} is not on a WebSocket") };
        let heard = tokio::time::timeout(Duration::from_secs(600), peer.next()).await;
        let Ok(Some(Outbound::Text(heard))) = heard else { panic!("{by} does not hear of {frame}") };
        let took = begun.elapsed();
        listener.frames.push(heard);
        self.quiet().await;
        took
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

    /// Emits as [`World::ask`] does, while the client `deaf` does not read the frames that it is sent.
    pub async fn ask_unheard(&mut self, deaf: &str, label: &str, event: &str, argument: Value) -> String {
        let aside = self.clients.remove(deaf).expect("the client is connected");
        let heard = self.ask(label, event, argument).await;
        self.clients.insert(deaf.to_owned(), aside);
        heard
    }
}
