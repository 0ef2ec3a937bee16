//! Socket.IO, protocol version 5, with the default parser: a packet as the text of an Engine.IO message.
//!
//! ```text
//! <type>[<attachments>-][<namespace>,][<ack id>][<JSON>]
//! ```
//!
//! As strict as the protocol, and so stricter than the reference parser, which lets an event without payload or an ack id of spaces through.
//! The JSON starts right where the head ends. What is nested deeper than 127 levels, holds half a surrogate pair, or has a
//! number beyond the range of a double is undecodable. The attachments of a binary packet are not part of it: they follow as messages of
//! their own, and placeholders in the JSON say where they belong.

use std::fmt;

use serde_json::{Map, Value};

use super::json;

/// The longest namespace, in bytes: it becomes part of a sort key, which DynamoDB limits to 1024 bytes, and refusals repeat it.
pub const MAX_NAMESPACE_BYTES: usize = 256;

/// The longest ack id, in digits: the answer repeats it. Clients count up from 0; a random id of 128 bits has 39.
pub const MAX_ACK_ID_DIGITS: usize = 64;

/// The most attachments of one packet, as in the reference parser: without a bound one short packet makes the receiver wait, and
/// collect, for ever.
pub const MAX_ATTACHMENTS: u8 = 10;

/// Names that the client libraries use for themselves, and which therefore must not arrive as events.
const RESERVED_EVENT_NAMES: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// One Socket.IO packet (protocol, "Packet encoding").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The namespace it belongs to.
    pub namespace: Namespace,
    /// The type and what this type carries.
    pub body: Body,
}

/// The types of packet, each with what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `0`: the client asks to join, with its `auth`; the server confirms, with `sid` and `pid`.
    Connect {
        /// `auth`, or `sid` and `pid`.
        payload: Option<Map<String, Value>>,
    },
    /// `1`: one side leaves the namespace.
    Disconnect,
    /// `2`: an event.
    Event {
        /// What happened.
        name: EventName,
        /// What the listener is called with.
        arguments: Vec<Value>,
        /// Present if the sender wants an answer.
        ack: Option<AckId>,
    },
    /// `3`: the answer to an event.
    Ack {
        /// The id that the event came with.
        id: AckId,
        /// What the sender's callback is called with.
        arguments: Vec<Value>,
    },
    /// `4`: the server refuses a CONNECT; `message` and, if there is more to say, `data`.
    ConnectError {
        /// The object that the client turns into an error.
        payload: Map<String, Value>,
    },
    /// `5`: an event with binary attachments.
    BinaryEvent {
        /// How many binary messages follow.
        attachments: Attachments,
        /// What happened.
        name: EventName,
        /// What the listener is called with; each attachment has its placeholder here, once.
        arguments: Vec<Value>,
        /// Present if the sender wants an answer.
        ack: Option<AckId>,
    },
    /// `6`: an answer with binary attachments.
    BinaryAck {
        /// How many binary messages follow.
        attachments: Attachments,
        /// The id that the event came with.
        id: AckId,
        /// What the sender's callback is called with; each attachment has its placeholder here, once.
        arguments: Vec<Value>,
    },
}

