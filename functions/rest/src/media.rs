//! Serves media: returns the bytes to participants of the chat, with headers that prevent a browser from treating them
//! as a page.

use axum::body::Body;
use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION,
    RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use chat::app::{self, Served};
use chat::ctx::Ctx;
use chat::dialect::{Asker, Dialect};
use chat::domain::media::MediaName;
use chat::domain::media_type::is_shown;
use chat::error::{Error, Thing};
use chat::store::ByteRange;
use relay::invocation;

use crate::{answer, request};

/// What a document that is opened on its own may do: show itself, and nothing else.
const POLICY: &str = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'";

/// Serves one object.
pub(crate) async fn serve(ctx: &Ctx, dialect: &'static Dialect, request: Request) -> Response {
    invocation::note_event("GET /api/media/{name}");
    match fetch(ctx, request).await {
        Ok(response) => response,
        Err(error) => answer::refused(ctx, dialect, &error),
    }
}

async fn fetch(ctx: &Ctx, request: Request) -> Result<Response, Error> {
    let (mut parts, _) = request.into_parts();
    let identity = request::identity(ctx, Asker::User, &parts.headers).await?;
    let missing = || Error::NotFound(Thing::Media);
    let path = RawPathParams::from_request_parts(&mut parts, &()).await.map_err(|_| missing())?;
    let (_, name) = path.iter().find(|(name, _)| *name == "name").ok_or_else(missing)?;
    let name = MediaName::parse(name).map_err(|_| missing())?;
    let mut response = Response::new(Body::empty());
    match app::serve_media(ctx, &identity.user, &name, range(&parts.headers)).await? {
        Served::Here { content_type, part, bytes } => {
            *response.headers_mut() = headers(&content_type);
            if let Some(part) = part.and_then(|part| HeaderValue::try_from(part).ok()) {
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                response.headers_mut().insert(CONTENT_RANGE, part);
            }
            *response.body_mut() = Body::from(bytes);
        }
        Served::Redirected(signed) => {
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            response.headers_mut().insert(LOCATION, HeaderValue::try_from(signed.url).map_err(Error::internal)?);
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Served::OutOfRange => *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE,
    }
    Ok(response)
}

/// The headers for bytes of this type.
fn headers(content_type: &str) -> HeaderMap {
    let name = HeaderValue::try_from(content_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut headers = HeaderMap::from_iter([
        (CONTENT_TYPE, name),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ]);
    if !is_shown(content_type) {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    headers
}

/// The part that the request asks for. As HTTP requires, the function ignores a header that it does not understand or
/// that asks for several parts.
fn range(headers: &HeaderMap) -> Option<ByteRange> {
    let (first, last) = headers.get(RANGE)?.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
    match (first, last) {
        ("", count) => Some(ByteRange::Last(count.parse().ok()?)),
        (first, "") => Some(ByteRange::From(first.parse().ok()?, None)),
        (first, last) => {
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some(ByteRange::From(first, Some(last)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_and_films_are_shown_and_nothing_is_sniffed_or_run() {
        for (content_type, disposition) in [
            ("image/png", None),
            ("video/mp4", None),
            ("image/svg+xml", Some("attachment")),
            ("text/html", Some("attachment")),
        ] {
            let headers = headers(content_type);
            assert_eq!(headers.get(CONTENT_TYPE).unwrap(), content_type);
            assert_eq!(headers.get(X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
            assert!(
                headers
                    .get(CONTENT_SECURITY_POLICY)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with("sandbox; default-src 'none'")
            );
            assert!(headers.get(CACHE_CONTROL).unwrap().to_str().unwrap().starts_with("private"));
            assert_eq!(
                headers.get(CONTENT_DISPOSITION).map(|value| value.to_str().unwrap()),
                disposition,
                "{content_type}"
            );
        }
    }

    #[test]
    fn a_range_that_is_not_understood_is_none() {
        let of = |text: &'static str| range(&HeaderMap::from_iter([(RANGE, HeaderValue::from_static(text))]));
        assert_eq!(of("bytes=0-9"), Some(ByteRange::From(0, Some(9))));
        assert_eq!(of("bytes=5-"), Some(ByteRange::From(5, None)));
        assert_eq!(of("bytes=-3"), Some(ByteRange::Last(3)));
        for other in ["bytes=9-0", "bytes=-", "bytes=a-b", "bytes=0-1,4-5", "lines=0-1", "bytes=+1-2x", "0-1"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
