//! Engine.IO, protocol version 4: a packet as a text frame, and several packets as one body of HTTP long-polling.
//!
//! This codec is stricter than the reference server, which ignores text after a ping, pong, close, upgrade or noop.
//! Here such a frame is undecodable, because no client sends it. Two things are absent on purpose: WebTransport, and
//! binary frames. API Gateway does not pass on binary frames, and they are text when they arrive here.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde_json::Value;

use super::json;

/// The separator between two packets of a polling body (protocol, "HTTP long-polling").
pub const SEPARATOR: &str = "\u{1e}";

/// The most packets in one polling body. Without this limit, a body of a megabyte could hold half a million one-byte
/// packets, each forty times as large after decoding. A real client's packets are so long that its largest body stays
/// below the limit.
pub const MAX_PACKETS_PER_PAYLOAD: usize = 10_000;

/// A decoder for base64 without padding. The last character may have bits set that belong to no byte.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// One Engine.IO packet (protocol, "Protocol").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0{...}`: the first packet of a session, from the server.
    Open(Open),
    /// `1`: the transport can be closed.
    Close,
    /// `2`: the server's heartbeat.
    Ping,
    /// `2probe`: the client asks whether the new transport works.
    PingProbe,
    /// `3`: the client's answer to a heartbeat.
    Pong,
    /// `3probe`: the server's answer to the probe.
    PongProbe,
    /// `4...`: a text message. In Socket.IO it carries one packet.
    Message(Cow<'a, str>),
    /// `5`: the client has moved to the new transport.
    Upgrade,
    /// `6`: carries nothing, and makes a waiting poll return.
    Noop,
    /// `b...`: a binary message, as base64 with its padding. The decoder reads it as Node's Buffer does.
    Binary(Vec<u8>),
}

/// What the server tells a client about its session (protocol, "Handshake"). On the wire it has exactly these five
/// keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The session id.
    pub sid: String,
    /// The transports to which the client may move.
    pub upgrades: Vec<String>,
    /// The time between two pings, in milliseconds. Together with `ping_timeout_millis` it must stay below 2^31, or the
    /// client's timer fires at once.
    pub ping_interval_millis: u64,
    /// How long the client waits after a ping was due before it gives up, in milliseconds.
    pub ping_timeout_millis: u64,
    /// The largest body that the server accepts from a polling client, in bytes.
    pub max_payload_bytes: u64,
}

/// Why a frame or a polling body is not Engine.IO. The server must close the connection from which it came.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The frame is `""`, or two separators touch.
    #[error("frame is empty, a packet starts with its type")]
    Empty,
    /// The first character is not a packet type.
    #[error("packet type {0:?} is unknown, allowed are 0 to 6 and b")]
    UnknownType(char),
    /// A packet type that carries nothing is followed by text.
    #[error("packet type {0} carries no data, except that 2 and 3 may carry `probe`")]
    UnexpectedData(char),
    /// The text after `0` is not JSON.
    #[error("open packet is not JSON")]
    Json(#[from] serde_json::Error),
    /// The text after `0` does not start as a JSON object does.
    #[error("open packet carries no JSON object")]
    OpenNotAnObject,
    /// One of the five keys is absent, or its value has the wrong type.
    #[error("open packet has no valid `{0}`")]
    OpenField(&'static str),
    /// There is a sixth key.
    #[error("open packet has more than sid, upgrades, pingInterval, pingTimeout and maxPayload")]
    OpenExtraField,
    /// The polling body holds too many packets.
    #[error("body holds more than {MAX_PACKETS_PER_PAYLOAD} packets")]
    TooManyPackets,
}

/// Why packets cannot be put into one polling body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// There is no packet. No client can decode an empty body.
    #[error("body needs at least one packet, a noop if there is nothing to say")]
    NoPackets,
    /// A message contains U+001E, which would cut it in two. No Socket.IO packet does: JSON escapes the character, and
    /// a namespace may not contain it.
    #[error("message holds the separator U+001E, which polling cannot carry")]
    SeparatorInMessage,
}

impl Packet<'_> {
    /// Encodes the packet as one text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        match self {
            Self::Open(open) => open.encode(),
            Self::Close => "1".to_owned(),
            Self::Ping => "2".to_owned(),
            Self::PingProbe => "2probe".to_owned(),
            Self::Pong => "3".to_owned(),
            Self::PongProbe => "3probe".to_owned(),
            Self::Message(text) => format!("4{text}"),
            Self::Upgrade => "5".to_owned(),
            Self::Noop => "6".to_owned(),
            Self::Binary(bytes) => format!("b{}", STANDARD.encode(bytes)),
        }
    }
}

