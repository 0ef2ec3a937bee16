//! The bucket with media. `media/` holds the objects that messages show, and `uploads/` holds uploads that no message
//! has named yet.
//!
//! Nothing is stored about an upload before a client puts it. Its id says until when it is valid, and its key says who
//! uploads it and for which chat. A key consists only of parsed ids. Our role may not list the bucket, so S3 answers
//! 403 for an object that does not exist, and this code treats that answer as "missing".

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_types::SdkConfig;
use http::Method;
use relay::aws::{Answer, Request, RequestError, SignedClient};
use relay::clock::{Clock, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::domain::id::{ChatId, UserId, hex};
use crate::domain::media::{MediaName, UploadId};
use crate::domain::media_type::{MediaType, SIGNATURE_BYTES, is_shown};
use crate::error::Error;

/// How long a client may put an upload and then name it in a message, in milliseconds: long enough for the largest
/// upload over a slow line.
const UPLOAD_LIFE_MILLIS: i64 = 15 * 60 * 1_000;
/// How long a signed address is valid, in milliseconds. It needs no token (docs/dialects.md, "Media").
const LINK_LIFE_MILLIS: i64 = 5 * 60 * 1_000;
/// The caching of an object. An object never changes, but not everybody may see it.
const CACHE_CONTROL: &str = "private, max-age=31536000, immutable";
/// The type that S3 reports for an object that was stored without a type.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// The bucket.
#[derive(Clone)]
pub struct Bucket {
    client: SignedClient,
    name: String,
    clock: Clock,
}

/// An upload: the user who prepared it, the chat that it is for, and its id.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// The chat for which the upload was prepared.
    pub chat: &'a ChatId,
    /// The user who prepared the upload.
    pub user: &'a UserId,
    /// The id of the upload.
    pub id: &'a UploadId,
}

/// A signed request. Whoever has it may make it until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The address of the request.
    pub url: String,
    /// When the request expires.
    pub expires_at: Timestamp,
}

/// The part of an upload that decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The first bytes, enough to recognize the type.
    pub beginning: Vec<u8>,
    /// The size of the whole upload, in bytes.
    pub size: u64,
    version: String,
}

/// The result of keeping an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Keeping {
    /// The upload was copied to the media. The upload itself is still there.
    Kept,
    /// The upload has changed since it was examined, or is gone.
    Changed,
}

/// A part of an object, as in the header `Range`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first number on, up to and including the second one if there is one.
    From(u64, Option<u64>),
    /// The last bytes, this many.
    Last(u64),
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(first, Some(last)) => write!(f, "bytes={first}-{last}"),
            Self::From(first, None) => write!(f, "bytes={first}-"),
            Self::Last(count) => write!(f, "bytes=-{count}"),
        }
    }
}

/// The result of fetching an object.
#[must_use]
pub enum Fetching {
    /// The object, or the part of it.
    Found(Box<Fetched>),
    /// The object has no such part.
    OutOfRange,
    /// There is no such object.
    Missing,
}

/// An object, or a part of one, whose bytes have not been read yet.
pub struct Fetched {
    /// The content type.
    pub content_type: String,
    /// The number of bytes to read.
    pub bytes: u64,
    /// The part of the object, as in the header `Content-Range`; `None` for the whole object.
    pub part: Option<String>,
    answer: Answer,
}

impl Fetched {
    /// Reads the bytes.
    ///
    /// # Errors
    /// `Error::Internal` if S3 stops before the end.
    pub async fn read(self) -> Result<Vec<u8>, Error> {
        Ok(self.answer.bytes().await?)
    }
}

impl Bucket {
    /// Creates the bucket's client from the AWS configuration and the bucket's name.
    #[must_use]
    pub fn new(aws: &SdkConfig, name: String, clock: Clock) -> Self {
        Self { client: relay::aws::objects(aws, &name), name, clock }
    }

    /// A new name that no object has. Half of the part that looks random identifies the sender, but only to
    /// [`is_from`].
    #[must_use]
    pub fn new_name(&self, chat: &ChatId, sender: &UserId, media_type: MediaType) -> MediaName {
        let random = hex(&self.clock.random::<8>());
        let random = format!("{random}{}", seal(chat, &random, sender));
        MediaName { chat: chat.clone(), random, extension: media_type.extension.to_owned() }
    }

    /// A new id that no upload has. It is valid from now on.
    #[must_use]
    pub fn new_upload(&self) -> UploadId {
        let expires_at = self.clock.now().plus_millis(UPLOAD_LIFE_MILLIS);
        UploadId { random: hex(&self.clock.random::<16>()), expires_at }
    }

