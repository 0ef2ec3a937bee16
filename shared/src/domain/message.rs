//! A message and what may be in it.

use crate::domain::chat::Chat;
use crate::domain::clock::Timestamp;
use crate::domain::id::{ClientMessageId, MessageId, UserId};
use crate::error::Error;

/// Longest address of a medium, in Unicode scalar values (dialects.md, section 2).
const MEDIA_URL_MAX_CHARACTERS: usize = 2_048;
/// Longest text of any dialect, in Unicode scalar values (dialects.md, section 2).
pub const TEXT_MAX_CHARACTERS: usize = 4_000;

/// What kind of content a message says it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Text alone.
    Text,
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Anything else.
    File,
}

impl MessageKind {
    /// Every kind, in the order the documents list them.
    pub const ALL: [Self; 4] = [Self::Text, Self::Image, Self::Video, Self::File];

    /// The kind's name, the same in every dialect and in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::File => "file",
        }
    }
}

/// Something attached to a message by its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    url: String,
}

impl Media {
    /// Takes an address.
    ///
    /// # Errors
    /// `Error::Validation` naming `field`, unless it is an `https:` address of at most 2,048 characters with a host and without
    /// white space or control characters.
    pub fn parse(field: &'static str, url: &str) -> Result<Self, Error> {
        let bounded = url.chars().nth(MEDIA_URL_MAX_CHARACTERS).is_none();
        let host = url
            .get(..8)
            .filter(|scheme| scheme.eq_ignore_ascii_case("https://"))
            .and_then(|_| url.get(8..))
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_alphanumeric() || first == '['));
        let clean = !url.chars().any(|character| character.is_whitespace() || character.is_control());
        if bounded && host && clean {
            Ok(Self { url: url.to_owned() })
        } else {
            Err(Error::validation(field, "must be an https address of at most 2048 characters"))
        }
    }

    /// An address that was checked when it was stored.
    #[must_use]
    pub fn stored(url: String) -> Self {
        Self { url }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// What a message says: text, media or both, never neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Text as sent.
    pub text: Option<String>,
    /// At most one in recruiting.
    pub media: Vec<Media>,
    /// What the sender called it.
    pub kind: MessageKind,
}

impl Content {
    /// Checks that there is something to say: a media type needs media, text needs content that is not only white
    /// space, and every text is bounded (dialects.md, sections 2 and 9).
    ///
    /// # Errors
    /// `Error::Validation` naming the field.
    pub fn new(
        kind: MessageKind,
        text: Option<String>,
        media: Vec<Media>,
        max_characters: usize,
    ) -> Result<Self, Error> {
        if text.as_deref().is_some_and(|text| text.chars().nth(max_characters).is_some()) {
            return Err(Error::validation("content", format!("must be at most {max_characters} characters")));
        }
        let blank = text.as_deref().is_none_or(|text| text.trim().is_empty());
        match kind {
            MessageKind::Text if blank => Err(Error::validation("content", "must not be empty")),
            MessageKind::Image | MessageKind::Video | MessageKind::File if media.is_empty() => {
                Err(Error::validation("mediaUrl", format!("is required for messageType {}", kind.name())))
            }
            _ => Ok(Self { text, media, kind }),
        }
    }
}

/// What a client asks to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it says.
    pub content: Content,
    /// The client's own name for this send.
    pub client_message_id: Option<ClientMessageId>,
}

/// A message as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Chat and sort key.
    pub id: MessageId,
    /// Who sent it.
    pub sender: UserId,
    /// What it says; `None` once deleted for everyone.
    pub content: Option<Content>,
    /// What the sender called it; kept when the content is gone.
    pub kind: MessageKind,
    /// When the gateway received it.
    pub created_at: Timestamp,
    /// When it was deleted for everyone.
    pub deleted_at: Option<Timestamp>,
    /// Recipients it was posted to out of turn, above their delivered watermark.
    pub delivered_to: Vec<UserId>,
}

impl Message {
    /// Whether `user`, a recipient, has read it.
    #[must_use]
    pub fn is_read_by(&self, chat: &Chat, user: &UserId) -> bool {
        chat.member(user).is_some_and(|(_, member)| self.id.seq <= member.read.seq)
    }

    /// Whether every recipient has read it.
    #[must_use]
    pub fn is_read_by_all(&self, chat: &Chat) -> bool {
        chat.others(&self.sender).all(|member| self.id.seq <= member.read.seq)
    }

    /// Whether it reached a socket of `user`, or was fetched by them.
    #[must_use]
    pub fn is_delivered_to(&self, chat: &Chat, user: &UserId) -> bool {
        self.delivered_to.contains(user)
            || chat.member(user).is_some_and(|(_, member)| self.id.seq <= member.delivered.seq.max(member.read.seq))
    }

    /// Whether it counts as unread for `user`: by somebody else, not deleted, above the read watermark.
    #[must_use]
    pub fn is_unread_for(&self, chat: &Chat, user: &UserId) -> bool {
        self.sender != *user && self.deleted_at.is_none() && !self.is_read_by(chat, user)
    }

    /// When it was taken back, else when it was sent.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.deleted_at.unwrap_or(self.created_at)
    }
}
