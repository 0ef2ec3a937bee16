//! A message and its content.

use std::collections::HashMap;
use std::fmt;

use relay::clock::Timestamp;

use crate::domain::chat::Chat;
use crate::domain::id::{ClientMessageId, MessageId, SocketId, UserId};
use crate::domain::media::Media;
use crate::error::Error;

/// The longest text of any dialect, in Unicode scalar values (docs/dialects.md, "Content").
pub const TEXT_MAX_CHARACTERS: usize = 4_000;

/// The kind of a message's content, as its sender says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Text only.
    Text,
    /// A picture.
    Image,
    /// A video.
    Video,
    /// Sound.
    Audio,
    /// Any other file.
    File,
}

impl MessageKind {
    /// All kinds, in the order of the documents.
    pub const ALL: [Self; 5] = [Self::Text, Self::Image, Self::Video, Self::Audio, Self::File];

    /// The names of these kinds.
    #[cfg(feature = "contracts")]
    #[must_use]
    pub fn names(kinds: &[Self]) -> Vec<&'static str> {
        kinds.iter().map(|kind| kind.name()).collect()
    }

    /// The name of the kind, the same in every dialect and in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::File => "file",
        }
    }
}

/// The content of a message: text, media or both, never neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The text as sent.
    pub text: Option<String>,
    /// The media, at most [`MEDIA_MAX`](crate::domain::media::MEDIA_MAX).
    pub media: Vec<Media>,
    /// The kind that the sender named.
    pub kind: MessageKind,
}

impl Content {
    /// Creates content and checks that it is not empty: a media kind needs media, text needs more than white space, and
    /// every text is limited (docs/dialects.md, "Content" and "Message types").
    ///
    /// # Errors
    /// `Error::Validation` with the name of the field.
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
            MessageKind::Text => Ok(Self { text, media, kind }),
            _ if media.is_empty() => {
                Err(Error::validation("mediaUrl", format!("is required for messageType {}", kind.name())))
            }
            _ => Ok(Self { text, media, kind }),
        }
    }
}

/// A message that a client asks to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The content.
    pub content: Content,
    /// The message to which it replies.
    pub reply_to: Option<MessageId>,
    /// The client message id of this send.
    pub client_message_id: Option<ClientMessageId>,
    /// The socket over which it was sent; `None` over REST.
    pub via: Option<Via>,
}

impl Draft {
    /// The chat after this message is stored as its next one, and the message. `received` is when the gateway received
    /// it, and `now` is when it is stored. Its `created_at` never goes back: if the clock of another instance was
    /// ahead, it is the time of the message before, or of the chat's creation (docs/dialects.md, "Pages").
    #[must_use]
    pub fn stored_in(&self, chat: &Chat, sender: &UserId, received: Timestamp, now: Timestamp) -> (Chat, Message) {
        let seq = chat.seq + 1;
        let mut next = chat.clone();
        next.moves(now);
        next.seq = seq;
        next.active_at = next.active_at.max(received);
        next.updated_at = next.updated_at.max(received);
        for member in &mut next.members {
            if member.user != *sender {
                member.unread += u64::from(!member.gone);
                continue;
            }
            member.wrote = true;
            for mark in [&mut member.read, &mut member.delivered] {
                if mark.seq == chat.seq {
                    mark.seq = seq;
                }
            }
        }
        let message = Message {
            id: MessageId { chat: chat.id.clone(), seq },
            sender: sender.clone(),
            content: Some(self.content.clone()),
            kind: self.content.kind,
            reply_to: self.reply_to.clone(),
            created_at: next.active_at,
            stored_at: next.moved_at,
            via: self.via.clone(),
            deleted_at: None,
            delivered_to: Vec::new(),
            read_by: HashMap::new(),
            hidden_for: HashMap::new(),
        };
        (next, message)
    }
}

/// The socket over which a message was sent, as the beginning of its Socket.IO sid. This is enough to tell the sockets
/// of one person apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via(String);

impl Via {
    const DIGITS: usize = 8;

    /// Creates the value from the stored text.
    #[must_use]
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    /// Whether this is the given socket.
    #[must_use]
    pub fn is(&self, socket: &SocketId) -> bool {
        *self == Self::from(socket)
    }
}

impl From<&SocketId> for Via {
    fn from(socket: &SocketId) -> Self {
        Self(socket.to_string().chars().take(Self::DIGITS).collect())
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a message has come. It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Stored.
    Sent,
    /// Posted to a live socket of every recipient, or fetched by them.
    Delivered,
    /// Read by every recipient.
    Read,
}

impl Progress {
    /// The names of all.
    #[cfg(feature = "contracts")]
    pub const NAMES: [&str; 3] = [Self::Sent.name(), Self::Delivered.name(), Self::Read.name()];

