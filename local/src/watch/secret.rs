//! Cuts tokens out of what is recorded: by the names of members and parameters, and by the form of a JSON Web Token,
//! wherever one stands.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frame::json;
use relay::clock::Timestamp;
use serde_json::{Map, Value};

/// What stands in place of what was cut.
pub(super) const CUT: &str = "…";

/// The beginning of each JSON Web Token: `{"` in Base64.
const TOKEN_START: &str = "eyJ";

/// The shortest text of that form that is taken for a token, in bytes.
const TOKEN_MIN_BYTES: usize = 16;

/// Parts of the names of members and parameters whose values are secret, in small letters.
const SECRET_NAMES: [&str; 10] =
    ["token", "authorization", "secret", "passw", "jwt", "apikey", "api_key", "credential", "cookie", "signature"];

/// A name that is secret as a whole. As a part it would be in `author`, too.
const SECRET_NAME: &str = "auth";

/// The longest user id that a token's description repeats, in characters.
const USER_MAX_CHARACTERS: usize = 128;

/// What a token says of itself. Nothing here is verified, and nothing of it can be used as a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The user whom it names.
    pub(super) user: Option<String>,
    /// A sentence: for whom it is, with which algorithm, and until when.
    pub(super) described: String,
}

impl Token {
    /// Reads a token, with or without `Bearer` before it.
    pub(super) fn read(text: &str, now: Timestamp) -> Self {
        let text = text.trim();
        let text = text.split_once(' ').map_or(text, |(_, rest)| rest.trim());
        let mut parts = text.split('.').map(part);
        let (Some(Some(header)), Some(Some(claims))) = (parts.next(), parts.next()) else {
            return Self { user: None, described: "no JSON Web Token".to_owned() };
        };
        let user = ["sub", "userId", "id", "_id"].iter().find_map(|name| match claims.get(*name)? {
            Value::String(user) => Some(user.chars().take(USER_MAX_CHARACTERS).collect()),
            Value::Number(user) => Some(user.to_string()),
            _ => None,
        });
        let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or("no algorithm");
        let algorithm: String = algorithm.chars().take(10).collect();
        let moment = |name: &str| {
            #[expect(clippy::cast_possible_truncation, reason = "a later time is beyond every date")]
            claims.get(name).and_then(Value::as_f64).map(|seconds| Timestamp::from_millis((seconds * 1_000.0) as i64))
        };
        let validity = match (moment("exp"), moment("nbf")) {
            (Some(end), _) if end <= now => format!("expired at {}", end.iso()),
            (_, Some(start)) if now < start => format!("not valid before {}", start.iso()),
            (Some(end), _) => format!("valid until {}", end.iso()),
            (None, _) => "without exp".to_owned(),
        };
        let whose = user.as_deref().map_or_else(|| "of nobody".to_owned(), |user| format!("of {user}"));
        Self { user, described: format!("{whose}, {algorithm}, {validity}") }
    }
}

/// A part of a token, decoded.
fn part(text: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    match json::parse(std::str::from_utf8(&bytes).ok()?).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == SECRET_NAME || SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// Cuts the secret members out of an object, at any depth. Returns whether there were any.
pub(super) fn cut_members(members: &mut Map<String, Value>) -> bool {
    let mut any = false;
    for (name, value) in members {
        any |= if is_secret(name) { cut_all(value) } else { cut_value(value) };
    }
    any
}

/// Cuts every text and number in the members of an object. Returns whether there were any.
pub(super) fn cut_all_members(members: &mut Map<String, Value>) -> bool {
    members.values_mut().fold(false, |any, value| cut_all(value) | any)
}

/// Cuts the secret members out of the objects among values. Returns whether there were any.
pub(super) fn cut_values(values: &mut [Value]) -> bool {
    values.iter_mut().fold(false, |any, value| cut_value(value) | any)
}

pub(super) fn cut_value(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => cut_members(members),
        Value::Array(values) => cut_values(values),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Cuts every text and number in a value.
pub(super) fn cut_all(value: &mut Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(_) | Value::String(_) => {
            *value = CUT.into();
            true
        }
        Value::Array(values) => values.iter_mut().fold(false, |any, value| cut_all(value) | any),
        Value::Object(members) => members.values_mut().fold(false, |any, value| cut_all(value) | any),
    }
}

/// A query without the values of secret parameters.
pub(super) fn query(query: &str) -> String {
    let shown = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| {
        let value = if is_secret(&name) { CUT.to_owned() } else { without_tokens(&value) };
        format!("{}={value}", without_tokens(&name))
    });
    shown.collect::<Vec<_>>().join("&")
}

