//! Media: what is attached to a message, by its address or as an object of our own.

use std::fmt;

use crate::domain::clock::Timestamp;
use crate::domain::id::{ChatId, is_hex};
use crate::error::{Error, Thing};

/// Most media of one message (dialects.md, section 9).
pub const MEDIA_MAX: usize = 10;
/// Largest object that is taken, in bytes (dialects.md, section 9).
pub const OBJECT_MAX_BYTES: u64 = 52_428_800;
/// Longest address of a medium, in Unicode scalar values (dialects.md, section 2).
const URL_MAX_CHARACTERS: usize = 2_048;
/// Longest name of a file, in Unicode scalar values (dialects.md, section 9).
const FILENAME_MAX_CHARACTERS: usize = 255;
/// Longest type of a medium, in Unicode scalar values; the longest registered media type is shorter.
const TYPE_MAX_CHARACTERS: usize = 127;
/// Where objects of our own are served, below a dialect's prefix.
const PATH: &str = "/api/media/";

/// Where a medium is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Somewhere else, by its address.
    Link(String),
    /// In our own bucket.
    Object(MediaName),
}

impl Source {
    /// Takes an address: `https:` with a host, or one of our own objects by its name or path.
    ///
    /// # Errors
    /// `Error::Validation` naming `field`, unless it is at most 2,048 characters, without white space or control characters.
    pub fn parse(field: &'static str, url: &str) -> Result<Self, Error> {
        let bounded = url.chars().nth(URL_MAX_CHARACTERS).is_none();
        let host = url
            .get(..8)
            .filter(|scheme| scheme.eq_ignore_ascii_case("https://"))
            .and_then(|_| url.get(8..))
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_alphanumeric() || first == '['));
        let clean = !url.chars().any(|character| character.is_whitespace() || character.is_control());
        if bounded && host && clean {
            return Ok(Self::Link(url.to_owned()));
        }
        let name = MediaName::parse(url.strip_prefix(PATH).unwrap_or(url)).map(Self::Object);
        name.map_err(|_| Error::validation(field, "must be an https address of at most 2048 characters"))
    }

    /// The address to show: an object's is the path it is served at.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Link(url) => url.clone(),
            Self::Object(name) => format!("{PATH}{name}"),
        }
    }

    /// What to call it when nobody named it: the last part of its address.
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

/// Something attached to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Where it is.
    pub source: Source,
    /// What its sender said it is.
    pub media_type: Option<String>,
    /// What its sender called it.
    pub filename: Option<String>,
    /// How large its sender said it is, in bytes.
    pub size: Option<u64>,
}

impl Media {
    /// A medium of which only the address is known.
    #[must_use]
    pub const fn at(source: Source) -> Self {
        Self { source, media_type: None, filename: None, size: None }
    }

    /// Checks the bounds of what its sender said of it.
    ///
    /// # Errors
    /// `Error::Validation` naming `field`.
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

    /// The name to show for it.
    #[must_use]
    pub fn shown_name(&self) -> String {
        self.filename.clone().unwrap_or_else(|| self.source.file_name())
    }

    /// Whether there is more to say of it than its address.
    #[must_use]
    pub const fn has_details(&self) -> bool {
        self.media_type.is_some() || self.filename.is_some() || self.size.is_some()
    }
}

/// The generated name of an object of our own: its chat, 128 random bits, and what its bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MediaName {
    /// Whose participants may fetch it.
    pub chat: ChatId,
    /// 32 lower-case hex digits.
    pub random: String,
    /// What its bytes are: lower-case letters and digits.
    pub extension: String,
}

impl MediaName {
    /// Takes text as a name, in exactly the form that [`fmt::Display`] gives it.
    ///
    /// # Errors
    /// `Error::Validation` naming the field.
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

/// Names an upload that was prepared: 128 random bits, and until when it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadId {
    /// 32 lower-case hex digits.
    pub random: String,
    /// Afterwards it is as if it had never been.
    pub expires_at: Timestamp,
}

impl UploadId {
    /// Takes text as an upload's id. Text that cannot be one is an upload that does not exist.
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

/// The bytes that a message is to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// In this very request.
    Bytes(Vec<u8>),
    /// Uploaded before.
    Upload(UploadId),
}
