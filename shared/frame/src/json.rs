//! A JSON parser for packets and bodies of clients: each text becomes exactly the value that it spells.
//!
//! `serde_json` itself gives some keys a meaning when it reads a [`Value`]. One dependency switches on its feature
//! `raw_value` for all. With this feature, the object `{"$serde_json::private::RawValue":"[1]"}` becomes `[1]`: the
//! parser then returns something else than the client sent, and the JSON in the string may be nested as deep again. In
//! this parser such a key has no meaning.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Parses a whole text as JSON. If a key comes twice, the last value counts, as in JavaScript. Half a surrogate pair
/// becomes U+FFFD, as in a browser's `TextEncoder`.
///
/// # Errors
/// The text is not JSON, is nested deeper than 127 levels, or has a number beyond the range of a double.
pub fn parse(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(&whole_pairs(text)).map(|Plain(value)| value)
}

/// The length of an escape such as `\ud83e`, in bytes.
const ESCAPE_BYTES: usize = 6;

/// The half of a surrogate pair that an escape stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    High,
    Low,
}

/// The text with the escape `\ufffd` in place of each half of a surrogate pair that stands alone, because `serde_json`
/// refuses those. A text without any is returned unchanged.
fn whole_pairs(text: &str) -> Cow<'_, str> {
    let mut written = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match (half(text, at), half(text, at + ESCAPE_BYTES)) {
            (Some(Half::High), Some(Half::Low)) => at += 2 * ESCAPE_BYTES,
            (Some(_), _) => {
                written.push_str(text.get(copied..at).unwrap_or_default());
                written.push_str("\\ufffd");
                at += ESCAPE_BYTES;
                copied = at;
            }
            // The character after a backslash belongs to it: in `\\ud800` there is no surrogate.
            (None, _) => at += 1 + text.get(at + 1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8),
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    written.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(written)
}

/// The half of a surrogate pair whose escape begins at this position, if there is one.
fn half(text: &str, at: usize) -> Option<Half> {
    let digits = text.get(at..at + ESCAPE_BYTES)?.strip_prefix("\\u")?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    match u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Plain(element)) = access.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((key, Plain(value))) = access.next_entry()? {
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}
