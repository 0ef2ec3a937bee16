//! Examples: the protocol documents', the official test suites', and the ways in which other implementations broke.

use std::borrow::Cow;

use frame::engine::{self, Open, decode_payload, encode_payload};
use frame::socket::{self, AckId, Attachments, Body, EventName, MAX_ACK_ID_DIGITS, MAX_NAMESPACE_BYTES, Namespace};
use serde_json::{Map, Value, json};

/// The packet that a text must be, and which must be that text again.
#[track_caller]
fn packet(text: &str) -> (String, Body) {
    match socket::decode(text) {
        Ok(packet) => {
            assert_eq!(packet.encode(), text);
            (packet.namespace.to_string(), packet.body)
        }
        Err(error) => panic!("{text} is a packet, but: {error}"),
    }
}

/// What is said of a text that must not be a packet.
#[track_caller]
fn refusal(text: &str) -> String {
    match socket::decode(text) {
        Ok(packet) => panic!("{text} is no packet, but became {packet:?}"),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn frame_refusal(frame: &str) -> String {
    match engine::decode(frame) {
        Ok(packet) => panic!("{frame} is no frame, but became {packet:?}"),
        Err(error) => error.to_string(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn event(name: &str, arguments: Value, ack: Option<&str>) -> Body {
    Body::Event {
        name: EventName::parse(name).unwrap(),
        arguments: arguments.as_array().cloned().unwrap_or_default(),
        ack: ack.map(|digits| AckId::parse(digits).unwrap()),
    }
}

// Engine.IO

#[test]
fn open_packet_has_exactly_its_five_keys_in_the_documented_order() {
    let open = engine::Packet::Open(Open {
        sid: "lv_VI97HAXpY6yYWAAAC".to_owned(),
        upgrades: vec!["websocket".to_owned()],
        ping_interval_millis: 25_000,
        ping_timeout_millis: 20_000,
        max_payload_bytes: 1_000_000,
    });
    let frame = r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
    assert_eq!(open.encode(), frame);
    assert_eq!(engine::decode(frame).unwrap(), open);
}

#[test]
fn open_packet_with_a_key_more_or_less_or_of_another_type_is_undecodable() {
    for (frame, message) in [
        ("0", "open packet carries no JSON object"),
        ("0[]", "open packet carries no JSON object"),
        ("0{", "open packet is not JSON"),
        ("0{}", "open packet has no valid `sid`"),
        (
            r#"0{"sid":"a","upgrades":[1],"pingInterval":1,"pingTimeout":1,"maxPayload":1}"#,
            "open packet has no valid `upgrades`",
        ),
        (
            r#"0{"sid":"a","upgrades":[],"pingInterval":-1,"pingTimeout":1,"maxPayload":1}"#,
            "open packet has no valid `pingInterval`",
        ),
        (
            r#"0{"sid":"a","upgrades":[],"pingInterval":1,"pingTimeout":1.5,"maxPayload":1}"#,
            "open packet has no valid `pingTimeout`",
        ),
        (
            r#"0{"sid":"a","upgrades":[],"pingInterval":1,"pingTimeout":1,"maxPayload":1,"more":1}"#,
            "open packet has more than sid, upgrades, pingInterval, pingTimeout and maxPayload",
        ),
    ] {
        assert_eq!(frame_refusal(frame), message, "{frame}");
    }
}

#[test]
fn each_frame_type_is_read_and_written_as_the_protocol_has_it() {
    for (frame, packet) in [
        ("1", engine::Packet::Close),
        ("2", engine::Packet::Ping),
        ("2probe", engine::Packet::PingProbe),
        ("3", engine::Packet::Pong),
        ("3probe", engine::Packet::PongProbe),
        ("4hello", engine::Packet::Message(Cow::Borrowed("hello"))),
        ("4", engine::Packet::Message(Cow::Borrowed(""))),
        ("4€ and \u{1e}", engine::Packet::Message(Cow::Borrowed("€ and \u{1e}"))),
        ("5", engine::Packet::Upgrade),
        ("6", engine::Packet::Noop),
        ("bAQIDBA==", engine::Packet::Binary(vec![1, 2, 3, 4])),
        ("b4OHi", engine::Packet::Binary(vec![0xe0, 0xe1, 0xe2])),
        ("b", engine::Packet::Binary(Vec::new())),
    ] {
        assert_eq!(engine::decode(frame).unwrap(), packet, "{frame}");
        assert_eq!(packet.encode(), frame);
    }
}

#[test]
fn a_message_is_borrowed_from_its_frame() {
    assert!(matches!(engine::decode("4hello"), Ok(engine::Packet::Message(Cow::Borrowed("hello")))));
}

#[test]
fn frames_of_no_type_or_with_something_behind_are_undecodable() {
    assert_eq!(frame_refusal(""), "frame is empty, a packet starts with its type");
    assert_eq!(
        frame_refusal(r#"{"message":"Internal server error","connectionId":"a","requestId":"b"}"#),
        "packet type '{' is unknown, allowed are 0 to 6 and b"
    );
    for frame in ["7", "abc", " 2", "B", "é", "🦀2", "\u{1e}", "-1"] {
        assert!(frame_refusal(frame).contains("is unknown"), "{frame}");
    }
    for frame in ["1x", "2abc", "2prob", "2probes", "2 ", "3junk", "3Probe", "5probe", "6\n", "2é", "3🦀"] {
        assert!(frame_refusal(frame).contains("carries no data"), "{frame}");
    }
}

#[test]
fn base64_is_read_as_nodes_buffer_reads_it() {
    // What `Buffer.from(text, "base64")` gives.
    let read: [(&str, &[u8]); 13] = [
        ("YQ==", b"a"),
        ("YQ", b"a"),
        ("YWJj\nZGVm", b"abcdef"),
        ("YWJj\r\nZGVm\r\n", b"abcdef"),
        ("YQ==\n", b"a"),
        ("YWJj=ZGVm", b"abc"),
        ("=bad", b""),
        ("-_-_", &[0xfb, 0xff, 0xbf]),
        ("Y", b""),
        ("!!YQ", b"a"),
        ("YQ==YQ==", b"a"),
        ("YW\u{fc}Jj", b"abc"),
        ("AR", &[1]),
    ];
    for (base64, bytes) in read {
        assert_eq!(engine::decode(&format!("b{base64}")).unwrap(), engine::Packet::Binary(bytes.to_vec()), "{base64}");
    }
}

#[test]
fn polling_body_holds_its_packets_in_order() {
    let body = "4hello\u{1e}2\u{1e}4world\u{1e}bAQIDBA==";
    let packets = decode_payload(body).unwrap();
    assert_eq!(
        packets,
        [
            engine::Packet::Message(Cow::Borrowed("hello")),
            engine::Packet::Ping,
            engine::Packet::Message(Cow::Borrowed("world")),
            engine::Packet::Binary(vec![1, 2, 3, 4]),
        ]
    );
    assert_eq!(encode_payload(&packets).unwrap(), body);
}

#[test]
fn polling_body_is_undecodable_as_a_whole_if_one_packet_is() {
    for body in ["", "\u{1e}", "4a\u{1e}", "\u{1e}4a", "4a\u{1e}\u{1e}4b", "4a\u{1e}2abc"] {
        assert!(decode_payload(body).is_err(), "{body:?}");
    }
}

#[test]
fn polling_body_has_a_bounded_number_of_packets() {
    let body = |packets: usize| vec!["6"; packets].join("\u{1e}");
    assert_eq!(decode_payload(&body(engine::MAX_PACKETS_PER_PAYLOAD)).unwrap().len(), engine::MAX_PACKETS_PER_PAYLOAD);
    assert!(matches!(
        decode_payload(&body(engine::MAX_PACKETS_PER_PAYLOAD + 1)),
        Err(engine::DecodeError::TooManyPackets)
    ));
}

#[test]
fn polling_body_is_never_empty_and_never_cuts_a_message() {
    assert_eq!(encode_payload(&[]), Err(engine::EncodeError::NoPackets));
    let torn = engine::Packet::Message(Cow::Borrowed("a\u{1e}b"));
    assert_eq!(encode_payload(&[torn]), Err(engine::EncodeError::SeparatorInMessage));

    let packet = socket::Packet { namespace: Namespace::root(), body: event("a\u{1e}b", json!(["\u{1e}"]), None) };
    let body = encode_payload(&[engine::Packet::Message(packet.encode().into()), engine::Packet::Noop]).unwrap();
    assert_eq!(decode_payload(&body).unwrap().len(), 2);
}

// Socket.IO: the protocol's own examples

#[test]
fn connect_is_read_with_and_without_namespace_and_payload() {
    assert_eq!(packet("0"), ("/".to_owned(), Body::Connect { payload: None }));
    assert_eq!(
        packet(r#"0{"token":"123"}"#),
        ("/".to_owned(), Body::Connect { payload: Some(object(json!({ "token": "123" }))) })
    );
    assert_eq!(packet("0/admin,"), ("/admin".to_owned(), Body::Connect { payload: None }));
    assert_eq!(
        packet(r#"0/admin,{"pid":"b","sid":"a"}"#),
        ("/admin".to_owned(), Body::Connect { payload: Some(object(json!({ "sid": "a", "pid": "b" }))) })
    );
}

#[test]
fn refusal_carries_message_and_data() {
    assert_eq!(
        packet(r#"4/random,{"message":"Invalid namespace"}"#),
        ("/random".to_owned(), Body::ConnectError { payload: object(json!({ "message": "Invalid namespace" })) })
    );
    assert_eq!(
        packet(r#"4{"data":{"code":401},"message":"Not authorized"}"#),
        (
            "/".to_owned(),
            Body::ConnectError { payload: object(json!({ "message": "Not authorized", "data": { "code": 401 } })) }
        )
    );
}

#[test]
fn event_is_read_with_and_without_namespace_and_ack_id() {
    assert_eq!(packet(r#"2["foo"]"#), ("/".to_owned(), event("foo", json!([]), None)));
    assert_eq!(packet(r#"2/admin,["bar"]"#), ("/admin".to_owned(), event("bar", json!([]), None)));
    assert_eq!(packet(r#"212["foo"]"#), ("/".to_owned(), event("foo", json!([]), Some("12"))));
    assert_eq!(
        packet(r#"2/admin,456["message-with-ack",1,"2",{"3":[false]}]"#),
        ("/admin".to_owned(), event("message-with-ack", json!([1, "2", { "3": [false] }]), Some("456")))
    );
}

#[test]
fn ack_is_read_even_if_it_says_nothing() {
    let ack = |id: &str, arguments: Vec<Value>| Body::Ack { id: AckId::parse(id).unwrap(), arguments };
    assert_eq!(packet(r#"3/admin,13["bar"]"#), ("/admin".to_owned(), ack("13", vec![json!("bar")])));
    assert_eq!(packet("30[]"), ("/".to_owned(), ack("0", Vec::new())));
}

#[test]
fn disconnect_is_read_with_and_without_namespace() {
    assert_eq!(packet("1"), ("/".to_owned(), Body::Disconnect));
    assert_eq!(packet("1/admin,"), ("/admin".to_owned(), Body::Disconnect));
}

#[test]
fn binary_event_and_ack_say_how_many_attachments_follow() {
    assert_eq!(
        packet(r#"52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#),
        (
            "/admin".to_owned(),
            Body::BinaryEvent {
                attachments: Attachments::new(2).unwrap(),
                name: EventName::parse("baz").unwrap(),
                arguments: vec![json!({ "_placeholder": true, "num": 0 }), json!({ "_placeholder": true, "num": 1 })],
                ack: None,
            }
        )
    );
    assert_eq!(
        packet(r#"61-15["bar",[{"file":{"_placeholder":true,"num":0}}]]"#),
        (
            "/".to_owned(),
            Body::BinaryAck {
                attachments: Attachments::new(1).unwrap(),
                id: AckId::parse("15").unwrap(),
                arguments: vec![json!("bar"), json!([{ "file": { "_placeholder": true, "num": 0 } }])],
            }
        )
    );
    packet(r#"50-7["nothing to follow"]"#);
}

// Socket.IO: the details

#[test]
fn comma_may_be_missing_when_nothing_follows_the_namespace() {
    for (short, full) in [("0/admin", "0/admin,"), ("1/admin", "1/admin,"), ("0/", "0"), ("0/,", "0"), ("1/", "1")] {
        assert_eq!(socket::decode(short).unwrap(), socket::decode(full).unwrap(), "{short}");
    }
    assert_eq!(socket::decode(r#"2/,["a"]"#).unwrap().encode(), r#"2["a"]"#);
    assert_eq!(refusal("2/admin"), "payload of an event or ack is not an array");
    assert_eq!(refusal("3/admin"), "ack has no ack id");
}

#[test]
fn without_a_comma_everything_belongs_to_the_namespace() {
    let (namespace, body) = packet(r#"0/admin{"token":"a"},"#);
    assert_eq!((namespace.as_str(), body), (r#"/admin{"token":"a"}"#, Body::Connect { payload: None }));
}

#[test]
fn query_in_a_namespace_is_part_of_its_name() {
    let (namespace, _) = packet(r#"0/admin?token=abc&uid=1,{"a":1}"#);
    assert_eq!(namespace, "/admin?token=abc&uid=1");
}

#[test]
fn namespace_has_a_slash_no_comma_no_control_character_and_a_bounded_length() {
    assert!(Namespace::root().is_root());
    assert_eq!(Namespace::parse("/").unwrap(), Namespace::root());
    assert!(Namespace::parse("/Grüße 🦀").is_ok());
    for name in ["", "admin", " /admin", "é/"] {
        assert!(matches!(Namespace::parse(name), Err(socket::DecodeError::NamespaceWithoutSlash)), "{name}");
    }
    for name in ["/a,b", "/a\u{1e}b", "/\0", "/\n", "/\u{85}"] {
        assert!(matches!(Namespace::parse(name), Err(socket::DecodeError::NamespaceCharacter)), "{name:?}");
    }
    let longest = format!("/{}", "n".repeat(MAX_NAMESPACE_BYTES - 1));
    packet(&format!("0{longest},"));
    assert_eq!(refusal(&format!("0{longest}n,")), "namespace is longer than 256 bytes");
}

#[test]
fn connect_payload_must_be_an_object() {
    for text in ["0[]", r#"0"invalid""#, "0null", "0true", r#"0/admin,"invalid""#, "0 {}", "0-1"] {
        assert_eq!(refusal(text), "payload of a connect or connect error is not an object", "{text}");
    }
    assert_eq!(refusal(r#"0{"a":1"#), "payload is not JSON");
    assert_eq!(refusal(r#"0{"a":1}{}"#), "payload is not JSON");
}

#[test]
fn refusal_payload_must_be_an_object() {
    for text in ["4", "4[]", r#"4"Unauthorized""#, "4/admin", "4null"] {
        assert_eq!(refusal(text), "payload of a connect or connect error is not an object", "{text}");
    }
}

#[test]
fn disconnect_has_no_payload() {
    for text in ["1/admin,{}", "1{}", "1null", "1 ", "1/admin,,", r#"1["a"]"#] {
        assert_eq!(refusal(text), "disconnect carries no payload", "{text}");
    }
}

#[test]
fn only_events_and_acks_have_an_ack_id() {
    for text in [r#"01{"a":1}"#, "01", "11", "1/admin,1", r#"4/admin,1{"message":"a"}"#] {
        assert_eq!(refusal(text), "only events and acks carry an ack id", "{text}");
    }
    for text in ["3[]", r#"3/admin,["a"]"#, "3", "60-[]"] {
        assert_eq!(refusal(text), "ack has no ack id", "{text}");
    }
}

#[test]
fn event_is_an_array_that_starts_with_its_name() {
    for text in
        ["2", "2{}", "2/admin,{}", r#"2"a""#, "2null", r#"2abc["a"]"#, r#"2 ["a"]"#, r#"2-1["a"]"#, "21", "2/,12"]
    {
        assert_eq!(refusal(text), "payload of an event or ack is not an array", "{text}");
    }
    for text in ["2[]", "2[null]", "2[true]", r#"2[{"toString":"foo"}]"#, "2[[]]", "50-[]"] {
        assert_eq!(refusal(text), "first element of an event is not its name, a string or a number", "{text}");
    }
    for text in ["2[", r#"2["a""#, r#"2["a"]]"#, r#"2["a",]"#, "2['a']", r#"2["a",NaN]"#, r#"2["a"] x"#, "2[\"\n\"]"] {
        assert_eq!(refusal(text), "payload is not JSON", "{text}");
    }
}

#[test]
fn event_may_be_called_anything_but_what_the_client_libraries_reserve() {
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
        assert_eq!(refusal(&format!(r#"2["{name}"]"#)), format!("event name `{name}` is reserved"));
        assert_eq!(refusal(&format!(r#"50-["{name}"]"#)), format!("event name `{name}` is reserved"));
        assert!(EventName::parse(name).is_err());
    }
    assert_eq!(refusal(r#"2["conn\u0065ct"]"#), "event name `connect` is reserved");
    for name in ["", "Connect", "connection", "error", "message", "a\"b", "🦀"] {
        let (_, body) = packet(&format!("2{}", json!([name])));
        assert_eq!(body, event(name, json!([]), None));
    }
}

#[test]
fn number_as_event_name_is_allowed_and_stays_a_number() {
    for (text, name) in
        [("2[1]", "1"), ("2[-7,\"a\"]", "-7"), ("2[1.5]", "1.5"), ("2[18446744073709551615]", "18446744073709551615")]
    {
        let (_, Body::Event { name: read, .. }) = packet(text) else { panic!("{text} is an event") };
        assert_eq!(read.as_str(), name);
        assert_ne!(read, EventName::parse(name).unwrap());
    }
}

#[test]
fn attachments_are_announced_by_a_number_and_a_dash_up_to_ten() {
    for text in [
        "5",
        "51",
        "5a-",
        "51.23-",
        r#"5-["a"]"#,
        r#"5["a"]"#,
        r#"5["a-b"]"#,
        "5+1-",
        "501-",
        "500-",
        "5 1-",
        "5١-",
        "6/a-b,1[]",
    ] {
        assert_eq!(
            refusal(text),
            "binary packet needs its number of attachments, without leading zeros, and `-` after its type",
            "{text}"
        );
    }
    for text in ["511-", "5256-", r#"599999999999999999999999-["a"]"#, "611-1[]"] {
        assert_eq!(refusal(text), "binary packet has more than 10 attachments", "{text}");
    }
    let placeholders: Vec<Value> = (0..10).map(|num| json!({ "_placeholder": true, "num": num })).collect();
    packet(&format!("610-1{}", Value::from(placeholders)));
    assert!(Attachments::new(11).is_err());
    assert_eq!(refusal(r#"21-["a"]"#), "payload of an event or ack is not an array");
}

#[test]
fn each_attachment_has_exactly_one_placeholder() {
    for text in [
        r#"51-["a"]"#,
        r#"50-["a",{"_placeholder":true,"num":0}]"#,
        r#"51-["a",{"_placeholder":true,"num":1}]"#,
        r#"51-["a",{"_placeholder":true,"num":-1}]"#,
        r#"51-["a",{"_placeholder":true,"num":0.5}]"#,
        r#"51-["a",{"_placeholder":true,"num":"0"}]"#,
        r#"51-["a",{"_placeholder":true}]"#,
        r#"51-["a",{"_placeholder":true,"num":0,"more":1}]"#,
        r#"51-["a",{"_placeholder":false,"num":0}]"#,
        r#"51-["a",{"_placeholder":1,"num":0}]"#,
        r#"52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
        r#"51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
        r#"61-1[]"#,
    ] {
        assert_eq!(
            refusal(text),
            "binary packet needs exactly one placeholder with its `num` for each attachment",
            "{text}"
        );
    }
    packet(r#"52-["a",{"_placeholder":true,"num":1},[[{"b":{"_placeholder":true,"num":0}}]]]"#);
    packet(r#"51-["a",{"_placeholder":false,"num":9},{"_placeholder":true,"num":0}]"#);
}

#[test]
fn placeholder_in_a_text_event_is_plain_data() {
    packet(r#"2["a",{"_placeholder":true,"num":7}]"#);
}

#[test]
fn text_of_no_packet_type_is_undecodable() {
    assert_eq!(refusal(""), "packet is empty, it starts with its type");
    assert_eq!(refusal("abc"), "packet type 'a' is unknown, allowed are 0 to 6");
    for text in ["7", "999", "9[\"a\"]", " 2[\"a\"]", "-1", "٢[\"a\"]"] {
        assert!(refusal(text).contains("is unknown"), "{text}");
    }
}

#[test]
fn half_a_surrogate_pair_becomes_the_replacement_character() {
    for (text, read) in [
        (r#"2["\ud800"]"#, "2[\"\u{fffd}\"]"),
        (r#"2["a","\uDC00"]"#, "2[\"a\",\"\u{fffd}\"]"),
        (r#"2["a","\ud800\ud800"]"#, "2[\"a\",\"\u{fffd}\u{fffd}\"]"),
        (r#"2["a","\udc00\ud800"]"#, "2[\"a\",\"\u{fffd}\u{fffd}\"]"),
        (r#"2["a","\ud83e\ud83e\udd80é"]"#, "2[\"a\",\"\u{fffd}🦀é\"]"),
        (r#"2["a",{"\ud83e":"é\ud83e"}]"#, "2[\"a\",{\"\u{fffd}\":\"é\u{fffd}\"}]"),
        (r#"31["\ud83ex\n"]"#, "31[\"\u{fffd}x\\n\"]"),
        // A backslash, and what follows it.
        (r#"2["a","\\ud800"]"#, r#"2["a","\\ud800"]"#),
        (r#"2["a","\\\ud800"]"#, "2[\"a\",\"\\\\\u{fffd}\"]"),
    ] {
        assert_eq!(socket::decode(text).unwrap().encode(), read, "{text}");
    }
    for text in [r#"2["\ud80"]"#, r#"2["\u+d80"]"#, r#"2["a",\ud800]"#, r#"2["a","\"#, r#"2["a","\é"]"#] {
        assert_eq!(refusal(text), "payload is not JSON", "{text}");
    }
    let crab = socket::decode(r#"2["\ud83e\udd80"]"#).unwrap();
    assert_eq!(crab.encode(), r#"2["🦀"]"#);
}

// Known ways others broke

#[test]
fn event_named_error_is_an_ordinary_event() {
    assert_eq!(packet(r#"2["error","x"]"#), ("/".to_owned(), event("error", json!(["x"]), None)));
}

#[test]
fn packet_that_starts_with_a_multi_byte_character_is_undecodable() {
    for text in ["é", "éabcd", "€2[\"a\"]", "🦀", "\u{feff}2[\"a\"]", "\u{301}0"] {
        assert!(refusal(text).contains("is unknown"), "{text}");
        assert!(frame_refusal(text).contains("is unknown"), "{text}");
    }
    assert_eq!(refusal("2é[\"a\"]"), "payload of an event or ack is not an array");
    assert_eq!(refusal("21é[\"a\"]"), "payload of an event or ack is not an array");
    assert_eq!(packet("0/é,").0, "/é");
}

#[test]
fn ack_id_beyond_64_bits_is_kept_digit_by_digit() {
    for digits in ["9007199254740993", "18446744073709551616", "340282366920938463463374607431768211456", "007", "0"] {
        let (_, body) = packet(&format!(r#"2{digits}["a"]"#));
        assert_eq!(body, event("a", json!([]), Some(digits)));
        let answer = Body::Ack { id: AckId::parse(digits).unwrap(), arguments: Vec::new() };
        assert_eq!(packet(&format!("3{digits}[]")), ("/".to_owned(), answer));
    }
    let longest = "9".repeat(MAX_ACK_ID_DIGITS);
    packet(&format!("3{longest}[]"));
    assert_eq!(refusal(&format!("3{longest}9[]")), "ack id is longer than 16384 digits");
    assert_eq!(refusal(&format!("2{}", "9".repeat(1_000_000))), "ack id is longer than 16384 digits");
    for digits in ["", "-1", "+1", "1.0", "1e3", " 1", "0x1", "١", "１"] {
        assert!(matches!(AckId::parse(digits), Err(socket::DecodeError::AckIdMalformed)), "{digits}");
    }
}

#[test]
fn number_where_an_array_is_due_is_undecodable() {
    for text in ["2123", "3123", "3/admin,1", "31 2", "31.5", "3-1", "31-2[]"] {
        let message = refusal(text);
        assert!(message.contains("not an array") || message == "ack has no ack id", "{text}: {message}");
    }
}

#[test]
fn tiny_fragments_of_packets_are_packets_or_errors() {
    for text in [
        r#"52-/admin,12["bäz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
        r#"61-/ädmin,12["b🦀z",{"_placeholder":true,"num":0}]"#,
        r#"0/admin,{"token":"🦀\ud83e\udd80"}"#,
        r#"4/admin,{"message":"é"}"#,
    ] {
        packet_or_error(text);
        for (cut, _) in text.char_indices() {
            let (head, tail) = text.split_at(cut);
            packet_or_error(head);
            packet_or_error(tail);
        }
    }
}

fn packet_or_error(text: &str) {
    if let Ok(packet) = socket::decode(text) {
        assert_eq!(socket::decode(&packet.encode()).unwrap(), packet, "{text}");
    }
}

#[test]
fn deep_nesting_is_undecodable_and_does_not_overflow_the_stack() {
    let nested = |depth: usize| format!("2{}\"a\"{}", r#"["a","#.repeat(depth), "]".repeat(depth));
    packet(&nested(100));
    for depth in [128, 1_000, 100_000] {
        assert_eq!(refusal(&nested(depth)), "payload is not JSON");
        assert_eq!(refusal(&format!("2{}", "[".repeat(depth))), "payload is not JSON");
        assert_eq!(refusal(&format!("0{}", r#"{"a":"#.repeat(depth))), "payload is not JSON");
    }
    let placeholder = format!(r#"51-["a",{}{{"_placeholder":true,"num":0}}{}]"#, "[".repeat(120), "]".repeat(120));
    packet(&placeholder);
}

#[test]
fn numbers_keep_their_value() {
    packet("2[\"a\",0.1,1.7976931348623157e+308,5e-324,-1,9007199254740993,18446744073709551615]");
    assert_eq!(refusal("2[\"a\",1e999]"), "payload is not JSON");
}

#[test]
fn object_that_looks_like_the_parser_s_own_is_plain_data() {
    for key in ["$serde_json::private::RawValue", "$serde_json::private::Number"] {
        for value in ["1", "[1]", "not JSON", r#"{"_placeholder":true,"num":0}"#] {
            packet(&format!("2{}", json!(["a", { key: value }])));
            packet(&format!("0{}", json!({ "auth": { key: value } })));
            packet(&format!("50-{}", json!(["a", { key: value }])));
        }
    }
    let sid = r#"0{"sid":{"$serde_json::private::RawValue":"\"a\""},"upgrades":[],"pingInterval":1,"pingTimeout":1,"maxPayload":1}"#;
    assert_eq!(frame_refusal(sid), "open packet has no valid `sid`");
}
