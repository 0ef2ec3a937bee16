//! The codec against two other implementations, `engineioxide-core` and `socketioxide-parser-common`: the same texts to
//! both. Each way in which they may differ is a variant of [`FrameDifference`], [`BodyDifference`] or
//! [`PacketDifference`], which says what they do, what we do, and why. A difference that is in no list fails, and so
//! does one in a list that is gone.

use engineioxide_core::{OpenPacket, Packet as TheirFrame, PacketParseError, ProtocolVersion, Sid, payload};
use frame::engine;
use frame::socket::{self, Body, DecodeError, MAX_ACK_ID_DIGITS, MAX_NAMESPACE_BYTES};
use futures_util::{FutureExt as _, StreamExt as _};
use http_body_util::Full;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use socketioxide_core::packet::{Packet as TheirPacket, PacketData};
use socketioxide_core::parser::{Parse as _, ParseConfig, ParseError, ParserState};
use socketioxide_parser_common::CommonParser;

use super::generate;

/// The ways in which a frame is read differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FrameDifference {
    /// They ignore what follows a ping, pong, close, upgrade or noop. No client sends anything there, so to us it is
    /// not Engine.IO.
    DataIgnored,
    /// They only write the open packet, as a server does. We also read it, as a client does.
    OpenNotRead,
    /// They refuse base64 with line feeds, without padding or of the URL-safe alphabet. We read it as Node's Buffer
    /// does, for Java's encoder appends a line feed.
    Base64Refused,
}

/// The ways in which a polling body is read differently although each of its frames is read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyDifference {
    /// They see no packet behind the last separator, and none in an empty body. We see an empty one, as the reference
    /// parser does, and that is undecodable.
    EmptyEndIgnored,
}

/// The ways in which a Socket.IO packet is read differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PacketDifference {
    /// They refuse a CONNECT_ERROR. We read it, as a client does; that no client may send one is for the handlers to
    /// say.
    ConnectErrorNotRead,
    /// They drop the ack id of an event beyond 63 bits, so its sender waits for ever. We keep the digits.
    LongAckIdDropped,
    /// They refuse an ack whose id is beyond 63 bits. We keep the digits.
    LongAckIdRefused,
    /// They turn `007` into 7. We keep the digits.
    AckIdLosesItsZeros,
    /// They take an ack id of any length. Ours is bounded, for the answer repeats it.
    AckIdUnbounded,
    /// They drop an ack id where the protocol has none. We refuse the packet.
    StrayAckIdIgnored,
    /// They ignore what follows a DISCONNECT. The protocol allows nothing there.
    DisconnectPayloadIgnored,
    /// They leave the JSON for later, when an error no longer closes the connection. We read it at once.
    JsonUnchecked,
    /// They take anything, also nothing, for the array of an event or ack. The protocol demands an array, and it starts
    /// with `[`.
    ArrayUnchecked,
    /// They take anything for the payload of a CONNECT. The protocol demands an object, and it starts with `{`.
    ObjectUnchecked,
    /// They do not look whether an event starts with something that can be its name.
    EventNameUnchecked,
    /// They let through the names that the client libraries keep for themselves, as the reference parser does not.
    ReservedEventNameAllowed,
    /// They cannot read the name of an event that is a number. The reference parser can.
    EventNameNumberUnreadable,
    /// They cannot read the name of an event in which JSON escapes a character, for they want to borrow it. We copy it.
    EventNameEscapesUnreadable,
    /// They do not compare the placeholders with the number of attachments.
    PlaceholdersUnchecked,
    /// They take `001-` for one attachment. No client writes that.
    AttachmentZerosIgnored,
    /// They take a namespace of any length. Ours is bounded, for it becomes part of a key.
    NamespaceUnbounded,
    /// They take control characters in a namespace, even U+001E, which cuts a polling body in two.
    NamespaceControlAllowed,
}

/// How both read a text: alike (`None`), differently in a way that is known, or, as the error, in a way that nobody has
/// explained.
type Comparison<T> = Result<Option<T>, String>;