/// Why a text is not a Socket.IO packet. The connection it came from is to be closed.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// There is no text.
    #[error("packet is empty, it starts with its type")]
    Empty,
    /// The first character names no packet type.
    #[error("packet type {0:?} is unknown, allowed are 0 to 6")]
    UnknownType(char),
    /// A binary packet does not say how many attachments it has.
    #[error("binary packet needs its number of attachments, without leading zeros, and `-` after its type")]
    AttachmentsMalformed,
    /// A binary packet has more attachments than allowed.
    #[error("binary packet has more than {MAX_ATTACHMENTS} attachments")]
    TooManyAttachments,
    /// The placeholders are not one for each attachment.
    #[error("binary packet needs exactly one placeholder with its `num` for each attachment")]
    PlaceholdersMismatched,
    /// A namespace without its slash.
    #[error("namespace does not start with `/`")]
    NamespaceWithoutSlash,
    /// A namespace that could not be told from what follows it.
    #[error("namespace holds a comma or a control character")]
    NamespaceCharacter,
    /// A namespace beyond its bound.
    #[error("namespace is longer than {MAX_NAMESPACE_BYTES} bytes")]
    NamespaceTooLong,
    /// An ack id that is empty or holds something else than digits.
    #[error("ack id is not a run of digits")]
    AckIdMalformed,
    /// An ack id beyond its bound.
    #[error("ack id is longer than {MAX_ACK_ID_DIGITS} digits")]
    AckIdTooLong,
    /// An answer that does not say to what.
    #[error("ack has no ack id")]
    AckIdMissing,
    /// A type that is never answered, with an ack id.
    #[error("only events and acks carry an ack id")]
    AckIdUnexpected,
    /// The payload is broken JSON.
    #[error("payload is not JSON")]
    Json(#[from] serde_json::Error),
    /// An event or ack without an array.
    #[error("payload of an event or ack is not an array")]
    PayloadNotAnArray,
    /// A CONNECT or CONNECT_ERROR with something else than an object.
    #[error("payload of a connect or connect error is not an object")]
    PayloadNotAnObject,
    /// A DISCONNECT with a payload.
    #[error("disconnect carries no payload")]
    PayloadUnexpected,
    /// The array of an event does not start with a name.
    #[error("first element of an event is not its name, a string or a number")]
    EventNameMissing,
    /// The name belongs to the client libraries.
    #[error("event name `{0}` is reserved")]
    EventNameReserved(&'static str),
}

/// A namespace: `/` is the root, which the wire leaves out.
///
/// It is taken as it comes. `/ns?key=value` is a namespace of that very name: only clients of protocol 4 and older put a query there,
/// today's take it off and send it with the HTTP request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(String);

impl Namespace {
    /// The root namespace, `/`.
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// From its name, slash included.
    ///
    /// # Errors
    /// No slash in front, more than [`MAX_NAMESPACE_BYTES`], a comma (which ends a namespace on the wire), or a control character (of
    /// which U+001E would cut a polling body in two, and no name needs the others).
    pub fn parse(name: &str) -> Result<Self, DecodeError> {
        if !name.starts_with('/') {
            return Err(DecodeError::NamespaceWithoutSlash);
        }
        if name.len() > MAX_NAMESPACE_BYTES {
            return Err(DecodeError::NamespaceTooLong);
        }
        if name.contains(|character: char| character == ',' || character.is_control()) {
            return Err(DecodeError::NamespaceCharacter);
        }
        Ok(Self(name.to_owned()))
    }

    /// Whether this is `/`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }

    /// The name, slash included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What ties an answer to its event: digits, kept as the text that the client sent, for they may exceed every integer type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AckId(String);

impl AckId {
    /// From its digits.
    ///
    /// # Errors
    /// Something else than ASCII digits, or more than [`MAX_ACK_ID_DIGITS`] of them.
    pub fn parse(digits: &str) -> Result<Self, DecodeError> {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DecodeError::AckIdMalformed);
        }
        if digits.len() > MAX_ACK_ID_DIGITS {
            return Err(DecodeError::AckIdTooLong);
        }
        Ok(Self(digits.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an event: any string that is not reserved, the empty one and `error` included. The protocol allows a number as well; its text
/// is then the name, as it is to a JavaScript listener, but on the wire it stays a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventName {
    text: String,
    is_number: bool,
}

impl EventName {
    /// From its text.
    ///
    /// # Errors
    /// The name is reserved.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        match RESERVED_EVENT_NAMES.into_iter().find(|reserved| *reserved == text) {
            Some(reserved) => Err(DecodeError::EventNameReserved(reserved)),
            None => Ok(Self { text: text.to_owned(), is_number: false }),
        }
    }

    fn from_value(value: &Value) -> Result<Self, DecodeError> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) => Ok(Self { text: number.to_string(), is_number: true }),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(DecodeError::EventNameMissing),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// How many binary messages follow a packet: 0 to [`MAX_ATTACHMENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachments(u8);

impl Attachments {
    /// From a count.
    ///
    /// # Errors
    /// More than [`MAX_ATTACHMENTS`].
    pub fn new(count: u8) -> Result<Self, DecodeError> {
        if count > MAX_ATTACHMENTS { Err(DecodeError::TooManyAttachments) } else { Ok(Self(count)) }
    }

    /// The count.
    #[must_use]
    pub fn count(self) -> u8 {
        self.0
    }

    fn parse(digits: &str) -> Result<Self, DecodeError> {
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        if digits.is_empty() || leading_zero || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DecodeError::AttachmentsMalformed);
        }
        digits.parse().map_err(|_| DecodeError::TooManyAttachments).and_then(Self::new)
    }
}