impl Open {
    fn encode(&self) -> String {
        let Self { sid, upgrades, ping_interval_millis, ping_timeout_millis, max_payload_bytes } = self;
        let sid = Value::from(sid.as_str());
        let upgrades = Value::from(upgrades.as_slice());
        let heartbeat = format!(r#""pingInterval":{ping_interval_millis},"pingTimeout":{ping_timeout_millis}"#);
        format!(r#"0{{"sid":{sid},"upgrades":{upgrades},{heartbeat},"maxPayload":{max_payload_bytes}}}"#)
    }

    fn decode(text: &str) -> Result<Self, DecodeError> {
        if !text.starts_with('{') {
            return Err(DecodeError::OpenNotAnObject);
        }
        let Value::Object(mut fields) = json::parse(text)? else { return Err(DecodeError::OpenNotAnObject) };
        let mut take = |key: &'static str| fields.remove(key).ok_or(DecodeError::OpenField(key));
        let open = Self {
            sid: string(take("sid")?).ok_or(DecodeError::OpenField("sid"))?,
            upgrades: strings(take("upgrades")?).ok_or(DecodeError::OpenField("upgrades"))?,
            ping_interval_millis: take("pingInterval")?.as_u64().ok_or(DecodeError::OpenField("pingInterval"))?,
            ping_timeout_millis: take("pingTimeout")?.as_u64().ok_or(DecodeError::OpenField("pingTimeout"))?,
            max_payload_bytes: take("maxPayload")?.as_u64().ok_or(DecodeError::OpenField("maxPayload"))?,
        };
        if fields.is_empty() { Ok(open) } else { Err(DecodeError::OpenExtraField) }
    }
}

fn string(value: Value) -> Option<String> {
    if let Value::String(text) = value { Some(text) } else { None }
}

fn strings(value: Value) -> Option<Vec<String>> {
    if let Value::Array(values) = value { values.into_iter().map(string).collect() } else { None }
}

/// Decodes one text frame, whichever side sent it.
///
/// # Errors
/// Every text that is not exactly one packet.
pub fn decode(frame: &str) -> Result<Packet<'_>, DecodeError> {
    let mut characters = frame.chars();
    match (characters.next(), characters.as_str()) {
        (None, _) => Err(DecodeError::Empty),
        (Some('0'), open) => Open::decode(open).map(Packet::Open),
        (Some('1'), "") => Ok(Packet::Close),
        (Some('2'), "") => Ok(Packet::Ping),
        (Some('2'), "probe") => Ok(Packet::PingProbe),
        (Some('3'), "") => Ok(Packet::Pong),
        (Some('3'), "probe") => Ok(Packet::PongProbe),
        (Some('4'), text) => Ok(Packet::Message(Cow::Borrowed(text))),
        (Some('5'), "") => Ok(Packet::Upgrade),
        (Some('6'), "") => Ok(Packet::Noop),
        (Some('b'), base64) => Ok(Packet::Binary(bytes(base64))),
        (Some(bare @ ('1' | '2' | '3' | '5' | '6')), _) => Err(DecodeError::UnexpectedData(bare)),
        (Some(unknown), _) => Err(DecodeError::UnknownType(unknown)),
    }
}

/// Decodes base64 as Node's Buffer does (docs/protocol.md, "Binary"): it ends with the first `=`; `-` and `_` stand for
/// `+` and `/`; characters of neither alphabet are ignored, for instance line feeds. A last character that is not
/// enough for a byte is ignored, too.
fn bytes(base64: &str) -> Vec<u8> {
    // Nearly always the text is what an encoder produces.
    if let Ok(bytes) = STANDARD.decode(base64) {
        return bytes;
    }
    let until_padding = base64.bytes().take_while(|byte| *byte != b'=');
    let mut plain: Vec<u8> = until_padding
        .filter_map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => Some(byte),
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            _ => None,
        })
        .collect();
    if plain.len() % 4 == 1 {
        plain.pop();
    }
    UNPADDED.decode(plain).unwrap_or_default()
}

/// Joins packets into one polling body, in their order.
///
/// # Errors
/// There is no packet, or a message that polling cannot carry.
pub fn encode_payload(packets: &[Packet<'_>]) -> Result<String, EncodeError> {
    if packets.is_empty() {
        return Err(EncodeError::NoPackets);
    }
    let frames: Vec<String> = packets.iter().map(Packet::encode).collect();
    if frames.iter().any(|frame| frame.contains(SEPARATOR)) {
        return Err(EncodeError::SeparatorInMessage);
    }
    Ok(frames.join(SEPARATOR))
}

/// Decodes a polling body: all of its packets in their order, or none of them.
///
/// # Errors
/// One packet is undecodable, the body is empty, or it holds more than [`MAX_PACKETS_PER_PAYLOAD`] packets.
pub fn decode_payload(payload: &str) -> Result<Vec<Packet<'_>>, DecodeError> {
    let mut packets = Vec::new();
    for frame in payload.split(SEPARATOR) {
        if packets.len() == MAX_PACKETS_PER_PAYLOAD {
            return Err(DecodeError::TooManyPackets);
        }
        packets.push(decode(frame)?);
    }
    Ok(packets)
}
