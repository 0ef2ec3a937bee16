//! Packets, texts that are nearly packets, and texts that are nothing: what the properties are about.

use std::borrow::Cow;

use frame::engine::{self, Open};
use frame::socket::{self, AckId, Attachments, Body, EventName, Namespace};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Number, Value, json};

/// Any frame of Engine.IO. Messages are free of the separator if they are to travel by polling.
pub(crate) fn frame() -> impl Strategy<Value = engine::Packet<'static>> {
    prop_oneof![
        open().prop_map(engine::Packet::Open),
        Just(engine::Packet::Close),
        Just(engine::Packet::Ping),
        Just(engine::Packet::PingProbe),
        Just(engine::Packet::Pong),
        Just(engine::Packet::PongProbe),
        any::<String>().prop_map(|text| engine::Packet::Message(Cow::Owned(text))),
        packet().prop_map(|packet| engine::Packet::Message(Cow::Owned(packet.encode()))),
        Just(engine::Packet::Upgrade),
        Just(engine::Packet::Noop),
        any::<Vec<u8>>().prop_map(engine::Packet::Binary),
    ]
}

fn open() -> impl Strategy<Value = Open> {
    (any::<String>(), any::<Vec<String>>(), any::<[u64; 3]>()).prop_map(|(sid, upgrades, [interval, timeout, max])| {
        Open { sid, upgrades, ping_interval_millis: interval, ping_timeout_millis: timeout, max_payload_bytes: max }
    })
}

/// Any packet of Socket.IO.
pub(crate) fn packet() -> impl Strategy<Value = socket::Packet> {
    (namespace(), body()).prop_map(|(namespace, body)| socket::Packet { namespace, body })
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        option::of(object()).prop_map(|payload| Body::Connect { payload }),
        Just(Body::Disconnect),
        (event_name(), vec(json(), 0..4), option::of(ack_id())).prop_map(|(name, arguments, ack)| Body::Event {
            name,
            arguments,
            ack
        }),
        (ack_id(), vec(json(), 0..4)).prop_map(|(id, arguments)| Body::Ack { id, arguments }),
        object().prop_map(|payload| Body::ConnectError { payload }),
        (event_name(), attached(), option::of(ack_id())).prop_map(|(name, (attachments, arguments), ack)| {
            Body::BinaryEvent { attachments, name, arguments, ack }
        }),
        (ack_id(), attached()).prop_map(|(id, (attachments, arguments))| Body::BinaryAck {
            attachments,
            id,
            arguments
        }),
    ]
}

fn namespace() -> impl Strategy<Value = Namespace> {
    prop_oneof![Just("/".to_owned()), "/[a-z]{1,12}", "/[^,\\p{Cc}]{0,40}", "/[0-9\\[\\]{}\"-]{0,8}",]
        .prop_map(|name| Namespace::parse(&name).unwrap())
}

fn ack_id() -> impl Strategy<Value = AckId> {
    prop_oneof!["[0-9]{1,3}", "[0-9]{1,64}"].prop_map(|digits| AckId::parse(&digits).unwrap())
}

fn event_name() -> impl Strategy<Value = EventName> {
    prop_oneof![
        "[a-z_:]{1,12}".prop_filter_map("reserved", |text| EventName::parse(&text).ok()),
        any::<String>().prop_filter_map("reserved", |text| EventName::parse(&text).ok()),
        number().prop_map(|number| {
            let Body::Event { name, .. } = socket::decode(&format!("2[{number}]")).unwrap().body else {
                unreachable!()
            };
            name
        }),
    ]
}

/// Attachments, and arguments in which each of them has its placeholder somewhere.
fn attached() -> impl Strategy<Value = (Attachments, Vec<Value>)> {
    (vec((any::<Index>(), 0..3), 0..=10), vec(json(), 0..4)).prop_map(|(places, mut arguments)| {
        for (num, (place, depth)) in places.iter().enumerate() {
            let placeholder = json!({ "_placeholder": true, "num": num });
            let nested = match depth {
                0 => placeholder,
                1 => json!([1, placeholder]),
                _ => json!({ "deep": [{ "file": placeholder }] }),
            };
            arguments.insert(place.index(arguments.len() + 1), nested);
        }
        (Attachments::new(u8::try_from(places.len()).unwrap()).unwrap(), arguments)
    })
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("not finite", Number::from_f64),
    ]
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    btree_map(any::<String>(), json(), 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::Number),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Anything: bytes as they may come, made text the way a gateway would; texts; pieces of packets in any order; packets
/// with a few characters changed; packets as they should be.
pub(crate) fn socket_text() -> impl Strategy<Value = String> {
    prop_oneof![
        noise(),
        pieces(),
        mutated(packet().prop_map(|packet| packet.encode()).boxed()),
        packet().prop_map(|packet| packet.encode()),
    ]
}

/// The same for frames.
pub(crate) fn frame_text() -> impl Strategy<Value = String> {
    prop_oneof![
        noise(),
        mutated(frame().prop_map(|frame| frame.encode()).boxed()),
        frame().prop_map(|frame| frame.encode()),
        socket_text().prop_map(|text| format!("4{text}")),
        ("[0-6b]", noise()).prop_map(|(kind, rest)| format!("{kind}{rest}")),
    ]
}

fn noise() -> impl Strategy<Value = String> {
    prop_oneof![vec(any::<u8>(), 0..64).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()), any::<String>(),]
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "10",
        "007",
        "9223372036854775808",
        "-",
        "/",
        "/a",
        ",",
        "/a,",
        " ",
        "\n",
        "é",
        "🦀",
        "[",
        "]",
        "[]",
        "{",
        "}",
        "{}",
        "\"",
        "\"a\"",
        "null",
        "true",
        "1.5",
        "-1",
        "[\"a\"]",
        "[\"connect\"]",
        "[1]",
        "[\"a\",{\"_placeholder\":true,\"num\":0}]",
        "{\"_placeholder\":true}",
        "{\"a\":1}",
        "\\ud800",
        "[\"\\ud800\"]",
    ]);
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn mutated(text: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let character =
        prop_oneof![select("0123456789/,-[]{}\":\\ _aub\u{1e}\0é🦀".chars().collect::<Vec<_>>()), any::<char>(),];
    (text, vec((any::<Index>(), 0..5, character), 1..4)).prop_map(|(text, changes)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (place, change, character) in changes {
            let place = place.index(characters.len() + 1);
            match change {
                0 => characters.truncate(place),
                1 => drop(characters.drain(..place)),
                2 if place < characters.len() => drop(characters.remove(place)),
                3 if place < characters.len() => characters[place] = character,
                _ => characters.insert(place, character),
            }
        }
        characters.into_iter().collect()
    })
}
