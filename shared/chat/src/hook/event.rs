//! The events that other systems hear of, in JSON (docs/hooks.md, "Events").

use relay::clock::Timestamp;
use serde_json::{Map, Value, json};

use super::happening::{Happening, What};
use crate::domain::chat::Chat;
use crate::domain::id::MessageId;
use crate::domain::log::{Change, ChangeKind};
use crate::domain::media::Media;
use crate::domain::message::{Content, Message};

/// An event, the same in every dialect.
#[derive(Clone, Debug, PartialEq)]
pub struct HookEvent {
    /// The id. It is the same each time the event is sent, and has no full stop, which separates it from what follows in a
    /// signature.
    pub id: String,
    /// The type, such as `message.created`.
    pub kind: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// What it is about.
    pub data: Value,
}

impl HookEvent {
    /// The event as it is sent.
    #[must_use]
    pub fn body(&self) -> String {
        let Self { id, kind, at, data } = self;
        in_json(&json!({"id": id, "type": kind, "timestamp": at.iso(), "data": data}))
    }
}

/// JSON that SQS takes as a message: it refuses two characters, which JSON can spell in other ways. One such character
/// would keep all events of its batch from being sent.
pub(super) fn in_json(value: &Value) -> String {
    value.to_string().replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}

/// An event of a chat. `message` is the message that was stored, if the event is one; `None` if it does not exist any
/// more.
pub(super) fn of_chat(chat: &Chat, happening: &Happening, message: Option<&Message>) -> HookEvent {
    let Happening { number, at, what } = happening;
    let mut data = Map::from_iter([
        ("chatId".to_owned(), json!(chat.id.to_string())),
        ("position".to_owned(), json!(number)),
        ("participants".to_owned(), chat.audience().iter().map(ToString::to_string).collect()),
    ]);
    if let Some(listing) = &chat.about {
        data.insert("listingId".to_owned(), json!(listing.to_string()));
    }
    let (kind, own) = match what {
        What::Message(seq) => {
            let id = MessageId { chat: chat.id.clone(), seq: *seq };
            (
                "message.created",
                json!({"message": message.map_or_else(|| json!({"id": id.to_string(), "erased": true}), shown)}),
            )
        }
        What::Change(change) => of_change(chat, change),
        What::Unlisted => ("chat.changed", json!({})),
    };
    if let Value::Object(own) = own {
        data.extend(own);
    }
    let at = message.map_or(*at, |message| message.created_at);
    HookEvent { id: format!("{}-{number}", chat.id), kind, at, data: Value::Object(data) }
}

fn of_change(chat: &Chat, change: &Change) -> (&'static str, Value) {
    let Change { at: _, seq: newest, by, what } = change;
    let by = by.to_string();
    let id = |seq: &u64| MessageId { chat: chat.id.clone(), seq: *seq }.to_string();
    match what {
        ChangeKind::Blocked => ("chat.blocked", json!({"by": by})),
        ChangeKind::Unblocked => ("chat.unblocked", json!({"by": by})),
        ChangeKind::Created => ("chat.created", json!({"by": by})),
        ChangeKind::Erased => ("chat.deleted", json!({"by": by})),
        ChangeKind::Deleted(seq) => ("message.deleted", json!({"by": by, "messageId": id(seq), "forEveryone": true})),
        ChangeKind::Hidden(seq) => ("message.deleted", json!({"by": by, "messageId": id(seq), "forEveryone": false})),
        ChangeKind::Read(messages) => {
            let ids: Vec<String> = messages.iter().map(id).collect();
            ("message.read", json!({"by": by, "count": ids.len(), "messageIds": ids}))
        }
        ChangeKind::ReadAll { after: _, marked, received: _ } => {
            ("message.read", json!({"by": by, "count": marked, "upTo": id(newest)}))
        }
    }
}

/// A message, as everybody in the chat may see it.
fn shown(message: &Message) -> Value {
    let Message { id, sender, content, kind, reply_to, created_at, deleted_at, .. } = message;
    let (text, media) = match content {
        Some(Content { text, media, kind: _ }) => (text.as_deref(), media.iter().map(medium).collect()),
        None => (None, Vec::new()),
    };
    json!({
        "id": id.to_string(),
        "sender": sender.to_string(),
        "messageType": kind.name(),
        "text": text,
        "media": media,
        "replyTo": reply_to.as_ref().map(ToString::to_string),
        "createdAt": created_at.iso(),
        "deletedAt": deleted_at.map(Timestamp::iso),
    })
}

fn medium(media: &Media) -> Value {
    let Media { source, media_type, filename, size } = media;
    json!({"url": source.url(), "type": media_type, "filename": filename, "size": size})
}
