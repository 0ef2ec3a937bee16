//! Routes: which function a route names, and which route a message takes.
//!
//! The route of a message depends only on the configured selection expression. A message that does not fit the
//! expression (not JSON, no such member, not a string, a key without a route) takes `$default`.

use std::collections::HashMap;

use serde_json::Value;

/// The route for new connections.
pub(super) const CONNECT: &str = "$connect";
/// The route for ended connections.
pub(super) const DISCONNECT: &str = "$disconnect";
/// The route for messages that fit no other.
pub(super) const DEFAULT: &str = "$default";

/// The error for a selection expression of a kind that this gateway does not evaluate.
#[derive(Debug, thiserror::Error)]
#[error("route selection expression `{0}` is not supported, only `$request.body.<member>` is")]
pub struct UnsupportedExpression(String);

/// The routes of an API.
#[derive(Clone, Debug)]
pub struct Routes {
    /// The members to descend, from the outermost: `["action"]` for `$request.body.action`.
    selection: Vec<String>,
    functions: HashMap<String, String>,
}

impl Routes {
    /// Creates routes by key (`$connect`, `$disconnect`, `$default` or a key of your own). Each names a function.
    ///
    /// # Errors
    /// If the selection expression is not `$request.body.<member>`, with any number of members, or the same in `${ }`.
    pub fn new(
        selection_expression: &str,
        functions: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, UnsupportedExpression> {
        let unsupported = || UnsupportedExpression(selection_expression.to_owned());
        let bare = match selection_expression.strip_prefix("${") {
            Some(braced) => braced.strip_suffix('}').ok_or_else(unsupported)?,
            None => selection_expression.strip_prefix('$').ok_or_else(unsupported)?,
        };
        let members = bare.strip_prefix("request.body.").ok_or_else(unsupported)?;
        let plain = |member: &str| member.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if members.split('.').any(|member| member.is_empty() || !plain(member)) {
            return Err(unsupported());
        }
        let selection = members.split('.').map(str::to_owned).collect();
        Ok(Self { selection, functions: functions.into_iter().collect() })
    }

    /// The function of one of the predefined routes.
    pub(super) fn function(&self, route_key: &str) -> Option<&str> {
        self.functions.get(route_key).map(String::as_str)
    }

    /// The route key and the function for a message, if there is a function for it.
    pub(super) fn select(&self, body: &str) -> Option<(&str, &str)> {
        self.chosen(body).or_else(|| Some((DEFAULT, self.function(DEFAULT)?)))
    }

    fn chosen(&self, body: &str) -> Option<(&str, &str)> {
        if self.functions.keys().all(|key| key.starts_with('$')) {
            return None;
        }
        let body: Value = serde_json::from_str(body).ok()?;
        let key = self.selection.iter().try_fold(&body, |value, member| value.get(member))?.as_str()?;
        if key.starts_with('$') {
            return None;
        }
        self.functions.get_key_value(key).map(|(key, function)| (key.as_str(), function.as_str()))
    }
}
