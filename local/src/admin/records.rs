//! The records that the task reads: those of connections and packets. All others are passed over.

use frame::engine;
use frame::socket::{self, Body};
use serde::Deserialize;
use serde_json::Value;

use crate::watch::Entry;

/// A record of `watch`, as far as the task reads it.
#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    /// When it happened, in ISO 8601.
    pub(super) at: String,
    /// The connection. Every record below has one, except that of a refusal.
    #[serde(default)]
    pub(super) connection: String,
    /// What happened to a connection or a session.
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum What {
    /// A connection was opened.
    Opened {
        #[serde(default)]
        user_agent: Option<String>,
    },
    /// A connection ended.
    Closed { reason: String },
    /// A packet that a socket sent or received.
    Packet { direction: Direction, packet: Packet },
    #[serde(other)]
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Direction {
    In,
    Out,
}

#[derive(Debug, Deserialize)]
pub(super) struct Packet {
    /// The type of the packet, as in the records.
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) namespace: Option<String>,
    /// The name of the event.
    #[serde(default)]
    pub(super) event: Option<String>,
    #[serde(default)]
    text: String,
    pub(super) bytes: usize,
}

impl Seen {
    /// Reads a record; `None` if the task has no use for it.
    pub(super) fn read(entry: &Entry) -> Option<Self> {
        let seen: Self = serde_json::from_str(&entry.json).ok()?;
        (!matches!(seen.what, What::Other)).then_some(seen)
    }
}

impl Packet {
    /// The name and the arguments of an event; `None` for another packet. Records cut secrets out and are bounded: in
    /// place of the arguments of a very long event stands a sentence.
    pub(super) fn event(&self) -> Option<Vec<Value>> {
        let name = self.event.clone()?;
        let decoded = match engine::decode(&self.text) {
            Ok(engine::Packet::Message(text)) => socket::decode(&text).ok(),
            _ => None,
        };
        let arguments = match decoded.map(|packet| packet.body) {
            Some(Body::Event { arguments, .. } | Body::BinaryEvent { arguments, .. }) => arguments,
            _ => vec![format!("{} bytes, too many to be shown here", self.bytes).into()],
        };
        Some(std::iter::once(Value::from(name)).chain(arguments).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event_of(text: &str) -> Vec<Value> {
        let packet = json!({"type": "event", "namespace": "/", "event": "say", "text": text, "bytes": 9_000});
        let record =
            json!({"number": 1, "at": "now", "connection": "w", "kind": "packet", "direction": "in", "packet": packet});
        let entry = Entry { number: 1, connection: None, user: None, json: record.to_string() };
        let Some(Seen { what: What::Packet { packet, .. }, .. }) = Seen::read(&entry) else { panic!("it is a packet") };
        packet.event().unwrap()
    }

    #[test]
    fn an_event_has_its_name_and_its_arguments_and_one_that_was_cut_says_how_long_it_was() {
        assert_eq!(event_of(r#"427["say",{"text":"hello"},1]"#), [json!("say"), json!({"text": "hello"}), json!(1)]);
        assert_eq!(
            event_of(r#"427["say",{"text":"hel…"#),
            [json!("say"), json!("9000 bytes, too many to be shown here")]
        );
    }

    #[test]
    fn records_of_other_things_are_passed_over() {
        for kind in ["began", "ended", "log", "refused"] {
            let json = json!({"number": 1, "at": "now", "kind": kind, "function": "connect"}).to_string();
            assert!(Seen::read(&Entry { number: 1, connection: None, user: None, json }).is_none(), "{kind}");
        }
    }
}