impl Packet {
    /// The packet as the text of an Engine.IO message.
    #[must_use]
    pub fn encode(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, body } = self;
        let (kind, ack) = match body {
            Body::Connect { .. } => ('0', None),
            Body::Disconnect => ('1', None),
            Body::Event { ack, .. } => ('2', ack.as_ref()),
            Body::Ack { id, .. } => ('3', Some(id)),
            Body::ConnectError { .. } => ('4', None),
            Body::BinaryEvent { ack, .. } => ('5', ack.as_ref()),
            Body::BinaryAck { id, .. } => ('6', Some(id)),
        };
        write!(f, "{kind}")?;
        if let Body::BinaryEvent { attachments, .. } | Body::BinaryAck { attachments, .. } = body {
            write!(f, "{}-", attachments.count())?;
        }
        if !namespace.is_root() {
            write!(f, "{namespace},")?;
        }
        if let Some(id) = ack {
            write!(f, "{id}")?;
        }
        match body {
            Body::Connect { payload: None } | Body::Disconnect => Ok(()),
            Body::Connect { payload: Some(payload) } | Body::ConnectError { payload } => write_object(f, payload),
            Body::Event { name, arguments, .. } | Body::BinaryEvent { name, arguments, .. } => {
                write_array(f, Some(name), arguments)
            }
            Body::Ack { arguments, .. } | Body::BinaryAck { arguments, .. } => write_array(f, None, arguments),
        }
    }
}

fn write_object(f: &mut fmt::Formatter<'_>, fields: &Map<String, Value>) -> fmt::Result {
    let mut separator = "";
    f.write_str("{")?;
    for (key, value) in fields {
        write!(f, "{separator}{}:{value}", Value::from(key.as_str()))?;
        separator = ",";
    }
    f.write_str("}")
}

fn write_array(f: &mut fmt::Formatter<'_>, name: Option<&EventName>, arguments: &[Value]) -> fmt::Result {
    let mut separator = "";
    f.write_str("[")?;
    if let Some(EventName { text, is_number }) = name {
        if *is_number {
            f.write_str(text)?;
        } else {
            write!(f, "{}", Value::from(text.as_str()))?;
        }
        separator = ",";
    }
    for argument in arguments {
        write!(f, "{separator}{argument}")?;
        separator = ",";
    }
    f.write_str("]")
}

/// Reads the text of an Engine.IO message, whichever side sent it.
///
/// # Errors
/// Whatever is not exactly one packet.
pub fn decode(text: &str) -> Result<Packet, DecodeError> {
    let mut characters = text.chars();
    let kind = characters.next().ok_or(DecodeError::Empty)?;
    let rest = characters.as_str();
    let (attachments, rest) = if matches!(kind, '5' | '6') { split_attachments(rest)? } else { (Attachments(0), rest) };
    let (namespace, rest) = split_namespace(rest)?;
    let (ack, payload) = split_ack_id(rest)?;
    let body = match kind {
        '0' => {
            refuse_ack_id(ack)?;
            Body::Connect { payload: if payload.is_empty() { None } else { Some(object(payload)?) } }
        }
        '1' => {
            refuse_ack_id(ack)?;
            refuse_payload(payload)?;
            Body::Disconnect
        }
        '2' => {
            let (name, arguments) = event(payload)?;
            Body::Event { name, arguments, ack }
        }
        '3' => Body::Ack { id: ack.ok_or(DecodeError::AckIdMissing)?, arguments: array(payload)? },
        '4' => {
            refuse_ack_id(ack)?;
            Body::ConnectError { payload: object(payload)? }
        }
        '5' => {
            let (name, arguments) = event(payload)?;
            check_placeholders(&arguments, attachments)?;
            Body::BinaryEvent { attachments, name, arguments, ack }
        }
        '6' => {
            let id = ack.ok_or(DecodeError::AckIdMissing)?;
            let arguments = array(payload)?;
            check_placeholders(&arguments, attachments)?;
            Body::BinaryAck { attachments, id, arguments }
        }
        unknown => return Err(DecodeError::UnknownType(unknown)),
    };
    Ok(Packet { namespace, body })
}

