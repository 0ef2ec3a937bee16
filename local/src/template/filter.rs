//! Filters of event sources: which records are handed to a function.

use serde_json::{Map, Value};

/// A filter. A record that does not match is not handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Part);

/// What a part of a record must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// A map, each of whose members matches.
    Map(Vec<(String, Part)>),
    /// One of these.
    AnyOf(Vec<Rule>),
}

/// What a value must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// This text.
    Is(String),
    /// There must be a value, or there must be none.
    Exists(bool),
}

impl Filter {
    /// Reads the text of a pattern. Of the rules of Lambda only equal texts and `exists` are understood.
    pub(super) fn read(pattern: &str) -> Result<Self, String> {
        let Ok(Value::Object(pattern)) = serde_json::from_str(pattern) else {
            return Err("a Pattern must be a map in JSON".to_owned());
        };
        Ok(Self(Part::map(pattern)?))
    }

    /// Whether a record matches.
    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        self.0.matches(Some(record))
    }
}

impl Part {
    fn map(pattern: Map<String, Value>) -> Result<Self, String> {
        let part = |(name, value): (String, Value)| {
            let part = match value {
                Value::Object(inner) => Self::map(inner)?,
                Value::Array(rules) => Self::AnyOf(rules.iter().map(Rule::read).collect::<Result<_, _>>()?),
                other => return Err(format!("{name} of a Pattern must be a map or a list, and is {other}")),
            };
            Ok((name, part))
        };
        pattern.into_iter().map(part).collect::<Result<_, _>>().map(Self::Map)
    }

    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Map(parts) => parts.iter().all(|(name, part)| part.matches(value.and_then(|value| value.get(name)))),
            Self::AnyOf(rules) => rules.iter().any(|rule| match rule {
                Rule::Is(text) => value.and_then(Value::as_str) == Some(text),
                Rule::Exists(exists) => value.is_some() == *exists,
            }),
        }
    }
}

impl Rule {
    fn read(value: &Value) -> Result<Self, String> {
        let exists = value.as_object().filter(|rule| rule.len() == 1).and_then(|rule| rule.get("exists")?.as_bool());
        match (value.as_str(), exists) {
            (Some(text), _) => Ok(Self::Is(text.to_owned())),
            (None, Some(exists)) => Ok(Self::Exists(exists)),
            (None, None) => Err(format!("a Pattern with {value} is not understood")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_matches_texts_and_what_must_be_there_or_not() {
        let filter = Filter::read(r#"{"a":{"k":["x","y"]},"b":{"S":[{"exists":false}]}}"#).unwrap();
        assert!(filter.matches(&json!({"a": {"k": "x"}})));
        assert!(filter.matches(&json!({"a": {"k": "y"}, "b": {"N": "1"}, "c": 1})));
        assert!(!filter.matches(&json!({"a": {"k": "z"}})));
        assert!(!filter.matches(&json!({})));
        assert!(!filter.matches(&json!({"a": {"k": "x"}, "b": {"S": "there"}})));
        for bad in ["[]", "x", r#"{"a":1}"#, r#"{"a":[{"prefix":"x"}]}"#, r#"{"a":[1]}"#] {
            assert!(Filter::read(bad).is_err(), "{bad}");
        }
    }
}