fn compare_frames(text: &str) -> Comparison<FrameDifference> {
    match (engine::decode(text), TheirFrame::parse(ProtocolVersion::V4, text.to_owned())) {
        (Err(_), Err(_)) => Ok(None),
        (Ok(engine::Packet::Open(_)), Err(PacketParseError::InvalidPacketType(Some('0')))) => {
            Ok(Some(FrameDifference::OpenNotRead))
        }
        (Ok(engine::Packet::Binary(_)), Err(PacketParseError::Base64Decode(_))) => {
            Ok(Some(FrameDifference::Base64Refused))
        }
        (
            Err(engine::DecodeError::UnexpectedData(_)),
            Ok(TheirFrame::Close | TheirFrame::Ping | TheirFrame::Pong | TheirFrame::Upgrade | TheirFrame::Noop),
        ) => Ok(Some(FrameDifference::DataIgnored)),
        (Ok(ours), Ok(theirs)) if translated(&ours).as_ref() == Some(&theirs) => Ok(None),
        (ours, theirs) => Err(format!("we say {ours:?}, they {theirs:?}")),
    }
}

fn translated(frame: &engine::Packet<'_>) -> Option<TheirFrame> {
    Some(match frame {
        engine::Packet::Open(_) => return None,
        engine::Packet::Close => TheirFrame::Close,
        engine::Packet::Ping => TheirFrame::Ping,
        engine::Packet::PingProbe => TheirFrame::PingUpgrade,
        engine::Packet::Pong => TheirFrame::Pong,
        engine::Packet::PongProbe => TheirFrame::PongUpgrade,
        engine::Packet::Message(text) => TheirFrame::Message(text.clone().into_owned().into()),
        engine::Packet::Upgrade => TheirFrame::Upgrade,
        engine::Packet::Noop => TheirFrame::Noop,
        engine::Packet::Binary(bytes) => TheirFrame::Binary(bytes.clone().into()),
    })
}

fn compare_bodies(body: &str) -> Comparison<BodyDifference> {
    let theirs = payload::decoder(Full::new(body.as_bytes()), None, ProtocolVersion::V4, u64::MAX)
        .collect::<Vec<_>>()
        .now_or_never()
        .ok_or("they wait for more than there is")?;
    let theirs: Result<Vec<TheirFrame>, PacketParseError> = theirs.into_iter().collect();
    match (engine::decode_payload(body), theirs) {
        (Err(_), Err(_)) => Ok(None),
        (Err(engine::DecodeError::Empty), Ok(_)) if body.is_empty() || body.ends_with('\u{1e}') => {
            Ok(Some(BodyDifference::EmptyEndIgnored))
        }
        (Ok(ours), Ok(theirs)) if ours.iter().map(translated).eq(theirs.iter().cloned().map(Some)) => Ok(None),
        (ours, theirs) => Err(format!("we say {ours:?}, they {theirs:?}")),
    }
}

fn compare_packets(text: &str) -> Comparison<PacketDifference> {
    match (socket::decode(text), their_decode(text)) {
        (Err(_), Err(_)) => Ok(None),
        (Ok(ours), Err(theirs)) => {
            only_ours(&ours).map(Some).ok_or_else(|| format!("we say {ours:?}, they say it is none: {theirs}"))
        }
        (Err(ours), Ok(theirs)) => only_theirs(&ours, &theirs, text)
            .map(Some)
            .ok_or_else(|| format!("we say it is none: {ours}, they say {theirs:?}")),
        (Ok(ours), Ok(theirs)) => both(&ours, &theirs),
    }
}

/// Their packet, complete or still waiting for its attachments.
fn their_decode(text: &str) -> Result<TheirPacket, ParseError> {
    let config = ParseConfig { max_incoming_binaries: usize::from(socket::MAX_ATTACHMENTS), ..ParseConfig::default() };
    let state = ParserState::default();
    match CommonParser.decode_str(&config, &state, text.to_owned().into()) {
        Err(ParseError::NeedsMoreBinaryData) => Ok(state.partial_bin_packet.lock().unwrap().take().unwrap().packet),
        decided => decided,
    }
}

fn only_ours(ours: &socket::Packet) -> Option<PacketDifference> {
    match &ours.body {
        Body::ConnectError { .. } => Some(PacketDifference::ConnectErrorNotRead),
        Body::Ack { id, .. } | Body::BinaryAck { id, .. } if id.as_str().parse::<i64>().is_err() => {
            Some(PacketDifference::LongAckIdRefused)
        }
        _ => None,
    }
}

