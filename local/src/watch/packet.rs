//! A frame in the form of a record: decoded, without tokens, and bounded.

use frame::engine;
use frame::socket::{self, Body};
use relay::clock::Timestamp;
use relay::store::ADMIN_NAMESPACE;
use serde_json::{Map, Value};

use super::record::{Direction, Packet};
use super::secret::{self, Token};

/// The longest text of a packet that is kept, in bytes.
const TEXT_MAX_BYTES: usize = 8_192;

/// The longest error that is kept, in bytes.
const ERROR_MAX_BYTES: usize = 300;

/// Reads a frame. The second value is what the token in a client's CONNECT packet says.
pub(super) fn read(frame: &str, direction: Direction, now: Timestamp) -> (Packet, Option<Token>) {
    let (mut packet, token) = match engine::decode(frame) {
        Ok(engine::Packet::Message(message)) => match socket::decode(&message) {
            Ok(decoded) => of_socket(decoded, frame, direction, now),
            Err(error) => (undecodable(frame, &error.to_string()), None),
        },
        Ok(packet) => (of_engine(&packet, frame), None),
        Err(error) => (undecodable(frame, &error.to_string()), None),
    };
    packet.bytes = frame.len();
    (packet, token)
}

fn of_engine(packet: &engine::Packet<'_>, frame: &str) -> Packet {
    let kind = match packet {
        engine::Packet::Open(_) => "open",
        engine::Packet::Close => "close",
        engine::Packet::Ping => "ping",
        engine::Packet::PingProbe => "ping_probe",
        engine::Packet::Pong => "pong",
        engine::Packet::PongProbe => "pong_probe",
        engine::Packet::Message(_) => "message",
        engine::Packet::Upgrade => "upgrade",
        engine::Packet::Noop => "noop",
        // Its text would tell nobody anything.
        engine::Packet::Binary(_) => return Packet { kind: "binary", ..Packet::default() },
    };
    Packet { kind, text: bounded(&secret::without_tokens(frame), TEXT_MAX_BYTES), ..Packet::default() }
}

fn of_socket(
    socket::Packet { namespace, mut body }: socket::Packet,
    frame: &str,
    direction: Direction,
    now: Timestamp,
) -> (Packet, Option<Token>) {
    let mut packet = Packet { kind: kind(&body), namespace: Some(namespace.as_str().to_owned()), ..Packet::default() };
    let mut token = None;
    let is_admin = namespace.as_str() == ADMIN_NAMESPACE;
    let has_secrets = match &mut body {
        Body::Connect { payload: Some(payload) } => {
            if direction == Direction::In {
                token = payload.get("token").and_then(Value::as_str).map(|token| Token::read(token, now));
                packet.token = token.as_ref().map(|token| token.described.clone());
            }
            // Of the Admin UI, the id of a session is as good as the password.
            if is_admin && direction == Direction::In {
                secret::cut_all_members(payload)
            } else {
                secret::cut_members(payload)
            }
        }
        Body::Connect { payload: None } | Body::Disconnect => false,
        Body::ConnectError { payload } => {
            note_error(&mut packet, payload);
            secret::cut_members(payload)
        }
        Body::Event { name, arguments, ack } | Body::BinaryEvent { name, arguments, ack, .. } => {
            packet.event = Some(name.as_str().to_owned());
            packet.ack = ack.as_ref().map(|ack| ack.as_str().to_owned());
            let is_error = direction == Direction::Out && name.as_str().to_ascii_lowercase().contains("error");
            if is_error && let Some(error) = arguments.first() {
                note_error_of(&mut packet, error);
            }
            // The arguments of this event may be the token itself.
            let is_token =
                name.as_str().to_ascii_lowercase().contains("authenticat") || (is_admin && name.as_str() == "session");
            let cut = if is_token { secret::cut_all } else { secret::cut_value };
            arguments.iter_mut().fold(false, |any, argument| cut(argument) | any)
        }
        Body::Ack { id, arguments } | Body::BinaryAck { id, arguments, .. } => {
            packet.ack = Some(id.as_str().to_owned());
            if let Some(Value::Object(answer)) = arguments.first() {
                match answer.get("error").filter(|error| !error.is_null() && **error != Value::Bool(false)) {
                    Some(error) => note_error_of(&mut packet, error),
                    None if answer.get("success") == Some(&Value::Bool(false)) => note_error(&mut packet, answer),
                    None => {}
                }
            }
            secret::cut_values(arguments)
        }
    };
    // What has no secrets is shown exactly as it was sent.
    let text = if has_secrets { format!("4{}", socket::Packet { namespace, body }.encode()) } else { frame.to_owned() };
    packet.text = bounded(&secret::without_tokens(&text), TEXT_MAX_BYTES);
    (packet, token)
}

fn kind(body: &Body) -> &'static str {
    match body {
        Body::Connect { .. } => "connect",
        Body::Disconnect => "disconnect",
        Body::Event { .. } => "event",
        Body::Ack { .. } => "ack",
        Body::ConnectError { .. } => "connect_error",
        Body::BinaryEvent { .. } => "binary_event",
        Body::BinaryAck { .. } => "binary_ack",
    }
}

