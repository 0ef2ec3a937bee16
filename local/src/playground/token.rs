//! `POST /playground/token {user, name?}` → `{token}`: a token for a person that somebody invented on the page.
//!
//! No other page of the same browser can get one. It would have to send the header [`HEADER`], which a browser allows to
//! another origin only after an answer with CORS headers, and there is none. A page whose own host name leads to this
//! machine is refused by its host name.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use chat::domain::id::UserId;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderMap, Response, StatusCode};
use relay::clock::Clock;
use serde_json::{Map, Value, json};

use crate::token::{self, DEV_SECRET, LIFE_SECS};

/// The header that the page sends with its request. Its value does not matter.
const HEADER: &str = "x-parlance-playground";

/// The host names by which a browser on this machine reaches a server that listens on loopback only.
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The largest request, in bytes: the longest id and the longest name, with every character escaped in JSON.
const BODY_MAX_BYTES: usize = 16 * 1_024;

/// The longest name, in characters.
const NAME_MAX_CHARACTERS: usize = 512;

/// Makes tokens for the page of one port.
#[derive(Clone)]
pub struct TokenMaker {
    /// The secret with which this system verifies tokens. `None` if it verifies them with a public key only.
    pub secret: Option<String>,
    /// The claims that tokens must have besides.
    pub required: Map<String, Value>,
    /// Whether the port listens on loopback only, so that requests with another host name are refused.
    pub loopback_only: bool,
    /// The source of the time at which tokens are issued.
    pub clock: Clock,
}

/// Why there is no token.
struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// Answers the request of the page.
pub(super) async fn answer(State(tokens): State<TokenMaker>, request: Request) -> Response<Body> {
    let (status, body) = match made(&tokens, request).await {
        Ok(token) => (StatusCode::OK, json!({"token": token})),
        Err(Refusal { status, message }) => (status, json!({"message": message})),
    };
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}

async fn made(tokens: &TokenMaker, request: Request) -> Result<String, Refusal> {
    let (head, body) = request.into_parts();
    let forbidden = |message: String| Refusal::new(StatusCode::FORBIDDEN, message);
    if !head.headers.contains_key(HEADER) {
        return Err(forbidden(format!("the header {HEADER} is required, so that no other page can make tokens")));
    }
    if tokens.loopback_only && !names_loopback(&head.headers) {
        let hosts = LOOPBACK_HOSTS.join(", ");
        return Err(forbidden(format!("the header Host must name this machine: {hosts}")));
    }
    let Some(secret) = &tokens.secret else {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "this system verifies tokens with JwtPublicKey and has no secret to sign with: \
             paste a token that your own key has signed",
        ));
    };
    // Everybody knows the development secret. Another one is known to its owner alone.
    if !tokens.loopback_only && secret != DEV_SECRET {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "other machines reach this system, so it signs nothing for them with its JwtSecret: paste a token",
        ));
    }
    let too_large = |_| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    let body = to_bytes(body, BODY_MAX_BYTES).await.map_err(too_large)?;
    let (user, name) = person(&body)?;
    let mut further = tokens.required.clone();
    further.extend(name.map(|name| ("name".to_owned(), name.into())));
    let claims = token::claims(&user.to_string(), further, tokens.clock.now(), Some(LIFE_SECS));
    let unsigned = |error| format!("the token cannot be signed: {error}");
    let signed = token::sign_with(secret, &claims).map_err(unsigned);
    signed.map_err(|message| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message))
}

fn names_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| !host.contains('@'));
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    host.is_some_and(|host| LOOPBACK_HOSTS.iter().any(|name| host.host().eq_ignore_ascii_case(name)))
}

/// The id and the name that a body has. A name that is empty counts as none.
fn person(body: &[u8]) -> Result<(UserId, Option<String>), Refusal> {
    let bad = |message: String| Refusal::new(StatusCode::BAD_REQUEST, message);
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Value::Object(fields) = body else {
        return Err(bad(r#"the body must be a JSON object, such as {"user":"carol","name":"Carol"}"#.to_owned()));
    };
    let user = fields.get("user").and_then(Value::as_str);
    let user = user.ok_or_else(|| bad("user must be a text: the id of the person".to_owned()))?;
    let user = UserId::parse(user).map_err(|error| bad(format!("user: {error}")))?;
    let name = match fields.get("name") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) if name.chars().nth(NAME_MAX_CHARACTERS).is_none() => Some(name.trim().to_owned()),
        Some(_) => return Err(bad(format!("name must be a text of at most {NAME_MAX_CHARACTERS} characters"))),
    };
    Ok((user, name.filter(|name| !name.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn status(secret: &str, loopback_only: bool, host: &str) -> StatusCode {
        let tokens =
            TokenMaker { secret: Some(secret.to_owned()), required: Map::new(), loopback_only, clock: Clock::system() };
        let request = Request::builder().header(HEADER, "1").header(HOST, host);
        answer(State(tokens), request.body(Body::from(r#"{"user":"zoe"}"#)).unwrap()).await.status()
    }

    #[tokio::test]
    async fn a_port_that_other_machines_reach_may_have_any_host_name() {
        for secret in ["own", DEV_SECRET] {
            assert_eq!(status(secret, true, "192.168.1.5:3000").await, StatusCode::FORBIDDEN);
            assert_eq!(status(secret, true, "localhost:3000").await, StatusCode::OK);
        }
        assert_eq!(status(DEV_SECRET, false, "192.168.1.5:3000").await, StatusCode::OK);
    }

    #[tokio::test]
    async fn other_machines_get_no_token_that_an_own_secret_signs() {
        assert_eq!(status("own", false, "192.168.1.5:3000").await, StatusCode::CONFLICT);
        assert_eq!(status("own", false, "localhost:3000").await, StatusCode::CONFLICT);
    }
}
