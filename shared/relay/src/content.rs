//! What an application says, as frames.

use frame::engine;
use frame::socket::{AckId, Attachments, Body, EventName};

use crate::application::{EventContent, packet_frame};

/// The frames of an event: its packet, then one frame for each attachment. Empty if the name is not allowed for an
/// event or if there are too many attachments.
pub(crate) fn event_frames(namespace: &str, name: &str, content: EventContent, ack: Option<AckId>) -> Vec<String> {
    let EventContent { arguments, attachments } = content;
    let (Ok(name), Some(count)) = (EventName::parse(name), count(&attachments)) else { return Vec::new() };
    let body = if attachments.is_empty() {
        Body::Event { name, arguments, ack }
    } else {
        Body::BinaryEvent { attachments: count, name, arguments, ack }
    };
    frames(namespace, body, attachments)
}

/// The frames of an ack: its packet, and each attachment.
pub(crate) fn ack_frames(namespace: &str, id: AckId, content: EventContent) -> Vec<String> {
    let EventContent { arguments, attachments } = content;
    let Some(count) = count(&attachments) else { return Vec::new() };
    let body = if attachments.is_empty() {
        Body::Ack { id, arguments }
    } else {
        Body::BinaryAck { attachments: count, id, arguments }
    };
    frames(namespace, body, attachments)
}

fn count(attachments: &[Vec<u8>]) -> Option<Attachments> {
    Attachments::new(u8::try_from(attachments.len()).ok()?).ok()
}

fn frames(namespace: &str, body: Body, attachments: Vec<Vec<u8>>) -> Vec<String> {
    let attachments = attachments.into_iter().map(|bytes| engine::Packet::Binary(bytes).encode());
    packet_frame(namespace, body).map(|header| std::iter::once(header).chain(attachments).collect()).unwrap_or_default()
}
