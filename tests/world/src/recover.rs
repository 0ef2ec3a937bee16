//! The exact frames that a client received, ways to lose a client, and its reconnection: for tests of recovery.

use http::HeaderMap;
use serde_json::{Value, json};

use crate::World;
use crate::client::{Former, QUERY, Way, prefix};

impl World {
    /// Opens a connection as [`World::join_namespace`] does, and asks to recover the session that the client of this
    /// label had.
    pub async fn come_back(&mut self, label: &str, user: &str, namespace: &str) -> String {
        let token = self.token(user);
        self.come_back_with(label, &token, namespace).await
    }

    /// Opens a connection as [`World::come_back`] does, with this token.
    pub async fn come_back_with(&mut self, label: &str, token: &str, namespace: &str) -> String {
        self.upgrade(label, QUERY, HeaderMap::new()).await.expect("the upgrade is accepted");
        self.quiet().await;
        self.heard_by_all();
        self.client(label).namespace = namespace.to_owned();
        let Former { pid, offset } = self.former(label);
        let mut payload = json!({"token": token, "pid": pid});
        if let (Value::Object(fields), Some(offset)) = (&mut payload, offset) {
            fields.insert("offset".to_owned(), offset.into());
        }
        let heard = self.send(label, &format!("40{}{payload}", prefix(namespace))).await;
        let recovered = self.former(label).pid == pid;
        format!("{label} has {}\n{heard}", if recovered { "recovered" } else { "a new session" })
    }

    /// What the client of this label, connected or not, keeps of its last session.
    #[must_use]
    pub fn former(&self, label: &str) -> Former {
        self.sessions.get(label).cloned().unwrap_or_default()
    }

    /// All frames that a client received since the last call, unchanged. Transcripts contain the same frames.
    pub fn frames(&mut self, label: &str) -> Vec<String> {
        std::mem::take(&mut self.client(label).frames)
    }

    /// Loses a client without telling anybody, as in a network that vanishes, and waits for nothing: its connection
    /// looks alive to everybody.
    pub fn lose(&mut self, label: &str) {
        match self.clients.remove(label).expect("the client is connected").way {
            Way::Polling(poller) => poller.vanish(),
            Way::WebSocket(peer) => drop(peer),
        }
    }

    /// Kills a client's process: its TCP connection ends without a close frame. A polling client leaves without telling
    /// the server.
    pub async fn kill(&mut self, label: &str) -> String {
        match self.clients.remove(label).expect("the client is connected").way {
            Way::Polling(poller) => poller.vanish(),
            Way::WebSocket(peer) => peer.abort(),
        }
        self.transcript(String::new()).await
    }

    /// Gives a connected client another label, so that its user can reconnect under the old one.
    pub fn rename(&mut self, label: &str, to: &str) {
        let client = self.clients.remove(label).expect("the client is connected");
        self.admit(to, client);
    }
}
