//! Parts that the shapes of several dialects share: the content of a message whose kind has no name in the dialect,
//! media in full, and errors with a dialect's names.
//!
//! A shape is a struct that is serialized for clients. Docs of its fields become the descriptions of the contract
//! (docs/api/README.md), so they are written for those who write clients.

use std::borrow::Cow;

use relay::clock::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::dialect::json::{Always, IsoTime, value};
use crate::domain::extent::Extent;
use crate::domain::id::{MessageId, UserId};
use crate::domain::media::{Media, Source};
use crate::domain::message::{Message, MessageKind};
use crate::domain::notice::Viewer;
use crate::domain::user::{Claims, User};
use crate::error::{Error, Refusal, Thing};

/// The content of a message, as a dialect with only some kinds shows it.
pub(super) struct Shown<'a> {
    /// The name of the kind.
    pub(super) kind: &'static str,
    /// The text. It is the name of a file if the dialect has no name for files.
    pub(super) text: Option<Cow<'a, str>>,
    /// The media.
    pub(super) media: &'a [Media],
    /// Whether parts of the content are left out.
    truncated: bool,
}

impl<'a> Shown<'a> {
    /// The content as `viewer` sees it, in a dialect that has names for these kinds. A dialect without a name for
    /// `audio` shows it as `file`, and one without a name for `file` shows it as `text` (docs/dialects.md,
    /// "Message types").
    pub(super) fn new(message: &'a Message, viewer: &Viewer<'_>, kinds: &[MessageKind]) -> Self {
        let mut kind = message.kind;
        if kind == MessageKind::Audio && !kinds.contains(&kind) {
            kind = MessageKind::File;
        }
        let nameless = !kinds.contains(&kind);
        let kind = if nameless { MessageKind::Text } else { kind };
        let Some(content) = message.content_for(viewer.user) else {
            return Self { kind: kind.name(), text: None, media: &[], truncated: false };
        };
        let text = content.text.as_deref().map(Cow::Borrowed);
        let shown = Self { kind: kind.name(), text, media: &content.media, truncated: false };
        let shown = if nameless { shown.always_text() } else { shown };
        shown.within(&viewer.extent)
    }

    /// As much of the content as the extent allows.
    fn within(mut self, extent: &Extent) -> Self {
        let beyond = |text: &str| text.char_indices().nth(extent.text_max_characters).map(|(at, _)| at);
        if let Some(at) = self.text.as_deref().and_then(beyond) {
            self.text = self.text.and_then(|text| text.get(..at).map(|part| Cow::Owned(part.to_owned())));
            self.truncated = true;
        }
        if !extent.media && !self.media.is_empty() {
            self.media = &[];
            self.truncated = true;
        }
        self
    }

    /// The content with the first file's name in place of text that is missing or empty.
    pub(super) fn always_text(mut self) -> Self {
        if self.text.as_deref().is_none_or(str::is_empty) {
            self.text = self.media.first().map(|medium| Cow::Owned(medium.shown_name())).or(self.text);
        }
        self
    }

    /// The address of the first medium.
    pub(super) fn media_url(&self) -> Option<String> {
        self.media.first().map(|medium| medium.source.url())
    }

    /// True if parts of the content are left out (docs/dialects.md, "messenger").
    pub(super) fn truncated(&self) -> Option<Always<true>> {
        self.truncated.then_some(Always)
    }

    /// The media in full, if the first address does not say everything.
    pub(super) fn media_in_full(&self, url: fn(&Source) -> String) -> Option<Vec<Medium>> {
        let says_more = self.media.len() > 1 || self.media.first().is_some_and(Media::has_details);
        says_more.then(|| media(self.media, url))
    }
}

/// An attachment of a message.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Medium {
    /// The address.
    url: String,
    /// The media type that its sender named, or the type of the message. Absent if there is neither.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    /// The name that its sender gave. Absent if they gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<String>,
    /// The size that its sender named, in bytes. Absent if they named none.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

/// Media in full.
pub(super) fn media(media: &[Media], url: fn(&Source) -> String) -> Vec<Medium> {
    let media = media.iter().map(|Media { source, media_type, filename, size }| Medium {
        url: url(source),
        media_type: media_type.clone(),
        filename: filename.clone(),
        size: *size,
    });
    media.collect()
}

/// The names that a dialect uses in errors.
pub(super) struct Terms {
    /// The name of a chat.
    pub(super) chat: &'static str,
    /// The fields with another name than in the use cases: the use cases' name, and the dialect's name.
    pub(super) fields: &'static [(&'static str, &'static str)],
}

impl Terms {
    /// The dialect's own name of a field.
    pub(super) fn field<'a>(&self, field: &'a str) -> &'a str
    where
        Self: 'static,
    {
        let own = self.fields.iter().find(|(name, _)| *name == field);
        own.map_or(field, |(_, own)| own)
    }

    /// The sentence of an error.
    pub(super) fn message(&'static self, error: &Error) -> String {
        match error {
            Error::Validation { field, problem } => format!("{} {problem}", self.field(field)),
            Error::NotFound(Thing::Chat) => format!("{} not found", self.chat),
            other => other.to_string(),
        }
    }

    /// The error of most dialects.
    pub(super) fn error(&'static self, error: &Error) -> ErrorObject {
        ErrorObject {
            message: self.message(error),
            code: error.code(),
            retry_after: error.retry_after_secs(),
            reason: error.reason(),
        }
    }
}