    /// Signs the one request that can put an upload of exactly this size and type, until the id expires. No request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn sign_upload(&self, upload: Upload<'_>, content_type: &str, size: u64) -> Result<Signed, Error> {
        let put = Request::new("PutObject", Method::PUT, upload_path(upload));
        let put = put.header("content-type", content_type).header("content-length", size.to_string());
        self.sign(put, upload.id.expires_at).await
    }

    /// Examines an upload: its first bytes and its size. `None` if no client has put it. One request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn uploaded(&self, upload: Upload<'_>) -> Result<Option<Uploaded>, Error> {
        let beginning = format!("bytes=0-{}", SIGNATURE_BYTES - 1);
        let get = Request::new("GetObject", Method::GET, upload_path(upload)).header("range", beginning);
        let got = match self.client.send(get).await {
            Ok(got) => got,
            Err(error) if is_missing(&error) => return Ok(None),
            // An empty object has no part that could be returned.
            Err(error) if error.status() == Some(416) => {
                return Ok(Some(Uploaded { beginning: Vec::new(), size: 0, version: String::new() }));
            }
            Err(error) => return Err(Error::internal(error)),
        };
        let total = got.header("content-range").and_then(|range| range.rsplit('/').next()?.parse().ok());
        let size = total.or_else(|| content_length(&got));
        let size = size.ok_or_else(|| Error::internal("S3 does not say how large an object is"))?;
        let version = got.header("etag").map(str::to_owned);
        let version = version.ok_or_else(|| Error::internal("S3 does not say which version an object is"))?;
        Ok(Some(Uploaded { beginning: got.bytes().await?, size, version }))
    }

    /// Copies an upload to a media object, on condition that it has not changed since it was examined. One request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn keep_upload(
        &self,
        upload: Upload<'_>,
        uploaded: &Uploaded,
        name: &MediaName,
        media_type: MediaType,
    ) -> Result<Keeping, Error> {
        let copy = Request::new("CopyObject", Method::PUT, media_path(name))
            .header("x-amz-copy-source", format!("{}{}", self.name, upload_path(upload)))
            .header("x-amz-copy-source-if-match", &uploaded.version)
            .header("x-amz-metadata-directive", "REPLACE")
            .header("content-type", media_type.name)
            .header("cache-control", CACHE_CONTROL);
        match self.client.send(copy).await {
            Ok(_) => Ok(Keeping::Kept),
            Err(error) if is_missing(&error) || error.status() == Some(412) => Ok(Keeping::Changed),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Deletes an upload. It is not an error if there is none. One request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn discard_upload(&self, upload: Upload<'_>) -> Result<(), Error> {
        self.delete(upload_path(upload)).await
    }

    /// Stores bytes as an object. One request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn keep_bytes(&self, bytes: Vec<u8>, name: &MediaName, media_type: MediaType) -> Result<(), Error> {
        let put = Request::new("PutObject", Method::PUT, media_path(name))
            .header("content-type", media_type.name)
            .header("cache-control", CACHE_CONTROL);
        self.client.send(put.body(bytes)).await.map_err(Error::internal)?;
        Ok(())
    }

    /// Deletes an object. It is not an error if there is none. One request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn discard(&self, name: &MediaName) -> Result<(), Error> {
        self.delete(media_path(name)).await
    }

    /// Fetches an object, or a part of it. One request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn fetch(&self, name: &MediaName, range: Option<ByteRange>) -> Result<Fetching, Error> {
        let mut get = Request::new("GetObject", Method::GET, media_path(name));
        if let Some(range) = range {
            get = get.header("range", range.to_string());
        }
        match self.client.fetch(get).await {
            Ok(got) => Ok(Fetching::Found(Box::new(Fetched {
                content_type: content_type(&got),
                bytes: content_length(&got).unwrap_or(u64::MAX),
                part: got.header("content-range").map(str::to_owned),
                answer: got,
            }))),
            Err(error) if is_missing(&error) => Ok(Fetching::Missing),
            Err(error) if error.status() == Some(416) => Ok(Fetching::OutOfRange),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// The content type of an object; `None` if there is no such object. One request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn content_type(&self, name: &MediaName) -> Result<Option<String>, Error> {
        match self.client.send(Request::new("HeadObject", Method::HEAD, media_path(name))).await {
            Ok(head) => Ok(Some(content_type(&head))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Signs an address from which an object of this type can be fetched for a limited time. No request.
    ///
    /// # Errors
    /// `Error::Internal`.
    pub async fn sign_link(&self, name: &MediaName, content_type: &str) -> Result<Signed, Error> {
        let expires_at = self.clock.now().plus_millis(LINK_LIFE_MILLIS);
        let disposition = if is_shown(content_type) { "inline" } else { "attachment" };
        let get = Request::new("GetObject", Method::GET, media_path(name))
            .query("response-content-disposition", disposition)
            .query("response-content-type", content_type);
        self.sign(get, expires_at).await
    }

    async fn delete(&self, path: String) -> Result<(), Error> {
        let delete = Request::new("DeleteObject", Method::DELETE, path);
        self.client.send(delete).await.map_err(Error::internal)?;
        Ok(())
    }

    async fn sign(&self, request: Request, expires_at: Timestamp) -> Result<Signed, Error> {
        let moment = |at: Timestamp| UNIX_EPOCH + Duration::from_secs(u64::try_from(at.seconds()).unwrap_or_default());
        let (start, end): (SystemTime, SystemTime) = (moment(self.clock.now()), moment(expires_at));
        let life = end.duration_since(start).unwrap_or_default();
        let url = self.client.presign(request, start, life).await.map_err(Error::internal)?;
        Ok(Signed { url, expires_at })
    }
}

/// Whether this name was made for an object that `sender` sent. Others may write the name into their messages, but the
/// object is not theirs.
#[must_use]
pub fn is_from(name: &MediaName, sender: &UserId) -> bool {
    let (random, sealed) = name.random.split_at_checked(16).unwrap_or_default();
    seal(&name.chat, random, sender) == sealed
}

/// 16 hex digits that follow from these three values.
fn seal(chat: &ChatId, random: &str, sender: &UserId) -> String {
    let digest = Sha256::digest(format!("{chat}/{random}/{sender}"));
    hex(digest.get(..8).unwrap_or_default())
}

/// The path of an object in the bucket.
fn media_path(name: &MediaName) -> String {
    let MediaName { chat, random, extension } = name;
    format!("/media/{chat}/{random}.{extension}")
}

/// The path of an upload in the bucket. A user id may be any text and must not appear in the keys of a bucket, so its hash stands in
/// its place.
fn upload_path(upload: Upload<'_>) -> String {
    let Upload { chat, user, id } = upload;
    let user = hex(&Sha256::digest(user.as_str()));
    format!("/uploads/{chat}/{user}/{id}")
}

fn content_type(answer: &Answer) -> String {
    answer.header("content-type").unwrap_or(UNKNOWN_TYPE).to_owned()
}

fn content_length(answer: &Answer) -> Option<u64> {
    answer.header("content-length")?.parse().ok()
}

fn is_missing(error: &RequestError) -> bool {
    matches!(error.status(), Some(403 | 404))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_of_ids() {
        let chat = ChatId::parse("0123456789abcdef01234567").unwrap();
        let name = MediaName { chat: chat.clone(), random: "ab".repeat(16), extension: "png".to_owned() };
        insta::assert_snapshot!(media_path(&name), @"/media/0123456789abcdef01234567/abababababababababababababababab.png");
        let user = UserId::parse("../../media").unwrap();
        let id = UploadId { random: "cd".repeat(16), expires_at: Timestamp::from_millis(1_767_323_045_006) };
        insta::assert_snapshot!(upload_path(Upload { chat: &chat, user: &user, id: &id }), @"/uploads/0123456789abcdef01234567/e07d4e326e19cb884b2c8212ec428569c6c9c5df7326da9369e3c3fe04e47a37/cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd019b7ca98c8e");
    }

    #[test]
    fn a_name_says_who_sent_the_object() {
        let (chat, alice, bob) =
            (ChatId::parse("0123456789abcdef01234567"), UserId::parse("alice"), UserId::parse("bob"));
        let (chat, alice, bob) = (chat.unwrap(), alice.unwrap(), bob.unwrap());
        let random = format!("{}{}", "ab".repeat(8), seal(&chat, &"ab".repeat(8), &alice));
        let name = MediaName { chat, random, extension: "png".to_owned() };
        assert_eq!(MediaName::parse(&name.to_string()).unwrap(), name);
        assert!(is_from(&name, &alice) && !is_from(&name, &bob));
    }

    #[test]
    fn ranges_are_spelled_as_in_http() {
        assert_eq!(ByteRange::From(2, Some(5)).to_string(), "bytes=2-5");
        assert_eq!(ByteRange::From(2, None).to_string(), "bytes=2-");
        assert_eq!(ByteRange::Last(3).to_string(), "bytes=-3");
    }
}
