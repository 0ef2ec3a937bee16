//! Parts that the shapes of several dialects share: the content of a message whose kind has no name in the dialect,
//! media in full, and errors with a dialect's names.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::domain::extent::Extent;
use crate::domain::media::{Media, Source};
use crate::domain::message::{Message, MessageKind};
use crate::domain::notice::{Paging, Viewer};
use crate::domain::user::{Claims, User};
use crate::error::{Error, Refusal, Thing};

/// The content of a message, as a dialect with only some kinds shows it.
pub(super) struct Shown<'a> {
    /// The name of the kind.
    pub(super) kind: &'static str,
    /// The text. It is the name of a file if the dialect has no name for files.
    pub(super) text: Option<Cow<'a, str>>,
    /// The media.
    pub(super) media: &'a [Media],
    /// Whether parts of the content are left out.
    truncated: bool,
}

impl<'a> Shown<'a> {
    /// The content as `viewer` sees it, in a dialect that has names for these kinds. A dialect without a name for
    /// `audio` shows it as `file`, and one without a name for `file` shows it as `text` (docs/dialects.md,
    /// "Message types").
    pub(super) fn new(message: &'a Message, viewer: &Viewer<'_>, kinds: &[MessageKind]) -> Self {
        let mut kind = message.kind;
        if kind == MessageKind::Audio && !kinds.contains(&kind) {
            kind = MessageKind::File;
        }
        let nameless = !kinds.contains(&kind);
        let kind = if nameless { MessageKind::Text } else { kind };
        let Some(content) = message.content_for(viewer.user) else {
            return Self { kind: kind.name(), text: None, media: &[], truncated: false };
        };
        let text = content.text.as_deref().map(Cow::Borrowed);
        let shown = Self { kind: kind.name(), text, media: &content.media, truncated: false };
        let shown = if nameless { shown.always_text() } else { shown };
        shown.within(&viewer.extent)
    }

    /// As much of the content as the extent allows.
    fn within(mut self, extent: &Extent) -> Self {
        let beyond = |text: &str| text.char_indices().nth(extent.text_max_characters).map(|(at, _)| at);
        if let Some(at) = self.text.as_deref().and_then(beyond) {
            self.text = self.text.and_then(|text| text.get(..at).map(|part| Cow::Owned(part.to_owned())));
            self.truncated = true;
        }
        if !extent.media && !self.media.is_empty() {
            self.media = &[];
            self.truncated = true;
        }
        self
    }

    /// The content with the first file's name in place of text that is missing or empty.
    pub(super) fn always_text(mut self) -> Self {
        if self.text.as_deref().is_none_or(str::is_empty) {
            self.text = self.media.first().map(|medium| Cow::Owned(medium.shown_name())).or(self.text);
        }
        self
    }

    /// The address of the first medium.
    pub(super) fn media_url(&self) -> Option<String> {
        self.media.first().map(|medium| medium.source.url())
    }

    /// Adds `media` to a message's shape if the first address does not say everything, and `truncated` if parts of the
    /// content are left out (docs/dialects.md, "messenger").
    pub(super) fn add_media(&self, shape: &mut Value, url: fn(&Source) -> String) {
        let Value::Object(fields) = shape else { return };
        if self.media.len() > 1 || self.media.first().is_some_and(Media::has_details) {
            fields.insert("media".to_owned(), media(self.media, url));
        }
        if self.truncated {
            fields.insert("truncated".to_owned(), true.into());
        }
    }
}

/// Media in full.
pub(super) fn media(media: &[Media], url: fn(&Source) -> String) -> Value {
    let media = media.iter().map(|medium| {
        let mut fields = Map::from_iter([("url".to_owned(), url(&medium.source).into())]);
        fields.extend(medium.media_type.clone().map(|media_type| ("type".to_owned(), media_type.into())));
        fields.extend(medium.filename.clone().map(|filename| ("filename".to_owned(), filename.into())));
        fields.extend(medium.size.map(|size| ("size".to_owned(), size.into())));
        Value::Object(fields)
    });
    media.collect()
}