/// The difference behind a refusal of ours, if what they have read confirms that there was a reason for it.
fn only_theirs(ours: &DecodeError, theirs: &TheirPacket, text: &str) -> Option<PacketDifference> {
    let kind = theirs.inner.index();
    let payload = their_payload(theirs);
    let json: Option<Value> = frame::json::parse(payload).ok();
    let first = json.as_ref().and_then(|elements| elements.get(0));
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let (difference, confirmed) = match ours {
        DecodeError::AckIdTooLong => (PacketDifference::AckIdUnbounded, digits > MAX_ACK_ID_DIGITS),
        DecodeError::AckIdUnexpected => (PacketDifference::StrayAckIdIgnored, kind < 2),
        DecodeError::PayloadUnexpected => (PacketDifference::DisconnectPayloadIgnored, kind == 1),
        DecodeError::Json(_) => (PacketDifference::JsonUnchecked, json.is_none()),
        DecodeError::PayloadNotAnArray => (PacketDifference::ArrayUnchecked, kind > 1 && !payload.starts_with('[')),
        DecodeError::PayloadNotAnObject => (PacketDifference::ObjectUnchecked, kind == 0 && !payload.starts_with('{')),
        DecodeError::EventNameMissing => {
            let possible = first.is_some_and(|name| name.is_string() || name.is_number());
            (PacketDifference::EventNameUnchecked, !possible)
        }
        DecodeError::EventNameReserved(name) => {
            (PacketDifference::ReservedEventNameAllowed, first.and_then(Value::as_str) == Some(name))
        }
        DecodeError::PlaceholdersMismatched => (PacketDifference::PlaceholdersUnchecked, kind > 4 && json.is_some()),
        DecodeError::AttachmentsMalformed => {
            let zero_in_front = text.get(1..).is_some_and(|count| count.starts_with('0') && !count.starts_with("0-"));
            (PacketDifference::AttachmentZerosIgnored, zero_in_front)
        }
        DecodeError::NamespaceTooLong => {
            (PacketDifference::NamespaceUnbounded, theirs.ns.as_str().len() > MAX_NAMESPACE_BYTES)
        }
        DecodeError::NamespaceCharacter => {
            (PacketDifference::NamespaceControlAllowed, theirs.ns.as_str().contains(char::is_control))
        }
        DecodeError::Empty
        | DecodeError::UnknownType(_)
        | DecodeError::TooManyAttachments
        | DecodeError::NamespaceWithoutSlash
        | DecodeError::AckIdMalformed
        | DecodeError::AckIdMissing => return None,
    };
    confirmed.then_some(difference)
}

fn both(ours: &socket::Packet, theirs: &TheirPacket) -> Comparison<PacketDifference> {
    let (our_reading, their_reading) = (Reading::of_ours(ours), Reading::of_theirs(theirs));
    if our_reading != their_reading {
        return Err(format!("we read {our_reading:?}, they {their_reading:?}"));
    }
    if let PacketData::Event(value, _) | PacketData::BinaryEvent(value, _) = &theirs.inner {
        let json = their_payload(theirs);
        match CommonParser.read_event(value) {
            Ok(name) if Some(name) == our_reading.name.as_deref() => {}
            Ok(name) => return Err(format!("we read the name {:?}, they {name:?}", our_reading.name)),
            Err(_) if !json.trim_start_matches(['[', ' ', '\t', '\n', '\r']).starts_with('"') => {
                return Ok(Some(PacketDifference::EventNameNumberUnreadable));
            }
            Err(_) if json.contains('\\') => return Ok(Some(PacketDifference::EventNameEscapesUnreadable)),
            Err(error) => return Err(format!("they cannot read the name: {error}")),
        }
    }
    match (our_ack_id(ours), their_ack_id(theirs)) {
        (Some(ours), None) if ours.parse::<i64>().is_err() => Ok(Some(PacketDifference::LongAckIdDropped)),
        (Some(ours), Some(theirs)) if *ours == theirs.to_string() => Ok(None),
        (Some(ours), Some(theirs)) if ours.starts_with('0') && ours.parse() == Ok(theirs) => {
            Ok(Some(PacketDifference::AckIdLosesItsZeros))
        }
        (None, None) => Ok(None),
        (ours, theirs) => Err(format!("we read the ack id {ours:?}, they {theirs:?}")),
    }
}

