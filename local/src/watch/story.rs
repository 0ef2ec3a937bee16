//! A record as one line of the log: who did what, without the texts of messages.

use std::borrow::Cow;
use std::fmt::Write as _;

use relay::id::ConnectionId;

use super::packet::bounded;
use super::record::{Direction, Packet, Record};

/// The target of these lines in the log.
pub(super) const TARGET: &str = "story";

/// The longest name or reason in a line, in bytes.
const PART_MAX_BYTES: usize = 120;

/// Whether the log prints these lines. This is a look at a number as long as the log does not change.
pub(super) fn is_told() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::INFO)
}

/// Prints a record, if it is part of the story and the log prints the story.
pub(super) fn tell(connection: Option<&str>, user: Option<&str>, record: &Record) {
    if is_told()
        && let Some(line) = line(connection, user, record)
    {
        tracing::info!(target: TARGET, "{line}");
    }
}

/// The line of a record. `None` for pings and the like, for invocations, and for lines of the log itself.
fn line(connection: Option<&str>, user: Option<&str>, record: &Record) -> Option<String> {
    let who = user.map_or(Cow::Borrowed("somebody"), clean);
    let mut line = match record {
        Record::Opened { transport, token, .. } => {
            let token = token.as_deref().map(|token| format!(", token {}", clean(token))).unwrap_or_default();
            format!("connects by {transport}{token}")
        }
        Record::Refused { transport, path, status, why, .. } => {
            format!("{who} is refused by {transport} at {}: {status}, {}", clean(path), clean(why))
        }
        Record::Closed { code, reason, by_client } => {
            let side = if *by_client { "leaves" } else { "is closed" };
            format!("{who} {side}: {code} {}", clean(reason))
        }
        Record::Packet { direction, packet } => of_packet(&who, *direction, packet)?,
        Record::Began(_) | Record::Ended { .. } | Record::Log { .. } => return None,
    };
    if let Some(connection) = connection {
        let _ = write!(line, "  [{}]", shown(connection));
    }
    Some(line)
}

fn of_packet(who: &str, direction: Direction, packet: &Packet) -> Option<String> {
    let namespace = clean(packet.namespace.as_deref().unwrap_or_default());
    let event = clean(packet.event.as_deref().unwrap_or_default());
    let ack = packet.ack.as_deref().map(|ack| format!(", ack {}", clean(ack))).unwrap_or_default();
    let token = packet.token.as_deref().map(|token| format!(", token {}", clean(token))).unwrap_or_default();
    Some(match (direction, packet.kind) {
        (Direction::In, "connect") => format!("{who} asks to join {namespace}{token}"),
        (Direction::Out, "connect") => format!("{who} joins {namespace}"),
        (Direction::Out, "connect_error") => {
            format!("{who} is refused at {namespace}: {}{token}", with_message(packet))
        }
        (Direction::In, "disconnect") => format!("{who} leaves {namespace}"),
        (Direction::Out, "disconnect") => format!("{who} is sent away from {namespace}"),
        (Direction::In, "event" | "binary_event") => format!("{who} emits {event} to {namespace}{ack}"),
        (Direction::Out, "event" | "binary_event") => {
            let error = packet.error.as_ref().map(|_| format!(": {}", code(packet))).unwrap_or_default();
            format!("{who} hears {event}{error}{ack}")
        }
        (Direction::In, "ack" | "binary_ack") => format!("{who} answers{ack}"),
        (Direction::Out, "ack" | "binary_ack") => match packet.error {
            Some(_) => format!("{who} is answered with an error: {}{ack}", code(packet)),
            None => format!("{who} is answered{ack}"),
        },
        (Direction::In, "undecodable") => {
            let why = packet.error.as_deref().map(clean).unwrap_or_default();
            format!("{who} sends what is no packet: {why}")
        }
        _ => return None,
    })
}

/// The code of an error. Its message might repeat what the client wrote.
fn code(packet: &Packet) -> Cow<'_, str> {
    packet.error_code.as_deref().map_or(Cow::Borrowed("without a code"), clean)
}

/// The message and the code of a refusal.
fn with_message(packet: &Packet) -> String {
    let message = packet.error.as_deref().map(clean).unwrap_or_default();
    match packet.error_code.as_deref() {
        Some(code) => format!("{message} ({})", clean(code)),
        None => message.into_owned(),
    }
}

/// A connection id as it may stand in a log: that of a polling client is a secret, and is cut.
fn shown(connection: &str) -> String {
    ConnectionId::parse(connection).map_or_else(|_| clean(connection).into_owned(), |id| id.in_logs().to_owned())
}

/// A text of a client on one line, bounded, and without control characters.
fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= PART_MAX_BYTES && !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(bounded(text, PART_MAX_BYTES).chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use relay::clock::Timestamp;

    use super::*;
    use crate::watch::packet;

    fn told(user: Option<&str>, direction: Direction, frame: &str) -> Option<String> {
        let (packet, _) = packet::read(frame, direction, Timestamp::from_millis(0));
        line(Some("L0SM9cOFvHcCIhw="), user, &Record::Packet { direction, packet })
    }

    #[test]
    fn a_line_says_who_did_what_and_never_the_text() {
        let event = r#"42/recruiting,7["send_message",{"content":"hello"}]"#;
        assert_eq!(
            told(Some("alice"), Direction::In, event).unwrap(),
            "alice emits send_message to /recruiting, ack 7  [L0SM9cOFvHcCIhw=]"
        );
        assert_eq!(
            told(Some("bob"), Direction::Out, r#"42/recruiting,["new_message",{"content":"hello"}]"#).unwrap(),
            "bob hears new_message  [L0SM9cOFvHcCIhw=]"
        );
        assert_eq!(told(None, Direction::Out, "2"), None);
    }

    #[test]
    fn an_error_is_told_by_its_code() {
        let ack = r#"437[{"error":{"code":"FORBIDDEN","message":"no hello for you"}}]"#;
        assert_eq!(
            told(Some("alice"), Direction::Out, ack).unwrap(),
            "alice is answered with an error: FORBIDDEN, ack 7  [L0SM9cOFvHcCIhw=]"
        );
    }

    #[test]
    fn a_refusal_is_told_with_its_reason() {
        let refusal = r#"44{"message":"Authentication error: Invalid token","data":{"reason":"expired token"}}"#;
        assert_eq!(
            told(Some("alice"), Direction::Out, refusal).unwrap(),
            "alice is refused at /: Authentication error: Invalid token (expired token)  [L0SM9cOFvHcCIhw=]"
        );
    }

    #[test]
    fn a_clients_text_cannot_begin_a_line_or_fill_the_log() {
        let name = "x\\n\\u001b[31m".to_owned() + &"y".repeat(500);
        let line = told(Some("alice"), Direction::In, &format!(r#"42["{name}"]"#)).unwrap();
        assert!(!line.chars().any(char::is_control) && line.len() < 250, "{line}");
    }
}
