//! Reading named fields: of an event's argument, a JSON body, a query or a path. Every error names the field.

use serde_json::{Map, Value};

use crate::domain::id::{ChatId, ClientMessageId, ListingId, MessageId, UserId};
use crate::domain::media::{MEDIA_MAX, Media, MediaName, Source};
use crate::domain::message::MessageKind;
use crate::domain::page::{MESSAGES_LIMIT_DEFAULT, Page, Window, checked_limit};
use crate::error::{Error, Thing};

/// Longest id a client may name, in bytes; a longer one is no id of anybody's.
const ID_MAX_BYTES: usize = 512;

/// Fields by name. `null` counts as absent.
pub struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The fields of an object.
    #[must_use]
    pub fn new(object: &'a Map<String, Value>) -> Self {
        Self(object)
    }

    /// The fields of an event's first argument.
    ///
    /// # Errors
    /// `Error::Validation` if it is not an object.
    pub fn of_arguments(arguments: &'a [Value]) -> Result<Self, Error> {
        let object = arguments.first().and_then(Value::as_object);
        object.map(Self).ok_or_else(|| Error::validation("data", "must be an object"))
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A string that may be left out.
    ///
    /// # Errors
    /// `Error::Validation` if it is something else.
    pub fn optional_text(&self, name: &'static str) -> Result<Option<&'a str>, Error> {
        let Some(value) = self.present(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| Error::validation(name, "must be a string"))
    }

    /// A string that must be there and not be empty.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn text(&self, name: &'static str) -> Result<&'a str, Error> {
        match self.optional_text(name)? {
            None => Err(Error::validation(name, "is required")),
            Some("") => Err(Error::validation(name, "must not be empty")),
            Some(text) => Ok(text),
        }
    }

    fn id(&self, name: &'static str) -> Result<&'a str, Error> {
        let text = self.text(name)?;
        if text.len() > ID_MAX_BYTES { Err(Error::validation(name, "is too long for an id")) } else { Ok(text) }
    }

    /// A chat's id. Text that cannot be one is a chat that does not exist.
    ///
    /// # Errors
    /// `Error::Validation`, or `Error::NotFound`.
    pub fn chat(&self, name: &'static str) -> Result<ChatId, Error> {
        ChatId::parse(self.id(name)?).map_err(|_| Error::NotFound(Thing::Chat))
    }

    /// A message's id. Text that cannot be one is a message that does not exist.
    ///
    /// # Errors
    /// `Error::Validation`, or `Error::NotFound`.
    pub fn message(&self, name: &'static str) -> Result<MessageId, Error> {
        MessageId::parse(self.id(name)?).map_err(|_| Error::NotFound(Thing::Message))
    }

    /// A user's id.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn user(&self, name: &'static str) -> Result<UserId, Error> {
        UserId::parse(self.id(name)?).map_err(|_| Error::validation(name, "must be at most 128 characters"))
    }

    /// A message's id that may be left out.
    ///
    /// # Errors
    /// `Error::Validation`, or `Error::NotFound`.
    pub fn optional_message(&self, name: &'static str) -> Result<Option<MessageId>, Error> {
        self.present(name).map(|_| self.message(name)).transpose()
    }

    /// A listing's id that may be left out.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn optional_listing(&self, name: &'static str) -> Result<Option<ListingId>, Error> {
        self.present(name).map(|_| self.listing(name)).transpose()
    }

    /// A user's id that may be left out.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn optional_user(&self, name: &'static str) -> Result<Option<UserId>, Error> {
        self.present(name).map(|_| self.user(name)).transpose()
    }

    /// The client's own name for a send, if it has one.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn client_message_id(&self) -> Result<Option<ClientMessageId>, Error> {
        self.optional_text("clientMessageId")?.map(ClientMessageId::parse).transpose()
    }

    /// A whole number that may be left out, given as a number or, in a query, as digits.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn optional_number(&self, name: &'static str) -> Result<Option<u64>, Error> {
        let Some(value) = self.present(name) else { return Ok(None) };
        let number = match value {
            Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            other => other.as_u64(),
        };
        number.map(Some).ok_or_else(|| Error::validation(name, "must be a whole number"))
    }

    /// A whole number that must be there, and be a number: digits in a string are none.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn count(&self, name: &'static str) -> Result<u64, Error> {
        self.optional_count(name)?.ok_or_else(|| Error::validation(name, "is required"))
    }

    fn optional_count(&self, name: &'static str) -> Result<Option<u64>, Error> {
        let Some(value) = self.present(name) else { return Ok(None) };
        value.as_u64().map(Some).ok_or_else(|| Error::validation(name, "must be a whole number"))
    }

    /// A number, whole or not, that may be left out.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn optional_decimal(&self, name: &'static str) -> Result<Option<f64>, Error> {
        let Some(value) = self.present(name) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| Error::validation(name, "must be a number"))
    }

    /// True or false; may be left out.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn optional_flag(&self, name: &'static str) -> Result<Option<bool>, Error> {
        let Some(value) = self.present(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| Error::validation(name, "must be true or false"))
    }

    fn list(&self, name: &'static str) -> Result<Option<&'a [Value]>, Error> {
        let Some(value) = self.present(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| Error::validation(name, "must be a list"))?;
        Ok(Some(list))
    }

    /// A list of objects that may be left out.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn objects(&self, name: &'static str) -> Result<Option<Vec<Fields<'a>>>, Error> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        let objects = list.iter().map(|value| {
            let object = value.as_object().ok_or_else(|| Error::validation(name, "must be a list of objects"))?;
            Ok(Self(object))
        });
        objects.collect::<Result<_, Error>>().map(Some)
    }

    /// A list of message ids that may be left out, at most `most`, each once. Text that cannot be one is a message that does not exist.
    ///
    /// # Errors
    /// `Error::Validation`, or `Error::NotFound`.
    pub fn messages(&self, name: &'static str, most: usize) -> Result<Option<Vec<MessageId>>, Error> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        if list.len() > most {
            return Err(Error::validation(name, format!("must be at most {most}")));
        }
        let mut messages = Vec::with_capacity(list.len());
        for value in list {
            let text = value.as_str().ok_or_else(|| Error::validation(name, "must be a list of message ids"))?;
            let message = MessageId::parse(text).map_err(|_| Error::NotFound(Thing::Message))?;
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
        Ok(Some(messages))
    }

    /// What kind of content a message says it has: text if it does not say.
    ///
    /// # Errors
    /// `Error::Validation` unless it is one of `kinds`.
    pub fn kind(&self, name: &'static str, kinds: &[MessageKind]) -> Result<MessageKind, Error> {
        let Some(text) = self.optional_text(name)? else { return Ok(MessageKind::Text) };
        kinds.iter().find(|kind| kind.name() == text).copied().ok_or_else(|| {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            Error::validation(name, format!("must be one of {}", names.join(", ")))
        })
    }

    /// The address of one medium, where a message has only that to say of it.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn medium(&self, name: &'static str) -> Result<Vec<Media>, Error> {
        let url = self.optional_text(name)?.filter(|url| !url.is_empty());
        let medium = url.map(|url| Source::parse(name, url).map(Media::at)).transpose()?;
        Ok(medium.into_iter().collect())
    }

    /// A list of media with `url`, `type`, `filename` and `size`; empty if left out.
    ///
    /// # Errors
    /// `Error::Validation` naming the list, and saying what is wrong with which part.
    pub fn media(&self, name: &'static str) -> Result<Vec<Media>, Error> {
        let list = self.objects(name)?.unwrap_or_default();
        if list.len() > MEDIA_MAX {
            return Err(Error::validation(name, format!("must be at most {MEDIA_MAX}")));
        }
        let part = |error: Error| match error {
            Error::Validation { field, problem } if field != name => {
                Error::validation(name, format!("has a {field} that {problem}"))
            }
            other => other,
        };
        let medium = |fields: &Fields<'_>| {
            let url = fields.optional_text("url")?.ok_or_else(|| Error::validation(name, "must each have a url"))?;
            let source = Source::parse("url", url)?;
            let media_type = fields.optional_text("type")?.map(str::to_owned);
            let filename = fields.optional_text("filename")?.map(str::to_owned);
            let size = fields.optional_count("size")?;
            Media { source, media_type, filename, size }.checked(name)
        };
        list.iter().map(|fields| medium(fields).map_err(part)).collect()
    }

    /// An `https:` address.
    ///
    /// # Errors
    /// `Error::Validation` naming `list`, which holds it.
    pub fn https(&self, name: &'static str, list: &'static str) -> Result<String, Error> {
        let url =
            self.optional_text(name)?.ok_or_else(|| Error::validation(list, format!("must each have a {name}")))?;
        match Source::parse(list, url)? {
            Source::Link(url) => Ok(url),
            Source::Object(_) => Err(Error::validation(list, "must be https addresses of at most 2048 characters")),
        }
    }

    /// A listing's id.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn listing(&self, name: &'static str) -> Result<ListingId, Error> {
        ListingId::parse(self.id(name)?).map_err(|_| Error::validation(name, "must be at most 128 characters"))
    }

    /// The name of an object of our own. Text that cannot be one is an object that does not exist.
    ///
    /// # Errors
    /// `Error::Validation`, or `Error::NotFound`.
    pub fn media_name(&self, name: &'static str) -> Result<MediaName, Error> {
        MediaName::parse(self.text(name)?).map_err(|_| Error::NotFound(Thing::Media))
    }

    /// `page` and `limit`.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn page(&self, default_limit: u64) -> Result<Page, Error> {
        let number = self.optional_number("page")?.unwrap_or(1);
        Page::new(number, self.optional_number("limit")?.unwrap_or(default_limit))
    }

    /// `afterSeq` and `limit`, or `page` and `limit`, of a list of messages.
    ///
    /// # Errors
    /// `Error::Validation`, also if both `afterSeq` and `page` are given.
    pub fn window(&self) -> Result<Window, Error> {
        let Some(number) = self.optional_number("afterSeq")? else {
            return Ok(Window::Page(self.page(MESSAGES_LIMIT_DEFAULT)?));
        };
        if self.present("page").is_some() {
            return Err(Error::validation("afterSeq", "cannot be combined with page"));
        }
        let limit = checked_limit(self.optional_number("limit")?.unwrap_or(MESSAGES_LIMIT_DEFAULT))?;
        Ok(Window::After { number, limit })
    }
}