/// The names that a dialect uses in errors.
pub(super) struct Terms {
    /// The name of a chat.
    pub(super) chat: &'static str,
    /// The fields with another name than in the use cases: the use cases' name, and the dialect's name.
    pub(super) fields: &'static [(&'static str, &'static str)],
}

impl Terms {
    /// The dialect's own name of a field.
    pub(super) fn field<'a>(&self, field: &'a str) -> &'a str
    where
        Self: 'static,
    {
        let own = self.fields.iter().find(|(name, _)| *name == field);
        own.map_or(field, |(_, own)| own)
    }

    /// The sentence of an error.
    pub(super) fn message(&'static self, error: &Error) -> String {
        match error {
            Error::Validation { field, problem } => format!("{} {problem}", self.field(field)),
            Error::NotFound(Thing::Chat) => format!("{} not found", self.chat),
            other => other.to_string(),
        }
    }

    /// The error of most dialects: `{message, code}`, with `retryAfter` in seconds for a limit and `reason` for a
    /// refused token.
    pub(super) fn error(&'static self, error: &Error) -> Map<String, Value> {
        let mut said = Map::from_iter([
            ("message".to_owned(), self.message(error).into()),
            ("code".to_owned(), error.code().into()),
        ]);
        match error {
            Error::RateLimit { retry_after_secs, .. } => {
                said.insert("retryAfter".to_owned(), (*retry_after_secs).into());
            }
            Error::Authentication(refusal) => {
                said.insert("reason".to_owned(), refusal.reason().into());
            }
            _ => {}
        }
        said
    }
}

/// The payload of CONNECT_ERROR for a token that is refused, for a dialect that has no words of its own for it.
pub(super) fn plain_refusal(refused: Refusal) -> Value {
    refusal(refused, &refused.to_string())
}

/// The payload of CONNECT_ERROR for a token that is refused, with this message.
pub(super) fn refusal(refusal: Refusal, message: &str) -> Value {
    json!({"message": message, "data": {"code": "AUTHENTICATION_ERROR", "reason": refusal.reason()}})
}

/// An ack for a success, with these fields.
pub(super) fn success(fields: Value) -> Map<String, Value> {
    let mut ack = Map::from_iter([("success".to_owned(), true.into())]);
    if let Value::Object(fields) = fields {
        ack.extend(fields);
    }
    ack
}

/// The body of a REST answer for an error, with these fields.
pub(super) fn failure(mut fields: Map<String, Value>) -> Value {
    fields.insert("success".to_owned(), false.into());
    fields.into()
}

/// The pagination of a list that continues after a message (docs/dialects.md, "Pages"). `numbered` builds the
/// pagination of a numbered page.
pub(super) fn pagination(paging: &Paging, numbered: fn(crate::domain::page::Page, u64) -> Value) -> Value {
    match *paging {
        Paging::Page { page, total } => numbered(page, total),
        Paging::After { limit, total, has_more } => json!({"limit": limit, "total": total, "hasMore": has_more}),
    }
}

/// A price as JSON. A whole number has no fraction.
pub(super) fn price(price: f64) -> Value {
    /// Every whole number up to this one is exact.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 2^53")]
    if price.fract() == 0.0 && price <= EXACT_MAX { (price as u64).into() } else { price.into() }
}

/// A whole profile, for services.
pub(super) fn profile(user: &User) -> Value {
    let Claims { name, first_name, last_name, username, email, role, picture } = &user.claims;
    json!({
        "userId": user.id.to_string(),
        "_id": user.id.to_string(),
        "name": name,
        "firstName": first_name,
        "lastName": last_name,
        "username": username,
        "email": email,
        "role": role,
        "picture": picture,
    })
}
