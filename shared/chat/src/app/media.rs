//! Media: sending a file in one request or by an upload, fetching it, and linking to it.
//!
//! The bytes of a file decide about its type. A function stores an object before the message that shows it, so that no
//! message shows an object that does not exist. If the message is refused, the function removes the object again.

use super::{Caller, Outcome, chat_of, message, visible};
use crate::ctx::Ctx;
use crate::domain::chat::{Chat, Place};
use crate::domain::command::{FilePosting, Posting};
use crate::domain::id::{ChatId, ClientMessageId, UserId};
use crate::domain::media::{File, Media, MediaName, OBJECT_MAX_BYTES, Source, UploadId};
use crate::domain::media_type::{MediaType, is_shown};
use crate::domain::message::{Content, Message, MessageKind};
use crate::domain::notice::Answer;
use crate::error::{Error, Thing};
use crate::store::{ByteRange, Fetching, Keeping, Signed, Upload, Uploaded, is_from};

/// The largest part of an object, in bytes, that a function serves itself: Lambda answers with at most 6 MB, in Base64.
const SERVED_MAX_BYTES: u64 = 4 * 1_024 * 1_024;
/// The longest media type that a client may name, in bytes. The longest registered one is shorter.
const CONTENT_TYPE_MAX_BYTES: usize = 127;

