//! What functions published to topics of SNS and event buses of EventBridge. Nobody is subscribed here: the local system
//! keeps the newest messages, and logs one line for each, with ids only.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The most messages that are kept.
const KEPT_MAX: usize = 1_000;

/// A message that was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The topic, by its ARN, or the event bus, by its name.
    pub target: String,
    /// The type of an event for a bus.
    pub detail_type: Option<String>,
    /// The message.
    pub body: Value,
}

/// The newest messages, oldest first.
#[derive(Debug, Default)]
pub struct Published(Mutex<VecDeque<Message>>);

impl Published {
    /// Keeps a message, and logs that it was published.
    pub(crate) fn add(&self, message: Message) {
        let text = |pointer: &str| message.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let name = message.target.rsplit(':').next().unwrap_or_default();
        tracing::info!(
            published.to = name,
            event.id = text("/id"),
            event.r#type = text("/type"),
            recipient.id = text("/data/recipient"),
            "an event was published"
        );
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(message);
    }

    /// Takes the messages that are kept, oldest first.
    #[must_use]
    pub fn take(&self) -> Vec<Message> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}
