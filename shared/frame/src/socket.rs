//! Socket.IO, protocol version 5, with the default parser: a packet as the text of an Engine.IO message.
//!
//! ```text
//! <type>[<attachments>-][<namespace>,][<ack id>][<JSON>]
//! ```
//!
//! This codec is as strict as the protocol, and so stricter than the reference parser, which accepts an event without
//! payload and an ack id of spaces. The JSON starts directly after the head. A packet is undecodable if its JSON is
//! nested deeper than 127 levels or has a number beyond the range of a double. Half a surrogate pair becomes U+FFFD
//! (see [`json::parse`]). The attachments of a binary packet are not part of it: they follow as messages of their own,
//! and placeholders in the JSON say where they belong.

use std::fmt;

use serde_json::{Map, Value};

use super::json;

/// The longest namespace, in bytes. It becomes part of a sort key, which DynamoDB limits to 1024 bytes, and refusals
/// repeat it.
pub const MAX_NAMESPACE_BYTES: usize = 256;

/// The longest ack id, in digits: half of the largest frame, because the answer repeats it. Clients count up from 0.
pub const MAX_ACK_ID_DIGITS: usize = 16_384;

/// The most attachments of one packet, as in the reference parser. Without a limit, one short packet could make the
/// receiver wait and collect for ever.
pub const MAX_ATTACHMENTS: u8 = 10;

/// The names that the client libraries use themselves. They must not arrive as events.
const RESERVED_EVENT_NAMES: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// One Socket.IO packet (protocol, "Packet encoding").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The namespace of the packet.
    pub namespace: Namespace,
    /// The type of the packet, with what this type carries.
    pub body: Body,
}

/// The types of packets, each with what it carries.
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
        /// The name of the event.
        name: EventName,
        /// The arguments for the listener.
        arguments: Vec<Value>,
        /// The ack id, if the sender wants an answer.
        ack: Option<AckId>,
    },
    /// `3`: an ack, the answer to an event.
    Ack {
        /// The ack id of the event.
        id: AckId,
        /// The arguments for the sender's callback.
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
        /// The name of the event.
        name: EventName,
        /// The arguments for the listener. Each attachment has exactly one placeholder in them.
        arguments: Vec<Value>,
        /// The ack id, if the sender wants an answer.
        ack: Option<AckId>,
    },
    /// `6`: an ack with binary attachments.
    BinaryAck {
        /// How many binary messages follow.
        attachments: Attachments,
        /// The ack id of the event.
        id: AckId,
        /// The arguments for the sender's callback. Each attachment has exactly one placeholder in them.
        arguments: Vec<Value>,
    },
}

/// Why a text is not a Socket.IO packet. The server must close the connection from which it came.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// There is no text.
    #[error("packet is empty, it starts with its type")]
    Empty,
    /// The first character is not a packet type.
    #[error("packet type {0:?} is unknown, allowed are 0 to 6")]
    UnknownType(char),
    /// A binary packet does not say how many attachments it has.
    #[error("binary packet needs its number of attachments, without leading zeros, and `-` after its type")]
    AttachmentsMalformed,
    /// A binary packet has more attachments than allowed.
    #[error("binary packet has more than {MAX_ATTACHMENTS} attachments")]
    TooManyAttachments,
    /// There is not exactly one placeholder for each attachment.
    #[error("binary packet needs exactly one placeholder with its `num` for each attachment")]
    PlaceholdersMismatched,
    /// The namespace has no slash in front.
    #[error("namespace does not start with `/`")]
    NamespaceWithoutSlash,
    /// The namespace has a character that would make it impossible to tell where it ends.
    #[error("namespace holds a comma or a control character")]
    NamespaceCharacter,
    /// The namespace is too long.
    #[error("namespace is longer than {MAX_NAMESPACE_BYTES} bytes")]
    NamespaceTooLong,
    /// The ack id is empty or has characters that are not digits.
    #[error("ack id is not a run of digits")]
    AckIdMalformed,
    /// The ack id is too long.
    #[error("ack id is longer than {MAX_ACK_ID_DIGITS} digits")]
    AckIdTooLong,
    /// An ack has no ack id.
    #[error("ack has no ack id")]
    AckIdMissing,
    /// A packet of a type that is never answered has an ack id.
    #[error("only events and acks carry an ack id")]
    AckIdUnexpected,
    /// The payload is not valid JSON.
    #[error("payload is not JSON")]
    Json(#[from] serde_json::Error),
    /// The payload of an event or an ack is not an array.
    #[error("payload of an event or ack is not an array")]
    PayloadNotAnArray,
    /// The payload of a CONNECT or CONNECT_ERROR is not an object.
    #[error("payload of a connect or connect error is not an object")]
    PayloadNotAnObject,
    /// A DISCONNECT has a payload.
    #[error("disconnect carries no payload")]
    PayloadUnexpected,
    /// The array of an event does not start with a name.
    #[error("first element of an event is not its name, a string or a number")]
    EventNameMissing,
    /// The client libraries use this name themselves.
    #[error("event name `{0}` is reserved")]
    EventNameReserved(&'static str),
}

/// A namespace: `/` is the root, which is left out on the wire.
///
/// The name is used as it arrives. `/ns?key=value` is a namespace with exactly this name. Only clients of protocol 4
/// and older put a query there; today's clients remove it and send it with the HTTP request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(String);

impl Namespace {
    /// The root namespace, `/`.
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// Parses the name of a namespace, with its slash.
    ///
    /// # Errors
    /// There is no slash in front, the name is longer than [`MAX_NAMESPACE_BYTES`], or it has a comma (which ends a
    /// namespace on the wire) or a control character. U+001E would cut a polling body in two, and no name needs the
    /// other control characters.
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

    /// The name, with its slash.
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

/// The ack id, which connects an answer with its event. It is kept as the text that the client sent, because its digits
/// may exceed every integer type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AckId(String);

impl AckId {
    /// Parses the digits of an ack id.
    ///
    /// # Errors
    /// There is a character that is not an ASCII digit, there is none at all, or there are more than
    /// [`MAX_ACK_ID_DIGITS`].
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

/// The name of an event: any string that is not reserved, also the empty one and `error`. The protocol allows a number
/// as well. The name is then the number's text, as for a JavaScript listener, but on the wire it stays a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventName {
    text: String,
    is_number: bool,
}

impl EventName {
    /// Parses the text of an event name.
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
    /// Creates the value from a count.
    ///
    /// # Errors
    /// The count is larger than [`MAX_ATTACHMENTS`].
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
    /// Encodes the packet as the text of an Engine.IO message.
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

/// Decodes the text of an Engine.IO message, whichever side sent it.
///
/// # Errors
/// Every text that is not exactly one packet.
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

/// Splits off the namespace. It ends at the first comma, or at the end of the text if nothing follows it.
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

/// Checks that each attachment has exactly one placeholder, and each placeholder an attachment.
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

/// Collects the placeholder numbers of a value. The recursion is as deep as the value, which the JSON parser has
/// limited.
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
