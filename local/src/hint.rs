//! Hints for developers, which no deployed function gives: the header `x-parlance-hint` of a refused HTTP request says
//! what was probably meant, and the same is logged.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use chat::dialect::{self, Dialect, Route};
use http::{HeaderName, HeaderValue, Method, StatusCode};

/// The header of a hint.
const HINT: HeaderName = HeaderName::from_static("x-parlance-hint");

/// The path of polling.
const POLLING: &str = "/socket.io";

/// The query that a client of Engine.IO v4 sends.
const ENGINE_VERSION: &str = "EIO=4";

/// The router, with hints for a port where paths without a prefix speak this dialect.
pub fn with_hints(router: Router, default: &'static Dialect) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| async move {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let mut response = next.run(request).await;
        let hint = match response.status() {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => other_route(&method, uri.path(), default),
            StatusCode::BAD_REQUEST if uri.path().starts_with(POLLING) => missing_query(uri.query(), "polling"),
            _ => None,
        };
        if let Some(hint) = hint {
            tracing::info!(hint, "a request was refused");
            response.headers_mut().extend(HeaderValue::from_str(&hint).ok().map(|hint| (HINT, hint)));
        }
        response
    }))
}

/// What a request for a new connection over this transport lacks in its query; `None` if nothing.
#[must_use]
pub fn missing_query(query: Option<&str>, transport: &str) -> Option<String> {
    let transport = format!("transport={transport}");
    let has = |pair: &str| query.is_some_and(|query| query.split('&').any(|given| given == pair));
    let missing: Vec<&str> = [ENGINE_VERSION, &transport].into_iter().filter(|pair| !has(pair)).collect();
    let missing = (!missing.is_empty()).then(|| missing.join(" and "))?;
    Some(format!("the query lacks {missing}, which a Socket.IO client of version 3 or later sends"))
}

/// Where else there is a route for this request: in another dialect, or with another method. `None` if there is none, or
/// if the path has this very route, and the refusal is about something else.
fn other_route(method: &Method, path: &str, default: &'static Dialect) -> Option<String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let (first, rest) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
    let (own, path) = match dialect::named(&first.to_ascii_lowercase()) {
        Some(named) => (named, format!("/{rest}")),
        None => (default, path.to_owned()),
    };
    let routes = |dialect: &'static Dialect| dialect.all_routes().filter(|route| is_of(route, &path));
    let own_methods: Vec<&str> = routes(own).map(|route| route.method).collect();
    if own_methods.contains(&method.as_str()) {
        return None;
    }
    if !own_methods.is_empty() {
        return Some(format!("{} has this path with {}", own.name, own_methods.join(" and ")));
    }
    let others: Vec<String> = dialect::ALL
        .iter()
        .filter_map(|other| routes(other).next().map(|route| format!("{} /{}{}", route.method, other.name, route.path)))
        .collect();
    (!others.is_empty()).then(|| format!("{} has no such route; there is {}", own.name, others.join(" and ")))
}

/// Whether a path is one of this route.
fn is_of(route: &Route, path: &str) -> bool {
    let (parts, given) = (route.path.split('/'), path.split('/'));
    let is =
        |(part, given): (&str, &str)| (part.starts_with('{') && !given.is_empty()) || part.eq_ignore_ascii_case(given);
    parts.clone().count() == given.clone().count() && parts.zip(given).all(is)
}

#[cfg(test)]
mod tests {
    use chat::dialect::FIRST;

    use super::*;

    fn hint(method: &Method, path: &str) -> Option<String> {
        other_route(method, path, FIRST)
    }

    #[test]
    fn a_route_of_another_dialect_is_named() {
        assert_eq!(
            hint(&Method::GET, "/marketplace/api/message/unread-count").unwrap(),
            "marketplace has no such route; there is GET /recruiting/api/message/unread-count"
        );
        assert_eq!(
            hint(&Method::GET, "/api/conversations").unwrap(),
            "recruiting has no such route; there is POST /workspace/api/conversations"
        );
        assert_eq!(hint(&Method::GET, "/api/nothing"), None);
        assert_eq!(hint(&Method::GET, "/"), None);
    }

    #[test]
    fn another_method_of_the_same_path_is_named() {
        let said = hint(&Method::GET, "/recruiting/api/chat/6929f0c1a2b3c4d5e6f70819/block").unwrap();
        assert_eq!(said, "recruiting has this path with POST");
    }

    #[test]
    fn a_route_that_is_there_needs_no_hint() {
        assert_eq!(hint(&Method::GET, "/api/chat/my-chats/"), None);
        assert_eq!(hint(&Method::GET, "/recruiting/API/chat/6929f0c1a2b3c4d5e6f70819"), None);
    }

    #[test]
    fn a_query_without_the_version_or_the_transport_is_told_so() {
        let of = |query| missing_query(query, "websocket");
        assert_eq!(of(Some("EIO=4&transport=websocket")), None);
        let sends = "which a Socket.IO client of version 3 or later sends";
        assert_eq!(of(None).unwrap(), format!("the query lacks EIO=4 and transport=websocket, {sends}"));
        assert_eq!(of(Some("EIO=3&transport=websocket")).unwrap(), format!("the query lacks EIO=4, {sends}"));
    }
}
