//! Transcripts in fewer words, for the dialects' tests.

use chat::domain::chat::plain_chat_id;
use chat::domain::id::{MessageId, UserId};
use serde_json::{Map, Value};

/// What matters of an object; nothing if it is one whose fields are all kept.
pub(crate) type Short = fn(&Map<String, Value>) -> Option<String>;

/// A transcript with what `short` says of each object, ids by their meaning, and labels that hear the same on one line.
pub(crate) fn brief(transcript: &str, short: Short) -> String {
    let mut groups: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for line in transcript.lines() {
        let (label, said) = line.split_once(' ').unwrap_or((line, ""));
        let said = shortened(said, short);
        match groups.last_mut() {
            Some((labels, lines)) if labels.as_slice() == [label] => lines.push(said),
            _ => groups.push((vec![label], vec![said])),
        }
    }
    let mut merged: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for (labels, lines) in groups {
        match merged.last_mut() {
            Some((known, same)) if *same == lines => known.extend(labels),
            _ => merged.push((labels, lines)),
        }
    }
    let lines =
        merged.iter().flat_map(|(labels, lines)| lines.iter().map(move |said| format!("{} {said}", labels.join("+"))));
    lines.collect::<Vec<_>>().join("\n")
}

fn shortened(said: &str, short: Short) -> String {
    let Some(at) = said.find(['{', '[']) else { return said.to_owned() };
    let (before, json) = said.split_at(at);
    match serde_json::from_str::<Value>(json) {
        Ok(value) => format!("{before}{}", shortened_value(value, short)),
        Err(_) => said.to_owned(),
    }
}

fn shortened_value(value: Value, short: Short) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(|value| shortened_value(value, short)).collect(),
        Value::Object(fields) => match short(&fields) {
            Some(text) => text.into(),
            None => fields.into_iter().map(|(name, value)| (name, shortened_value(value, short))).collect(),
        },
        Value::String(text) => short_id(text).into(),
        other => other,
    }
}

/// A value as it reads: text without quotes.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A chat's id as the two people in it, a message's as its place there.
pub(crate) fn short_id(text: String) -> String {
    const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "dave"];
    let user = |name: &str| UserId::parse(name).unwrap();
    let chat_of = |id: &str| {
        let pairs = PEOPLE.iter().flat_map(|one| PEOPLE.iter().map(move |other| (one, other)));
        let mut pairs = pairs.filter(|(one, other)| one < other);
        pairs.find(|(one, other)| plain_chat_id(&user(one), &user(other)).to_string() == id)
    };
    if let Some((one, other)) = chat_of(&text) {
        return format!("{one}+{other}");
    }
    match MessageId::parse(&text) {
        Ok(id) => match chat_of(&id.chat.to_string()) {
            Some((one, other)) => format!("{one}+{other} #{}", id.seq),
            None => text,
        },
        Err(_) => text,
    }
}

/// A transcript without the pings of Engine.IO, which come in no certain order with what else a heartbeat does.
pub(crate) fn without_pings(transcript: &str) -> String {
    transcript.lines().filter(|line| !line.ends_with(" hears 2")).collect::<Vec<_>>().join("\n")
}
