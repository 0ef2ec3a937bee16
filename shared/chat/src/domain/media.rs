//! Media: the attachments of a message, each with the address of an external file or as an object of our own.

use std::fmt;

use relay::clock::Timestamp;

use crate::domain::id::{ChatId, is_hex};
use crate::error::{Error, Thing};

/// The most media of one message (docs/dialects.md, "Message types").
pub const MEDIA_MAX: usize = 10;
/// The largest object that is accepted, in bytes (docs/dialects.md, "Media").
pub const OBJECT_MAX_BYTES: u64 = 52_428_800;
/// The longest address of a medium, in Unicode scalar values (docs/dialects.md, "Content").
const URL_MAX_CHARACTERS: usize = 2_048;
/// The longest name of a file, in Unicode scalar values (docs/dialects.md, "Message types").
pub const FILENAME_MAX_CHARACTERS: usize = 255;
/// The longest type of a medium, in Unicode scalar values. The longest registered media type is shorter.
pub const TYPE_MAX_CHARACTERS: usize = 127;
/// The path at which objects of our own are served, below a dialect's prefix.
const PATH: &str = "/api/media/";

/// What an address must be.
pub(crate) const HTTPS_ONLY: &str = "must be an https address of at most 2048 characters";

/// What follows the scheme of an `http:` address; `None` if it is none.
#[must_use]
pub fn insecure_rest(url: &str) -> Option<&str> {
    after_scheme(url, "http://")
}

fn after_scheme<'a>(url: &'a str, scheme: &str) -> Option<&'a str> {
    let given = url.get(..scheme.len())?;
    given.eq_ignore_ascii_case(scheme).then(|| url.get(scheme.len()..)).flatten()
}

/// The location of a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An external file, by its address.
    Link(String),
    /// An object in our own bucket.
    Object(MediaName),
}

impl Source {
    /// Parses an address: `https:` with a host, or an object of our own by its name or path.
    ///
    /// # Errors
    /// `Error::Validation` with the name `field`, unless the address has at most 2,048 characters and no white space or
    /// control characters.
    pub fn parse(field: &'static str, url: &str) -> Result<Self, Error> {
        let bounded = url.chars().nth(URL_MAX_CHARACTERS).is_none();
        let host = after_scheme(url, "https://")
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_alphanumeric() || first == '['));
        let clean = !url.chars().any(|character| character.is_whitespace() || character.is_control());
        if bounded && host && clean {
            return Ok(Self::Link(url.to_owned()));
        }
        let name = MediaName::parse(url.strip_prefix(PATH).unwrap_or(url)).map(Self::Object);
        name.map_err(|_| Error::validation(field, HTTPS_ONLY))
    }

    /// The address to show. For an object this is the path at which it is served.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Link(url) => url.clone(),
            Self::Object(name) => format!("{PATH}{name}"),
        }
    }

    /// The name to show if the sender gave none: the last part of the address.
    #[must_use]
    pub fn file_name(&self) -> String {
        match self {
            Self::Link(url) => {
                let path = url.split(['?', '#']).next().unwrap_or(url);
                path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned()
            }
            Self::Object(name) => name.to_string(),
        }
    }
}

/// An attachment of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// The location.
    pub source: Source,
    /// The media type that its sender named.
    pub media_type: Option<String>,
    /// The file name that its sender gave.
    pub filename: Option<String>,
    /// The size that its sender named, in bytes.
    pub size: Option<u64>,
}

impl Media {
    /// A medium of which only the location is known.
    #[must_use]
    pub const fn at(source: Source) -> Self {
        Self { source, media_type: None, filename: None, size: None }
    }

    /// Checks the limits of what the sender said about the medium.
    ///
    /// # Errors
    /// `Error::Validation` with the name `field`.
    pub fn checked(self, field: &'static str) -> Result<Self, Error> {
        let longer =
            |text: &Option<String>, most: usize| text.as_ref().is_some_and(|text| text.chars().nth(most).is_some());
        if longer(&self.filename, FILENAME_MAX_CHARACTERS) {
            let problem = format!("has a filename of more than {FILENAME_MAX_CHARACTERS} characters");
            return Err(Error::validation(field, problem));
        }
        if longer(&self.media_type, TYPE_MAX_CHARACTERS) {
            return Err(Error::validation(field, format!("has a type of more than {TYPE_MAX_CHARACTERS} characters")));
        }
        Ok(self)
    }

    /// The name to show for the medium.
    #[must_use]
    pub fn shown_name(&self) -> String {
        self.filename.clone().unwrap_or_else(|| self.source.file_name())
    }

    /// Whether more is known about the medium than its address.
    #[must_use]
    pub const fn has_details(&self) -> bool {
        self.media_type.is_some() || self.filename.is_some() || self.size.is_some()
    }
}

/// The generated name of an object of our own: its chat, 128 random bits, and the type of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MediaName {
    /// The chat whose participants may fetch the object.
    pub chat: ChatId,
    /// 32 lower-case hex digits.
    pub random: String,
    /// The type of its bytes: lower-case letters and digits.
    pub extension: String,
}

impl MediaName {
    /// Parses text as a name, in exactly the form in which [`fmt::Display`] writes it.
    ///
    /// # Errors
    /// `Error::Validation` with the name of the field.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = || Error::validation("name", "must be the name of a medium");
        let (stem, extension) = text.split_once('.').ok_or_else(refused)?;
        let (chat, random) = stem.split_once('-').ok_or_else(refused)?;
        let alphanumeric = extension.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
        if !is_hex(random, 32) || !alphanumeric || !(1..=8).contains(&extension.len()) {
            return Err(refused());
        }
        let chat = ChatId::parse(chat).map_err(|_| refused())?;
        Ok(Self { chat, random: random.to_owned(), extension: extension.to_owned() })
    }
}

impl fmt::Display for MediaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chat, random, extension } = self;
        write!(f, "{chat}-{random}.{extension}")
    }
}

/// The id of a prepared upload: 128 random bits, and until when it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadId {
    /// 32 lower-case hex digits.
    pub random: String,
    /// When the upload expires. After that it seems never to have existed.
    pub expires_at: Timestamp,
}

impl UploadId {
    /// Parses text as the id of an upload. Text that cannot be one counts as an upload that does not exist.
    ///
    /// # Errors
    /// `Error::NotFound`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = || Error::NotFound(Thing::Upload);
        if !is_hex(text, 32 + 12) {
            return Err(refused());
        }
        let (random, millis) = text.split_at_checked(32).ok_or_else(refused)?;
        let millis = i64::from_str_radix(millis, 16).map_err(|_| refused())?;
        Ok(Self { random: random.to_owned(), expires_at: Timestamp::from_millis(millis) })
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:012x}", self.random, self.expires_at.millis())
    }
}

/// The file of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// The bytes, in the same request.
    Bytes(Vec<u8>),
    /// A file that was uploaded before.
    Upload(UploadId),
}