/// What went wrong.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorObject {
    /// A sentence for developers. For a wrong field it begins with the name of the field.
    pub(super) message: String,
    /// The code that clients compare.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = crate::error::CODES)))]
    code: &'static str,
    /// Whole seconds until the limit is over. Only with the code `RATE_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// Why the token was refused. Only with the code `AUTHENTICATION_ERROR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = Refusal::reasons())))]
    reason: Option<&'static str>,
}

/// The payload of CONNECT_ERROR for a token that is refused, for a dialect that has no words of its own for it.
pub(super) fn plain_refusal(refused: Refusal) -> Value {
    refusal(refused, &refused.to_string())
}

/// The payload of CONNECT_ERROR for a token that is refused, with this message.
pub(super) fn refusal(refusal: Refusal, message: &str) -> Value {
    let data = RefusalData { code: Error::Authentication(refusal).code(), reason: refusal.reason() };
    value(&RefusedConnect { message, data })
}

/// The payload of CONNECT_ERROR.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct RefusedConnect<'a> {
    /// The text of the error, which socket.io-client shows as `error.message`.
    message: &'a str,
    /// What programs compare, which socket.io-client shows as `error.data`.
    data: RefusalData,
}

#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
struct RefusalData {
    /// Always `AUTHENTICATION_ERROR`.
    #[cfg_attr(feature = "contracts", schemars(extend("const" = "AUTHENTICATION_ERROR")))]
    code: &'static str,
    /// Why the token was refused.
    #[cfg_attr(feature = "contracts", schemars(extend("enum" = Refusal::reasons())))]
    reason: &'static str,
}

/// A notification from a service, in most dialects.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    /// The id of the notification. For a message it is the id of the message.
    pub(super) id: String,
    /// The text to show.
    pub(super) message: String,
    /// The kind that the service gave it. In workspace, `message` for a message.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// When it was sent.
    pub(super) created_at: IsoTime,
}

impl Notification {
    /// The notification with this id, text and kind, sent at this time.
    pub(super) fn new(id: &str, text: &str, kind: &str, at: Timestamp) -> Self {
        Self { id: id.to_owned(), message: text.to_owned(), kind: kind.to_owned(), created_at: IsoTime(at) }
    }
}

/// The profile of a user, for services.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile<'a> {
    /// The id of the user.
    user_id: String,
    /// The id of the user.
    #[serde(rename = "_id")]
    id: String,
    /// The name to show, null if none was given.
    name: Option<&'a str>,
    /// The given name, null if none was given.
    first_name: Option<&'a str>,
    /// The family name, null if none was given.
    last_name: Option<&'a str>,
    /// The username, null if none was given.
    username: Option<&'a str>,
    /// The e-mail address, null if none was given.
    email: Option<&'a str>,
    /// The role, null if none was given.
    role: Option<&'a str>,
    /// The address of a picture, null if none was given.
    picture: Option<&'a str>,
}

impl<'a> Profile<'a> {
    /// The whole profile of a user.
    pub(super) fn new(user: &'a User) -> Self {
        let Claims { name, first_name, last_name, username, email, role, picture } = &user.claims;
        Self {
            user_id: user.id.to_string(),
            id: user.id.to_string(),
            name: name.as_deref(),
            first_name: first_name.as_deref(),
            last_name: last_name.as_deref(),
            username: username.as_deref(),
            email: email.as_deref(),
            role: role.as_deref(),
            picture: picture.as_deref(),
        }
    }
}

/// The user and the socket of a socket that has joined its namespace, in most dialects.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Connected {
    /// The id of the user whom the token names.
    pub(super) user_id: String,
    /// The Socket.IO `sid` of the socket.
    pub(super) socket_id: String,
}

/// A message, by its id.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageNamed {
    /// The id of the message.
    message_id: String,
    /// The id of its chat.
    chat_id: String,
}

impl MessageNamed {
    /// The message with this id.
    pub(super) fn new(message: &MessageId) -> Self {
        Self { message_id: message.to_string(), chat_id: message.chat.to_string() }
    }
}

/// A chat, by its id.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatNamed {
    /// The id of the chat.
    pub(super) chat_id: String,
}

/// A user who came online, by id.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct UserOnline {
    /// The id of the user.
    pub(super) user_id: String,
}

/// A user who went offline.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct UserOffline {
    /// The id of the user.
    pub(super) user_id: String,
    /// When the user went offline.
    pub(super) last_seen: IsoTime,
}

impl UserOffline {
    /// The user, and when they went offline.
    pub(super) fn new(user: &UserId, last_seen: Timestamp) -> Self {
        Self { user_id: user.to_string(), last_seen: IsoTime(last_seen) }
    }
}

/// How many messages were newly marked as read.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Marked {
    /// How many messages were newly marked as read.
    pub(super) marked_count: u64,
}

/// How many messages are unread.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct UnreadCount {
    /// How many messages in all chats are unread.
    pub(super) unread_count: u64,
}
