//! Reads a REST request: path, query and body as fields, and the token as an identity.

use axum::body::to_bytes;
use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use chat::app;
use chat::auth::Identity;
use chat::ctx::Ctx;
use chat::dialect::fields::Fields;
use chat::dialect::{self, Asker, Route, moderation};
use chat::domain::command::Command;
use chat::domain::moderation::Inquiry;
use chat::error::Error;
use frame::json;
use relay::http_event;
use serde_json::{Map, Value};

use crate::form::{self, Form};

/// The largest body that is accepted, in bytes: the longest text with every character escaped, with room for the other
/// fields.
const BODY_MAX_BYTES: usize = 65_536;

/// The identity of the caller. The function stores a user from their first request on. A service is not a user.
pub(crate) async fn identity(ctx: &Ctx, asker: Asker, headers: &HeaderMap) -> Result<Identity, Error> {
    let verified = app::verified(ctx, token(headers)).await?;
    match asker {
        Asker::Service => app::authenticate_service(verified),
        Asker::User => {
            let identity = app::authenticate(ctx, verified)?;
            ctx.app.store.see(&identity).await?;
            Ok(identity)
        }
    }
}

/// The token of a request, if there is one.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok())
}

/// What a service asks for. A body is ignored.
pub(crate) async fn inquiry(route: &moderation::Route, request: Request) -> Result<Inquiry, Error> {
    let (mut parts, _) = request.into_parts();
    let (path, query, body) = (path(&mut parts).await?, query(&parts), Map::new());
    let (path, query, body) = (Fields::new(&path), Fields::new(&query), Fields::new(&body));
    (route.read)(&dialect::Request { path: &path, query: &query, body: &body, file: None })
}

/// The command of the request.
pub(crate) async fn command(route: &Route, request: Request) -> Result<Command, Error> {
    let (mut parts, body) = request.into_parts();
    let path = path(&mut parts).await?;
    let query = query(&parts);
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Form { fields, file } = match form::boundary(content_type).filter(|_| route.takes_file) {
        Some(boundary) => form::read(boundary, body).await?,
        None => {
            let too_large = |_| Error::TooLarge { field: "body", max_bytes: BODY_MAX_BYTES };
            let body = to_bytes(body, BODY_MAX_BYTES).await.map_err(too_large)?;
            Form { fields: object(&body)?, file: None }
        }
    };
    let (path, query, body) = (Fields::new(&path), Fields::new(&query), Fields::new(&fields));
    (route.read)(&dialect::Request { path: &path, query: &query, body: &body, file: file.as_deref() })
}

async fn path(parts: &mut Parts) -> Result<Map<String, Value>, Error> {
    let parameters = RawPathParams::from_request_parts(parts, &()).await;
    let parameters = parameters.map_err(|_| Error::validation("path", "must be percent-encoded UTF-8"))?;
    Ok(parameters.iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
}

/// The fields of the query.
fn query(parts: &Parts) -> Map<String, Value> {
    http_event::query(&parts.uri).into_iter().map(|(name, value)| (name, value.into())).collect()
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match std::str::from_utf8(body).map(json::parse) {
        Ok(Ok(Value::Object(object))) => Ok(object),
        Ok(Ok(_)) => Err(Error::validation("body", "must be a JSON object")),
        Ok(Err(_)) | Err(_) => Err(Error::validation("body", "is not valid JSON")),
    }
}