/// A frame that is no packet. Where its secrets begin and end cannot be known, so a CONNECT packet is cut at its
/// payload.
fn undecodable(frame: &str, why: &str) -> Packet {
    let shown = match frame.split_once('{') {
        Some((head, _)) if frame.starts_with("40") => format!("{head}{{{}", secret::CUT),
        _ => secret::without_named_secrets(frame),
    };
    let text = bounded(&secret::without_tokens(&shown), TEXT_MAX_BYTES);
    Packet { kind: "undecodable", text, error: Some(why.to_owned()), ..Packet::default() }
}

fn note_error_of(packet: &mut Packet, error: &Value) {
    match error {
        Value::Object(error) => note_error(packet, error),
        Value::String(text) => packet.error = Some(bounded(&secret::without_tokens(text), ERROR_MAX_BYTES)),
        _ => packet.error = Some("an error".to_owned()),
    }
}

/// Notes the error that an object tells: its `message`, and its `reason` or `code`, which may be in `data`.
fn note_error(packet: &mut Packet, error: &Map<String, Value>) {
    let text = |of: &Map<String, Value>, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let inner = ["error", "data"].iter().filter_map(|name| error.get(*name).and_then(Value::as_object));
    let places: Vec<&Map<String, Value>> = std::iter::once(error).chain(inner).collect();
    let find = |names: &[&str]| names.iter().find_map(|name| places.iter().find_map(|place| text(place, name)));
    let message = find(&["message", "error"]).unwrap_or_else(|| "an error".to_owned());
    packet.error = Some(bounded(&secret::without_tokens(&message), ERROR_MAX_BYTES));
    packet.error_code = find(&["reason", "code"]).map(|code| bounded(&secret::without_tokens(&code), ERROR_MAX_BYTES));
}

/// The beginning of a text, with a mark where it was cut.
pub(super) fn bounded(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes);
    format!("{}{}", text.get(..end).unwrap_or_default(), secret::CUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_006);

    fn into(frame: &str) -> Packet {
        read(frame, Direction::In, NOW).0
    }

    fn out(frame: &str) -> Packet {
        read(frame, Direction::Out, NOW).0
    }

    #[test]
    fn an_event_has_its_namespace_its_name_and_its_ack_id() {
        let frame = r#"42/recruiting,7["send_message",{"chatId":"c1","content":"hello"}]"#;
        let packet = into(frame);
        assert_eq!((packet.kind, packet.namespace.as_deref()), ("event", Some("/recruiting")));
        assert_eq!((packet.event.as_deref(), packet.ack.as_deref()), (Some("send_message"), Some("7")));
        assert_eq!((packet.text.as_str(), packet.bytes), (frame, frame.len()));
    }

    #[test]
    fn packets_of_engine_io_have_their_types() {
        assert_eq!(
            ["2", "3", "2probe", "3probe", "5", "6", "1"].map(|frame| into(frame).kind),
            ["ping", "pong", "ping_probe", "pong_probe", "upgrade", "noop", "close"]
        );
        assert_eq!((into("bAAAA").kind, into("bAAAA").text.as_str()), ("binary", ""));
    }

    #[test]
    fn what_admits_to_the_admin_ui_is_cut() {
        let password = into(r#"40/admin,{"username":"admin","password":"correct horse"}"#).text;
        assert_eq!(password, r#"40/admin,{"password":"…","username":"…"}"#);
        assert_eq!(into(r#"40/admin,{"sessionId":"5e55"}"#).text, r#"40/admin,{"sessionId":"…"}"#);
        assert_eq!(out(r#"42/admin,["session","5e55"]"#).text, r#"42/admin,["session","…"]"#);
        assert_eq!(out(r#"42["session","5e55"]"#).text, r#"42["session","5e55"]"#);
    }

    #[test]
    fn an_undecodable_frame_says_why() {
        let packet = into("4a");
        assert_eq!((packet.kind, packet.text.as_str()), ("undecodable", "4a"));
        assert!(packet.error.unwrap().contains("unknown"));
    }

    #[test]
    fn errors_of_acks_events_and_refusals_are_found() {
        for frame in [
            r#"431[{"success":false,"error":{"code":"FORBIDDEN","message":"not yours"}}]"#,
            r#"431[{"error":{"code":"FORBIDDEN","message":"not yours"}}]"#,
            r#"431[{"success":false,"message":"not yours","code":"FORBIDDEN"}]"#,
            r#"42["error",{"message":"not yours","code":"FORBIDDEN"}]"#,
            r#"42["message:error",{"error":"not yours","code":"FORBIDDEN"}]"#,
            r#"44{"message":"not yours","data":{"code":"FORBIDDEN"}}"#,
        ] {
            let packet = out(frame);
            assert_eq!(packet.error.as_deref(), Some("not yours"), "{frame}");
            assert_eq!(packet.error_code.as_deref(), Some("FORBIDDEN"), "{frame}");
        }
        assert_eq!(out(r#"431[{"success":true,"error":null}]"#).error, None);
        assert_eq!(out(r#"42["new_message",{"error":"in a text"}]"#).error, None);
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let packet = into(&format!(r#"42["send",{{"content":"{}"}}]"#, "é".repeat(TEXT_MAX_BYTES)));
        assert!(packet.text.len() <= TEXT_MAX_BYTES + secret::CUT.len() && packet.text.ends_with(secret::CUT));
        assert!(packet.bytes > TEXT_MAX_BYTES);
    }
}