/// What both have to agree on; the ack id is looked at apart.
#[derive(Debug, PartialEq)]
struct Reading {
    kind: usize,
    namespace: String,
    name: Option<String>,
    payload: Option<Value>,
}

impl Reading {
    fn of_ours(packet: &socket::Packet) -> Self {
        let (kind, name, payload) = match &packet.body {
            Body::Connect { payload } => (0, None, payload.clone().map(Value::from)),
            Body::Disconnect => (1, None, None),
            Body::Event { name, arguments, .. } => (2, Some(name), Some(Value::from(arguments.clone()))),
            Body::Ack { arguments, .. } => (3, None, Some(Value::from(arguments.clone()))),
            Body::ConnectError { payload } => (4, None, Some(Value::from(payload.clone()))),
            Body::BinaryEvent { name, arguments, .. } => (5, Some(name), Some(Value::from(arguments.clone()))),
            Body::BinaryAck { arguments, .. } => (6, None, Some(Value::from(arguments.clone()))),
        };
        Self { kind, namespace: packet.namespace.to_string(), name: name.map(ToString::to_string), payload }
    }

    fn of_theirs(packet: &TheirPacket) -> Self {
        let kind = packet.inner.index();
        let mut payload: Option<Value> = frame::json::parse(their_payload(packet)).ok();
        let name = match &mut payload {
            Some(Value::Array(elements)) if kind == 2 || kind == 5 => match elements.remove(0) {
                Value::String(text) => Some(text),
                number => Some(number.to_string()),
            },
            _ => None,
        };
        Self { kind, namespace: packet.ns.to_string(), name, payload }
    }
}

fn our_ack_id(packet: &socket::Packet) -> Option<&str> {
    match &packet.body {
        Body::Event { ack, .. } | Body::BinaryEvent { ack, .. } => ack.as_ref().map(socket::AckId::as_str),
        Body::Ack { id, .. } | Body::BinaryAck { id, .. } => Some(id.as_str()),
        Body::Connect { .. } | Body::Disconnect | Body::ConnectError { .. } => None,
    }
}

fn their_ack_id(packet: &TheirPacket) -> Option<i64> {
    match packet.inner {
        PacketData::Event(_, id) | PacketData::BinaryEvent(_, id) => id,
        PacketData::EventAck(_, id) | PacketData::BinaryAck(_, id) => Some(id),
        PacketData::Connect(_) | PacketData::Disconnect | PacketData::ConnectError(_) => None,
    }
}

fn their_payload(packet: &TheirPacket) -> &str {
    match &packet.inner {
        PacketData::Connect(Some(value))
        | PacketData::Event(value, _)
        | PacketData::EventAck(value, _)
        | PacketData::BinaryEvent(value, _)
        | PacketData::BinaryAck(value, _) => value.as_str().map_or("", |text| text.as_str()),
        PacketData::Connect(None) | PacketData::Disconnect | PacketData::ConnectError(_) => "",
    }
}

#[test]
fn each_listed_difference_of_frames_and_bodies_is_still_there() {
    for text in ["1x", "2abc", "3junk", "5x", "6x", "2é"] {
        assert_eq!(compare_frames(text), Ok(Some(FrameDifference::DataIgnored)), "{text}");
    }
    let open = r#"0{"sid":"a","upgrades":[],"pingInterval":1,"pingTimeout":1,"maxPayload":1}"#;
    assert_eq!(compare_frames(open), Ok(Some(FrameDifference::OpenNotRead)));
    for text in ["bYQ==\n", "bYQ", "b-_-_"] {
        assert_eq!(compare_frames(text), Ok(Some(FrameDifference::Base64Refused)), "{text:?}");
    }
    for body in ["", "4a\u{1e}"] {
        assert_eq!(compare_bodies(body), Ok(Some(BodyDifference::EmptyEndIgnored)), "{body:?}");
    }
}