    /// The name that clients compare.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

/// A message as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The chat and the sort key.
    pub id: MessageId,
    /// The user who sent it.
    pub sender: UserId,
    /// The content; `None` after it was deleted for everyone.
    pub content: Option<Content>,
    /// The kind that the sender named. It stays when the content is deleted.
    pub kind: MessageKind,
    /// The message to which it replies.
    pub reply_to: Option<MessageId>,
    /// When the gateway received it.
    pub created_at: Timestamp,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// The socket over which it was sent; `None` over REST.
    pub via: Option<Via>,
    /// When it was deleted for everyone.
    pub deleted_at: Option<Timestamp>,
    /// The recipients to whom it was posted out of order, above their delivered watermark.
    pub delivered_to: Vec<UserId>,
    /// The recipients who marked this single message as read, and when.
    pub read_by: HashMap<UserId, Timestamp>,
    /// The people who deleted it for themselves, and when.
    pub hidden_for: HashMap<UserId, Timestamp>,
}

impl Message {
    /// Whether `user`, a recipient, has read it.
    #[must_use]
    pub fn is_read_by(&self, chat: &Chat, user: &UserId) -> bool {
        self.read_by.contains_key(user) || chat.member(user).is_some_and(|(_, member)| self.id.seq <= member.read.seq)
    }

    /// When `user`, a recipient, read it: when they marked it, otherwise when they last marked the whole chat.
    #[must_use]
    pub fn read_at(&self, chat: &Chat, user: &UserId) -> Option<Timestamp> {
        let chat_read = || chat.member(user).filter(|(_, member)| self.id.seq <= member.read.seq)?.1.read.at;
        self.read_by.get(user).copied().or_else(chat_read)
    }

    /// Whether every recipient has read it.
    #[must_use]
    pub fn is_read_by_all(&self, chat: &Chat) -> bool {
        chat.others(&self.sender).all(|member| self.is_read_by(chat, &member.user))
    }

    /// Whether it counts as read for `viewer`: a recipient must have read it themselves; for the sender, everybody else
    /// must have.
    #[must_use]
    pub fn is_read_for(&self, chat: &Chat, viewer: &UserId) -> bool {
        if self.sender == *viewer { self.is_read_by_all(chat) } else { self.is_read_by(chat, viewer) }
    }

    /// The recipients who have read it, sorted by id.
    #[must_use]
    pub fn readers(&self, chat: &Chat) -> Vec<UserId> {
        let readers = chat.others(&self.sender).filter(|member| self.is_read_by(chat, &member.user));
        readers.map(|member| member.user.clone()).collect()
    }

    /// Whether it reached a socket of `user`, or `user` fetched or read it.
    #[must_use]
    pub fn is_delivered_to(&self, chat: &Chat, user: &UserId) -> bool {
        self.delivered_to.contains(user)
            || self.is_read_by(chat, user)
            || chat.member(user).is_some_and(|(_, member)| self.id.seq <= member.delivered.seq)
    }

    /// How far it has come: the least progress among its recipients.
    #[must_use]
    pub fn progress(&self, chat: &Chat) -> Progress {
        let each = chat.others(&self.sender).map(|member| {
            if self.is_read_by(chat, &member.user) {
                Progress::Read
            } else if self.is_delivered_to(chat, &member.user) {
                Progress::Delivered
            } else {
                Progress::Sent
            }
        });
        each.min().unwrap_or(Progress::Sent)
    }

    /// Whether it counts as unread for `user`: sent by another user, not deleted, not read.
    #[must_use]
    pub fn is_unread_for(&self, chat: &Chat, user: &UserId) -> bool {
        self.sender != *user && self.gone_at(user).is_none() && !self.is_read_by(chat, user)
    }

    /// When it became a placeholder for `user`, because its sender deleted it for everyone or `user` deleted it for
    /// themselves.
    #[must_use]
    pub fn gone_at(&self, user: &UserId) -> Option<Timestamp> {
        self.deleted_at.or_else(|| self.hidden_for.get(user).copied())
    }

    /// The content that `user` sees; `None` if it is a placeholder for them.
    #[must_use]
    pub fn content_for(&self, user: &UserId) -> Option<&Content> {
        self.content.as_ref().filter(|_| self.gone_at(user).is_none())
    }

    /// When it last changed for `user`: when it became a placeholder for them, otherwise when it was sent.
    #[must_use]
    pub fn updated_at(&self, user: &UserId) -> Timestamp {
        self.gone_at(user).unwrap_or(self.created_at)
    }
}