fn split_attachments(text: &str) -> Result<(Attachments, &str), DecodeError> {
    let (digits, rest) = text.split_once('-').ok_or(DecodeError::AttachmentsMalformed)?;
    Ok((Attachments::parse(digits)?, rest))
}

/// A namespace reaches to the first comma, or to the end when nothing follows it.
fn split_namespace(text: &str) -> Result<(Namespace, &str), DecodeError> {
    if !text.starts_with('/') {
        return Ok((Namespace::root(), text));
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    Ok((Namespace::parse(name)?, rest))
}

fn split_ack_id(text: &str) -> Result<(Option<AckId>, &str), DecodeError> {
    let end = text.find(|character: char| !character.is_ascii_digit());
    let (digits, payload) = end.and_then(|end| text.split_at_checked(end)).unwrap_or((text, ""));
    let ack = if digits.is_empty() { None } else { Some(AckId::parse(digits)?) };
    Ok((ack, payload))
}

fn refuse_ack_id(ack: Option<AckId>) -> Result<(), DecodeError> {
    if ack.is_some() { Err(DecodeError::AckIdUnexpected) } else { Ok(()) }
}

fn refuse_payload(payload: &str) -> Result<(), DecodeError> {
    if payload.is_empty() { Ok(()) } else { Err(DecodeError::PayloadUnexpected) }
}

fn array(text: &str) -> Result<Vec<Value>, DecodeError> {
    if !text.starts_with('[') {
        return Err(DecodeError::PayloadNotAnArray);
    }
    let Value::Array(elements) = json::parse(text)? else { return Err(DecodeError::PayloadNotAnArray) };
    Ok(elements)
}

fn object(text: &str) -> Result<Map<String, Value>, DecodeError> {
    if !text.starts_with('{') {
        return Err(DecodeError::PayloadNotAnObject);
    }
    let Value::Object(fields) = json::parse(text)? else { return Err(DecodeError::PayloadNotAnObject) };
    Ok(fields)
}

fn event(text: &str) -> Result<(EventName, Vec<Value>), DecodeError> {
    let mut elements = array(text)?.into_iter();
    let name = elements.next().ok_or(DecodeError::EventNameMissing)?;
    Ok((EventName::from_value(&name)?, elements.collect()))
}

/// Each attachment must have its place, and each place its attachment.
fn check_placeholders(arguments: &[Value], attachments: Attachments) -> Result<(), DecodeError> {
    let mut numbers = Vec::new();
    for argument in arguments {
        collect_placeholders(argument, &mut numbers)?;
    }
    numbers.sort_unstable();
    if numbers.into_iter().eq(0..u64::from(attachments.count())) {
        Ok(())
    } else {
        Err(DecodeError::PlaceholdersMismatched)
    }
}

/// Recurses as deep as the value is, which the JSON parser has limited.
fn collect_placeholders(value: &Value, numbers: &mut Vec<u64>) -> Result<(), DecodeError> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        Value::Array(elements) => elements.iter().try_for_each(|element| collect_placeholders(element, numbers)),
        Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
            let number = fields.get("num").and_then(Value::as_u64).filter(|_| fields.len() == 2);
            numbers.push(number.ok_or(DecodeError::PlaceholdersMismatched)?);
            Ok(())
        }
        Value::Object(fields) => fields.values().try_for_each(|field| collect_placeholders(field, numbers)),
    }
}
