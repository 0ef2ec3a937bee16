//! What a server says to a client: packets of Socket.IO in messages of Engine.IO, as far as the scenarios need them.

use serde_json::Value;

/// One packet from the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word {
    /// The client has joined. `pid` is the private id by which it can return, if the server has one.
    Joined {
        /// The private id of the session.
        pid: Option<String>,
    },
    /// The client may not join.
    Refused(String),
    /// The answer to an event with this ack id.
    Ack {
        /// The ack id of the event.
        id: u64,
        /// Whether the server says that it did what it was asked for.
        success: bool,
    },
    /// A message of a chat.
    Message(Message),
    /// A user has gone offline.
    Offline(String),
    /// The users who are online.
    Online(Vec<String>),
    /// Anything else.
    Other,
}

/// A message of a chat, as a recipient hears it or reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The id of the chat.
    pub(crate) chat: String,
    /// The number that the server gave the message: ascending in its chat.
    pub(crate) seq: u64,
    /// The number that the sender gave the message, which is the first word of its text.
    pub(crate) number: u64,
}

impl Message {
    /// Reads the JSON object of a message.
    pub(crate) fn read(message: &Value) -> Option<Self> {
        let content = message.get("content")?.as_str()?;
        Some(Self {
            chat: message.get("chatId")?.as_str()?.to_owned(),
            seq: message.get("seq")?.as_u64()?,
            number: content.split(' ').next()?.parse().ok()?,
        })
    }
}

/// Reads a message of Engine.IO, which begins with `4`. Of an event that matters to no scenario, only the name is read.
pub(crate) fn read(packet: &str) -> Word {
    known(packet).unwrap_or(Word::Other)
}

fn known(packet: &str) -> Option<Word> {
    let mut letters = packet.chars();
    (letters.next()? == '4').then_some(())?;
    let kind = letters.next()?;
    let rest = letters.as_str();
    match kind {
        '0' => {
            let payload: Value = serde_json::from_str(rest).ok()?;
            let pid = payload.get("pid").and_then(Value::as_str).map(str::to_owned);
            Some(Word::Joined { pid })
        }
        '2' => event(rest),
        '3' => {
            let at = rest.find('[')?;
            let (id, payload) = rest.split_at_checked(at)?;
            let payload: Value = serde_json::from_str(payload).ok()?;
            let success = payload.get(0)?.get("success") == Some(&Value::Bool(true));
            Some(Word::Ack { id: id.parse().ok()?, success })
        }
        '4' => Some(Word::Refused(rest.to_owned())),
        _ => None,
    }
}

fn event(payload: &str) -> Option<Word> {
    let name = payload.strip_prefix("[\"")?.split('"').next()?;
    if !matches!(name, "new_message" | "user_offline" | "online_users") {
        return None;
    }
    let payload: Value = serde_json::from_str(payload).ok()?;
    let argument = payload.get(1)?;
    match name {
        "new_message" => Message::read(argument.get("message")?).map(Word::Message),
        "user_offline" => Some(Word::Offline(argument.get("userId")?.as_str()?.to_owned())),
        _ => {
            let users = argument.get("onlineUsers")?.as_array()?.iter();
            Some(Word::Online(users.filter_map(|user| user.as_str().map(str::to_owned)).collect()))
        }
    }
}

/// The offset of an event, which is a string behind its other arguments. All arguments of the dialect are objects.
pub(crate) fn offset(packet: &str) -> Option<&str> {
    let body = packet.strip_prefix("42[")?.strip_suffix("\"]")?;
    body.rsplit_once("},\"").map(|(_, offset)| offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packet_that_matters_is_read() {
        let message = Message { chat: "c".to_owned(), seq: 3, number: 12 };
        let new_message = r#"42["new_message",{"message":{"chatId":"c","seq":3,"content":"12 xx"}},"off.1"]"#;
        for (packet, word) in [
            (r#"40{"sid":"s","pid":"p"}"#, Word::Joined { pid: Some("p".to_owned()) }),
            (r#"40{"sid":"s"}"#, Word::Joined { pid: None }),
            (r#"44{"message":"no"}"#, Word::Refused(r#"{"message":"no"}"#.to_owned())),
            (r#"4317[{"success":true}]"#, Word::Ack { id: 17, success: true }),
            (r#"430[{"success":false,"error":{}}]"#, Word::Ack { id: 0, success: false }),
            (new_message, Word::Message(message)),
            (r#"42["user_offline",{"userId":"u","lastSeen":1}]"#, Word::Offline("u".to_owned())),
            (r#"42["online_users",{"onlineUsers":["u","v"]}]"#, Word::Online(vec!["u".to_owned(), "v".to_owned()])),
            (r#"42["chat_updated",{"chatId":"c"}]"#, Word::Other),
            ("2", Word::Other),
            ("", Word::Other),
        ] {
            assert_eq!(read(packet), word, "{packet}");
        }
    }

    #[test]
    fn an_offset_is_the_string_behind_the_object() {
        assert_eq!(offset(r#"42["new_message",{"a":"b"},"off.1"]"#), Some("off.1"));
        assert_eq!(offset(r#"42["new_message",{"a":"b"}]"#), None);
        assert_eq!(offset(r#"430[{"a":"b"}]"#), None);
    }
}
