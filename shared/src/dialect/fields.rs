//! Reading named fields: of an event's argument, a JSON body, a query or a path. Every error names the field.

use serde_json::{Map, Value};

use crate::domain::id::{ChatId, ClientMessageId, MessageId, UserId};
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