#[test]
fn each_listed_difference_of_packets_is_still_there() {
    let zeros = "0".repeat(MAX_ACK_ID_DIGITS);
    let letters = "n".repeat(MAX_NAMESPACE_BYTES);
    for (text, difference) in [
        (r#"4{"message":"a"}"#, PacketDifference::ConnectErrorNotRead),
        (r#"29223372036854775808["a"]"#, PacketDifference::LongAckIdDropped),
        ("39223372036854775808[]", PacketDifference::LongAckIdRefused),
        ("3007[]", PacketDifference::AckIdLosesItsZeros),
        (&format!("3{zeros}1[]"), PacketDifference::AckIdUnbounded),
        ("01{}", PacketDifference::StrayAckIdIgnored),
        ("1/a,{}", PacketDifference::DisconnectPayloadIgnored),
        (r#"2["a""#, PacketDifference::JsonUnchecked),
        (r#"2["\ud800"]"#, PacketDifference::EventNameEscapesUnreadable),
        ("2", PacketDifference::ArrayUnchecked),
        ("2{}", PacketDifference::ArrayUnchecked),
        (r#"2 ["a"]"#, PacketDifference::ArrayUnchecked),
        (r#"2abc["a"]"#, PacketDifference::ArrayUnchecked),
        ("0[]", PacketDifference::ObjectUnchecked),
        ("2[]", PacketDifference::EventNameUnchecked),
        ("2[null]", PacketDifference::EventNameUnchecked),
        (r#"2["connect"]"#, PacketDifference::ReservedEventNameAllowed),
        ("2[1]", PacketDifference::EventNameNumberUnreadable),
        (r#"2["a\"b"]"#, PacketDifference::EventNameEscapesUnreadable),
        (r#"51-["a"]"#, PacketDifference::PlaceholdersUnchecked),
        (r#"500-["a"]"#, PacketDifference::AttachmentZerosIgnored),
        (&format!("0/{letters}"), PacketDifference::NamespaceUnbounded),
        ("0/\u{1e}", PacketDifference::NamespaceControlAllowed),
    ] {
        assert_eq!(compare_packets(text), Ok(Some(difference)), "{text}");
    }
}

#[test]
fn open_packet_is_written_alike() {
    let ours = engine::Packet::Open(engine::Open {
        sid: Sid::ZERO.to_string(),
        upgrades: vec!["websocket".to_owned()],
        ping_interval_millis: 25_000,
        ping_timeout_millis: 20_000,
        max_payload_bytes: 100_000,
    });
    assert_eq!(ours.encode(), String::from(TheirFrame::Open(OpenPacket::default())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn frames_are_read_alike_but_for_the_listed_differences(text in generate::frame_text()) {
        let comparison = compare_frames(&text);
        prop_assert!(comparison.is_ok(), "{comparison:?}");
    }

    #[test]
    fn frames_are_written_alike(frame in generate::frame()) {
        if let Some(theirs) = translated(&frame) {
            prop_assert_eq!(frame.encode(), String::from(theirs));
        }
    }

    #[test]
    fn packets_are_read_alike_but_for_the_listed_differences(text in generate::socket_text()) {
        let comparison = compare_packets(&text);
        prop_assert!(comparison.is_ok(), "{comparison:?}");
    }

    #[test]
    fn packets_are_written_alike(packet in generate::packet()) {
        let text = packet.encode();
        // They count attachments that have arrived, so that a binary packet is written by them only with its
        // attachments.
        if let (Ok(None), Body::Connect { .. } | Body::Disconnect | Body::Event { .. } | Body::Ack { .. }) =
            (compare_packets(&text), &packet.body)
        {
            let theirs = CommonParser.encode(their_decode(&text).unwrap());
            prop_assert_eq!(theirs.as_str().map(|text| text.as_str()), Some(text.as_str()));
        }
    }
}

proptest! {
    #[test]
    fn polling_bodies_are_read_alike_but_for_the_listed_differences(frames in vec(generate::frame_text(), 0..4)) {
        let body = frames.join("\u{1e}");
        let frames_alike = body.split('\u{1e}').all(|frame| compare_frames(frame) == Ok(None));
        if frames_alike {
            let comparison = compare_bodies(&body);
            prop_assert!(comparison.is_ok(), "{comparison:?}");
        }
    }
}