/// How an object is served.
#[derive(Debug)]
pub enum Served {
    /// The answer holds the bytes.
    Here {
        /// The content type.
        content_type: String,
        /// The part of the object, as in the header `Content-Range`; `None` for the whole object.
        part: Option<String>,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The object is too large for an answer. The client can fetch it from this address.
    Redirected(Signed),
    /// The object has no such part.
    OutOfRange,
}

/// Prepares an upload for a file that is too large for a request, and returns the address to which the client puts it.
/// No request to S3, and nothing is stored.
pub(super) async fn prepare(
    ctx: &Ctx,
    caller: &Caller<'_>,
    chat: &ChatId,
    content_type: &str,
    size: u64,
) -> Result<Outcome, Error> {
    open_chat(ctx, caller, chat).await?;
    let plain = content_type.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
    if content_type.len() > CONTENT_TYPE_MAX_BYTES || !plain || !is_shown(content_type) {
        return Err(Error::validation("contentType", "must be the type of an image or a video"));
    }
    check_size("size", size)?;
    let id = ctx.app.bucket.new_upload();
    let upload = Upload { chat, user: caller.user, id: &id };
    let Signed { url, expires_at: _ } = ctx.app.bucket.sign_upload(upload, content_type, size).await?;
    let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
    Ok(Outcome::answer(Answer::Upload { id, method: "PUT", url, headers }))
}

/// Stores a message with a file. A repeat is answered with the first message, and stores nothing.
pub(super) async fn send(
    ctx: &Ctx,
    caller: &Caller<'_>,
    name: Option<ClientMessageId>,
    posting: Result<FilePosting, Error>,
) -> Result<Outcome, Error> {
    if let Some(first) = ctx.app.store.find_by_client_id(caller.user, name.as_ref()).await? {
        return message::repeated(ctx, caller, &first).await;
    }
    let FilePosting { chat, caption, file } = posting?;
    open_chat(ctx, caller, &chat).await?;
    let found = found(ctx, caller, &chat, file).await?;
    let object = ctx.app.bucket.new_name(&chat, caller.user, found.media_type);
    let caption = caption.filter(|caption| !caption.trim().is_empty());
    let caption = caption.unwrap_or_else(|| words_for(found.media_type.kind).to_owned());
    let media = vec![Media::at(Source::Object(object.clone()))];
    let most = caller.dialect.limits.text_characters;
    let content = Content::new(found.media_type.kind, Some(caption), media, most)?;
    let upload = keep(ctx, caller, found, &object).await?;
    let posting = Posting { place: Place::Chat(chat.clone()), receiver: None, content, reply_to: None };
    let sent = message::send(ctx, caller, name, Ok(posting)).await;
    let unneeded = match &sent {
        Ok(Outcome { answer: Answer::Sent { repeated: false, .. }, .. }) => match &upload {
            Some(id) => ctx.app.bucket.discard_upload(Upload { chat: &chat, user: caller.user, id }).await,
            None => Ok(()),
        },
        // It is unknown whether the message is stored. An object that no message shows is better than a message without
        // its object.
        Err(Error::Internal(_)) => Ok(()),
        _ => ctx.app.bucket.discard(&object).await,
    };
    if let Err(error) = unneeded {
        tracing::warn!(error.cause = ?error, "an object that is not needed any more was not removed");
    }
    sent
}

/// Serves an object, or a part of it, to a participant of its chat. One read and one request to S3.
///
/// # Errors
/// `Error::NotFound` for everything that the caller may not have, `Error::Internal`.
pub async fn serve(ctx: &Ctx, user: &UserId, name: &MediaName, range: Option<ByteRange>) -> Result<Served, Error> {
    check_member(ctx, user, name).await?;
    match ctx.app.bucket.fetch(name, range).await? {
        Fetching::Found(fetched) if fetched.bytes > SERVED_MAX_BYTES => {
            Ok(Served::Redirected(ctx.app.bucket.sign_link(name, &fetched.content_type).await?))
        }
        Fetching::Found(fetched) => {
            let (content_type, part) = (fetched.content_type.clone(), fetched.part.clone());
            Ok(Served::Here { content_type, part, bytes: fetched.read().await? })
        }
        Fetching::OutOfRange => Ok(Served::OutOfRange),
        Fetching::Missing => Err(Error::NotFound(Thing::Media)),
    }
}

/// Returns an address from which an object can be fetched without a token for a limited time. One read and one request
/// to S3.
pub(super) async fn link(ctx: &Ctx, caller: &Caller<'_>, name: &MediaName) -> Result<Outcome, Error> {
    check_member(ctx, caller.user, name).await?;
    let content_type = ctx.app.bucket.content_type(name).await?.ok_or(Error::NotFound(Thing::Media))?;
    let Signed { url, expires_at } = ctx.app.bucket.sign_link(name, &content_type).await?;
    Ok(Outcome::answer(Answer::MediaLink { url, expires_at }))
}

/// The objects that the sender of a message sent with it.
#[must_use]
pub fn objects_of(message: &Message) -> Vec<MediaName> {
    let media = message.content.iter().flat_map(|content| &content.media);
    let objects = media.filter_map(|medium| match &medium.source {
        Source::Object(name) if is_from(name, &message.sender) => Some(name.clone()),
        Source::Object(_) | Source::Link(_) => None,
    });
    objects.collect()
}

/// Removes the objects of a message that was deleted. One request each. The function logs a failure, because nothing
/// shows the object any more.
pub(super) async fn remove(ctx: &Ctx, objects: &[MediaName]) {
    for object in objects {
        if let Err(error) = ctx.app.bucket.discard(object).await {
            tracing::warn!(error.cause = ?error, "an object whose message was deleted was not removed");
        }
    }
}

/// A file that was examined and may be kept.
struct ExaminedFile {
    media_type: MediaType,
    bytes: Bytes,
}

enum Bytes {
    Here(Vec<u8>),
    Uploaded(UploadId, Uploaded),
}

async fn found(ctx: &Ctx, caller: &Caller<'_>, chat: &ChatId, file: File) -> Result<ExaminedFile, Error> {
    let (size, bytes) = match file {
        File::Bytes(bytes) => (u64::try_from(bytes.len()).unwrap_or(u64::MAX), Bytes::Here(bytes)),
        File::Upload(id) => {
            if ctx.clock.now() >= id.expires_at {
                return Err(no_upload());
            }
            let uploaded = ctx.app.bucket.uploaded(Upload { chat, user: caller.user, id: &id }).await?;
            let uploaded = uploaded.ok_or_else(no_upload)?;
            (uploaded.size, Bytes::Uploaded(id, uploaded))
        }
    };
    check_size("media", size)?;
    let beginning = match &bytes {
        Bytes::Here(bytes) => bytes,
        Bytes::Uploaded(_, uploaded) => &uploaded.beginning,
    };
    let media_type = MediaType::judge(beginning);
    let media_type = media_type.ok_or_else(|| Error::validation("media", "must be an image or a video"))?;
    Ok(ExaminedFile { media_type, bytes })
}

/// Stores a file as an object. Returns the upload that is not needed any more after a message shows the object.
async fn keep(
    ctx: &Ctx,
    caller: &Caller<'_>,
    found: ExaminedFile,
    object: &MediaName,
) -> Result<Option<UploadId>, Error> {
    let ExaminedFile { media_type, bytes } = found;
    match bytes {
        Bytes::Here(bytes) => {
            ctx.app.bucket.keep_bytes(bytes, object, media_type).await?;
            Ok(None)
        }
        Bytes::Uploaded(id, uploaded) => {
            let upload = Upload { chat: &object.chat, user: caller.user, id: &id };
            match ctx.app.bucket.keep_upload(upload, &uploaded, object, media_type).await? {
                Keeping::Kept => Ok(Some(id)),
                Keeping::Changed => Err(no_upload()),
            }
        }
    }
}

/// Reads one of the caller's chats, on condition that nobody blocks it.
async fn open_chat(ctx: &Ctx, caller: &Caller<'_>, id: &ChatId) -> Result<Chat, Error> {
    let chat = chat_of(ctx, caller, id).await?;
    if chat.is_blocked() { Err(Error::Blocked) } else { Ok(chat) }
}

/// Checks that the user is a participant of the object's chat. For everybody else the object seems not to exist.
async fn check_member(ctx: &Ctx, user: &UserId, name: &MediaName) -> Result<(), Error> {
    match visible(ctx.app.store.chat(&name.chat).await?, user) {
        Ok(_) => Ok(()),
        Err(Error::NotFound(_)) => Err(Error::NotFound(Thing::Media)),
        Err(error) => Err(error),
    }
}

fn check_size(field: &'static str, size: u64) -> Result<(), Error> {
    if size == 0 {
        return Err(Error::validation(field, "must not be empty"));
    }
    if size > OBJECT_MAX_BYTES {
        return Err(Error::TooLarge { field, max_bytes: usize::try_from(OBJECT_MAX_BYTES).unwrap_or(usize::MAX) });
    }
    Ok(())
}

/// The error for an upload that was not put, belongs to another user or another chat, or has expired. All of these look
/// the same to the client.
const fn no_upload() -> Error {
    Error::NotFound(Thing::Upload)
}

/// The text of a message with a file, if its sender gives none (docs/dialects.md, "Media").
const fn words_for(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Video => "Sent video",
        _ => "Sent image",
    }
}
