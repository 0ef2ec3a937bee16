//! What a client is sent, frame by frame as it is, and ways to lose it: for tests of what comes back after a cut.

use super::{Way, World};

impl World {
    /// Every frame that a client was sent since the last call, as it was. Transcripts tell of the same frames.
    pub fn frames(&mut self, label: &str) -> Vec<String> {
        std::mem::take(&mut self.client(label).frames)
    }

    /// Lets a client go without a word and waits for nothing: its connection looks alive to everybody.
    pub fn lose(&mut self, label: &str) {
        match self.clients.remove(label).expect("the client is connected").way {
            Way::Polling(poller) => poller.vanish(),
            Way::WebSocket(peer) => drop(peer),
        }
    }

    /// Gives a connected client another label, so that its user can come back under the old one.
    pub fn rename(&mut self, label: &str, to: &str) {
        let client = self.clients.remove(label).expect("the client is connected");
        self.admit(to, client);
    }
}
