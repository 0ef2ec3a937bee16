//! Moderation: what a service reads about users and chats (docs/moderation.md). What it changes is in `application`,
//! because the relay ends sockets and posts notices.

use crate::ctx::Ctx;
use crate::domain::chat::Chat;
use crate::domain::id::{ChatId, UserId};
use crate::domain::media::Source;
use crate::domain::message::Message;
use crate::domain::moderation::{ExportCursor, ExportEntry, ExportPart, Found, Listed, Order};
use crate::domain::user::User;
use crate::error::{Error, Thing};

/// The size from which on a part of an export ends, in bytes of JSON: with the last message, and in Base64, well below
/// the 6 MB that Lambda answers with.
const PART_BYTES: usize = 1_048_576;

/// How much one part of an export reads, in messages of anybody; a chat counts as ten. At most 5 MB, or about a
/// thousand read units, in a few seconds.
const PART_LOOKED_AT_MAX: u64 = 5_000;
const CHAT_COST: u64 = 10;

/// How many messages, and how many chats, one query of an export reads.
const MESSAGES_AT_ONCE: u64 = 500;
const CHATS_AT_ONCE: u64 = 100;

/// What an entry of an export has around its texts, in bytes of JSON.
const ENTRY_BYTES: usize = 512;

/// Reads a user. One read.
///
/// # Errors
/// `Error::NotFound` if the user has no profile, `Error::Internal`.
pub async fn known_user(ctx: &Ctx, user: &UserId) -> Result<User, Error> {
    ctx.app.store.user(user).await?.ok_or(Error::NotFound(Thing::User))
}

/// Reads a page of a user's chats.
///
/// # Errors
/// `Error::NotFound` if the user has no profile, `Error::Internal`.
pub async fn chats(ctx: &Ctx, user: &UserId, limit: u64, after: Option<&ChatId>) -> Result<Found, Error> {
    known_user(ctx, user).await?;
    Ok(Found::Chats(ctx.app.store.chats_page(user, limit, after).await?))
}

/// Reads the live sockets of a user.
///
/// # Errors
/// `Error::NotFound` if the user has no profile, `Error::Internal`.
pub async fn sockets(ctx: &Ctx, user: &UserId) -> Result<Found, Error> {
    known_user(ctx, user).await?;
    Ok(Found::Sockets(ctx.app.store.live_sockets(user).await?))
}

/// Reads a chat, or the tombstone of a deleted one.
///
/// # Errors
/// `Error::NotFound`, `Error::Internal`.
pub async fn chat(ctx: &Ctx, id: &ChatId) -> Result<Chat, Error> {
    ctx.app.store.chat_or_tombstone(id).await?.ok_or(Error::NotFound(Thing::Chat))
}

/// Reads a page of a chat's messages.
///
/// # Errors
/// `Error::NotFound` if there is no such chat, `Error::Internal`.
pub async fn messages(ctx: &Ctx, id: &ChatId, limit: u64, order: Order, after: Option<u64>) -> Result<Found, Error> {
    let chat = chat(ctx, id).await?;
    let messages = ctx.app.store.messages_page(&chat, limit, order, after).await?;
    Ok(Found::Messages { chat, messages })
}

/// Reads a part of what is stored about a user: the profile, live sockets, chats, and in each chat the messages that
/// the user sent.
///
/// # Errors
/// `Error::NotFound` if the user has no profile, `Error::Internal`.
pub async fn export(ctx: &Ctx, user: &UserId, after: Option<ExportCursor>) -> Result<ExportPart, Error> {
    let profile = known_user(ctx, user).await?;
    let mut export = Export { user, part: ExportPart::default(), bytes: 0, looked_at: 0 };
    let mut last = None;
    match after {
        None => {
            export.push(ExportEntry::Profile(profile));
            for socket in ctx.app.store.live_sockets(user).await? {
                export.push(ExportEntry::Socket(socket));
            }
        }
        Some(ExportCursor { chat, seq }) => {
            let found = ctx.app.store.chat(&chat).await?.filter(|chat| chat.member(user).is_some());
            if let Some(found) = found
                && !export.add_messages(ctx, &found, seq).await?
            {
                return Ok(export.part);
            }
            last = Some(chat);
        }
    }
    loop {
        let Listed { entries, limit: _, next } = ctx.app.store.chats_page(user, CHATS_AT_ONCE, last.as_ref()).await?;
        for chat in entries.into_iter().filter(|chat| chat.member(user).is_some() && !chat.deleted) {
            export.push(ExportEntry::Chat(chat.clone()));
            export.looked_at += CHAT_COST;
            if !export.add_messages(ctx, &chat, chat.base).await? {
                return Ok(export.part);
            }
        }
        match next {
            Some(next) => last = Some(next),
            None => return Ok(export.part),
        }
    }
}

/// A part of an export that is being made.
struct Export<'a> {
    user: &'a UserId,
    part: ExportPart,
    /// How large the part is, about.
    bytes: usize,
    /// How many messages were read.
    looked_at: u64,
}

impl Export<'_> {
    fn push(&mut self, entry: ExportEntry) {
        self.bytes += bytes(&entry);
        self.part.entries.push(entry);
    }

    /// Adds the user's messages of a chat after a sort key. Returns whether all of them are there. Otherwise the part
    /// is full, and says where the next one begins.
    async fn add_messages(&mut self, ctx: &Ctx, chat: &Chat, after: u64) -> Result<bool, Error> {
        let mut after = after;
        loop {
            if self.bytes >= PART_BYTES || self.looked_at >= PART_LOOKED_AT_MAX {
                self.part.next = Some(ExportCursor { chat: chat.id.clone(), seq: after });
                return Ok(false);
            }
            let page = ctx.app.store.messages_page(chat, MESSAGES_AT_ONCE, Order::Oldest, Some(after)).await?;
            for message in page.entries {
                if self.bytes >= PART_BYTES {
                    break;
                }
                after = message.id.seq;
                self.looked_at += 1;
                if message.sender == *self.user {
                    self.push(ExportEntry::Message(Box::new((chat.clone(), message))));
                }
            }
            if page.next.is_none() && (self.bytes < PART_BYTES || after >= chat.seq) {
                return Ok(true);
            }
        }
    }
}

/// The size of an entry in JSON, about.
fn bytes(entry: &ExportEntry) -> usize {
    let texts = match entry {
        ExportEntry::Message(message) => of_message(&message.1),
        ExportEntry::Profile(_) | ExportEntry::Socket(_) | ExportEntry::Chat(_) => 0,
    };
    ENTRY_BYTES + texts
}

fn of_message(message: &Message) -> usize {
    let Some(content) = &message.content else { return 0 };
    let media = content.media.iter().map(|medium| {
        let address = match &medium.source {
            Source::Link(url) => escaped_bytes(url),
            Source::Object(_) => ENTRY_BYTES,
        };
        address
            + ENTRY_BYTES
            + [&medium.filename, &medium.media_type]
                .into_iter()
                .flatten()
                .map(|text| escaped_bytes(text))
                .sum::<usize>()
    });
    content.text.as_deref().map_or(0, escaped_bytes) + media.sum::<usize>()
}

/// The bytes of a text in JSON. A control character takes six.
fn escaped_bytes(text: &str) -> usize {
    let byte = |byte: u8| match byte {
        0..0x20 => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    };
    text.bytes().map(byte).sum()
}