/// A text without anything that has the form of a JSON Web Token, or of a part of one.
pub(super) fn without_tokens(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(TOKEN_START) {
        let (before, found) = rest.split_at(at);
        let length = found.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.=+/".contains(byte)).count();
        let (token, after) = found.split_at(length);
        written.push_str(before);
        written.push_str(if length < TOKEN_MIN_BYTES { token } else { CUT });
        rest = after;
    }
    written.push_str(rest);
    written
}

/// A text that is not JSON, cut after the first secret name in it.
pub(super) fn without_named_secrets(text: &str) -> String {
    let small = text.to_ascii_lowercase();
    match SECRET_NAMES.iter().filter_map(|name| Some(small.find(name)? + name.len())).min() {
        Some(end) => format!("{}{CUT}", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_006);

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2lnbmF0dXJl", part(header), part(claims))
    }

    fn hs256(claims: &Value) -> String {
        token(&json!({"alg": "HS256", "typ": "JWT"}), claims)
    }

    #[test]
    fn a_token_is_described_by_user_algorithm_and_validity() {
        let described = |claims: &Value| Token::read(&format!("Bearer {}", hs256(claims)), NOW).described;
        let end = NOW.seconds();
        assert_eq!(described(&json!({"sub": "alice"})), "of alice, HS256, without exp");
        assert_eq!(
            described(&json!({"userId": 7, "exp": end + 10})),
            "of 7, HS256, valid until 2026-01-02T03:04:15.000Z"
        );
        assert_eq!(described(&json!({"exp": end})), "of nobody, HS256, expired at 2026-01-02T03:04:05.000Z");
        assert_eq!(
            described(&json!({"sub": "a", "exp": end + 10, "nbf": end + 5})),
            "of a, HS256, not valid before 2026-01-02T03:04:10.000Z"
        );
        assert_eq!(Token::read("hunter2", NOW).described, "no JSON Web Token");
    }

    #[test]
    fn tokens_are_cut_wherever_they_stand() {
        let token = hs256(&json!({"sub": "alice"}));
        assert_eq!(without_tokens(&format!("a {token}, b \"{token}\"")), "a …, b \"…\"");
        assert_eq!(without_tokens(token.split_at(40).0), "…", "a part of one");
        assert_eq!(without_tokens("eyJ is how they begin"), "eyJ is how they begin");
    }

    #[test]
    fn secret_members_are_cut_at_any_depth() {
        let mut values = [json!({
            "accessToken": "abc", "name": "Alice", "deep": [{"Authorization": "def", "auth": {"x": "ghi", "on": true}}]
        })];
        assert!(cut_values(&mut values));
        assert_eq!(
            values,
            [json!({
                "accessToken": "…", "name": "Alice", "deep": [{"Authorization": "…", "auth": {"x": "…", "on": true}}]
            })]
        );
        assert!(!cut_values(&mut [json!({"content": "hello", "author": "alice"}), json!("token")]));
    }

    #[test]
    fn secret_parameters_are_cut() {
        assert_eq!(query("EIO=4&transport=websocket&token=abc&x=1"), "EIO=4&transport=websocket&token=…&x=1");
        let token = hs256(&json!({"sub": "alice"}));
        assert_eq!(query(&format!("t={token}")), "t=…");
    }

    #[test]
    fn what_follows_a_secret_name_in_a_malformed_text_is_cut() {
        assert_eq!(without_named_secrets(r#"42["renew",{"accessToken":"ab"#), r#"42["renew",{"accessToken…"#);
        assert_eq!(without_named_secrets("42[\"hello"), "42[\"hello");
    }
}
