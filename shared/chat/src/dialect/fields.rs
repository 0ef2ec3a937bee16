//! Named fields of an event's argument, a JSON body, a query or a path. Every error names the field.

use serde_json::{Map, Value};

use crate::domain::id::{ChatId, ClientMessageId, ListingId, MessageId, UserId};
use crate::domain::media::{MEDIA_MAX, Media, MediaName, Source, insecure_rest};
use crate::domain::message::MessageKind;
use crate::domain::page::{MESSAGES_LIMIT_DEFAULT, Page, Window, checked_limit};
use crate::error::{Error, Thing};

/// The longest id that a client may name, in bytes. A longer text cannot be an id.
const ID_MAX_BYTES: usize = 512;

/// Fields by name. `null` counts as absent.
pub struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// Creates the fields of an object.
    #[must_use]
    pub fn new(object: &'a Map<String, Value>) -> Self {
        Self(object)
    }

    /// Creates the fields of an event's first argument.
    ///
    /// # Errors
    /// `Error::Validation` if the argument is not an object.
    pub fn of_arguments(arguments: &'a [Value]) -> Result<Self, Error> {
        let object = arguments.first().and_then(Value::as_object);
        object.map(Self).ok_or_else(|| Error::validation("data", "must be an object"))
    }

    fn present(&self, name: &'static str) -> Option<&'a Value> {
        #[cfg(all(test, feature = "contracts"))]
        asked::note(name);
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Reads an optional string.
    ///
    /// # Errors
    /// `Error::Validation` if the value is not a string.
    pub fn optional_text(&self, name: &'static str) -> Result<Option<&'a str>, Error> {
        let Some(value) = self.present(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| Error::validation(name, "must be a string"))
    }

    /// Reads a required string that must not be empty.
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

    /// Reads the id of a chat. Text that cannot be an id counts as a chat that does not exist.
    ///
    /// # Errors
    /// `Error::Validation`, or `Error::NotFound`.
    pub fn chat(&self, name: &'static str) -> Result<ChatId, Error> {
        ChatId::parse(self.id(name)?).map_err(|_| Error::NotFound(Thing::Chat))
    }

    /// Reads the id of a message. Text that cannot be an id counts as a message that does not exist.
    ///
    /// # Errors
    /// `Error::Validation`, or `Error::NotFound`.
    pub fn message(&self, name: &'static str) -> Result<MessageId, Error> {
        MessageId::parse(self.id(name)?).map_err(|_| Error::NotFound(Thing::Message))
    }

    /// Reads the id of a user.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn user(&self, name: &'static str) -> Result<UserId, Error> {
        UserId::parse(self.id(name)?).map_err(|_| Error::validation(name, "must be at most 128 characters"))
    }

    /// Reads an optional id of a message.
    ///
    /// # Errors
    /// `Error::Validation`, or `Error::NotFound`.
    pub fn optional_message(&self, name: &'static str) -> Result<Option<MessageId>, Error> {
        self.present(name).map(|_| self.message(name)).transpose()
    }

    /// Reads an optional id of a listing.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn optional_listing(&self, name: &'static str) -> Result<Option<ListingId>, Error> {
        self.present(name).map(|_| self.listing(name)).transpose()
    }

    /// Reads an optional id of a user.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn optional_user(&self, name: &'static str) -> Result<Option<UserId>, Error> {
        self.present(name).map(|_| self.user(name)).transpose()
    }

    /// Reads the client message id of a send, if there is one.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn client_message_id(&self) -> Result<Option<ClientMessageId>, Error> {
        Ok(self.optional_text("clientMessageId")?.map(ClientMessageId::parse).transpose()?)
    }

    /// Reads an optional whole number, which is a JSON number or, in a query, digits.
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

    /// Reads a required whole number, which must be a JSON number. A string of digits is not accepted.
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

    /// Reads an optional number, whole or not.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn optional_decimal(&self, name: &'static str) -> Result<Option<f64>, Error> {
        let Some(value) = self.present(name) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| Error::validation(name, "must be a number"))
    }

    /// Reads an optional boolean.
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

    /// Reads an optional list of objects.
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

    /// Reads an optional list of message ids, at most `most`, each once. Text that cannot be an id counts as a message
    /// that does not exist.
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

    /// Reads the kind of a message's content; the default is text.
    ///
    /// # Errors
    /// `Error::Validation` if it is not one of `kinds`.
    pub fn kind(&self, name: &'static str, kinds: &[MessageKind]) -> Result<MessageKind, Error> {
        let Some(text) = self.optional_text(name)? else { return Ok(MessageKind::Text) };
        kinds.iter().find(|kind| kind.name() == text).copied().ok_or_else(|| {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            Error::validation(name, format!("must be one of {}", names.join(", ")))
        })
    }

    /// Reads the address of one medium, for messages whose medium is only an address.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn medium(&self, name: &'static str) -> Result<Vec<Media>, Error> {
        let url = self.optional_text(name)?.filter(|url| !url.is_empty());
        let medium = url.map(|url| Source::parse(name, url).map(Media::at)).transpose()?;
        Ok(medium.into_iter().collect())
    }

    /// Reads a list of media with `url`, `type`, `filename` and `size`; empty if it is absent.
    ///
    /// # Errors
    /// `Error::Validation` that names the list and says which part of it is wrong and why.
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

    /// Reads an `https:` or `http:` address.
    ///
    /// # Errors
    /// `Error::Validation` that names `list`, which contains the address.
    pub fn web_address(&self, name: &'static str, list: &'static str) -> Result<String, Error> {
        let url =
            self.optional_text(name)?.ok_or_else(|| Error::validation(list, format!("must each have a {name}")))?;
        // But for its scheme, an `http:` address is as an `https:` address is.
        let secure = insecure_rest(url).map(|rest| format!("https://{rest}"));
        match Source::parse(list, secure.as_deref().unwrap_or(url))? {
            Source::Link(_) => Ok(url.to_owned()),
            Source::Object(_) => Err(Error::validation(list, "must be https addresses of at most 2048 characters")),
        }
    }

    /// Reads the id of a listing.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn listing(&self, name: &'static str) -> Result<ListingId, Error> {
        ListingId::parse(self.id(name)?).map_err(|_| Error::validation(name, "must be at most 128 characters"))
    }

    /// Reads the name of an object of our own. Text that cannot be a name counts as an object that does not exist.
    ///
    /// # Errors
    /// `Error::Validation`, or `Error::NotFound`.
    pub fn media_name(&self, name: &'static str) -> Result<MediaName, Error> {
        MediaName::parse(self.text(name)?).map_err(|_| Error::NotFound(Thing::Media))
    }

    /// Reads `page` and `limit`.
    ///
    /// # Errors
    /// `Error::Validation`.
    pub fn page(&self, default_limit: u64) -> Result<Page, Error> {
        let number = self.optional_number("page")?.unwrap_or(1);
        Page::new(number, self.optional_number("limit")?.unwrap_or(default_limit))
    }

    /// Reads the part of a list of messages: `afterSeq` and `limit`, or `page` and `limit`.
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

/// Notes the names that a reader asks for, so that a test can compare them with the contract of its input.
#[cfg(all(test, feature = "contracts"))]
pub(super) mod asked {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    thread_local! {
        static NAMES: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
    }

    pub(super) fn note(name: &'static str) {
        NAMES.with_borrow_mut(|names| names.insert(name));
    }

    /// The names that were asked for since the last call, in this thread.
    pub(in crate::dialect) fn take() -> BTreeSet<&'static str> {
        NAMES.take()
    }
}
